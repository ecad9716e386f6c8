// Models from disk: picked, dropped, incomplete, without a tokenizer, and one of half a gigabyte.

import assert from "node:assert/strict";
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { after } from "node:test";
import { checkpointCase } from "./checkpoints.mjs";
import { MINILM, distance, firstResult, inspect, numbers, parts, pickModel, result, run, words } from "./page.mjs";
import { makeGpt2Small } from "./make_gpt2_small.mjs";
import { exposeWorker, modelsFolder, pageTest } from "./support.mjs";

const scratch = path.join(os.tmpdir(), `headlight-disk-${process.pid}`);
mkdirSync(scratch, { recursive: true });
after(() => rmSync(scratch, { recursive: true, force: true }));

const golden = (name) => path.join(process.env.HEADLIGHT_FIXTURES, "golden", name);

/** A folder with some files of a small checkpoint, and others. */
function folder(name, from, files, more = {}) {
  const made = path.join(scratch, name);
  mkdirSync(made, { recursive: true });
  for (const file of files) cpSync(path.join(golden(from), file), path.join(made, file));
  for (const [file, text] of Object.entries(more)) writeFileSync(path.join(made, file), text);
  return made;
}

const ALL = ["config.json", "tokenizer.json", "model.safetensors"];

function dialog(page) {
  const box = page.getByRole("dialog", { name: "More models" });
  return {
    box,
    open: page.getByRole("button", { name: "More models" }),
    folder: box.getByLabel("Folder"),
    files: box.getByLabel("Files"),
    alert: box.getByRole("alert"),
    found: box.getByRole("region", { name: "Found" }),
  };
}

async function loads(page, name) {
  await parts(page).status.getByText(`${name} (from disk) · `).waitFor();
}

pageTest("a folder is picked, run, and nothing leaves the machine", async ({ page, open, shot }) => {
  await open();
  await firstResult(page);
  const { open: button, folder: field, box } = dialog(page);
  await button.click();
  await box.getByText("Nothing leaves this machine").waitFor();
  const requests = [];
  page.on("request", (request) => requests.push(`${request.method()} ${new URL(request.url()).pathname.split("/").at(-1)}`));
  await field.setInputFiles(folder("tiny-llama", "llama", ALL, { "README.md": "# Mine" }));
  await loads(page, "tiny-llama");
  await page.getByText("nothing leaves this machine").first().waitFor();
  assert.ok(requests.every((request) => request.startsWith("GET ")), requests.join(", "));
  assert.ok(!requests.some((request) => /safetensors|config|tokenizer/.test(request)), requests.join(", "));
  await shot("from-disk");
  await pickModel(page, MINILM);
});

pageTest("files are picked: weights in parts, and a vocabulary in place of tokenizer.json", async ({ page, open }) => {
  await open();
  await firstResult(page);
  const { open: button, files: field } = dialog(page);
  const vocabulary = JSON.parse(readFileSync(path.join(golden("bert"), "tokenizer.json"), "utf8")).model.vocab;
  const tokens = Object.entries(vocabulary).toSorted((a, b) => a[1] - b[1]).map(([token]) => `${token}\n`);
  const made = folder("in-parts", "bert", ["config.json"], { "vocab.txt": tokens.join("") });
  const parts = split(readFileSync(path.join(golden("bert"), "model.safetensors")));
  parts.forEach((part, index) => writeFileSync(path.join(made, `model-0000${index + 1}-of-00002.safetensors`), part));
  const names = ["config.json", "vocab.txt", "model-00002-of-00002.safetensors", "model-00001-of-00002.safetensors"];
  await button.click();
  await field.setInputFiles(names.map((name) => path.join(made, name)));
  await loads(page, "model-00002-of-00002.safetensors");
});

