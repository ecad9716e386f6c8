// Starts the worker: new Worker("worker_boot.js?v=" + build + "&threads=" + n, { type: "module" }). Bindings and program are loaded
// with the build id of this script's own URL. If they cannot be loaded, or memory runs out, the page gets one message that is a
// string, the reason; every other message is the worker's own and is never a string.
//
// Threads need a page that is isolated from other sites, a browser that gives it shared memory of 4 GiB, and a build that has them.
// Where one of these is missing the worker has one thread, and everything else is the same.
//
// A worker that ends itself, or that the browser ends, fires no event. So it holds a lock of its own name, which the page waits for.

if (self.name) navigator.locks?.request(self.name, () => new Promise(() => {})).catch(() => {});

const parameters = new URL(import.meta.url).searchParams;
const version = parameters.has("v") ? `?v=${encodeURIComponent(parameters.get("v"))}` : "";
const versioned = (name) => new URL(`${name}${version}`, import.meta.url);
const others = [];
let exports;
let hasPanicked = false;

// A panic reaches the page as an error event with its message. A failed allocation only traps, here or in a promise.
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
  // Where the bindings are missing already, nobody waits for the program.
  wasm.catch(() => {});
  const program = await import(versioned(`${name}.js`));
  exports = await program.default({ module_or_path: wasm });
  return program;
}

/** One more thread, once it has loaded the program. */
function startThread(shared) {
  const thread = new Worker(versioned("worker_thread.js"), { type: "module" });
  // Kept: Firefox ends workers that nobody refers to (bug 1702191).
  others.push(thread);
  return new Promise((resolve, reject) => {
    thread.addEventListener("message", resolve, { once: true });
    thread.addEventListener("error", ({ message }) => reject(new Error(message ?? "a thread could not be loaded")), { once: true });
    thread.postMessage(shared);
  });
}

/** Starts the worker's program with shared memory on this many threads; false where it cannot run. */
async function startShared(threads) {
  if (!self.crossOriginIsolated || typeof SharedArrayBuffer === "undefined") return false;
  try {
    const program = await load("worker_threads");
    const shared = { module_or_path: program.shared_program(), memory: program.shared_memory() };
    await Promise.all(Array.from({ length: threads - 1 }, () => startThread(shared)));
    program.start(threads);
    return true;
  } catch (error) {
    console.warn(`one thread only: ${error?.message ?? error}`);
    for (const thread of others.splice(0)) thread.terminate();
    exports = undefined;
    return false;
  }
}

async function start(threads) {
  if (threads > 1 && (await startShared(threads))) return;
  try {
    await load("worker");
  } catch (error) {
    // Without a network the other program may be the one that is kept on this device. It has two threads at least.
    if (threads > 1 || !(await startShared(2))) throw error;
  }
}

try {
  await start(Number(parameters.get("threads")));
} catch (error) {
  self.postMessage(`the worker could not start: ${error?.message ?? error}`);
  throw error;
}
