// Changing the model in the page: edits, the outcome, sweeps, writing on. SmolLM2 against golden values.

import assert from "node:assert/strict";
import { SMOLLM2, firstResult, golden, parts, pickModel, result, run } from "./page.mjs";
import { fixture, pageTest } from "./support.mjs";

const sweep = () => fixture("golden-real/smollm2/sweep-mary-john.json");

async function mary(page, open) {
  await open();
  await firstResult(page);
  await pickModel(page, SMOLLM2);
  await run(page, sweep().text);
  await result(page, 14);
  const outcome = page.getByRole("region", { name: "Outcome" });
  await outcome.getByRole("textbox", { name: "Answer token" }).fill(" Mary");
  await outcome.getByRole("textbox", { name: "Answer token" }).press("Tab");
  await outcome.getByRole("textbox", { name: "Other token" }).fill(" John");
  await outcome.getByRole("textbox", { name: "Other token" }).press("Tab");
  return { outcome, edits: page.getByRole("region", { name: "Edits" }), values: outcome.getByRole("table", { name: "Outcome values" }) };
}

/** Logit difference and P(answer) of a row of the outcome's table, once it is there. */
async function row(values, name, expected) {
  const cells = values.getByRole("row", { name: new RegExp(`^${name}`) }).getByRole("cell");
  await cells.first().waitFor();
  await assertSoon(async () => {
    const texts = await cells.allTextContents();
    const [difference, probability] = texts.map((text) => Number(text));
    return Math.abs(difference - expected[0]) < 2e-3 && Math.abs(probability - expected[1]) < 1e-3 ? null : texts.join(" ");
  }, `${name}: ${expected}`);
}

async function assertSoon(check, what) {
  let last;
  for (let attempt = 0; attempt < 100; attempt += 1) {
    last = await check();
    if (last === null) return;
    await new Promise((wake) => setTimeout(wake, 200));
  }
  assert.fail(`${what}: ${last}`);
}

pageTest("L23H3 zeroed on the Mary text gives the golden outcome, and undo takes it back", async ({ page, open, shot }) => {
  const { edits, values } = await mary(page, open);
  const expected = sweep();
  await row(values, "Clean", [expected.clean.logit_difference, expected.clean.p_answer]);
  await parts(page).layer.selectOption("23");
  await parts(page).head(3).press("Shift+Enter");
  const zero = edits.getByRole("button", { name: "Zero L23H3", exact: true });
  await zero.focus();
  await page.keyboard.press("Enter");
  await row(values, "Edited", expected.zero_head[23][3]);
  assert.equal(await edits.getByRole("radio", { name: "Edited" }).isChecked(), true);
  await shot("edited-l23h3");
  await edits.getByRole("checkbox", { name: "Zero L23H3" }).press("Space");
  await values.getByRole("row", { name: /^Edited/ }).waitFor({ state: "detached" });
  await edits.getByRole("button", { name: "Undo" }).press("Enter");
  await row(values, "Edited", expected.zero_head[23][3]);
  await edits.getByRole("button", { name: "Clear all" }).press("Enter");
  await values.getByRole("row", { name: /^Edited/ }).waitFor({ state: "detached" });
  assert.equal(await edits.getByRole("checkbox").count(), 0);
});

pageTest("all heads swept: the map's cells hold the golden values and apply their edit", async ({ page, open, shot }) => {
  const { edits, values } = await mary(page, open);
  const expected = sweep();
  await row(values, "Clean", [expected.clean.logit_difference, expected.clean.p_answer]);
  const panel = page.getByRole("region", { name: "Sweep" });
  const started = Date.now();
  await panel.getByRole("button", { name: "Zero every head" }).press("Enter");
  await panel.getByRole("button", { name: /^L29H8: effect/ }).waitFor({ timeout: 300_000 });
  console.log(`sweep of 270 heads: ${((Date.now() - started) / 1000).toFixed(1)} s`);
  await parts(page).status.getByText("· 14 tokens").waitFor();
  const names = await panel.getByRole("button", { name: /^L\d+H\d+: effect/ }).evaluateAll((cells) => cells.map((cell) => cell.getAttribute("aria-label")));
  assert.equal(names.length, 270);
  for (const name of names) {
    const [, layer, head, difference] = name.match(/^L(\d+)H(\d+): effect .*, logit difference (-?[\d.]+)$/);
    assert.ok(Math.abs(Number(difference) - expected.zero_head[layer][head][0]) < 2e-3, name);
  }
  await shot("sweep");
  await panel.getByRole("button", { name: /^L0H0:/ }).focus();
  for (let layer = 0; layer < 23; layer += 1) await page.keyboard.press("ArrowDown");
  for (let head = 0; head < 3; head += 1) await page.keyboard.press("ArrowRight");
  await page.keyboard.press("Enter");
  await edits.getByRole("checkbox", { name: "Zero L23H3" }).waitFor();
  await row(values, "Edited", expected.zero_head[23][3]);
});

pageTest("writing on gives the golden continuation, token by token, and another branch", async ({ page, open, shot }) => {
  await mary(page, open);
  const panel = page.getByRole("region", { name: "Write on" });
  const next = panel.getByRole("button", { name: "Next token" });
  for (let n = 15; n <= 17; n += 1) {
    await next.click();
    await result(page, n);
    await assertSoon(async () => ((await parts(page).queries.count()) === n ? null : "no attention yet"), `token ${n}`);
  }
  const words = await panel.getByRole("status", { name: "Written" }).locator("bdi").allTextContents();
  const text = words.join("").replaceAll("·", " ");
  assert.ok(golden("smollm2", "when-mary-and-john-went-to-the-store-joh").greedy_12.startsWith(text), text);
  await shot("written");
  await panel.getByRole("button", { name: "Take back" }).click();
  await result(page, 16);
  await panel.getByRole("group", { name: "Write another token" }).getByRole("button").nth(1).click();
  await result(page, 17);
});
