// Names of the statements: the library says them once, for the lists, the filters and the draft.

import { getLibrary } from "./api.js";
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
  byId("codes").replaceChildren(...statements.map(([s]) => el("option", { value: s.code }, statementName(s))));
}

/** Return the name of a code or superclass in the page's language. */
export function codeName(code) {
  const found = statements.find(([s]) => s.code === code);
  if (code !== "NORM" && found) return statementName(found[0]);
  return ["NORM", "MI", "STTC", "CD", "HYP"].includes(code) ? t(`class_${code}`) : code;
}

/** Return codes for what was typed: codes or names, joined by commas. */
export function toCodes(typed) {
  return typed.split(",").map((part) => part.trim()).filter(Boolean).map((part) => {
    const same = (name) => name.toLowerCase() === part.toLowerCase();
    return statements.find(([s]) => same(s.code) || same(s.english) || same(s.german))?.[0].code ?? part;
  }).join(",");
}

/** Return the statements of which the library has too few cases to show. */
export const rareStatements = () => rare;
export const rareLimit = () => rareBelow;
