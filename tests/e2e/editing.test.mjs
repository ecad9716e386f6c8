// Changing the model in the page: edits, the outcome, sweeps, generation. SmolLM2 against golden values.

import assert from "node:assert/strict";
import { addEdit, editForm, openPanel, outcomeRow, soon, startSweep, tokenOutcome } from "./editing.mjs";
import { SMOLLM2, firstResult, golden, liveResult, parts, pickModel, result, run } from "./page.mjs";
import { accessibilityProblems, fixture, pageTest } from "./support.mjs";

const sweep = () => fixture("golden-real/smollm2/sweep-mary-john.json");

async function mary(page, open) {
  await open();
  await firstResult(page);
  await pickModel(page, SMOLLM2);
  await run(page, sweep().text);
  await result(page, 14);
  const panel = await openPanel(page);
  await tokenOutcome(panel, " Mary", " John");
  return panel;
}

pageTest("L23H3 zeroed on the Mary text gives the golden outcome, and undo takes it back", async ({ page, open, shot }) => {
  const { edits, values, shown } = await mary(page, open);
  const expected = sweep();
  await outcomeRow(values, "Original", [expected.clean.logit_difference, expected.clean.p_answer]);
  // By keyboard alone, where the head is shown: its square, E, and the menu.
  await parts(page).layer.selectOption("23");
  await parts(page).head(3).focus();
  await page.keyboard.press("e");
  const menu = page.getByRole("menu", { name: "Edit L23H3" });
  await menu.waitFor();
  assert.equal(await menu.getByRole("menuitem").first().evaluate((item) => item === document.activeElement), true);
  await shot("edit-menu");
  assert.deepEqual(await accessibilityProblems(page), []);
  assert.equal(await menu.getByRole("menuitem").first().textContent(), "Zero L23H3");
  await page.keyboard.press("Enter");
  await menu.waitFor({ state: "detached" });
  await outcomeRow(values, "Edited", expected.zero_head[23][3]);
  assert.equal(await parts(page).head(3).evaluate((square) => square === document.activeElement), true, "the focus is back");
  await soon(async () => ((await shown("Edited").isChecked()) ? null : "not yet"), "the edited result is shown");
  // Its value stands beside the edit.
  const line = edits.getByRole("listitem").filter({ hasText: "Zero L23H3" });
  await soon(async () => {
    const text = (await line.locator(".number").textContent()).replace("−", "-");
    return Math.abs(Number(text) - expected.zero_head[23][3][0]) < 2e-3 ? null : text;
  }, "value beside the edit");
  await shot("edited-l23h3");
  // Both go on beside each other; nothing in the panel is wider than it.
  await page.getByRole("button", { name: "Compare continuations" }).click();
  const both = page.getByRole("table", { name: "Continuations" }).getByRole("row");
  for (const [at, name] of [[0, "Original"], [1, "Edited"]]) {
    await both.nth(at).getByRole("rowheader", { name }).waitFor();
    assert.ok((await both.nth(at).locator(".written-token").count()) > 8, name);
  }
  const wide = await page.locator(".inspected:visible").evaluate((panel) => {
    const end = panel.getBoundingClientRect().right;
    return [...panel.querySelectorAll("table *")].filter((part) => part.getBoundingClientRect().right > end).map((part) => part.textContent);
  });
  assert.deepEqual(wide, []);
  await shot("continuations");
  await edits.getByRole("checkbox", { name: "Zero L23H3" }).press("Space");
  await values.getByRole("row", { name: /^Edited/ }).waitFor({ state: "detached" });
  await edits.getByRole("button", { name: "Undo" }).press("Enter");
  await outcomeRow(values, "Edited", expected.zero_head[23][3]);
  await edits.getByRole("button", { name: "Clear all" }).press("Enter");
  await values.getByRole("row", { name: /^Edited/ }).waitFor({ state: "detached" });
  assert.equal(await edits.getByRole("checkbox").count(), 0);
});

