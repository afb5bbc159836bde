// What changes a library: cases in, a patient out, a copy, a check. Shown as the scope allows.

import { addCase, erasePatient, makePairing, startJob, watchJob } from "./api.js";
import { el, put } from "./dom.js";
import { statedFields } from "./stated.js";
import { number, t } from "./words.js";

const SOURCES = {
  clinician: "source_clinician", "machine unconfirmed": "source_machine", "statements only": "source_statements",
  "author not stated": "source_unstated", SIMULATED: "source_simulated",
};

/** Return the forms that *me* may use; after a change, *changed* is called. */
export function makeForms(me, library, changed) {
  const forms = me.can_pair ? [pairing()] : [];
  if (me.scope !== "read") forms.push(zipForm(changed), caseForm(changed));
  if (me.scope === "admin") forms.push(copies(), library.new_encoder ? reindexer(library, changed) : null, eraser(changed));
  return forms;
}

/** Return the form that logs out; null where there is no login. */
export const logOut = (me) => (me.can_log_out
  ? el("form", { method: "post", action: "/logout", class: "row" }, el("span", { class: "quiet" }, t("logged_in", { name: me.name, scope: me.scope })),
    el("button", { class: "button" }, t("log_out"))) : null);

/** Return what makes a QR code for a phone; each lets one in. */
function pairing() {
  const said = el("div", { role: "status" });
  const node = el("button", { type: "button", class: "button" }, t("pair"));
  node.addEventListener("click", () => guarded(said, [node], async () => {
    const { url, qr, certificate } = await makePairing();
    put(said, el("img", { class: "qr", src: qr, alt: t("pair_alt") }), el("p", { class: "address" }, url),
      el("p", { class: "quiet address" }, t("pair_certificate", { certificate })));
    node.textContent = t("pair_again");
  }));
  return panel("pair_title", t("pair_how"), el("div", { class: "row" }, node), said);
}

function zipForm(changed) {
  const said = el("div", { role: "status" });
  const file = el("input", { type: "file", accept: ".zip,application/zip", required: true, "aria-label": t("zip") });
  const form = el("form", { class: "row" }, file, el("button", { class: "button" }, t("ingest")));
  onSubmit(form, said, async () => {
    const body = new FormData();
    body.append("file", file.files[0]);
    const job = await run("/v1/ingests", body, said);
    const { added, already_there: there, refused, reasons } = job.facts;
    put(said, el("p", {}, t("ingested", { added: number(added), there: number(there), refused: number(refused) })),
      reasons.length ? el("details", {}, el("summary", {}, t("left_out")), el("ul", {}, reasons.map((why) => el("li", {}, why)))) : null);
    form.reset();
    await changed();
  });
  return panel("ingest_zip", t("ingest_zip_how"), form, said);
}

function caseForm(changed) {
  const said = el("div", { role: "status" });
  const field = (name, node) => el("label", {}, el("span", {}, t(name)), node);
  const stated = el("div", { class: "stated" }); // what the files leave out, once they are refused
  const form = el("form", { class: "criteria plain-form" },
    field("case_files", el("input", { type: "file", name: "file", multiple: true, required: true, onchange: () => put(stated) })),
    stated,
    field("source", el("select", { name: "source", required: true }, el("option", { value: "" }, t("choose_one")),
      Object.entries(SOURCES).map(([value, word]) => el("option", { value }, t(word))))),
    field("report", el("textarea", { name: "report", rows: "3", maxlength: "20000" })),
    field("statements_codes", el("input", { name: "statements", placeholder: "SR,LVH", maxlength: "1000" })),
    field("patient", el("input", { name: "patient", maxlength: "200", autocomplete: "off" })),
    el("p", {}, el("button", { class: "button" }, t("add_case"))));
  onSubmit(form, said, async () => {
    const { id } = await addCase(new FormData(form)).catch((error) => {
      if (error.missing?.length) put(stated, statedFields(error.missing));
      throw error;
    });
    put(stated);
    put(said, el("p", {}, t("added"), " ", el("a", { href: `#/case/${id}` }, id)));
    form.reset();
    await changed();
  });
  return panel("add_case", t("patient_how"), form, said);
}

