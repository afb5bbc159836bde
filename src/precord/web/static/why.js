// Why a case was found: the report's words that fit, and where on the query's trace it lies.

import { el, svg } from "./dom.js";
import { codeName } from "./codes.js";
import { number, t } from "./words.js";

/** Return *report* with the words marked that say what the query has. */
export function markWords(report, phrases) {
  const letters = Array.from(report); // offsets count Unicode characters
  const parts = [];
  let at = 0;
  for (const phrase of phrases) {
    if (phrase.start < at) continue;
    parts.push(letters.slice(at, phrase.start).join(""),
      el("mark", { title: codeName(phrase.statement) }, letters.slice(phrase.start, phrase.end).join("")));
    at = phrase.end;
  }
  return [...parts, letters.slice(at).join("")];
}

/** Shade *regions* on a *drawing* of *ecg*; the first is the one that carries most. */
export function shade(drawing, ecg, regions) {
  drawing.querySelector(".why")?.remove();
  const layer = svg("g", { class: "why" });
  regions.forEach((region, n) => {
    for (const strip of ecg.strips.filter((s) => region.leads.includes(s.lead))) {
      for (const [begin, end] of region.spans) {
        const from = Math.max(begin, strip.start_s);
        const to = Math.min(end, strip.start_s + strip.duration_s);
        if (to <= from) continue;
        layer.append(svg("rect", { class: n ? "region" : "region best", x: strip.x + (from - strip.start_s) * ecg.mm_per_s,
          y: strip.y - 13, width: (to - from) * ecg.mm_per_s, height: 22 }));
      }
    }
  });
  drawing.append(layer);
}

/** Return in words what made *hit* a match: the regions, or plainly that there is none, and why. */
export function describeWhy(hit) {
  const why = hit?.explanation;
  if (!why) return el("p", {}, t("why_gone"));
  if (why.regions.length) return listRegions(why.regions);
  const names = (codes) => codes.map(codeName).join(", ");
  const scores = [["score_ecg", hit.ecg_score], ["score_report", hit.report_score]]
    .filter(([, value]) => value !== null).map(([key, value]) => `${t(key)} ${number(value, 2)}`).join(", ");
  if (why.shared.length) return el("p", {}, t("why_none", { shared: names(why.shared) }));
  return el("p", {}, t(why.query_only.length ? "why_not_shared" : "why_not_read", { read: names(why.query_only) }), " ", t("why_whole", { scores }));
}

function listRegions(regions) {
  return el("div", {}, el("ul", { class: "notes" }, regions.map((region) => el("li", {},
    t("why_region", { wave: region.wave === "beat" ? t("why_beat") : region.wave, leads: region.leads.join(", "), name: codeName(region.statement) })))),
  el("p", { class: "quiet" }, t("why_caveat")));
}
