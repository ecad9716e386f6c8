// The head view: its numbers against golden values, and everything that can be done with it.

import assert from "node:assert/strict";
import { soon } from "./editing.mjs";
import { SMOLLM2, distance, firstResult, golden, inspect, numbers, parts, pickModel, result, run, words } from "./page.mjs";
import { pageTest } from "./support.mjs";

/** Numbers on screen have three decimals: half of the last one, and what f32 may differ by. */
const TOLERANCE = 1e-3;

/** Reads a head's weights token by token with the keyboard and compares them. */
async function compareHead(page, expected, layer, head) {
  const { layer: picker, head: square, queries, keys, pressedHeads } = parts(page);
  await picker.selectOption(String(layer));
  await square(head).click();
  while ((await pressedHeads.count()) !== 1 || (await square(head).getAttribute("aria-pressed")) !== "true") {
    await square(head).dblclick();
  }
  await page.getByText(`L${layer}H${head}`, { exact: true }).filter({ visible: true }).first().waitFor();
  await queries.first().focus();
  for (let query = 0; query < expected.tokens.length; query++) {
    await page.waitForFunction((row) => document.activeElement?.dataset.row === String(row), query);
    // The numbers follow the focus, on a busy machine a moment later.
    await soon(async () => {
      const wrong = distance(await numbers(keys), expected.attention(layer, head, query));
      return wrong < TOLERANCE ? null : `off by ${wrong}`;
    }, `L${layer}H${head}, query ${query}`);
    await page.keyboard.press("ArrowDown");
  }
}

pageTest("MiniLM: weights on the page are the golden ones", async ({ page, open }) => {
  const expected = golden("minilm", "the-cat-sat-on-the-mat");
  await open();
  await firstResult(page);
  assert.deepEqual(await words(parts(page).queries), expected.tokens);
  for (const [layer, head] of [[0, 2], [1, 8], [2, 9], [5, 11]]) await compareHead(page, expected, layer, head);
});

pageTest("SmolLM2: weights and predictions on the page are the golden ones", async ({ page, open }) => {
  const expected = golden("smollm2", "when-mary-and-john-went-to-the-store-joh");
  await open();
  await firstResult(page);
  await pickModel(page, SMOLLM2);
  await run(page, expected.text);
  await result(page, expected.tokens.length);
  for (const [layer, head] of [[0, 0], [13, 4], [29, 8]]) await compareHead(page, expected, layer, head);
  await inspect(page, "Predicts");
  const rows = parts(page).predictions.getByRole("listitem");
  assert.equal(await rows.count(), 10);
  for (const [index, [token, prob]] of expected.next_token.entries()) {
    const row = await rows.nth(index).evaluate((node) => [...node.querySelectorAll("bdi, .number")].map((it) => it.textContent));
    assert.equal(row[0], token.replace(" ", "·"));
    assert.ok(Math.abs(Number(row[1]) - prob) < TOLERANCE, `${token}: ${row[1]}, expected ${prob}`);
  }
});

pageTest("hovering a query shows its weights, hovering a key those of its column", async ({ page, open }) => {
  const expected = golden("minilm", "the-cat-sat-on-the-mat");
  await open();
  await firstResult(page);
  const { queries, keys, allHeads, links } = parts(page);
  const of = (head, query, key) => expected.attention(2, head, query)[key];
  await queries.nth(2).hover();
  await page.getByText(/cat \(\d+\) reads from/).waitFor();
  assert.ok(distance(await numbers(keys), expected.attention(2, 9, 2)) < TOLERANCE);
  await keys.nth(9).hover();
  await page.getByText(/cat \(\d+\) is read by/).waitFor();
  const column = expected.tokens.map((_, query) => of(9, query, 9));
  assert.ok(distance(await numbers(queries), column) < TOLERANCE);

  await allHeads.click();
  await queries.nth(2).hover();
  await page.getByText(/cat \(\d+\) reads from/).waitFor();
  const mean = (query, key) => Array.from({ length: 12 }, (_, head) => of(head, query, key)).reduce((a, b) => a + b) / 12;
  assert.ok(distance(await numbers(keys), expected.tokens.map((_, key) => mean(2, key))) < TOLERANCE);
  await page.mouse.move(2, 2);
  await links.getByText("Strongest link of each head").waitFor();
  assert.equal(await links.getByRole("row").count(), 13);
});

pageTest("kept tokens add up, a pair lists every head, Escape lets go", async ({ page, open }) => {
  const expected = golden("minilm", "the-cat-sat-on-the-mat");
  await open();
  await firstResult(page);
  const { queries, keys, allHeads, links } = parts(page);
  await queries.nth(2).click();
  await queries.nth(4).click();
  await page.mouse.move(2, 2);
  const sum = expected.attention(2, 9, 2).map((weight, key) => weight + expected.attention(2, 9, 4)[key]);
  await page.getByText("2 tokens read from").waitFor();
  assert.ok(distance(await numbers(keys), sum) < TOLERANCE);
  await queries.nth(4).click();
  await allHeads.click();
  await keys.nth(9).hover();
  await page.getByText(/cat \(\d+\) → cat \(\d+\)/).waitFor();
  const cells = await links.getByRole("row").evaluateAll((rows) => rows.slice(1).map((row) => row.lastElementChild.textContent));
  const weights = Array.from({ length: 12 }, (_, head) => expected.attention(2, head, 2)[9]);
  assert.ok(distance(cells.map(Number), weights) < TOLERANCE, cells.join(" "));
  await queries.nth(2).focus();
  await page.keyboard.press("Escape");
  assert.equal(await queries.and(page.locator("[aria-selected=true]")).count(), 0);
});

