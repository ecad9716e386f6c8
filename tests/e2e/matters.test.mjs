// What matters for an outcome: from a text and two answers to the verified list of heads in three clicks, and saliency of tokens.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { openPanel, soon, tokenOutcome } from "./editing.mjs";
import { MINILM, SMOLLM2, firstResult, inspect, liveResult, pickModel, result, run } from "./page.mjs";
import { accessibilityProblems, fixture, pageTest } from "./support.mjs";

const number = (text) => (text === "" ? NaN : Number(text.replace("−", "-")));

/** The rows of a list: name, estimate and, where it was tried, the exact effect. */
async function rows(list) {
  const all = await list.locator("tbody tr").evaluateAll((rows) =>
    rows.map((row) => [row.querySelector("th").textContent, ...[...row.querySelectorAll(".number")].map((cell) => cell.textContent)]));
  return all.map(([name, ...numbers]) => [name.trim(), ...numbers.map(number)]);
}

const place = (name) => name.match(/^L(\d+)H(\d+)$/).slice(1).map(Number);

pageTest("SmolLM2 and Mary: the verified heads that matter in three clicks hold PyTorch's numbers", async ({ page, open, shot }) => {
  const expected = fixture("golden-real/smollm2/inside-mary-john.json");
  await open();
  await firstResult(page);
  await pickModel(page, SMOLLM2);
  await run(page, expected.text);
  await result(page, 14);
  await tokenOutcome(await openPanel(page), expected.answer, expected.other);
  const panel = page.getByRole("region", { name: "What matters for the outcome" });
  await inspect(page, "Matters");
  await panel.getByRole("button", { name: "Estimate" }).click();
  const list = panel.getByRole("table", { name: "Largest estimated effects" });
  await list.waitFor();
  await panel.getByRole("button", { name: "Verify" }).click();
  await panel.getByRole("status", { name: "Verified" }).getByText("40 tried").waitFor({ timeout: 120_000 });

  const largest = await rows(list);
  const scale = Math.max(...expected.attribution.zero_head.flat().map(Math.abs));
  assert.equal(largest.length, 100);
  for (const [at, [name, estimate, exact]] of largest.entries()) {
    const [layer, head] = place(name);
    assert.ok(Math.abs(estimate - expected.attribution.zero_head[layer][head]) < 2e-3 * scale + 6e-4, `${name} ${estimate}`);
    // Some of those drawn at random stand in the list too.
    assert.ok(at >= 20 || Number.isFinite(exact), `${name}: the 20 largest are tried`);
    if (Number.isFinite(exact)) assert.ok(Math.abs(exact - expected.exact.zero_head[layer][head]) < 6e-3, `${name} exactly ${exact}`);
  }
  const sorted = expected.attribution.zero_head.flat().map(Math.abs).sort((a, b) => b - a);
  assert.ok(Math.abs(Math.abs(largest[0][1]) - sorted[0]) < 2e-3 * scale + 6e-4, "the largest comes first");
  const drawn = await rows(panel.getByRole("table", { name: "Drawn at random" }));
  assert.equal(drawn.length, 20);
  for (const [name, , exact] of drawn) {
    const [layer, head] = place(name);
    assert.ok(Math.abs(exact - expected.exact.zero_head[layer][head]) < 6e-3, `${name} exactly ${exact}`);
    assert.ok(!largest.slice(0, 20).some(([other]) => other === name), `${name} is tried twice`);
  }
  await panel.getByText("Estimates and exact effects part here.").waitFor();
  assert.match(await panel.getByRole("status", { name: "Agreement" }).textContent(), /20 drawn at random: correlation .*same sign \d+ %/);
  assert.equal(await panel.getByRole("img", { name: /Estimate against exact effect of 40 parts/ }).locator("circle").count(), 40);
  await shot("matters-heads");
  assert.deepEqual(await accessibilityProblems(page), []);

  // The plot as vectors and as pixels.
  for (const form of ["svg", "png"]) {
    const save = panel.getByTitle(`Save this estimates-plot as ${form === "svg" ? "vectors" : "pixels"}`, { exact: false });
    const [file] = await Promise.all([page.waitForEvent("download"), save.click()]);
    assert.match(file.suggestedFilename(), new RegExp(`-estimates-plot\\.${form}$`));
  }

  // The map on the stage, and the heads in the model view's colours.
  await panel.getByRole("button", { name: "Show the map" }).click();
  const map = page.getByRole("region", { name: "Map of effects" });
  const [first] = largest;
  await map.getByRole("button", { name: new RegExp(`^${first[0]}: effect`) }).waitFor();
  await shot("matters-map");
  await panel.getByRole("button", { name: "Back to the view" }).click();

  // The head view's tokens by the estimates of the selected head, the neuron view's neurons by theirs.
  await panel.getByRole("combobox", { name: "Ranked" }).selectOption("head_positions");
  const tokens = page.getByRole("listbox", { name: "Query tokens" }).locator(".token:is(.positive, .negative)");
  await tokens.first().waitFor();
  assert.equal(await tokens.count(), 14);
  await shot("matters-head-view");
  await panel.getByRole("combobox", { name: "Ranked" }).selectOption("head_neurons");
  await panel.getByRole("button", { name: "Estimate" }).click();
  await page.getByRole("tab", { name: "Neuron view" }).click();
  const neurons = page.getByRole("img", { name: /^Estimated effects of the head’s neurons, from − ?[\d.e−-]+ to / });
  await neurons.waitFor();
  assert.equal(await neurons.locator(".coloured").count(), 2 * 64);
  await shot("matters-neuron-view");
  await page.getByRole("tab", { name: "Head view" }).click();

  // Patching needs the other text, and links carry the choice.
  await panel.getByRole("radio", { name: "Patching from another text" }).check();
  await panel.getByRole("status", { name: "Estimate" }).getByText("Type the other text").waitFor();
  await panel.getByRole("textbox", { name: "Other text, of as many tokens" }).fill(expected.corrupt);
  await panel.getByRole("combobox", { name: "Ranked" }).selectOption("stream");
  await panel.getByRole("button", { name: "Estimate" }).click();
  await soon(async () => ((await rows(list).catch(() => [])).length === 100 ? null : "no list"), "positions are ranked");
  await soon(async () => (page.url().includes("ranked=stream") && page.url().includes("patched_from=") ? null : page.url()), "the link");
  // A part opens its place.
  await list.getByRole("button").first().click();
  await soon(async () => ((await page.getByRole("tab", { name: "Selected", selected: true }).count()) ? null : "not yet"), "the cell's page");
});

