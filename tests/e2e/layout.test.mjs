// The page as an instrument: how the window is divided, by the boxes of its parts, from a wide screen to a phone.

import assert from "node:assert/strict";
import { firstResult, inspect, liveResult, openInput, parts, result } from "./page.mjs";
import { addEdit, openPanel } from "./editing.mjs";
import { accessibilityProblems, device, pageTest } from "./support.mjs";
import { makeTrace, serveTrace } from "./traces.mjs";

const SIZE = (width, height) => ({ viewport: { width, height } });

/** The boxes of the page's parts, in CSS pixels; null for what is not on screen. */
const boxes = (page) =>
  page.evaluate(() => {
    const box = (selector) => {
      const node = document.querySelector(selector);
      const { left, top, right, bottom, width, height } = node?.getBoundingClientRect() ?? { width: 0 };
      return width > 0 ? { left, top, right, bottom, width, height } : null;
    };
    const names = { topbar: ".topbar", viewbar: ".scale-bar", rail: ".rail", stage: ".stage", inspector: ".inspector", status: ".status-line" };
    return Object.fromEntries(Object.entries(names).map(([name, selector]) => [name, box(selector)]));
  });

/** Whether the window scrolls, and whether anything is wider than it. */
const overflow = (page) =>
  page.evaluate(() => {
    const { scrollHeight, clientHeight, scrollWidth } = document.documentElement;
    return { down: scrollHeight - clientHeight, across: scrollWidth - innerWidth };
  });

/** What reaches over the window's sides and is not inside something that scrolls. */
const sticksOut = (page) =>
  page.evaluate(() => {
    const scrolls = (node) => {
      for (let at = node.parentElement; at; at = at.parentElement) if (/auto|scroll|hidden|clip/.test(getComputedStyle(at).overflowX)) return at !== document.body;
      return false;
    };
    const isOut = (node) => {
      const { left, right, width } = node.getBoundingClientRect();
      return width > 1 && node.checkVisibility({ visibilityProperty: true }) && (left < -1 || right > innerWidth + 1) && !scrolls(node);
    };
    return [...document.querySelectorAll("body *")].filter(isOut).map((node) => `${node.tagName}.${node.className}`);
  });

const share = ({ width, height }, page) => (width * height) / (page.viewportSize().width * page.viewportSize().height);

const folds = (page) => ["Overview", "Inspector"].map((name) => page.getByRole("button", { name, exact: true }));

for (const [width, height] of [[1440, 900], [1920, 1080]]) {
  pageTest(
    `${width} × ${height}: bars, columns and stage have their sizes, and the window does not scroll`,
    async ({ page, open, shot }) => {
      await open();
      await firstResult(page);
      const { topbar, viewbar, rail, stage, inspector, status } = await boxes(page);
      await shot(`layout-${width}`);
      assert.ok(topbar.height <= 56 && viewbar.height <= 44 && status.height <= 32, JSON.stringify({ topbar, viewbar, status }));
      assert.ok(rail.right <= stage.left + 1 && stage.right <= inspector.left + 1, "rail, stage, inspector from left to right");
      assert.ok(stage.top >= viewbar.bottom - 1 && stage.bottom <= status.top + 1);
      assert.ok(share(stage, page) >= 0.6, `the stage has ${share(stage, page)}`);
      assert.deepEqual(await overflow(page), { down: 0, across: 0 });
      // Every row of the example, both sides, within the stage.
      for (const tokens of [parts(page).queries, parts(page).keys]) {
        const rows = await tokens.evaluateAll((all) => all.map((row) => row.getBoundingClientRect()).map(({ top, bottom }) => [top, bottom]));
        assert.equal(rows.length, 15);
        assert.ok(rows.every(([top, bottom]) => top >= stage.top && bottom <= stage.bottom), JSON.stringify(rows));
      }
      const inside = await page.locator(".figure .scroller").evaluate((node) => node.scrollHeight - node.clientHeight);
      assert.equal(inside, 0, "the figure is seen whole");
      // Folded away, the stage has nearly everything; the next visit finds it so.
      for (const button of folds(page)) await button.click();
      const folded = await boxes(page);
      assert.ok(share(folded.stage, page) >= 0.8, `folded, the stage has ${share(folded.stage, page)}`);
      assert.deepEqual([folded.rail, folded.inspector], [null, null]);
      await shot(`layout-${width}-folded`);
      await open();
      await firstResult(page);
      assert.deepEqual([(await boxes(page)).rail, (await boxes(page)).inspector], [null, null], "folded at the next visit too");
      for (const button of folds(page)) await button.click();
      assert.ok((await boxes(page)).rail && (await boxes(page)).inspector);
    },
    { context: SIZE(width, height) },
  );
}

