// Atlases of heads: made in the page, or files that are dropped or picked and shown without a model, with keyboard and saved files; examples
// open in the views.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import path from "node:path";
import { fromFolder, serve } from "./host.mjs";
import { accessibilityProblems, distFile, pageTest } from "./support.mjs";
import { firstResult, parts, run } from "./page.mjs";

const SCORES = ["entropy", "distance", "self"];

/** An atlas of a model of so many layers and heads: entropy is the head's place, distance falls with it, self is one of two values. */
function makeAtlas(nLayers, nHeads, model) {
  const nAll = nLayers * nHeads;
  const mean = (head, score) => [head, nAll - head, head % 2][score];
  const numbers = (stat) => Array.from({ length: nAll * 3 }, (_, at) => [0, -0.5, 0.5][stat] + mean(Math.floor(at / 3), at % 3));
  const scores = Float32Array.from([0, 1, 2].flatMap(numbers).concat(Array(nAll * 3).fill(9)));
  const tensors = [["scores", "F32", [4, nLayers, nHeads, 3], scores]];
  for (let head = 0; head < nAll; head += 1) {
    const name = (part) => `examples.${Math.floor(head / nHeads)}.${head % nHeads}.entropy.${part}`;
    tensors.push(
      [name("ids"), "I32", [2, 4], Int32Array.from([101, 1996, 4937, 102, 101, 1996, 102, -1])],
      [name("lengths"), "I32", [2], Int32Array.from([4, 3])],
      [name("positions"), "I32", [2, 2], Int32Array.from([1, 2, 2, 1])],
      [name("values"), "F32", [2], Float32Array.from([head + 1, head])],
      [name("decile"), "I32", [2], Int32Array.from([-1, 0])],
    );
  }
  const about = {
    format: 1, model, quantisation: "F32", edits: [], corpus: "made:texts:9", corpus_hash: "0", n_texts: 9, n_tokens: 64, scores: SCORES, seed: 0,
    token_form: "wordpiece", tokens: { 101: "[CLS]", 102: "[SEP]", 1996: "the", 4937: "cat" },
  };
  let offset = 0;
  const entries = tensors.map(([name, dtype, shape, values]) => {
    const entry = [name, { dtype, shape, data_offsets: [offset, offset + values.byteLength] }];
    offset += values.byteLength;
    return entry;
  });
  const json = Buffer.from(JSON.stringify({ __metadata__: { headlight_atlas: JSON.stringify(about) }, ...Object.fromEntries(entries) }));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(json.length));
  return Buffer.concat([length, json, ...tensors.map((tensor) => Buffer.from(tensor[3].buffer))]);
}

const file = (name, buffer) => ({ name, mimeType: "application/octet-stream", buffer });

/** Drops a file anywhere on the page. */
async function drop(page, name, bytes) {
  const data = await page.evaluateHandle(([name, bytes]) => {
    const data = new DataTransfer();
    data.items.add(new File([Uint8Array.from(bytes)], name));
    return data;
  }, [name, [...bytes]]);
  await page.dispatchEvent("body", "drop", { dataTransfer: data });
}

/** Makes a set of short texts, and gives the form of an atlas. */
async function makeTexts(page, nRows) {
  await page.getByRole("combobox", { name: "Made set" }).selectOption({ label: "texts" });
  await page.getByRole("textbox", { name: "Rows", exact: true }).fill(String(nRows));
  await page.getByRole("button", { name: "Make set" }).click();
  await page.getByRole("status", { name: "Chosen set" }).getByText(`texts (made, seed 0): ${nRows} rows`).waitFor();
  const section = page.getByRole("region", { name: "Atlas of heads" });
  return {
    cut: section.getByRole("textbox", { name: "Cut at tokens" }),
    make: section.getByRole("button", { name: "Make the atlas" }),
    progress: section.getByRole("status", { name: "Progress of the atlas" }),
  };
}

