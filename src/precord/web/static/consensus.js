// What stands before the hits: whether there is an answer, what must not be overlooked, and what
// the nearest cases have. Never that an ECG is normal, never that something is ruled out.

import { el, put } from "./dom.js";
import { codeName, rareLimit, rareStatements } from "./codes.js";
import { language, number, statementName, t } from "./words.js";

/** Return the name of a critical finding; the service writes it in English. */
const findingName = (name) => t(`finding_${name.replaceAll(" ", "_")}`);
const percent = (share) => `${Math.round(100 * share)} %`;

/** Fill *section* with whether there is an answer at all, before anything else of it. */
export const showTrust = (section, answer) => put(section, trust(answer.trust), raisedLine(answer.critical));

/** Fill *section* with what *answer* says before its hits; hide it where there is nothing. */
export function showConsensus(section, answer) {
  const parts = [critical(answer), consensus(answer.consensus), cannotShow(answer)].filter(Boolean);
  section.hidden = parts.length === 0;
  put(section, ...parts);
}

function trust({ verdict, reasons }) {
  if (!reasons.length) return null;
  return el("div", { class: "warning", role: "alert" },
    el("strong", {}, t(verdict === "none" ? "no_answer" : "doubtful")),
    el("ul", { class: "notes" }, reasons.map((reason) => el("li", {}, reason))));
}

/** Return on one line, above the ECG, what must not be overlooked; its reasons stand below. */
function raisedLine(raised) {
  if (!raised.length) return null;
  const go = () => document.getElementById("consensus").scrollIntoView({ block: "start", behavior: "instant" });
  return el("p", { class: "warning", role: "note" }, el("strong", {}, `${t("critical")}: `), raised.map((one) => findingName(one.name)).join(" · "), " ",
    el("button", { type: "button", class: "link", onclick: go }, t("critical_why")));
}

function critical({ critical: raised, scarce }) {
  if (!raised.length && !scarce.length) return null;
  return el("div", {},
    ...(raised.length ? [el("h2", {}, t("critical"))] : []),
    el("ul", { class: "notes" }, raised.map((one) => el("li", {},
      el("strong", {}, findingName(one.name)), `: ${one.support.join("; ")}. `,
      ...(one.precedents.length
        ? one.precedents.flatMap((id) => [el("a", { href: `#/case/${encodeURIComponent(id)}` }, id), " "])
        : [t(one.codes.length ? "no_case_of_this" : "no_code_of_this")])))),
    ...(scarce.length ? [el("details", {}, el("summary", {}, t("scarce", { n: scarce.length })),
      el("ul", { class: "chips" }, scarce.map(({ code, n }) => el("li", { class: "rare", title: code }, `${codeName(code)} (${number(n)})`))))] : []));
}

/** Return what the library has too few cases of: that none is found says nothing. */
function cannotShow(answer) {
  const rare = answer.consensus ? rareStatements() : [];
  if (!rare.length) return null;
  return el("details", {}, el("summary", {}, t("cannot_show_n", { n: rare.length })),
    el("p", {}, t("cannot_show_why", { n: rareLimit() })),
    el("ul", { class: "chips" }, rare.map(([s, n]) => el("li", { class: "rare", title: s.code }, `${statementName(s)} (${number(n)})`))));
}

function consensus(found) {
  if (!found) return null;
  const row = (vote) => el("tr", {}, el("th", { scope: "row" }, codeName(vote.name)),
    el("td", {}, t("n_of", { n: vote.n, of: found.of })),
    el("td", {}, vote.probability === null ? "–"
      : [percent(vote.probability), " ", el("span", { class: "interval" }, `[${percent(vote.low)}, ${percent(vote.high)}]`)]));
  const head = ["", "votes", "probability"].map((word) => el("th", { scope: "col" }, word && t(word)));
  return el("details", {},
    el("summary", {}, t("consensus", { n: found.of })),
    found.serious ? el("p", {}, el("strong", {}, t("most_serious", { name: findingName(found.serious.name), n: found.serious.n, of: found.of }))) : null,
    el("div", { class: "scroll", tabindex: "0", role: "group", "aria-label": t("consensus", { n: found.of }) }, el("table", { class: "votes" }, el("thead", {}, el("tr", {}, head)),
      el("tbody", {}, [...found.classes, ...found.statements.filter((one) => one.name !== "NORM").slice(0, 8)].map(row)))),
    el("p", { class: "quiet" }, t("consensus_caveat")));
}
