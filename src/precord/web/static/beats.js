// Median beats on a grid, R on R: of one ECG, or of two on each other. One unit is a millimetre.

import { svg } from "./dom.js";
import { t } from "./words.js";

const CELL = { width: 32, height: 34, zero: 19, r: 12 }; // mm of one lead's median beat

/** Return a drawing of the beats of *parts* ([{ecg, name}]), or null where they share none. */
export function drawBeats(parts, rows = 3) {
  const [first, ...others] = parts.map(({ ecg }) => ecg);
  const has = (ecg, lead) => ecg.beats.some((b) => b.lead === lead);
  const leads = first.beats.map((b) => b.lead).filter((lead) => others.every((ecg) => has(ecg, lead)));
  if (!leads.length) return null;
  const n = Math.min(rows, leads.length);
  const width = Math.ceil(leads.length / n) * CELL.width;
  const height = n * CELL.height;
  const isCalibrated = first.mm_per_mv !== null;
  const lines = (step, length, draw) => Array.from({ length: Math.floor(length / step) + 1 }, (_, i) => draw(i * step)).join("");
  const grid = [["minor", 1], ["major", 5]].map(([kind, step]) => [
    svg("path", { class: `grid ${kind}`, "data-grid": "time", d: lines(step, width, (x) => `M${x} 0v${height}`) }),
    isCalibrated ? svg("path", { class: `grid ${kind}`, "data-grid": "millivolt", d: lines(step, height, (y) => `M0 ${y}h${width}`) }) : null,
  ]);
  const late = parts.map(({ ecg }) => (ecg === first ? 0 : lag(first, ecg)));
  return svg("svg", { class: "ecg overlay", viewBox: `-0.5 -0.5 ${width + 1} ${height + 1}`, role: "img", "aria-label": t("overlay") },
    svg("rect", { class: "paper", width, height }), grid.flat(),
    leads.map((lead, i) => {
      const [left, top] = [Math.floor(i / n) * CELL.width, (i % n) * CELL.height];
      return svg("g", {},
        parts.map(({ ecg, name }, at) => svg("path", { class: `trace ${name}`, "data-late": late[at].toFixed(3),
          d: toPath(ecg.beats.find((b) => b.lead === lead), left + CELL.r + 25 * late[at], top + CELL.zero, isCalibrated ? 10 : 3) })).toReversed(),
        svg("text", { class: "lead-name", x: left + 1, y: top + 4 }, lead));
    }));
}

/**
 * Return the seconds by which the beats of *theirs* are to be moved so that their QRS lies on that of *ours*.
 *
 * A beat's zero is the middle of its QRS, which is the one or the other peak of a notched one: up to 0.1 s are
 * made up for, where the steepness of both, over all common leads, agrees best.
 */
export function lag(ours, theirs) {
  const leads = ours.beats.map((b) => b.lead).filter((lead) => theirs.beats.some((b) => b.lead === lead));
  const [a, b] = [ours, theirs].map((ecg) => steepness(ecg.beats.filter((beat) => leads.includes(beat.lead))));
  if (!a.length || !b.length) return 0;
  const step = ours.beats[0].step_s;
  const most = Math.round(0.1 / step);
  let [best, highest] = [0, -1];
  for (let shift = -most; shift <= most; shift += 1) {
    const agrees = a.reduce((sum, value, i) => sum + value * (b[i - shift] ?? 0), 0);
    if (agrees > highest || (agrees === highest && Math.abs(shift) < Math.abs(best))) [best, highest] = [shift, agrees];
  }
  return best * step;
}

function steepness(beats) {
  const n = Math.min(...beats.map((beat) => beat.values.length));
  return Array.from({ length: Number.isFinite(n) ? Math.max(n - 1, 0) : 0 }, (_, i) => beats.reduce((sum, { values }) => sum + Math.abs((values[i + 1] ?? 0) - (values[i] ?? 0)), 0));
}

function toPath(beat, x0, y0, gain) {
  return beat.values.map((v, i) => {
    const x = x0 + 25 * (beat.start_s + i * beat.step_s);
    return v === null ? "" : `${i && beat.values[i - 1] !== null ? "L" : "M"}${x.toFixed(2)} ${(y0 - gain * v).toFixed(2)}`;
  }).join("");
}