pageTest("the columns are dragged, moved by keys, set back, and remembered", async ({ page, open }) => {
  await open();
  await firstResult(page);
  const divider = page.getByRole("separator", { name: "Width of the inspector" });
  const inspector = async () => Math.round((await boxes(page)).inspector.width);
  const before = await inspector();
  const at = await divider.boundingBox();
  const [x, y] = [at.x + at.width / 2, at.y + 300];
  await page.mouse.move(x, y);
  await page.mouse.down();
  await page.mouse.move(x - 50, y, { steps: 4 });
  await page.mouse.up();
  assert.equal(await inspector(), before + 50);
  await divider.press("ArrowLeft");
  assert.equal(await inspector(), before + 66);
  await open();
  await firstResult(page);
  assert.equal(await inspector(), before + 66);
  await divider.dblclick({ position: { x: 4, y: 200 } });
  assert.equal(await inspector(), before);
  const rail = page.getByRole("separator", { name: "Width of the overview" });
  const railBefore = (await boxes(page)).rail.width;
  await rail.press("ArrowRight");
  assert.equal(Math.round((await boxes(page)).rail.width - railBefore), 16);
}, { context: SIZE(1440, 900) });

pageTest("the text is one line at rest and opens while it is edited, with what belongs to it", async ({ page, open, shot }) => {
  await open();
  await firstResult(page);
  const { text, pair } = parts(page);
  const kind = page.getByRole("combobox", { name: "Kind of input" });
  const height = async () => (await text.boundingBox()).height;
  assert.ok((await height()) <= 40 && (await text.isVisible()) && (await pair.isVisible()));
  assert.equal(await kind.isVisible(), false);
  const before = await boxes(page);
  await text.click();
  await text.fill("One line\nand another\nand a third one");
  assert.ok((await height()) > 60, "it grows");
  assert.equal(await kind.isVisible(), true);
  await page.getByRole("group", { name: "Examples" }).getByRole("button").first().waitFor();
  assert.deepEqual(await boxes(page), before, "nothing else moves");
  await shot("input-open");
  assert.deepEqual(await accessibilityProblems(page), []);
  await text.press("Enter");
  assert.equal(await kind.isVisible(), false, "running shuts it");
  assert.ok((await height()) <= 40);
  await openInput(page);
  assert.equal(await kind.isVisible(), true);
  await page.keyboard.press("Escape");
  assert.equal(await kind.isVisible(), false);
}, { context: SIZE(1440, 900) });

pageTest("the tabs of the inspector, by keyboard too", async ({ page, open, shot }) => {
  await open();
  await firstResult(page);
  const tabs = page.getByRole("tablist", { name: "Inspector" });
  assert.deepEqual(await tabs.getByRole("tab").allTextContents(), ["Selected", "Predicts", "Matters", "Change"]);
  const region = { Selected: "Strongest links", Predicts: "Next token", Matters: "Head scores", Change: "Change the model" };
  await tabs.getByRole("tab", { name: "Selected" }).focus();
  for (const [name, inside] of Object.entries(region)) {
    await page.getByRole("tabpanel", { name }).getByRole("region", { name: inside }).waitFor();
    for (const other of Object.values(region).filter((it) => it !== inside)) {
      assert.equal(await page.getByRole("region", { name: other }).count(), 0, `${name} shows only its own`);
    }
    assert.deepEqual(await accessibilityProblems(page), [], name);
    await shot(`inspector-${name}`);
    await page.keyboard.press("ArrowRight");
  }
  await page.getByRole("tab", { name: "Selected", selected: true }).waitFor();
}, { context: SIZE(1440, 900) });

