// What was read of the question: facts, faults, statements, measurements, and the ECG itself.

import { el, put } from "./dom.js";
import { viewer } from "./viewer.js";
import { language, number, statementName, t } from "./words.js";

export const MEASURED = [
  ["heart_rate_bpm", "rate", "per_minute"], ["pr_ms", "PR", "ms"], ["qrs_ms", "QRS", "ms"],
  ["qtc_ms", "QTc", "ms"], ["qrs_axis_deg", "axis", "degrees"],
];

/** Return by how much *theirs* differs from *ours*, as both are written: rounded, with a sign. */
export function difference(key, ours, theirs) {
  if (ours === null || theirs === null) return null;
  let by = Math.round(theirs) - Math.round(ours);
  if (key === "qrs_axis_deg") by = 180 - ((((180 - by) % 360) + 360) % 360); // the shorter way round
  return by === 0 ? "±0" : `${by > 0 ? "+" : "−"}${number(Math.abs(by))}`;
}

const DOUBTFUL = 0.8; // a lead read from paper that is less sure than that is a warning

/** Fill *section* with the query of an answer. */
export function showQuery(section, query, canCorrect = false) {
  if (query.kind === "text") {
    put(section, el("h2", {}, t("your_words")), el("blockquote", {}, query.text), notes(query.notes));
    return;
  }
  const record = query.record;
  put(section, 
    el("h2", {}, query.kind === "case" ? t("like_case") : t("your_ecg")),
    el("p", { class: "facts-line" }, describeRecord(record)),
    faults(record),
    notes([...record.notes, ...query.notes]),
    record.is_digitised && canCorrect ? el("p", {}, el("a", { href: "#/photo", class: "button" }, t("correct"))) : null,
    query.earlier.length ? el("p", {}, el("a", { href: "#/earlier", class: "button" }, t("earlier", { n: query.earlier.length }))) : null,
    el("div", { class: "columns" }, measurements(query.measurements), read(query)),
    viewer({ query: query.id }, record.name),
  );
}

/** Fill *section* with what was read before the search is done. */
export function showRead(section, { query, record }) {
  put(section, el("h2", {}, t("your_ecg")), el("p", { class: "facts-line" }, describeRecord(record)),
    faults(record), notes(record.notes), viewer({ query }, record.name));
}

/** Return what a record is, on one line. */
export function describeRecord(record) {
  return [
    record.name, record.format,
    t("leads_n", { n: record.leads.length }), `${number(record.rate_hz)} Hz`,
    `${number(record.duration_s, 1)} s`,
    record.age === null ? null : t("years", { n: number(record.age) }),
    record.sex ? t(record.sex) : null, record.time, record.device,
    record.is_digitised ? t("digitised") : null,
  ].filter(Boolean).join(" · ");
}

/** Return what was measured, as a table. */
export function measurements(values) {
  return el("table", { class: "measured" },
    el("caption", {}, t("measured")),
    el("tbody", {}, MEASURED.map(([key, name, unit]) => el("tr", {},
      el("th", { scope: "row" }, t(name)),
      el("td", {}, values[key] === null ? "–" : `${number(values[key])}${t(unit)}`)))));
}

function read(query) {
  const list = query.statements.map((s) => el("li", { title: s.code }, statementName(s)));
  const isAsked = query.statements_are_read || list.length > 0; // not of what gets no answer
  return el("div", { class: "read" }, el("h3", {}, t(isAsked && !query.statements_are_read ? "given" : "read_by_model")),
    list.length ? el("ul", { class: "chips" }, list) : el("p", {}, t(isAsked ? "no_statement" : "not_asked")),
    query.statements_are_read ? el("p", { class: "quiet" }, t("read_caveat")) : null);
}

export function faults(record) {
  const bad = record.leads.filter((lead) => lead.faults.length || lead.is_derived || lead.confidence !== null);
  if (!bad.length) return el("p", { class: "quiet" }, t("quality_good"));
  const isPoor = bad.some((lead) => lead.faults.length || lead.is_derived || lead.confidence < DOUBTFUL);
  return el("p", { class: isPoor ? "warning" : "quiet" }, `${t("quality")}: `, bad.map((lead) => {
    const sure = lead.confidence === null ? [] : [t("confidence", { n: number(100 * lead.confidence) })];
    const what = [...lead.faults.map(t), ...(lead.is_derived ? [t("derived")] : []), ...sure];
    return `${lead.lead} ${what.join(", ")}`;
  }).join("; "));
}

/** Return the notes of an answer; the service writes them in the language that it is asked in. */
export function notes(lines) {
  if (!lines.length) return null;
  return el("ul", { class: "notes" }, lines.map((line) => el("li", {}, line)));
}

export const reportLanguage = (hit) => (hit.language && hit.language !== "und" ? hit.language : language());
