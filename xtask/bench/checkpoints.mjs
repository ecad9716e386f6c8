// Checkpoints with seeded weights, small in width and large in heads, for measuring what drawing costs: the page loads
// and runs them as it does any other, so what the views get is what a model gives them. Queries and keys are large enough
// for patterns as uneven as those of trained models.

import { createHash } from "node:crypto";

const D_HEAD = 16;
const D_VOCAB = 1_000;
const N_CTX = 2_048;

/** What is measured: a BERT of 12 × 12 heads, a GPT-2 of 30 × 12. */
export const SEEDED = [
  { id: "seeded-12x12", architecture: "bert", layers: 12, heads: 12, special: 2 },
  { id: "seeded-30x12", architecture: "gpt2", layers: 30, heads: 12, special: 0 },
];

/** Serves them to a browser context beside what the server has. */
export async function serveSeeded(context) {
  const made = new Map();
  const files = (one) => {
    if (!made.has(one.id)) made.set(one.id, filesOf(one));
    return made.get(one.id);
  };
  await context.route("**/models/index.json", async (route) => {
    const response = await route.fetch();
    const entries = SEEDED.map((one) => ({
      id: one.id,
      name: nameOf(one),
      licence: "Apache-2.0",
      files: [...files(one)].map(([name, bytes]) => ({
        name, size: bytes.length, sha256: createHash("sha256").update(bytes).digest("hex"),
      })),
    }));
    await route.fulfill({ response, json: [...(await response.json()), ...entries] });
  });
  for (const one of SEEDED) {
    await context.route(`**/models/${one.id}/*`, (route) =>
      route.fulfill({ body: files(one).get(new URL(route.request().url()).pathname.split("/").at(-1)) }));
  }
}

export const nameOf = ({ layers, heads }) => `Seeded ${layers} × ${heads}, F32`;

function filesOf({ architecture, layers, heads }) {
  const d = D_HEAD * heads;
  const tensors = architecture === "bert" ? bertTensors(layers, d) : gpt2Tensors(layers, d);
  return new Map([
    ["config.json", Buffer.from(JSON.stringify(architecture === "bert" ? bertConfig(layers, heads, d) : gpt2Config(layers, heads, d)))],
    ["tokenizer.json", Buffer.from(JSON.stringify(tokenizer(architecture === "bert")))],
    ["model.safetensors", safetensors(tensors)],
  ]);
}

const bertConfig = (layers, heads, d) => ({
  model_type: "bert", vocab_size: D_VOCAB, hidden_size: d, num_hidden_layers: layers, num_attention_heads: heads,
  intermediate_size: d, hidden_act: "gelu", max_position_embeddings: N_CTX, type_vocab_size: 2, layer_norm_eps: 1e-12,
});

const gpt2Config = (layers, heads, d) => ({
  model_type: "gpt2", vocab_size: D_VOCAB, n_embd: d, n_layer: layers, n_head: heads, n_inner: d, n_positions: N_CTX,
  n_ctx: N_CTX, activation_function: "gelu_new", layer_norm_epsilon: 1e-5,
});

/** Whole words, w0 to w997, between [CLS] and [SEP] where the model is a BERT. */
function tokenizer(isBert) {
  const vocab = { "[UNK]": 0, "[CLS]": 1, "[SEP]": 2 };
  for (let id = 3; id < D_VOCAB; id += 1) vocab[`w${id}`] = id;
  const special = (content, id) => ({ id, content, single_word: false, lstrip: false, rstrip: false, normalized: false, special: true });
  const token = (id) => ({ SpecialToken: { id, type_id: 0 } });
  const text = (id) => ({ Sequence: { id, type_id: 0 } });
  return {
    version: "1.0", truncation: null, padding: null, normalizer: null, decoder: null,
    added_tokens: [special("[UNK]", 0), special("[CLS]", 1), special("[SEP]", 2)],
    pre_tokenizer: { type: "WhitespaceSplit" },
    post_processor: isBert ? {
      type: "TemplateProcessing",
      single: [token("[CLS]"), text("A"), token("[SEP]")],
      pair: [token("[CLS]"), text("A"), token("[SEP]"), text("B"), token("[SEP]")],
      special_tokens: { "[CLS]": { id: "[CLS]", ids: [1], tokens: ["[CLS]"] }, "[SEP]": { id: "[SEP]", ids: [2], tokens: ["[SEP]"] } },
    } : null,
    model: { type: "WordLevel", vocab, unk_token: "[UNK]" },
  };
}

