// The three scales as one tool: model view, neuron view, what leads from one to the other, and links.

import assert from "node:assert/strict";
import { MINILM, SMOLLM2, distance, firstResult, golden, parts, pickModel, result, run, tokenName } from "./page.mjs";
import { accessibilityProblems, fixture, pageTest } from "./support.mjs";

/** Half of the last digit on screen, and what f32 may differ by. */
const TOLERANCE = 1e-3;

function scales(page) {
  const neuron = page.getByRole("tabpanel", { name: "Neuron view" });
  return {
    tab: (name) => page.getByRole("tab", { name: `${name} view` }),
    crumb: (name) => page.getByRole("navigation", { name: "Breadcrumb" }).getByRole("button", { name }),
    grid: page.getByRole("grid", { name: "Heads of all layers" }),
    smallMap: page.getByRole("grid", { name: "Map of all heads" }),
    cell: (layer, head) => page.locator(`#cell-l${layer}h${head}`),
    readout: page.locator(".map:not(.small) .readout"),
    neuron,
    neuronQueries: neuron.getByRole("listbox", { name: "Query tokens" }).getByRole("option"),
    neuronKeys: neuron.getByRole("listbox", { name: "Key tokens" }).getByRole("option"),
    neuronReadout: page.locator(".neuron-figure .readout"),
    ranking: page.getByRole("region", { name: "Neurons of the pair" }),
    plot: page.getByRole("region", { name: "Product by distance" }),
  };
}

/** Clicks the middle of a cell of the model view; cells lie under the pointer's own picking. */
async function clickCell(page, layer, head, options = {}) {
  const { cell } = scales(page);
  await cell(layer, head).click(options);
}

/** Waits until every layer of the model view is here. */
async function wholeMap(page) {
  await page.waitForFunction(() => !/of \d+ layers/.test(document.querySelector(".map:not(.small) .legend")?.textContent ?? "0 of 1 layers"));
}

/** Numbers of a column of the neuron view, by key. */
async function column(keys, name) {
  const part = name === "weight" ? ".weight" : `.${name} .n`;
  const texts = await keys.evaluateAll((rows, part) => rows.map((row) => row.querySelector(part).textContent), part);
  return texts.map((text) => (text === "−∞" ? -Infinity : Number(text.replace("−", "-"))));
}

pageTest("model view: every head of every layer, with its golden numbers", async ({ page, open, shot }) => {
  const expected = golden("minilm", "the-cat-sat-on-the-mat");
  await open();
  await firstResult(page);
  const { tab, grid, cell, readout } = scales(page);
  await tab("Model").click();
  await grid.waitFor();
  await wholeMap(page);
  assert.equal(await grid.getByRole("gridcell").count(), 6 * 12);
  const n = expected.tokens.length;
  for (const [layer, head] of [[0, 0], [2, 9], [5, 11]]) {
    const label = await cell(layer, head).getAttribute("aria-label");
    const [, entropy, query, key, weight] = label.match(/entropy ([\d.]+) · strongest link (.+?) → (.+?) ([\d.]+)$/);
    const rows = Array.from({ length: n }, (_, at) => expected.attention(layer, head, at));
    const entropies = rows.map((row) => -row.reduce((sum, w) => sum + (w > 0 ? w * Math.log(w) : 0), 0) / Math.log(n));
    assert.ok(Math.abs(Number(entropy) - entropies.reduce((a, b) => a + b) / n) < TOLERANCE, label);
    const most = Math.max(...rows.flat());
    assert.ok(Math.abs(Number(weight) - most) < TOLERANCE, label);
    const at = rows.findIndex((row) => row.includes(most));
    assert.deepEqual([query, key], [at, rows[at].indexOf(most)].map((at) => tokenName(expected.tokens, at)), label);
  }
  await cell(4, 3).hover();
  await readout.getByText("L4H3 · entropy").waitFor();
  // The tokens under the pointer stand at the edges of the cell: here query 2 and key 9 of 15.
  const box = await cell(4, 3).boundingBox();
  await page.mouse.move(box.x + (9.5 / 15) * box.width, box.y + (2.5 / 15) * box.height);
  const edges = page.locator(".edge-token");
  await edges.first().waitFor();
  assert.deepEqual(await edges.allTextContents(), ["cat", "cat"]);
  await page.mouse.move(box.x + (6.5 / 15) * box.width, box.y + (3.5 / 15) * box.height);
  await page.locator(".edge-token.query").getByText("sat", { exact: true }).waitFor();
  assert.equal(await page.locator(".edge-token.key").textContent(), "mat");
  const edge = await page.locator(".edge-token.query").boundingBox();
  assert.ok(edge.x + edge.width <= box.x + 1, "beside the cell");
  await shot("model-view");
});

