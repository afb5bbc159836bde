// The hits: each with its report, who or what wrote it, what it shares with the query first.

import { getEcg, giveFeedback } from "./api.js";
import { drawBeats } from "./beats.js";
import { codeName } from "./codes.js";
import { el, put } from "./dom.js";
import { exportMenu } from "./export.js";
import { difference, MEASURED, reportLanguage } from "./query.js";
import { markWords } from "./why.js";
import { number, statementName, t } from "./words.js";

const LONG = 900; // characters of a report that is read at a glance

const SOURCES = {
  clinician: "source_clinician", "machine unconfirmed": "source_machine",
  "statements only": "source_statements", SIMULATED: "source_simulated",
  "author not stated": "source_unstated",
};

/** Fill *section* with the hits of *answer*; *acts* say what can be done: more, not, bringBack, save. */
export function showHits(section, answer, acts) {
  const { hits, query } = answer;
  put(section, 
    el("div", { class: "row spread" },
      el("h2", {}, t("hits_n", { n: hits.length, ms: answer.took_ms })), 
      el("div", { class: "row" },
        query.record && hits.length ? el("a", { class: "button", href: "#/draft" }, t("draft_open")) : null, exportMenu(answer, acts.save))),
    hits.length ? el("p", { class: "quiet" }, t("hits_caveat")) : el("p", { class: "warning" }, t("no_hits")),
    acts.aside.length ? el("p", { class: "row" }, t("aside_n", { n: acts.aside.length }), " ",
      el("button", { type: "button", class: "button", onclick: acts.bringBack }, t("bring_back"))) : null,
    el("ol", { class: "hits" }, hits.map((hit) => card(hit, query, acts))),
  );
}

export const sourceBadge = (source) =>
  el("span", { class: `badge ${SOURCES[source] ?? ""}` }, t(SOURCES[source] ?? source));

function card(hit, query, acts) {
  const canCompare = query.kind !== "text";
  return el("li", { class: "hit panel", "data-case": hit.id },
    el("div", { class: "row spread" },
      el("h3", {}, el("span", { class: "rank" }, `${hit.rank}`), " ", el("a", { href: `#/case/${hit.id}` }, hit.id)),
      sourceBadge(hit.source)),
    showReport(hit, hit.explanation?.phrases),
    preview(hit),
    statements(hit),
    differences(hit, query),
    el("div", { class: "row actions" },
      el("a", { class: "button primary", href: `#/${canCompare ? "compare" : "case"}/${hit.id}` },
        t(canCompare ? "compare" : "open")),
      el("button", { type: "button", class: "button", onclick: () => acts.more(hit.id) }, t("more_like")),
      el("button", { type: "button", class: "button", onclick: () => acts.not(hit.id) }, t("not_this")),
      verdicts(hit, query)),
    scores(hit));
}

/** Return the report of *one*, its *phrases* marked; a long one is folded until a person asks for all of it. */
export function showReport(one, phrases = []) {
  if (!one.report) return el("p", { class: "quiet" }, t("no_report"));
  const node = el("blockquote", { class: "report", lang: reportLanguage(one) }, markWords(one.report, phrases));
  if (one.report.length <= LONG) return node;
  node.classList.add("folded");
  const all = el("button", { type: "button", class: "button", onclick: () => { node.classList.remove("folded"); all.remove(); } }, t("report_all", { n: number(one.report.length) }));
  return el("div", {}, node, all);
}

/** Return the median beats of a case, drawn when it comes into sight. */
function preview(hit) {
  const node = el("div", { class: "preview" });
  const seen = new IntersectionObserver(async ([entry]) => {
    if (!entry.isIntersecting) return;
    seen.disconnect();
    try {
      const ecg = await getEcg({ case: hit.id }, {});
      const drawing = drawBeats([{ ecg, name: "ours" }], node.clientWidth > 700 ? 1 : 3);
      put(node, drawing, ecg.mm_per_mv === null ? el("p", { class: "warning" }, t("scale_unknown")) : null);
    } catch { // the library may hold a reference only
      node.remove();
    }
  }, { rootMargin: "200px" });
  seen.observe(node);
  return node;
}

/** Return the statements of a case, those that the query shares first. */
function statements(hit) {
  const why = hit.explanation;
  const shared = new Set(why?.shared ?? []);
  const isCompared = why && (why.shared.length || why.query_only.length);
  const chip = (s) => el("li", { class: shared.has(s.code) ? "shared" : "", title: s.code },
    shared.has(s.code) ? `✓ ${statementName(s)}` : statementName(s));
  const ordered = [...hit.statements].sort((a, b) => shared.has(b.code) - shared.has(a.code));
  return el("div", { class: "statements" },
    ordered.length ? el("ul", { class: "chips", "aria-label": t("statements") }, ordered.map(chip)) : null,
    isCompared && why.query_only.length
      ? el("p", { class: "quiet" }, t("query_only", { codes: why.query_only.map(codeName).join(", ") })) : null);
}

/** Return measurements of the case, each with its difference from the query's. */
function differences(hit, query) {
  const values = hit.measurements;
  const parts = MEASURED.filter(([key]) => values[key] !== null).map(([key, name, unit]) => {
    const signed = query.measurements ? difference(key, query.measurements[key], values[key]) : null;
    return el("span", { class: "measure" }, `${t(name)} `, el("b", {}, `${number(values[key])}${t(unit)}`),
      signed ? el("span", { class: "by", title: t("difference") }, ` (${signed})`) : null);
  });
  return parts.length ? el("p", { class: "measures" }, parts) : null;
}

function verdicts(hit, query) {
  const buttons = ["relevant", "not relevant"].map((verdict) => {
    const node = el("button", { type: "button", class: "button verdict", "aria-pressed": "false" }, t(verdict));
    node.addEventListener("click", async () => {
      try {
        await giveFeedback(query.id, hit.id, verdict);
        for (const one of buttons) one.setAttribute("aria-pressed", String(one === node));
      } catch (error) {
        node.setAttribute("title", error.message);
        node.after(el("span", { class: "refusal", role: "alert" }, error.message));
      }
    });
    return node;
  });
  return el("span", { class: "verdicts" }, buttons);
}

function scores(hit) {
  const parts = [
    [t("score"), hit.score], [t("score_ecg"), hit.ecg_score], [t("score_report"), hit.report_score],
    [t("score_overlap"), hit.overlap_score], [t("score_match"), hit.match_probability],
  ].filter(([, value]) => value !== null).map(([name, value]) => `${name} ${number(value, 2)}`);
  return el("details", { class: "scores" }, el("summary", {}, t("why_rank")),
    el("p", {}, parts.join(" · ")), el("p", { class: "quiet" }, t("score_caveat")));
}
