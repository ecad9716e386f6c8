// A walk through the forms of checkpoints and traces in circulation, in one page, one after the other: each shows what transformers
// computes, or one sentence says what is wrong and what to do, and the result before it goes on answering.

import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { after } from "node:test";
import {
  expectedOf, filesOf, gguf, ggufOfFormat, ggufVocabulary, llamaAsGguf, numbersOf, packed, unpacked, withAddedToken, withConfig, withRow,
  withTensors,
} from "./forms.mjs";
import { distance, firstResult, inspect, openInput, parts, words } from "./page.mjs";
import { pageTest } from "./support.mjs";
import { openFile, saved, traceFile } from "./traces.mjs";

const scratch = mkdtempSync(path.join(os.tmpdir(), "headlight-forms-"));
after(() => rmSync(scratch, { recursive: true, force: true }));

const TOLERANCE = 1e-4;
const [llama, gpt2, bert] = ["llama", "gpt2", "bert"].map((id) => filesOf(`golden/${id}`));

/** The ids of the cases, and of their decoders. */
const IDS = "5, 17, 40, 3, 22, 9, 51, 30, 12";
const TARGET = "2, 11, 33, 8";

/** A case of tests/fixtures/cases, read by ids; `says` is in "About this model". */
const opens = (name, says, more = {}) => ({ name, files: filesOf(`cases/${name}`), ids: IDS, expected: expectedOf(`cases/${name}`), says, ...more });

/** The first text of a golden checkpoint's cases, with its patterns. */
function goldenText(id) {
  const prefix = "case0.";
  const entries = Object.entries(expectedOf(`golden/${id}`)).filter(([name]) => name.startsWith(prefix));
  const expected = Object.fromEntries(entries.map(([name, tensor]) => [name.slice(prefix.length), tensor]));
  return { ids: idsOf(expected.input_ids), expected };
}

const idsOf = ({ data }) => Array.from({ length: data.length / 8 }, (_, at) => Number(data.readBigInt64LE(8 * at))).join(", ");

/** A checkpoint that is refused when it is picked or loaded. */
const refused = (name, files, refusal) => ({ name, files, refusal });

const quantised = (method, called) =>
  refused(`quantised-${method}`, withConfig(llama, { quantization_config: { quant_method: method } }), new RegExp(`quantised by ${called}.*GGUF`));

const family = (model_type, nearest) =>
  refused(`family-${model_type}`, withConfig(llama, { model_type }), new RegExp(`^${model_type} models are not read.*${nearest}.*A trace made in Python shows any model`, "i"));

const withoutTokenizer = ({ "tokenizer.json": _, ...rest }) => rest;

const withNaN = withTensors(llama, (tensors) => {
  const name = "model.layers.1.self_attn.q_proj.weight";
  const data = Buffer.from(tensors[name].data);
  data.writeFloatLE(NaN, 40);
  return { ...tensors, [name]: { ...tensors[name], data } };
});

const bertVocabulary = (() => {
  const { vocab } = JSON.parse(bert["tokenizer.json"]).model;
  return Buffer.from(Object.entries(vocab).toSorted((a, b) => a[1] - b[1]).map(([token]) => `${token}\n`).slice(0, -1).join(""));
})();

const adapter = {
  "tokenizer.json": llama["tokenizer.json"],
  "adapter_config.json": Buffer.from(JSON.stringify({ peft_type: "LORA", base_model_name_or_path: "HuggingFaceTB/SmolLM2-135M", r: 4 })),
  "adapter_model.safetensors": packed({ "base_model.model.model.layers.0.self_attn.q_proj.lora_A.weight": { dtype: "F32", shape: [4, 4], data: Buffer.alloc(64) } }),
};

const pointer = Buffer.from("version https://git-lfs.github.com/spec/v1\noid sha256:4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393\nsize 428344\n");

const untied = /The file has no lm_head\.weight.*predicts no tokens/;
const headless = (name) => new RegExp(`saved from ${name}, which has no head.*save it again`);

