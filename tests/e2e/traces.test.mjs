// Traces in the page: saved, opened by file, by drop and by URL, refused with one sentence, and through Python and back.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { firstResult, liveResult, numbers, parts, pickModel, run, SMOLLM2, words } from "./page.mjs";
import { accessibilityProblems, pageTest } from "./support.mjs";
import { makeTrace, openFile, saved, traceFile, ways } from "./traces.mjs";

const TOKENS = ["The", "Ġcat", "</script>", "Ġsat"];
const UNIFORM = Array(2 * 16).fill(0.25);

/** Patterns and tokens alone, two layers of two heads; one weight is told apart. */
function patternsOnly(change = (values) => values) {
  const second = UNIFORM.slice();
  [second[16], second[17], second[18], second[19]] = [0.7, 0.1, 0.1, 0.1];
  return traceFile(
    {
      "blocks.0.attn.hook_pattern": { shape: [2, 4, 4], values: UNIFORM },
      "blocks.1.attn.hook_pattern": { shape: [2, 4, 4], values: change(second) },
    },
    { format: 1, tokens: TOKENS, token_form: "byte_level", model: { name: "elsewhere" } },
  );
}

/** Names, shapes and metadata of a safetensors file. */
function header(bytes) {
  const length = Number(bytes.readBigUInt64LE(0));
  const { __metadata__: metadata, ...tensors } = JSON.parse(bytes.toString("utf8", 8, 8 + length));
  return { tensors, about: JSON.parse(metadata.headlight) };
}

function shownSize(bytes) {
  if (bytes < 1e6) return `${Math.ceil(bytes / 1e3)} kB`;
  return `${(bytes / 1e6).toFixed(1)} MB`;
}

pageTest("patterns and tokens alone give head and model view", async ({ page, open, shot }) => {
  await open();
  await firstResult(page);
  await openFile(page, "mine.safetensors", patternsOnly());
  const { status, queries, keys, layer, head, heads, model } = parts(page);
  await status.getByText("elsewhere · 4 tokens · 2 layers × 2 heads · from mine.safetensors").waitFor();
  assert.deepEqual(await words(queries), ["The", "·cat", "</script>", "·sat"]);
  assert.equal(await heads.count(), 2);
  await layer.selectOption("1");
  await head(1).dblclick();
  await queries.nth(0).click();
  await page.waitForFunction(() => document.querySelector(".tokens.key .weight")?.textContent === "0.700");
  assert.deepEqual(await numbers(keys), [0.7, 0.1, 0.1, 0.1]);
  await shot("trace-head-view");
  await page.getByRole("tab", { name: "Model view" }).click();
  await page.getByRole("grid", { name: "Heads of all layers" }).waitFor();
  await page.getByRole("gridcell", { name: /^L1H1 · entropy/ }).waitFor({ state: "attached" });
  await shot("trace-model-view");
  // The model stays picked, and running is its again.
  await page.getByRole("tab", { name: "Head view" }).click();
  assert.equal(await model.isEnabled(), true);
  await run(page, "Back to the model");
  await status.getByText(/^all-MiniLM-L6-v2, F32 · 6 tokens.* ms$/).waitFor();
  await page.waitForURL((url) => !url.hash.includes("trace="));
});

pageTest("a trace of some layers shows those that it holds", async ({ page, open, shot }) => {
  await open();
  await firstResult(page);
  const uniform = { shape: [2, 4, 4], values: UNIFORM };
  const bytes = traceFile(
    { "blocks.1.attn.hook_pattern": uniform, "blocks.3.attn.hook_pattern": uniform },
    { format: 1, tokens: TOKENS, token_form: "byte_level", model: { name: "very large" } },
  );
  await parts(page).layer.selectOption("0");
  await openFile(page, "some-layers.safetensors", bytes);
  const { status, layer, keys, queries } = parts(page);
  await status.getByText("very large · 4 tokens · 4 layers × 2 heads · from some-layers.safetensors").waitFor();
  assert.equal(await layer.inputValue(), "1");
  await queries.nth(2).click();
  await page.waitForFunction(() => document.querySelector(".tokens.key .weight")?.textContent === "0.250");
  assert.deepEqual(await numbers(keys), [0.25, 0.25, 0.25, 0.25]);
  await page.getByRole("tab", { name: "Model view" }).click();
  await page.locator("#cell-l3h1").waitFor({ state: "attached" });
  await page.getByText("2 of 4 layers are in the file").waitFor();
  assert.equal(await page.locator("#cell-l0h0").count(), 0);
  await shot("trace-some-layers");
});

