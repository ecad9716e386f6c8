// Fingers and the keyboard's first stop: a swipe between views, targets, contrast, the skip link.

import assert from "node:assert/strict";
import { firstResult, parts } from "./page.mjs";
import { accessibilityProblems, device, pageTest } from "./support.mjs";

const PHONE = { context: device("iPhone 13") };

/** A finger that moves from one point to another, as the browser reports it. */
async function finger(page) {
  const session = await page.context().newCDPSession(page);
  const send = (type, touchPoints) => session.send("Input.dispatchTouchEvent", { type, touchPoints });
  return async ([x, y], [toX, toY]) => {
    await send("touchStart", [{ x, y }]);
    for (let step = 1; step <= 8; step += 1) await send("touchMove", [{ x: x + ((toX - x) * step) / 8, y: y + ((toY - y) * step) / 8 }]);
    await send("touchEnd", []);
  };
}

const view = (page, name) => page.getByRole("tab", { name: `${name} view`, selected: true });

pageTest("a swipe turns to the next view and back; a short move and scrolling do not", async ({ page, open }) => {
  await open();
  await firstResult(page);
  const swipe = await finger(page);
  const stage = await page.locator("#stage").boundingBox();
  const y = Math.round(stage.y + 30);
  await swipe([300, y], [120, y + 8]);
  await view(page, "Neuron").waitFor();
  await swipe([100, y], [290, y]);
  await view(page, "Head").waitFor();
  await swipe([100, y], [290, y]);
  await view(page, "Model").waitFor();
  await swipe([100, y], [290, y]);
  await page.waitForTimeout(200);
  assert.equal(await view(page, "Model").count(), 1, "nothing stands before the first view");
  await swipe([300, y], [270, y]);
  await swipe([300, y], [220, y - 200]);
  await page.waitForTimeout(200);
  assert.equal(await view(page, "Model").count(), 1, "a short move and one that scrolls turn nothing");
}, PHONE);

for (const colorScheme of ["light", "dark"]) {
  pageTest(`tokens that are dimmed can be read, ${colorScheme}`, async ({ page, open, shot }) => {
    await open();
    await firstResult(page);
    await parts(page).queries.nth(2).tap();
    await page.locator(".token.faded").first().waitFor();
    await shot(`dimmed-${colorScheme}`);
    assert.deepEqual(await accessibilityProblems(page, ["target-size"]), []);
    // What lies behind the text is drawn, so axe does not see it: here the text is compared with the page's ground.
    const ratios = await page.locator(".token.faded .text bdi").evaluateAll((texts) => {
      const light = (colour) => {
        const [r, g, b] = colour.match(/[\d.]+/g).map((part) => part / 255).map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
      };
      const ground = light(getComputedStyle(document.body).backgroundColor);
      return texts.map((text) => {
        let opacity = 1;
        for (let at = text; at; at = at.parentElement) opacity *= getComputedStyle(at).opacity;
        const [one, other] = [light(getComputedStyle(text).color), ground].sort((a, b) => b - a);
        return opacity < 1 ? 0 : (one + 0.05) / (other + 0.05);
      });
    });
    assert.ok(ratios.length >= 10 && Math.min(...ratios) >= 4.5, JSON.stringify(ratios));
  }, { context: { ...device("Pixel 7"), colorScheme } });
}

pageTest("the first stop of the Tab key leads past the bars to the figure, and leaves the address", async ({ page, open, shot }) => {
  await open();
  await firstResult(page);
  const link = page.getByRole("link", { name: "Skip to the figure" });
  await page.keyboard.press("Tab");
  await shot("skip-link");
  assert.equal(await link.evaluate((node) => node === document.activeElement && node.getBoundingClientRect().top >= 0), true);
  assert.deepEqual(await accessibilityProblems(page), []);
  await page.keyboard.press("Enter");
  assert.equal(await page.evaluate(() => document.activeElement.closest('[role="listbox"]')?.ariaLabel), "Query tokens");
  assert.ok(!(await page.evaluate(() => location.hash)).includes("stage"));
});

pageTest("a tablet's bars are as high as a thumb needs, and hold all heads", async ({ page, open, shot }) => {
  await open();
  await firstResult(page);
  await shot("tablet");
  const bar = await page.locator(".scale-bar").boundingBox();
  for (const head of await parts(page).heads.all()) {
    const { x, y, width, height } = await head.boundingBox();
    assert.ok(width >= 39.5 && height >= 39.5 && y >= bar.y - 1 && y + height <= bar.y + bar.height + 1 && x + width <= 1180);
  }
  assert.ok((await page.evaluate(() => document.documentElement.scrollHeight - innerHeight)) <= 0, "the window does not scroll");
  assert.deepEqual(await accessibilityProblems(page, ["target-size"]), []);
}, { context: { viewport: { width: 1180, height: 820 }, hasTouch: true, isMobile: true } });

pageTest("forced colours: bars, legends and pressed states are drawn in colours that stay", async ({ page, open, shot }) => {
  await open();
  await firstResult(page);
  const styled = (selector, ...names) =>
    page.locator(selector).first().evaluate((node, names) => Object.fromEntries(names.map((name) => [name, getComputedStyle(node)[name]])), names);
  const clear = "rgba(0, 0, 0, 0)";
  assert.notEqual((await styled(".links .weight-bar", "backgroundColor")).backgroundColor, clear);
  assert.match((await styled(".legend .ramp", "backgroundImage")).backgroundImage, /gradient/);
  assert.equal((await styled(".copy-link > span", "forcedColorAdjust")).forcedColorAdjust, "preserve-parent-color", "“Copy link” has the colour of its button");
  const field = await styled(".entry textarea", "borderTopStyle", "borderTopColor");
  assert.ok(field.borderTopStyle === "solid" && field.borderTopColor !== clear, "a field has an edge, since its ground is lost");
  await page.getByRole("tab", { name: "Matters" }).click();
  assert.notEqual((await styled(".scores .weight-bar", "backgroundColor", "forcedColorAdjust")).backgroundColor, clear);
  await page.getByRole("tab", { name: "Neuron view" }).click();
  await page.locator(".neuron-view .bar-room .weight-bar").first().waitFor({ state: "attached" });
  assert.match((await styled(".neuron-view .ramp", "backgroundImage")).backgroundImage, /gradient/);
  assert.notEqual((await styled(".neuron-view .bar-room .weight-bar", "backgroundColor")).backgroundColor, clear);
  const pressed = await styled('.head[aria-pressed="true"]', "outlineStyle", "backgroundColor");
  assert.ok(pressed.outlineStyle === "solid" && pressed.backgroundColor !== clear, JSON.stringify(pressed));
  const radio = ".choice input:checked + span";
  assert.notEqual((await styled(radio, "backgroundColor")).backgroundColor, (await styled(".choice input:not(:checked) + span", "backgroundColor")).backgroundColor);
  await shot("forced-colours-neuron");
}, { context: { viewport: { width: 1440, height: 900 }, forcedColors: "active" } });
