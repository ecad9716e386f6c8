// What holds for every view whatever it shows: long inputs, touch, fine screens, other sizes, odd tokens.

import assert from "node:assert/strict";
import { distance, firstResult, golden, numbers, parts, result, run } from "./page.mjs";
import { pageTest } from "./support.mjs";
import { makeTrace, serveTrace } from "./traces.mjs";

const TOLERANCE = 1e-3;
const PHONE = { viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true };

const tab = (page, name) => page.getByRole("tab", { name: `${name} view` });
const cell = (page, layer, head) => page.locator(`#cell-l${layer}h${head}`);
const mapReadout = (page) => page.locator(".map:not(.small) .readout");
const neuronKeys = (page) =>
  page.getByRole("tabpanel", { name: "Neuron view" }).getByRole("listbox", { name: "Key tokens" }).getByRole("option");
const neuronQueries = (page) =>
  page.getByRole("tabpanel", { name: "Neuron view" }).getByRole("listbox", { name: "Query tokens" }).getByRole("option");
const crumb = (page, name) => page.getByRole("navigation", { name: "Breadcrumb" }).getByRole("button", { name });

/** Positions of the rows that are in the page. */
const rowsOf = (tokens) => tokens.evaluateAll((rows) => rows.map((row) => Number(row.dataset.row)));

async function wholeMap(page) {
  await page.waitForFunction(() => !/of \d+ layers/.test(document.querySelector(".map:not(.small) .legend")?.textContent ?? "0 of 1 layers"));
}

/** Canvases on screen: backing pixels, and CSS pixels times the screen's ratio. */
const canvases = (page) =>
  page.evaluate(() => [...document.querySelectorAll("canvas")].map((canvas) => {
    const box = canvas.getBoundingClientRect();
    return { width: canvas.width, height: canvas.height, wide: box.width * devicePixelRatio, high: box.height * devicePixelRatio };
  }).filter(({ wide }) => wide > 0));

/** What has a background of its own and lies over a picture. */
const covered = (page) =>
  page.evaluate(() => [...document.querySelectorAll("canvas")].flatMap((canvas) => {
    const box = canvas.getBoundingClientRect();
    const places = [0.2, 0.5, 0.8].map((share) => [box.left + box.width * share, box.top + Math.min(box.height, 200) * share]);
    return places.flatMap(([x, y]) => {
      const all = document.elementsFromPoint(x, y);
      const over = all.slice(0, Math.max(all.indexOf(canvas), 0));
      return over.filter((it) => getComputedStyle(it).backgroundColor !== "rgba(0, 0, 0, 0)").map((it) => it.className);
    });
  }));

const tooWide = (page) => page.evaluate(() => document.documentElement.scrollWidth > innerWidth);

pageTest("2,048 tokens from a trace scroll and hover in every view, with the weights that its queries and keys give", async ({ page, open, shot }) => {
  const trace = makeTrace(2_048, 4, 8);
  await serveTrace(page, trace);
  await open();
  await result(page, 2_048);
  const { queries, keys, head, pressedHeads, links } = parts(page);
  await head(2).click();
  while ((await pressedHeads.count()) !== 1) await head(2).dblclick();
  await page.getByText("L0H2", { exact: true }).filter({ visible: true }).first().waitFor();
  const compare = async (query) => {
    await links.getByText(`t${query} reads from`).waitFor();
    const [rows, found] = [await rowsOf(keys), await numbers(keys)];
    assert.ok(rows.length > 10 && rows.length < 80, `${rows.length} rows are in the page`);
    const weights = trace.weights(2, query);
    assert.ok(distance(found, rows.map((row) => weights[row])) < TOLERANCE, `query ${query}`);
  };
  await queries.nth(3).hover();
  await compare(3);
  await page.mouse.wheel(0, 20_000);
  await page.waitForFunction(() => !document.querySelector(".tokens.query [data-row='3']"));
  const seen = await rowsOf(queries);
  assert.ok(seen[0] > 900, seen.join(" "));
  await queries.nth(12).hover();
  await compare((await rowsOf(queries))[12]);
  await shot("2048-head");
  await queries.first().focus();
  await page.keyboard.press("End");
  await page.waitForFunction(() => document.activeElement.dataset.row === "2047");
  await compare(2_047);
  await page.keyboard.press("Enter");

  await tab(page, "Neuron").click();
  await neuronKeys(page).first().locator(".weight", { hasText: "." }).waitFor();
  const compareNeuron = async (query) => {
    await page.waitForFunction((name) => document.querySelector(".strip-name").textContent === name, `t${query}`);
    const rows = await rowsOf(neuronKeys(page));
    assert.ok(rows.length < 80, `${rows.length} rows are in the page`);
    const texts = await neuronKeys(page).evaluateAll((all) => all.map((row) => row.querySelector(".weight").textContent));
    const weights = trace.weights(2, query);
    assert.ok(distance(texts.map(Number), rows.map((row) => weights[row])) < TOLERANCE, `query ${query}`);
  };
  await compareNeuron(2_047);
  await neuronQueries(page).nth(5).hover();
  await page.mouse.wheel(0, 6_000);
  await page.waitForFunction(() => !document.querySelector(".neuron-figure .tokens.query [data-row='5']"));
  await neuronQueries(page).nth(8).hover();
  await compareNeuron((await rowsOf(neuronQueries(page)))[8]);
  await shot("2048-neuron");

  await tab(page, "Model").click();
  await wholeMap(page);
  await page.getByText("each cell is the largest of 32 × 32 pairs of tokens").waitFor();
  await cell(page, 0, 1).hover();
  await mapReadout(page).getByText(/^L0H1 · entropy 0\.\d+ · strongest link t\d+ → t\d+ 0\.\d+/).waitFor();
  for (const { height, high } of await canvases(page)) assert.ok(height <= Math.ceil(high) + 1);
  await shot("2048-model");
});

