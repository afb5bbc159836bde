// A draft of a report from precedents: every sentence cited, and nothing leaves unconfirmed.

import { exportDraft, makeDraft } from "./api.js";
import { el, put } from "./dom.js";
import { MEASURED } from "./query.js";
import { language, number, t } from "./words.js";

let kept = { answer: null, parts: [] }; // the last draft, as it stands

/** Fill *section* with a draft for the query of *answer*. */
export async function showDraft(section, answer) {
  const back = el("p", {}, el("a", { href: "#/", class: "button" }, `← ${t("back")}`));
  if (!answer?.query.record || !answer.hits.length) {
    return put(section, back, el("h1", {}, t("draft_title")), el("p", { class: "warning" }, t("draft_needs")));
  }
  if (kept.answer === answer) return put(section, kept.parts); // with what a person changed, whatever case was looked at since
  const chosen = new Set(answer.hits.slice(0, 8).map((hit) => hit.id));
  const body = el("div", { id: "draft" });
  const draw = async (byModel) => {
    put(body, el("p", { role: "status" }, t("drafting"), " ", el("progress", { "aria-label": t("drafting") })));
    try {
      const cases = answer.hits.map((hit) => hit.id).filter((id) => chosen.has(id));
      const made = await makeDraft({ query: answer.query.id, cases, language: language(), by_model: byModel });
      put(body, ...shape(made, answer, cases.length, draw));
    } catch (error) {
      put(body, el("p", { class: "refusal", role: "alert" }, error.message));
    }
  };
  const precedents = el("details", {}, el("summary", {}, t("draft_from")),
    el("ul", { class: "plain" }, answer.hits.slice(0, 20).map((hit) => el("li", {}, el("label", { class: "check" },
      el("input", { type: "checkbox", checked: chosen.has(hit.id), onchange: (event) => {
        if (event.target.checked) chosen.add(hit.id); else chosen.delete(hit.id);
      } }), ` ${hit.rank} · ${hit.id} · ${hit.report ?? t("no_report")}`)))),
    el("button", { type: "button", class: "button", onclick: () => draw(false) }, t("draft_again")));
  const parts = [back, el("h1", {}, t("draft_title")), el("p", { class: "warning", role: "note" }, t("draft_caveat")),
    answer.trust.reasons.length ? el("div", { class: "warning" }, el("strong", {}, t("doubtful")), el("ul", { class: "notes" }, answer.trust.reasons.map((reason) => el("li", {}, reason)))) : null,
    el("div", { class: "panel" }, precedents), body];
  put(section, parts);
  kept = { answer, parts };
  await draw(false);
}

/** Return the parts of a draft: sentences to keep, change or leave out; what was struck; the export. */
function shape(made, answer, n, draw) {
  const list = el("ol", { class: "sentences" }, made.sentences.map((one) => line(one, n, isKept(one, answer))));
  const own = () => {
    list.append(line({ text: "", kind: "own", citations: [] }, n, true));
    list.lastChild.querySelector("textarea").focus();
  };
  return [
    el("div", { class: "panel" },
      made.written_by ? el("p", { class: "quiet" }, t("draft_by", { name: made.written_by })) : null,
      answer.trust.reasons.length ? el("p", { class: "warning" }, t("draft_choose")) : null,
      made.sentences.length ? list : [el("p", {}, t("draft_empty")), list],
      el("p", { class: "row" },
        el("button", { type: "button", class: "button", onclick: own }, t("draft_own")),
        made.has_model ? el("button", { type: "button", class: "button", onclick: () => draw(true) }, t("draft_model")) : null)),
    el("details", { class: "panel" }, el("summary", {}, t("struck_n", { n: made.struck.length })),
      el("p", { class: "quiet" }, t("struck_why")),
      el("ul", { class: "struck" }, made.struck.map((one) => el("li", {}, el("s", {}, one.text), " ", el("span", { class: "quiet" }, `${reason(one)} ${one.case}`))))),
    confirmation(list, answer),
  ];
}

/** Tell whether a sentence stands in the draft by itself: of doubtful precedents a person chooses each. */
const isKept = (one, answer) => one.kind === "measured" || !answer.trust.reasons.length;

/** Return one sentence: a box to keep it, its words, where they come from, who says it. */
function line(one, n, isKept) {
  const kind = el("span", { class: `badge kind-${one.kind}` }, t(`kind_${one.kind}`));
  const cited = el("span", { class: "quiet cited" }, one.citations.flatMap((id) => (id === "query" ? [` ${t("your_ecg")}`]
    : [" ", el("a", { href: `#/compare/${id}` }, id)])));
  const count = one.citations.includes("query") || !one.citations.length ? null
    : el("span", { class: "quiet" }, ` ${t("n_precedents", { n: one.citations.length, of: n })}`);
  const words = el("textarea", { rows: one.text.length > 60 ? 2 : 1, maxlength: 500, "aria-label": t("sentence") }, one.text);
  const item = el("li", {}, el("input", { type: "checkbox", checked: isKept, "aria-label": t("keep_sentence") }),
    el("div", {}, words, el("p", {}, kind, count, cited)));
  item.citations = one.citations;
  words.addEventListener("input", () => {
    const isOwn = words.value.trim() !== one.text; // what a person changes is the person's
    item.citations = isOwn ? [] : one.citations;
    kind.textContent = t(`kind_${isOwn ? "own" : one.kind}`);
    cited.hidden = isOwn;
    if (count) count.hidden = isOwn;
  });
  return item;
}

function reason(one) {
  const found = MEASURED.find(([key]) => key === one.measurement);
  const key = `struck_${one.reason.replaceAll(" ", "_")}`;
  const value = found ? `${t(found[1])} ${one.value === null ? "–" : `${number(one.value)}${t(found[2])}`}` : "";
  return t(key, { value });
}

function confirmation(list, answer) {
  const read = el("input", { type: "checkbox", id: "confirmed" });
  const who = el("input", { id: "confirmed-by", maxlength: 100, autocomplete: "name" });
  const note = el("p", { role: "status" });
  const save = el("button", { class: "button primary", disabled: true }, t("draft_export"));
  const form = el("form", { class: "panel", id: "confirm" }, el("h2", {}, t("confirm_title")),
    el("p", {}, el("label", { class: "check" }, read, ` ${t("confirm")}`)),
    el("p", {}, el("label", {}, el("span", {}, t("confirm_by")), " ", who)), save, note);
  const update = () => { save.disabled = !(read.checked && who.value.trim().length > 1); };
  read.addEventListener("change", update);
  who.addEventListener("input", update);
  list.addEventListener("input", () => { read.checked = false; update(); }); // what changed must be read again
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const sentences = [...list.children].filter((item) => item.querySelector("input").checked)
      .map((item) => ({ text: item.querySelector("textarea").value.trim(), citations: item.citations }))
      .filter((one) => one.text);
    try {
      const text = await exportDraft({ query: answer.query.id, sentences, language: language(), confirmed: read.checked, confirmed_by: who.value });
      const link = el("a", { href: URL.createObjectURL(text), download: "report.txt" });
      link.click();
      setTimeout(() => URL.revokeObjectURL(link.href), 1000);
      note.textContent = t("draft_exported");
    } catch (error) {
      note.textContent = error.message;
    }
  });
  return form;
}
