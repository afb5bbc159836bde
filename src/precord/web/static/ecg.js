// An ECG of the API as SVG. One unit is one millimetre; all places come from the API's layout.

import { lag } from "./beats.js";
import { svg } from "./dom.js";
import { t } from "./words.js";

const HEAD = 9; // mm above the grid: facts, and the banner where the scale is unknown

/** Return the SVG of *ecg*, over *theirs* if given, R on R; its viewBox is in mm. */
export function drawEcg(ecg, name, theirs = null) {
  const top = ecg.grid_top - HEAD;
  const height = ecg.grid_height + HEAD + 5;
  const late = theirs ? lag(ecg, theirs) : 0;
  const clip = `clip-${Math.random().toString(36).slice(2)}`;
  return svg("svg",
    { class: "ecg", viewBox: `0 ${top} ${ecg.width} ${height}`, role: "img",
      "aria-label": `${t("ecg_of", { name })} ${facts(ecg)}`,
      "data-width": ecg.width, "data-height": height },
    svg("defs", {}, svg("clipPath", { id: clip }, box(ecg, {}))),
    box(ecg, { class: "paper" }),
    grid(ecg),
    ecg.mm_per_mv === null ? banner(ecg) : null,
    ecg.pulses.map(([x, y]) => pulse(ecg, x, y)),
    theirs ? ecg.strips.map((strip, i) => drawUnder(ecg, strip, theirs, theirs.strips[i], clip, late)) : null,
    ecg.strips.map((strip) => drawStrip(ecg, strip, clip)),
    svg("text", { class: "facts", x: ecg.grid_left, y: top + 3.2 }, facts(ecg)),
    svg("text", { class: "facts", x: ecg.grid_left, y: top + height - 1.2 }, t("disclaimer")),
  );
}

/** Return a strip of another ECG at the place of *strip*, its first QRS on the first there: R on R, and *late* seconds on. */
function drawUnder(ecg, strip, theirs, other, clip, late) {
  if (!other || other.lead !== strip.lead || other.label !== strip.label) return null;
  const first = (one, part) => one.r_peaks_s.find((r) => r >= part.start_s && r < part.start_s + part.duration_s);
  const [ours, their] = [first(ecg, strip), first(theirs, other)];
  if (ours === undefined || their === undefined) return null;
  const shift = ((ours - strip.start_s) - (their - other.start_s) + late) * ecg.mm_per_s;
  const moved = { ...other, y: strip.y, x: strip.x + shift };
  const [from, to] = [strip.x, strip.x + strip.duration_s * ecg.mm_per_s];
  moved.up = other.up.map((mm, i) => (moved.x + i * moved.step < from || moved.x + i * moved.step > to ? null : mm));
  return svg("path", { class: "trace theirs", "clip-path": `url(#${clip})`, "data-shift": shift.toFixed(2), d: toPath(moved) });
}

/** Return how the ECG is drawn, in words. */
export function facts(ecg) {
  const gain = ecg.mm_per_mv === null ? t("gain_unknown") : `${ecg.mm_per_mv} mm/mV`;
  const part = ecg.seconds_shown < ecg.record.duration_s
    ? t("first_seconds", { n: ecg.seconds_shown, of: ecg.record.duration_s.toFixed(1) }) : null;
  return [`${ecg.mm_per_s} mm/s`, gain, t(ecg.band ? "filtered" : "unfiltered", { rate: ecg.record.rate_hz, band: ecg.band === "40" ? "≤ 40" : ecg.band }), part]
    .filter(Boolean).join(" · ");
}

const box = (ecg, attributes) => svg("rect", {
  x: ecg.grid_left, y: ecg.grid_top, width: ecg.grid_width, height: ecg.grid_height, ...attributes,
});

/** Lines each 1 mm and 5 mm; of time only where no amplitude may be read. */
function grid(ecg) {
  const { grid_left: left, grid_top: top, grid_width: width, grid_height: height } = ecg;
  const lines = (step, length, draw) =>
    Array.from({ length: Math.floor(length / step) + 1 }, (_, i) => draw(i * step)).join("");
  const kinds = [["minor", 1], ["major", 5]].flatMap(([kind, step]) => [
    ["time", kind, lines(step, width, (x) => `M${left + x} ${top}v${height}`)],
    ecg.mm_per_mv === null ? null
      : ["millivolt", kind, lines(step, height, (y) => `M${left} ${top + y}h${width}`)],
  ]).filter(Boolean);
  return kinds.map(([way, kind, d]) => svg("path", { class: `grid ${kind}`, "data-grid": way, d }));
}

function banner(ecg) {
  const y = ecg.grid_top - 5.4;
  return svg("g", { class: "banner" },
    svg("rect", { x: ecg.grid_left, y, width: ecg.grid_width, height: 4.8 }),
    svg("text", { x: ecg.grid_left + 2, y: y + 3.4 },
      t("scale_unknown")));
}

/** The calibration pulse: 1 mV for 0.2 s at 25 mm/s, before each row. */
function pulse(ecg, x, y) {
  const width = ecg.pulse_width;
  return svg("path", { class: "trace pulse",
    d: `M${x - 2.5} ${y}h2.5v${-ecg.mm_per_mv}h${width}v${ecg.mm_per_mv}h2.5` });
}

function drawStrip(ecg, strip, clip) {
  const label = strip.is_derived ? `${strip.label} (${t("derived")})` : strip.label;
  const missing = !strip.up.some((mm) => mm !== null);
  const starts = strip.x > ecg.strips[0].x
    ? svg("path", { class: "tick", d: `M${strip.x} ${strip.y - 4}v2M${strip.x} ${strip.y + 2}v2` }) : null;
  return svg("g", { "data-lead": strip.lead },
    starts,
    missing ? null
      : svg("path", { class: "trace", "clip-path": `url(#${clip})`, d: toPath(strip) }),
    svg("text", { class: "lead-name", x: strip.x + 1.2, y: strip.y - 8.5 },
      missing ? t("not_recorded", { lead: label }) : label));
}

/** A strip's samples as a path; a missing sample is a gap. */
function toPath(strip) {
  const parts = [];
  let pen = "M";
  strip.up.forEach((mm, i) => {
    if (mm === null) { pen = "M"; return; }
    parts.push(`${pen}${(strip.x + i * strip.step).toFixed(2)} ${(strip.y - mm).toFixed(2)}`);
    pen = "L";
  });
  return parts.join("");
}