pageTest("lines and strips are drawn in the heads' colours", async ({ page, open }) => {
  await open();
  await firstResult(page);
  const { queries, head } = parts(page);
  const colour = await head(9).evaluate((node) => getComputedStyle(node).backgroundColor.match(/\d+/g).map(Number));
  // Pixels of the head's colour, of any opacity, by which third of the canvas they are in.
  const inked = () =>
    page.evaluate((colour) => {
      const canvas = document.querySelector(".figure .pane canvas");
      const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
      const thirds = [0, 0, 0];
      let others = 0;
      for (let at = 0; at < data.length; at += 4) {
        if (data[at + 3] < 40) continue;
        const far = Math.max(...colour.map((channel, index) => Math.abs(channel - data[at + index])));
        // Strips are a little lighter than lines.
        if (far > 40) others += 1;
        else thirds[Math.floor((((at / 4) % canvas.width) / canvas.width) * 3)] += 1;
      }
      return { thirds, others };
    }, colour);
  const idle = await inked();
  assert.ok(idle.thirds[1] > 1_000 && idle.others === 0, JSON.stringify(idle));
  await queries.nth(2).hover();
  await page.getByText(/cat \(\d+\) reads from/).waitFor();
  await page.waitForTimeout(100);
  const hovered = await inked();
  assert.ok(hovered.thirds[1] < idle.thirds[1] / 3 && hovered.thirds[1] > 0, JSON.stringify(hovered));
  assert.ok(hovered.thirds[2] > 500, "a strip behind the key that is read");
});

pageTest("clicks and double-clicks on heads", async ({ page, open }) => {
  await open();
  await firstResult(page);
  const { head, heads, pressedHeads, allHeads } = parts(page);
  const pressed = () => pressedHeads.evaluateAll((nodes) => nodes.map((node) => Number(node.textContent)));
  assert.equal(await heads.count(), 12);
  assert.deepEqual(await pressed(), [9]);
  await head(9).click();
  assert.deepEqual(await pressed(), [9], "the last one stays");
  await head(3).click();
  assert.deepEqual(await pressed(), [3, 9]);
  await head(9).click();
  assert.deepEqual(await pressed(), [3]);
  await head(5).dblclick();
  assert.deepEqual(await pressed(), [5]);
  await head(5).dblclick();
  assert.equal((await pressed()).length, 12);
  await head(7).dblclick();
  assert.deepEqual(await pressed(), [7]);
  await allHeads.click();
  assert.equal((await pressed()).length, 12);
  assert.equal(await allHeads.isDisabled(), true);
  const colours = await heads.evaluateAll((nodes) => nodes.map((node) => getComputedStyle(node).backgroundColor));
  assert.equal(new Set(colours).size, 12);
});

pageTest("sentence filters slice the pattern", async ({ page, open, shot }) => {
  const expected = golden("minilm", "the-cat-sat-on-the-mat");
  await open();
  await firstResult(page);
  const { queries, keys, segment, links } = parts(page);
  const table = { "A→A": [0, 8, 0, 8], "A→B": [0, 8, 8, 15], "B→A": [8, 15, 0, 8], "B→B": [8, 15, 8, 15], All: [0, 15, 0, 15] };
  for (const [name, [queryStart, queryEnd, keyStart, keyEnd]] of Object.entries(table)) {
    await segment(name).check();
    assert.deepEqual(await words(queries), expected.tokens.slice(queryStart, queryEnd), name);
    assert.deepEqual(await words(keys), expected.tokens.slice(keyStart, keyEnd), name);
    await queries.nth(1).hover();
    await page.locator(".links").getByText("reads from").waitFor();
    const row = expected.attention(2, 9, queryStart + 1).slice(keyStart, keyEnd);
    assert.ok(distance(await numbers(keys), row) < TOLERANCE, `${name}: not renormalised`);
    if (name === "A→B") await shot("filter");
    await page.mouse.move(2, 2);
  }
  await run(page, "One sentence alone");
  await result(page, 5);
  assert.equal(await segment("All").count(), 0);
  // A pair of a model without pairs is joined by a space; the second text starts at its first token.
  await pickModel(page, SMOLLM2);
  await run(page, "The cat sat on the mat", "The cat lay on the rug");
  await result(page, 12);
  await segment("A→B").check();
  assert.deepEqual(await words(keys), ["·The", "·cat", "·lay", "·on", "·the", "·rug"]);
});

