// Keeps the page on this device, and says when a new version is available. Without service workers the page is not kept.

const notice = document.getElementById("update");
let registration;
let isWanted = false;

function announce() {
  // The first version is not an update.
  if (!registration?.waiting || !navigator.serviceWorker.controller || !notice) return;
  notice.hidden = false;
}

async function start() {
  registration = await navigator.serviceWorker.register(new URL("sw.js", import.meta.url), { updateViaCache: "none" });
  registration.addEventListener("updatefound", () => {
    registration.installing?.addEventListener("statechange", announce);
  });
  announce();
  navigator.serviceWorker.addEventListener("controllerchange", () => {
    if (isWanted) location.reload();
  });
  notice?.querySelector("button").addEventListener("click", () => {
    isWanted = true;
    // Another tab may have let it take over meanwhile: a reload is then all that is left to do.
    if (registration.waiting) registration.waiting.postMessage("take over");
    else location.reload();
  });
}

if ("serviceWorker" in navigator) {
  // After the page has loaded its own files.
  const begin = () => start().catch(() => {});
  if (document.readyState === "complete") begin();
  else addEventListener("load", begin, { once: true });
}
