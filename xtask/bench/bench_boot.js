// Starts the measurements; bench.js is what wasm-bindgen made of src/bin/bench.
import init from "./bench.js";

// `?peers`: another runtime runs the same shape, in turn with ours.
if (new URLSearchParams(location.search).has("peers")) {
  const worker = new Worker("peer_worker.js", { type: "module" });
  window.runPeer = (round) => new Promise((resolve, reject) => {
    worker.onmessage = ({ data }) => (typeof data === "number" ? resolve(data) : reject(new Error(data)));
    worker.onerror = (event) => reject(new Error(event.message));
    worker.postMessage(round);
  });
}

try {
  await init({ module_or_path: fetch(new URL("bench_bg.wasm", import.meta.url)) });
} catch (error) {
  console.log(`BENCH-FAILED: ${error?.message ?? error}`);
}