pageTest("all heads swept: the map's cells hold the golden values and apply their edit", async ({ page, open, shot }) => {
  const { edits, values } = await mary(page, open);
  const expected = sweep();
  await outcomeRow(values, "Original", [expected.clean.logit_difference, expected.clean.p_answer]);
  const started = Date.now();
  const panel = await startSweep(page, "Zero every head");
  const progress = panel.getByRole("status", { name: "Progress in the panel" });
  await progress.getByText(/^\d+ of 270$/).waitFor();
  assert.ok(await panel.getByRole("button", { name: "Stop" }).isVisible());
  const map = page.getByRole("region", { name: "Map of effects" });
  await map.getByRole("button", { name: /^L29H8: effect/ }).waitFor({ timeout: 300_000 });
  await parts(page).status.getByText("· 14 tokens").waitFor();
  console.log(`sweep of 270 heads: ${((Date.now() - started) / 1000).toFixed(1)} s`);
  const names = await map.getByRole("button", { name: /^L\d+H\d+: effect/ }).evaluateAll((cells) => cells.map((cell) => cell.getAttribute("aria-label")));
  assert.equal(names.length, 270);
  for (const name of names) {
    const [, layer, head, difference] = name.match(/^L(\d+)H(\d+): effect .*, logit difference (−?[\d.]+)$/);
    assert.ok(Math.abs(Number(difference.replace("−", "-")) - expected.zero_head[layer][head][0]) < 2e-3, name);
  }
  await shot("sweep");
  // The strongest one first, blue where the head supports the answer; every cell within the stage.
  const first = map.getByRole("table", { name: "Largest effects" }).getByRole("row").first();
  assert.match(await first.textContent(), /^L23H3\+3\.0/);
  assert.ok(await map.getByRole("button", { name: /^L23H3: effect \+/ }).evaluate((cell) => cell.classList.contains("positive")));
  const [stage, cell] = [await page.locator(".stage").boundingBox(), await map.getByRole("button", { name: /^L29H8:/ }).boundingBox()];
  assert.ok(cell.x + cell.width <= stage.x + stage.width, JSON.stringify(cell));
  await map.getByRole("button", { name: /^L0H0:/ }).focus();
  for (let layer = 0; layer < 23; layer += 1) await page.keyboard.press("ArrowDown");
  for (let head = 0; head < 3; head += 1) await page.keyboard.press("ArrowRight");
  await page.keyboard.press("Enter");
  await edits.getByRole("checkbox", { name: "Zero L23H3" }).waitFor();
  await outcomeRow(values, "Edited", expected.zero_head[23][3]);
});

