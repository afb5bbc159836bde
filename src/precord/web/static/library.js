// What the library holds, and what it cannot show; what may be done with it.

import { getLibrary, getMap, getMe, getModelCard } from "./api.js";
import { el, put } from "./dom.js";
import { sourceBadge } from "./hits.js";
import { logOut, makeForms } from "./manage.js";
import { makeMap } from "./map.js";
import { copyMarkup } from "./markup.js";
import { number, statementName, t } from "./words.js";

/** Fill *section* with the library. */
export async function showLibrary(section) {
  const [library, map, me, card] = await Promise.all([getLibrary(), getMap(), getMe(), getModelCard()]);
  const held = el("div", {}, describe(library, map));
  const changed = async () => put(held, describe(...await Promise.all([getLibrary(), getMap()])));
  const forms = makeForms(me, library, changed);
  put(section,
    el("h1", {}, t("library")),
    held,
    forms.length ? el("h2", {}, t("manage")) : null, forms,
    card.html ? el("details", { class: "panel manage" }, el("summary", {}, t("model_card")), el("div", { class: "card", lang: "en" }, copyMarkup(card.html, t("model_card")))) : null,
    logOut(me),
    el("p", { class: "quiet" }, t("library_facts", { name: library.name, encoder: library.encoder, version: library.precord })));
}

function describe(library, map) {
  const present = library.statements.filter(([, n]) => n > 0).sort((a, b) => b[1] - a[1]);
  const name = (s) => el("a", { href: `#/words/${encodeURIComponent(statementName(s))}` }, statementName(s));
  return [
    el("dl", { class: "counts" },
      count(t("cases"), library.cases), count(t("patients"), library.patients),
      ...Object.entries(library.feedback).map(([verdict, n]) => count(t(verdict), n))),
    Object.values(library.feedback).some((n) => n > 0) ? el("p", {}, el("a", { class: "button", href: "/v1/feedback", download: "verdicts.csv" }, t("verdicts_csv"))) : null,
    el("div", { class: "panel" }, el("h2", {}, t("sources")),
      el("ul", { class: "plain" }, Object.entries(library.by_source).map(([source, n]) => el("li", {}, sourceBadge(source), ` ${number(n)}`)))),
    map.points.length ? makeMap(map) : null,
    el("div", { class: "panel" }, el("h2", {}, t("cannot_show")),
      el("p", {}, t("cannot_show_why", { n: library.rare_below })),
      el("ul", { class: "chips" }, library.rare.map(([s, n]) => el("li", { class: "rare", title: s.code }, `${statementName(s)} (${n})`)))),
    el("div", { class: "panel" }, el("h2", {}, t("ages")), bars(library.ages.map(({ decade, n }) =>
      [decade === null ? t("age_unknown") : t("age_decade", { from: decade, to: decade + 9 }), n]))),
    el("div", { class: "panel" }, el("h2", {}, t("statements")), bars(present.map(([s, n]) => [statementName(s), n, name(s), s.code]))),
  ];
}

/** Return a table of bars: rows = [name, number, what stands for the name, its title]. */
function bars(rows) {
  const most = Math.max(1, ...rows.map(([, n]) => n));
  return el("table", { class: "bars" }, el("tbody", {}, rows.map(([name, n, shown, title]) => el("tr", {},
    el("th", { scope: "row", title }, shown ?? name),
    el("td", {}, number(n)),
    el("td", { class: "bar-cell" }, el("meter", { min: "0", max: String(most), value: String(n), "aria-label": name }))))));
}

const count = (name, n) => el("div", {}, el("dt", {}, name), el("dd", {}, number(n)));
