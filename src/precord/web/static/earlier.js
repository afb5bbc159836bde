// Earlier ECGs of the same patient: a view of its own, never among the similar cases.

import { getCase } from "./api.js";
import { el, put } from "./dom.js";
import { MEASURED } from "./query.js";
import { number, t } from "./words.js";

/** Fill *section* with the earlier ECGs of the query's patient, newest first. */
export async function showEarlier(section, query) {
  const back = el("p", {}, el("a", { href: "#/", class: "button" }, `← ${t("back")}`));
  if (!query?.earlier.length) {
    put(section, back, el("h1", {}, t("earlier_title")), el("p", {}, t("earlier_none")));
    return;
  }
  const found = await Promise.all(query.earlier.slice(0, 30).map(getCase));
  found.sort((a, b) => (b.record?.time ?? "").localeCompare(a.record?.time ?? ""));
  const cells = (values) => MEASURED.map(([key, , unit]) => el("td", {}, values[key] === null ? "–" : `${number(values[key])}${t(unit)}`));
  const head = ["", ...MEASURED.map(([, name]) => name), "report"];
  put(section, back, el("h1", {}, t("earlier_title")), el("p", {}, t("earlier_caveat")),
    el("div", { class: "panel scroll", tabindex: "0", role: "group", "aria-label": t("earlier_title") }, el("table", { class: "measured wide" },
      el("thead", {}, el("tr", {}, head.map((key) => (key ? el("th", { scope: "col" }, t(key)) : el("td", {}))))),
      el("tbody", {},
        el("tr", {}, el("th", { scope: "row" }, t("your_ecg")), cells(query.measurements), el("td", {})),
        found.map((one) => el("tr", { "data-case": one.case.id },
          el("th", { scope: "row" }, el("a", { href: `#/compare/${one.case.id}` }, one.record?.time ?? one.case.id)),
          cells(one.case.measurements), el("td", {}, one.case.report ?? t("no_report"))))))));
}
