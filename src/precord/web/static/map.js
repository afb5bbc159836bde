// The library's ECG vectors on a plane. One stop of the tab key; the arrows go from case to case.

import { el, put, svg } from "./dom.js";
import { number, t } from "./words.js";

const KINDS = ["NORM", "MI", "STTC", "CD", "HYP", ""];
const SHAPES = { // paths around 0, about 2 wide: told apart without colour too
  NORM: "M-.9 0a.9 .9 0 1 0 1.8 0a.9 .9 0 1 0 -1.8 0", MI: "M-.8 -.8h1.6v1.6h-1.6z",
  STTC: "M0 -1.1L1 .8H-1z", CD: "M0 -1.2L1.1 0L0 1.2L-1.1 0z",
  HYP: "M-1 -.35h.65v-.65h.7v.65h.65v.7h-.65v.65h-.7v-.65h-.65z", "": "M-.6 -.6L.6 .6M.6 -.6L-.6 .6",
};
const SIZE = 100; // units from edge to middle
const STEPS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

/** Return the map of *found*, what `/v1/library/map` answers. */
export function makeMap(found) {
  const reading = el("output", { class: "reading" }, t("map_hint"));
  const size = found.points.length > 300 ? 1.5 : 3;
  const places = found.points.map((point) => place(point, reading, size));
  const links = places.map((one) => one.link);
  if (links.length) links[0].setAttribute("tabindex", "0");
  const drawing = svg("svg", {
    class: "map", role: "group", "aria-label": t("map"),
    viewBox: `${-SIZE - 4} ${-SIZE - 4} ${2 * SIZE + 8} ${2 * SIZE + 8}`,
    onkeydown: (event) => move(event, places),
  }, links);
  const kinds = KINDS.filter((kind) => found.points.some((p) => (p.superclass ?? "") === kind));
  const node = el("div", { class: "panel" }, el("h2", {}, t("map")),
    el("p", { class: "quiet" }, t("map_caveat", { n: number(links.length), of: number(found.of), share: number(100 * found.share) })));
  node.append(drawing, el("ul", { class: "chips legend" }, kinds.map((kind) => el("li", {},
    svg("svg", { class: "key", viewBox: "-1.4 -1.4 2.8 2.8", "aria-hidden": "true" }, svg("path", { class: `kind k${kind}`, d: SHAPES[kind] })),
    " ", t(`kind_${kind || "other"}`)))), reading);
  return node;
}

function place(point, reading, size) {
  const kind = point.superclass ?? "";
  const x = point.x * SIZE;
  const y = -point.y * SIZE;
  const name = `${point.id}: ${point.label || t("no_statement_coded")}`;
  const show = () => put(reading, name);
  const link = svg("a", { href: `#/case/${point.id}`, tabindex: "-1", "aria-label": name, onfocus: show, onpointerenter: show },
    svg("path", { class: `kind k${kind}`, d: SHAPES[kind] ?? SHAPES[""], transform: `translate(${x} ${y}) scale(${size})` }));
  return { link, x, y };
}

/** Go to the nearest case in the direction of an arrow, within a quarter turn of it. */
function move(event, places) {
  const step = STEPS[event.key];
  const from = places.find((one) => one.link === document.activeElement);
  if (!step || !from) return;
  event.preventDefault();
  let best = null;
  let least = Infinity;
  for (const one of places) {
    const along = (one.x - from.x) * step[0] + (one.y - from.y) * step[1];
    const across = Math.abs((one.x - from.x) * step[1]) + Math.abs((one.y - from.y) * step[0]);
    if (one === from || along <= 0 || across > along) continue;
    if (along + across < least) [best, least] = [one, along + across];
  }
  if (!best) return;
  from.link.setAttribute("tabindex", "-1");
  best.link.setAttribute("tabindex", "0");
  best.link.focus();
}