pageTest("an edit is made of its kind, found by typing, and its fields; the outcome's tokens are typed or clicked", async ({ page, open, shot }) => {
  const { edits, outcome, values } = await mary(page, open);
  const expected = sweep();
  // "John" is another token than the one that follows a word: the form with the space is offered.
  const answer = outcome.getByRole("textbox", { name: "Answer token" });
  await answer.fill("Mary");
  await outcome.getByRole("status", { name: "Answer token as tokens" }).getByText("Mary", { exact: true }).waitFor();
  await shot("outcome-spaced");
  assert.deepEqual(await accessibilityProblems(page), []);
  await outcome.getByRole("button", { name: "Use “·Mary”, with a space before it" }).click();
  assert.equal(await answer.inputValue(), " Mary");
  await outcomeRow(values, "Original", [expected.clean.logit_difference, expected.clean.p_answer]);
  await answer.fill(" Mary Ann");
  await outcome.getByText(/^·Mary·Ann 2 tokens: one is needed$/).waitFor();
  await answer.fill(" Mary");
  await answer.press("Tab");
  // A predicted token takes the place of the other one.
  await outcome.getByRole("radio", { name: "other" }).check();
  const second = outcome.getByRole("table", { name: "Predictions of both" }).getByRole("button").nth(1);
  const name = (await second.textContent()).replaceAll("·", " ");
  await second.click();
  assert.equal(await outcome.getByRole("textbox", { name: "Other token" }).inputValue(), name);
  // Of several other tokens the mean counts; an emptied field goes.
  await outcome.getByRole("button", { name: "Add another token" }).click();
  const another = outcome.getByRole("textbox", { name: "Other token 2" });
  await another.fill(" Tom");
  await another.press("Tab");
  await values.getByRole("columnheader", { name: / or ·?Tom\)$/ }).waitFor();
  assert.match(await page.getByText(/^Outcome Mary − mean\(/).first().textContent(), /Tom\)/);
  assert.deepEqual(await accessibilityProblems(page), []);
  await another.fill("");
  await another.press("Tab");
  await another.waitFor({ state: "detached" });

  await parts(page).layer.selectOption("23");
  await parts(page).head(3).press("Shift+Enter");
  const form = editForm(page);
  await form.kind.click();
  assert.ok((await form.options.count()) >= 12);
  await shot("edit-kinds");
  assert.deepEqual(await accessibilityProblems(page), []);
  await form.kind.fill("multiply the out");
  await form.options.first().getByText("Scale heads").waitFor();
  await form.kind.press("Enter");
  await form.group.getByRole("spinbutton", { name: "Factor" }).fill("0");
  await form.group.getByRole("spinbutton", { name: "Factor" }).press("Tab");
  await form.result.getByText(/^Scale output of .*L23H3 × 0$/).waitFor();
  await form.group.getByRole("combobox", { name: "Heads" }).selectOption({ label: "every head" });
  await form.result.getByText(/every head of all layers × 0$/).waitFor();
  await addEdit(page, "zero heads", /^Zero every head of all layers$/);
  const line = edits.getByRole("listitem");
  await line.getByText("Zero every head of all layers").waitFor();
  await soon(async () => (/^[+−]\d+\.\d{3}$/.test(await line.locator(".effect").textContent()) ? null : "no effect yet"), "its effect");
  // A field that does not fit is named, and nothing is added.
  await form.kind.fill("cut a link");
  await form.kind.press("Enter");
  await form.group.getByRole("spinbutton", { name: "Query" }).fill("99");
  await form.group.getByRole("spinbutton", { name: "Query" }).press("Tab");
  await form.result.getByText("The query must be a position from 0 to 13.").waitFor();
  assert.ok(await form.add.isDisabled());
});

pageTest("generation gives the golden continuation, token by token, and another branch", async ({ page, open, shot }) => {
  await mary(page, open);
  const panel = page.getByRole("region", { name: "Generate" });
  const next = panel.getByRole("button", { name: "Next token" });
  for (let n = 15; n <= 17; n += 1) {
    await next.click();
    await result(page, n);
    await soon(async () => ((await parts(page).queries.count()) === n ? null : "no attention yet"), `token ${n}`);
  }
  const written = panel.getByRole("status", { name: "Generated" });
  const words = (await written.locator("bdi").allTextContents()).map((word) => word.replaceAll("·", " "));
  const continuation = golden("smollm2", "when-mary-and-john-went-to-the-store-joh").greedy_12;
  assert.ok(continuation.startsWith(words.join("")), words.join(""));
  await shot("written");
  await panel.getByRole("button", { name: "Undo token" }).click();
  await result(page, 16);
  await panel.getByRole("group", { name: "Choose the next token" }).getByRole("button").nth(1).click();
  await result(page, 17);
  // A token that was written: others in its place, and everything after it goes.
  await written.getByRole("button").first().click();
  const instead = panel.getByRole("group", { name: /^Instead of/ });
  const other = (await instead.getByRole("button").first().textContent()).replaceAll("·", " ");
  await shot("branch");
  await instead.getByRole("button").first().click();
  await result(page, 15);
  await soon(async () => {
    const now = (await written.locator("bdi").allTextContents()).map((word) => word.replaceAll("·", " ")).join("");
    return now.trim() === other.trim() && now !== words[0] ? null : now;
  }, "the other branch");
});

