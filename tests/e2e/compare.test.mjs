// The original, the other result and their change in all three views, what can be compared with, and editing where the thing is shown.

import assert from "node:assert/strict";
import { addEdit, openPanel, outcomeRow, soon, startSweep } from "./editing.mjs";
import { MINILM, SMOLLM2, distance, firstResult, golden, inspect, liveResult, numbers, parts, pickModel, result, run } from "./page.mjs";
import { accessibilityProblems, fixture, pageTest, url } from "./support.mjs";

const menu = (page) => page.getByRole("menu");
const item = (page, name) => menu(page).getByRole("menuitem", { name, exact: true });
const number = (text) => Number(text.replace("−", "-"));

/** Right click in the middle of something. */
async function rightClick(locator) {
  await locator.click({ button: "right" });
}

pageTest("a head zeroed by right click: original, edited and change in head, model and neuron view", async ({ page, open, shot }) => {
  await open();
  await liveResult(page);
  const { shown, panel } = await openPanel(page);
  await rightClick(parts(page).head(9));
  await item(page, "Uniform pattern of L2H9").click();
  await shown("Edited").waitFor();
  await soon(async () => ((await shown("Edited").isChecked()) ? null : "not yet"), "the edited result is shown");
  const { queries, keys, links } = parts(page);
  await queries.nth(2).click();
  const uniform = 1 / 15;
  await soon(async () => {
    const found = await numbers(keys);
    return distance(found, Array(15).fill(uniform)) < 1e-3 ? null : found.join(" ");
  }, "every weight is the same in B");
  // The difference is B minus A, with a legend of its own.
  await shown("Change").check({ force: true });
  const expected = golden("minilm", "the-cat-sat-on-the-mat").attention(2, 9, 2).map((weight) => uniform - weight);
  await soon(async () => {
    const found = (await keys.evaluateAll((rows) => rows.map((row) => row.querySelector(".weight").textContent))).map(number);
    return distance(found, expected) < 1.5e-3 ? null : found.join(" ");
  }, "the change in the head view");
  await page.getByText("Change. Orange: less weight than in the original; blue: more.").waitFor();
  await inspect(page, "Selected");
  assert.match(await links.locator(".number span").last().textContent(), /^[+−]\d/);
  await shot("difference-lines");
  await page.getByRole("radiogroup", { name: "Drawing" }).getByRole("radio", { name: "Matrix" }).check({ force: true });
  await shot("difference-matrix");
  // B, pressed in the view, goes round.
  await queries.first().focus();
  await page.keyboard.press("b");
  await soon(async () => ((await shown("Original").isChecked()) ? null : "not yet"), "the original is shown");
  await page.keyboard.press("b");
  await soon(async () => ((await shown("Edited").isChecked()) ? null : "not yet"), "the edited result is shown");
  await page.keyboard.press("b");
  await soon(async () => ((await shown("Change").isChecked()) ? null : "not yet"), "the change is shown");
  // The model view: nothing differs before layer 2, and the head says where it changed most.
  await page.getByRole("tab", { name: "Model view" }).click();
  const cell = (at, head) => page.locator(`#cell-l${at}h${head}`);
  await soon(async () => {
    const label = await cell(2, 9).getAttribute("aria-label");
    return /entropy \+0\.\d+ · largest change .+ → .+ −0\.\d+/.test(label) ? null : label;
  }, "the head's changes");
  await soon(async () => {
    const label = await cell(1, 3).getAttribute("aria-label");
    return /largest change .* [+−]0\.0000$/.test(label) ? null : label;
  }, "nothing in layer 1");
  await page.getByText("colour: change, orange less, blue more").waitFor();
  await shot("difference-model");
  // The neuron view: weights and products are differences; queries and keys of layer 2 are the same in both.
  await page.getByRole("tab", { name: "Neuron view" }).click();
  const neuronKeys = page.getByRole("tabpanel", { name: "Neuron view" }).getByRole("listbox", { name: "Key tokens" }).getByRole("option");
  await soon(async () => {
    const found = (await neuronKeys.evaluateAll((rows) => rows.map((row) => row.querySelector(".weight").textContent))).map(number);
    return distance(found, expected) < 1.5e-3 ? null : found.join(" ");
  }, "the change in the neuron view");
  await page.getByText("All numbers are changes").waitFor();
  await shot("difference-neuron");
  assert.deepEqual(await accessibilityProblems(page), []);
  await inspect(page, "Change");
  await panel.getByRole("button", { name: "Undo" }).click();
  await page.getByRole("radiogroup", { name: "Shown" }).waitFor({ state: "hidden" });
});