pageTest("model view: each cell of the canvas is a weight", async ({ page, open }) => {
  const expected = golden("minilm", "the-cat-sat-on-the-mat");
  await open();
  await firstResult(page);
  await scales(page).tab("Model").click();
  await wholeMap(page);
  await page.waitForTimeout(100);
  // Nothing that lies over the canvas hides it.
  const covers = await page.locator(".map-scroller .pane *:not(canvas)").evaluateAll((nodes) =>
    nodes.map((node) => getComputedStyle(node)).filter((style) => style.backgroundColor !== "rgba(0, 0, 0, 0)" || style.backgroundImage !== "none").length,
  );
  assert.equal(covers, 0, "parts of the page stand over the thumbnails");
  // Lightness of the middle of each cell of a head, row by row; darker is more.
  const light = async (layer, head) =>
    page.evaluate(([id, n]) => {
      const canvas = document.querySelector(".map:not(.small) canvas");
      const ratio = canvas.width / canvas.getBoundingClientRect().width;
      const at = document.getElementById(id).getBoundingClientRect();
      const origin = canvas.getBoundingClientRect();
      const [left, top, side] = [at.left - origin.left, at.top - origin.top, at.width].map((length) => Math.round(length * ratio));
      const { data } = canvas.getContext("2d").getImageData(left, top, side, side);
      const value = (row, column) => {
        const [x, y] = [Math.floor(((column + 0.5) / n) * side), Math.floor(((row + 0.5) / n) * side)];
        const pixel = (y * side + x) * 4;
        return data[pixel] + data[pixel + 1] + data[pixel + 2];
      };
      return Array.from({ length: n * n }, (_, cell) => value(Math.floor(cell / n), cell % n));
    }, [`cell-l${layer}h${head}`, expected.tokens.length]);
  for (const [layer, head] of [[2, 9], [1, 8], [5, 0]]) {
    const pixels = await light(layer, head);
    const weights = expected.tokens.flatMap((_, query) => expected.attention(layer, head, query));
    const darkest = pixels.indexOf(Math.min(...pixels));
    assert.ok(weights[darkest] > Math.max(...weights) - 0.05, `L${layer}H${head}: the darkest cell is the largest weight`);
    const ground = 0xf5 + 0xf5 + 0xf7;
    const wrong = pixels.filter((value, cell) => weights[cell] < 0.003 && value !== ground);
    assert.deepEqual(wrong, [], `L${layer}H${head}: what is not read is the ground`);
  }
});

pageTest("model view: a click shows the head large, a double-click opens it, the way back loses nothing", async ({ page, open, shot }) => {
  await open();
  await firstResult(page);
  const { tab, crumb, grid, cell } = scales(page);
  await tab("Model").click();
  await wholeMap(page);
  await page.getByRole("button", { name: "Head beside" }).click();
  await wholeMap(page);
  await clickCell(page, 4, 7);
  await page.getByText("L4H7", { exact: true }).filter({ visible: true }).first().waitFor();
  assert.equal(await cell(4, 7).getAttribute("aria-selected"), "true");
  const { queries, links } = parts(page);
  await queries.nth(2).hover();
  await links.getByText(/cat \(\d+\) reads from/).waitFor();
  await shot("model-view-head");
  await clickCell(page, 3, 1, { clickCount: 2 });
  await grid.waitFor({ state: "hidden" });
  assert.equal(await tab("Head").getAttribute("aria-selected"), "true");
  assert.equal(await parts(page).layer.inputValue(), "3");
  await crumb("all-MiniLM-L6-v2").click();
  await grid.waitFor();
  assert.equal(await cell(3, 1).getAttribute("aria-selected"), "true");
  await page.goBack();
  await grid.waitFor({ state: "hidden" });
  await page.goBack();
  await grid.waitFor();
});