/** The room of the model view, and the boxes of its cells. */
const cells = (page) =>
  page.evaluate(() => {
    const scroller = document.querySelector(".map:not(.small) .map-scroller");
    const room = scroller.getBoundingClientRect();
    const all = [...scroller.querySelectorAll("[role=gridcell]")].map((cell) => cell.getBoundingClientRect());
    const { right, bottom, top } = {
      right: Math.max(...all.map((cell) => cell.right)),
      bottom: Math.max(...all.map((cell) => cell.bottom)),
      top: Math.min(...all.map((cell) => cell.top)),
    };
    const overlaps = all.some((a, i) => all.some((b, j) => j > i && a.left < b.right - 0.5 && b.left < a.right - 0.5 && a.top < b.bottom - 0.5 && b.top < a.bottom - 0.5));
    return { n: all.length, room: { left: room.left, right: room.right, top: room.top, bottom: room.bottom, width: room.width }, right, bottom, top, cell: all[0].height, overlaps, hidden: scroller.scrollHeight - scroller.clientHeight };
  });

pageTest("model view: 6 × 12 heads are as wide as the stage, the chosen head stands beside it when asked for", async ({ page, open, shot }) => {
  await open();
  await firstResult(page);
  await page.getByRole("tab", { name: "Model view" }).click();
  await page.getByRole("gridcell", { name: /^L5H11 · entropy/ }).waitFor({ state: "attached" });
  const { stage, rail } = await boxes(page);
  assert.equal(rail, null, "the map needs no second map");
  const { room, right, hidden, n, overlaps } = await cells(page);
  await shot("model-view-stage");
  assert.equal(n, 72);
  assert.equal(overlaps, false);
  assert.ok(room.width >= stage.width - 41, "the map has the stage's width");
  assert.ok(room.right - right <= 16, `cells end ${room.right - right} px before the stage`);
  assert.equal(hidden, 0);
  assert.equal(await page.getByRole("tabpanel", { name: "Head view" }).count(), 0);
  const beside = page.getByRole("button", { name: "Head beside" });
  await beside.click();
  await page.getByRole("tabpanel", { name: "Head view" }).waitFor();
  assert.ok((await cells(page)).hidden === 0);
  await shot("model-view-head-beside");
  await open();
  await firstResult(page);
  await page.getByRole("tab", { name: "Model view" }).click();
  await page.getByRole("tabpanel", { name: "Head view" }).waitFor();
  assert.equal(await beside.getAttribute("aria-pressed"), "true", "remembered");
}, { context: SIZE(1440, 900) });

for (const [layers, heads] of [[12, 12], [30, 9]]) {
  pageTest(`model view: ${layers} × ${heads} heads are seen whole`, async ({ page, open, shot }) => {
    await serveTrace(page, makeTrace(14, heads, 4, layers));
    await open();
    await result(page, 14);
    await page.getByRole("tab", { name: "Model view" }).click();
    await page.getByRole("gridcell", { name: new RegExp(`^L${layers - 1}H${heads - 1} · entropy`) }).waitFor({ state: "attached" });
    const { n, room, right, top, bottom, hidden, cell, overlaps } = await cells(page);
    await shot(`model-view-${layers}`);
    assert.equal(n, layers * heads);
    assert.equal(overlaps, false);
    assert.equal(hidden, 0, "nothing scrolls");
    assert.ok(right <= room.right && top >= room.top && bottom <= room.bottom);
    assert.ok(cell >= 24, `cells of ${cell} px`);
  }, { context: SIZE(1440, 900) });
}

