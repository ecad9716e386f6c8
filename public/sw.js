// Serves the page without a network. What the page is made of is kept whole or not at all, and is served until the page asks for
// the next build. What only somebody needs who works with a model, saves a page or reads the article is kept once a worker is
// started; of the worker's two programs the one that runs. Models are kept by the worker that runs them.
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
/** The worker with one thread, and the one with several. */
const PROGRAM = /^worker(_threads)?(\.js|_bg\.wasm)$/;
const LATER = new Set(SHELL.filter((name) => /^(worker|viewer\.html|embed\.html|headlight-view\.js|examples\/)/.test(name)));

addEventListener("install", (event) => event.waitUntil(takeBuild()));
addEventListener("activate", (event) => event.waitUntil(letGo()));
addEventListener("message", (event) => {
  if (event.data === "take over") skipWaiting();
  // A worker was started before this script served the page.
  if (Array.isArray(event.data?.program)) event.waitUntil(takeLater(event.data.program).catch(() => {}));
});
addEventListener("fetch", (event) => {
  const file = fileOf(event.request);
  if (file) event.respondWith(answer(file, event));
});

async function takeBuild() {
  const first = SHELL.filter((name) => !LATER.has(name));
  // Who worked with the build before this one goes on with this one, with or without a network.
  const before = (await caches.keys()).filter((name) => name.startsWith(PREFIX) && name !== CACHE).at(-1);
  const used = before ? await namesIn(before) : new Set();
  try {
    await take([...first, ...SHELL.filter((name) => LATER.has(name) && used.has(name))]);
    if (!(await isOnServer())) throw new Error("the server changed to another build meanwhile");
  } catch (error) {
    await caches.delete(CACHE);
    throw error;
  }
}

/** Takes what somebody needs who works: all but the worker's programs, and these of them. */
async function takeLater(program) {
  const here = await namesIn(CACHE);
  const names = SHELL.filter((name) => LATER.has(name) && !here.has(name) && (!PROGRAM.test(name) || program.includes(name)));
  if (names.length > 0 && (await isOnServer())) await take(names);
}

async function take(names) {
  const cache = await caches.open(CACHE);
  await Promise.all(
    names.map(async (name) => {
      // What the page has fetched is in the browser's own cache, and is not sent again; the server says whether it is still the same.
      const response = await fetch(addressOf(name), { cache: "no-cache" });
      if (!response.ok) throw new Error(`${name}: status ${response.status}`);
      await cache.put(new URL(name, SCOPE), response);
    }),
  );
}

/** The address by which the page asks for a file: scripts, styles and programs carry the build. */
function addressOf(name) {
  if (name === "index.html") return SCOPE;
  const url = new URL(name, SCOPE);
  if (/\.(js|css|wasm)$/.test(name)) url.searchParams.set("v", BUILD);
  return url;
}

async function namesIn(cacheName) {
  const requests = await (await caches.open(cacheName)).keys();
  return new Set(requests.map(({ url }) => new URL(url).pathname.slice(SCOPE.pathname.length)));
}

/** Whether the server still has this build. */
async function isOnServer() {
  const { id } = await (await fetch(new URL("build.json", SCOPE), { cache: "no-store" })).json();
  return id === BUILD;
}

async function letGo() {
  // The build before this one stays: a page of it may still be open and ask for more of it.
  const builds = (await caches.keys()).filter((name) => name.startsWith(PREFIX) && name !== CACHE);
  await Promise.all(builds.slice(0, -1).map((name) => caches.delete(name)));
  await clients.claim();
}

/** The name of a file of the page; null for what belongs to no build. */
function fileOf({ method, url: address }) {
  const url = new URL(address);
  if (method !== "GET" || url.origin !== SCOPE.origin || !url.pathname.startsWith(SCOPE.pathname)) return null;
  const name = url.pathname.slice(SCOPE.pathname.length);
  const file = name === "" || name.endsWith("/") ? `${name}index.html` : name;
  return FILES.has(file) ? file : null;
}

/** A reply from this device, or from the server where the file is not kept yet. */
async function answer(file, event) {
  const build = new URL(event.request.url).searchParams.get("v") ?? BUILD;
  const kept = await caches.match(new URL(file, SCOPE), { cacheName: PREFIX + build });
  const found = kept ?? (build === BUILD ? await firstUse(file, event) : await fetch(event.request));
  return ISOLATED.has(file) ? isolated(found) : found;
}

/** A file that is used for the first time: it is kept, and so is, with a worker, everything else that one works with. */
async function firstUse(file, event) {
  const [response, isOurs] = await Promise.all([fetch(event.request), isOnServer().catch(() => false)]);
  if (!response.ok || response.redirected) return response;
  if (!isOurs) {
    // A worker of another build would not understand this page. The next build is announced as soon as it is here.
    event.waitUntil(registration.update().catch(() => {}));
    return file.startsWith("worker") ? new Response(null, { status: 409, statusText: "The server has a new version" }) : response;
  }
  const copy = response.clone();
  const keep = async () => {
    await (await caches.open(CACHE)).put(new URL(file, SCOPE), copy);
    if (file === "worker_boot.js") await takeLater([]);
  };
  // Storage that is full only means that this file is fetched again.
  event.waitUntil(keep().catch(() => {}));
  return response;
}

/**
 * The same reply, isolating the page from other sites: only then a browser gives it shared memory, and so threads. `credentialless`
 * would let it show files of other sites that do not consent; the page shows none, and Safari does not know that word.
 */
function isolated({ body, status, statusText, headers }) {
  const more = new Headers(headers);
  more.set("Cross-Origin-Opener-Policy", "same-origin");
  more.set("Cross-Origin-Embedder-Policy", "require-corp");
  return new Response(body, { status, statusText, headers: more });
}
