// The page: what is asked, where an answer goes, and which view shows.

import { Refusal, searchEcg, searchText } from "./api.js";
import { showCase } from "./compare.js";
import { byId, el } from "./dom.js";
import { showConsensus } from "./consensus.js";
import { showHits } from "./hits.js";
import { showLibrary } from "./library.js";
import { showQuery } from "./query.js";
import * as words from "./words.js";

const { t } = words;
const EXAMPLES = { en: ["left bundle branch block", "atrial fibrillation, no pacemaker", "long QT"], de: ["kompletter Linksschenkelblock", "Vorhofflimmern, kein Schrittmacher", "Hinterwandinfarkt"] };
let answer = null;
let asked = null;

/** Ask the API, and show what it says; the newest question wins. */
async function search(what) {
  const mine = { ...what };
  asked = mine;
  say("");
  byId("status").textContent = t(what.files ? "reading" : "searching");
  document.body.classList.add("busy");
  try {
    const found = what.text === undefined
      ? await searchEcg(what, criteria()) : await searchText(what.text, criteria());
    if (asked !== mine) return;
    answer = found;
    if (answer.query.kind !== "text") asked = { query: answer.query.id };
    show();
    if (location.hash !== "" && location.hash !== "#/") location.hash = "#/";
    byId("status").textContent = t("found", { n: answer.hits.length });
    byId("answer").scrollIntoView({ block: "start", behavior: "instant" });
  } catch (error) {
    if (asked === mine) {
      byId("status").textContent = "";
      say(message(error));
    }
  } finally {
    document.body.classList.remove("busy");
  }
}

const message = (error) => {
  if (!(error instanceof Refusal)) throw error;
  return error.message === "unreachable" ? t("unreachable") : error.message;
};
const say = (text) => { byId("alert").textContent = text; };

function show() {
  if (!answer) return;
  showQuery(byId("query"), answer.query);
  showConsensus(byId("consensus"), answer);
  showHits(byId("hits"), answer, (id) => search({ case: id }));
  byId("answer").hidden = false;
}

function criteria() {
  const given = [...new FormData(byId("criteria"))].filter(([, value]) => value !== "");
  return given;
}

/** Show the view that the address names. */
async function route() {
  const [, view, ...rest] = decodeURIComponent(location.hash).split("/");
  const id = rest.join("/");
  const isSearch = !view || view === "words";
  byId("ask").hidden = !isSearch;
  byId("answer").hidden = !isSearch || !answer;
  byId("view").hidden = isSearch;
  byId("view").replaceChildren();
  if (!isSearch) byId("status").textContent = "";
  say("");
  try {
    if (view === "words") {
      byId("text").value = id;
      await search({ text: id });
    } else if (view === "library") await showLibrary(byId("view"));
    else if (view === "case") await showCase(byId("view"), id, null);
    else if (view === "compare") await showCase(byId("view"), id, answer?.query ?? null);
  } catch (error) {
    say(message(error));
  }
  for (const link of document.querySelectorAll("nav a")) {
    link.toggleAttribute("aria-current", link.hash === `#/${isSearch ? "" : view}`);
  }
  if (!isSearch) window.scrollTo(0, 0);
}

function listen() {
  const drop = byId("drop");
  for (const id of ["files", "camera"]) {
    byId(id).addEventListener("change", (event) => {
      const files = [...event.target.files];
      event.target.value = "";
      if (files.length) search({ files });
    });
  }
  document.addEventListener("dragover", (event) => { event.preventDefault(); drop.classList.add("over"); });
  document.addEventListener("dragleave", (event) => { if (!event.relatedTarget) drop.classList.remove("over"); });
  document.addEventListener("drop", (event) => {
    event.preventDefault();
    drop.classList.remove("over");
    if (event.dataTransfer.files.length) search({ files: [...event.dataTransfer.files] });
  });
  document.addEventListener("paste", (event) => {
    if (event.clipboardData.files.length) search({ files: [...event.clipboardData.files] });
  });
  byId("words").addEventListener("submit", (event) => {
    event.preventDefault();
    if (byId("text").value.trim()) search({ text: byId("text").value });
  });
  byId("criteria").addEventListener("submit", (event) => {
    event.preventDefault();
    if (asked) search(asked);
  });
  byId("language").addEventListener("change", (event) => speak(event.target.value));
  byId("theme").addEventListener("click", () => {
    const dark = getComputedStyle(document.documentElement).colorScheme === "dark";
    setTheme(dark ? "light" : "dark");
  });
  window.addEventListener("hashchange", route);
}

function setTheme(theme) {
  if (theme) localStorage.setItem("precord-theme", theme);
  const kept = theme ?? localStorage.getItem("precord-theme");
  if (kept) document.documentElement.dataset.theme = kept;
}

async function speak(language) {
  await words.load(language);
  byId("language").value = words.language();
  const examples = EXAMPLES[words.language()] ?? EXAMPLES.en;
  byId("examples").replaceChildren(`${t("for_example")} `, ...examples.flatMap((text, i) => [i ? " · " : "",
    el("a", { href: `#/words/${encodeURIComponent(text)}` }, text)]));
  show();
  await route();
}

setTheme();
listen();
await speak();
document.body.classList.add("ready");
navigator.serviceWorker?.register("/sw.js").catch(() => {});
