// The workbench: sets of texts, a search over all heads, the three studies, and what stands beside their numbers. The numbers are those
// of `headlight find` with the same arguments.

import assert from "node:assert/strict";
import { nameOf, serveCheckpoints } from "./checkpoints.mjs";
import { accessibilityProblems, pageTest } from "./support.mjs";
import { firstResult, parts, pickModel, run, SMOLLM2 } from "./page.mjs";

/** The parts of the workbench. */
function bench(page) {
  const cells = (row) => row.getByRole("cell").allTextContents();
  const heads = page.getByRole("table", { name: "Heads by size" });
  return {
    made: page.getByRole("combobox", { name: "Made set" }),
    rows: page.getByRole("textbox", { name: "Rows", exact: true }),
    make: page.getByRole("button", { name: "Make set" }),
    set: page.getByRole("status", { name: "Chosen set" }),
    fit: page.getByRole("status", { name: "Rows that fit" }),
    permutations: page.getByRole("textbox", { name: "Permutations" }),
    measure: page.getByRole("button", { name: "Measure every head" }),
    progress: page.getByRole("status", { name: "Progress of the search" }),
    statement: page.locator("p.statement").first(),
    heads,
    /** Value, interval, corrected p and n of a head in the ranked table. */
    async of(head) {
      const row = heads.getByRole("row").filter({ has: page.getByRole("button", { name: head, exact: true }) });
      return (await cells(row)).map((text) => text.replaceAll("−", "-"));
    },
    pick: (head) => heads.getByRole("button", { name: head, exact: true }).click(),
  };
}

async function openFind(page, open) {
  await open();
  await firstResult(page);
  await page.getByRole("tab", { name: "Find view" }).click();
  return bench(page);
}

/** Makes a set of so many rows and chooses few permutations, so that a test takes seconds. */
async function makeSet(page, name, nRows) {
  const find = bench(page);
  await find.made.selectOption({ label: name });
  await find.rows.fill(String(nRows));
  await find.make.click();
  await find.set.getByText(`${name} (made, seed 0): ${nRows} rows`).waitFor();
  await find.permutations.fill("200");
}

/** Counts clicks from now on: presses of the pointer or of a button by a key, and two for a choice from a list, which is opened first. */
async function countClicks(page) {
  await page.evaluate(() => {
    globalThis.clicks = 0;
    addEventListener("click", (event) => { if (event.isTrusted && !event.target.closest("select")) globalThis.clicks += 1; }, true);
    addEventListener("change", (event) => { if (event.target.matches("select")) globalThis.clicks += 2; }, true);
  });
  return () => page.evaluate(() => globalThis.clicks);
}

/** The most clicks that a study of the paper takes once its set is chosen. */
const MAX_CLICKS = 5;

