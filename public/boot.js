// Starts the page. The Content-Security-Policy allows no inline script. The build id is part of every URL, so that a browser's
// cache never mixes two builds.

const build = document.querySelector('meta[name="headlight-build"]')?.content ?? "";
const versioned = (name) => new URL(`${name}?v=${encodeURIComponent(build)}`, import.meta.url);

try {
  // Fetched while the bindings load.
  const wasm = fetch(versioned("app_bg.wasm"));
  const { default: init } = await import(versioned("app.js"));
  await init({ module_or_path: wasm });
  document.getElementById("boot")?.remove();
} catch (error) {
  const text = document.getElementById("boot-text");
  if (text) {
    text.setAttribute("role", "alert");
    text.textContent = `Headlight could not start: ${error?.message ?? error}. Reload the page, or try a current browser.`;
  }
  throw error;
}
