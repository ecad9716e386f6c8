// A checkpoint of GPT-2 small's shape with random weights, in F32: 498 MB, made once and kept with the models.
//
//   node tests/e2e/make_gpt2_small.mjs FOLDER

import { closeSync, existsSync, mkdirSync, openSync, renameSync, rmSync, statSync, writeFileSync, writeSync } from "node:fs";
import path from "node:path";

const CONFIG = {
  model_type: "gpt2",
  architectures: ["GPT2LMHeadModel"],
  activation_function: "gelu_new",
  layer_norm_epsilon: 1e-5,
  n_embd: 768,
  n_head: 12,
  n_layer: 12,
  n_positions: 1024,
  vocab_size: 50257,
  scale_attn_weights: true,
  tie_word_embeddings: true,
};

/** Names and shapes, as Hugging Face saves them. */
function tensors() {
  const { n_embd: d, n_layer: nLayers, n_positions: nCtx, vocab_size: dVocab } = CONFIG;
  const norm = (name) => [[`${name}.weight`, [d]], [`${name}.bias`, [d]]];
  const dense = (name, nIn, nOut) => [[`${name}.weight`, [nIn, nOut]], [`${name}.bias`, [nOut]]];
  const block = (layer) => [
    ...norm(`h.${layer}.ln_1`),
    ...dense(`h.${layer}.attn.c_attn`, d, 3 * d),
    ...dense(`h.${layer}.attn.c_proj`, d, d),
    ...norm(`h.${layer}.ln_2`),
    ...dense(`h.${layer}.mlp.c_fc`, d, 4 * d),
    ...dense(`h.${layer}.mlp.c_proj`, 4 * d, d),
  ];
  const layers = Array.from({ length: nLayers }, (_, layer) => block(layer)).flat();
  return [["wte.weight", [dVocab, d]], ["wpe.weight", [nCtx, d]], ...layers, ...norm("ln_f")];
}

/** Makes it below `folder`, if it is not there; returns its path. */
export function makeGpt2Small(folder) {
  const made = path.join(folder, "gpt2-small-random");
  const all = tensors().map(([name, shape]) => ({ name, shape, n: shape.reduce((a, b) => a * b) }));
  const nBytes = 4 * all.reduce((sum, { n }) => sum + n, 0);
  const weights = path.join(made, "model.safetensors");
  if (existsSync(weights) && statSync(weights).size > nBytes) return made;
  // Written under another name: an interrupted run leaves nothing that looks whole.
  const partial = `${made}.${process.pid}`;
  mkdirSync(partial, { recursive: true });
  writeFileSync(path.join(partial, "config.json"), JSON.stringify(CONFIG, null, 2));
  let at = 0;
  const entry = ({ name, shape, n }) => [name, { dtype: "F32", shape, data_offsets: [at, (at += 4 * n)] }];
  const header = Buffer.from(JSON.stringify(Object.fromEntries(all.map(entry))));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(header.length));
  const file = openSync(path.join(partial, "model.safetensors"), "w");
  writeSync(file, length);
  writeSync(file, header);
  let state = 1;
  for (const { name, n } of all) {
    const [isNorm, isBias] = [/\bln_/.test(name), name.endsWith(".bias")];
    const values = new Float32Array(n);
    for (let index = 0; index < n; index += 1) {
      // Marsaglia's xorshift; uniform with GPT-2's initial deviation of 0.02.
      state ^= state << 13;
      state ^= state >>> 17;
      state ^= state << 5;
      values[index] = isBias ? 0 : isNorm ? 1 : (state / 2 ** 31) * 0.0346;
    }
    writeSync(file, new Uint8Array(values.buffer));
  }
  closeSync(file);
  rmSync(made, { recursive: true, force: true });
  renameSync(partial, made);
  return made;
}

if (import.meta.filename === process.argv[1]) console.log(makeGpt2Small(process.argv[2] ?? "."));
