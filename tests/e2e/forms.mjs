// Checkpoints in the forms that are in circulation, as files by name: the small golden ones, changed.

import { readFileSync, readdirSync } from "node:fs";
import path from "node:path";

const below = (folder) => path.join(process.env.HEADLIGHT_FIXTURES, folder);

/** Files that say what is right, beside those of the checkpoint. */
const ABOUT = /^(expected|case|generate)\./;

/** The files of a folder of the fixtures, by name. */
export function filesOf(folder) {
  const names = readdirSync(below(folder)).filter((name) => !ABOUT.test(name));
  return Object.fromEntries(names.map((name) => [name, readFileSync(path.join(below(folder), name))]));
}

/** Tensors of a safetensors file, by name: { dtype, shape, data }. */
export function unpacked(bytes) {
  const start = 8 + Number(bytes.readBigUInt64LE(0));
  const { __metadata__: _, ...entries } = JSON.parse(bytes.toString("utf8", 8, start));
  const tensor = ({ dtype, shape, data_offsets: [from, to] }) => ({ dtype, shape, data: bytes.subarray(start + from, start + to) });
  return Object.fromEntries(Object.entries(entries).map(([name, entry]) => [name, tensor(entry)]));
}

/** A safetensors file of tensors. */
export function packed(tensors) {
  let end = 0;
  const entry = ([name, { dtype, shape, data }]) => [name, { dtype, shape, data_offsets: [end, (end += data.length)] }];
  const json = Buffer.from(JSON.stringify(Object.fromEntries(Object.entries(tensors).map(entry))));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(json.length));
  return Buffer.concat([length, json, ...Object.values(tensors).map(({ data }) => data)]);
}

/** The numbers of an F32 tensor. */
export const numbersOf = ({ data }) => Array.from({ length: data.length / 4 }, (_, at) => data.readFloatLE(4 * at));

/** What transformers computed for a case, by name. */
export const expectedOf = (folder) => unpacked(readFileSync(path.join(below(folder), "expected.safetensors")));

const json = (value) => Buffer.from(JSON.stringify(value));

/** The files with fields of config.json changed; undefined takes a field out. */
export function withConfig(files, fields) {
  return { ...files, "config.json": json({ ...JSON.parse(files["config.json"]), ...fields }) };
}

/** The files with the tensors changed. */
export function withTensors(files, change) {
  return { ...files, "model.safetensors": packed(change(unpacked(files["model.safetensors"]))) };
}

/** The files with an added token in tokenizer.json. */
export function withAddedToken(files, id, content) {
  const tokenizer = JSON.parse(files["tokenizer.json"]);
  const about = { single_word: false, lstrip: false, rstrip: false, normalized: false, special: false };
  tokenizer.added_tokens.push({ id, content, ...about });
  return { ...files, "tokenizer.json": json(tokenizer) };
}

/** The files with one row more in a matrix: a copy of its first. */
export function withRow(files, name) {
  return withTensors(files, (tensors) => {
    const { dtype, shape: [n, width], data } = tensors[name];
    return { ...tensors, [name]: { dtype, shape: [n + 1, width], data: Buffer.concat([data, data.subarray(0, data.length / n)]) } };
  });
}

const u32 = (value) => { const bytes = Buffer.alloc(4); bytes.writeUInt32LE(value); return bytes; };
const f32 = (value) => { const bytes = Buffer.alloc(4); bytes.writeFloatLE(value); return bytes; };
const u64 = (value) => { const bytes = Buffer.alloc(8); bytes.writeBigUInt64LE(BigInt(value)); return bytes; };
const text = (value) => Buffer.concat([u64(Buffer.byteLength(value)), Buffer.from(value)]);

/** A metadata value of GGUF: whole numbers are u32 unless they are in { f32 }, others f32; lists are of texts or of whole numbers. */
function field(value) {
  if (value.f32 !== undefined) return Buffer.concat([u32(6), f32(value.f32)]);
  if (typeof value === "string") return Buffer.concat([u32(8), text(value)]);
  if (typeof value === "boolean") return Buffer.concat([u32(7), Buffer.from([Number(value)])]);
  if (Array.isArray(value)) {
    const isText = typeof value[0] === "string";
    return Buffer.concat([u32(9), u32(isText ? 8 : 4), u64(value.length), ...value.map(isText ? text : u32)]);
  }
  return Number.isInteger(value) ? Buffer.concat([u32(4), u32(value)]) : Buffer.concat([u32(6), f32(value)]);
}

/** A GGUF file. Tensors have their number format, 0 for F32, and their shape row-major. */
export function gguf(fields, tensors) {
  const heads = [Buffer.from("GGUF"), u32(3), u64(Object.keys(tensors).length), u64(Object.keys(fields).length)];
  heads.push(...Object.entries(fields).flatMap(([key, value]) => [text(key), field(value)]));
  const aligned = (bytes) => Buffer.concat([bytes, Buffer.alloc((32 - (bytes.length % 32)) % 32)]);
  let offset = 0;
  const bodies = Object.entries(tensors).map(([name, { shape, data, format = 0 }]) => {
    const body = aligned(data);
    heads.push(text(name), u32(shape.length), ...shape.toReversed().map(u64), u32(format), u64(offset));
    offset += body.length;
    return body;
  });
  return Buffer.concat([aligned(Buffer.concat(heads)), ...bodies]);
}