const FORMS = [
  // A. What gave wrong numbers.
  { name: "gguf-scale-linear", files: { "m.gguf": llamaAsGguf("llama_linear", { "llama.rope.scale_linear": { f32: 3 }, "tokenizer.ggml.model": "none" }) }, ...goldenText("llama_linear") },
  { name: "gguf-scaling-factor", files: { "m.gguf": llamaAsGguf("llama_linear", { "llama.rope.scaling.factor": { f32: 3 }, "tokenizer.ggml.model": "none" }) }, ...goldenText("llama_linear") },
  refused("nan-weights", withNaN, /blocks\.1\.attn\.hook_q.*not finite|not finite.*hook_q.*layer 1/),
  opens("mistral_layer_types"),
  {
    name: "bert-added-tokens",
    files: {
      ...withoutTokenizer(bert), "vocab.txt": bertVocabulary, "added_tokens.json": Buffer.from('{"[E1]": 260}'),
      "special_tokens_map.json": Buffer.from('{"cls_token": "[CLS]", "sep_token": "[SEP]", "unk_token": "[UNK]", "pad_token": "[PAD]", "mask_token": "[MASK]"}'),
    },
    text: "[E1]", shows: ["[CLS]", "[e1]", "[SEP]"],
  },
  opens("llama_two", /two different matrices/),
  opens("qwen3_both_ways"),
  opens("gemma3_embedder", headless("Gemma3TextModel")),
  opens("llama_own_code", /modeling_mine\.py.*not run/),
  opens("bart_untied", undefined, { target: TARGET }),
  opens("mt5", undefined, { target: TARGET }),
  { name: "marian-saved-again", files: filesOf("generation/marian_resaved"), ids: "10, 11, 12, 13, 0", writes: /^(?!.*<pad>.*<pad>)/ },
  { name: "llama-pieces-alone", files: { ...withoutTokenizer(llama), ...filesOf("tokenizers/llama_model") }, text: "The cat", shows: ["<s>", "·The", "·cat"] },
  { name: "bert-lower-case", files: { ...bert, "tokenizer_config.json": Buffer.from('{"do_lower_case": true, "tokenizer_class": "BertTokenizer"}') }, text: "THE", shows: ["[CLS]", "the", "[SEP]"] },
  // B. What did not open.
  opens("bert_2019", /read as bert, by the names of its tensors.*layer_norm_eps 1e-12/),
  opens("bert_nulls", /hidden_act "gelu"/),
  opens("gpt2_defaults", /activation_function "gelu_new"/),
  opens("qwen3_unknown_rope_keys"),
  opens("gpt2_head_only"),
  opens("bert_head_only"),
  opens("bart_decoder_only", undefined, { target: TARGET }),
  opens("t5_head_only", undefined, { target: TARGET }),
  opens("llama_module", /“module\.”/),
  opens("gpt2_compiled", /“_orig_mod\.”/),
  opens("qwen2_inner_language_model", /“model\.language_model\.”/),
  opens("gemma3_with_pictures", /only the text part/),
  opens("modernbert_classifier"),
  opens("t5_encoder"),
  opens("t5_token_classifier"),
  opens("bart_decoder_alone"),
  opens("marian_decoder_alone"),
  opens("gpt2_untied_base", untied, { predicts: false }),
  opens("bloom_untied_base", untied, { predicts: false }),
  opens("bart_untied_base", untied, { target: TARGET }),
  opens("gptj_tied"),
  { name: "gpt2-base", files: withConfig(gpt2, { architectures: ["GPT2Model"] }), ...goldenText("gpt2"), says: headless("GPT2Model"), predicts: false },
  { name: "longer-tokenizer", files: withAddedToken(llama, 384, "[PAD]"), ...goldenText("llama") },
  { name: "added-token", files: withConfig(withRow(withAddedToken(gpt2, 384, "čau"), "transformer.wte.weight"), { vocab_size: 385 }), text: "ačaua", shows: ["a", "čau", "a"] },
  { name: "gguf-gpt-4o", files: { "m.gguf": llamaAsGguf("llama", ggufVocabulary("llama", "gpt-4o")) }, ...goldenText("llama") },
  { name: "gguf-unknown-tokenizer", files: { "m.gguf": llamaAsGguf("llama", { "tokenizer.ggml.model": "rwkv" }) }, ...goldenText("llama") },
  { name: "gguf-damaged-tokenizer", files: { "m.gguf": llamaAsGguf("llama", { ...ggufVocabulary("llama", "gpt-4o"), "tokenizer.ggml.merges": "none" }) }, ...goldenText("llama"), says: /tokenizer\.ggml\.merges.*reads token ids, no text/ },
  { name: "gguf-both-ways", files: { "m.gguf": llamaAsGguf("llama", { ...ggufVocabulary("llama", "gpt-2"), "llama.attention.causal": false }) }, text: "The cat", isBothWays: true },
  // C. What is refused, and what is read by now.
  family("phimoe", "phi3"),
  family("bamba", ""),
  quantised("gptq", "GPTQ"),
  quantised("awq", "AWQ"),
  quantised("bitsandbytes", "bitsandbytes"),
  quantised("eetq", "EETQ"),
  quantised("fp8", "FP8"),
  quantised("compressed-tensors", "compressed-tensors"),
  refused("lora", adapter, /HuggingFaceTB\/SmolLM2-135M.*merge_and_unload/),
  refused("prefix-tuning", { "adapter_config.json": Buffer.from('{"peft_type": "PREFIX_TUNING", "base_model_name_or_path": "gpt2"}') }, /prefix tuning adapter.*changes gpt2.*cannot be merged: a trace made in Python/),
  refused("gguf-adapter", { "m.gguf": gguf({ "general.architecture": "llama", "general.type": "adapter", "adapter.type": "lora" }, {}) }, /a LoRA adapter.*llama-export-lora/),
  refused("mlx", withConfig(llama, { quantization: { group_size: 64, bits: 4 } }), /quantised by MLX.*GGUF/),
  refused("pointer", { ...llama, "model.safetensors": pointer }, /model\.safetensors is a Git LFS pointer.*git lfs pull/),
  refused("gguf-iq1", { "m.gguf": ggufOfFormat(19, 50) }, /token_embd\.weight is IQ1_S; formats that are read are F64/),
  ...[["f64", 28, 2048], ["iq4-nl", 20, 144], ["iq4-xs", 23, 136], ["mxfp4", 39, 136], ["tq1-0", 34, 54], ["tq2-0", 35, 66]].map(
    ([name, format, nBytes]) => ({ name: `gguf-${name}`, files: { "m.gguf": ggufOfFormat(format, nBytes) }, ids: "1, 2, 3" }),
  ),
];

