// The answer as a file: JSON as the API gave it, CSV for a table, print for paper or PDF.

import { el } from "./dom.js";
import { t } from "./words.js";

/** Return a menu that saves *answer*; *file* asks the service for a PDF or PNG of it. */
export function exportMenu(answer, file) {
  const offer = (name, blob) => {
    const link = el("a", { href: URL.createObjectURL(blob), download: name });
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  };
  const fetched = (form) => el("button", { type: "button", onclick: async (event) => {
    const node = event.currentTarget;
    node.disabled = true;
    try {
      offer(`precord.${form}`, await file(form));
    } catch (error) {
      node.after(el("span", { class: "refusal", role: "alert" }, error.message));
    }
    node.disabled = false;
  } }, form === "pdf" ? t("save_pdf") : t("save_png"));
  const save = (name, type, make) => el("button", { type: "button", onclick: () => offer(name, new Blob([make()], { type })) }, name.split(".")[1].toUpperCase());
  return el("details", { class: "menu" }, el("summary", { class: "tool" }, t("save_answer")),
    el("div", {},
      fetched("pdf"), answer.query.record ? fetched("png") : null,
      save("precord.json", "application/json", () => JSON.stringify(answer, null, 1)),
      save("precord.csv", "text/csv", () => toCsv(answer)),
      el("button", { type: "button", onclick: () => window.print() }, t("print"))));
}

/** Return the hits as CSV, the disclaimer first; no cell can be taken for a formula. */
export function toCsv(answer) {
  const cell = (value) => {
    const text = String(value ?? "");
    const safe = /^[=+\-@\t\r]/.test(text) && Number.isNaN(Number(text)) ? `'${text}` : text;
    return `"${safe.replaceAll('"', '""')}"`;
  };
  const head = ["rank", "case", "score", "source", "statements", "shared", "report", "heart_rate_bpm", "pr_ms", "qrs_ms", "qtc_ms", "qrs_axis_deg"];
  const rows = answer.hits.map((hit) => [
    hit.rank, hit.id, hit.score, hit.source, hit.statements.map((s) => s.code).join(";"),
    (hit.explanation?.shared ?? []).join(";"), hit.report, ...head.slice(7).map((key) => hit.measurements[key]),
  ]);
  return [[answer.disclaimer], head, ...rows].map((row) => row.map(cell).join(",")).join("\r\n");
}
