// The viewer: an ECG on its paper, with layout, speed, gain, zoom, true size and calipers.

import { ecgPath, getEcg } from "./api.js";
import { attachCalipers } from "./calipers.js";
import { drawBeats } from "./beats.js";
import { el } from "./dom.js";
import { drawEcg } from "./ecg.js";
import { t } from "./words.js";

const LAYOUTS = ["", "3x4+1", "3x4", "6x2", "12x1", "cabrera"];
const CSS_MM = 96 / 25.4; // px that CSS calls a millimetre
const FILTERS = ["", "40", "0.5-40"]; // Hz; measured is always without
const KEPT = "precord-px-per-mm";
const LEAST = 2.1; // px per mm at first: below it a trace cannot be read

/** How ECGs are looked at; viewers that share one stay alike. */
export function newLook() {
  return { layout: "", speed: "25", gain: "10", filter: "", zoom: null, mark: null, viewers: new Set() };
}

/** Return an element that shows the ECG *of* ({case} or {query}); viewers of one look move together. */
export function viewer(of, name, look = newLook(), isMarked = false) {
  const paper = el("div", { class: "paper-scroll", tabindex: "0", role: "group", "aria-label": t("ecg_of", { name }) });
  const reading = el("output", { class: "reading", "aria-live": "polite" });
  const box = el("div", { class: "viewer" });
  let calipers = null;
  let isMeasuring = false;
  let marches = false;
  let isBeats = false;
  let shown = null;
  let asked = 0; // drawings
  const beats = el("div", { class: "beats", hidden: true });
  const unscaled = el("p", { class: "warning", role: "note", hidden: true }, t("scale_unknown"));

  async function draw() {
    const mine = (asked += 1);
    paper.setAttribute("aria-busy", "true");
    try {
      const ecg = await getEcg(of, { layout: look.layout, speed: look.speed, gain: look.gain, filter: look.filter });
      if (mine !== asked) return; // another choice was made since: its answer counts, whichever comes first
      shown = { ecg, drawing: drawEcg(ecg, name) };
      paper.replaceChildren(shown.drawing);
      unscaled.hidden = ecg.mm_per_mv !== null; // the banner of the drawing may be scrolled out of sight
      for (const option of tools.querySelectorAll("[name=gain] option")) {
        option.textContent = gainName(option.value, ecg.mm_per_mv !== null);
      }
      if (isBeats) showBeats();
      remark();
      calipers = attachCalipers(shown.drawing, ecg, (words) => { reading.textContent = words; });
      calipers.march(marches);
      calipers.turn(isMeasuring);
      size();
    } catch (error) {
      if (mine !== asked) return;
      paper.replaceChildren(el("p", { class: "refusal" }, error.message));
    }
    paper.removeAttribute("aria-busy");
  }

  function remark() {
    if (shown && isMarked && look.mark) look.mark(shown.drawing, shown.ecg);
  }

  function showBeats() {
    beats.hidden = !isBeats;
    if (!isBeats || !shown) return;
    const drawing = drawBeats([{ ecg: shown.ecg, name: "ours" }]);
    const caption = shown.ecg.mm_per_mv === null ? t("scale_unknown") : "25 mm/s · 10 mm/mV";
    beats.replaceChildren(el("p", { class: "quiet" }, `${t("median_beats")} · ${caption}`), drawing ?? el("p", {}, t("no_beats")));
  }

  function size() {
    if (!shown) return;
    const fit = Math.max((paper.clientWidth - 2) / shown.ecg.width, LEAST);
    const scale = look.zoom === null ? Math.min(fit, 2 * pxPerMm()) : look.zoom * pxPerMm();
    shown.drawing.style.width = `${shown.ecg.width * scale}px`;
    shown.drawing.style.height = `${Number(shown.drawing.dataset.height) * scale}px`;
    shown.drawing.style.setProperty("--print", `${shown.ecg.width}mm`);
    shown.scale = scale;
  }

  function zoomBy(factor) {
    const current = (shown?.scale ?? pxPerMm()) / pxPerMm();
    look.zoom = factor === null ? null : factor === 1 ? 1 : Math.min(Math.max(current * factor, 0.3), 6);
    for (const one of look.viewers) one.size();
  }

  /** Show the ruler under the tools, or put it away. */
  function calibrate() {
    const open = box.querySelector(".calibration");
    if (open) { open.remove(); return; }
    const panel = calibration(() => zoomBy(1));
    tools.after(panel);
    panel.querySelector("input").focus();
  }

  const change = (key) => (event) => {
    look[key] = event.target.value;
    for (const one of look.viewers) one.refresh();
  };
  const pick = (key, values, show) => el("label", {}, el("span", { class: "hidden" }, t(key)),
    el("select", { name: key, onchange: change(key) },
      values.map((v) => el("option", { value: v, selected: v === look[key] }, show(v)))));
  const button = (word, act, label) => el("button", { type: "button", class: "tool", title: t(label ?? word), "aria-label": t(label ?? word), onclick: act }, word);

  function toggle(key, act) {
    const node = el("button", { type: "button", class: "tool", "aria-pressed": "false" }, t(key));
    node.addEventListener("click", () => {
      const on = node.getAttribute("aria-pressed") !== "true";
      node.setAttribute("aria-pressed", String(on));
      act(on);
    });
    return node;
  }

  const march = toggle("march_out", (on) => { marches = on; calipers?.march(on); });
  march.hidden = true;
  const files = el("details", { class: "menu" }, el("summary", { class: "tool" }, t("save")),
    el("div", {}, ["pdf", "png", "svg", "wfdb"].map((form) => {
      const link = el("a", { download: "" }, form.toUpperCase());
      link.addEventListener("click", () => { link.href = ecgPath(of, { form, layout: look.layout }); });
      link.href = ecgPath(of, { form });
      return link;
    })));
  const tools = el("div", { class: "tools", role: "toolbar", "aria-label": t("viewer_tools") },
    pick("layout", LAYOUTS, (v) => (v === "" ? t("layout_auto") : v === "cabrera" ? "Cabrera" : v.replace("x", "×"))),
    pick("speed", ["25", "50"], (v) => `${v} mm/s`),
    pick("gain", ["5", "10", "20"], (v) => gainName(v, true)),
    pick("filter", FILTERS, (v) => (v === "" ? t("filter_none") : `${v === "40" ? "≤ 40" : v} Hz`)),
    button("−", () => zoomBy(0.8), "zoom_out"),
    button("+", () => zoomBy(1.25), "zoom_in"),
    button("↔", () => zoomBy(null), "fit"),
    button("1:1", () => zoomBy(1), "true_size"),
    button("mm", calibrate, "calibrate"),
    toggle("calipers", (on) => { isMeasuring = on; march.hidden = !on; calipers?.turn(on); }),
    march, toggle("median_beats", (on) => { isBeats = on; showBeats(); }), reading, files);

  paper.addEventListener("scroll", () => {
    for (const one of look.viewers) one.follow(paper);
  });
  paper.addEventListener("keydown", (event) => {
    const factor = { "+": 1.25, "=": 1.25, "-": 0.8, 0: null, 1: 1 }[event.key];
    if (factor !== undefined && !event.ctrlKey && !event.metaKey) zoomBy(factor);
  });
  pinch(paper, zoomBy);
  const watch = new ResizeObserver(() => size());
  watch.observe(paper);
  look.viewers.add({
    refresh: draw, size, remark,
    follow(other) { if (other !== paper) { paper.scrollLeft = other.scrollLeft; paper.scrollTop = other.scrollTop; } },
  });
  box.append(tools, unscaled, paper, beats);
  draw();
  return box;
}

