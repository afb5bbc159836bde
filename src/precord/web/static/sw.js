// Keeps the shell of the page, so that it opens without the service; never an answer of the API.
const SHELL = "precord-shell-1";
const FILES = [
  "style.css", "icon.svg", "main.js", "api.js", "compare.js", "consensus.js", "dom.js", "ecg.js", "hits.js",
  "library.js", "manage.js", "map.js", "query.js", "viewer.js", "calipers.js", "words.js", "words/en.json",
  "words/de.json", "export.js",
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

// The network first: a new version shows at once. The kept file serves only where there is none.
self.addEventListener("fetch", (event) => {
  const { pathname, origin } = new URL(event.request.url);
  if (event.request.method !== "GET" || origin !== location.origin || !FILES.includes(pathname)) {
    return;
  }
  event.respondWith(fetch(event.request).catch(() => caches.match(event.request)));
});