pageTest("model view by keyboard, filters, order and lines", async ({ page, open, shot }) => {
  await open();
  await firstResult(page);
  const { tab, grid, cell, readout } = scales(page);
  await tab("Model").focus();
  await page.keyboard.press("Enter");
  await wholeMap(page);
  await grid.focus();
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("ArrowRight");
  await readout.getByText("L3H10 ·").waitFor();
  assert.equal(await grid.getAttribute("aria-activedescendant"), "cell-l3h10");
  await page.keyboard.press("Enter");
  await parts(page).links.getByText("L3H10", { exact: true }).filter({ visible: true }).first().waitFor();
  await page.keyboard.press("Home");
  await readout.getByText("L3H0 ·").waitFor();

  await page.getByText("Layers: all").click();
  await page.getByRole("group", { name: "Layers" }).getByRole("checkbox", { name: "1", exact: true }).uncheck();
  await page.getByText("Layers: 5 of 6").waitFor();
  assert.equal(await cell(1, 0).count(), 0);
  assert.equal(await grid.getByRole("gridcell").count(), 5 * 12);
  await page.getByText("Layers: 5 of 6").click();

  await page.getByRole("checkbox", { name: "sort" }).check();
  const entropies = await grid.getByRole("gridcell").evaluateAll((cells) =>
    cells.map((cell) => Number(cell.getAttribute("aria-label").match(/entropy ([\d.]+)/)[1])));
  assert.deepEqual(entropies, entropies.toSorted((a, b) => b - a));
  await page.getByRole("radiogroup", { name: "Cells" }).getByRole("radio", { name: "Score" }).check();
  await page.getByText(/here 0\.\d+ to 0\.\d+/).waitFor();
  await shot("model-view-scores");
  await page.getByRole("radiogroup", { name: "Cells" }).getByRole("radio", { name: "Lines" }).check();
  await shot("model-view-lines");
});

pageTest("neuron view: choosing a token shows how its scores arise, with golden numbers", async ({ page, open, shot }) => {
  const expected = golden("minilm", "the-cat-sat-on-the-mat");
  await open();
  await firstResult(page);
  const { tab, neuron, neuronQueries, neuronKeys, neuronReadout, ranking, plot } = scales(page);
  await tab("Neuron").click();
  // It opens with the last query, and never as the head view.
  await page.waitForFunction(() => document.querySelector(".strip-name")?.textContent === "[SEP]");
  assert.equal(await page.getByRole("tabpanel", { name: "Head view" }).count(), 0);
  await parts(page).queries.nth(2).click();
  await neuronKeys.first().waitFor();
  await neuronKeys.first().locator(".weight", { hasText: "0." }).waitFor();
  const compare = async (query) => {
    const weights = await column(neuronKeys, "weight");
    assert.ok(distance(weights, expected.attention(2, 9, query)) < TOLERANCE, weights.join(" "));
    // q·k · attn_scale is the score, and the softmax of the scores the weight.
    const [dots, scores] = [await column(neuronKeys, "dot"), await column(neuronKeys, "score")];
    const scale = Number((await neuron.getByText("s = attn_scale").textContent()).match(/[\d.]+$/)[0]);
    assert.ok(Math.abs(scale - 1 / Math.sqrt(32)) < 1e-4);
    assert.ok(distance(dots.map((dot) => dot * scale), scores) < 0.01, "the score is the scaled product");
    const sum = scores.reduce((total, score) => total + Math.exp(score), 0);
    assert.ok(distance(scores.map((score) => Math.exp(score) / sum), weights) < 0.01, "the weight is its softmax");
  };
  await compare(2);
  await neuronQueries.nth(4).hover();
  await page.waitForFunction(() => document.querySelector(".strip-name").textContent === "on");
  await compare(4);
  await page.mouse.move(2, 2);
  await page.waitForFunction(() => document.querySelector(".strip-name").textContent === "cat");

  // A neuron's products add up to q·k, and its share is of it.
  await ranking.getByRole("button").first().click();
  await neuronReadout.getByText(/neuron \d+: q −?[\d.]+ · k −?[\d.]+ = −?[\d.]+, −?[\d.]+% of q·k/).waitFor();
  const text = await neuronReadout.textContent();
  const [q, k, product] = text.match(/q (−?[\d.]+) · k (−?[\d.]+) = (−?[\d.]+)/).slice(1).map((it) => Number(it.replace("−", "-")));
  assert.ok(Math.abs(q * k - product) < 0.01, text);
  await plot.getByRole("img").waitFor();
  assert.equal(await page.locator(".column-mark:not(.none)").count(), 2);
  await shot("neuron-view");
  for (const name of ["this key", "all keys"]) {
    await page.getByRole("radiogroup", { name: "Neurons sorted by" }).getByRole("radio", { name }).check();
    await compare(2);
  }
  await shot("neuron-view-sorted");
});