/** A safetensors file in two. */
function split(bytes) {
  const start = 8 + Number(bytes.readBigUInt64LE(0));
  const tensors = Object.entries(JSON.parse(bytes.toString("utf8", 8, start))).filter(([name]) => name !== "__metadata__");
  return [0, 1].map((half) => {
    let at = 0;
    const header = {};
    const data = [];
    for (const [name, tensor] of tensors.filter((_, index) => index % 2 === half)) {
      const [first, end] = tensor.data_offsets;
      header[name] = { ...tensor, data_offsets: [at, at + end - first] };
      data.push(bytes.subarray(start + first, start + end));
      at += end - first;
    }
    const json = Buffer.from(JSON.stringify(header));
    const head = Buffer.alloc(8);
    head.writeBigUInt64LE(BigInt(json.length));
    return Buffer.concat([head, json, ...data]);
  });
}

pageTest("DeBERTa's scores are a sum, with a map of each part", async ({ page, open, shot }) => {
  await open();
  await firstResult(page);
  const { open: button, folder: field } = dialog(page);
  await button.click();
  await field.setInputFiles(folder("tiny-deberta", "deberta_v2", ALL));
  await loads(page, "tiny-deberta");
  await page.getByTitle("About this model").click();
  const facts = page.getByRole("table", { name: "What was read of the model" });
  assert.match(await facts.innerText(), /deberta-v2, an encoder[^]*products of contents with contents, contents with positions/);
  await page.getByTitle("About this model").click();
  await run(page, "The cat sat on the mat");
  await page.getByRole("tab", { name: "Neuron view" }).click();
  const maps = page.getByRole("region", { name: "Parts of the scores" });
  await maps.getByText("position → content").waitFor();
  const score = page.getByText(/^Score .* content → content \+ .* content → position \+ .* position → content$/);
  await score.waitFor();
  const before = await score.textContent();
  const [sum, ...addends] = before.match(/−?\d+\.\d+/g).map((number) => Number(number.replace("−", "-")));
  assert.ok(Math.abs(sum - addends.reduce((a, b) => a + b)) < 0.021, before);
  await maps.getByRole("img").nth(2).click({ position: { x: 4, y: 4 } });
  await page.waitForFunction((before) => document.querySelector(".score-parts")?.textContent !== before, before);
  await shot("parts-of-scores");
});

pageTest("the experts that a token goes to are listed, and one is removed", async ({ page, open, shot }) => {
  await open();
  await firstResult(page);
  const { open: button, folder: field } = dialog(page);
  await button.click();
  await field.setInputFiles(folder("tiny-experts", "qwen2_moe", ALL));
  await loads(page, "tiny-experts");
  await page.getByTitle("About this model").click();
  const facts = page.getByRole("table", { name: "What was read of the model" });
  const said = /layers 0–1 send each token to 2 of 4 experts \(12 wide\), and to one that all share \(20 wide\)/;
  assert.match(await facts.innerText(), said);
  await page.getByTitle("About this model").click();
  await run(page, "The cat sat on the mat");
  await page.getByRole("tab", { name: "Stream view" }).click();
  const grid = page.getByRole("grid", { name: "Stream: layers by positions" });
  await grid.focus();
  await page.keyboard.press("Shift+End");
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Enter");
  const written = page.getByRole("region", { name: "Written at the chosen cell" });
  const experts = written.getByRole("rowheader").filter({ hasText: /^expert \d × 0\.\d{3}/ });
  await experts.nth(1).waitFor();
  assert.equal(await experts.count(), 2);
  await written.getByRole("rowheader", { name: /^shared expert × 0\.\d{3}$/ }).waitFor();
  await shot("experts");
  const before = await experts.allInnerTexts();
  const gone = Number(before[0].match(/expert (\d)/)[1]);
  await written.getByRole("button", { name: `Remove expert ${gone} for this token` }).click();
  await inspect(page, "Change");
  await page.getByText(new RegExp(`^Remove expert ${gone} of layer \\d for`)).first().waitFor();
});