pageTest("an atlas that is dropped shows its heads, one head's examples, and opens one in the views", async ({ page, open, shot }) => {
  await open();
  await firstResult(page);
  await drop(page, "heads.safetensors", makeAtlas(6, 12, "all-MiniLM-L6-v2"));
  await page.getByRole("tab", { name: "Find view", selected: true }).waitFor();
  const atlas = page.getByRole("region", { name: "Atlas heads.safetensors" });
  await atlas.getByText("Model: all-MiniLM-L6-v2 (F32), 6 × 12 heads, without edits.").waitFor();
  const field = atlas.getByRole("group", { name: "Heads by entropy and distance" });
  const points = field.getByRole("button");
  assert.equal(await points.count(), 72);
  // Arrow keys go along an axis, Enter chooses.
  await points.nth(3).focus();
  await page.keyboard.press("ArrowRight");
  await page.keyboard.press("ArrowUp");
  await page.keyboard.press("ArrowRight");
  assert.match(await page.evaluate(() => document.activeElement.getAttribute("aria-label")), /^L0H4: entropy 4\.0000, distance 68\.00, group \d$/);
  await page.keyboard.press("Enter");
  const head = atlas.getByRole("region", { name: "Head of the atlas" });
  await head.getByRole("heading", { name: "L0H4" }).waitFor();
  const row = head.getByRole("table", { name: "Scores of the head" }).getByRole("row").filter({ hasText: "entropy" });
  assert.deepEqual(await row.getByRole("cell").allTextContents(), ["4.0000", "3.5000 to 4.5000", "9"]);
  const examples = head.getByRole("table", { name: "Examples of the head" });
  assert.deepEqual(await examples.getByRole("rowheader").allTextContents(), ["highest", "tenth 1"]);
  assert.equal(await examples.locator(".atlas-text").first().textContent(), "[CLS]thecat[SEP]");
  assert.equal(await examples.locator(".link-to").first().textContent(), "cat");
  await shot("atlas-scatter");
  assert.deepEqual(await accessibilityProblems(page), []);
  // The page shows a trace so far: the model comes first.
  await examples.getByRole("button", { name: "Open example 1 in the head view" }).click();
  await parts(page).alert.getByText("load all-MiniLM-L6-v2, then open the example again").waitFor();
  await page.getByRole("tab", { name: "Head view" }).click();
  await parts(page).run.click();
  await parts(page).status.getByText(/ ms$| s$/).waitFor();
  await page.getByRole("tab", { name: "Find view" }).click();
  await examples.getByRole("button", { name: "Open example 1 in the head view" }).click();
  await page.getByRole("tab", { name: "Head view", selected: true }).waitFor();
  await parts(page).queries.filter({ hasText: "cat" }).first().waitFor();
  assert.equal(await parts(page).layer.inputValue(), "0");
  assert.deepEqual(await parts(page).pressedHeads.allTextContents(), ["4"]);
});

