// What the page asks of the API, and nothing else: no other host, no other path.

import { language } from "./words.js";

/** An answer that is no success: the API's own sentence, and the fields that are *missing* of a file. */
export class Refusal extends Error {
  constructor(message, missing = []) {
    super(message);
    this.missing = missing;
  }
}

async function ask(path, options = {}) {
  let answer;
  try {
    answer = await fetch(path, { credentials: "same-origin", ...options, headers: { ...options.headers, "Accept-Language": language() } });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Refusal("unreachable");
  }
  if (answer.ok) return answer;
  const problem = await answer.json().catch(() => ({}));
  throw new Refusal(problem.detail ?? `${answer.status}`, problem.missing);
}

const json = async (path, options) => (await ask(path, options)).json();
const casePath = (id) => `/v1/cases/${id.split("/").map(encodeURIComponent).join("/")}`;

export const searchText = (text, criteria) => {
  const query = new URLSearchParams(criteria);
  query.set("text", text);
  return json(`/v1/search?${query}`);
};

const form = (fields) => {
  const made = new FormData();
  for (const [key, value] of Object.entries(fields)) if (value !== null && value !== "") made.set(key, value);
  return made;
};
const named = (made, file) => { made.append("file", file, file.name || "image.png"); return made; };
const post = (path, body, signal) => ask(path, { method: "POST", body, signal });
const postJson = (path, body) => ask(path, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });

/** Send *body* to be read; *tell* gets each stage as it begins. */
async function read(path, body, signal, tell) {
  const answer = await ask(path, { method: "POST", body, signal, headers: { Accept: "text/event-stream" } });
  const source = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  for (let text = ""; ;) {
    const { done, value } = await source.read().catch((error) => { throw error.name === "AbortError" ? error : new Refusal("unreachable"); });
    if (done) throw new Refusal("unreachable"); // it ended without a last word
    const events = (text + value).split("\n\n");
    text = events.pop();
    for (const [, kind, data] of events.map((event) => /^event: (\w+)\ndata: (.*)$/.exec(event))) {
      const said = JSON.parse(data);
      if (kind === "reading") return said;
      if (kind === "problem") throw new Refusal(said.detail, said.missing);
      tell(said.stage);
    }
  }
}

/** Read files of one ECG, before any search; *stated* is what they leave out. */
export function readEcg(files, stated, tell) {
  const made = form(stated);
  for (const file of files) named(made, file);
  return read("/v1/read", made, undefined, tell);
}

/** Read a picture as a person says; the answer names the reading. */
export const digitize = (file, told, signal, tell) => read("/v1/digitize", named(form(told), file), signal, tell);

/** Return a picture that the browser cannot show as a JPEG. */
export const showPicture = async (file, page) => (await post("/v1/digitize/picture", named(form({ page }), file))).blob();

/** Return the whole answer as a file: what = {query | text}, as = pdf or png. */
export const getReport = async (what, criteria, as, language) =>
  (await post(`/v1/report?${new URLSearchParams([...criteria, ["form", as]])}`, form({ ...what, language }))).blob();

export const makeDraft = async (asked) => (await postJson("/v1/draft", asked)).json();
export const exportDraft = async (confirmed) => (await postJson("/v1/draft/export", confirmed)).blob();

/** Search by files, by an earlier query, or by a case: what = {files | query | case}. */
export function searchEcg(what, criteria) {
  const form = new FormData();
  for (const file of what.files ?? []) form.append("file", file, file.name || "image.png");
  if (what.query) form.set("query", what.query);
  if (what.case) form.set("case", what.case);
  return json(`/v1/search?${new URLSearchParams(criteria)}`, { method: "POST", body: form });
}

export const getCase = (id) => json(casePath(id));
export const getLibrary = () => json("/v1/library");

/** Return the address of an ECG: of = {case} or {query}; look = layout, speed, gain, form. */
export function ecgPath(of, look) {
  const path = of.case ? casePath(of.case) : `/v1/queries/${encodeURIComponent(of.query)}`;
  return `${path}/ecg?${new URLSearchParams(look)}`;
}

export const getEcg = (of, look) => json(ecgPath(of, look));

export const giveFeedback = (query, id, verdict) =>
  postJson("/v1/feedback", { query, case: id, verdict });

export const getMe = () => json("/v1/me");
export const getMap = () => json("/v1/library/map");
export const getModelCard = () => json("/v1/model-card");
export const makePairing = () => json("/v1/pairings", { method: "POST" });
export const addCase = (form) => json("/v1/cases", { method: "POST", body: form });
export const erasePatient = (patient) => json(`/v1/patients/${encodeURIComponent(patient)}`, { method: "DELETE" });
export const startJob = (path, body) => json(path, { method: "POST", body });

/** Follow a job by server-sent events; return it when done, refuse when it failed. */
export const watchJob = (job, tell) => new Promise((resolve, reject) => {
  const source = new EventSource(`/v1/jobs/${encodeURIComponent(job.id)}/events?language=${language()}`);
  source.addEventListener("job", (event) => {
    const now = JSON.parse(event.data);
    tell(now);
    if (now.state !== "done" && now.state !== "failed") return;
    source.close();
    if (now.state === "done") resolve(now);
    else reject(new Refusal(now.why));
  });
  source.addEventListener("error", () => { if (source.readyState === EventSource.CLOSED) reject(new Refusal("unreachable")); });
});