const NAMES = {
  input_layernorm: "attn_norm", post_attention_layernorm: "ffn_norm", "self_attn.q_proj": "attn_q", "self_attn.k_proj": "attn_k",
  "self_attn.v_proj": "attn_v", "self_attn.o_proj": "attn_output", "mlp.gate_proj": "ffn_gate", "mlp.up_proj": "ffn_up",
  "mlp.down_proj": "ffn_down",
};

const ggufName = (name) => {
  const [, layer, part] = /^model\.layers\.(\d+)\.(.*)\.weight$/.exec(name) ?? [];
  if (layer) return `blk.${layer}.${NAMES[part]}.weight`;
  return { "model.embed_tokens.weight": "token_embd.weight", "model.norm.weight": "output_norm.weight", "lm_head.weight": "output.weight" }[name];
};

/** Rows of queries or keys as llama.cpp has them: the two halves of a head in turns. */
function inPairs({ shape: [rows, width], data }, nHeads) {
  const [bytes, half] = [width * 4, rows / nHeads / 2];
  const row = (at) => data.subarray(at * bytes, (at + 1) * bytes);
  const order = Array.from({ length: rows }, (_, at) => {
    const [head, inside] = [Math.floor(at / (2 * half)), at % (2 * half)];
    return head * 2 * half + (inside % 2) * half + Math.floor(inside / 2);
  });
  return { shape: [rows, width], data: Buffer.concat(order.map(row)) };
}

/** A golden Llama as GGUF, without its rotation's scaling; `more` are fields that are added. */
export function llamaAsGguf(id, more = {}) {
  const files = filesOf(`golden/${id}`);
  const config = JSON.parse(files["config.json"]);
  const tensors = Object.entries(unpacked(files["model.safetensors"])).map(([name, tensor]) => {
    const nHeads = { q: config.num_attention_heads, k: config.num_key_value_heads }[/self_attn\.([qk])_proj/.exec(name)?.[1]];
    return [ggufName(name), nHeads ? inPairs(tensor, nHeads) : tensor];
  });
  const fields = {
    "general.architecture": "llama",
    "llama.block_count": config.num_hidden_layers,
    "llama.embedding_length": config.hidden_size,
    "llama.feed_forward_length": config.intermediate_size,
    "llama.context_length": config.max_position_embeddings,
    "llama.attention.head_count": config.num_attention_heads,
    "llama.attention.head_count_kv": config.num_key_value_heads,
    "llama.attention.layer_norm_rms_epsilon": config.rms_norm_eps,
    "llama.attention.key_length": config.head_dim,
    "llama.attention.value_length": config.head_dim,
    "llama.rope.dimension_count": config.head_dim,
    "llama.vocab_size": config.vocab_size,
  };
  return gguf({ ...fields, ...more }, Object.fromEntries(tensors));
}

/** A golden checkpoint's byte-level vocabulary as fields of GGUF, with the name of how it splits text. */
export function ggufVocabulary(id, pre) {
  const { model, added_tokens: added } = JSON.parse(filesOf(`golden/${id}`)["tokenizer.json"]);
  const tokens = [];
  Object.entries(model.vocab).forEach(([token, at]) => { tokens[at] = token; });
  const special = new Set(added.map(({ id: at }) => at));
  return {
    "tokenizer.ggml.model": "gpt2",
    "tokenizer.ggml.pre": pre,
    "tokenizer.ggml.tokens": tokens,
    "tokenizer.ggml.token_type": tokens.map((_, at) => (special.has(at) ? 3 : 1)),
    "tokenizer.ggml.merges": model.merges.map((merge) => (Array.isArray(merge) ? merge.join(" ") : merge)),
    "tokenizer.ggml.add_bos_token": false,
  };
}

/** A Llama of one layer as GGUF whose embedding, 8 rows of 256 numbers, has a format of `nBytes` a row. */
export function ggufOfFormat(format, nBytes) {
  const width = 256;
  const tensor = (...shape) => {
    const values = Float32Array.from({ length: shape.reduce((all, one) => all * one, 1) }, (_, at) => ((at % 7) - 3) / 40);
    return { shape, data: Buffer.from(values.buffer) };
  };
  const fields = {
    "general.architecture": "llama", "llama.block_count": 1, "llama.embedding_length": width, "llama.feed_forward_length": 32,
    "llama.context_length": 64, "llama.attention.head_count": 4, "llama.attention.layer_norm_rms_epsilon": 1e-5,
    "tokenizer.ggml.model": "none",
  };
  return gguf(fields, {
    "token_embd.weight": { shape: [8, width], data: Buffer.alloc(8 * nBytes, 0x3c), format },
    "output_norm.weight": tensor(width),
    "blk.0.attn_norm.weight": tensor(width),
    "blk.0.ffn_norm.weight": tensor(width),
    "blk.0.attn_q.weight": tensor(width, width),
    "blk.0.attn_k.weight": tensor(width, width),
    "blk.0.attn_v.weight": tensor(width, width),
    "blk.0.attn_output.weight": tensor(width, width),
    "blk.0.ffn_gate.weight": tensor(32, width),
    "blk.0.ffn_up.weight": tensor(32, width),
    "blk.0.ffn_down.weight": tensor(width, 32),
  });
}