pageTest("an atlas is laid out by likeness and on the map, stands beside another one, and is saved", async ({ page, open, shot }) => {
  await open();
  await firstResult(page);
  await page.getByRole("tab", { name: "Find view" }).click();
  await page.getByLabel("Atlas file").setInputFiles(file("one.safetensors", makeAtlas(6, 12, "one")));
  const atlas = page.getByRole("region", { name: "Atlas one.safetensors" });
  await atlas.waitFor();
  await page.getByRole("radio", { name: "Likeness" }).check({ force: true });
  await atlas.getByText(/Principal components of 3 scores that every head has/).waitFor();
  // Entropy and distance are one direction, self is another: 2 of 3 and 1 of 3 standardised scores.
  await atlas.getByText("component 1 (67 % of variance) →").waitFor();
  await shot("atlas-likeness");
  await page.getByLabel("Another one beside it").setInputFiles(file("two.safetensors", makeAtlas(2, 4, "two")));
  await page.getByRole("region", { name: "Atlas two.safetensors" }).waitFor();
  await page.getByRole("radio", { name: "Map" }).check({ force: true });
  await atlas.getByRole("button", { name: "L1H2: 14.00, 95 % 13.50 to 14.50" }).click();
  await atlas.getByRole("heading", { name: "L1H2" }).waitFor();
  await page.getByRole("region", { name: "Atlas two.safetensors" }).getByRole("heading", { name: "L1H2" }).waitFor();
  await shot("atlas-two");
  const saved = async (name) => {
    const [download] = await Promise.all([page.waitForEvent("download"), atlas.getByRole("button", { name, exact: true }).click()]);
    return [download.suggestedFilename(), readFileSync(await download.path(), "utf8")];
  };
  const [csvName, csv] = await saved("Save CSV");
  assert.equal(csvName, "one-scores.csv");
  assert.equal(csv.split("\n")[1], "0,0,entropy,0.000000,-0.500000,0.500000,9");
  assert.equal(JSON.parse((await saved("Save JSON"))[1]).heads[14].scores.entropy.mean, 14);
  const [headName, head] = await saved("Save this head as JSON");
  assert.equal(headName, "one-L1H2.json");
  assert.deepEqual(JSON.parse(head).examples.entropy[0].tokens, ["[CLS]", "the", "cat", "[SEP]"]);
  await page.setViewportSize({ width: 390, height: 844 });
  await page.waitForTimeout(200);
  assert.equal(await page.evaluate(() => document.documentElement.scrollWidth > innerWidth), false);
  await shot("atlas-phone");
  // On a phone too a point is a dot, whatever size its button has.
  await page.getByRole("radio", { name: "Two measures" }).check({ force: true });
  const dots = await atlas.locator(".points button").evaluateAll((points) => points.map((point) => getComputedStyle(point, "::before").width));
  assert.deepEqual([...new Set(dots)], ["10px"]);
  await page.setViewportSize({ width: 1280, height: 800 });
  // A bad file says what is wrong, and what is open stays.
  const whole = makeAtlas(2, 4, "two");
  await page.getByLabel("Atlas file").setInputFiles(file("cut.safetensors", whole.subarray(0, whole.length - 4)));
  await parts(page).alert.getByText(/cut\.safetensors: tensor .* \(the file is not whole\)/).waitFor();
  await atlas.getByRole("heading", { name: "L1H2" }).waitFor();
});

pageTest("an atlas is made in the page with the numbers of the command line, and its file opens again without a model", async ({ page, open, shot }) => {
  await open();
  await firstResult(page);
  await page.getByRole("tab", { name: "Find view" }).click();
  const making = await makeTexts(page, 12);
  await making.cut.fill("12");
  await making.make.click();
  await making.progress.getByText("complete: 12 texts").waitFor();
  const name = "atlas-all-MiniLM-L6-v2--F32-made-texts-12.safetensors";
  const atlas = page.getByRole("region", { name: `Atlas ${name}` });
  await atlas.getByText("Corpus: made:texts:12, 12 texts, cut at 12 tokens.").waitFor();
  assert.equal(await page.getByRole("region", { name: /^Atlas atlas-/ }).count(), 1, "the whole one stands where the first eight texts stood");
  await shot("atlas-made");
  const saved = async (button) => {
    const [download] = await Promise.all([page.waitForEvent("download"), atlas.getByRole("button", { name: button, exact: true }).click()]);
    return [download.suggestedFilename(), readFileSync(await download.path())];
  };
  // headlight atlas --corpus made:texts:12 --tokens 12 --csv
  const csv = (await saved("Save CSV"))[1].toString().split("\n").map((line) => line.split(","));
  for (const [layer, head, score, ...numbers] of [
    ["0", "2", "entropy", 0.000865, 0.000402, 0.001441, 12],
    ["1", "4", "decay", -0.273106, -0.291012, -0.254835, 12],
    ["2", "7", "self_without", 0.00982, 0.007943, 0.011942, 12],
    ["3", "11", "entropy_without", 0.845413, 0.782013, 0.89898, 12],
    ["5", "8", "distance", 3.983314, 3.739239, 4.254136, 12],
  ]) {
    const line = csv.find((cells) => cells[0] === layer && cells[1] === head && cells[2] === score);
    const distances = numbers.map((number, at) => Math.abs(number - Number(line[at + 3])));
    assert.ok(Math.max(...distances) < 2e-5, `${line}`);
  }
  const [fileName, bytes] = await saved("Save atlas");
  assert.equal(fileName, name);
  await open();
  await firstResult(page);
  await drop(page, "again.safetensors", bytes);
  await page.getByRole("region", { name: "Atlas again.safetensors" }).getByText("Corpus: made:texts:12, 12 texts").waitFor();
});