pageTest("a trace that is dropped on the page is opened", async ({ page, open }) => {
  await open();
  await firstResult(page);
  const base64 = patternsOnly().toString("base64");
  await page.evaluate((data) => {
    const bytes = Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0));
    const transfer = new DataTransfer();
    transfer.items.add(new File([bytes], "dropped.safetensors"));
    const drag = (kind) => new DragEvent(kind, { dataTransfer: transfer, bubbles: true, cancelable: true });
    document.body.dispatchEvent(drag("dragover"));
    window.sawZone = getComputedStyle(document.querySelector(".drop-zone")).display !== "none";
    document.body.dispatchEvent(drag("drop"));
  }, base64);
  await parts(page).status.getByText("from dropped.safetensors").waitFor();
  assert.equal(await page.locator(".drop-zone").isVisible(), false);
});

pageTest("a trace of two gigabytes is opened from a URL by ranges, and is in the link", async ({ page, context, open }) => {
  // 1,024 heads × 4 tokens are small; the file claims two gigabytes of stream beside them.
  const pattern = { shape: [2, 4, 4], values: UNIFORM };
  const small = traceFile({ "blocks.0.attn.hook_pattern": pattern }, { format: 1, tokens: TOKENS });
  const length = Number(small.readBigUInt64LE(0));
  const head = JSON.parse(small.toString("utf8", 8, 8 + length));
  const data = small.subarray(8 + length);
  const n = 2_000_000_000;
  head.padding = { dtype: "U8", shape: [n], data_offsets: [data.length, data.length + n] };
  const json = Buffer.from(JSON.stringify(head));
  const prefix = Buffer.alloc(8);
  prefix.writeBigUInt64LE(BigInt(json.length));
  const begin = Buffer.concat([prefix, json, data]);
  const total = begin.length + n;
  let fetched = 0;
  await context.route("**/large.safetensors", async (route) => {
    const [, from, to] = /^bytes=(\d+)-(\d+)$/.exec(route.request().headers().range);
    const [first, last] = [Number(from), Math.min(Number(to), total - 1)];
    const body = Buffer.alloc(last - first + 1);
    begin.copy(body, 0, first, Math.min(last + 1, begin.length));
    fetched += body.length;
    await route.fulfill({ status: 206, body, headers: { "Content-Range": `bytes ${first}-${last}/${total}` } });
  });
  await open();
  await firstResult(page);
  const { open: button, url } = ways(page);
  await button.click();
  await url.fill("large.safetensors");
  await url.press("Enter");
  await parts(page).status.getByText("from large.safetensors").waitFor();
  await page.waitForFunction(() => location.hash.includes("trace=large.safetensors"));
  assert.ok(fetched < 8e6, `${fetched} bytes were fetched`);
  // The link opens it again, with what was chosen.
  await parts(page).head(1).dblclick();
  await page.waitForFunction(() => location.hash.includes("heads=1"));
  const link = page.url();
  const other = await context.newPage();
  await other.goto(link);
  await parts(other).status.getByText("from large.safetensors").waitFor();
  assert.equal(await parts(other).pressedHeads.count(), 1);
});