pageTest("a narrower window that is still wide", async ({ page, open, shot }) => {
  await open();
  await firstResult(page);
  for (const view of ["Head", "Model", "Neuron"]) {
    await page.getByRole("tab", { name: `${view} view` }).click();
    await page.waitForTimeout(200);
    assert.deepEqual(await overflow(page), { down: 0, across: 0 }, view);
    assert.deepEqual(await sticksOut(page), [], view);
    const { topbar, viewbar, status } = await boxes(page);
    assert.ok(topbar.height <= 56 && viewbar.height <= 44 && status.height <= 32, view);
    await shot(`layout-1024-${view}`);
  }
  for (const tab of ["Selected", "Predicts", "Matters", "Change"]) {
    await inspect(page, tab);
    assert.deepEqual(await sticksOut(page), [], tab);
  }
  // A low stage scrolls: nothing lies over anything.
  await page.setViewportSize({ width: 1024, height: 560 });
  for (const view of ["Head", "Model", "Neuron"]) {
    await page.getByRole("tab", { name: `${view} view` }).click();
    await page.waitForTimeout(300);
    assert.deepEqual(overlaps(await figureParts(page)), [], view);
    await shot(`layout-low-${view}`);
  }
  await page.getByRole("button", { name: "Share" }).click();
  await page.getByRole("button", { name: "Export figure" }).click();
  await page.getByRole("dialog", { name: "Export a figure" }).waitFor();
  // The menu goes when somebody turns to something else.
  await page.keyboard.press("Escape");
  await page.getByRole("button", { name: "Help" }).focus();
  await page.getByRole("button", { name: "Export figure" }).waitFor({ state: "hidden" });
}, { context: SIZE(1024, 768) });

/** Where one box of a list lies over another one. */
const overlaps = (boxes) =>
  boxes.flatMap((a, i) => boxes.slice(i + 1).filter((b) => a.left < b.right - 1 && b.left < a.right - 1 && a.top < b.bottom - 1 && b.top < a.bottom - 1).map((b) => `${a.name} and ${b.name}`));

/** The parts of every head view and map on screen that lie one below the other or beside each other. */
const figureParts = (page) =>
  page.evaluate(() => {
    const all = [...document.querySelectorAll(".stage :is(.headings, .scroller, .legend, .map-scroller, .neuron-figure, .pane-head, .controls)")];
    const shown = all.filter((node) => node.checkVisibility({ visibilityProperty: true }) && !node.parentElement.closest(".scroller, .neuron-figure"));
    return shown.map((node) => {
      const { left, right, top, bottom } = node.getBoundingClientRect();
      return { left, right, top, bottom, name: node.className };
    });
  });

pageTest("1,024 px with an edit in force: nothing is cut off, and a second view has a button and a place", async ({ page, open, shot }) => {
  await open();
  await liveResult(page);
  await openPanel(page);
  await addEdit(page, "zero heads", /^Zero L2H9$/);
  await page.getByText(/^Outcome cosine .* → /).waitFor();
  assert.deepEqual(await overflow(page), { down: 0, across: 0 });
  assert.ok((await boxes(page)).status.height <= 32);
  // By the keyboard alone.
  const beside = page.getByRole("button", { name: "Side by side" });
  await beside.focus();
  await page.keyboard.press("Enter");
  const pane = page.getByRole("region", { name: "Second view" });
  await pane.getByRole("combobox", { name: "View beside" }).waitFor();
  assert.equal(await beside.getAttribute("aria-pressed"), "true");
  for (const view of ["neuron", "head", "model"]) {
    await pane.getByRole("combobox", { name: "View beside" }).selectOption(view);
    await page.waitForTimeout(500);
    assert.deepEqual(overlaps(await figureParts(page)), [], view);
    assert.deepEqual(await overflow(page), { down: 0, across: 0 }, view);
    assert.deepEqual(await sticksOut(page), [], view);
    await shot(`layout-1024-beside-${view}`);
  }
  assert.deepEqual(await accessibilityProblems(page), []);
  await beside.focus();
  await page.keyboard.press("Enter");
  await pane.waitFor({ state: "detached" });
  await page.getByRole("tab", { name: "Model view" }).click();
  await page.getByRole("button", { name: "Head beside" }).click();
  await page.getByRole("tabpanel", { name: "Head view" }).waitFor();
  assert.deepEqual(overlaps(await figureParts(page)), [], "the head under the map");
  await shot("layout-1024-head-beside");
}, { context: SIZE(1024, 768) });

