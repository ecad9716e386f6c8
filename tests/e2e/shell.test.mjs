// The page around the view: first screen, texts, errors, cancelling, a model that stops, themes, accessibility, phones.

import assert from "node:assert/strict";
import { MINILM, SMOLLM2, firstResult, inspect, liveResult, openInput, parts, pickExample, pickModel, result, run, words } from "./page.mjs";
import { accessibilityProblems, pageTest } from "./support.mjs";

const LONG = Array.from({ length: 900 }, (_, index) => ["river", "stone", "light", "under"][index % 4]).join(" ");

pageTest("the first screen is there before any model, which the first run loads", async ({ page, open, shot }) => {
  const asked = [];
  page.on("request", (request) => asked.push(request.url()));
  await open();
  const { status, model, text, pair, queries, layer, run: button } = parts(page);
  await firstResult(page);
  assert.equal(await model.locator("option:checked").textContent(), MINILM);
  assert.deepEqual([await text.inputValue(), await pair.inputValue()], ["The cat sat on the mat", "The cat lay on the rug"]);
  assert.match(await status.textContent(), new RegExp(`^${MINILM} · 15 tokens · 6 layers × 12 heads`));
  assert.deepEqual((await words(queries)).slice(0, 4), ["[CLS]", "the", "cat", "sat"]);
  assert.equal(await layer.inputValue(), "2");
  await button.getByText("loads 91.3 MB").waitFor();
  await shot("first-screen");
  assert.ok(!asked.some((url) => /worker|model\.safetensors/.test(url)), "a model was loaded unasked");
  // Layers that were not drawn yet come from the trace too.
  await layer.selectOption("4");
  await page.getByText("L4H9", { exact: true }).filter({ visible: true }).first().waitFor();

  const seen = [];
  await page.exposeFunction("seen", (line) => seen.push(line));
  await status.evaluate((node) => {
    new MutationObserver(() => window.seen(node.textContent)).observe(node, { subtree: true, childList: true, characterData: true });
  });
  await button.click();
  await status.getByText(/ ms$/).waitFor();
  assert.ok(seen.some((line) => /ownloading [\d.]+ of 91\.3 MB/.test(line)), seen.join("\n"));
  assert.equal(await button.getByText("loads").count(), 0);
});

pageTest("nothing jumps while the first screen and its first run arrive", async ({ page, open }) => {
  await page.addInitScript(() => {
    window.shifts = [];
    const note = (list) => {
      for (const shift of list.getEntries().filter((entry) => !entry.hadRecentInput)) {
        window.shifts.push([shift.value, ...shift.sources.map((source) => source.node?.className ?? source.node?.nodeName)]);
      }
    };
    new PerformanceObserver(note).observe({ type: "layout-shift", buffered: true });
  });
  const shifts = () => page.evaluate(() => window.shifts);
  const total = (list) => list.reduce((sum, [value]) => sum + value, 0);
  await open();
  const { model, scores } = parts(page);
  await firstResult(page);
  await inspect(page, "Matters");
  await scores.getByRole("row").nth(1).waitFor();
  await model.locator("option").nth(1).waitFor({ state: "attached" });
  assert.ok(total(await shifts()) < 0.01, JSON.stringify(await shifts()));
  await liveResult(page);
  await scores.getByRole("row").nth(1).waitFor();
  assert.ok(total(await shifts()) < 0.01, JSON.stringify(await shifts()));
});

pageTest("without its trace the first example is run", async ({ page, open }) => {
  await page.context().route("**/example/**", (route) => route.fulfill({ status: 404, body: "" }));
  await open();
  const { status } = parts(page);
  await status.getByText(/ ms$/).waitFor();
  await firstResult(page);
}, { allow: [/404/] });

pageTest("examples run when they are picked", async ({ page, open }) => {
  await open();
  await firstResult(page);
  await pickExample(page, "quick brown fox");
  await result(page, 11);
  const { text, pair } = parts(page);
  assert.deepEqual([await text.inputValue(), await pair.inputValue()], ["The quick, brown fox jumps over the lazy", ""]);
  const kind = page.getByRole("combobox", { name: "Kind of input" });
  assert.equal(await kind.isVisible(), false, "the input has shut: nothing covers the result");
});

