// What is inside beside attention, read off the page: the lens, what a cell's layer writes, neurons, the outcome as a sum, a link, a
// head's page, a path, edits of a cell, and what is drawn in place of weights. SmolLM2 on "When Mary and John …", against PyTorch.

import assert from "node:assert/strict";
import { openPanel, soon, tokenOutcome } from "./editing.mjs";
import { SMOLLM2, firstResult, inspect, numbers, parts, pickModel, result, run } from "./page.mjs";
import { accessibilityProblems, fixture, pageTest } from "./support.mjs";

const expected = fixture("golden-real/smollm2/inside-mary-john.json");
const N_TOKENS = 14;
const LAST = N_TOKENS - 1;
/** How far the shipped model's four bits may take a part of the outcome from PyTorch's. */
const QUANTISED = 1.1e-2;

const number = (text) => Number(text.replace("−", "-").replace("+", ""));

/** Runs the text of Mary and John, follows its outcome, and opens a view. */
async function mary(page, open, view) {
  await open();
  await firstResult(page);
  await pickModel(page, SMOLLM2);
  await run(page, expected.text);
  await result(page, N_TOKENS);
  await tokenOutcome(await openPanel(page), expected.answer, expected.other);
  await inspect(page, "Selected");
  await page.getByRole("tab", { name: view }).click();
}

/** The stream's table, and the words of a cell, which the keyboard goes to. */
async function table(page) {
  const grid = page.getByRole("grid", { name: "Stream: layers by positions" });
  await grid.waitFor();
  const label = async () => {
    const id = await grid.getAttribute("aria-activedescendant");
    return page.locator(`[id="${id}"]`).getAttribute("aria-label");
  };
  const to = async (row, position) => {
    await grid.focus();
    await page.keyboard.press("Shift+End");
    const at = async () => {
      const id = await grid.getAttribute("aria-activedescendant");
      return id.match(/stream-(\d+)-(\d+)$/).slice(1).map(Number);
    };
    for (let steps = 0; steps < 60; steps += 1) {
      const [nowRow, nowPosition] = await at();
      if (nowRow === row && nowPosition === position) return label();
      const key = nowRow !== row ? (nowRow > row ? "ArrowDown" : "ArrowUp") : nowPosition > position ? "ArrowLeft" : "ArrowRight";
      await page.keyboard.press(key);
    }
    throw new Error(`cell ${row}, ${position} is not reached: ${await label()}`);
  };
  return { grid, to };
}

/** The choice of what is drawn, and the heading that says what is. */
function drawn(page) {
  return { chosen: page.getByRole("combobox", { name: "Drawn" }), heading: page.locator(".headings .drawn") };
}

pageTest("a trace has rollout, and says why it has nothing else in place of weights", async ({ page, open, shot }) => {
  await open();
  await firstResult(page);
  const { chosen, heading } = drawn(page);
  await chosen.selectOption({ label: "rollout" });
  await heading.getByText("Layer 2, rollout").waitFor();
  await parts(page).links.getByText("Strongest links of layer 2, rollout").waitFor();
  await soon(async () => (page.url().includes("drawn=rollout") ? null : page.url()), "the address says what is drawn");
  await parts(page).queries.nth(5).click();
  const row = await numbers(parts(page).keys);
  assert.ok(Math.abs(row.reduce((sum, weight) => sum + weight, 0) - 1) < 0.01, `${row}`);
  assert.ok(row[5] > 0.125, "what three layers leave of a position itself, at least");
  assert.deepEqual(await accessibilityProblems(page), [], "pressed heads that stand for nothing drawn can still be read");
  await shot("rollout");
  await chosen.selectOption({ label: "weights × ‖f‖" });
  await page.getByRole("note").getByText(/Weights are drawn instead of weights × ‖f‖\. .*W_O/).waitFor();
  await heading.getByText("L2H9", { exact: true }).waitFor();
  await page.getByRole("tab", { name: "Model view" }).click();
  await chosen.selectOption({ label: "rollout" });
  await page.getByRole("gridcell", { name: /^Layer 5 · rollout · largest / }).waitFor();
  assert.equal(await page.getByRole("grid", { name: "All layers" }).getByRole("gridcell").count(), 6, "a cell for each layer");
  await shot("rollout-model");
});

