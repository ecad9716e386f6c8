// Starts the measurements; bench.js is what wasm-bindgen made of src/bin/bench.
import init from "./bench.js";

try {
  await init();
} catch (error) {
  console.log(`BENCH-FAILED: ${error?.message ?? error}`);
}