pageTest("neuron view of a model with rotary embeddings and shared keys", async ({ page, open, shot }) => {
  const expected = golden("smollm2", "when-mary-and-john-went-to-the-store-joh");
  await open();
  await firstResult(page);
  await pickModel(page, SMOLLM2);
  await run(page, expected.text);
  await result(page, expected.tokens.length);
  const { tab, neuron, neuronKeys } = scales(page);
  await parts(page).layer.selectOption("13");
  await parts(page).head(4).click();
  while ((await parts(page).pressedHeads.count()) !== 1) await parts(page).head(4).dblclick();
  const last = expected.tokens.length - 1;
  await parts(page).queries.nth(9).click();
  await tab("Neuron").click();
  await neuronKeys.first().waitFor();
  await neuronKeys.first().locator(".weight", { hasText: "." }).waitFor();
  await neuron.getByText("Heads 3 to 5 share these keys and values").waitFor();
  const weights = await column(neuronKeys, "weight");
  assert.ok(distance(weights, expected.attention(13, 4, 9)) < TOLERANCE, weights.join(" "));
  const scores = await column(neuronKeys, "score");
  assert.ok(scores.slice(0, 10).every(Number.isFinite), scores.join(" "));
  assert.ok(last < 10 || scores.slice(10).every((score) => score === -Infinity), "later keys are hidden");
  const dots = await column(neuronKeys, "dot");
  await page.getByRole("checkbox", { name: "before rotation" }).check();
  const plain = await column(neuronKeys, "dot");
  assert.ok(distance(dots.slice(0, 9), plain.slice(0, 9)) > 0.1, "before the rotation the products are others");
  await shot("neuron-view-rotary");
});

pageTest("two views side by side follow each other", async ({ page, open, shot }) => {
  await page.setViewportSize({ width: 1440, height: 900 });
  await open();
  await firstResult(page);
  await parts(page).queries.nth(2).click();
  await page.getByRole("button", { name: "Side by side" }).click();
  const { neuronReadout } = scales(page);
  const neuronKeys = page.getByRole("region", { name: "Second view" }).getByRole("listbox", { name: "Key tokens" }).getByRole("option");
  await neuronKeys.first().waitFor();
  const head = page.getByRole("tabpanel", { name: "Head view" });
  await head.getByRole("listbox", { name: "Query tokens" }).getByRole("option").nth(5).hover();
  await neuronReadout.getByText(/^the \(\d+\) → /).waitFor();
  await neuronKeys.nth(9).hover();
  await page.waitForFunction(() => document.querySelector("#panel-head .tokens.key [data-row='9']").classList.contains("marked"));
  await shot("side-by-side");
});