pageTest("lens, written parts, neurons and the sum of SmolLM2", async ({ page, open, shot }) => {
  await mary(page, open, "Stream view");
  const { to } = await table(page);
  // The output and the two layers before it, once the lens is whole.
  for (const layer of [30, 29, 28]) {
    let label;
    await soon(async () => ((label = await to(layer, LAST)).includes(" · top ") ? null : label), `layer ${layer}`);
    const [, name, prob] = label.match(/top (\S+) ([\d.]+)/);
    const [word, value] = expected.lens_last_position[layer].top[0];
    assert.equal(name.replace("·", " ").trim(), word.trim(), label);
    assert.ok(Math.abs(Number(prob) - value) < 6e-3, `layer ${layer}: ${label}`);
  }
  // What layer 23 writes there, and the neuron that adds most.
  await to(23, LAST);
  await page.keyboard.press("Enter");
  const written = page.getByRole("region", { name: "Written at the chosen cell" });
  const row = written.getByRole("row", { name: /L23H3/ });
  await row.waitFor();
  assert.match(await row.textContent(), /·John −2\.\d/, "L23H3 writes against the name that stands in the text twice");
  const neurons = page.getByRole("table", { name: "Neurons that add most" });
  assert.equal(await neurons.getByRole("row").count(), 11, "ten neurons and their heading");
  await neurons.getByRole("button").first().click();
  const neuron = page.getByRole("region", { name: "Neuron of the MLP", exact: true });
  await neuron.getByRole("table", { name: "The neuron at each position" }).waitFor();
  const listed = await neurons.getByRole("row").nth(1).getByRole("cell").allTextContents();
  const here = await neuron.getByRole("table").getByRole("row").nth(LAST + 1).getByRole("cell").allTextContents();
  assert.deepEqual(here.slice(0, 3).map(number), listed.slice(1, 4).map(number), "product, gate and up of the list");
  await shot("stream-neuron");
  // The outcome as a sum, then as colours of the stream's table and of the model view.
  await inspect(page, "Matters");
  await page.getByText("Direct effect of each component").click();
  const sum = page.getByRole("table", { name: "Outcome as a sum" });
  await sum.getByRole("row", { name: /L23H3/ }).waitFor();
  for (const [layer, head] of [[23, 3], [24, 4], [29, 1]]) {
    const text = await sum.getByRole("row", { name: new RegExp(`L${layer}H${head}\\b`) }).getByRole("cell").first().textContent();
    assert.ok(Math.abs(number(text) - expected.dla.head[layer][head]) < QUANTISED, `L${layer}H${head}: ${text}`);
  }
  await page.getByLabel("Cells", { exact: true }).selectOption({ label: "Direct effect on the outcome" });
  let total = 0;
  for (let position = 0; position < N_TOKENS; position += 1) {
    total += number((await to(23, position)).match(/Direct effect on the outcome ([+−\d.]+)/)[1]);
  }
  const whole = expected.dla.head[23].reduce((sum, value) => sum + value, expected.dla.mlp[23]);
  assert.ok(Math.abs(total - whole) < 0.01 * N_TOKENS, `layer 23 by position: ${total}, ${whole}`);
  await page.getByRole("tab", { name: "Model view" }).click();
  await page.locator(".map-controls").getByRole("combobox", { name: "Score" }).selectOption({ label: "direct effect" });
  await page.getByRole("gridcell", { name: /^L23H3\b/ }).hover();
  await soon(async () => {
    const text = await page.locator(".map:not(.small) .readout").textContent();
    const found = text.match(/L23H3.* direct effect ([+−\d.]+)/);
    return found && Math.abs(number(found[1]) - expected.dla.head[23][3]) < QUANTISED ? null : text;
  }, "the direct effect of L23H3 in the model view");
});