pageTest("the same seed writes the same in the page as natively", async ({ page, open }) => {
  const expected = fixture("generation/smollm2-seeded.json");
  await open();
  await firstResult(page);
  await pickModel(page, SMOLLM2);
  await run(page, expected.text);
  await result(page, expected.n_prompt);
  await openPanel(page);
  const panel = page.getByRole("region", { name: "Generate" });
  const settings = { Temperature: expected.temperature, "Top k": expected.top_k, "Top p": expected.top_p, Seed: expected.seed };
  for (const [name, value] of Object.entries(settings)) {
    await panel.getByRole("spinbutton", { name }).fill(String(value));
    await panel.getByRole("spinbutton", { name }).press("Tab");
  }
  await panel.getByRole("button", { name: "Play" }).click();
  // Stopped at any time: what is whole stays.
  await soon(async () => ((await panel.getByRole("status", { name: "Generated" }).locator("bdi").count()) >= expected.tokens.length ? null : "writing"), "written");
  await panel.getByRole("button", { name: "Stop" }).click();
  await soon(async () => ((await panel.getByRole("button", { name: "Next token" }).isEnabled()) ? null : "still writing"), "stopped");
  const words = await panel.getByRole("status", { name: "Generated" }).locator("bdi").allTextContents();
  assert.deepEqual(words.slice(0, expected.tokens.length).map((word) => word.replaceAll("·", " ")), expected.tokens);
});

pageTest("an edit that does not fit is inactive and says why; a list that is none is refused", async ({ page, open }) => {
  const edits = encodeURIComponent(JSON.stringify([{ kind: "zero_head", layer: 40, head: 0 }, { kind: "zero_head", layer: 1, head: 0 }]));
  await open(`#v=1&model=all-MiniLM-L6-v2&text=The%20cat%20sat&edits=${edits}`);
  await page.getByRole("button", { name: "Run", exact: true }).click();
  await result(page, 5);
  const { edits: list } = await openPanel(page);
  await list.getByText("Inactive: layer 40 is not there: 6 layers, counted from 0.").waitFor();
  assert.equal(await list.getByRole("checkbox", { name: "Zero L1H0" }).isChecked(), true);
  // Any kind of edit can be written; anything else is refused in one line, and the list stays.
  await list.getByText("The list as JSON").click();
  const json = list.getByRole("textbox", { name: "Edits as JSON" });
  await json.fill('[{"kind":"zap"}]');
  await list.getByRole("button", { name: "Use this list" }).click();
  await list.getByRole("alert").getByText(/^Edit 1: unknown variant `zap`/).waitFor();
  assert.equal(await list.getByRole("checkbox").count(), 2);
  await json.fill('[{"kind":"patch","layer":3,"hook":"hook_resid_pre","from":{"text":"The dog ran"}}]');
  await list.getByRole("button", { name: "Use this list" }).click();
  await list.getByRole("checkbox", { name: /^Patch hook_resid_pre of layer 3 from “The dog ran”/ }).waitFor();
});

pageTest("a long press opens the menu of edits where the browser makes no event of it", async ({ page, open, shot }) => {
  await open();
  await liveResult(page);
  const menu = page.getByRole("menu");
  // What iOS sends: pointer events alone.
  const press = (element, { moves = 0, held }) =>
    element.evaluate(
      async (target, { moves, held }) => {
        const { x, y, width, height } = target.getBoundingClientRect();
        const point = { clientX: x + width / 2, clientY: y + height / 2 };
        const send = (name, more = {}) =>
          target.dispatchEvent(new PointerEvent(name, { bubbles: true, cancelable: true, isPrimary: true, pointerId: 9, pointerType: "touch", ...point, ...more }));
        send("pointerdown");
        if (moves) send("pointermove", { clientY: point.clientY + moves });
        await new Promise((resolve) => setTimeout(resolve, held));
        send("pointerup");
        target.dispatchEvent(new MouseEvent("click", { bubbles: true, cancelable: true, ...point }));
      },
      { moves, held },
    );
  const { queries } = parts(page);
  await press(queries.nth(2), { held: 300 });
  await press(queries.nth(2), { moves: 40, held: 1_000 });
  assert.equal(await menu.count(), 0, "a tap and a swipe open nothing");
  await page.keyboard.press("Escape");
  const before = await queries.nth(4).getAttribute("aria-selected");
  await press(queries.nth(4), { held: 1_000 });
  await menu.getByRole("menuitem").first().waitFor();
  assert.equal(await queries.nth(4).getAttribute("aria-selected"), before, "the finger that is lifted clicks nothing");
  await shot("long-press");
  await page.keyboard.press("Escape");
  await press(parts(page).head(2), { held: 1_000 });
  await menu.getByRole("menuitem", { name: /^Zero L\d+H2/ }).waitFor();
}, { context: { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true } });