pageTest("saliency of a likeness colours the tokens of both sentences, and neurons are ranked", async ({ page, open, shot }) => {
  await open();
  await liveResult(page);
  await inspect(page, "Matters");
  const panel = page.getByRole("region", { name: "What matters for the outcome" });
  await panel.getByRole("button", { name: "Saliency" }).click();
  await panel.getByRole("radio", { name: "Integrated gradients" }).waitFor({ timeout: 120_000 });
  const strips = panel.getByRole("list");
  assert.equal(await strips.count(), 2, MINILM);
  const sums = [];
  await panel.getByRole("radio", { name: "Integrated gradients" }).check();
  for (const at of [0, 1]) {
    const numbers = await strips.nth(at).locator(".number").allTextContents();
    assert.equal(numbers.length, 8, "six words, [CLS] and [SEP]");
    sums.push(numbers.map(number).reduce((a, b) => a + b, 0));
  }
  await panel.getByText(/Not accounted for: .* and /).waitFor();
  assert.ok(sums.every((sum) => Math.abs(sum) > 0.01), `${sums}`);
  await shot("saliency");
  await panel.getByRole("combobox", { name: "Ranked" }).selectOption("stream");
  await panel.getByRole("status", { name: "Estimate" }).getByText("positions of their own").waitFor();
  const list = panel.getByRole("table", { name: "Largest estimated effects" });
  await panel.getByRole("combobox", { name: "Ranked" }).selectOption("heads");
  await panel.getByRole("button", { name: "Estimate" }).click();
  await list.waitFor();
  await panel.getByRole("button", { name: "Verify" }).click();
  await panel.getByRole("status", { name: "Verified" }).getByText("40 tried").waitFor({ timeout: 60_000 });
  assert.ok((await rows(list)).slice(0, 20).every(([, estimate, exact]) => Number.isFinite(estimate + exact)), "both texts under each edit");
  await panel.getByRole("combobox", { name: "Ranked" }).selectOption("mlp_neurons");
  await panel.getByRole("button", { name: "Estimate" }).click();
  await list.getByRole("button", { name: /^L\d neuron \d+$/ }).first().click();
  await page.getByRole("region", { name: "Neuron of the MLP" }).first().waitFor();
});

