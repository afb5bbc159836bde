// A photo of an ECG corrected by hand: four corners to drag, what the paper says, read again at once.

import { digitize, showPicture } from "./api.js";
import { el, put, wait } from "./dom.js";
import { describeRecord, faults, notes } from "./query.js";
import { viewer } from "./viewer.js";
import { t } from "./words.js";

const CORNERS = ["corner_tl", "corner_tr", "corner_br", "corner_bl"];
const LAYOUTS = ["", "3x4", "3x4+1", "3x4+2", "3x4+3", "6x2", "6x2+1", "12x1", "cabrera"];
const WAIT = 400; // ms without a change before a page is read again
const STEP = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

/** Tell whether a file may be a picture of an ECG. */
export const isPicture = (file) => /^image\/|pdf$/.test(file.type) || /\.(png|jpe?g|heic|heif|tiff?|bmp|webp|pdf)$/i.test(file.name);

/** Fill *section* with the correction of *file*; *search* takes the id of a reading. */
export async function showPhoto(section, file, why, search) {
  const back = el("p", {}, el("a", { href: "#/", class: "button" }, `← ${t("back")}`));
  if (!file) {
    put(section, back, el("h1", {}, t("photo_title")), el("p", {}, t("photo_needs")));
    return;
  }
  const told = { corners: null, layout: "", speed: "", gain: "", rotate: "0", page: "" };
  const result = el("div", { id: "reading", class: "panel", "aria-live": "polite" });
  let reading = null;
  let asked = null;
  let timer = 0;

  async function read() {
    asked?.abort();
    const mine = new AbortController();
    asked = mine;
    result.setAttribute("aria-busy", "true");
    const status = el("p", { role: "status" });
    put(result, status);
    const tell = wait(status, t("rereading"));
    try {
      const found = await digitize(file, { ...told, replaces: reading ?? "" }, mine.signal, (stage) => tell(t(`stage_${stage}`)));
      if (asked !== mine) return;
      reading = found.query;
      put(result, ...describe(found, search));
    } catch (error) {
      if (asked !== mine) return;
      put(result, refusal(error.message));
    }
    result.removeAttribute("aria-busy");
  }
  const soon = () => { clearTimeout(timer); timer = setTimeout(read, WAIT); };

  const picture = el("img", { alt: t("photo_alt") });
  const frame = cornerFrame(picture, (corners) => { told.corners = corners; soon(); });
  const pick = (key, values, show) => el("label", {}, el("span", {}, t(key)), el("select", { name: key, onchange: (event) => { told[key] = event.target.value; soon(); } },
    values.map((value) => el("option", { value }, value === "" ? t("found_in_picture") : show(value)))));
  const controls = el("div", { class: "criteria" },
    pick("layout", LAYOUTS, (v) => (v === "cabrera" ? "Cabrera" : v.replace("x", "×"))),
    pick("speed", ["", "25", "50"], (v) => `${v} mm/s`),
    pick("gain", ["", "5", "10", "20"], (v) => `${v} mm/mV`),
    pick("rotate", ["0", "90", "180", "270"], (v) => `${v}°`),
    el("label", {}, el("span", {}, t("page_n")), el("input", { type: "number", name: "page", min: "1", max: "200", onchange: (event) => { told.page = event.target.value; show(); soon(); } })),
    el("button", { type: "button", class: "button", onclick: () => { frame.reset(); told.corners = null; soon(); } }, t("corners_reset")));
  put(section, back, el("h1", {}, t("photo_title")), el("p", { class: "quiet" }, t("photo_how")),
    el("div", { class: "photo" }, el("div", { class: "panel" }, frame.node, controls), result));

  async function show() {
    const address = URL.createObjectURL(file);
    picture.src = address;
    try {
      await picture.decode();
    } catch { // what a browser cannot show, the service can: PDF, HEIC, TIFF
      URL.revokeObjectURL(address);
      try {
        picture.src = URL.createObjectURL(await showPicture(file, told.page));
        await picture.decode();
      } catch (error) {
        put(result, refusal(error.message));
      }
    }
  }
  await show();
  if (why) put(result, refusal(why)); else await read();
}

const refusal = (message) => el("p", { class: "warning", role: "alert" }, el("strong", {}, t("not_read")), ` ${message}. `, t("photo_try"));

function describe(found, search) {
  return [
    el("div", { class: "row spread" }, el("h2", {}, t("reread")),
      el("button", { type: "button", class: "button primary", onclick: () => search(found.query) }, t("search_with"))),
    el("p", { class: "facts-line" }, describeRecord(found.record)), faults(found.record), notes(found.record.notes),
    viewer({ query: found.query }, found.record.name),
  ];
}

/** Return a picture with four corners to drag by mouse, finger or arrow keys; *changed* gets them. */
function cornerFrame(picture, changed) {
  const start = () => [[0, 0], [1, 0], [1, 1], [0, 1]];
  let corners = start();
  const outline = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  outline.setAttribute("viewBox", "0 0 1 1");
  outline.setAttribute("preserveAspectRatio", "none");
  outline.setAttribute("aria-hidden", "true");
  const shape = document.createElementNS("http://www.w3.org/2000/svg", "polygon");
  outline.append(shape);
  const handles = CORNERS.map((key, i) => {
    const handle = el("button", { type: "button", class: "corner", "aria-label": t(key), title: t(key) });
    const move = (x, y) => {
      corners[i] = [x, y].map((value) => Math.min(Math.max(value, 0), 1));
      place();
      changed(corners.map(([cx, cy]) => `${cx.toFixed(4)},${cy.toFixed(4)}`).join(" "));
    };
    handle.addEventListener("pointerdown", (event) => {
      event.preventDefault();
      handle.focus();
      handle.setPointerCapture(event.pointerId);
    });
    handle.addEventListener("pointermove", (event) => {
      if (!handle.hasPointerCapture(event.pointerId)) return;
      const box = picture.getBoundingClientRect();
      move((event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height);
    });
    handle.addEventListener("keydown", (event) => {
      const step = STEP[event.key];
      if (!step) return;
      event.preventDefault();
      const size = event.shiftKey ? 0.05 : 0.005;
      move(corners[i][0] + size * step[0], corners[i][1] + size * step[1]);
    });
    return handle;
  });
  function place() {
    shape.setAttribute("points", corners.map((corner) => corner.join(",")).join(" "));
    handles.forEach((handle, i) => {
      handle.style.left = `${100 * corners[i][0]}%`;
      handle.style.top = `${100 * corners[i][1]}%`;
    });
  }
  place();
  return {
    node: el("div", { class: "corners", role: "group", "aria-label": t("corners") }, picture, outline, handles),
    reset() { corners = start(); place(); },
  };
}
