// onnxruntime-web on one thread, in a worker of its own as ours is. One message, one run; it answers with its time.
import * as ort from "./peers/ort.wasm.min.mjs";
import { gpt2Small, nVocab } from "./onnx.mjs";

const N_TOKENS = 128;

ort.env.wasm.numThreads = 1;
ort.env.wasm.wasmPaths = new URL("./peers/", import.meta.url).href;

// Made by the first run, which does not count: it takes seconds and much memory.
let ready;
const session = () => (ready ??= ort.InferenceSession.create(gpt2Small(N_TOKENS), { executionProviders: ["wasm"], graphOptimizationLevel: "all" }));

self.onmessage = async ({ data: round }) => {
  try {
    const model = await session();
    const ids = BigInt64Array.from({ length: N_TOKENS }, (_, at) => BigInt((1000 + 7919 * round + 613 * at) % nVocab));
    const before = performance.now();
    const { logits } = await model.run({ ids: new ort.Tensor("int64", ids, [N_TOKENS]) });
    const elapsed = performance.now() - before;
    if (logits.data.length !== nVocab || !logits.data.every(Number.isFinite)) throw new Error("no logits");
    self.postMessage(elapsed);
  } catch (error) {
    self.postMessage(String(error?.message ?? error));
  }
};
