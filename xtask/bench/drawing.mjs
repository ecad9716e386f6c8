// Measures what the page itself does: from the start of a handler to pixels that can be read, the wait for the next frame
// left out. Three parts are added up: the handler with everything it sets off, the frame's callbacks (our drawing), and
// layout with reading a pixel back. Each figure is printed with its bound, where there is one: of first drawings and
// selections the median has to keep it, of a sweep of hovers the 95th percentile.

import { SEEDED, nameOf, serveSeeded } from "./checkpoints.mjs";

const LENGTHS = [128, 512];
const SWEEP_MS = 5_000;
const ROUNDS = 9;
const WORDS = ["the", "river", "runs", "under", "an", "old", "stone", "bridge"];

const CASES = [
  { id: "minilm", model: /^all-MiniLM/, special: 2, word: (at) => WORDS[(at * 5 + (at >> 3)) % 8] },
  { id: "smollm2", model: /^SmolLM2/, special: 0, word: (at) => WORDS[(at * 5 + (at >> 3)) % 8] },
  ...SEEDED.map((one) => ({
    id: one.id,
    model: new RegExp(`^${nameOf(one)}`),
    special: one.special,
    word: (at) => `w${3 + ((at * 37 + (at >> 4)) % 900)}`,
  })),
];

const VIEWS = { model: measureModel, head: measureHead, neuron: measureNeuron, stream: measureStream };

/** Bounds in milliseconds by kind of figure, view and number of tokens. */
const BOUNDS = {
  draw_first: { model: { 128: 100 }, head: { 128: 100, 512: 250 }, neuron: { 128: 200, 512: 200 }, stream: { 128: 150, 512: 150 } },
  draw_hover: {
    model: { 128: 16, 512: 50 },
    head: { 128: 16, 512: 50 },
    neuron: { 128: 16, 512: 50 },
    stream: { 128: 16, 512: 50 },
  },
  draw_select: { model: { 128: 16, 512: 50 }, head: { 128: 16, 512: 50 }, neuron: { 128: 16, 512: 50 } },
};

/** Prints a figure per view and length whose name contains `only`. */
export async function measureDrawing(browser, url, only) {
  const namesOf = (id, n, view) => Object.keys(BOUNDS).filter((what) => BOUNDS[what][view]).map((what) => `${what}/${view}/${id}/${n}`);
  const isWanted = (id, n, view) => namesOf(id, n, view).some((name) => name.includes(only));
  const wanted = CASES.flatMap((one) => LENGTHS.map((n) => ({ ...one, n, views: Object.keys(VIEWS).filter((view) => isWanted(one.id, n, view)) })))
    .filter(({ views }) => views.length > 0);
  if (wanted.length === 0) return;
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 } });
  await serveSeeded(context);
  const page = await context.newPage();
  await page.addInitScript(instrument);
  await page.goto(url);
  const status = page.getByRole("status", { name: "Status" });
  await status.getByText(/· \d+ tokens? ·/).waitFor({ timeout: 120_000 });
  await page.getByRole("textbox", { name: "Second text" }).fill("");
  let loaded = null;
  for (const { id, model, special, word, n, views } of wanted) {
    await page.getByRole("tab", { name: "Head view" }).click();
    const text = Array.from({ length: n - special }, (_, at) => word(at)).join(" ");
    await page.getByRole("textbox", { name: "Text", exact: true }).fill(text);
    if (loaded !== id) {
      const option = page.getByRole("combobox", { name: "Model" }).locator("option").filter({ hasText: model });
      await option.first().waitFor({ state: "attached" });
      await page.getByRole("combobox", { name: "Model" }).selectOption({ label: await option.first().textContent() });
      await status.getByText(model).waitFor({ timeout: 240_000 });
      loaded = id;
    }
    await page.getByRole("button", { name: "Run", exact: true }).click();
    await status.getByText(`· ${n} tokens`).waitFor({ timeout: 240_000 });
    await page.waitForTimeout(1_500);
    for (const view of views) await VIEWS[view](page, (what) => [what, view, id, n, only]);
  }
  await context.close();
}

async function measureHead(page, figure) {
  await page.getByRole("tab", { name: "Head view" }).click();
  const all = page.getByRole("button", { name: "All heads" });
  if (await all.isEnabled()) await all.click();
  const layer = page.getByRole("combobox", { name: "Layer" });
  const samples = [];
  for (let round = 0; round < 6; round += 1) {
    await page.evaluate(() => window.drawing.start());
    await layer.selectOption(String((round % 5) + 1));
    await page.waitForTimeout(1_500);
    samples.push(await page.evaluate(() => window.drawing.stop()));
  }
  print(figure("draw_first"), "a layer of all heads, from the message with its patterns", samples.slice(1));
  await sweep(page, figure("draw_hover"), "#panel-head .scroller", ".stage canvas");
  await page.mouse.move(2, 2);
  await page.waitForTimeout(100);
  print(figure("draw_select"), "the next head alone", await page.evaluate((rounds) => window.drawing.repeat(rounds, () =>
    document.querySelector(".view").dispatchEvent(new KeyboardEvent("keydown", { key: "h", bubbles: true })), ".stage canvas"), ROUNDS * 2));
}