pageTest("examples are a gallery with pictures, which fit the window", async ({ page, open, shot }) => {
  await open();
  await firstResult(page);
  await openInput(page);
  const cards = page.getByRole("group", { name: "Examples" }).getByRole("button");
  await cards.nth(9).waitFor();
  assert.equal(await cards.count(), 15);
  // Each picture has cells of its own: darker where more is read.
  const shades = await cards.locator("canvas").evaluateAll((all) => all.map((canvas) => {
    const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    return new Set(Array.from({ length: data.length / 4 }, (_, at) => data.slice(at * 4, at * 4 + 3).join())).size;
  }));
  assert.ok(shades.every((n) => n > 1), `${shades}`);
  await shot("gallery");
  assert.deepEqual(await accessibilityProblems(page), []);
  assert.equal(await cards.first().getAttribute("aria-pressed"), "true");
  await cards.filter({ hasText: "a list of fruit" }).click();
  await page.getByRole("group", { name: "About this example" }).getByText("weights fall evenly").waitFor();
});

pageTest("the tour points at five controls, is never in the way, and is offered once", async ({ page, open, shot }) => {
  await open();
  await firstResult(page);
  const offer = page.getByRole("button", { name: "Take the tour" });
  await offer.click();
  const note = page.getByRole("dialog", { name: /^Tour, step/ });
  const frame = page.locator(".tour-frame");
  for (const [step, selector] of [[1, ".entry"], [2, ".rail"], [3, ".figure"], [4, ".inspector > .tabs"], [5, "#commands"]]) {
    await page.getByRole("dialog", { name: `Tour, step ${step} of 5` }).waitFor();
    const [target, around] = [await page.locator(selector).first().boundingBox(), await frame.boundingBox()];
    assert.ok(Math.abs(around.x + 4 - target.x) < 3 && Math.abs(around.y + 4 - target.y) < 3, `${selector}: ${JSON.stringify([target, around])}`);
    const box = await note.boundingBox();
    const { width, height } = page.viewportSize();
    assert.ok(box.x >= 0 && box.y >= 0 && box.x + box.width <= width && box.y + box.height <= height, JSON.stringify(box));
    await shot(`tour-${step}`);
    if (step === 3) {
      assert.deepEqual(await accessibilityProblems(page), []);
      // The page answers meanwhile.
      await parts(page).layer.selectOption("4");
      await page.getByText("L4H9", { exact: true }).filter({ visible: true }).first().waitFor();
    }
    await note.getByRole("button", { name: step < 5 ? "Next" : "Done" }).press("Enter");
  }
  await note.waitFor({ state: "detached" });
  assert.equal(await offer.count(), 0);
  await open();
  await firstResult(page);
  await page.getByRole("button", { name: "Next example" }).waitFor();
  assert.equal(await offer.count(), 0, "offered once");
  await page.keyboard.press("Control+k");
  await page.keyboard.type("tour");
  await page.keyboard.press("Enter");
  await note.waitFor();
  await page.keyboard.press("Escape");
  await note.waitFor({ state: "detached" });
});

pageTest("work under way says how long it will take, and is stopped with its panel closed", async ({ page, open }) => {
  await open();
  await firstResult(page);
  await pickModel(page, SMOLLM2);
  await run(page, LONG);
  const { status, cancel } = parts(page);
  await status.getByText(/^Running block \d+ of 30 · (about \d+ (s|min)|a few seconds) left$/).waitFor();
  await cancel.click();
  await result(page, 12);
});

pageTest("Enter runs, Shift+Enter starts a line", async ({ page, open }) => {
  await open();
  await firstResult(page);
  const { text, pair } = parts(page);
  await pair.fill("");
  await text.fill("one");
  await text.press("Shift+Enter");
  await text.pressSequentially("two");
  assert.equal(await text.inputValue(), "one\ntwo");
  await text.press("Enter");
  await result(page, 4);
});

pageTest("an empty text is refused where it stands, and the result stays", async ({ page, open }) => {
  await open();
  await firstResult(page);
  await run(page, "");
  const { alert, text, queries } = parts(page);
  await alert.getByText("no text").waitFor();
  assert.equal(await text.getAttribute("aria-invalid"), "true");
  assert.equal(await queries.count(), 15);
});

pageTest("a text that is too long can be cut", async ({ page, open, shot }) => {
  await open();
  await firstResult(page);
  await run(page, LONG);
  const { alert, queries, status } = parts(page);
  await alert.waitFor();
  assert.match(await alert.textContent(), /902.*512/);
  assert.equal(await queries.count(), 15, "the last result stays");
  await shot("too-long");
  await page.getByRole("button", { name: "Cut to 512 tokens" }).click();
  await result(page, 512);
  assert.match(await status.textContent(), /512 tokens, 390 cut off/);
  assert.equal(await alert.count(), 0);
});

