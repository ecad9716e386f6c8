// The head view's drawings and choices, the scores of all heads, and what is said of the words.

import assert from "node:assert/strict";
import { SMOLLM2, distance, firstResult, golden, inspect, liveResult, numbers, openInput, parts, pickExample, pickModel, result, run, words } from "./page.mjs";
import { accessibilityProblems, pageTest } from "./support.mjs";

const TOLERANCE = 1e-3;
const CAT = "the-cat-sat-on-the-mat";

/** Opens the other choices. */
async function openDisplay(page) {
  await parts(page).display.locator("summary").click();
}

/** Opaque pixels of the figure's canvas. */
const inked = (page) =>
  page.evaluate(() => {
    const canvas = document.querySelector(".figure .pane canvas");
    const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    let ink = 0;
    for (let at = 3; at < data.length; at += 4) ink += data[at] > 0 ? 1 : 0;
    return ink;
  });

const settled = (page) => page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));

pageTest("the matrix: keys above, cells say their weight, a click keeps both tokens", async ({ page, open, shot }) => {
  const expected = golden("minilm", CAT);
  await open();
  await firstResult(page);
  const { option, queries, keys, links, head } = parts(page);
  await option("Drawing", "Matrix").check();
  assert.deepEqual(await words(queries), expected.tokens);
  assert.deepEqual(await words(keys), expected.tokens);
  const row = await queries.nth(2).boundingBox();
  const column = await keys.nth(9).boundingBox();
  await page.mouse.move(column.x + column.width / 2, row.y + row.height / 2);
  await links.getByText(/cat \(\d+\) → cat \(\d+\)/).waitFor();
  const weight = Number(await links.getByRole("row").nth(1).locator(".number").textContent());
  assert.ok(Math.abs(weight - expected.attention(2, 9, 2)[9]) < TOLERANCE, String(weight));
  await shot("matrix");
  await page.mouse.click(column.x + column.width / 2, row.y + row.height / 2);
  await page.mouse.move(2, 2);
  assert.equal(await queries.nth(2).getAttribute("aria-selected"), "true");
  assert.equal(await keys.nth(9).getAttribute("aria-selected"), "true");
  assert.deepEqual(await accessibilityProblems(page), []);
  // A strong weight is a darker cell than a weak one.
  const colour = (query, key) =>
    page.evaluate(([x, y]) => {
      const canvas = document.querySelector(".figure .pane canvas");
      const box = canvas.getBoundingClientRect();
      return [...canvas.getContext("2d").getImageData(x - box.left, y - box.top, 1, 1).data];
    }, [key.x + key.width / 2, query.y + query.height / 2]);
  await page.keyboard.press("Escape");
  await head(9).focus();
  await page.keyboard.press("Escape");
  await settled(page);
  const [strong, weak] = [await colour(row, column), await colour(row, await keys.nth(4).boundingBox())];
  assert.ok(strong[3] === 255 && strong[0] + strong[1] + strong[2] < 450, `strong ${strong}`);
  assert.ok(weak[3] === 0 || weak[0] + weak[1] + weak[2] > 600, `weak ${weak}`);
  await queries.first().focus();
  await page.keyboard.press("m");
  assert.equal(await option("Drawing", "Lines").isChecked(), true);
});

pageTest("several heads: their mean, or side by side with their names", async ({ page, open, shot }) => {
  await open();
  await firstResult(page);
  const { option, head } = parts(page);
  await head(3).click();
  await head(5).click();
  await page.getByText("Layer 2, mean of 3 heads").waitFor();
  await option("Several heads", "Separate").check();
  const names = () => page.locator(".headings .drawn").allTextContents();
  assert.deepEqual(await names(), ["L2H3", "L2H5", "L2H9"]);
  await settled(page);
  await shot("side-by-side");
  // Each picture has lines of its own head's colour only.
  const colours = await Promise.all([3, 5, 9].map((index) => head(index).evaluate((node) => getComputedStyle(node).backgroundColor.match(/\d+/g).map(Number))));
  const strangers = await page.evaluate((colours) => {
    const canvas = document.querySelector(".figure .pane canvas");
    const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    const spans = [...document.querySelectorAll(".headings .drawn")].map((node) => node.getBoundingClientRect());
    const left = canvas.getBoundingClientRect().left;
    const scale = canvas.width / canvas.getBoundingClientRect().width;
    return spans.map((span, index) => {
      let [own, other] = [0, 0];
      for (let y = 0; y < canvas.height; y += 1) {
        for (let x = Math.ceil((span.left - left) * scale) + 1; x < Math.floor((span.right - left) * scale) - 1; x += 1) {
          const at = (y * canvas.width + x) * 4;
          if (data[at + 3] < 60) continue;
          const far = Math.max(...colours[index].map((channel, i) => Math.abs(channel - data[at + i])));
          if (far > 40) other += 1;
          else own += 1;
        }
      }
      return { own, other };
    });
  }, colours);
  for (const { own, other } of strangers) assert.ok(own > 50 && other === 0, JSON.stringify(strangers));
  await option("Drawing", "Matrix").check();
  assert.deepEqual(await names(), ["L2H3", "L2H5", "L2H9"]);
  await shot("matrices-side-by-side");
});

