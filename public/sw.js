// Serves the page without a network. All files of a build are kept on this device: a build is kept whole or not at all, and is
// served until the page asks for the next one. Models are kept by the worker that runs them.
//
// `cargo xtask build` writes the build id and the list of files into this file, so a new build is a new service worker.

const BUILD = "__BUILD__";
const SHELL = ["__SHELL__"];
const PREFIX = "headlight-shell-";
const CACHE = PREFIX + BUILD;
const SCOPE = new URL("./", location.href);
const FILES = new Set(SHELL);
/** The page, and the scripts of its workers. */
const ISOLATED = new Set(SHELL.filter((name) => name === "index.html" || /^worker.*\.js$/.test(name)));

addEventListener("install", (event) => event.waitUntil(takeBuild()));
addEventListener("activate", (event) => event.waitUntil(letGo()));
addEventListener("message", (event) => {
  if (event.data === "take over") skipWaiting();
});
addEventListener("fetch", (event) => {
  const reply = answer(event.request);
  if (reply) event.respondWith(reply);
});

async function takeBuild() {
  const cache = await caches.open(CACHE);
  try {
    // Past the browser's own cache, which may hold files of another build under the same names.
    await cache.addAll(SHELL.map((name) => new Request(new URL(name, SCOPE), { cache: "reload" })));
    const { id } = await (await fetch(new URL("build.json", SCOPE), { cache: "no-store" })).json();
    if (id !== BUILD) throw new Error(`the server changed to build ${id} meanwhile`);
  } catch (error) {
    await caches.delete(CACHE);
    throw error;
  }
}

async function letGo() {
  // The build before this one stays: a page of it may still be open and ask for more of it.
  const builds = (await caches.keys()).filter((name) => name.startsWith(PREFIX) && name !== CACHE);
  await Promise.all(builds.slice(0, -1).map((name) => caches.delete(name)));
  await clients.claim();
}

/** A reply from this device; none for what is not part of the page. */
function answer(request) {
  const url = new URL(request.url);
  if (request.method !== "GET" || url.origin !== SCOPE.origin || !url.pathname.startsWith(SCOPE.pathname)) return null;
  const name = url.pathname.slice(SCOPE.pathname.length);
  const file = name === "" || name.endsWith("/") ? `${name}index.html` : name;
  if (!FILES.has(file)) return null;
  const build = url.searchParams.get("v") ?? BUILD;
  return kept(build, file, request);
}

async function kept(build, file, request) {
  const found = (await caches.match(new URL(file, SCOPE), { cacheName: PREFIX + build })) ?? (await fetch(request));
  return ISOLATED.has(file) ? isolated(found) : found;
}

/** The same reply, isolating the page from other sites: only then a browser gives it shared memory, and so threads. */
function isolated({ body, status, statusText, headers }) {
  const more = new Headers(headers);
  more.set("Cross-Origin-Opener-Policy", "same-origin");
  more.set("Cross-Origin-Embedder-Policy", "credentialless");
  return new Response(body, { status, statusText, headers: more });
}