const TRACE = { format: 1, tokens: ["The", "cat"], token_form: "plain", model: { name: "elsewhere" } };
const of = (values, about = TRACE, name = "blocks.0.attn.hook_pattern") => traceFile({ [name]: { shape: [1, 2, 2], values } }, about);

/** Traces: name, file, and what the status or the refusal says. */
const TRACES = [
  ["negative.safetensors", of([1, 0, -0.0833, 1.0833]), /is -0\.0833.*no distribution|-0\.083/],
  ["bf16.safetensors", of([0.9975, 0, 0.5, 0.5022]), "elsewhere · 2 tokens · 1 layers × 1 heads"],
  ["sinks.safetensors", of([0.5, 0, 0.25, 0.25]), /"row_sums":"sinks"/],
  ["marked.safetensors", of([0.5, 0, 0.25, 0.25], { ...TRACE, row_sums: "sinks" }), "elsewhere · 2 tokens · 1 layers × 1 heads"],
  ["surrogate.safetensors", of([1, 0, 0.5, 0.5], { ...TRACE, tokens: ["\ud83d", "cat"] }), /lone surrogate.*write it with/],
  ["cross.safetensors", of([0.5, 0.5, 0.25, 0.75], { ...TRACE, decoder_tokens: ["le", "chat"] }, "decoder.0.cross_attn.hook_pattern"), "elsewhere · 2 tokens → 2 · 1 layers × 1 heads"],
];

/** Writes the files of a form into a folder and picks it. */
async function pick(page, { name, files }) {
  const folder = path.join(scratch, name);
  mkdirSync(folder);
  for (const [file, bytes] of Object.entries(files)) writeFileSync(path.join(folder, file), bytes);
  await page.getByRole("button", { name: "More models" }).click();
  const box = page.getByRole("dialog", { name: "More models" });
  await box.getByLabel("Folder").setInputFiles(folder);
  return box;
}

/** The sentences that say what is wrong. */
const problems = async (page) => (await page.getByRole("alert").allTextContents()).filter((text) => text.trim() !== "");

/** Closes what lies over the page. */
async function closeDialogs(page) {
  for (const dialog of await page.getByRole("dialog").all()) await dialog.getByRole("button", { name: "Close" }).click();
}

/** Waits until nothing is under way. */
async function idle(page) {
  while (await parts(page).cancel.isEnabled()) await page.waitForTimeout(20);
}

/** All patterns of what is on screen. */
async function patterns(page) {
  const { bytes } = await saved(page, "Patterns");
  const tensors = Object.entries(unpacked(bytes)).filter(([name]) => name.endsWith("hook_pattern"));
  return Object.fromEntries(tensors.map(([name, { shape, data }]) => [name, { shape, data }]));
}

const IN_TRACES = [
  [/^attentions\.(\d+)$/, "blocks.$1.attn.hook_pattern"],
  [/^(encoder|decoder)_attentions\.(\d+)$/, "$1.$2.attn.hook_pattern"],
  [/^cross_attentions\.(\d+)$/, "decoder.$1.cross_attn.hook_pattern"],
];

