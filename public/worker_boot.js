// Starts the worker: new Worker("worker_boot.js?v=" + build, { type: "module" }). The build id of its own URL goes on to
// the bindings and the wasm file. If they cannot be loaded, the page gets one message that is a string, the reason;
// every other message is the worker's own and is never a string.

const versioned = (name) => new URL(`${name}${new URL(import.meta.url).search}`, import.meta.url);

try {
  const wasm = fetch(versioned("worker_bg.wasm"));
  const { default: init } = await import(versioned("worker.js"));
  await init({ module_or_path: wasm });
} catch (error) {
  self.postMessage(`the worker could not start: ${error?.message ?? error}`);
  throw error;
}