pageTest("what is no trace is refused with one sentence, and the result stays", async ({ page, open, shot }) => {
  await open();
  await firstResult(page);
  const long = patternsOnly();
  long.writeBigUInt64LE(1n << 40n);
  // Queries and keys are numbers, what is made of them is not.
  const large = makeTrace(4, 2, 2).bytes;
  for (let at = large.length - 4 * 32; at < large.length; at += 4) large.writeFloatLE(1e38, at);
  const cases = [
    ["large.safetensors", large, /attn_scores is not finite \(head 0, token 0, layer 0\)/],
    ["negative.safetensors", patternsOnly((values) => values.with(30, 0.65).with(31, -0.15)), /head 1, query 3, key 3 is -0\.15/],
    ["stream.safetensors", traceFile({ "blocks.0.hook_resid_pre": { shape: [2, 3], values: Array(6).fill(1) } }), /holds no attention/],
    ["empty.safetensors", Buffer.alloc(0), /empty\.safetensors is empty/],
    ["picture.safetensors", Buffer.from("GIF89a, and so on and on"), /is this a safetensors file, and whole\?/],
    ["pointer.safetensors", Buffer.from("version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 428344\n"), /is a Git LFS pointer/],
    ["page.safetensors", Buffer.from("<!doctype html><title>Sign in</title>"), /is a web page, not the file/],
    ["header.safetensors", long, /header claims 1099511627776 bytes/],
    ["nan.safetensors", patternsOnly((values) => values.with(3, NaN)), /blocks\.1\.attn\.hook_pattern: value 3 is NaN/],
    ["rows.safetensors", patternsOnly((values) => values.with(31, 0.9)), /head 1, query 3 sum to 1\.6500, expected 1 ± 0\.004/],
    [
      "shapes.safetensors",
      traceFile({
        "blocks.0.attn.hook_pattern": { shape: [2, 4, 4], values: UNIFORM },
        "blocks.1.attn.hook_pattern": { shape: [2, 2, 2], values: Array(8).fill(0.5) },
      }),
      /expected 4 × token, as in blocks\.0\.attn\.hook_pattern, found 2/,
    ],
    [
      "tokens.safetensors",
      traceFile({ hook_embed: { shape: [1_000_000_000, 0], values: [] } }),
      /1000000000 tokens, at most 1048576/,
    ],
    ["weights.safetensors", traceFile({ "model.embed": { shape: [1], values: [1] } }), /no tensor has the name of a hook/],
  ];
  const { alert, queries, status } = parts(page);
  for (const [name, buffer, expected] of cases) {
    await openFile(page, name, buffer);
    await alert.getByText(name).waitFor();
    assert.match(await alert.textContent(), expected, name);
    assert.equal(await alert.count(), 1);
    assert.equal(await queries.count(), 15, `${name}: the result stays`);
    assert.match(await status.textContent(), /15 tokens/);
    await page.getByRole("button", { name: "Dismiss" }).click();
  }
  await openFile(page, "nan.safetensors", patternsOnly((values) => values.with(3, NaN)));
  await alert.waitFor();
  await shot("trace-refused");
});

pageTest("the weight that rests on an attention sink is drawn to a key of its own", async ({ page, open, shot }) => {
  await open();
  await firstResult(page);
  const about = { format: 1, tokens: TOKENS, token_form: "byte_level", model: { name: "elsewhere" } };
  const tensors = { "blocks.0.attn.hook_pattern": { shape: [2, 4, 4], values: Array(32).fill(0.125) } };
  const { alert, queries, keys, status } = parts(page);
  await openFile(page, "unmarked.safetensors", traceFile(tensors, about));
  await alert.getByText('"row_sums":"sinks"').waitFor();
  await openFile(page, "sinks.safetensors", traceFile(tensors, { ...about, row_sums: "sinks" }));
  await status.getByText("from sinks.safetensors").waitFor();
  assert.deepEqual([await queries.count(), await keys.count()], [4, 5]);
  assert.match(await keys.last().textContent(), /sink/);
  await keys.last().focus();
  await page.getByRole("status", { name: "Links of the focused token" }).getByText("0.5000").waitFor();
  await shot("sinks");
});