/** Compares patterns with what transformers computed. */
function compare(name, found, expected) {
  let n = 0;
  for (const [key, tensor] of Object.entries(expected)) {
    const rule = IN_TRACES.find(([pattern]) => pattern.test(key));
    if (!rule) continue;
    const hook = key.replace(...rule);
    assert.deepEqual(found[hook]?.shape, tensor.shape, `${name}: ${hook}`);
    const wrong = distance(numbersOf(found[hook]), numbersOf(tensor));
    assert.ok(wrong <= TOLERANCE, `${name}: ${hook} is off by ${wrong}`);
    n += 1;
  }
  assert.equal(n, Object.keys(found).length, `${name}: as many attentions as expected`);
}

/** Types the form's input and runs it. */
async function runInput(page, { ids, text, target }) {
  await openInput(page);
  const kind = ids ? "Token ids" : "Text";
  await page.getByRole("combobox", { name: "Kind of input" }).selectOption({ label: kind });
  await page.getByRole("textbox", { name: kind, exact: true }).fill(ids ?? text);
  if (text) await parts(page).pair.fill("");
  const field = page.getByRole("textbox", { name: "Target" });
  if (await field.isVisible()) await field.fill(target ?? "");
  await parts(page).run.click();
}

async function opened(page, form) {
  const { name, files, ids, expected, says, predicts, shows, writes, isBothWays, target } = form;
  const { status, queries } = parts(page);
  const box = await pick(page, form);
  const load = box.getByRole("button", { name: /^Load/ });
  const hasTokenizer = Object.keys(files).some((file) => /\.gguf$|^tokenizer|^vocab/.test(file));
  if (!hasTokenizer) await load.click();
  await box.waitFor({ state: "hidden" });
  await idle(page);
  await runInput(page, form);
  const nTokens = ids ? ids.split(",").length : shows?.length;
  const tokens = nTokens ? `${nTokens} tokens?` : "\\d+ tokens?";
  await status.getByText(new RegExp(`^${name} \\(from disk\\) · ${tokens}${target ? ` → ${target.split(",").length}` : ""}.* m?s$`)).waitFor();
  assert.deepEqual(await problems(page), [], name);
  const about = (await page.locator("#about-model").allTextContents()).join(" ");
  if (says) assert.match(about, says, name);
  const found = await patterns(page);
  if (expected) compare(name, found, expected);
  if (shows) assert.deepEqual(await words(queries), shows, name);
  if (isBothWays) assert.ok(numbersOf(found["blocks.0.attn.hook_pattern"])[1] > 1e-6, `${name}: the first token sees the second`);
  if (predicts === false) {
    await inspect(page, "Predicts");
    await parts(page).predictions.getByRole("heading", { name: "Similarity of the two texts" }).waitFor();
  }
  if (writes) {
    await page.getByRole("radiogroup", { name: "Stack" }).getByRole("radio", { name: "Decoder" }).check();
    assert.match((await words(queries)).join(" "), writes, name);
  }
  return found;
}

/** One sentence names what is wrong, and what was there goes on answering. */
async function isRefused(page, name, refusal, before) {
  let said = [];
  // What was said of the form before goes once this one is looked at.
  for (let waited = 0; waited < 20_000 && !(said.length === 1 && refusal.test(said[0])); waited += 50) {
    await page.waitForTimeout(50);
    said = await problems(page);
  }
  assert.equal(said.length, 1, `${name}: ${said.join(" | ")}`);
  assert.match(said[0], refusal, name);
  assert.ok(said[0].length < 400, `${name}: ${said[0]}`);
  await closeDialogs(page);
  await idle(page);
  await parts(page).status.getByText(before.status).waitFor();
  const after = await patterns(page);
  assert.deepEqual(Object.keys(after), Object.keys(before.patterns), name);
  for (const [hook, { data }] of Object.entries(after)) {
    assert.ok(data.equals(before.patterns[hook].data), `${name}: ${hook} is what it was`);
  }
}

pageTest("every form of checkpoint and trace opens, or says in a sentence what to do", async ({ page, open, t }) => {
  await open();
  await firstResult(page);
  let before;
  const took = [];
  for (const form of FORMS) {
    const start = Date.now();
    if (form.refusal) {
      await pick(page, form);
      await isRefused(page, form.name, form.refusal, before);
    } else {
      before = { patterns: await opened(page, form), status: `${form.name} (from disk) · ` };
    }
    took.push([Date.now() - start, form.name]);
  }
  for (const [name, bytes, says] of TRACES) {
    await openFile(page, name, bytes);
    if (says instanceof RegExp) {
      await isRefused(page, name, says, before);
    } else {
      await parts(page).status.getByText(`${says} · from ${name}`).waitFor();
      before = { patterns: await patterns(page), status: says };
    }
  }
  const [slowest] = took.toSorted((a, b) => b[0] - a[0]);
  t.diagnostic(`${took.length} forms in ${took.reduce((sum, [ms]) => sum + ms, 0)} ms, ${slowest[1]} took ${slowest[0]} ms`);
});
