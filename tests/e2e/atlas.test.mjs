// Atlases of heads: files that are dropped or picked are shown without a model, with keyboard and saved files; examples open in the views.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { accessibilityProblems, pageTest } from "./support.mjs";
import { firstResult, parts } from "./page.mjs";

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
  await page.setViewportSize({ width: 1280, height: 800 });
  // A bad file says what is wrong, and what is open stays.
  const whole = makeAtlas(2, 4, "two");
  await page.getByLabel("Atlas file").setInputFiles(file("cut.safetensors", whole.subarray(0, whole.length - 4)));
  await parts(page).alert.getByText(/cut\.safetensors: tensor .* \(the file is not whole\)/).waitFor();
  await atlas.getByRole("heading", { name: "L1H2" }).waitFor();
});