function copies() {
  const said = el("div", { role: "status" });
  const button = (word, path, tell) => {
    const node = el("button", { type: "button", class: "button" }, t(word));
    node.addEventListener("click", () => guarded(said, [node], async () => put(said, el("p", {}, tell((await run(path, null, said)).facts)))));
    return node;
  };
  return panel("copies", t("backup_how"), el("div", { class: "row" },
    button("back_up", "/v1/backups", (facts) => t("backed_up", { name: facts.name, mb: number(facts.bytes / 1e6, 1) })),
    button("check", "/v1/checks", (facts) => t("checked", { n: number(facts.cases) }))), said);
}

function reindexer(library, changed) {
  const said = el("div", { role: "status" });
  const node = el("button", { type: "button", class: "button" }, t("reindex"));
  node.addEventListener("click", () => guarded(said, [node], async () => {
    const { facts } = await run("/v1/reindexes", null, said);
    await changed();
    node.remove();
    put(said, el("p", {}, t("reindexed", { n: number(facts.cases), encoder: facts.encoder })));
  }));
  return panel("reindex_title", t("reindex_how", { now: library.encoder, then: library.new_encoder }), el("div", { class: "row" }, node), said);
}

function eraser(changed) {
  const said = el("div", { role: "status" });
  const patient = el("input", { required: true, maxlength: "200", autocomplete: "off" });
  const form = el("form", { class: "row" }, el("label", { class: "row" }, el("span", {}, t("patient")), patient), el("button", { class: "button danger" }, t("erase")));
  const sure = el("button", { class: "button danger", value: "yes" }, t("erase_now"));
  const dialog = el("dialog", { "aria-labelledby": "erase-question" },
    el("form", { method: "dialog" }, el("p", { id: "erase-question" }, t("erase_sure")),
      el("p", { class: "row" }, el("button", { class: "button", autofocus: true }, t("cancel")), sure)));
  form.addEventListener("submit", (event) => { event.preventDefault(); dialog.returnValue = ""; dialog.showModal(); });
  dialog.addEventListener("close", () => {
    if (dialog.returnValue !== "yes") return;
    guarded(said, [...form.elements], async () => {
      const { cases } = await erasePatient(patient.value);
      put(said, el("p", {}, t("erased", { n: number(cases) })));
      form.reset();
      await changed();
    });
  });
  return panel("erase_title", t("erase_how"), form, dialog, said);
}

const panel = (word, how, ...parts) =>
  el("details", { class: "panel manage" }, el("summary", {}, t(word)), el("p", { class: "quiet" }, how), parts);

function onSubmit(form, said, work) {
  form.addEventListener("submit", (event) => { event.preventDefault(); guarded(said, [...form.elements], work); });
}

/** Do *work* with *nodes* disabled; say what was refused. */
async function guarded(said, nodes, work) {
  put(said, el("p", { class: "quiet" }, t("working")));
  try {
    const done = work(); // takes the form's data at once, which leaves out what is disabled
    for (const node of nodes) node.disabled = true;
    await done;
  } catch (error) {
    put(said, el("p", { class: "warning", role: "alert" }, error.message === "unreachable" ? t("unreachable") : error.message));
  } finally {
    for (const node of nodes) node.disabled = false;
  }
}

/** Start a job and follow it, with a bar where its steps are known; return it when done. */
async function run(path, body, said) {
  const bar = el("progress", { "aria-label": t("working") });
  const text = el("span", { class: "quiet" }, t("working"));
  put(said, el("p", { class: "row" }, bar, text));
  return watchJob(await startJob(path, body), (job) => {
    if (!job.of) return;
    bar.max = job.of;
    bar.value = job.done;
    put(text, t("n_of", { n: number(job.done), of: number(job.of) }));
  });
}
