// Keeps the page on this device, and says when a new version is available. Without service workers the page is not kept.

const notice = document.getElementById("update");
let registration;
let isWanted = false;

function announce() {
  if (registration?.waiting && notice) notice.hidden = false;
}

/** The files of the worker that runs, where one was started: what is fetched from now on the service worker sees itself. */
function program() {
  const started = performance.getEntriesByType("resource").filter(({ name }) => name.includes("/worker_boot.js"));
  if (started.length === 0) return null;
  const threads = Number(new URL(started.at(-1).name).searchParams.get("threads"));
  const name = threads > 1 && crossOriginIsolated && typeof SharedArrayBuffer !== "undefined" ? "worker_threads" : "worker";
  return [`${name}.js`, `${name}_bg.wasm`];
}

async function start() {
  // Whoever has no version yet gets the first one, which is not an update. It may take over before its arrival is heard of here.
  const isUpdate = navigator.serviceWorker.controller !== null;
  registration = await navigator.serviceWorker.register(new URL("sw.js", import.meta.url), { updateViaCache: "none" });
  const first = isUpdate ? null : registration.installing ?? registration.waiting;
  const follow = () => {
    const { installing } = registration;
    if (installing !== first) installing?.addEventListener("statechange", announce);
  };
  follow();
  registration.addEventListener("updatefound", follow);
  if (isUpdate) announce();
  navigator.serviceWorker.addEventListener("controllerchange", () => {
    if (isWanted) location.reload();
  });
  notice?.querySelector("button").addEventListener("click", () => {
    isWanted = true;
    // Another tab may have let it take over meanwhile: a reload is then all that is left to do.
    if (registration.waiting) registration.waiting.postMessage("take over");
    else location.reload();
  });
  const { active } = await navigator.serviceWorker.ready;
  const running = program();
  if (running) active.postMessage({ program: running });
}

if ("serviceWorker" in navigator) {
  // After the page has loaded its own files.
  const begin = () => start().catch(() => {});
  if (document.readyState === "complete") begin();
  else addEventListener("load", begin, { once: true });
}
