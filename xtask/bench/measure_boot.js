// Starts the measuring worker; measure.js is what wasm-bindgen made of src/bin/measure.
import init from "./measure.js";

await init();
