// What lasts a moment: work under way, stopped and refused, on a phone and in a window at 200 %. The status line says what it is and
// offers to stop it, nothing is cut off, and axe finds nothing.

import assert from "node:assert/strict";
import { inspect, liveResult, parts, run } from "./page.mjs";
import { accessibilityProblems, pageTest } from "./support.mjs";

const LONG = "The committee met again on Tuesday to discuss what the new measurements mean for the river. ".repeat(24);

/** Checks the page as it stands: nothing is wider than the window, and the status is read as a whole. */
async function isSound(page, what) {
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  assert.ok(wide <= 0, `${what}: ${wide} px too wide`);
  const cut = await page.locator(".status-text > :is(.status, .outcome-word)").evaluateAll((texts) =>
    texts.filter((text) => text.scrollWidth > text.clientWidth + 1).map((text) => text.textContent),
  );
  assert.deepEqual(cut, [], what);
  assert.deepEqual(await accessibilityProblems(page), [], what);
}

/** Whether a place is within the window, where a finger reaches it. */
async function inSight(locator) {
  return locator.evaluate((node) => {
    const { left, top, bottom, width, height } = node.getBoundingClientRect();
    const hit = document.elementFromPoint(left + width / 2, top + height / 2);
    return top >= 0 && bottom <= innerHeight && node.contains(hit);
  });
}

for (const [name, context] of [
  ["a phone, dark", { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true, colorScheme: "dark" }],
  ["a window at 200 %", { viewport: { width: 720, height: 450 }, deviceScaleFactor: 2 }],
]) {
  pageTest(`${name}: what is under way, stopped or refused`, async ({ page, open, shot }) => {
    await open();
    await liveResult(page);
    const { cancel, status, run: button } = parts(page);
    const stop = page.getByRole("contentinfo").getByRole("button", { name: "Cancel", exact: true });

    await run(page, LONG, LONG.slice(0, 400));
    await status.getByText(/Running block/).waitFor();
    assert.ok(await inSight(stop), "Cancel is reached while a run is under way");
    await stop.click();
    // What is seen is that of the earlier text; this is said where it is seen.
    const unrun = status.getByText("the text above has not been run");
    await unrun.waitFor();
    assert.ok(await inSight(status), "the earlier text is said in the window");
    await isSound(page, "a stopped run");
    await shot(`live-${name}-stopped`);

    await run(page, "word ".repeat(900));
    await page.getByText(/the model reads at most 512/).waitFor();
    await isSound(page, "a text that is too long");
    await run(page, "The cat sat on the mat", "The cat lay on the rug");
    await status.getByText(/· 15 tokens.* ms$/).waitFor();

    // Value zeroing says that it is under way, although it is soon done here. A phone has no room for what is drawn over the lines.
    await status.evaluate((node) => {
      window.said = [];
      new MutationObserver(() => window.said.push(node.textContent)).observe(node, { childList: true, characterData: true, subtree: true });
    });
    await page.getByRole("combobox", { name: "Drawn" }).selectOption({ label: "value zeroing" });
    await page.locator(".headings .drawn").getByText("Layer 2, value zeroing").waitFor({ state: "attached" });
    assert.ok((await page.evaluate(() => window.said)).some((text) => text.startsWith("Value zeroing")));
    await isSound(page, "value zeroing");

    await inspect(page, "Change");
    await page.getByRole("button", { name: "Sweep", exact: true }).click();
    await status.getByText(/^Zero every head/).waitFor();
    assert.ok(await inSight(stop), "Cancel is reached while a sweep is under way");
    await isSound(page, "a sweep");
    await shot(`live-${name}-sweep`);
    if (await cancel.isEnabled()) await stop.click().catch(() => {});
    await page.getByRole("status", { name: "Progress of the sweep" }).getByText(/^stopped at|cells$/).waitFor();
    await isSound(page, "a stopped sweep");
    assert.ok(await button.isEnabled());
  }, { context });
}

pageTest("nothing moves by itself where less motion is wanted", async ({ page, open }) => {
  /** What has a transition, an animation or a scroll of its own. */
  const moving = () =>
    page.evaluate(() => {
      const lasts = (times) => times.split(",").some((time) => parseFloat(time) > 0.001);
      const moves = ({ transitionDuration, animationName, animationDuration, scrollBehavior }) =>
        lasts(transitionDuration) || (animationName !== "none" && lasts(animationDuration)) || scrollBehavior === "smooth";
      const still = [...document.querySelectorAll("*")].filter((node) => moves(getComputedStyle(node)));
      const running = document.getAnimations().filter((one) => one.effect.getTiming().duration > 1);
      return [...still.map((node) => `${node.tagName}.${node.className}`), ...running.map((one) => one.animationName ?? one.transitionProperty)];
    });
  await open();
  await liveResult(page);
  for (const view of ["Model", "Neuron", "Stream", "Find", "Head"]) {
    await page.getByRole("tab", { name: `${view} view` }).or(page.getByRole("tab", { name: view, exact: true })).first().click();
    assert.deepEqual(await moving(), [], view);
  }
  await page.keyboard.press("Control+k");
  assert.deepEqual(await moving(), [], "the palette");
  await page.keyboard.press("Escape");
  const { run: button, status } = parts(page);
  await button.click();
  assert.deepEqual(await moving(), [], "a run");
  await status.getByText(/ ms$| s$/).waitFor();
}, { context: { viewport: { width: 1440, height: 900 }, reducedMotion: "reduce" } });