pageTest("scale, end and least weight change what is drawn, and the legend says so", async ({ page, open }) => {
  await open();
  await firstResult(page);
  const { option } = parts(page);
  const legend = page.locator(".legend");
  await legend.getByText("Weights below 0.004 are too faint to draw").waitFor();
  const linear = await inked(page);
  await openDisplay(page);
  await option("Scale", "Logarithmic").check();
  await settled(page);
  assert.ok((await inked(page)) > linear * 1.2, "more is seen on a logarithmic scale");
  assert.deepEqual(await legend.locator(".ticks span").allTextContents(), ["≤ 0.0001", "0.001", "0.01", "0.1", "1"]);
  await page.getByRole("slider", { name: "Minimum weight" }).fill("8");
  await legend.getByText("Weights below 0.2 are not drawn").waitFor();
  await settled(page);
  assert.ok((await inked(page)) < linear, "only strong links");
  await option("Maximum", "Row’s largest").check();
  await legend.getByText("row’s largest", { exact: true }).waitFor();
  await page.locator("details.display summary").getByText("logarithmic, per row, from 0.2").waitFor();
});

pageTest("what is left out is gone from both sides, and a note says what the rows sum to", async ({ page, open, shot }) => {
  const expected = golden("minilm", CAT);
  await open();
  await firstResult(page);
  const { queries, keys } = parts(page);
  const note = page.getByRole("note");
  assert.equal(await note.count(), 0);
  await openDisplay(page);
  await page.getByRole("checkbox", { name: "special tokens" }).check();
  const kept = expected.tokens.map((token, index) => index).filter((index) => !expected.tokens[index].startsWith("["));
  assert.deepEqual(await words(queries), kept.map((index) => expected.tokens[index]));
  assert.deepEqual(await words(keys), kept.map((index) => expected.tokens[index]));
  const mass = kept.map((query) => kept.map((key) => expected.attention(2, 9, query)[key]).reduce((a, b) => a + b)).reduce((a, b) => a + b) / kept.length;
  const said = Number(/sum to ([\d.]+)/.exec(await note.textContent())[1]);
  assert.ok(Math.abs(said - mass) < TOLERANCE, `${said}, expected ${mass}`);
  await shot("left-out");
  await page.getByRole("checkbox", { name: "special tokens" }).uncheck();
  await page.getByRole("checkbox", { name: "first position" }).check();
  assert.equal(await queries.count(), 14);
});

pageTest("where nothing is marked, each key says what it gets on average", async ({ page, open }) => {
  const expected = golden("minilm", CAT);
  await open();
  await firstResult(page);
  const n = expected.tokens.length;
  const mean = expected.tokens.map((_, key) => expected.tokens.map((_, query) => expected.attention(2, 9, query)[key]).reduce((a, b) => a + b) / n);
  assert.ok(distance(await numbers(parts(page).keys), mean) < TOLERANCE);
});

pageTest("pieces of a word can be joined", async ({ page, open }) => {
  await open();
  await firstResult(page);
  await run(page, "Unaffordable embeddings are tokenized");
  const { status, queries, keys } = parts(page);
  await status.getByText(/ ms$/).waitFor();
  await queries.filter({ hasText: "##" }).first().waitFor();
  const before = await words(queries);
  await queries.nth(before.indexOf("are")).hover();
  await page.locator(".links").getByText("reads from").waitFor();
  const single = await numbers(keys);
  await openDisplay(page);
  await page.getByRole("checkbox", { name: "Join words" }).check();
  const after = await words(queries);
  assert.ok(after.length < before.length && !after.some((word) => word.includes("##")), after.join(" "));
  assert.equal(after.slice(1, -1).join(" "), "unaffordable embeddings are tokenized");
  await queries.nth(after.indexOf("are")).hover();
  await page.locator(".links").getByText("are reads from").waitFor();
  const joined = await numbers(keys);
  // Weights into the first word are the sum over its pieces.
  const end = before.indexOf(before.slice(2).find((piece) => !piece.startsWith("##")));
  const sum = single.slice(1, end).reduce((a, b) => a + b);
  assert.ok(Math.abs(joined[1] - sum) < 3e-3, `${joined[1]}, expected ${sum}`);
});