pageTest("cancelling within a run keeps the last result", async ({ page, open }) => {
  await open();
  await firstResult(page);
  await pickModel(page, SMOLLM2);
  await run(page, LONG);
  const { status, cancel, queries } = parts(page);
  await status.getByText(/^Running block [1-9]/).waitFor();
  const start = Date.now();
  await cancel.click();
  await result(page, 12);
  const elapsed = Date.now() - start;
  assert.ok(elapsed < 1_500, `stopping took ${elapsed} ms: the worker was replaced instead of stopping itself`);
  assert.equal(await queries.count(), 12);
  assert.equal(await cancel.isDisabled(), true);
  // The same worker goes on.
  await run(page, "It still runs");
  await result(page, 3);
});

pageTest("cancelling the download leaves what is there and a page that can load again", async ({ page, open }) => {
  // A download that takes its time.
  await page.context().route("**/model.safetensors", async (route) => {
    await new Promise((done) => setTimeout(done, 1_500));
    await route.continue().catch(() => {});
  });
  await open();
  const { cancel, run: button, status } = parts(page);
  await firstResult(page);
  await button.click();
  await status.getByText(/ownloading|Loading/).first().waitFor();
  await cancel.click();
  await firstResult(page);
  await liveResult(page);
}, { allow: [/ERR_FAILED|aborted/i] });

pageTest("a model that stops is restarted and the view kept", async ({ page, open, shot }) => {
  await open();
  await liveResult(page);
  const { alert, queries, layer, links } = parts(page);
  await layer.selectOption("4");
  const [worker] = page.workers();
  await worker.evaluate(() => {
    setTimeout(() => {
      throw new Error("stopped for the test");
    });
  });
  await alert.getByText("The model stopped").waitFor();
  assert.match(await alert.textContent(), /stopped for the test/);
  assert.equal(await queries.count(), 15);
  await alert.getByText("It was restarted").waitFor();
  await shot("stopped");
  assert.notEqual(page.workers()[0], worker);
  // Layers that were never looked at come from the new worker.
  await layer.selectOption("5");
  await links.getByText("L5H9").first().waitFor();
  await page.getByRole("button", { name: "Dismiss" }).click();
  assert.equal(await alert.count(), 0);
  await run(page, "And on it goes");
  await result(page, 6);
}, { allow: [/stopped for the test/] });

pageTest("a model that ends without a word is noticed in the middle of a run, and restarted", async ({ page, open }) => {
  await open();
  await liveResult(page);
  const { alert } = parts(page);
  const [worker] = page.workers();
  await page.getByRole("textbox", { name: "Text", exact: true }).fill("long ".repeat(200));
  await page.getByRole("button", { name: "Run", exact: true }).click();
  await worker.evaluate(() => self.close());
  await alert.getByText("The model stopped (it ended without a word)").waitFor();
  await alert.getByText("It was restarted").waitFor();
  await run(page, "And on it goes");
  await result(page, 6);
});

// A program whose only function traps, as a panic does: (module (func (export "f") unreachable))
const TRAP = [0, 97, 115, 109, 1, 0, 0, 0, 1, 4, 1, 96, 0, 0, 3, 2, 1, 0, 7, 5, 1, 1, 102, 0, 0, 10, 5, 1, 3, 0, 0, 11];

pageTest(
  "a page whose program stops says so, and its reload keeps text and link",
  async ({ page, open, shot }) => {
    await open();
    await firstResult(page);
    const { text, pair, layer } = parts(page);
    await text.fill("A text that nobody has run");
    await pair.fill("");
    await layer.selectOption("4");
    await page.waitForFunction(() => location.hash.includes("layer=4"));
    // Errors of other scripts, such as a browser's extension, are not faults of the program.
    await page.evaluate(() => setTimeout(() => { throw new Error("from another script"); }));
    await page.evaluate(() => new Promise((done) => setTimeout(done, 50)));
    const notice = page.getByRole("alert").filter({ hasText: "Headlight has stopped" });
    assert.equal(await notice.count(), 0);

    await page.evaluate((bytes) => {
      const { exports } = new WebAssembly.Instance(new WebAssembly.Module(new Uint8Array(bytes)));
      setTimeout(exports.f);
    }, TRAP);
    await notice.waitFor();
    await shot("fault");
    await notice.getByRole("button", { name: "Reload" }).click();
    await notice.waitFor({ state: "detached" });
    await firstResult(page);
    await page.waitForFunction(() => document.getElementById("text").value === "A text that nobody has run");
    assert.equal(await pair.inputValue(), "");
    assert.equal(await layer.inputValue(), "4");
  },
  { allow: [/unreachable/, /from another script/] },
);

