// The page: what is asked, where an answer goes, and which view shows.

import { getReport, readEcg, Refusal, searchEcg, searchText } from "./api.js";
import { loadCodes, toCodes } from "./codes.js";
import { showCase } from "./compare.js";
import { byId, el, put, wait } from "./dom.js";
import { showConsensus, showTrust } from "./consensus.js";
import { showDraft } from "./draft.js";
import { showEarlier } from "./earlier.js";
import { showHits } from "./hits.js";
import { showLibrary } from "./library.js";
import { isPicture, showPhoto } from "./photo.js";
import { showQuery, showRead } from "./query.js";
import { askStated } from "./stated.js";
import * as words from "./words.js";

const { t } = words;
const EXAMPLES = { en: ["left bundle branch block", "atrial fibrillation, no pacemaker", "long QT"], de: ["kompletter Linksschenkelblock", "Vorhofflimmern, kein Schrittmacher", "Hinterwandinfarkt"] };
const KEPT = "precord-query";
const CHOOSERS = ["files", "camera"];
let answer = null;
let asked = null;
let photo = null; // the picture that was put in, and why it was refused
let aside = []; // cases that a person put aside
let opened = null; // the case that was looked at last
let missing = []; // what the files that were put in leave out

/** Ask the API, and show what it says; the newest question wins. */
async function search(what, isSame = false) {
  const mine = { ...what };
  asked = mine;
  say("");
  if (!isSame) { // nothing old beside what is read anew, or beside its refusal
    [aside, answer, opened] = [[], null, null];
    byId("answer").hidden = true;
  }
  if (!what.stated) missing = [];
  byId("stated").hidden = true;
  if (what.files) photo = what.files.length === 1 && isPicture(what.files[0]) ? { file: what.files[0], why: "" } : null;
  const tell = wait(byId("status"), t(what.files ? "reading" : "searching"));
  document.body.classList.add("busy");
  let isRead = !what.files;
  try {
    let now = what;
    if (what.files) {
      const read = await readEcg(what.files, what.stated ?? {}, (stage) => { if (asked === mine) tell(t(`stage_${stage}`)); });
      if (asked !== mine) return;
      showRead(byId("query"), read);
      put(byId("hits"));
      put(byId("trust"));
      byId("consensus").hidden = true;
      byId("answer").hidden = false;
      wait(byId("status"), t("read_searching"));
      now = { query: read.query };
      [isRead, missing] = [true, []];
      for (const key of ["files", "stated"]) delete mine[key]; // nothing is read twice
      mine.query = read.query;
    }
    const found = what.text === undefined
      ? await searchEcg(now, criteria()) : await searchText(what.text, criteria());
    if (asked !== mine) return;
    [answer, missing] = [found, []];
    if (answer.query.kind !== "text") asked = { query: answer.query.id };
    keep();
    show();
    if (!isSame && location.hash !== "" && location.hash !== "#/") location.hash = "#/";
    byId("status").textContent = t("found", { n: answer.hits.length });
    byId("answer").scrollIntoView({ block: "start", behavior: "instant" });
  } catch (error) {
    if (asked === mine) {
      byId("status").textContent = "";
      say(message(error));
      missing = isRead ? [] : [...new Set([...missing, ...error.missing])];
      if (missing.length) askStated(byId("stated"), missing, (mine.stated ??= {}), (stated) => search({ files: what.files, stated }));
      if (photo && !isRead && error.message !== "unreachable") { // nothing that a person can correct
        photo.why = message(error);
        location.hash = "#/photo";
      }
    }
  } finally {
    document.body.classList.remove("busy");
  }
}

/** Remember the name of the ECG in this tab, not the ECG: the service holds it for a while. */
function keep() {
  if (asked?.query) sessionStorage.setItem(KEPT, asked.query);
  else sessionStorage.removeItem(KEPT);
}

/** Ask again after a reload, or where a phone had put the page away to take a photo. */
async function restore() {
  const query = sessionStorage.getItem(KEPT);
  if (!query || answer || location.hash.startsWith("#/words/")) return;
  try {
    [answer, asked] = [await searchEcg({ query }, criteria()), { query }];
  } catch {
    sessionStorage.removeItem(KEPT); // the service holds it no longer
  }
}

const message = (error) => {
  if (!(error instanceof Refusal)) throw error;
  return error.message === "unreachable" ? t("unreachable") : error.message;
};
const say = (text) => { byId("alert").textContent = text; };

function show() {
  if (!answer) return;
  showTrust(byId("trust"), answer);
  showQuery(byId("query"), answer.query, photo !== null);
  showConsensus(byId("consensus"), answer);
  showHits(byId("hits"), answer, {
    aside,
    more: (id) => { photo = null; search({ case: id }); },
    not: (id) => { aside = [...aside, id]; search({ ...asked }, true); },
    bringBack: () => { aside = []; search({ ...asked }, true); },
    save: (form) => getReport(answer.query.kind === "text" ? { text: answer.query.text } : { query: answer.query.id }, criteria(), form, words.language()),
  });
  byId("answer").hidden = false;
}

function criteria() {
  const form = new FormData(byId("criteria"));
  const [measure, least, most] = ["measure", "least", "most"].map((key) => { const value = form.get(key); form.delete(key); return value; });
  const typed = { leads: (leads) => leads.split(/[\s,;]+/).filter(Boolean).join(","), window: (seconds) => seconds.replaceAll(",", ".").replace("–", "-") };
  for (const [key, read] of Object.entries(typed)) form.set(key, read(form.get(key)));
  if (asked?.text !== undefined) for (const key of ["like", "leads", "window"]) form.delete(key); // words have none
  const given = [...form].filter(([, value]) => value !== "").map(([key, value]) => [key, ["has", "lacks"].includes(key) ? toCodes(value) : value]);
  if (least) given.push(["where", `${measure} >= ${least}`]);
  if (most) given.push(["where", `${measure} <= ${most}`]);
  return [...given, ...aside.map((id) => ["without", id])];
}