pageTest("everything by keyboard, and in words", async ({ page, open }) => {
  const expected = golden("minilm", "the-cat-sat-on-the-mat");
  await open();
  await firstResult(page);
  const { queries, keys, spoken, head, layer, pressedHeads } = parts(page);
  const focused = () => page.evaluate(() => [document.activeElement.closest("[role=listbox]")?.ariaLabel, document.activeElement.dataset.row]);
  const focusedIs = (side, row) =>
    page.waitForFunction(([side, row]) => {
      const node = document.activeElement;
      return node.closest("[role=listbox]")?.getAttribute("aria-label") === side && node.dataset.row === row;
    }, [side, row]).catch(async () => assert.deepEqual(await focused(), [side, row]));

  // One tab stop per list, arrows inside.
  await queries.first().focus();
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("ArrowDown");
  await focusedIs("Query tokens", "2");
  await spoken.getByText("cat, query token 2").waitFor();
  const text = await spoken.textContent();
  const told = [...text.matchAll(/L2H9 to (\S+(?: \(\d+\))?) ([\d.]+)/g)].map(([, token, weight]) => [token, Number(weight)]);
  // A token that the text has twice is told with its position.
  const name = (token, key) => (expected.tokens.filter((other) => other === token).length > 1 ? `${token} (${key})` : token);
  const row = expected.attention(2, 9, 2).map((weight, key) => [name(expected.tokens[key], key), weight]).sort((a, b) => b[1] - a[1]);
  assert.equal(told.length, 5, text);
  told.forEach(([token, weight], index) => {
    assert.equal(token, row[index][0]);
    assert.ok(Math.abs(weight - row[index][1]) < TOLERANCE, text);
  });
  await page.keyboard.press("Enter");
  assert.equal(await queries.nth(2).getAttribute("aria-selected"), "true");
  await page.keyboard.press("ArrowRight");
  await focusedIs("Key tokens", "2");
  await spoken.getByText(/^cat( \(2\))? to cat( \(2\))?: L2H9/).waitFor();
  await page.keyboard.press("End");
  await focusedIs("Key tokens", "14");
  await page.keyboard.press("Escape");
  assert.equal(await queries.nth(2).getAttribute("aria-selected"), "false");
  await page.keyboard.press("l");
  assert.equal(await layer.inputValue(), "3");
  await page.keyboard.press("Shift+L");
  assert.equal(await layer.inputValue(), "2");
  await page.keyboard.press("h");
  assert.equal(await pressedHeads.textContent(), "10");
  await page.keyboard.press("Shift+H");
  assert.equal(await pressedHeads.textContent(), "9");
  await page.keyboard.press("a");
  assert.equal(await pressedHeads.count(), 12);
  assert.equal(await keys.and(page.locator("[tabindex='0']")).count(), 1);

  // Squares: one tab stop too.
  await head(0).focus();
  await page.keyboard.press("ArrowRight");
  await page.keyboard.press("ArrowRight");
  await page.keyboard.press("Space");
  assert.equal(await head(2).getAttribute("aria-pressed"), "false");
  await page.keyboard.press("Shift+Enter");
  assert.equal(await pressedHeads.textContent(), "2");
  await page.keyboard.press("Shift+Enter");
  assert.equal(await pressedHeads.count(), 12);

  // Letters typed into the text are text.
  await parts(page).text.fill("");
  await parts(page).text.pressSequentially("hal");
  assert.equal(await layer.inputValue(), "2");
});

pageTest("200 tokens scroll, with only what is seen in the page", async ({ page, open, shot }) => {
  await open();
  await firstResult(page);
  const vocabulary = ["the", "river", "runs", "under", "an", "old", "stone", "bridge"];
  await run(page, Array.from({ length: 198 }, (_, index) => vocabulary[(index * 5 + (index >> 3)) % 8]).join(" "));
  await result(page, 200);
  const { queries, keys, allHeads, links } = parts(page);
  await allHeads.click();
  assert.equal(await queries.first().getAttribute("aria-setsize"), "200");
  assert.ok((await queries.count()) < 60, `${await queries.count()} rows in the page`);
  const canvas = await page.evaluate(() => {
    const { width, height } = document.querySelector(".figure .pane canvas");
    return { width, height, window: window.innerHeight };
  });
  assert.ok(canvas.height <= canvas.window, JSON.stringify(canvas));
  await queries.first().hover();
  await page.mouse.wheel(0, 1_000);
  await page.waitForFunction(() => !document.querySelector(".tokens.query [data-row='0']"));
  const rows = await queries.evaluateAll((nodes) => nodes.map((node) => Number(node.dataset.row)));
  assert.ok(rows.includes(60), rows.join(" "));
  // The pointer rests, but over another token.
  await links.getByText("reads from").waitFor();
  assert.equal(await links.getByText("[CLS] reads from").count(), 0);
  await shot("200-tokens");
  await queries.first().focus();
  await page.keyboard.press("End");
  await page.waitForFunction(() => document.activeElement.dataset.row === "199");
  assert.equal(await keys.last().getAttribute("data-row"), "199");
  assert.equal((await words(queries.last()))[0], "[SEP]");
  await page.keyboard.press("Home");
  await page.waitForFunction(() => document.activeElement.dataset.row === "0");
});
