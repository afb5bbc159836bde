// Query and precedent beside each other, moving together, and their median beats on each other.

import { getCase, getEcg, searchEcg } from "./api.js";
import { drawBeats } from "./beats.js";
import { el, put } from "./dom.js";
import { drawEcg } from "./ecg.js";
import { showReport, sourceBadge } from "./hits.js";
import { describeRecord, difference, MEASURED } from "./query.js";
import { newLook, viewer } from "./viewer.js";
import { describeWhy, shade } from "./why.js";
import { number, statementName, t } from "./words.js";

let way = "stacked"; // how the last two ECGs stood, and how they were looked at: the next pair begins so
let last = newLook();

/** Fill *section* with one case; with *query*, beside the query's ECG, as one of *hits*, which say why it was found. */
export async function showCase(section, id, query, hits = [], criteria = []) {
  const answer = await getCase(id);
  const { case: found, record } = answer;
  const { layout, speed, gain, filter, zoom } = last;
  const look = Object.assign(newLook(), query ? { layout, speed, gain, filter, zoom } : {});
  if (query) last = look;
  const hit = hits.find((one) => one.id === id);
  const head = el("div", {},
    el("div", { class: "row spread" }, el("h2", {}, found.id), sourceBadge(found.source)),
    record ? el("p", { class: "facts-line" }, describeRecord(record)) : null,
    showReport(found, hit?.explanation?.phrases),
    el("ul", { class: "chips" }, found.statements.map((s) => el("li", { title: s.code }, statementName(s)))));
  const back = el("a", { href: "#/", class: "button" }, `← ${t("back")}`);
  if (!query?.record) {
    put(section, el("p", {}, back), el("div", { class: "panel" }, head,
      record ? viewer({ case: id }, id, look) : el("p", { class: "warning" }, t("no_signal"))));
    return;
  }
  const pair = el("div", { class: "side-by-side" },
    el("div", { class: "panel" }, el("h2", {}, t("your_ecg")), el("p", { class: "facts-line" }, describeRecord(query.record)),
      hit ? explainer(query, id, criteria, look) : null, viewer({ query: query.id }, query.record.name, look, true)),
    el("div", { class: "panel" }, head, record ? viewer({ case: id }, id, look) : el("p", { class: "warning" }, t("no_signal"))));
  put(section, el("p", { class: "row" }, back, steps(hits, hit)), el("h1", {}, t("compare_title")),
    table(query, found), ...arrangement(pair, query, id, record !== null), pair);
  if (record) section.append(await overlay(query, id));
}
/** Return links to the hits before and after *hit*. */
function steps(hits, hit) {
  const at = hits.indexOf(hit);
  const link = (one, key) => (one ? el("a", { class: "button", href: `#/compare/${one.id}` }, t(key)) : null);
  return at < 0 ? null : [link(hits[at - 1], "hit_before"), el("span", { class: "quiet" }, t("n_of", { n: at + 1, of: hits.length })), link(hits[at + 1], "hit_after")];
}

/** Return a choice of how two ECGs stand: one below the other, side by side, or on each other. */
function arrangement(pair, query, id, isBoth) {
  const laid = el("div", { id: "overlaid", class: "panel", hidden: true });
  const ways = ["stacked", "beside", "overlaid"].filter((one) => isBoth || one !== "overlaid");
  const pick = el("select", { id: "arrangement" }, ways.map((one) => el("option", { value: one, selected: one === way }, t(`arrange_${one}`))));
  async function arrange() {
    pair.classList.toggle("beside", pick.value === "beside");
    pair.hidden = pick.value === "overlaid";
    laid.hidden = pick.value !== "overlaid";
    if (pick.value === "overlaid" && !laid.childNodes.length) put(laid, ...await onEachOther(query, id));
  }
  pick.addEventListener("change", () => { way = pick.value; arrange(); });
  arrange();
  return [el("p", {}, el("label", {}, t("arrange"), " ", pick)), laid];
}

/** Return both ECGs on each other, each stretch moved so that its first R lies on the query's. */
async function onEachOther(query, id) {
  const [ours, theirs] = await Promise.all([getEcg({ query: query.id }, {}), getEcg({ case: id }, {})]);
  if (ours.mm_per_mv === null || theirs.mm_per_mv === null) return [el("p", { class: "warning" }, t("overlay_refused"))];
  const drawing = drawEcg(ours, query.record.name, theirs);
  drawing.classList.add("both");
  return [legend(id), el("p", { class: "quiet" }, t("aligned")), el("div", { class: "paper-scroll", tabindex: "0", role: "group", "aria-label": t("arrange_overlaid") }, drawing)];
}

const legend = (id) => el("p", { class: "legend" }, el("span", { class: "ours" }, `━ ${t("your_ecg")}`), " ", el("span", { class: "theirs" }, `━ ${id}`), " · 25 mm/s · 10 mm/mV");

/** Return a button that shades on the query's trace what made the match. */
function explainer(query, id, criteria, look) {
  const words = el("div", { "aria-live": "polite" });
  const node = el("button", { type: "button", class: "button" }, t("why_show"));
  node.addEventListener("click", async () => {
    node.disabled = true;
    put(words, el("p", { role: "status" }, t("why_wait"), " ", el("progress", { "aria-label": t("why_wait") })));
    try {
      const answer = await searchEcg({ query: query.id }, [...criteria, ["why", "true"]]);
      const hit = answer.hits.find((one) => one.id === id);
      const regions = hit?.explanation?.regions ?? [];
      look.mark = (drawing, ecg) => shade(drawing, ecg, regions);
      for (const one of look.viewers) one.remark();
      put(words, describeWhy(hit));
    } catch (error) {
      put(words, el("p", { class: "refusal", role: "alert" }, error.message));
    }
    node.disabled = false;
  });
  return el("div", { id: "why" }, node, words);
}

/** Return the measurements of both, and by how much the case differs. */
function table(query, found) {
  const shared = new Set(query.statements.map((s) => s.code));
  const both = found.statements.filter((s) => shared.has(s.code));
  const rows = MEASURED.map(([key, name, unit]) => {
    const [ours, theirs] = [query.measurements[key], found.measurements[key]];
    const show = (v) => (v === null ? "–" : `${number(v)}${t(unit)}`);
    return el("tr", {}, el("th", { scope: "row" }, t(name)), el("td", {}, show(ours)), el("td", {}, show(theirs)), el("td", {}, difference(key, ours, theirs) ?? "–"));
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
  const drawing = drawBeats([{ ecg: ours, name: "ours" }, { ecg: theirs, name: "theirs" }]);
  if (!drawing) return el("div", { class: "panel", id: "overlay" }, title, el("p", {}, t("no_beats")));
  return el("div", { class: "panel", id: "overlay" }, title, legend(id), drawing);
}