pageTest("links between tokens are a graph from the outcome down, and the outcome is measured with only these", async ({ page, open, shot }) => {
  const expected = fixture("golden-real/smollm2/inside-mary-john.json");
  await open();
  await firstResult(page);
  await pickModel(page, SMOLLM2);
  await run(page, expected.text);
  await result(page, 14);
  await tokenOutcome(await openPanel(page), expected.answer, expected.other);
  await inspect(page, "Matters");
  const panel = page.getByRole("region", { name: "What matters for the outcome" });
  await panel.getByRole("combobox", { name: "Ranked" }).selectOption("links");
  await panel.getByRole("button", { name: "Estimate" }).click();
  const paths = panel.getByRole("region", { name: "Paths to the outcome" });
  const listed = paths.getByRole("table", { name: "Links that lead to the outcome" });
  await listed.waitFor({ timeout: 60_000 });
  assert.equal((await rows(listed)).length, 30);
  const status = paths.getByRole("status", { name: "Links of the graph" });
  assert.match(await status.textContent(), /^30 links from [\d.]+ on$/);
  const slider = paths.getByRole("slider", { name: "Threshold" });
  await slider.focus();
  await page.keyboard.press("Home");
  assert.match(await status.textContent(), /^1 link from /);
  assert.equal((await rows(listed)).length, 1);
  // At 12 links and more, the graph reaches below the last layers.
  for (let press = 0; press < 40; press += 1) await page.keyboard.press("ArrowRight");
  const n = Number.parseInt(await status.textContent(), 10);
  assert.ok(n > 5 && n < 100, `${n}`);

  await paths.getByRole("button", { name: "Keep only these" }).click();
  const table = paths.getByRole("table", { name: "Outcome with some links" });
  await table.waitFor({ timeout: 240_000 });
  const kept = (await table.locator("tbody tr").evaluateAll((all) => all.map((row) => [...row.children].map((cell) => cell.textContent))))
    .map((row) => row.map(number));
  assert.ok(kept.some(([count]) => count === n), "the chosen number is among them");
  assert.equal(kept[0][0], 1);
  const hint = await paths.getByText(/Outcome with all links/).textContent();
  const [all, none] = hint.match(/[−-]?\d[\d.]*(?=,|\.)/g).map(number);
  for (const [count, own, f, rest, ofRest] of kept) {
    assert.ok(Math.abs(f - (own - none) / (all - none)) < 0.02, `F of ${count}`);
    assert.ok(Math.abs(ofRest - (rest - none) / (all - none)) < 0.02, `F without ${count}`);
  }
  await paths.getByRole("img", { name: "F over the number of links kept" }).waitFor();
  const [curve] = await Promise.all([page.waitForEvent("download"), paths.getByTitle("Save this kept-links as vectors", { exact: false }).click()]);
  assert.match(curve.suggestedFilename(), /-kept-links\.svg$/);
  assert.match(await readFile(await curve.path(), "utf8"), /<g id="kept"[^>]*>\s*<path d="M/);
  await shot("matters-links");
  assert.deepEqual(await accessibilityProblems(page), []);

  await panel.getByRole("button", { name: "Show the graph" }).click();
  const stage = page.getByRole("region", { name: "Graph of links" });
  const graph = stage.getByRole("img", { name: new RegExp(`^${n} links over tokens and layers`) });
  await graph.waitFor();
  assert.equal(await graph.locator(".path-lines line").count(), n);
  await shot("matters-link-graph");
  assert.deepEqual(await accessibilityProblems(page), []);
  const [file] = await Promise.all([page.waitForEvent("download"), stage.getByRole("button", { name: "Save CSV" }).click()]);
  assert.match(file.suggestedFilename(), /estimates\.csv$/);
  await stage.getByRole("button", { name: "Back to the view" }).click();
  await stage.waitFor({ state: "detached" });

  // On a phone the graph stands above the panel: opening brings it into the window, closing the panel.
  await page.setViewportSize({ width: 390, height: 844 });
  const opener = panel.getByRole("button", { name: "Show the graph" });
  await opener.click();
  const isInWindow = (locator) => locator.evaluate((element) => element.getBoundingClientRect().top >= 0 && element.getBoundingClientRect().top < innerHeight / 2);
  await graph.waitFor();
  await soon(async () => ((await isInWindow(stage)) ? null : "out of sight"), "the graph is in the window");
  await shot("matters-link-graph-phone");
  await stage.getByRole("button", { name: "Back to the view" }).click();
  await soon(async () => ((await opener.evaluate((element) => document.activeElement === element)) ? null : "elsewhere"), "the panel is back");
});

pageTest("a head's page traces its inputs to heads and MLPs below, the best exactly", async ({ page, open, shot }) => {
  const expected = fixture("golden-real/smollm2/inside-mary-john.json");
  await open();
  await firstResult(page);
  await pickModel(page, SMOLLM2);
  await run(page, expected.text);
  await result(page, 14);
  await tokenOutcome(await openPanel(page), expected.answer, expected.other);
  await inspect(page, "Matters");
  const panel = page.getByRole("region", { name: "What matters for the outcome" });
  await panel.getByRole("button", { name: "Estimate" }).click();
  const list = panel.getByRole("table", { name: "Largest estimated effects" });
  await list.waitFor();
  // The first of the list opens the head.
  await list.getByRole("button", { name: /^L[1-9]\d*H\d+$/ }).first().click();
  await page.getByText(/^Head L\d+H\d+: scores, circuits, links$/).click();
  const feeds = page.getByRole("region", { name: "What feeds this head" });
  await feeds.getByRole("button", { name: "Trace its inputs" }).click();
  for (const what of ["query", "key", "value"]) {
    const table = feeds.getByRole("table", { name: `What feeds the ${what}` });
    await table.waitFor({ timeout: 120_000 });
    const found = await rows(table);
    assert.equal(found.length, 9, "eight paths, and the embeddings");
    assert.equal(found.at(-1)[0], "Embeddings, biases");
    assert.ok(found.slice(0, 5).every(([name, estimate, exact]) => /^L\d+(H\d+| MLP)$/.test(name) && Number.isFinite(estimate + exact)));
    assert.ok(found.slice(5).every(([, , exact]) => Number.isNaN(exact)), "only the best are tried");
  }
  await shot("head-feeds");
  assert.deepEqual(await accessibilityProblems(page), []);
});
