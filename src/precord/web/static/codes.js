// Names of the statements: the library says them once, for the lists, the filters and the draft.

import { getLibrary, Refusal } from "./api.js";
import { byId, el } from "./dom.js";
import { statementName, t } from "./words.js";

let statements = [];
let rare = [];
let rareBelow = 0;

/** Ask the library once, and fill the list that the filters offer. */
export async function loadCodes() {
  const library = await getLibrary();
  statements = library.statements;
  rare = library.rare;
  rareBelow = library.rare_below;
  byId("no-cases").hidden = library.cases > 0;
  byId("codes").replaceChildren(...statements.map(([s]) => el("option", { value: s.code }, statementName(s))));
}

/** Return the name of a code or superclass in the page's language. */
export function codeName(code) {
  const found = statements.find(([s]) => s.code === code);
  if (code !== "NORM" && found) return statementName(found[0]);
  return ["NORM", "MI", "STTC", "CD", "HYP"].includes(code) ? t(`class_${code}`) : code;
}

/** Return codes for what was typed: codes or names, joined by commas; refuse what is none, and say what is near. */
export function toCodes(typed) {
  return typed.split(",").map((part) => part.trim()).filter(Boolean).map((part) => {
    const same = (name) => name.toLowerCase() === part.toLowerCase();
    const found = statements.find(([s]) => same(s.code) || same(s.english) || same(s.german));
    if (found || !statements.length) return found?.[0].code ?? part;
    throw new Refusal([t("statement_unknown", { part }), near(part)].filter(Boolean).join(" "));
  }).join(",");
}

/** Return names in which a word begins as one of *part* does, in words; nothing where there is none. */
function near(part) {
  const begins = (text) => text.toLowerCase().split(/[^\p{L}\p{N}]+/u).filter((word) => word.length > 3).map((word) => word.slice(0, 5));
  const wanted = begins(part);
  const names = statements.map(([s]) => statementName(s)).filter((name) => begins(name).some((word) => wanted.includes(word)));
  return names.length ? t("statement_near", { names: names.slice(0, 6).join(", ") }) : "";
}

/** Return the statements of which the library has too few cases to show. */
export const rareStatements = () => rare;
export const rareLimit = () => rareBelow;