pageTest("all heads ranked by a score, with its formula; a row shows its head", async ({ page, open, shot }) => {
  const expected = golden("minilm", CAT);
  await open();
  await firstResult(page);
  const { scores, layer, pressedHeads } = parts(page);
  await inspect(page, "Matters");
  const n = expected.tokens.length;
  const previous = (l, h) => Array.from({ length: n - 2 }, (_, i) => expected.attention(l, h, i + 2)[i + 1]).reduce((a, b) => a + b) / (n - 2);
  const ranked = [0, 1, 2, 3, 4, 5].flatMap((l) => Array.from({ length: 12 }, (_, h) => ({ name: `L${l}H${h}`, value: previous(l, h) }))).sort((a, b) => b.value - a.value);
  const rows = scores.getByRole("row");
  await rows.nth(1).getByText("L0H2").waitFor();
  const shown = await rows.evaluateAll((nodes) => nodes.slice(1).map((node) => [...node.cells].map((cell) => cell.textContent.trim())));
  shown.slice(0, 5).forEach(([name, value], index) => {
    assert.equal(name, ranked[index].name);
    assert.ok(Math.abs(Number(value) - ranked[index].value) < TOLERANCE, `${name}: ${value}`);
  });
  await scores.getByText("mean over i ≥ 2 of A[i, i−1]").waitFor();
  await scores.getByText("A weight says where a head reads").waitFor();
  await rows.nth(1).getByRole("button", { name: "L0H2" }).click();
  assert.equal(await layer.inputValue(), "0");
  assert.equal(await pressedHeads.textContent(), "2");
  await scores.getByRole("combobox", { name: "Score" }).selectOption("A→B");
  await rows.nth(1).getByText("L5H7").waitFor();
  await scores.getByRole("button", { name: "all positions" }).click();
  assert.equal(await scores.getByRole("columnheader").nth(1).getAttribute("aria-sort"), "ascending");
  await scores.getByRole("button", { name: "All 72 heads" }).click();
  assert.equal(await rows.count(), 73);
  await shot("scores");
});

pageTest("heads are found by the weight between two tokens", async ({ page, open }) => {
  const expected = golden("minilm", CAT);
  await open();
  await firstResult(page);
  const { scores, queries, keys } = parts(page);
  await inspect(page, "Matters");
  await scores.getByRole("combobox", { name: "Score" }).selectOption("weight between two tokens");
  await scores.getByRole("combobox", { name: "Query reads" }).selectOption("6");
  await scores.getByRole("combobox", { name: "Key is read" }).selectOption("13");
  const first = scores.getByRole("row").nth(1);
  await first.getByText("L5H7").waitFor();
  const value = Number(await first.locator(".number").textContent());
  assert.ok(Math.abs(value - expected.attention(5, 7, 6)[13]) < TOLERANCE);
  assert.equal(await queries.nth(6).getAttribute("aria-selected"), "true", "the same tokens are kept in the view");
  assert.equal(await keys.nth(13).getAttribute("aria-selected"), "true");
});

pageTest("a causal model: losses, predictions at any token, tokens as typed, BOS", async ({ page, open, shot }) => {
  const expected = golden("smollm2", "when-mary-and-john-went-to-the-store-joh");
  await open();
  await firstResult(page);
  await run(page, expected.text);
  await pickModel(page, SMOLLM2);
  await result(page, expected.tokens.length);
  const { predictions, text } = parts(page);
  await inspect(page, "Predicts");
  const read = predictions.getByRole("group", { name: "Tokens read" }).getByRole("button");
  await predictions.getByText(/Mean [\d.]+ nats/).waitFor();
  assert.equal(await read.count(), expected.tokens.length);
  const title = await read.nth(9).getAttribute("title");
  const [, prob, loss] = /probability ([\d.]+), loss ([\d.]+)/.exec(title);
  assert.ok(Math.abs(Math.exp(-Number(loss)) - Number(prob)) < 0.01, title);
  // What was read at a position is among what was predicted there, with the same probability.
  await read.nth(2).click();
  await predictions.getByText("Next token after ·and, token 2").waitFor();
  await predictions.getByRole("listitem").nth(9).waitFor();
  await read.nth(8).click();
  await predictions.getByText("token 8").waitFor();
  await predictions.getByRole("listitem").nth(9).waitFor();
  const items = await predictions.getByRole("listitem").evaluateAll((nodes) => nodes.map((node) => [node.querySelector("bdi").textContent, Number(node.querySelector(".number").textContent)]));
  const john = items.find(([token]) => token === "·John");
  if (john) assert.ok(Math.abs(john[1] - Number(prob)) < 2e-3, `${john} ${title}`);
  await shot("predictions");
  await text.fill("Tokens appear");
  const typed = page.getByRole("group", { name: "Tokens of the input" });
  await typed.getByText("2 tokens").or(typed.getByText("3 tokens")).waitFor();
  assert.match(await typed.locator("[title]").first().getAttribute("title"), /id \d+/);
  const before = await typed.locator("[title]").count();
  await page.getByRole("checkbox", { name: "BOS" }).check();
  await typed.getByText("<|im_start|>").waitFor();
  assert.equal(await typed.locator("[title]").count(), before + 1);
});