pageTest("a model whose files are not there says so at the picker", async ({ page, open }) => {
  await page.context().route("**/models/**/model.safetensors", (route) => route.fulfill({ status: 404, body: "" }));
  await open();
  const { alert, run: button, status } = parts(page);
  await firstResult(page);
  await button.click();
  await alert.waitFor();
  assert.match(await alert.textContent(), /model\.safetensors/);
  assert.ok(await page.locator(".field.model").getByRole("alert").count(), "it stands at the model");
  await page.context().unroute("**/models/**/model.safetensors");
  await page.getByRole("button", { name: "Try again" }).click();
  await status.getByText(/ ms$/).waitFor();
}, { allow: [/404/] });

pageTest("a worker or list of models that does not come can be tried again", async ({ page, open }) => {
  await page.context().route("**/models/index.json", (route) => route.abort());
  await open();
  const { alert, run: button, status } = parts(page);
  await alert.getByText("index.json could not be fetched").waitFor();
  await page.context().unroute("**/models/index.json");
  await page.context().route("**/worker.js*", (route) => route.abort());
  await page.getByRole("button", { name: "Try again" }).click();
  await button.click();
  await alert.getByText("The model program did not start").waitFor();
  await page.context().unroute("**/worker.js*");
  await page.getByRole("button", { name: "Try again" }).click();
  await status.getByText(/ ms$/).waitFor();
}, { allow: [/ERR_FAILED|dynamically imported module/] });

pageTest("changing the model keeps the picture until the new one is there", async ({ page, open }) => {
  await open();
  await firstResult(page);
  const { model, queries, status, heads } = parts(page);
  await model.selectOption({ label: SMOLLM2 });
  assert.equal(await queries.count(), 15);
  await status.getByText(new RegExp(`^${SMOLLM2} · 12 tokens · 30 layers × 9 heads`)).waitFor();
  assert.equal((await words(queries))[1], "·cat");
  assert.equal(await heads.count(), 9);
});

for (const colorScheme of ["light", "dark"]) {
  pageTest(
    `nothing is wrong with accessibility, ${colorScheme}`,
    async ({ page, open, shot }) => {
      await open();
      assert.deepEqual(await accessibilityProblems(page), [], "while loading");
      await firstResult(page);
      assert.deepEqual(await accessibilityProblems(page), [], "with a result");
      const { queries, allHeads } = parts(page);
      await allHeads.click();
      await queries.nth(2).click();
      await page.mouse.move(2, 2);
      assert.deepEqual(await accessibilityProblems(page), [], "with a kept token");
      await shot(`head-view-${colorScheme}`);
      await pickModel(page, SMOLLM2);
      assert.deepEqual(await accessibilityProblems(page), [], "with predictions");
      await run(page, "");
      assert.deepEqual(await accessibilityProblems(page), [], "with an error");
      await shot(`smollm2-${colorScheme}`);
    },
    { context: { colorScheme } },
  );
}

pageTest("the theme follows the system until one is chosen, and is kept", async ({ page, open }) => {
  await open();
  const paper = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  const white = "rgb(255, 255, 255)";
  assert.equal(await paper(), white);
  await page.emulateMedia({ colorScheme: "dark" });
  assert.notEqual(await paper(), white);
  await page.getByRole("button", { name: "Theme: auto" }).click();
  assert.equal(await paper(), white);
  await page.getByRole("button", { name: "Theme: light" }).click();
  await page.emulateMedia({ colorScheme: "light" });
  assert.notEqual(await paper(), white);
  await open();
  await page.getByRole("button", { name: "Theme: dark" }).waitFor();
  assert.notEqual(await paper(), white);
});

const PHONE = { viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true, deviceScaleFactor: 2 };

pageTest(
  "on a phone nothing overflows, a tap shows a token and another keeps it",
  async ({ page, open, shot }) => {
    await open();
    await firstResult(page);
    const width = () => page.evaluate(() => document.documentElement.scrollWidth);
    assert.equal(await width(), 360);
    const { queries, keys } = parts(page);
    const cat = queries.nth(2);
    await cat.tap();
    await keys.nth(9).locator(".weight", { hasText: "0.8" }).waitFor();
    assert.equal(await cat.getAttribute("aria-selected"), "false");
    await shot("phone");
    await cat.tap();
    await page.waitForFunction((node) => node.getAttribute("aria-selected") === "true", await cat.elementHandle());
    await run(page, "Pneumonoultramicroscopicsilicovolcanoconiosis and internationalisation are long words");
    await page.getByRole("status", { name: "Status" }).getByText(/· (?!15 )\d+ tokens/).waitFor();
    assert.equal(await width(), 360);
  },
  { context: PHONE },
);
