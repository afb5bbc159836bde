// The page's words: one JSON file a language under /static/words. A new language is one file
// and one <option> in index.html.

const KEPT = "precord-language";
let words = {};
let now = "en";

/** Load the language that was chosen, or the browser's, or English. */
export async function load(wanted) {
  const known = [...document.querySelectorAll("#language option")].map((o) => o.value);
  const asked = [wanted, localStorage.getItem(KEPT), ...navigator.languages.map((l) => l.slice(0, 2))];
  now = asked.find((language) => known.includes(language)) ?? "en";
  words = await (await fetch(`/static/words/${now}.json`)).json();
  if (wanted) localStorage.setItem(KEPT, now);
  document.documentElement.lang = now;
  fill(document);
}

export const language = () => now;

/** Return the words of *key*, with {names} filled in; the key itself shows what is missing. */
export function t(key, values = {}) {
  const one = Number(values.n) === 1 ? words[`${key}_1`] : undefined; // the singular, where it differs
  return (one ?? words[key] ?? key).replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "");
}

/** Return the name of a statement of the API in the page's language. */
export const statementName = (s) => (now === "de" ? s.german : s.english);

/** Return a number as the language writes it. */
export const number = (value, digits = 0) =>
  value.toLocaleString(now, { maximumFractionDigits: digits, minimumFractionDigits: digits }).replace("-", "−");

/** Fill what index.html leaves empty. */
function fill(root) {
  for (const node of root.querySelectorAll("[data-word]")) node.textContent = t(node.dataset.word);
  for (const node of root.querySelectorAll("[data-label]")) {
    node.setAttribute("aria-label", t(node.dataset.label));
  }
  for (const node of root.querySelectorAll("[data-hint]")) node.placeholder = t(node.dataset.hint);
}