/** Standard deviation of query and key weights: scores then spread by about 2. */
const qkScale = (d) => Math.sqrt(2 / d);

function bertTensors(layers, d) {
  const tensors = [
    ["embeddings.word_embeddings.weight", [D_VOCAB, d], 1],
    ["embeddings.position_embeddings.weight", [N_CTX, d], 0.5],
    ["embeddings.token_type_embeddings.weight", [2, d], 0.1],
    ["embeddings.LayerNorm.weight", [d], "ones"],
    ["embeddings.LayerNorm.bias", [d], 0.01],
  ];
  for (let layer = 0; layer < layers; layer += 1) {
    const at = (name) => `encoder.layer.${layer}.${name}`;
    for (const [name, scale] of [["query", qkScale(d)], ["key", qkScale(d)], ["value", 0.05]]) {
      tensors.push([at(`attention.self.${name}.weight`), [d, d], scale], [at(`attention.self.${name}.bias`), [d], 0.01]);
    }
    for (const [name, norm] of [["attention.output", true], ["intermediate", false], ["output", true]]) {
      tensors.push([at(`${name}.dense.weight`), [d, d], 0.05], [at(`${name}.dense.bias`), [d], 0.01]);
      if (norm) tensors.push([at(`${name}.LayerNorm.weight`), [d], "ones"], [at(`${name}.LayerNorm.bias`), [d], 0.01]);
    }
  }
  return tensors;
}

function gpt2Tensors(layers, d) {
  const tensors = [
    ["wte.weight", [D_VOCAB, d], 1],
    ["wpe.weight", [N_CTX, d], 0.5],
    ["ln_f.weight", [d], "ones"],
    ["ln_f.bias", [d], 0.01],
  ];
  for (let layer = 0; layer < layers; layer += 1) {
    const at = (name) => `h.${layer}.${name}`;
    tensors.push([at("ln_1.weight"), [d], "ones"], [at("ln_1.bias"), [d], 0.01], [at("ln_2.weight"), [d], "ones"], [at("ln_2.bias"), [d], 0.01]);
    tensors.push([at("attn.c_attn.weight"), [d, 3 * d], qkScale(d)], [at("attn.c_attn.bias"), [3 * d], 0.01]);
    tensors.push([at("attn.c_proj.weight"), [d, d], 0.05], [at("attn.c_proj.bias"), [d], 0.01]);
    tensors.push([at("mlp.c_fc.weight"), [d, d], 0.05], [at("mlp.c_fc.bias"), [d], 0.01]);
    tensors.push([at("mlp.c_proj.weight"), [d, d], 0.05], [at("mlp.c_proj.bias"), [d], 0.01]);
  }
  return tensors;
}

/** A file of tensors; equal names and shapes give equal numbers. */
function safetensors(tensors) {
  const header = {};
  let offset = 0;
  for (const [name, shape] of tensors) {
    const length = shape.reduce((product, n) => product * n, 1) * 4;
    header[name] = { dtype: "F32", shape, data_offsets: [offset, offset + length] };
    offset += length;
  }
  const json = Buffer.from(JSON.stringify(header));
  const start = 8 + json.length;
  const file = Buffer.alloc(start + offset);
  file.writeBigUInt64LE(BigInt(json.length));
  json.copy(file, 8);
  let seed = 1;
  const uniform = () => {
    seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
    return seed / 4_294_967_296;
  };
  let at = start;
  for (const [, shape, scale] of tensors) {
    const n = shape.reduce((product, size) => product * size, 1);
    for (let index = 0; index < n; index += 1, at += 4) {
      // A sum of uniform numbers is near enough to a normal one.
      const value = scale === "ones" ? 1 : (uniform() + uniform() + uniform() - 1.5) * 2 * scale;
      file.writeFloatLE(value, at);
    }
  }
  return file;
}