pageTest("touch on a phone: tap looks, tap again keeps, in every view", async ({ page, open, shot }) => {
  const expected = golden("minilm", "the-cat-sat-on-the-mat");
  await open();
  await firstResult(page);
  const { queries, keys, links } = parts(page);
  await queries.nth(2).tap();
  await links.getByText(/cat \(\d+\) reads from/).waitFor();
  assert.ok(distance(await numbers(keys), expected.attention(2, 9, 2)) < TOLERANCE);
  assert.equal(await queries.nth(2).getAttribute("aria-selected"), "false", "the first tap only looks");
  await shot("touch-head");
  await queries.nth(2).tap();
  assert.equal(await queries.nth(2).getAttribute("aria-selected"), "true");
  await keys.nth(9).tap();
  await links.getByText(/cat \(\d+\) → cat \(\d+\)/).waitFor();
  assert.equal(await keys.nth(9).getAttribute("aria-selected"), "false");
  assert.equal(await tooWide(page), false);

  await tab(page, "Neuron").tap();
  await neuronKeys(page).first().locator(".weight", { hasText: "." }).waitFor();
  await page.locator(".neuron-figure").evaluate((figure) => figure.scrollIntoView({ block: "center" }));
  const canvas = await page.locator(".neuron-figure .scroller canvas").boundingBox();
  const row = await neuronKeys(page).nth(4).boundingBox();
  const key = await neuronKeys(page).nth(4).locator(".key-token").boundingBox();
  const place = { x: Math.min(key.x + key.width + 30, canvas.x + canvas.width - 40), y: row.y + row.height / 2 };
  await page.touchscreen.tap(place.x, place.y);
  const readout = page.locator(".neuron-figure .readout");
  await readout.getByText(/neuron \d+: q/).waitFor();
  assert.equal(await crumb(page, /^neuron \d+$/).count(), 0, "the first tap only looks");
  await page.touchscreen.tap(place.x, place.y);
  await crumb(page, /^neuron \d+$/).waitFor();
  await shot("touch-neuron");
  assert.equal(await tooWide(page), false);

  await tab(page, "Model").tap();
  await wholeMap(page);
  await cell(page, 4, 7).tap();
  await mapReadout(page).getByText("L4H7 · entropy").waitFor();
  assert.equal(await cell(page, 4, 7).getAttribute("aria-selected"), "false", "the first tap only looks");
  await cell(page, 4, 7).tap();
  await page.waitForFunction(() => document.getElementById("cell-l4h7").getAttribute("aria-selected") === "true");
  await shot("touch-model");
  assert.equal(await tooWide(page), false);
}, { context: PHONE });

for (const deviceScaleFactor of [1.5, 3]) {
  pageTest(`pictures have the screen's own pixels at ${deviceScaleFactor} per CSS pixel`, async ({ page, open, shot }) => {
    await open();
    await firstResult(page);
    const crisp = async (view) => {
      await page.waitForTimeout(200);
      const all = await canvases(page);
      assert.ok(all.length > 0);
      for (const { width, height, wide, high } of all) {
        const message = `${view}: ${width} × ${height} for ${wide} × ${high}`;
        assert.ok(Math.abs(width - wide) < 1 && Math.abs(height - high) < 1, message);
      }
      await shot(`density-${deviceScaleFactor}-${view}`);
    };
    await crisp("head");
    await parts(page).queries.nth(2).click();
    await tab(page, "Neuron").click();
    await neuronKeys(page).first().locator(".weight", { hasText: "." }).waitFor();
    await crisp("neuron");
    await tab(page, "Model").click();
    await wholeMap(page);
    await crisp("model");
  }, { context: { deviceScaleFactor } });
}