/** Say beside the folded form how many of its fields narrow the search: they hold for the next ECG too. */
function showNarrowed() {
  const untouched = { measure: null, k: "10" };
  const n = [...new FormData(byId("criteria"))].filter(([key, value]) => value !== "" && untouched[key] !== null && untouched[key] !== value).length;
  byId("narrowed").textContent = n ? ` ${t("narrowed", { n })}` : "";
}

/** Show the view that the address names. */
async function route() {
  const [, view, ...rest] = decodeURIComponent(location.hash).split("/");
  const id = rest.join("/");
  const isSearch = !view || view === "words";
  const room = el("div"); // of this view alone: what comes too late for it goes nowhere
  byId("ask").hidden = !isSearch;
  byId("answer").hidden = !isSearch || !answer;
  byId("stated").hidden = !isSearch || !missing.length;
  byId("view").hidden = isSearch;
  byId("view").replaceChildren(room);
  for (const link of document.querySelectorAll("nav a")) {
    link.toggleAttribute("aria-current", link.hash === `#/${isSearch ? "" : view}`);
  }
  say("");
  if (!view) goBackTo(opened);
  opened = ["case", "compare"].includes(view) ? id : null;
  if (!isSearch) {
    byId("status").textContent = "";
    window.scrollTo(0, 0);
    byId("main").focus({ preventScroll: true }); // what had it is hidden now
  }
  try {
    if (view === "words") {
      byId("text").value = id;
      await search({ text: id });
    } else if (view === "library") await showLibrary(room);
    else if (view === "case") await showCase(room, id, null);
    else if (view === "compare") await showCase(room, id, answer?.query ?? null, answer?.hits, criteria());
    else if (view === "draft") await showDraft(room, answer);
    else if (view === "earlier") await showEarlier(room, answer?.query);
    else if (view === "photo") await showPhoto(room, photo?.file, photo?.why, (query) => search({ query }));
  } catch (error) {
    const said = message(error);
    if (room.isConnected) say(said);
  }
}

/** Show the hit from which a case was opened, and put the focus there. */
function goBackTo(id) {
  const hit = answer && id && document.querySelector(`.hit[data-case="${CSS.escape(id)}"]`);
  if (!hit) return;
  hit.scrollIntoView({ block: "start", behavior: "instant" });
  hit.querySelector("h3 a").focus({ preventScroll: true });
}

/** Search with the files that were chosen; those of a page that is still loading wait in their field. */
function takeChosen() {
  if (!document.body.classList.contains("ready")) return;
  for (const field of CHOOSERS.map(byId)) {
    const files = [...field.files];
    field.value = "";
    if (files.length) search({ files });
  }
}

function listen() {
  const drop = byId("drop");
  for (const id of CHOOSERS) byId(id).addEventListener("change", takeChosen);
  document.addEventListener("dragover", (event) => { event.preventDefault(); drop.classList.add("over"); });
  document.addEventListener("dragleave", (event) => { if (!event.relatedTarget) drop.classList.remove("over"); });
  document.addEventListener("drop", (event) => {
    event.preventDefault();
    drop.classList.remove("over");
    if (event.dataTransfer.files.length) search({ files: [...event.dataTransfer.files] });
  });
  document.addEventListener("paste", (event) => {
    if (event.clipboardData.files.length) search({ files: [...event.clipboardData.files] });
  });
  byId("words").addEventListener("submit", (event) => {
    event.preventDefault();
    if (byId("text").value.trim()) search({ text: byId("text").value });
  });
  byId("criteria").addEventListener("submit", (event) => {
    event.preventDefault();
    if (asked) search(asked, true);
  });
  byId("language").addEventListener("change", async (event) => {
    await speak(event.target.value);
    if (asked) search(asked, true); // the service's own sentences are in the language it was asked in
  });
  byId("theme").addEventListener("click", () => {
    const dark = getComputedStyle(document.documentElement).colorScheme === "dark";
    setTheme(dark ? "light" : "dark");
  });
  byId("criteria").addEventListener("input", showNarrowed);
  byId("criteria").addEventListener("reset", () => { setTimeout(() => { showNarrowed(); if (asked) search({ ...asked }, true); }); });
  window.addEventListener("hashchange", route);
}

function setTheme(theme) {
  if (theme) localStorage.setItem("precord-theme", theme);
  const kept = theme ?? localStorage.getItem("precord-theme");
  if (kept) document.documentElement.dataset.theme = kept;
}

async function speak(language) {
  await words.load(language);
  byId("language").value = words.language();
  const examples = EXAMPLES[words.language()] ?? EXAMPLES.en;
  byId("examples").replaceChildren(`${t("for_example")} `, ...examples.flatMap((text, i) => [i ? " · " : "",
    el("a", { href: `#/words/${encodeURIComponent(text)}` }, text)]));
  await loadCodes().catch(() => {}); // the page opens without the service too
  await restore();
  showNarrowed();
  show();
  await route();
}

setTheme();
listen();
await speak();
document.body.classList.add("ready");
takeChosen();
navigator.serviceWorker?.register("/sw.js").catch(() => {});