pageTest("rows of patterns computed in bf16 are rows, and added tokens are shown as they are written", async ({ page, open }) => {
  await open();
  await firstResult(page);
  // Python's recipe: the tokenizer's own tokens are in the byte alphabet, those that were added to it are text.
  const about = {
    format: 1, tokens: ["čau", "Ġcat", "Öl", "Ã©"], added_tokens: ["čau", "Öl"], token_form: "byte_level", model: { name: "elsewhere" },
  };
  const rows = [0.9975, 1.0022].flatMap((sum) => Array(16).fill(sum / 4));
  const { queries, status } = parts(page);
  await openFile(page, "recipe.safetensors", traceFile({ "blocks.0.attn.hook_pattern": { shape: [2, 4, 4], values: rows } }, about));
  await status.getByText("from recipe.safetensors").waitFor();
  assert.deepEqual(await words(queries), ["čau", "·cat", "Öl", "é"]);
});

pageTest("a file of cross-attention alone shows it, with its own layers and heads", async ({ page, open, shot }) => {
  await open();
  await firstResult(page);
  const about = { format: 1, tokens: TOKENS, decoder_tokens: ["le", "chat"], token_form: "plain", model: { name: "elsewhere" } };
  const values = Array(3 * 8).fill(0.25);
  await openFile(page, "cross.safetensors", traceFile({ "decoder.1.cross_attn.hook_pattern": { shape: [3, 2, 4], values } }, about));
  const { queries, keys, status } = parts(page);
  await status.getByText("2 layers × 3 heads").waitFor();
  assert.deepEqual([await queries.count(), await keys.count()], [2, 4]);
  const stacks = page.getByRole("radiogroup", { name: "Stack" });
  assert.equal(await stacks.getByRole("radio", { name: "Cross" }).isChecked(), true);
  assert.equal(await stacks.getByRole("radio", { name: "Encoder" }).count(), 0);
  await shot("cross-alone");
});

pageTest("the first example can be saved without any model", async ({ page, open, shot }) => {
  await open();
  await firstResult(page);
  const { save, dialog } = ways(page);
  await save.click();
  assert.equal(await dialog("Save as a trace").getByRole("radio", { name: /^Everything/ }).isDisabled(), true);
  await shot("save-dialog");
  assert.deepEqual(await accessibilityProblems(page), []);
  await page.keyboard.press("Escape");
  assert.equal(await dialog("Save as a trace").count(), 0);
  const { name, bytes, said } = await saved(page, "Patterns");
  assert.equal(name, "all-MiniLM-L6-v2-patterns.safetensors");
  assert.ok(said.includes(shownSize(bytes.length)), `${said}: ${bytes.length}`);
  assert.deepEqual(header(bytes).tensors["blocks.5.attn.hook_pattern"].shape, [12, 15, 15]);
});

/** The weights that the fourth token gives the others in head 7 of layer 3, pinned. */
async function weightsOfL3H7(page) {
  const { layer, head, allHeads, queries, keys } = parts(page);
  await layer.selectOption("3");
  await allHeads.click();
  await head(7).dblclick();
  await page.keyboard.press("Escape");
  await queries.nth(3).click();
  await page.mouse.move(2, 2);
  await page.getByText("L3H7", { exact: true }).filter({ visible: true }).first().waitFor();
  // Weights of one row, and no means any more.
  await page.waitForFunction(() => document.querySelector(".tokens.key .token.measured"));
  return numbers(keys);
}