pageTest("token ids, and a random block twice", async ({ page, open }) => {
  await open();
  await liveResult(page);
  const kind = page.getByRole("combobox", { name: "Kind of input" });
  await openInput(page);
  await kind.selectOption("Token ids");
  await page.getByRole("textbox", { name: "Token ids" }).fill("101, 7592, cat");
  const { run: button, alert, queries, scores } = parts(page);
  await button.click();
  await alert.getByText("“cat” is not a token id").waitFor();
  await page.getByRole("textbox", { name: "Token ids" }).fill("101, 7592, 102");
  await button.click();
  await result(page, 3);
  assert.deepEqual(await words(queries), ["[CLS]", "hello", "[SEP]"]);
  await pickModel(page, SMOLLM2);
  await openInput(page);
  await kind.selectOption("Random block twice");
  await page.getByRole("spinbutton", { name: "Length of the block" }).fill("12");
  await page.getByRole("region", { name: "Input" }).getByRole("spinbutton", { name: "Seed" }).fill("3");
  await page.getByRole("region", { name: "Input" }).getByRole("spinbutton", { name: "Seed" }).press("Enter");
  await result(page, 25);
  const read = await words(queries);
  assert.deepEqual(read.slice(1, 13), read.slice(13, 25));
  await inspect(page, "Matters");
  await scores.getByRole("combobox", { name: "Score" }).selectOption("prefix matching, block");
  await scores.getByRole("row").nth(1).locator(".number").first().waitFor();
  const best = Number(await scores.getByRole("row").nth(1).locator(".number").first().textContent());
  assert.ok(best > 0.3, `the best prefix-matching head has ${best}`);

  // One block can be lucky: five of them, with the spread.
  const seeds = scores.getByRole("group", { name: "Seeds" });
  await seeds.getByRole("button", { name: "Average over 5 seeds" }).click();
  await seeds.getByRole("button", { name: "mean of seeds 3 to 7", pressed: true }).waitFor();
  const mean = await scores.getByRole("row").nth(1).locator(".number").first().textContent();
  assert.match(mean, /^0\.\d{3} ± 0\.\d{3}$/);
  await seeds.getByRole("button", { name: "this block" }).click();
  assert.equal(Number(await scores.getByRole("row").nth(1).locator(".number").first().textContent()), best);
});

pageTest("two texts of a sentence embedder are compared, each read on its own", async ({ page, open }) => {
  await open();
  await liveResult(page);
  const { predictions } = parts(page);
  await inspect(page, "Predicts");
  const likeness = predictions.getByRole("status", { name: "Similarity" });
  await likeness.getByText(/^Cosine 0\.\d+/).waitFor();
  await run(page, "The cat sat on the mat", "The cat sat on the mat");
  await likeness.getByText("Cosine 1.000").waitFor();
  await predictions.getByText("not trained on two texts").waitFor();
});

pageTest("an example says what to look at and what would refute it", async ({ page, open, shot }) => {
  await open();
  await firstResult(page);
  const { layer, pressedHeads, text } = parts(page);
  await page.getByText("equal words find each other").waitFor();
  await pickExample(page, "mat and rug");
  assert.equal(await layer.inputValue(), "5", "on screen already: nothing is loaded");
  await page.getByText("What would refute it").waitFor();
  await page.getByRole("button", { name: "Hide", exact: true }).click();
  assert.equal(await page.getByText("What would refute it").count(), 0, "hidden, and kept so");
  // Who asks for an example sees its claim again.
  await pickExample(page, "quick brown fox");
  await result(page, 11);
  assert.equal(await layer.inputValue(), "0");
  assert.equal(await pressedHeads.textContent(), "2");
  await shot("example");
  await text.fill("Something else");
  assert.equal(await page.getByText("What would refute it").count(), 0);
});
