// What the library holds, and what it cannot show.

import { getLibrary } from "./api.js";
import { el, put } from "./dom.js";
import { sourceBadge } from "./hits.js";
import { number, statementName, t } from "./words.js";

/** Fill *section* with the library. */
export async function showLibrary(section) {
  const library = await getLibrary();
  const present = library.statements.filter(([, n]) => n > 0).sort((a, b) => b[1] - a[1]);
  const rare = library.statements.filter(([, n]) => n < library.rare_below);
  const most = Math.max(1, ...present.map(([, n]) => n));
  put(section, 
    el("h1", {}, t("library")),
    el("dl", { class: "counts" },
      count(t("cases"), library.cases), count(t("patients"), library.patients),
      ...Object.entries(library.feedback).map(([verdict, n]) => count(t(verdict), n))),
    el("div", { class: "panel" }, el("h2", {}, t("sources")),
      el("ul", { class: "plain" }, Object.entries(library.by_source).map(([source, n]) => el("li", {}, sourceBadge(source), ` ${number(n)}`)))),
    el("div", { class: "panel" }, el("h2", {}, t("cannot_show")),
      el("p", {}, t("cannot_show_why", { n: library.rare_below })),
      el("ul", { class: "chips" }, rare.map(([s, n]) => el("li", { class: "rare", title: s.code }, `${statementName(s)} (${n})`)))),
    el("div", { class: "panel" }, el("h2", {}, t("statements")),
      el("table", { class: "bars" }, el("tbody", {}, present.map(([s, n]) => el("tr", {},
        el("th", { scope: "row", title: s.code }, el("a", { href: `#/words/${encodeURIComponent(statementName(s))}` }, statementName(s))),
        el("td", {}, number(n)),
        el("td", { class: "bar-cell" }, el("meter", { min: "0", max: String(most), value: String(n), "aria-label": statementName(s) }))))))),
    el("p", { class: "quiet" }, t("library_facts", { name: library.name, encoder: library.encoder, version: library.precord })));
}

const count = (name, n) => el("div", {}, el("dt", {}, name), el("dd", {}, number(n)));
