// Small makers of elements. Text is always set as text: nothing of an answer becomes markup (see markup.js).

const SVG = "http://www.w3.org/2000/svg";

/** Return an HTML element with attributes and children; `on*` keys are listeners. */
export function el(name, attributes = {}, ...children) {
  return dress(document.createElement(name), attributes, children);
}

/** Return an SVG element with attributes and children. */
export function svg(name, attributes = {}, ...children) {
  return dress(document.createElementNS(SVG, name), attributes, children);
}

function dress(node, attributes, children) {
  for (const [key, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (key.startsWith("on")) node.addEventListener(key.slice(2), value);
    else node.setAttribute(key, value === true ? "" : value);
  }
  node.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return node;
}

/** Replace what *node* holds; absent parts are left out. */
export const put = (node, ...children) =>
  node.replaceChildren(...children.flat().filter((child) => child !== null && child !== undefined));

export const byId = (id) => document.getElementById(id);

/** Fill *node* with *text*, a bar, and after a second how long it has taken; screen readers hear the text only. */
export function wait(node, text) {
  const since = performance.now();
  const took = el("span", { class: "quiet", "aria-hidden": "true" });
  const clock = setInterval(() => {
    if (took.isConnected) took.textContent = ` ${Math.floor((performance.now() - since) / 1000)} s`;
    else clearInterval(clock);
  }, 1000);
  const said = el("span", {}, text);
  const bar = el("progress", { "aria-label": text });
  put(node, said, " ", bar, took);
  return (now) => { said.textContent = now; bar.setAttribute("aria-label", now); };
}