/** Let two fingers on *paper* zoom; one pans as everywhere. */
function pinch(paper, zoomBy) {
  let apart = 0;
  const distance = ([a, b]) => Math.hypot(a.clientX - b.clientX, a.clientY - b.clientY);
  paper.addEventListener("touchstart", (event) => { apart = event.touches.length === 2 ? distance(event.touches) : 0; }, { passive: true });
  paper.addEventListener("touchmove", (event) => {
    if (event.touches.length !== 2 || !apart) return;
    event.preventDefault();
    const now = distance(event.touches);
    if (Math.abs(now / apart - 1) > 0.04) { zoomBy(now / apart); apart = now; }
  }, { passive: false });
}

/** A gain is one of millivolts only where there are any. */
const gainName = (value, isCalibrated) => (isCalibrated ? `${value} mm/mV` : `× ${Number(value) / 10}`);

const pxPerMm = () => Number(localStorage.getItem(KEPT)) || CSS_MM;

/** Return a line to hold a ruler or a bank card to, so that a millimetre is one on this screen. */
function calibration(done) {
  const bar = el("div", { class: "ruler" });
  const range = el("input", { type: "range", min: "2", max: "9", step: "0.01", value: String(pxPerMm()), "aria-label": t("calibrate") });
  const show = () => { bar.style.width = `${85.6 * Number(range.value)}px`; };
  range.addEventListener("input", show);
  show();
  const panel = el("div", { class: "calibration" }, el("p", {}, t("calibrate_how")), bar, range,
    el("button", { type: "button", class: "button", onclick: () => {
      localStorage.setItem(KEPT, range.value);
      panel.remove();
      done();
    } }, t("done")));
  return panel;
}