pageTest("a link restores model, text, pair, view and what was chosen; going back undoes a view", async ({ page, context, open }) => {
  await open();
  await firstResult(page);
  const hash = () => page.evaluate(() => decodeURIComponent(location.hash));
  const { tab } = scales(page);
  await parts(page).layer.selectOption("4");
  await parts(page).head(3).dblclick();
  await page.waitForFunction(() => /layer=4&heads=3(&|$)/.test(location.hash));
  const before = await hash();
  const length = await page.evaluate(() => history.length);
  await parts(page).queries.nth(5).hover();
  await page.waitForTimeout(50);
  assert.equal(await hash(), before, "hovering writes nothing");
  await parts(page).queries.nth(5).click();
  await tab("Neuron").click();
  await page.waitForFunction(() => /view=neuron.*query=5/.test(location.hash));
  assert.equal(await page.evaluate(() => history.length), length + 1, "only the view is an entry of its own");
  assert.match(await hash(), /^#v=1&model=all-MiniLM-L6-v2&text=The cat sat on the mat&pair=The cat lay on the rug&view=neuron&layer=4&heads=3&query=5$/);

  const link = page.url();
  const other = await context.newPage();
  await other.goto(link);
  await result(other, 15);
  await other.getByRole("tab", { name: "Neuron view", selected: true }).waitFor();
  await scales(other).neuronKeys.first().waitFor();
  assert.equal(await other.evaluate(() => document.querySelector(".strip-name").textContent), "the");
  await other.reload();
  await result(other, 15);
  await scales(other).neuronKeys.first().waitFor();
  assert.equal(other.url(), link);
  // Of many choices in a row the last one is in the address.
  for (const layer of ["0", "1", "3", "2"]) await parts(other).layer.selectOption(layer);
  await other.waitForURL(/layer=2&/);
  await other.reload();
  await result(other, 15);
  assert.equal(await parts(other).layer.inputValue(), "2");
  await other.close();

  await page.goBack();
  await page.getByRole("tab", { name: "Head view", selected: true }).waitFor();
  await page.goForward();
  await page.getByRole("tab", { name: "Neuron view", selected: true }).waitFor();
});

pageTest("broken links are followed as far as they go, and what is wrong is said", async ({ page, open }) => {
  await open("#v=1&text=A%20dog%20ran&layer=40&heads=2&colour=red&view=model");
  await page.getByRole("alert").getByText(/colour is unknown.*which loads 91.3 MB first/).waitFor();
  await page.getByRole("button", { name: "Run", exact: true }).click();
  await result(page, 5);
  await page.getByRole("alert").getByText("there is no layer 40: the last is 5").waitFor();
  await page.getByRole("tab", { name: "Model view", selected: true }).waitFor();
  assert.equal(await parts(page).text.inputValue(), "A dog ran");
  await page.evaluate(() => { location.hash = "#v=1&text=A%20cat%20ran%20home&theme=purple"; });
  await result(page, 6);
  await page.getByRole("alert").getByText("theme=purple is not system, light or dark").waitFor();
  await page.getByRole("button", { name: "Dismiss" }).click();
  await page.getByRole("alert").waitFor({ state: "detached" });
});

pageTest("tabs by keyboard, nothing inaccessible, on a phone too", async ({ page, open, shot }) => {
  await open();
  await firstResult(page);
  const { tab, neuronKeys } = scales(page);
  await tab("Head").focus();
  await page.keyboard.press("ArrowLeft");
  await page.waitForFunction(() => document.activeElement.id === "tab-model");
  await wholeMap(page);
  assert.deepEqual(await accessibilityProblems(page), []);
  await page.keyboard.press("End");
  await page.waitForFunction(() => document.activeElement.id === "tab-find");
  await page.keyboard.press("ArrowLeft");
  await page.waitForFunction(() => document.activeElement.id === "tab-stream");
  await page.keyboard.press("ArrowLeft");
  await page.waitForFunction(() => document.activeElement.id === "tab-neuron");
  await parts(page).queries.nth(2).click();
  await neuronKeys.first().waitFor();
  assert.deepEqual(await accessibilityProblems(page), []);
  await page.setViewportSize({ width: 360, height: 740 });
  const tooWide = () => page.evaluate(() => document.documentElement.scrollWidth > innerWidth);
  await page.waitForTimeout(200);
  assert.equal(await tooWide(), false);
  await shot("neuron-view-phone");
  await tab("Model").click();
  await wholeMap(page);
  assert.equal(await tooWide(), false);
  await shot("model-view-phone");
});

pageTest("512 tokens and 270 heads stay small", async ({ page, open, shot }) => {
  await open();
  await firstResult(page);
  await pickModel(page, SMOLLM2);
  const vocabulary = ["the", "river", "runs", "under", "an", "old", "stone", "bridge"];
  await run(page, Array.from({ length: 512 }, (_, index) => vocabulary[(index * 5 + (index >> 3)) % 8]).join(" "));
  await parts(page).status.getByText("· 512 token").waitFor({ timeout: 120_000 });
  const { tab, grid } = scales(page);
  await tab("Model").click();
  await page.getByText("each cell is the largest of 8 × 8 pairs of tokens").waitFor({ timeout: 60_000 });
  await grid.hover();
  await page.mouse.wheel(0, 400);
  const canvas = await page.evaluate(() => {
    const { width, height } = document.querySelector(".map:not(.small) canvas");
    return { width, height, window: innerHeight };
  });
  assert.ok(canvas.height <= canvas.window, JSON.stringify(canvas));
  await shot("model-view-512");
}, { timeout: 240_000 });