pageTest("a link, a head's page, a path, and edits of a cell", async ({ page, open, shot }) => {
  await mary(page, open, "Head view");
  // From the last word to Mary in L24H4, as the example shows it.
  await parts(page).layer.selectOption("24");
  await parts(page).head(4).dblclick();
  await parts(page).queries.nth(LAST).click();
  await parts(page).keys.nth(1).click();
  await page.getByText(/What the link writes/).click();
  const link = page.getByRole("table", { name: "What each head brings along the link" });
  await link.getByRole("row", { name: /L24H4/ }).waitFor();
  assert.equal(await link.getByRole("row").count(), 10, "nine heads and their heading");
  assert.match(await link.getByRole("row").nth(1).textContent(), /L24H4/, "it brings most");
  // The same length beside the key where lengths are drawn, and the layer as a whole where its values are zeroed.
  const norm = number(await link.getByRole("row", { name: /L24H4/ }).getByRole("cell").first().textContent());
  const { chosen, heading } = drawn(page);
  await chosen.selectOption({ label: "weights × ‖f‖" });
  await heading.getByText("L24H4, weights × ‖f‖").waitFor();
  assert.ok(Math.abs((await numbers(parts(page).keys))[1] - norm) < 2e-3, `${await numbers(parts(page).keys)}; ${norm}`);
  await chosen.selectOption({ label: "value zeroing" });
  await heading.getByText("Layer 24, value zeroing").waitFor();
  const shares = await numbers(parts(page).keys);
  assert.ok(Math.abs(shares.reduce((sum, share) => sum + share, 0) - 1) < 0.01, `${shares}`);
  await shot("value-zeroing");
  await chosen.selectOption({ label: "weights" });
  await page.getByText(/Head L24H4: scores, circuits, links/).click();
  await page.getByRole("table", { name: "Circuits of the head" }).waitFor();
  const copying = number((await page.getByText(/Copying score/).first().textContent()).match(/score ([−\d.]+)/)[1]);
  assert.ok(copying > 0.3 && copying <= 1, `a head that copies names: ${copying}`);
  await shot("head-page");

  // The path of Mary's stream at layer 24: each step of the list is drawn, a line for a head and a ring for an MLP.
  await page.getByRole("tab", { name: "Stream view" }).click();
  const { to } = await table(page);
  await to(24, 1);
  await page.keyboard.press("Enter");
  await page.getByText("Path up from this cell").click();
  const steps = page.getByRole("table", { name: "Steps of the path" });
  await steps.getByRole("row").nth(1).waitFor();
  const listed = (await steps.getByRole("row").allTextContents()).slice(1).map((text) => text.match(/^(L\d+ MLP|L\d+H\d)(?:at (\d+)|(\d+) → (\d+))([+−][\d.]+)$/));
  const titles = listed.map(([, name, at, from, to, share]) => `${name}: ${from ?? at} → ${to ?? at}, ${number(share).toFixed(3)}`);
  const shapes = async (shape) => (await page.locator(`.path-lines ${shape} title`).allTextContents()).sort();
  assert.deepEqual(await shapes("line"), titles.filter((title) => /H\d:/.test(title)).sort());
  assert.deepEqual(await shapes("circle"), titles.filter((title) => /MLP:/.test(title)).sort());
  assert.ok(titles.some((title) => title.startsWith("L24 MLP: 1 → 1")) && titles.some((title) => /^L24H\d: 1 → /.test(title)), titles.join("; "));
  await shot("stream-path");

  // Zero what attention adds at layer 23, then steer the stream there.
  const before = await to(23, LAST);
  await page.keyboard.press("Enter");
  const form = page.locator("details.cell-edit");
  const openForm = async () => {
    await inspect(page, "Selected");
    if (!(await form.evaluate((details) => details.open))) await page.getByText("Change this cell").click();
  };
  await openForm();
  await form.getByLabel("Where").selectOption({ index: 1 });
  await form.getByRole("button", { name: "Add edit" }).click();
  await page.getByRole("radiogroup", { name: "Shown" }).getByRole("radio", { name: "Edited", exact: true }).check({ force: true });
  const attention = (label) => label.match(/Norm of the attention output ([\d.]+)/)?.[1];
  assert.ok(Number(attention(before)) > 0, before);
  await soon(async () => {
    const label = await to(23, LAST);
    return attention(label) === "0.00" ? null : label;
  }, "attention adds nothing in the edited result");
  await openForm();
  await form.getByLabel("How").selectOption({ label: "steer: add a difference of texts" });
  await form.getByLabel("Where").selectOption({ index: 0 });
  await form.getByLabel("Towards").fill("I love");
  await form.getByLabel("Away from").fill("I hate");
  const length = (label) => Number(label.match(/ Norm ([\d.]+)/)?.[1]);
  await form.getByRole("button", { name: "Add edit" }).click();
  await soon(async () => {
    const label = await to(23, LAST);
    return Math.abs(length(label) - length(before)) > 0.1 && attention(label) === "0.00" ? null : `${label}; before ${before}`;
  }, "the stream is steered in the edited result");
  await inspect(page, "Change");
  assert.equal(await page.getByRole("region", { name: "Edits" }).getByRole("checkbox").count(), 2, "two edits are listed");
});