pageTest("an atlas grows on the page, rests, lets a run go first, and keeps its texts when it is stopped", async ({ page, open, shot }) => {
  await open();
  await firstResult(page);
  await page.getByRole("tab", { name: "Find view" }).click();
  const making = await makeTexts(page, 3000);
  await making.make.click();
  await page.getByRole("region", { name: /^Atlas atlas-.*-\d+-of-3000\.safetensors$/ }).waitFor();
  await parts(page).status.getByText(/Atlas: \d+ of 3000 texts/).waitFor();
  await page.getByRole("button", { name: "Pause" }).click();
  await making.progress.getByText(/^Atlas rests at \d+ of 3000 texts$/).waitFor();
  const rested = Number((await making.progress.textContent()).match(/at (\d+) of/)[1]);
  await page.getByRole("region", { name: /^Atlas atlas-all-MiniLM-L6-v2--F32-made-texts-3000-\d+-of-3000\.safetensors$/ }).waitFor();
  await shot("atlas-growing");
  await run(page, "A run goes first");
  await page.getByRole("tab", { name: "Head view" }).click();
  await parts(page).queries.filter({ hasText: "goes" }).first().waitFor();
  await page.getByRole("tab", { name: "Find view" }).click();
  await page.getByRole("button", { name: "Go on" }).click();
  await page.waitForFunction((before) => {
    const found = document.querySelector("[aria-label='Progress of the atlas']").textContent.match(/^Atlas: (\d+) of/);
    return found && Number(found[1]) > before;
  }, rested);
  await parts(page).cancel.click();
  await making.progress.getByText(/^ended after \d+ of 3000 texts: stopped$/).waitFor();
  const n = Number((await making.progress.textContent()).match(/after (\d+)/)[1]);
  assert.ok(n > rested, `${n} ${rested}`);
  await page.getByRole("region", { name: /^Atlas / }).getByText(`made:texts:3000, ${n} texts, cut at 64 tokens`).waitFor();
});

pageTest("an atlas stands in a frame of another page without a model, and opens in the whole page from a link", async ({ page, open, shot }) => {
  const read = fromFolder(path.dirname(distFile("index.html")));
  const html = `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Elsewhere</title><link rel="icon" href="data:,">
    <script type="module" src="/headlight-view.js"></script></head><body><headlight-view src="heads.safetensors"></headlight-view></body></html>`;
  const atlas = makeAtlas(6, 12, "one");
  const host = await serve((name) => (name === "" ? html : name === "heads.safetensors" ? atlas : read(name)));
  try {
    const asked = [];
    page.on("request", (request) => asked.push(request.url()));
    await page.goto(`http://localhost:${host.port}/`);
    const frame = page.locator("headlight-view").locator("iframe").contentFrame();
    const heads = frame.getByRole("group", { name: "Heads by entropy and distance" }).getByRole("button");
    await heads.nth(71).waitFor();
    assert.equal(await heads.count(), 72);
    await heads.nth(17).focus();
    await page.keyboard.press("Enter");
    const head = frame.getByRole("region", { name: "Head of the atlas" });
    await head.getByRole("heading", { name: "L1H5" }).waitFor();
    assert.equal(await head.getByRole("table", { name: "Examples of the head" }).getByRole("button").count(), 0, "a frame has no other views");
    assert.equal(await frame.getByRole("button", { name: "Run" }).count(), 0);
    assert.ok(!asked.some((one) => /worker|model\.safetensors|\.gguf/.test(one)), "nothing of a model is loaded");
    await shot("atlas-embed");
    await page.route("**/heads.safetensors", (route) => route.fulfill({ body: atlas, contentType: "application/octet-stream" }));
    await open("#v=1&trace=heads.safetensors");
    await page.getByRole("region", { name: "Atlas heads.safetensors" }).getByText("Model: one").waitFor();
  } finally {
    await host.close();
  }
});
