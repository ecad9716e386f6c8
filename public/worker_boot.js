// Starts the worker: new Worker("worker_boot.js?v=" + build, { type: "module" }). The build id of its own URL goes on to
// the bindings and the wasm file. If they cannot be loaded, or memory runs out, the page gets one message that is a
// string, the reason; every other message is the worker's own and is never a string.

const versioned = (name) => new URL(`${name}${new URL(import.meta.url).search}`, import.meta.url);
let exports;
let hasPanicked = false;

// A panic tells its own story as an error event. An allocation that fails only traps, here or in a promise.
const outOfMemory = (error) => error instanceof WebAssembly.RuntimeError && !hasPanicked && exports !== undefined;

function tell(event, error) {
  if (!outOfMemory(error)) {
    hasPanicked = true;
    return;
  }
  event.preventDefault();
  const used = Math.round(exports.memory.buffer.byteLength / 1e6);
  self.postMessage(`it ran out of memory: it holds ${used} MB, and a browser gives at most 4,295 MB; a shorter text or a smaller model needs less`);
}

self.addEventListener("error", (event) => tell(event, event.error));
self.addEventListener("unhandledrejection", (event) => tell(event, event.reason));

try {
  const wasm = fetch(versioned("worker_bg.wasm"));
  const { default: init } = await import(versioned("worker.js"));
  exports = await init({ module_or_path: wasm });
} catch (error) {
  self.postMessage(`the worker could not start: ${error?.message ?? error}`);
  throw error;
}
