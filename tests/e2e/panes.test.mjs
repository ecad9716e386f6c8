// Two views beside each other: any two, of any two results, with one selection and a divider.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { addEdit, openPanel, soon } from "./editing.mjs";
import { firstResult, liveResult, numbers, parts } from "./page.mjs";
import { accessibilityProblems, pageTest } from "./support.mjs";

/** The second view and what chooses it. */
function beside(page) {
  const pane = page.getByRole("region", { name: "Second view" });
  const tokens = (side) => pane.getByRole("listbox", { name: `${side} tokens` }).getByRole("option");
  return {
    pane,
    which: pane.getByRole("combobox", { name: "View beside" }),
    shown: pane.getByRole("radiogroup", { name: "Shown beside" }).getByRole("radio"),
    queries: tokens("Query"),
    keys: tokens("Key"),
    divider: page.getByRole("separator", { name: "Width of the first view" }),
    button: page.getByRole("button", { name: "Side by side" }),
  };
}

for (const colorScheme of ["light", "dark"]) {
  pageTest(
    `both results in the head view side by side, ${colorScheme}`,
    async ({ page, open, shot }) => {
      await open();
      await liveResult(page);
      await openPanel(page);
      await addEdit(page, "uniform", /^Uniform pattern of L2H9$/);
      const first = page.getByRole("tabpanel", { name: "Head view" });
      const firstKeys = first.getByRole("listbox", { name: "Key tokens" }).getByRole("option");
      // In the order of their buttons: the original, the edited result, their change.
      const results = page.getByRole("radiogroup", { name: "Shown", exact: true }).getByRole("radio");
      await soon(async () => ((await results.nth(1).isChecked().catch(() => false)) ? null : "not yet"), "the edited result is shown");
      const { pane, which, shown, queries, keys, button } = beside(page);
      await button.click();
      await which.selectOption("head");
      await shown.nth(0).check();
      assert.equal(await results.nth(1).isChecked(), true);
      // A token pinned in one is pinned in both; its weights are those of each result.
      await queries.nth(2).click();
      await page.mouse.move(2, 2);
      assert.equal(await first.getByRole("listbox", { name: "Query tokens" }).getByRole("option").nth(2).getAttribute("aria-selected"), "true");
      const [b, a] = [await numbers(firstKeys), await numbers(keys)];
      assert.ok(b.every((weight) => Math.abs(weight - 1 / 15) < 1e-3), `B: ${b}`);
      assert.ok(Math.abs(a[9] - 0.893) < 2e-3, `A: ${a}`);
      await shot(`panes-${colorScheme}`);
      assert.deepEqual(await accessibilityProblems(page), []);
      // Both are printed, and each is exported under the name of its result.
      await page.evaluate(() => window.dispatchEvent(new Event("beforeprint")));
      assert.equal(await page.locator(".printed > svg").count(), 2);
      await page.evaluate(() => window.dispatchEvent(new Event("afterprint")));
      await page.getByRole("button", { name: "Export figure" }).click();
      const dialog = page.getByRole("dialog", { name: "Export a figure" });
      for (const [name, file, weight] of [["Original", "head-L2H9", a[9]], ["Edited", "head-L2H9-edited", b[9]]]) {
        await dialog.getByRole("radio", { name: `Head view, ${name}` }).check();
        const download = page.waitForEvent("download");
        await dialog.getByRole("button", { name: "CSV", exact: true }).click();
        assert.equal((await download).suggestedFilename(), `all-MiniLM-L6-v2-${file}.csv`);
        const row = readFileSync(await (await download).path(), "utf8").split("\r\n").find((line) => line.startsWith("2,9,2,cat,9,"));
        assert.ok(Math.abs(Number(row.split(",").pop()) - weight) < 1e-3, `${name}: ${row}`);
      }
      await page.keyboard.press("Escape");
      // Any other view beside; the first one stays.
      const others = [
        ["stream", pane.getByRole("grid", { name: "Stream: layers by positions" })],
        ["model", pane.getByRole("grid")],
        ["neuron", keys],
      ];
      for (const [name, there] of others) {
        await which.selectOption(name);
        await there.first().waitFor();
        assert.ok(await firstKeys.first().isVisible());
      }
      await shot(`panes-neuron-${colorScheme}`);
      assert.deepEqual(await accessibilityProblems(page), []);
      await pane.getByRole("button", { name: "Close" }).click();
      await pane.waitFor({ state: "detached" });
      assert.equal(await button.getAttribute("aria-pressed"), "false");
    },
    { context: { colorScheme, viewport: { width: 1440, height: 900 } } },
  );
}

pageTest("the divider is dragged, moved by keys, set back and remembered; a link opens the second view", async ({ page, open }) => {
  await open("#v=1&beside=stream");
  await firstResult(page);
  const { pane, which, divider } = beside(page);
  await pane.getByRole("grid").first().waitFor();
  assert.equal(await which.inputValue(), "stream");
  const width = async () => Math.round((await page.locator(".views").boundingBox()).width);
  const before = await width();
  const box = await divider.boundingBox();
  const [x, y] = [box.x + box.width / 2, box.y + 200];
  await page.mouse.move(x, y);
  await page.mouse.down();
  await page.mouse.move(x + 120, y, { steps: 4 });
  await page.mouse.up();
  const dragged = await width();
  assert.ok(Math.abs(dragged - before - 120) < 16, `${before} → ${dragged}`);
  await divider.press("ArrowLeft");
  assert.ok((await width()) < dragged);
  const kept = await divider.getAttribute("aria-valuenow");
  await page.reload();
  await firstResult(page);
  await pane.getByRole("grid").first().waitFor();
  assert.equal(await divider.getAttribute("aria-valuenow"), kept);
  await divider.dblclick({ position: { x: 4, y: 100 } });
  assert.equal(await divider.getAttribute("aria-valuenow"), "50");
  assert.deepEqual(await accessibilityProblems(page), []);
}, { context: { viewport: { width: 1440, height: 900 } } });

pageTest("in a narrow window the second view stands under the first", async ({ page, open }) => {
  await open("#v=1&beside=neuron");
  await firstResult(page);
  const { pane, keys } = beside(page);
  await keys.first().waitFor();
  const [one, other] = [await page.locator(".views").boundingBox(), await pane.boundingBox()];
  assert.ok(other.y >= one.y + one.height, JSON.stringify([one, other]));
  assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), "nothing is wider than the window");
}, { context: { viewport: { width: 390, height: 844 } } });
