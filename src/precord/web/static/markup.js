// Markup that the service made of a text, copied by a list of what is known: the rest stays words.

import { el } from "./dom.js";

const KNOWN = new Set(["h2", "h3", "h4", "h5", "h6", "p", "ul", "ol", "li", "strong", "em", "code", "pre", "blockquote", "table", "thead", "tbody", "tr", "th", "td", "br", "hr"]);

/** Return nodes for *html*, without any attribute; a table gets a box to scroll in, named *title*. */
export function copyMarkup(html, title) {
  return [...new DOMParser().parseFromString(html, "text/html").body.childNodes].flatMap((node) => copy(node, title));
}

function copy(node, title) {
  if (node.nodeType === Node.TEXT_NODE) return [node.data];
  const inner = [...node.childNodes].flatMap((child) => copy(child, title));
  if (!KNOWN.has(node.localName)) return inner;
  const made = el(node.localName, {}, inner);
  return [node.localName === "table" ? el("div", { class: "scroll", tabindex: "0", role: "group", "aria-label": title }, made) : made];
}