pageTest("page to Python to page: equal numbers", async ({ page, open, shot }) => {
  await open();
  await liveResult(page);
  const { status } = parts(page);
  const before = await weightsOfL3H7(page);
  const { bytes, said } = await saved(page, "Patterns, q, k, v");
  assert.ok(said.includes(shownSize(bytes.length)), `${said}: ${bytes.length}`);
  const { tensors, about } = header(bytes);
  assert.deepEqual(tensors["blocks.3.attn.hook_q"].shape, [15, 12, 32]);
  assert.equal(about.text, "The cat sat on the mat");
  assert.deepEqual(about.model.quantisation, "F32");

  const folder = mkdtempSync(path.join(tmpdir(), "headlight-round-"));
  try {
    writeFileSync(path.join(folder, "in.safetensors"), bytes);
    // Through numpy arrays: what Python writes is another file with the same numbers.
    const script = `
import json, sys
from safetensors import safe_open
from safetensors.numpy import load_file, save_file
with safe_open("in.safetensors", framework="numpy") as file:
    metadata = file.metadata()
about = json.loads(metadata["headlight"])
about["model"]["name"] += " through Python"
tensors = load_file("in.safetensors")
assert abs(tensors["blocks.3.attn.hook_pattern"].sum(-1) - 1).max() < 1e-5
save_file({name: tensors[name].copy() for name in reversed(sorted(tensors))}, "out.safetensors", {"headlight": json.dumps(about)})
print(json.dumps(tensors["blocks.3.attn.hook_pattern"][7, 3].tolist()))
`;
    const printed = execFileSync(process.env.HEADLIGHT_PYTHON, ["-c", script], { cwd: folder, encoding: "utf8" });
    const weights = JSON.parse(printed);
    assert.ok(weights.every((weight, key) => Math.abs(weight - before[key]) < 6e-4), `${printed}\n${before}`);
    await openFile(page, "out.safetensors", readFileSync(path.join(folder, "out.safetensors")));
  } finally {
    rmSync(folder, { recursive: true });
  }
  await status.getByText("through Python, F32 · 15 tokens").waitFor();
  assert.deepEqual(await weightsOfL3H7(page), before);
  // Queries and keys came along: the neuron view works without a model.
  await page.getByRole("tab", { name: "Neuron view" }).click();
  await page.getByText("attn_scale").first().waitFor();
  await shot("trace-neuron-view");
});

pageTest("queries and keys alone give the patterns of the run", async ({ page, open, shot }) => {
  await open();
  await liveResult(page);
  const { status } = parts(page);
  const before = await weightsOfL3H7(page);
  const { name, bytes } = await saved(page, "q, k only");
  assert.equal(name, "all-MiniLM-L6-v2-attention.safetensors");
  const names = Object.keys(header(bytes).tensors);
  assert.ok(names.includes("blocks.3.attn.hook_k") && !names.some((name) => /hook_(pattern|v)$/.test(name)), `${names}`);
  await openFile(page, "qk.safetensors", bytes);
  await status.getByText("from qk.safetensors").waitFor();
  assert.deepEqual(await weightsOfL3H7(page), before);
  // No pattern is in the file, so none can be saved again.
  const { save, dialog } = ways(page);
  await save.click();
  const choice = (label) => dialog("Save as a trace").getByRole("radio", { name: label });
  assert.deepEqual([await choice(/^Patterns ?not/).isDisabled(), await choice(/^q, k only/).isDisabled()], [true, false]);
  await shot("save-queries-and-keys");
});

pageTest("a run of a language model is saved whole and at half size", async ({ page, open }) => {
  await open();
  await firstResult(page);
  await pickModel(page, SMOLLM2);
  await run(page, "When Mary and John");
  await parts(page).status.getByText(/· 4 tokens/).waitFor();
  const { bytes, said } = await saved(page, "Everything", "f16");
  assert.ok(said.includes(shownSize(bytes.length)), `${said}: ${bytes.length}`);
  const { tensors, about } = header(bytes);
  assert.equal(tensors["blocks.29.mlp.hook_post"].dtype, "F16");
  assert.deepEqual(tensors.logits.shape, [4, 49152]);
  assert.equal(about.model.quantisation, "Q4_1");
  await openFile(page, "all.safetensors", bytes);
  await parts(page).status.getByText("from all.safetensors").waitFor();
});
