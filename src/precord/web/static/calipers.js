// Calipers on a drawn ECG: time across, voltage up, and marching out by the same interval.
// Pointer: drag anew, or a leg that is there. Keyboard: arrows move the second leg by 0.5 mm, with Shift the first.

import { svg } from "./dom.js";
import { number, t } from "./words.js";

/** Attach calipers to *drawing* of *ecg*; *say* gets what they measure. Returns switches. */
export function attachCalipers(drawing, ecg, say) {
  let from = null;
  let to = null;
  let held = null; // what a pointer moves: which leg, and whether its voltage too
  let isOn = false;
  let marches = false;
  const layer = svg("g", { class: "calipers" });
  drawing.append(layer);

  const within = (x, y) => ({
    x: clamp(x, ecg.grid_left, ecg.grid_left + ecg.grid_width),
    y: clamp(y, ecg.grid_top, ecg.grid_top + ecg.grid_height),
  });
  const place = (event) => {
    const point = new DOMPoint(event.clientX, event.clientY)
      .matrixTransform(drawing.getScreenCTM().inverse());
    return within(point.x, point.y);
  };

  drawing.addEventListener("pointerdown", (event) => {
    if (!isOn) return;
    event.preventDefault();
    drawing.setPointerCapture(event.pointerId);
    const at = place(event);
    held = grip(at, (event.pointerType === "mouse" ? 8 : 20) / drawing.getScreenCTM().a);
    if (held) return;
    [from, to, held] = [at, at, { leg: "to", isHigh: true }];
    show();
  });
  drawing.addEventListener("pointermove", (event) => {
    if (!isOn || !drawing.hasPointerCapture(event.pointerId)) return;
    const { x, y } = place(event);
    if (held.leg === "to") to = { x, y: held.isHigh ? y : to.y };
    else from = { x, y: held.isHigh ? y : from.y };
    show();
  });
  drawing.addEventListener("keydown", (event) => {
    const step = { ArrowLeft: [-0.5, 0], ArrowRight: [0.5, 0], ArrowUp: [0, -0.5], ArrowDown: [0, 0.5] }[event.key];
    if (!isOn || !step) return;
    event.preventDefault();
    const leg = event.shiftKey ? from : to;
    const moved = within(leg.x + step[0], leg.y + step[1]);
    if (event.shiftKey) from = moved; else to = moved;
    show();
  });

  /** Return the leg within *reach* mm of *at*, the second first; with its voltage at its corner alone. */
  function grip(at, reach) {
    const [leg, end] = Object.entries({ to, from }).find(([, one]) => Math.abs(one.x - at.x) < reach) ?? [];
    return leg ? { leg, isHigh: Math.abs(end.y - at.y) < reach } : null;
  }

  function show() {
    layer.replaceChildren();
    if (!isOn || !from) { say(""); return; }
    const { grid_left: left, grid_top: top, grid_width: width, grid_height: height } = ecg;
    const across = Math.abs(to.x - from.x);
    const first = Math.min(from.x, to.x);
    const line = (x, name) => svg("path", { class: name, d: `M${x} ${top}v${height}` });
    layer.append(line(from.x, "leg"), line(to.x, "leg"));
    if (marches && across > 1) {
      for (let x = first - across; x >= left; x -= across) layer.append(line(x, "march"));
      for (let x = first + 2 * across; x <= left + width; x += across) layer.append(line(x, "march"));
    }
    if (ecg.mm_per_mv !== null) {
      layer.append(...[from.y, to.y].map((y) => svg("path", { class: "leg", d: `M${first - 4} ${y}h${across + 8}` })));
    }
    say(measured(ecg, across, from.y - to.y));
  }

  return {
    turn(on) {
      isOn = on;
      drawing.classList.toggle("measuring", on);
      drawing.toggleAttribute("data-calipers", on);
      if (on) {
        drawing.setAttribute("tabindex", "0");
        from ??= { x: ecg.grid_left + 25, y: ecg.strips[0].y };
        to ??= { x: from.x + ecg.mm_per_s, y: from.y - (ecg.mm_per_mv ?? 0) };
        drawing.focus({ preventScroll: true });
      }
      show();
    },
    march(on) { marches = on; show(); },
  };
}

/** Return what *across* and *up* mm are on *ecg*; no millivolt where the scale is unknown. */
export function measured(ecg, across, up) {
  const seconds = across / ecg.mm_per_s;
  const parts = [`${number(seconds * 1000)} ms`];
  if (seconds > 0.15) parts.push(`${number(60 / seconds)}${t("per_minute")}`);
  if (ecg.mm_per_mv !== null) parts.push(`${number(up / ecg.mm_per_mv, 2)} mV`);
  return parts.join(" · ");
}

const clamp = (value, least, most) => Math.min(Math.max(value, least), most);