pageTest("bias: minimal pairs, occupations against the share of women, in two clicks", async ({ page, open, shot }) => {
  const find = await openFind(page, open);
  await makeSet(page, "coreference", 16);
  const clicks = await countClicks(page);
  await find.measure.click();
  await find.progress.getByText("complete").waitFor();
  // headlight find --set made:coreference:16 --measure weight:pronoun:occ_f-occ_m --permutations 200
  assert.deepEqual(await find.of("L5H8"), ["-0.2880", "-0.5246 to -0.0879", "1.0000", "8"]);
  assert.deepEqual(await find.of("L1H3"), ["0.2727", "0.1224 to 0.4831", "0.8955", "8"]);
  const statement = await find.statement.textContent();
  for (const said of ["16 of 16 rows used, none left out", "all-MiniLM-L6-v2", "without edits", "8 pairs in 4 × 4 × 4 clusters", "for 72 heads", "below 0.1250"]) {
    assert.ok(statement.includes(said), `${said}: ${statement}`);
  }
  await find.pick("L5H8");
  const figure = page.getByRole("figure", { name: "Occupations" });
  await figure.getByText(/8 occupations, Spearman’s ρ −?[01]\.\d{4} \(95 % /).waitFor();
  assert.equal(await clicks(), 2);
  await figure.getByText("As a table").click();
  const table = figure.getByRole("table", { name: "Occupations by the share of women" });
  assert.equal(await table.getByRole("row").count(), 9);
  // What counts for an occupation of women counts against its partner: the means of all sum to 0.
  const means = await table.getByRole("row").evaluateAll((rows) => rows.slice(1).map((row) => Number(row.cells[2].textContent.replace("−", "-"))));
  assert.ok(Math.abs(means.reduce((sum, mean) => sum + mean)) < 1e-3, String(means));
  await shot("find-bias");
  await page.setViewportSize({ width: 390, height: 844 });
  await page.waitForTimeout(200);
  assert.equal(await page.evaluate(() => document.documentElement.scrollWidth > innerWidth), false);
  await shot("find-bias-phone");
  await page.setViewportSize({ width: 1280, height: 800 });
  // A row opens in the other views with this head.
  await page.getByRole("button", { name: /^Open a: row/ }).first().click();
  await page.getByRole("tab", { name: "Head view", selected: true }).waitFor();
  await parts(page).status.getByText(/ ms$| s$/).waitFor();
  assert.equal(await parts(page).layer.inputValue(), "5");
  assert.deepEqual(await parts(page).pressedHeads.allTextContents(), ["8"]);
  assert.match(await parts(page).text.inputValue(), /^The .* (she|her)/);
  await page.getByRole("tab", { name: "Find view" }).click();
  await find.progress.getByText("complete").waitFor();
});

pageTest("paraphrase: the area of every head with interval and corrected p, in one click, a head's rows in the next", async ({ page, open, shot }) => {
  const find = await openFind(page, open);
  await makeSet(page, "paraphrase", 12);
  const clicks = await countClicks(page);
  await find.measure.click();
  await find.progress.getByText("complete").waitFor();
  // headlight find --set made:paraphrase:12 --measure auc:between_ab --permutations 200
  assert.deepEqual(await find.of("L1H4"), ["0.8056", "0.5000 to 1.0000", "0.0697", "12"]);
  assert.deepEqual(await find.of("L3H5"), ["0.7500", "0.6667 to 1.0000", "0.2587", "12"]);
  const statement = await find.statement.textContent();
  assert.ok(statement.includes("word overlap has AUC 0.500") && statement.includes("12 rows in 6 clusters"), statement);
  await find.pick("L1H4");
  await page.getByText(/Distribution over 12 rows or pairs.*upwards the positive label/).waitFor();
  assert.equal(await clicks(), 2);
  // One more, and the row that it puts first is in the other views.
  await page.getByRole("button", { name: /^Open / }).first().waitFor();
  assert.deepEqual(await accessibilityProblems(page), []);
  await shot("find-paraphrase");
});

pageTest("distance decay: slope, half-life, a head's curve, and the knob that moves it, in four clicks", async ({ page, open, shot }) => {
  const find = await openFind(page, open);
  await makeSet(page, "texts", 8);
  const clicks = await countClicks(page);
  await find.measure.click();
  await find.progress.getByText("complete").waitFor();
  // headlight find --set made:texts:8 --measure decay
  assert.deepEqual(await find.of("L0H2"), ["-0.1951", "-0.2098 to -0.1838", "–", "8", "3.6"]);
  await find.pick("L0H2");
  await page.getByRole("button", { name: "Curve over distance" }).click();
  const lines = page.getByRole("table", { name: "Lines through the curves" });
  const slope = async (name) => {
    const row = lines.getByRole("row").filter({ has: page.getByRole("rowheader", { name, exact: true }) });
    return Number((await row.getByRole("cell").first().textContent()).replace("−", "-"));
  };
  await lines.waitFor();
  const before = await slope("as it is");
  assert.ok(before < -0.1, String(before));
  const knob = page.getByRole("slider", { name: "Factor for the chosen neurons" });
  // One drag to the left end.
  const box = await knob.boundingBox();
  const middle = box.y + box.height / 2;
  await page.mouse.move(box.x + box.width / 2, middle);
  await page.mouse.down();
  await page.mouse.move(box.x + 1, middle, { steps: 4 });
  await page.mouse.up();
  assert.equal(await knob.inputValue(), "0");
  const n = await clicks();
  assert.ok(n === 4 && n <= MAX_CLICKS, `${n} clicks`);
  const without = await slope("chosen neurons scaled");
  const random = await slope("as many random neurons scaled");
  // Without the neurons that fall most the weight falls less, and more so than without random ones.
  assert.ok(without > before + 0.02 && without > random, `${before} ${without} ${random}`);
  await knob.fill("2");
  assert.ok((await slope("chosen neurons scaled")) < before - 0.02);
  assert.equal(await slope("as it is"), before);
  await knob.fill("1");
  assert.equal(await slope("chosen neurons scaled"), before);
  await shot("find-decay");
  await page.setViewportSize({ width: 390, height: 844 });
  await page.waitForTimeout(200);
  assert.equal(await page.evaluate(() => document.documentElement.scrollWidth > innerWidth), false, "the table of lines scrolls by itself");
});

pageTest("a pasted table says which rows do not fit, and a search without one is not begun", async ({ page, open }) => {
  const find = await openFind(page, open);
  await page.getByText("Your own set").click();
  await page.getByRole("combobox", { name: "Form" }).selectOption("CSV");
  const field = page.getByRole("textbox", { name: "Rows of the set" });
  await field.fill("sentence1,sentence2,label\na cat,the cat,1\na dog,a cow,0\nlonely\n");
  await page.getByRole("button", { name: "Read rows" }).click();
  await find.set.getByText("typed set: 2 rows").waitFor();
  await page.getByText("Line 4: the row has 1 cells, the first one 3.").waitFor();
  await field.fill("[1, 2");
  await page.getByRole("combobox", { name: "Form" }).selectOption("JSON");
  await page.getByRole("button", { name: "Read rows" }).click();
  await parts(page).alert.getByText(/Line 1, column .*a set in JSON is a list of objects/).waitFor();
  // Nothing is lost: the set before and what was typed are there.
  assert.match(await find.set.textContent(), /2 rows/);
  await page.getByRole("tab", { name: "Head view" }).click();
  await page.getByRole("tab", { name: "Find view" }).click();
  await page.getByText("Your own set").click();
  assert.equal(await field.inputValue(), "[1, 2");
});

pageTest("a search rests, lets a run go first, goes on, and is stopped with its numbers", async ({ page, open }) => {
  const find = await openFind(page, open);
  await makeSet(page, "texts", 60);
  await find.measure.click();
  const { status, cancel, queries } = parts(page);
  await status.getByText(/Find: \d+ of 60 rows/).waitFor();
  await page.getByRole("button", { name: "Pause" }).click();
  await status.getByText(/Find rests at \d+ of 60 rows/).waitFor();
  const rested = Number((await status.textContent()).match(/at (\d+) of/)[1]);
  await run(page, "A run goes first");
  await page.getByRole("tab", { name: "Head view" }).click();
  await queries.filter({ hasText: "goes" }).first().waitFor();
  await page.getByRole("tab", { name: "Find view" }).click();
  await page.getByRole("button", { name: "Go on" }).click();
  await page.waitForFunction(
    ([label, before]) => {
      const found = document.querySelector(`[aria-label="${label}"]`)?.textContent.match(/Find: (\d+) of 60/);
      return found && Number(found[1]) > before;
    },
    ["Status", rested],
  );
  await cancel.click();
  await find.progress.getByText("ended before all rows were measured: stopped").waitFor();
  await find.statement.getByText(/So far: \d+ of 60 rows, without intervals/).waitFor();
  assert.ok((await find.heads.getByRole("row").count()) > 10);
});

pageTest("needles: recall by distance and depth, without and with an edit", async ({ page, open, shot }) => {
  await open();
  await firstResult(page);
  await pickModel(page, SMOLLM2);
  await run(page, "The cat sat");
  await page.getByRole("tab", { name: "Find view" }).click();
  const find = bench(page);
  await find.made.selectOption({ label: "needles" });
  await find.rows.fill("8");
  await find.make.click();
  await find.set.getByText("needles (made, seed 0): 8 rows").waitFor();
  await page.getByRole("button", { name: "Measure recall" }).click();
  await page.getByRole("status", { name: "Progress of recall" }).getByText("complete").waitFor();
  const table = page.getByRole("table", { name: "Recall by distance" });
  const cells = async (name) => {
    const row = page.getByRole("table", { name }).getByRole("row").filter({ has: page.getByRole("rowheader", { name: "all rows" }) });
    return row.getByRole("cell").allTextContents();
  };
  const byDistance = await cells("Recall by distance");
  assert.equal(byDistance.length, 2, "no edits, no second column");
  assert.equal(byDistance[0], "8");
  assert.match(byDistance[1], /^[01]\.\d{3} \([01]\.\d{3} to [01]\.\d{3}\)$/);
  assert.deepEqual(await cells("Recall by depth"), byDistance);
  assert.ok((await table.getByRole("row").count()) > 3);
  assert.deepEqual(await accessibilityProblems(page), []);
  await shot("find-recall");
});

pageTest("bias: the heads that move the pronoun, occupations, and a mask of them beside random masks, in five clicks", async ({ page, open, shot }) => {
  await serveCheckpoints(page, ["bloom"]);
  await open();
  await firstResult(page);
  await pickModel(page, nameOf("bloom"));
  await page.getByRole("tab", { name: "Find view" }).click();
  const find = bench(page);
  await makeSet(page, "pronoun", 16);
  const clicks = await countClicks(page);
  await find.measure.click();
  await find.progress.getByText("complete").waitFor();
  await find.heads.getByRole("button").first().click();
  await page.getByRole("figure", { name: "Occupations" }).getByText(/occupations, Spearman’s ρ/).waitFor();
  const section = page.getByRole("region", { name: "Mask", exact: true });
  await section.getByRole("combobox", { name: "Edits" }).selectOption("The first heads of the search");
  await section.getByRole("button", { name: "Measure the mask" }).click();
  await section.getByRole("status", { name: "Progress of the mask" }).getByText("complete").waitFor();
  assert.equal(await clicks(), MAX_CLICKS);
  const statement = await section.locator("p.statement").first().textContent();
  for (const said of ["Mask: 5 heads: L", "on one half of the clusters", "of pronoun (made, seed 0)", "48 rows of pronoun-control", "over 12 texts", "among 20 random masks"]) {
    assert.ok(statement.includes(said), `${said}: ${statement}`);
  }
  const table = section.getByRole("table", { name: "Effect of the mask" });
  const row = async (name) => {
    const found = table.getByRole("row").filter({ has: page.getByRole("rowheader", { name, exact: true }) });
    return (await found.getByRole("cell").allTextContents()).map((text) => text.replaceAll("−", "-"));
  };
  const [n, without, masked, change, p] = await row("Measure");
  assert.equal(n, statement.match(/the outcome of (\d+) rows/)[1]);
  assert.notEqual(without, masked, "the mask does something");
  assert.match(change, /^-?\d+\.\d{4} \(-?\d+\.\d{4} to -?\d+\.\d{4}\)$/);
  // Among 20 random masks p is a whole number of twenty-firsts.
  assert.ok(Math.abs(Number(p) * 21 - Math.round(Number(p) * 21)) < 2e-3 && Number(p) >= 1 / 21 - 1e-4, p);
  assert.equal((await row("Control"))[0], "48");
  const [nTexts, plain] = await row("Plain text");
  const [loss, perplexity] = plain.match(/^(.*) \(perplexity (.*)\)$/).slice(1).map(Number);
  assert.ok(nTexts === "12" && Math.abs(Math.exp(loss) / perplexity - 1) < 1e-3, plain);
  for (const name of ["Measure", "Control", "Plain text"]) {
    const strip = table.getByRole("img", { name: new RegExp(`^${name}: the mask changes it by .*, 20 random masks by `) });
    assert.equal(await strip.locator("circle").count(), 21);
  }
  await shot("find-mask");
  assert.deepEqual(await accessibilityProblems(page), []);
});

pageTest("words: heads by the weight between two words, their rows by weight, each with its link chosen", async ({ page, open, shot }) => {
  const find = await openFind(page, open);
  await makeSet(page, "coreference", 16);
  await page.getByRole("combobox", { name: "Of each head" }).selectOption("Weight between two words");
  await page.getByRole("textbox", { name: "Word that reads" }).fill("she|he");
  await find.measure.click();
  await parts(page).alert.getByText("Type the word that is read").waitFor();
  await page.getByRole("textbox", { name: "Word that is read" }).fill("the");
  await find.measure.click();
  await find.progress.getByText("complete").waitFor();
  assert.match(await find.statement.textContent(), /the “she\|he” and the “the” that stand nearest to each other count, once\./);
  const first = find.heads.getByRole("row").nth(1).getByRole("button");
  await first.click();
  const rows = page.getByRole("table", { name: "Rows by number" });
  assert.deepEqual((await rows.getByRole("row").nth(1).locator("strong").allTextContents()).map((word) => word.toLowerCase()).sort().pop(), "the");
  assert.deepEqual(await accessibilityProblems(page), []);
  await shot("find-words");
  // A pattern: the same rows by its two parts.
  await page.getByRole("combobox", { name: "Of each head" }).selectOption("Weight between parts of a pattern");
  await page.getByRole("textbox", { name: "Pattern" }).fill("[the *] … (she|he");
  await find.measure.click();
  await parts(page).alert.getByText(/A part is not closed/).waitFor();
  await page.getByRole("textbox", { name: "Pattern" }).fill("[the *] … (she|he)");
  await find.measure.click();
  await find.statement.getByText(/the first place counts that “\[the \*\] … \(she\|he\)” fits/).waitFor();
  await find.progress.getByText("complete").waitFor();
  await shot("find-pattern");
});

pageTest("a search that a reload breaks off is offered, and goes on with its rows", async ({ page, open, shot }) => {
  const find = await openFind(page, open);
  await makeSet(page, "texts", 40);
  await find.measure.click();
  const { status } = parts(page);
  await status.getByText(/Find: ([2-9]|\d\d) of 40 rows/).waitFor();
  await page.getByRole("button", { name: "Pause" }).click();
  await status.getByText(/Find rests at \d+ of 40 rows/).waitFor();
  // The address says that Find is open.
  await page.reload();
  await page.getByRole("tab", { name: "Find view", selected: true }).waitFor();
  const offer = page.getByRole("region", { name: "Search before the reload" });
  await offer.getByText(/ [1-9]\d* of 40 rows measured\. Set: texts \(made, seed 0\)\. Model: all-MiniLM-L6-v2, F32, without edits\.$/).waitFor();
  await shot("find-resume");
  await offer.getByRole("button", { name: "Go on with this search" }).click();
  await find.progress.getByText("complete").waitFor();
  const goneOn = await find.of("L0H2");
  assert.equal(await offer.count(), 0);
  // The same numbers as of a search that nothing breaks off.
  await find.measure.click();
  await find.progress.getByText(/of 40 rows/).waitFor();
  await find.progress.getByText("complete").waitFor();
  assert.deepEqual(await find.of("L0H2"), goneOn);
});