async function measureModel(page, figure) {
  await page.getByRole("tab", { name: "Model view" }).click();
  await page.waitForFunction(() => !/of \d+ layers/.test(document.querySelector(".map:not(.small) .legend")?.textContent ?? "of 1 layers"), null, { timeout: 120_000 });
  await page.waitForTimeout(500);
  const samples = [];
  for (let round = 0; round < 5; round += 1) {
    await page.getByRole("tab", { name: "Head view" }).click();
    await page.waitForTimeout(300);
    await page.evaluate(() => window.drawing.start());
    await page.evaluate(() => window.drawing.act(() => document.getElementById("tab-model").click(), ".map:not(.small) canvas"));
    await page.waitForTimeout(300);
    samples.push(await page.evaluate(() => window.drawing.stop()));
  }
  print(figure("draw_first"), "the model view opened once its thumbnails are there", samples);
  await sweep(page, figure("draw_hover"), ".map:not(.small) .map-scroller", ".map:not(.small) canvas");
  await page.mouse.move(2, 2);
  const layer = await page.getByRole("combobox", { name: "Layer" }).inputValue();
  print(figure("draw_select"), "another head of the layer, shown large", await page.evaluate(([rounds, layer]) => window.drawing.repeat(rounds, (round) => {
    const cells = document.querySelectorAll(`.map:not(.small) [id^="cell-l${layer}h"]`);
    const cell = cells[(round * 5 + 1) % cells.length];
    const box = cell.getBoundingClientRect();
    const at = { clientX: box.left + box.width / 2, clientY: box.top + box.height / 2, bubbles: true };
    cell.dispatchEvent(new MouseEvent("click", at));
  }, ".stage canvas"), [ROUNDS, layer]));
}

async function measureNeuron(page, figure) {
  await page.getByRole("tab", { name: "Head view" }).click();
  await page.keyboard.press("Escape");
  await page.locator("#panel-head .tokens.query .token").nth(4).click();
  await page.mouse.move(2, 2);
  await page.getByRole("tab", { name: "Neuron view" }).click();
  await page.locator(".key-row").first().waitFor();
  const samples = [];
  for (let round = 0; round < 6; round += 1) {
    await page.evaluate(() => window.drawing.start());
    await page.evaluate(() => document.querySelector(".view").dispatchEvent(new KeyboardEvent("keydown", { key: "h", bubbles: true })));
    await page.waitForTimeout(1_000);
    samples.push(await page.evaluate(() => window.drawing.stop()));
  }
  print(figure("draw_first"), "another head, from the message with its queries, keys and scores", samples.slice(1));
  await sweep(page, figure("draw_hover"), ".neuron-figure .scroller", ".neuron-figure .scroller canvas");
  await page.mouse.move(2, 2);
  print(figure("draw_select"), "another query", await page.evaluate((rounds) => window.drawing.repeat(rounds, (round) => {
    const rows = document.querySelectorAll(".neuron-figure .tokens.query .token");
    const row = rows[(round * 3 + 1) % Math.min(rows.length, 20)];
    const box = row.getBoundingClientRect();
    const at = { clientX: box.right - 8, clientY: box.top + box.height / 2, bubbles: true };
    row.dispatchEvent(new MouseEvent("click", at));
  }, ".neuron-figure .scroller canvas"), ROUNDS));
  await page.getByRole("tab", { name: "Head view" }).click();
  await page.locator("#panel-head .tokens.query .token").first().focus();
  await page.keyboard.press("Escape");
}

async function measureStream(page, figure) {
  await page.getByRole("tab", { name: "Stream view" }).click();
  await page.waitForTimeout(1_500);
  // The status line tells of the text again once the lens has read every layer.
  await page.getByRole("status", { name: "Status" }).getByText(/· \d+ tokens? ·/).waitFor({ timeout: 240_000 });
  await page.waitForTimeout(500);
  const samples = [];
  for (let round = 0; round < 5; round += 1) {
    await page.getByRole("tab", { name: "Head view" }).click();
    await page.waitForTimeout(300);
    await page.evaluate(() => window.drawing.start());
    await page.evaluate(() => window.drawing.act(() => document.getElementById("tab-stream").click(), ".stream-scroller canvas"));
    await page.waitForTimeout(300);
    samples.push(await page.evaluate(() => window.drawing.stop()));
  }
  print(figure("draw_first"), "the stream view opened once its numbers are there", samples);
  await sweep(page, figure("draw_hover"), ".stream-scroller", ".stream-scroller canvas");
  await page.mouse.move(2, 2);
  await page.getByRole("tab", { name: "Head view" }).click();
}