pageTest("what is missing is named, and what only Python reads is converted", async ({ page, open, shot }) => {
  await open();
  await firstResult(page);
  const { open: button, folder: field, alert, found } = dialog(page);
  await button.click();
  const cases = [
    [["model.safetensors", "tokenizer.json"], {}, /config.json is missing: it says what the weights in model.safetensors are/],
    [["config.json", "tokenizer.json"], {}, /The weights are missing: a \*.safetensors file belongs beside config.json/],
    [["config.json"], { "model-00001-of-00002.safetensors": "" }, /model-00002-of-00002.safetensors is missing/],
    [["config.json"], { "last.pt": "x" }, /last.pt .* only Python reads/],
  ];
  for (const [number, [files, more, expected]] of cases.entries()) {
    await field.setInputFiles(folder(`missing-${number}`, "llama", files, more));
    await alert.filter({ hasText: expected }).waitFor();
  }
  assert.match(await found.locator("code").textContent(), /torch.load\("last.pt".*\n.*save_file/);
  await shot("from-disk-convert");
  await result(page, 15);
});

pageTest("a corrupt file never takes the page down", async ({ page, open }) => {
  await open();
  await firstResult(page);
  const { open: button, folder: field, box } = dialog(page);
  const weights = readFileSync(path.join(golden("llama"), "model.safetensors"));
  const cases = [
    ["cut", { "model.safetensors": weights.subarray(0, 300_000) }, /not whole/],
    ["noise", { "model.safetensors": Buffer.alloc(5_000, 0x5a) }, /header/],
    ["config", { "config.json": "{" }, /config.json: .*JSON/i],
    ["tokenizer", { "tokenizer.json": "[]" }, /tokenizer.json/i],
  ];
  for (const [name, more, expected] of cases) {
    if (!(await box.isVisible())) await button.click();
    await field.setInputFiles(folder(`corrupt-${name}`, "llama", ALL, more));
    await parts(page).alert.filter({ hasText: expected }).waitFor();
  }
  const others = [
    ["gguf", [], { "m.gguf": Buffer.from("GGUF\x03\0\0\0") }, /m.gguf/],
    ["pieces", ["config.json", "model.safetensors"], { "spiece.model": Buffer.alloc(500, 0xff) }, /spiece.model/],
    ["own", ["model.safetensors", "tokenizer.json"], { "config.json": '{"d_model": 24, "d_head": 6, "n_heads": 4, "n_ctx": 64}' }, /config.json: .*n_layers|d_vocab/],
  ];
  for (const [name, files, more, expected] of others) {
    if (!(await box.isVisible())) await button.click();
    await field.setInputFiles(folder(`corrupt-${name}`, "t5", files, more));
    await parts(page).alert.filter({ hasText: expected }).waitFor();
  }
  await result(page, 15);
  await button.click();
  await field.setInputFiles(folder("whole-again", "llama", ALL));
  await loads(page, "whole-again");
});

pageTest("one’s own model without a tokenizer reads ids, with labels where there are any", async ({ page, open, shot }) => {
  await open();
  await firstResult(page);
  const { open: button, folder: field, found } = dialog(page);
  const labels = ["zero", "one", "two", "three", "four", "five", "six", "seven"].join("\n");
  await button.click();
  await field.setInputFiles(folder("own", "gpt2", ["config.json", "model.safetensors"], { "labels.txt": labels }));
  await found.getByText("reads token ids instead of text, shown with the labels of labels.txt").waitFor();
  await shot("without-tokenizer");
  await found.getByRole("button", { name: /^Load/ }).click();
  await loads(page, "own");
  const { queries } = parts(page);
  assert.deepEqual(await queries.evaluateAll((rows) => rows.map((row) => row.querySelector("bdi").textContent)), labels.split("\n"));
  assert.equal(await page.getByRole("textbox", { name: "Token ids" }).inputValue(), "0, 1, 2, 3, 4, 5, 6, 7");
  await shot("ids-with-labels");
});

/** A SentencePiece model file with the pieces of a Unigram tokenizer.json. */
function sentencePieceFile({ model }) {
  const field = (number, bytes) => {
    const length = [];
    let rest = bytes.length;
    for (; rest > 0x7f; rest >>= 7) length.push((rest & 0x7f) | 0x80);
    return Buffer.concat([Buffer.from([(number << 3) | 2, ...length, rest]), bytes]);
  };
  const pieces = model.vocab.map(([text, score], id) => {
    const number = Buffer.alloc(4);
    number.writeFloatLE(score);
    const kind = id === model.unk_id ? 2 : text.startsWith("<") ? 3 : 1;
    return field(1, Buffer.concat([field(1, Buffer.from(text)), Buffer.from([(2 << 3) | 5]), number, Buffer.from([3 << 3, kind])]));
  });
  return Buffer.concat(pieces);
}

pageTest("a translator with SentencePiece files reads a text and its target", async ({ page, open, shot }) => {
  await open();
  await firstResult(page);
  const { open: button, folder: field } = dialog(page);
  const tokenizer = JSON.parse(readFileSync(path.join(golden("marian"), "tokenizer.json"), "utf8"));
  const pieces = sentencePieceFile(tokenizer);
  const vocabulary = Object.fromEntries(tokenizer.model.vocab.map(([text], id) => [text, id]));
  const files = { "source.spm": pieces, "target.spm": pieces, "vocab.json": JSON.stringify(vocabulary) };
  await button.click();
  await field.setInputFiles(folder("translator", "marian", ["config.json", "model.safetensors"], files));
  await loads(page, "translator");
  const expected = checkpointCase("marian", 1);
  const { text, pair, run: runIt, status, queries, keys } = parts(page);
  await text.fill(expected.text);
  await pair.fill("");
  await page.getByRole("textbox", { name: "Target" }).fill(expected.text_pair);
  await runIt.click();
  await status.getByText(`· ${expected.tokens.length} tokens → ${expected.decoder_tokens.length} ·`).waitFor();
  await page.getByRole("radiogroup", { name: "Stack" }).getByRole("radio", { name: "Cross" }).click();
  const shown = (tokens) => tokens.map((token) => token.replaceAll("▁", "·"));
  await keys.nth(expected.tokens.length - 1).waitFor();
  assert.deepEqual(await words(keys), shown(expected.tokens));
  assert.deepEqual(await words(queries), shown(expected.decoder_tokens));
  await shot("translator-with-sentencepiece");
});

pageTest("an attention-only model of TransformerLens opens in every view", async ({ page, open, shot }) => {
  await open();
  await firstResult(page);
  const { open: button, folder: field } = dialog(page);
  await button.click();
  await field.setInputFiles(folder("attn-only-2l", "attn_only", ALL));
  await loads(page, "attn-only-2l");
  const expected = checkpointCase("attn_only", 0);
  await run(page, expected.text);
  await result(page, expected.tokens.length);
  const { layer, head, pressedHeads, queries, keys } = parts(page);
  await layer.selectOption("1");
  await head(2).click();
  while ((await pressedHeads.count()) !== 1 || (await head(2).getAttribute("aria-pressed")) !== "true") {
    await head(2).dblclick();
  }
  await page.getByText("L1H2", { exact: true }).filter({ visible: true }).first().waitFor();
  const last = expected.tokens.length - 1;
  await queries.nth(last).focus();
  await page.waitForFunction((row) => document.activeElement?.dataset.row === String(row), last);
  assert.ok(distance(await numbers(keys), expected.row("attentions.1", 2, last)) < 1e-3);
  await queries.nth(last).click();
  await page.getByRole("tab", { name: "Neuron view" }).click();
  const neuron = page.getByRole("tabpanel", { name: "Neuron view" });
  await neuron.getByRole("listbox", { name: "Query tokens" }).getByRole("option").nth(last).waitFor();
  await shot("attention-only-neuron");
  await page.getByRole("tab", { name: "Model view" }).click();
  await page.locator("#cell-l1h2").waitFor();
  await shot("attention-only-model");
});

pageTest("only the first layers are loaded where that is wanted", async ({ page, open }) => {
  await open();
  await firstResult(page);
  const { open: button, folder: field, box } = dialog(page);
  await button.click();
  await box.getByRole("spinbutton", { name: "Only the first layers" }).fill("1");
  await field.setInputFiles(folder("layers", "llama", ALL));
  await parts(page).status.getByText(/layers, first 1 layers \(from disk\) · .* 1 layers × /).waitFor();
});

pageTest("files that are dropped anywhere are opened", async ({ page, open }) => {
  await open();
  await firstResult(page);
  const bytes = Object.fromEntries(ALL.map((file) => [file, readFileSync(path.join(golden("gpt2"), file)).toString("base64")]));
  await page.evaluate((files) => {
    const transfer = new DataTransfer();
    for (const [name, base64] of Object.entries(files)) {
      const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
      transfer.items.add(new File([bytes], name));
    }
    document.body.dispatchEvent(new DragEvent("drop", { dataTransfer: transfer, bubbles: true, cancelable: true }));
  }, bytes);
  await loads(page, "model.safetensors");
});

pageTest("half a gigabyte of GPT-2 small loads from disk, in its memory, with steady progress", async ({ page, open, shot, t }) => {
  const made = makeGpt2Small(path.join(path.dirname(modelsFolder), "made"));
  await exposeWorker(page);
  await open();
  await firstResult(page);
  const { open: button, folder: field, found } = dialog(page);
  await button.click();
  await field.setInputFiles(made);
  await found.getByText("It needs about 598 MB of memory").waitFor();
  // How long the page stood still, and how the progress went.
  await page.evaluate(() => {
    const seen = (window.seen = { steps: [], longestFrameMs: 0, nFrames: 0 });
    const bar = document.querySelector("[role=progressbar]");
    new MutationObserver(() => seen.steps.push([performance.now(), Number(bar.getAttribute("aria-valuenow"))])).observe(bar, {
      attributes: true,
      attributeFilter: ["aria-valuenow"],
    });
    let last = performance.now();
    const frame = (now) => {
      seen.longestFrameMs = Math.max(seen.longestFrameMs, now - last);
      seen.nFrames += 1;
      last = now;
      requestAnimationFrame(frame);
    };
    requestAnimationFrame(frame);
  });
  const start = Date.now();
  await found.getByRole("button", { name: /^Load/ }).click();
  await parts(page).status.getByText("loading").waitFor();
  await shot("loading-500-mb");
  await parts(page).status.getByText("gpt2-small-random (from disk) · ").waitFor();
  const { steps, longestFrameMs, nFrames } = await page.evaluate(() => window.seen);
  const percents = steps.map(([, percent]) => percent).filter((percent) => percent > 0);
  const values = new Set(percents);
  // Of the loading; what follows is the run's.
  const loaded = percents.slice(0, percents.indexOf(100) + 1);
  const jumps = loaded.slice(1).map((percent, index) => percent - loaded[index]);
  const waits = steps.slice(1).map(([at], index) => at - steps[index][0]);
  const memory = await page.workers()[0].evaluate(() => self.exportsForTest.memory.buffer.byteLength);
  t.diagnostic(
    `${Date.now() - start} ms to the result, ${values.size} values of progress, at most ${Math.round(Math.max(...waits))} ms apart, ` +
      `${nFrames} frames, the longest ${Math.round(longestFrameMs)} ms, ${Math.round(memory / 1e6)} MB of WebAssembly memory`,
  );
  // Reports are 50 ms apart or more; a fast machine reads the whole in little more than a second.
  assert.ok(values.size >= 20, `only ${values.size} values of progress`);
  assert.ok(Math.min(...jumps) >= 0 && Math.max(...jumps) <= 10, `progress goes back or jumps: ${loaded.join(" ")}`);
  assert.ok(memory < 700e6, `${memory} bytes for 498 MB of weights`);
  assert.ok(longestFrameMs < 1_000, `the page stood still for ${longestFrameMs} ms`);
  // Another model frees it, and the text is back.
  await pickModel(page, MINILM);
  await result(page, 15);
  assert.equal(page.workers().length, 1);
  const after = await page.workers()[0].evaluate(() => self.exportsForTest.memory.buffer.byteLength);
  assert.ok(after < 300e6, `${after} bytes after another model was loaded`);
}, { timeout: 600_000 });