/** Controls on screen that are too small for a thumb. */
const small = (page) =>
  page.evaluate(() => {
    const all = document.querySelectorAll("button, select, textarea, summary, input:not([type=range]), [role=tab], [role=option]");
    const isSmall = (node) => {
      // What is pressed is the label around a check box or radio button.
      const target = node.closest("label") ?? node;
      const { width, height } = target.getBoundingClientRect();
      return node.checkVisibility({ visibilityProperty: true }) && width > 1 && (width < 39.5 || height < 39.5);
    };
    return [...all].filter(isSmall).map((node) => `${node.tagName} ${node.className} “${node.textContent.slice(0, 20) || node.ariaLabel}”`);
  });

const NARROW = [
  ["a phone", { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true }],
  ["a small phone", { viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true }],
  ["a phone on its side", { viewport: { width: 844, height: 390 }, hasTouch: true, isMobile: true }],
  ["an iPhone 13", device("iPhone 13")],
  ["an iPhone 13 on its side", device("iPhone 13 landscape")],
  ["a Pixel 7", device("Pixel 7")],
  ["a Pixel 7 on its side", device("Pixel 7 landscape")],
  // 1,440 × 900 at 200 %.
  ["a window at 200 %", { viewport: { width: 720, height: 450 }, deviceScaleFactor: 2 }],
  // 1,280 × 1,024 at 400 %, which is also the narrowest window.
  ["a window at 400 %", { viewport: { width: 320, height: 256 }, deviceScaleFactor: 4 }],
];
for (const [name, context] of NARROW) {
  pageTest(`${name}: nothing is wider than the window, everything is reachable`, async ({ page, open, shot }) => {
    await open();
    await firstResult(page);
    for (const view of ["Model", "Neuron", "Stream", "Head"]) {
      await page.getByRole("tab", { name: `${view} view` }).click();
      await page.waitForTimeout(200);
      if (name.startsWith("a window")) assert.equal(await page.evaluate(() => matchMedia("(pointer: coarse)").matches), false);
      else assert.deepEqual(await accessibilityProblems(page, ["target-size"]), [], view);
      assert.ok((await overflow(page)).across <= 0, view);
      assert.deepEqual(await sticksOut(page), [], view);
      assert.deepEqual(await small(page), [], view);
      await shot(`layout-${name}-${view}`);
    }
    for (const tab of ["Selected", "Predicts", "Matters", "Change"]) {
      await inspect(page, tab);
      await page.waitForTimeout(100);
      assert.ok((await overflow(page)).across <= 0, tab);
      assert.deepEqual(await small(page), [], tab);
      const { stage, inspector } = await boxes(page);
      assert.ok(inspector.top >= stage.bottom - 1, "the inspector stands under the stage");
    }
    await shot(`layout-${name}-change`);
    await openInput(page);
    await page.getByRole("combobox", { name: "Kind of input" }).waitFor();
    assert.deepEqual(await small(page), [], "the input");
    await shot(`layout-${name}-input`);
    await page.keyboard.press("Escape");
    // The rail is a sheet.
    assert.equal((await boxes(page)).rail, null);
    await page.getByRole("button", { name: "Overview", exact: true }).click();
    await page.getByRole("grid", { name: "Map of all heads" }).waitFor();
    await shot(`layout-${name}-sheet`);
    await page.locator("#map-l4h7").click({ force: true });
    await page.getByRole("button", { name: "Close", exact: true }).click();
    assert.equal((await boxes(page)).rail, null);
    await page.getByRole("button", { name: "Share" }).click();
    await page.getByRole("button", { name: "Export figure" }).click();
    await page.getByRole("dialog", { name: "Export a figure" }).waitFor();
    assert.ok((await overflow(page)).across <= 0, "the dialog");
  }, { context });
}