pageTest("edits where the thing is shown: edge, cell, row, token, neuron, cell of the map", async ({ page, open, shot }) => {
  await open();
  await liveResult(page);
  const { edits } = await openPanel(page);
  const listed = (name) => edits.getByRole("checkbox", { name, exact: true });
  const { queries, keys } = parts(page);
  // A token, by right click; then by keyboard with a key kept: the edge.
  await rightClick(keys.nth(2));
  await item(page, "Block “cat” (2) in layer 2").click();
  await listed("Block “cat” (2) in layer 2").waitFor();
  await keys.nth(0).click();
  await queries.nth(2).focus();
  await page.keyboard.press("e");
  await page.getByRole("menu", { name: "Edit “cat” → “[CLS]”" }).waitFor();
  await shot("menu-edge");
  await item(page, "Cut “cat” (2) → “[CLS]” (0) in L2H9").press("Enter");
  await listed("Cut “cat” (2) → “[CLS]” (0) in L2H9").waitFor();
  await page.keyboard.press("Escape");
  // A cell of the matrix, painted: the row sums to 1 again.
  await edits.getByRole("button", { name: "Clear all" }).click();
  await page.getByRole("radiogroup", { name: "Drawing" }).getByRole("radio", { name: "Matrix" }).check({ force: true });
  const box = await page.locator(".figure .scroller").boundingBox();
  const key = await keys.nth(5).boundingBox();
  const query = await queries.nth(3).boundingBox();
  await page.mouse.click(key.x + key.width / 2, query.y + query.height / 2, { button: "right" });
  assert.ok(box.y < query.y);
  await item(page, "Set weight to 0.5").click();
  await listed("Painted row of “sat” (3) in L2H9").waitFor();
  await page.keyboard.press("Escape");
  await queries.nth(3).click();
  await inspect(page, "Selected");
  await soon(async () => {
    const texts = await page.getByRole("region", { name: "Strongest links" }).locator("tbody tr").first().textContent();
    return texts.includes("0.5000") ? null : texts;
  }, "the painted weight");
  // A neuron, in the neuron view.
  await inspect(page, "Change");
  await edits.getByRole("button", { name: "Clear all" }).click();
  await page.getByRole("tab", { name: "Neuron view" }).click();
  await inspect(page, "Selected");
  const ranked = page.getByRole("region", { name: "Neurons of the pair" }).getByRole("button", { name: /^neuron/ }).first();
  const name = await ranked.textContent();
  await ranked.focus();
  await page.keyboard.press("e");
  await item(page, `Zero query ${name}`).press("Enter");
  await listed(`Scale query ${name} of L2H9 × 0`).waitFor();
  // A cell of the model view.
  await page.getByRole("tab", { name: "Model view" }).click();
  await page.locator("#cell-l4h5").click({ button: "right" });
  await item(page, "Zero L4H5").click();
  await listed("Zero L4H5").waitFor();
  // The button over the views, for what is selected.
  await page.getByRole("button", { name: /^Edit / }).click();
  await shot("menu-button");
  await page.keyboard.press("Escape");
  await menu(page).waitFor({ state: "detached" });
});

pageTest("another text, a trace and another model are compared; each must fit", async ({ page, open, shot }) => {
  await open();
  await liveResult(page);
  const { panel, against, shown } = await openPanel(page);
  const largest = () => page.locator(".legend .ticks span").last();
  // Another pair of texts, of as many tokens.
  await against.selectOption({ label: "another text" });
  await panel.getByRole("textbox", { name: "Text to compare", exact: true }).fill("The dog sat on the mat");
  await panel.getByRole("textbox", { name: "Second text to compare" }).fill("The dog lay on the rug");
  await panel.getByRole("button", { name: "Run and compare" }).click();
  await soon(async () => ((await shown("Other text").isChecked()) ? null : "not yet"), "the other text is shown");
  assert.ok((await parts(page).keys.allTextContents()).join(" ").includes("dog"));
  await shown("Change").check({ force: true });
  await page.getByText("Orange: less weight than in the original").waitFor();
  await shot("another-text");
  await panel.getByRole("textbox", { name: "Text to compare", exact: true }).fill("A dog");
  await panel.getByRole("button", { name: "Run and compare" }).click();
  await panel.getByText("The original has 15 tokens and the other text 11").waitFor();
  // The trace of the first example is of the same text: half precision is all that differs.
  const bytes = Buffer.from(await (await fetch(`${url}example/first.safetensors`)).arrayBuffer());
  await against.selectOption({ label: "a trace file" });
  await panel.getByLabel("Trace of the same tokens").setInputFiles({ name: "first.safetensors", mimeType: "application/octet-stream", buffer: bytes });
  await soon(async () => ((await shown("Trace").isChecked()) ? null : "not yet"), "the trace is shown");
  await shown("Change").check({ force: true });
  await soon(async () => {
    const end = number((await largest().textContent()).replace("+", ""));
    return end >= 0 && end <= 5e-3 ? null : `${end}`;
  }, "a trace of the same text hardly differs");
  // The same model once more, in a worker of its own.
  await against.selectOption({ label: "another model" });
  await panel.getByRole("combobox", { name: "Model of the same shape" }).selectOption({ label: MINILM });
  await soon(async () => ((await shown("Other model").isChecked()) ? null : "not yet"), "the other model is shown");
  await shown("Change").check({ force: true });
  await page.getByText("Nothing changes in this layer.").waitFor();
  // One of another shape.
  await panel.getByRole("combobox", { name: "Model of the same shape" }).selectOption({ label: SMOLLM2 });
  await panel.getByText("The original has 6 layers × 12 heads and the other model 30 × 9: only models of the same shape can be compared.").waitFor();
  // An edit makes the edited text B again.
  await rightClick(parts(page).head(0));
  await item(page, /^Zero L/).first().click();
  await soon(async () => ((await against.inputValue()) === "0" ? null : "not yet"), "B is this text, edited");
});