/** Moves over a figure for some seconds. */
async function sweep(page, figure, target, canvas) {
  if (!nameOfFigure(figure).includes(figure[4])) return;
  const samples = await page.evaluate(([target, canvas, duration]) => window.drawing.sweep(target, canvas, duration), [target, canvas, SWEEP_MS]);
  print(figure, `every move of a sweep of ${SWEEP_MS / 1_000} s over the figure`, samples);
}

function nameOfFigure([what, view, id, n]) {
  return `${what}/${view}/${id}/${n}`;
}

function print(figure, how, samples) {
  const [what, view, , n, only] = figure;
  const name = nameOfFigure(figure);
  if (!name.includes(only) || samples.length === 0) return;
  const sorted = samples.toSorted((a, b) => a - b);
  const at = (share) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
  const rounded = (ms) => Math.round(ms * 100) / 100;
  const bound = BOUNDS[what][view][n];
  const judged = what === "draw_hover" ? at(0.95) : at(0.5);
  console.log(JSON.stringify({
    name, median_ms: rounded(at(0.5)), p95_ms: rounded(at(0.95)), min_ms: rounded(sorted[0]), runs: sorted.length,
    ...(bound === undefined ? {} : { bound_ms: bound, is_within: judged <= bound }),
    how,
  }));
}

/** Runs in the page, before anything of it. */
function instrument() {
  let spent = 0;
  const idle = () => new Promise((resume) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = resume;
    port2.postMessage(0);
  });
  const frame = window.requestAnimationFrame.bind(window);
  window.requestAnimationFrame = (callback) => frame((time) => {
    const before = performance.now();
    callback(time);
    spent += performance.now() - before;
  });
  // Handlers of the worker's messages count until everything they set off is done.
  const listen = Worker.prototype.addEventListener;
  const counted = new WeakMap();
  Worker.prototype.addEventListener = function addEventListener(kind, handler, options) {
    if (kind !== "message") return listen.call(this, kind, handler, options);
    const counting = (event) => {
      const before = performance.now();
      handler.call(this, event);
      idle().then(() => { spent += performance.now() - before; });
    };
    counted.set(handler, counting);
    return listen.call(this, kind, counting, options);
  };
  const forget = Worker.prototype.removeEventListener;
  Worker.prototype.removeEventListener = function removeEventListener(kind, handler, options) {
    return forget.call(this, kind, counted.get(handler) ?? handler, options);
  };
  // Layout of what changed, and a pixel of the picture.
  const readable = (canvas) => {
    const before = performance.now();
    document.body.getBoundingClientRect();
    const element = document.querySelector(canvas);
    if (element?.width > 0) element.getContext("2d").getImageData(0, 0, 1, 1);
    return performance.now() - before;
  };
  // After the frame's own callbacks, which were asked for before.
  const drawn = (canvas) => new Promise((resume) => frame(() => {
    spent += readable(canvas);
    resume();
  }));
  const act = async (action, canvas) => {
    const before = performance.now();
    action();
    await idle();
    spent += performance.now() - before;
    await drawn(canvas);
  };
  window.drawing = {
    start() { spent = 0; },
    stop() { return spent; },
    act,
    /** The same several times; the first one only warms up. */
    async repeat(rounds, action, canvas) {
      const samples = [];
      for (let round = 0; round <= rounds; round += 1) {
        await new Promise((resume) => setTimeout(resume, 60));
        spent = 0;
        await act(() => action(round), canvas);
        if (round > 0) samples.push(spent);
      }
      return samples;
    },
    async sweep(target, canvas, duration) {
      const box = document.querySelector(target).getBoundingClientRect();
      const samples = [];
      const end = performance.now() + duration;
      for (let step = 0; performance.now() < end; step += 1) {
        const x = box.left + 20 + ((step * 37) % Math.max(box.width - 40, 1));
        const y = box.top + 6 + ((step * 23) % Math.max(Math.min(box.height, innerHeight - box.top) - 12, 1));
        const element = document.elementFromPoint(x, y) ?? document.querySelector(target);
        spent = 0;
        await act(() => element.dispatchEvent(new PointerEvent("pointermove", { clientX: x, clientY: y, bubbles: true, pointerType: "mouse" })), canvas);
        samples.push(spent);
      }
      return samples;
    },
  };
}