pageTest("help is where it is asked for", async ({ page, open, shot }) => {
  await open();
  await firstResult(page);
  await parts(page).queries.first().focus();
  await page.keyboard.press("?");
  const dialog = page.getByRole("dialog", { name: "Keys and marks" });
  await dialog.getByText("next and previous layer").waitFor();
  assert.deepEqual(await accessibilityProblems(page), []);
  await shot("help");
  await page.keyboard.press("Escape");
  assert.equal(await dialog.count(), 0);
  await page.getByRole("button", { name: "Help" }).click();
  await dialog.waitFor();
  await page.keyboard.press("Escape");
  await page.getByRole("button", { name: "Embed" }).focus();
  await page.keyboard.press("?");
  await dialog.waitFor();
}, { context: SIZE(1440, 900) });

pageTest("a second head, a longer status and a copied link move nothing", async ({ page, context, open }) => {
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  await open();
  await firstResult(page);
  const places = async () => ({ boxes: await boxes(page), figure: await page.locator(".figure .scroller").boundingBox() });
  const before = await places();
  await parts(page).head(3).click();
  await parts(page).option("Several heads", "Separate").waitFor();
  assert.deepEqual(await places(), before);
  const share = page.getByRole("button", { name: "Embed" });
  const embed = await share.boundingBox();
  await page.getByRole("button", { name: "Copy link" }).click();
  await page.getByText("The link was copied to the clipboard.").waitFor({ state: "attached" });
  assert.deepEqual(await share.boundingBox(), embed);
  assert.deepEqual(await places(), before);
}, { context: SIZE(1440, 900) });

pageTest("many heads stay in the view bar", async ({ page, open, shot }) => {
  await serveTrace(page, makeTrace(14, 32, 4, 2));
  await open();
  await result(page, 14);
  const { viewbar } = await boxes(page);
  assert.ok(viewbar.height <= 44);
  const last = await parts(page).head(31).boundingBox();
  assert.ok(last.x + last.width <= 1440 && last.y + last.height <= viewbar.bottom);
  assert.deepEqual(await sticksOut(page), []);
  await shot("many-heads");
}, { context: SIZE(1440, 900) });

pageTest("forced colours show what is chosen, and keep the colours of the data", async ({ page, open, shot }) => {
  await open();
  await firstResult(page);
  const { option, head } = parts(page);
  const style = (locator, name) => locator.evaluate((element, name) => getComputedStyle(element)[name], name);
  const label = (name) => option("Drawing", name).locator("xpath=following-sibling::span");
  assert.notEqual(await style(label("Lines"), "backgroundColor"), await style(label("Matrix"), "backgroundColor"));
  assert.notEqual(await style(head(9), "outlineStyle"), await style(head(8), "outlineStyle"));
  const tab = (name) => page.getByRole("tab", { name: `${name} view` });
  assert.notEqual(await style(tab("Head"), "borderBottomColor"), await style(tab("Model"), "borderBottomColor"));
  assert.match(await style(page.locator(".legend .ramp").first(), "backgroundImage"), /gradient/);
  const [swatch, bar] = [page.locator(".links .swatch").first(), page.locator(".links .weight-bar").first()];
  assert.equal(await style(swatch, "backgroundColor"), await style(bar, "backgroundColor"));
  await shot("forced-colours");
}, { context: { ...SIZE(1440, 900), forcedColors: "active" } });
