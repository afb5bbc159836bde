// Keeps the shell of the page, so that it opens without the service; never an answer of the API.
const SHELL = "precord-shell-5";
const FILES = [
  "index.html", "api.js", "beats.js", "calipers.js", "codes.js", "compare.js",
  "consensus.js", "dom.js", "draft.js", "earlier.js", "ecg.js", "export.js",
  "hits.js", "icon.svg", "library.js", "main.js", "manage.js", "map.js",
  "markup.js", "photo.js", "query.js", "stated.js", "style.css", "viewer.js", "why.js", "words.js",
  "words/de.json", "words/en.json",
].map((name) => `/static/${name}`);

self.addEventListener("install", (event) => {
  event.waitUntil(caches.open(SHELL).then((cache) => cache.addAll(FILES)));
});

self.addEventListener("activate", (event) => {
  event.waitUntil(
    caches.keys().then((names) =>
      Promise.all(names.filter((name) => name !== SHELL).map((name) => caches.delete(name)))),
  );
});

// The network first: a new version shows at once. The kept file serves only where there is none;
// the page itself, whose address needs the key, is then the static one.
self.addEventListener("fetch", (event) => {
  const { pathname, origin } = new URL(event.request.url);
  const isPage = event.request.mode === "navigate" && pathname === "/";
  if (event.request.method !== "GET" || origin !== location.origin || !(isPage || FILES.includes(pathname))) {
    return;
  }
  const kept = () => caches.match(isPage ? FILES[0] : event.request);
  event.respondWith(fetch(event.request).catch(kept));
});
