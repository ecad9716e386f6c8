// Starts the worker: new Worker("worker_boot.js?v=" + build + "&threads=" + n, { type: "module" }). The build id of its own URL
// goes on to the bindings and the wasm file. If they cannot be loaded, or memory runs out, the page gets one message that is a
// string, the reason; every other message is the worker's own and is never a string.
//
// Threads need a page that is isolated from other sites, and a browser that gives it shared memory of 4 GiB; where either is
// missing the worker has one, and all else is the same.

const parameters = new URL(import.meta.url).searchParams;
const version = parameters.has("v") ? `?v=${encodeURIComponent(parameters.get("v"))}` : "";
const versioned = (name) => new URL(`${name}${version}`, import.meta.url);
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

async function load(name) {
  const wasm = fetch(versioned(`${name}_bg.wasm`));
  const program = await import(versioned(`${name}.js`));
  exports = await program.default({ module_or_path: wasm });
  return program;
}

/** Whether the worker runs on so many threads. */
async function startOn(threads) {
  if (!(threads > 1) || !self.crossOriginIsolated) return false;
  try {
    const program = await load("worker_threads");
    await program.initThreadPool(threads - 1);
    program.start(threads);
    return true;
  } catch (error) {
    console.warn(`one thread only: ${error?.message ?? error}`);
    exports = undefined;
    return false;
  }
}

try {
  if (!(await startOn(Number(parameters.get("threads"))))) await load("worker");
} catch (error) {
  self.postMessage(`the worker could not start: ${error?.message ?? error}`);
  throw error;
}
