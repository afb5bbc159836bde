// What a file of bare numbers leaves out: fields to state it, and to try again with the same file.

import { el, put } from "./dom.js";
import { t } from "./words.js";

const STANDARD = "I II III aVR aVL aVF V1 V2 V3 V4 V5 V6";
const UNITS = ["mV", "uV", "V", "unknown"];

const field = (key, node) => el("label", {}, el("span", {}, t(key)), node);

const FIELDS = {
  rate: (value) => [field("stated_rate", el("input", { name: "rate", type: "number", min: "1", max: "100000", step: "any", required: true, value }))],
  unit: (value) => [field("stated_unit", el("select", { name: "unit", required: true }, el("option", { value: "" }, t("choose_one")),
    UNITS.map((unit) => el("option", { value: unit, selected: unit === value }, unit === "unknown" ? t("unit_unknown") : unit.replace("u", "µ")))))],
  lead_order(value) {
    const order = el("input", { name: "lead_order", required: true, maxlength: "400", autocomplete: "off", placeholder: t("lead_order_hint"), value });
    const standard = el("button", { type: "button", class: "button", onclick: () => {
      order.value = STANDARD;
      order.dispatchEvent(new Event("input", { bubbles: true }));
    } }, t("standard_order"));
    return [field("lead_order", order), el("div", {}, standard)];
  },
};

/** Return a field for each of *missing*, filled with what was stated before; nothing is filled in by itself. */
export const statedFields = (missing, kept = {}) => missing.flatMap((key) => FIELDS[key](kept[key] ?? ""));

/** Fill *section* with fields for *missing*; what is typed goes into *kept*, and to *again* when sent. */
export function askStated(section, missing, kept, again) {
  const form = el("form", { class: "panel" },
    el("h2", {}, t("unstated_title")), el("p", {}, t("unstated_why")),
    el("div", { class: "criteria plain-form" }, statedFields(missing, kept)),
    el("p", {}, el("button", { class: "button primary" }, t("read_again"))));
  form.addEventListener("input", () => Object.assign(kept, Object.fromEntries(new FormData(form))));
  form.addEventListener("submit", (event) => { event.preventDefault(); again(kept); });
  put(section, form);
  section.hidden = false;
  form.querySelector("input, select").focus();
}
