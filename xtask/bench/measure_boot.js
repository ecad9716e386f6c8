// Starts the measuring worker; measure.js is what wasm-bindgen made of src/bin/measure.
import init from "./measure.js";

await init({ module_or_path: fetch(new URL("measure_bg.wasm", import.meta.url)) });