pageTest("the cosine of two texts is followed in a model that embeds", async ({ page, open, shot }) => {
  await open();
  await liveResult(page);
  const { edits, values, outcome } = await openPanel(page);
  const likeness = page.getByRole("status", { name: "Similarity" });
  await inspect(page, "Predicts");
  await likeness.getByText(/^Cosine/).waitFor();
  const cosine = Number((await likeness.textContent()).replace("Cosine ", ""));
  await inspect(page, "Change");
  await outcomeRow(values, "Original", [cosine]);
  assert.equal(await outcome.getByRole("textbox", { name: "Compared with" }).inputValue(), "The cat lay on the rug");
  await rightClick(parts(page).head(3));
  await item(page, "Zero L2H3").click();
  await values.getByRole("row", { name: /^Change/ }).waitFor();
  const b = number(await values.getByRole("row", { name: /^Edited/ }).getByRole("cell").first().textContent());
  assert.ok(Math.abs(b - cosine) > 1e-4 && Math.abs(b) <= 1, `${b}`);
  const line = edits.getByRole("listitem").filter({ hasText: "Zero L2H3" });
  await soon(async () => (Math.abs(number(await line.locator(".number").textContent()) - b) < 1e-3 ? null : "not yet"), "its value beside the edit");
  await edits.getByRole("button", { name: "Clear all" }).click();
  await startSweep(page, "Zero every head");
  const cell = page.getByRole("region", { name: "Map of effects" }).getByRole("button", { name: /^L2H3: effect/ });
  await cell.waitFor();
  const label = await cell.getAttribute("aria-label");
  assert.ok(Math.abs(number(label.match(/cosine (−?-?[\d.]+)$/)[1]) - b) < 1e-4, label);
  await shot("cosine");
});

for (const [name, context] of [
  ["phone", { viewport: { width: 360, height: 800 }, hasTouch: true, isMobile: true }],
  ["dark", { viewport: { width: 1440, height: 900 }, colorScheme: "dark" }],
  ["wide", { viewport: { width: 1440, height: 900 } }],
]) {
  pageTest(`the panel is found beside the views, or by the button that leads to it: ${name}`, async ({ page, open, shot }) => {
    await open();
    await firstResult(page);
    await shot(`panel-first-${name}`);
    await parts(page).run.click();
    await parts(page).status.getByText(/ ms$| s$/).waitFor();
    const button = page.getByRole("button", { name: /^Change the model/ });
    const heading = page.getByRole("heading", { name: "Change the model" });
    if (name === "phone") {
      await button.click();
      assert.equal(await heading.evaluate((element) => element === document.activeElement), true);
    } else {
      assert.equal(await button.getAttribute("aria-expanded"), "false");
      await button.click();
      assert.equal(await button.getAttribute("aria-expanded"), "true");
    }
    const box = await heading.boundingBox();
    assert.ok(box.y > -1 && box.y < (name === "phone" ? 800 : 900), `${box.y}`);
    await addEdit(page, "zero heads", /^Zero L2H9/);
    await page.getByRole("region", { name: "Edits" }).getByRole("checkbox", { name: "Zero L2H9" }).waitFor();
    await page.getByRole("table", { name: "Outcome values" }).getByRole("row", { name: /^Change/ }).waitFor();
    await shot(`panel-${name}`);
    const width = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    assert.ok(width <= 0, `the page is ${width} px too wide`);
    assert.deepEqual(await accessibilityProblems(page), []);
  }, { context });
}
