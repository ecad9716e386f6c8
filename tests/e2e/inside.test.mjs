// What is inside beside attention, read off the page: the lens, what a cell's layer writes, neurons, the outcome as a sum, a link, a
// head's page, a path, edits of a cell, and what is drawn in place of weights. SmolLM2 on "When Mary and John …", against PyTorch.

import assert from "node:assert/strict";
import { openPanel, soon, tokenOutcome } from "./editing.mjs";
import { SMOLLM2, firstResult, inspect, parts, pickModel, result, run } from "./page.mjs";
import { fixture, pageTest } from "./support.mjs";

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
  assert.deepEqual(here.slice(1, 4).map(number), listed.slice(1, 4).map(number), "product, gate and up of the list");
  await shot("stream-neuron");
  // The outcome as a sum, then as colours of the stream's table and of the model view.
  await inspect(page, "Matters");
  await page.getByText("Direct effect of each component").click();
  const sum = page.getByRole("table", { name: "Outcome as a sum" });
  await sum.getByRole("row", { name: /L23H3/ }).waitFor();
  for (const [layer, head] of [[23, 3], [24, 4], [29, 1]]) {
    const text = await sum.getByRole("row", { name: new RegExp(`L${layer}H${head}\\b`) }).getByRole("cell").nth(1).textContent();
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
  await page.getByLabel("Score", { exact: true }).first().selectOption({ label: "direct effect" });
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
  await page.getByText(/Head L24H4: scores, circuits, links/).click();
  await page.getByRole("table", { name: "Circuits of the head" }).waitFor();
  const copying = number((await page.getByText(/Copying score/).first().textContent()).match(/score ([−\d.]+)/)[1]);
  assert.ok(copying > 0.3 && copying <= 1, `a head that copies names: ${copying}`);
  await shot("head-page");

  // The path of Mary's stream at layer 24: head 4 carries it to the last position, in the list and as a line.
  await page.getByRole("tab", { name: "Stream view" }).click();
  const { to } = await table(page);
  await to(24, 1);
  await page.keyboard.press("Enter");
  await page.getByText("Path up from this cell").click();
  const steps = page.getByRole("table", { name: "Steps of the path" });
  await steps.getByRole("row").nth(1).waitFor();
  const found = await steps.getByRole("row").allTextContents();
  const carried = found.find((text) => /^L24H4\s*1 → 13/.test(text.trim()));
  assert.ok(carried, found.join("; "));
  const lines = await page.locator(".path-lines line title").allTextContents();
  const share = number(carried.match(/([+−][\d.]+)\s*$/)[1]);
  assert.ok(lines.some((title) => title === `L24H4: 1 → 13, ${share.toFixed(3)}`), lines.join("; "));
  await shot("stream-path");

  // Zero what attention adds at layer 23, then steer the stream there.
  const before = await to(23, LAST);
  await page.keyboard.press("Enter");
  await page.getByText("Change this cell").click();
  const form = page.locator("details.cell-edit");
  await form.getByLabel("Where").selectOption({ index: 1 });
  await form.getByRole("button", { name: "Add edit" }).click();
  await page.getByRole("radiogroup", { name: "Shown" }).getByRole("radio", { name: "Edited", exact: true }).check({ force: true });
  const attention = (label) => label.match(/Norm of the attention output ([\d.]+)/)?.[1];
  assert.ok(Number(attention(before)) > 0, before);
  await soon(async () => {
    const label = await to(23, LAST);
    return attention(label) === "0.00" ? null : label;
  }, "attention adds nothing in the edited result");
  await form.getByLabel("How").selectOption({ label: "steer: add a difference of texts" });
  await form.getByLabel("Where").selectOption({ index: 0 });
  await form.getByLabel("Towards").fill("I love");
  await form.getByLabel("Away from").fill("I hate");
  const norm = (label) => Number(label.match(/ Norm ([\d.]+)/)?.[1]);
  await form.getByRole("button", { name: "Add edit" }).click();
  await soon(async () => {
    const label = await to(23, LAST);
    return Math.abs(norm(label) - norm(before)) > 0.1 && attention(label) === "0.00" ? null : `${label}; before ${before}`;
  }, "the stream is steered in the edited result");
  await inspect(page, "Change");
  assert.equal(await page.getByRole("region", { name: "Edits" }).getByRole("checkbox").count(), 2, "two edits are listed");
});
