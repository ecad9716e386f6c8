// The command palette: everything by typing its name, by keyboard alone; undo and redo by keys.

import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after } from "node:test";
import { pathToFileURL } from "node:url";
import { openPanel, soon } from "./editing.mjs";
import { firstResult, liveResult, parts, result } from "./page.mjs";
import { accessibilityProblems, distFile, pageTest } from "./support.mjs";
import { makeTrace, serveTrace } from "./traces.mjs";

const folder = mkdtempSync(path.join(tmpdir(), "headlight-palette-"));
after(() => rmSync(folder, { recursive: true }));

/** The palette and its parts. */
function palette(page) {
  const dialog = page.getByRole("dialog", { name: "Commands" });
  return {
    dialog,
    field: dialog.getByRole("combobox", { name: "Search commands" }),
    options: dialog.getByRole("option"),
    chosen: dialog.getByRole("option", { selected: true }),
  };
}

/** Opens the palette, types, and carries out what is listed first. */
async function command(page, typed, name = null) {
  const { dialog, field, chosen } = palette(page);
  await page.keyboard.press("Control+k");
  await field.waitFor();
  await page.keyboard.type(typed);
  if (name) await chosen.filter({ hasText: name }).waitFor();
  await page.keyboard.press("Enter");
  await dialog.waitFor({ state: "hidden" });
}

const isFocused = (locator) => locator.evaluate((node) => node === document.activeElement);

for (const colorScheme of ["light", "dark"]) {
  pageTest(
    `everything is found by its name and done by keyboard, ${colorScheme}`,
    async ({ page, open, shot }) => {
      await open();
      await firstResult(page);
      const { dialog, field, options, chosen } = palette(page);
      const { layer, pressedHeads, text } = parts(page);
      await page.getByRole("tab", { name: "Head view" }).focus();
      await page.keyboard.press("Control+k");
      assert.ok(await isFocused(field));
      // Untyped, the keys are listed.
      await options.filter({ hasText: "Next layer" }).getByText("L", { exact: true }).waitFor();
      await options.filter({ hasText: "Keys and marks" }).getByText("?", { exact: true }).waitFor();
      await shot(`palette-${colorScheme}`);
      assert.deepEqual(await accessibilityProblems(page), []);
      // Arrow keys go round the list, and the option reached is named to screen readers.
      await page.keyboard.press("ArrowUp");
      const last = await options.last().getAttribute("id");
      assert.equal(await field.getAttribute("aria-activedescendant"), last);
      await page.keyboard.press("ArrowDown");
      assert.equal(await chosen.getAttribute("id"), await options.first().getAttribute("id"));
      await field.fill("zzzzqq");
      await dialog.getByText("Nothing matches.").waitFor();
      assert.equal(await field.getAttribute("aria-expanded"), "false");
      assert.deepEqual(await accessibilityProblems(page), []);
      await page.keyboard.press("Escape");
      await dialog.waitFor({ state: "hidden" });
      assert.ok(await isFocused(page.getByRole("tab", { name: "Head view" })), "the focus is back");

      await command(page, "l4h7", "L4H7");
      assert.equal(await layer.inputValue(), "4");
      assert.deepEqual(await pressedHeads.allTextContents(), ["7"]);
      await command(page, "model view", "Model view");
      await page.getByRole("tab", { name: "Model view", selected: true }).waitFor();
      await page.keyboard.press("/");
      await field.fill("head view");
      await options.filter({ hasText: "Head view" }).first().click();
      await page.getByRole("tab", { name: "Head view", selected: true }).waitFor();
      await command(page, "matters", "Inspector: Matters");
      await page.getByRole("tab", { name: "Matters", selected: true }).waitFor();
      await command(page, "draw as a m");
      assert.ok(await parts(page).option("Drawing", "Matrix").isChecked());
      // Other dialogs open in its place.
      await command(page, "keys and marks");
      const help = page.getByRole("dialog", { name: "Keys and marks" });
      await help.getByText("undo a change to the edits").waitFor();
      await page.keyboard.press("Control+k");
      assert.equal(await dialog.isVisible(), false, "a dialog keeps the keyboard");
      await page.keyboard.press("Escape");
      await command(page, "save tr", "Save trace");
      await page.getByRole("dialog", { name: "Save as a trace" }).waitFor();
      await page.keyboard.press("Escape");
      // Where letters are typed, "/" is a letter.
      await command(page, "edit the text");
      assert.ok(await isFocused(text));
      await text.press("End");
      await page.keyboard.type("/");
      assert.equal(await text.inputValue(), "The cat sat on the mat/");
      assert.equal(await dialog.isVisible(), false);
    },
    { context: { colorScheme } },
  );
}

pageTest("an example runs by its name, and a token far down comes into view", async ({ page, open }) => {
  await serveTrace(page, makeTrace(300, 2, 4));
  await open();
  const { queries } = parts(page);
  await queries.first().waitFor();
  await command(page, "t271");
  const token = queries.filter({ hasText: "t271" });
  await token.waitFor();
  assert.equal(await token.getAttribute("aria-selected"), "true");
  // Asked again it stays marked, and comes into view again.
  await page.locator(".figure .scroller").evaluate((node) => node.scrollTo(0, 0));
  await token.waitFor({ state: "detached" });
  await command(page, "token 271");
  await token.waitFor();
  assert.equal(await token.getAttribute("aria-selected"), "true");
  await command(page, "quick brown");
  await result(page, 11);
});

pageTest("Ctrl+Z and Ctrl+Shift+Z undo and redo edits, but not in a text field", async ({ page, open }) => {
  await open();
  await liveResult(page);
  const { edits } = await openPanel(page);
  const list = edits.getByRole("checkbox");
  await command(page, "l1h1", "L1H1");
  await command(page, "zero l1h1", "Zero L1H1");
  await edits.getByRole("checkbox", { name: "Zero L1H1" }).waitFor();
  await page.getByRole("tab", { name: "Head view" }).focus();
  const count = (n) => soon(async () => ((await list.count()) === n ? null : await list.count()), `${n} edits`);
  await page.keyboard.press("Control+z");
  await count(0);
  await page.keyboard.press("Control+Shift+z");
  await count(1);
  await parts(page).text.click();
  await page.keyboard.type("x");
  await page.keyboard.press("Control+z");
  await count(1);
  await command(page, "undo");
  await count(0);
});

pageTest("a saved page has the palette for what it holds", async ({ page, context }) => {
  const trace = readFileSync(distFile("example/first.safetensors"));
  const file = path.join(folder, "saved.html");
  writeFileSync(file, readFileSync(distFile("viewer.html"), "utf8").replace("__TRACE__", trace.toString("base64")));
  await context.setOffline(true);
  await page.goto(pathToFileURL(file).href);
  await parts(page).queries.first().waitFor();
  await command(page, "l3h5", "L3H5");
  assert.deepEqual(await parts(page).pressedHeads.allTextContents(), ["5"]);
  const { field, options } = palette(page);
  await page.keyboard.press("/");
  await options.first().waitFor();
  const names = (await options.allTextContents()).join("\n");
  assert.ok(names.includes("Save trace") && !/Run the text|Copy link|SmolLM2/.test(names), names);
  assert.deepEqual(await accessibilityProblems(page), []);
  await field.press("Escape");
});