pageTest("another size of the window is followed, in light and dark", async ({ page, open, shot }) => {
  await open();
  await firstResult(page);
  const { queries, keys, links } = parts(page);
  const expected = golden("minilm", "the-cat-sat-on-the-mat");
  await queries.nth(2).click();
  for (const scheme of ["light", "dark"]) {
    await page.emulateMedia({ colorScheme: scheme });
    for (const [width, height] of [[1440, 900], [800, 700], [360, 740]]) {
      await page.setViewportSize({ width, height });
      for (const view of ["Head", "Model", "Neuron"]) {
        await tab(page, view).click();
        await page.mouse.move(2, 2);
        if (view === "Head") {
          await links.getByText(/cat \(\d+\) reads from/).waitFor();
          assert.ok(distance(await numbers(keys), expected.attention(2, 9, 2)) < TOLERANCE);
        }
        if (view === "Model") await wholeMap(page);
        if (view === "Neuron") await neuronKeys(page).first().locator(".weight", { hasText: "." }).waitFor();
        await page.waitForTimeout(250);
        assert.equal(await tooWide(page), false, `${view}, ${width} px`);
        assert.deepEqual(await covered(page), [], `${view}: something lies over a picture`);
        for (const { width: own, wide } of await canvases(page)) assert.ok(Math.abs(own - wide) < 1, `${view}, ${width} px: ${own} for ${wide}`);
        await shot(`${view}-${scheme}-${width}`.toLowerCase());
      }
    }
  }
});

pageTest("the neuron view stays open across layers, heads and filters, and the first click after a filter counts", async ({ page, open }) => {
  const expected = golden("minilm", "the-cat-sat-on-the-mat");
  await open();
  await firstResult(page);
  const { queries, layer, head, pressedHeads, segment } = parts(page);
  await queries.nth(2).click();
  await tab(page, "Neuron").click();
  const weights = async () => {
    const texts = await neuronKeys(page).evaluateAll((rows) => rows.map((row) => row.querySelector(".weight").textContent));
    return texts.map(Number);
  };
  const shows = async (at, number, keys) => {
    const row = expected.attention(at, number, 2).slice(...keys);
    await page.waitForFunction(([n, first]) => {
      const rows = [...document.querySelectorAll(".key-row")];
      return rows.length === n && Math.abs(Number(rows[0].querySelector(".weight").textContent) - first) < 1e-3;
    }, [row.length, row[0]]);
    assert.ok(distance(await weights(), row) < TOLERANCE, `L${at}H${number}`);
  };
  await shows(2, 9, [0, 15]);
  await layer.selectOption("4");
  await shows(4, 9, [0, 15]);
  await head(3).click();
  assert.equal(await pressedHeads.textContent(), "3", "one head is looked into");
  await shows(4, 3, [0, 15]);
  await segment("A→B").check();
  await shows(4, 3, [8, 15]);
  await neuronQueries(page).nth(4).click();
  await page.waitForFunction(() => document.querySelector(".strip-name").textContent === "on");
  await tab(page, "Head").click();
  await queries.nth(1).click();
  assert.equal(await queries.nth(1).getAttribute("aria-selected"), "true");
});

pageTest("long tokens and tokens like markup stay text within their columns", async ({ page, open, shot }) => {
  const long = "x".repeat(90);
  const tokens = ["<script>alert(1)</script>", long, "</div>", "a\u202Eb", "שלום"];
  const trace = makeTrace(5, 2, 4);
  const start = 8 + Number(trace.bytes.readBigUInt64LE(0));
  const header = JSON.parse(trace.bytes.toString("utf8", 8, start));
  const metadata = JSON.parse(header.__metadata__.headlight);
  header.__metadata__.headlight = JSON.stringify({ ...metadata, tokens });
  const json = Buffer.from(JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(json.length));
  await serveTrace(page, { bytes: Buffer.concat([length, json, trace.bytes.subarray(start)]) });
  await open();
  await result(page, 5);
  const { queries } = parts(page);
  assert.equal(await queries.first().locator("bdi").textContent(), tokens[0]);
  assert.equal(await page.locator(".tokens script").count(), 0);
  const inside = async (rows) => {
    const places = await rows.evaluateAll((all) => all.map((row) => {
      const [text, column] = [row.querySelector(".text").getBoundingClientRect(), row.getBoundingClientRect()];
      return [text.left - column.left, column.right - text.right];
    }));
    assert.ok(places.flat().every((room) => room >= -1), JSON.stringify(places));
  };
  await inside(queries);
  await queries.nth(1).click();
  await tab(page, "Neuron").click();
  await neuronKeys(page).first().waitFor();
  await inside(neuronQueries(page));
  await shot("odd-tokens");
  await page.setViewportSize({ width: 360, height: 740 });
  await page.waitForTimeout(200);
  assert.equal(await tooWide(page), false);
});

pageTest("a single text has no filter, and a run of another text keeps the open view", async ({ page, open }) => {
  await open();
  await firstResult(page);
  await parts(page).queries.nth(2).click();
  await tab(page, "Neuron").click();
  await neuronKeys(page).first().waitFor();
  await run(page, "A dog ran far away");
  await result(page, 7);
  await tab(page, "Neuron").and(page.locator("[aria-selected=true]")).waitFor();
  await page.waitForFunction(() => document.querySelector(".strip-name")?.textContent === "[SEP]");
  await parts(page).queries.nth(2).click();
  await page.waitForFunction(() => document.querySelector(".strip-name")?.textContent === "dog");
  const names = await neuronKeys(page).evaluateAll((rows) => rows.map((row) => row.querySelector("bdi").textContent));
  assert.deepEqual(names, ["[CLS]", "a", "dog", "ran", "far", "away", "[SEP]"], "the rows are of the new text");
});
