// Query and precedent beside each other, moving together, and their median beats on each other.

import { getCase, getEcg } from "./api.js";
import { el, put, svg } from "./dom.js";
import { sourceBadge } from "./hits.js";
import { describeRecord, MEASURED, reportLanguage } from "./query.js";
import { newLook, viewer } from "./viewer.js";
import { number, statementName, t } from "./words.js";

const CELL = { width: 32, height: 34, zero: 19, r: 12 }; // mm of one lead's median beat

/** Fill *section* with one case; with *query*, beside the query's ECG. */
export async function showCase(section, id, query) {
  const answer = await getCase(id);
  const { case: found, record } = answer;
  const look = newLook();
  const head = el("div", {},
    el("div", { class: "row spread" }, el("h2", {}, found.id), sourceBadge(found.source)),
    record ? el("p", { class: "facts-line" }, describeRecord(record)) : null,
    found.report ? el("blockquote", { class: "report", lang: reportLanguage(found) }, found.report) : el("p", { class: "quiet" }, t("no_report")),
    el("ul", { class: "chips" }, found.statements.map((s) => el("li", { title: s.code }, statementName(s)))));
  const back = el("p", {}, el("a", { href: "#/", class: "button" }, `← ${t("back")}`));
  if (!query?.record) {
    put(section, back, el("div", { class: "panel" }, head,
      record ? viewer({ case: id }, id, look) : el("p", { class: "warning" }, t("no_signal"))));
    return;
  }
  put(section, back, el("h1", {}, t("compare_title")),
    table(query, found),
    el("div", { class: "side-by-side" },
      el("div", { class: "panel" }, el("h2", {}, t("your_ecg")), el("p", { class: "facts-line" }, describeRecord(query.record)), viewer({ query: query.id }, query.record.name, look)),
      el("div", { class: "panel" }, head, record ? viewer({ case: id }, id, look) : el("p", { class: "warning" }, t("no_signal")))));
  if (record) section.append(await overlay(query, id));
}

/** Return the measurements of both, and by how much the case differs. */
function table(query, found) {
  const shared = new Set(query.statements.map((s) => s.code));
  const both = found.statements.filter((s) => shared.has(s.code));
  const rows = MEASURED.map(([key, name, unit]) => {
    const [ours, theirs] = [query.measurements[key], found.measurements[key]];
    const show = (v) => (v === null ? "–" : `${number(v)}${t(unit)}`);
    let by = ours === null || theirs === null ? null : theirs - ours;
    if (by !== null && key === "qrs_axis_deg") by = 180 - ((((180 - by) % 360) + 360) % 360);
    const signed = by === null ? "–" : `${by >= 0 ? "+" : "−"}${number(Math.abs(by))}`;
    return el("tr", {}, el("th", { scope: "row" }, t(name)), el("td", {}, show(ours)), el("td", {}, show(theirs)), el("td", {}, signed));
  });
  return el("div", { class: "panel" },
    el("p", {}, el("b", {}, `${t("shared")}: `), sharedWords(query, both)),
    el("table", { class: "measured wide" },
      el("thead", {}, el("tr", {}, ["", "your_ecg", "case", "by"].map((key) => (key ? el("th", { scope: "col" }, t(key)) : el("td", {}))))),
      el("tbody", {}, rows)));
}

function sharedWords(query, both) {
  if (both.length) return both.map(statementName).join(", ");
  return t(query.statements.length ? "nothing_shared" : "nothing_read");
}

/** Return the median beats of both, R on R; never where one has no millivolts. */
async function overlay(query, id) {
  const title = el("h2", {}, t("overlay"));
  const [ours, theirs] = await Promise.all([getEcg({ query: query.id }, {}), getEcg({ case: id }, {})]);
  if (ours.mm_per_mv === null || theirs.mm_per_mv === null) {
    return el("div", { class: "panel", id: "overlay" }, title, el("p", { class: "warning" }, t("overlay_refused")));
  }
  const leads = ours.beats.map((b) => b.lead).filter((lead) => theirs.beats.some((b) => b.lead === lead));
  if (!leads.length) return el("div", { class: "panel", id: "overlay" }, title, el("p", {}, t("no_beats")));
  const rows = Math.min(3, leads.length);
  const columns = Math.ceil(leads.length / rows);
  const width = columns * CELL.width;
  const height = rows * CELL.height;
  const lines = (step, length, draw) => Array.from({ length: Math.floor(length / step) + 1 }, (_, i) => draw(i * step)).join("");
  const drawing = svg("svg", { class: "ecg overlay", viewBox: `-0.5 -0.5 ${width + 1} ${height + 1}`, role: "img", "aria-label": t("overlay") },
    svg("rect", { class: "paper", width, height }),
    [["minor", 1], ["major", 5]].map(([kind, step]) => svg("path", { class: `grid ${kind}`, d: lines(step, width, (x) => `M${x} 0v${height}`) + lines(step, height, (y) => `M0 ${y}h${width}`) })),
    leads.map((lead, i) => {
      const [left, top] = [Math.floor(i / rows) * CELL.width, (i % rows) * CELL.height];
      const beat = (ecg, name) => svg("path", { class: `trace ${name}`, d: beatPath(ecg.beats.find((b) => b.lead === lead), left + CELL.r, top + CELL.zero) });
      return svg("g", {}, beat(theirs, "theirs"), beat(ours, "ours"), svg("text", { class: "lead-name", x: left + 1, y: top + 4 }, lead));
    }));
  return el("div", { class: "panel", id: "overlay" }, title,
    el("p", { class: "legend" }, el("span", { class: "ours" }, `━ ${t("your_ecg")}`), " ", el("span", { class: "theirs" }, `━ ${id}`), " · 25 mm/s · 10 mm/mV"),
    drawing);
}

function beatPath(beat, x0, y0) {
  return beat.values.map((v, i) => {
    const x = x0 + 25 * (beat.start_s + i * beat.step_s);
    return v === null ? "" : `${i && beat.values[i - 1] !== null ? "L" : "M"}${x.toFixed(2)} ${(y0 - 10 * v).toFixed(2)}`;
  }).join("");
}
