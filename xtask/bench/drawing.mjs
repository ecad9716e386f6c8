// Measures what the page itself does: from the start of a handler to pixels that can be read, the wait for the next frame
// left out. Three parts are added up: the handler with everything it sets off, the frame's callbacks (our drawing), and
// reading a pixel back.

const LENGTHS = [128, 512];
const SWEEP_MS = 5_000;
const WORDS = ["the", "river", "runs", "under", "an", "old", "stone", "bridge"];

/** Prints a figure per view and length whose name contains `only`. */
export async function measureDrawing(browser, url, only) {
  const cases = [
    { id: "minilm", model: /^all-MiniLM/, special: 2, layers: 6 },
    { id: "smollm2", model: /^SmolLM2/, special: 0, layers: 30 },
  ];
  const names = cases.flatMap(({ id }) => LENGTHS.flatMap((n) => ["model", "head", "neuron"].flatMap((view) =>
    ["first", "hover"].map((what) => `draw_${what}/${view}/${id}/${n}`))));
  if (!names.some((name) => name.includes(only))) return;
  const page = await (await browser.newContext({ viewport: { width: 1440, height: 900 } })).newPage();
  await page.addInitScript(instrument);
  await page.goto(url);
  const status = page.getByRole("status", { name: "Status" });
  for (const { id, model, special } of cases) {
    const option = page.getByRole("combobox", { name: "Model" }).locator("option").filter({ hasText: model });
    await option.first().waitFor({ state: "attached" });
    await status.getByText(/· \d+ tokens? ·/).waitFor({ timeout: 120_000 });
    await page.getByRole("combobox", { name: "Model" }).selectOption({ label: await option.first().textContent() });
    await status.getByText(model).waitFor({ timeout: 120_000 });
    for (const n of LENGTHS) {
      const wanted = names.filter((name) => name.includes(only) && name.endsWith(`/${id}/${n}`));
      if (wanted.length === 0) continue;
      await page.getByRole("tab", { name: "Head view" }).click();
      await page.getByRole("textbox", { name: "Second text" }).fill("");
      const text = Array.from({ length: n - special }, (_, at) => WORDS[(at * 5 + (at >> 3)) % 8]).join(" ");
      await page.getByRole("textbox", { name: "Text", exact: true }).fill(text);
      await page.getByRole("button", { name: "Run", exact: true }).click();
      await status.getByText(`· ${n} tokens`).waitFor({ timeout: 240_000 });
      await page.waitForTimeout(1_500);
      await measureHead(page, `head/${id}/${n}`, only);
      await measureModel(page, `model/${id}/${n}`, only);
      await measureNeuron(page, `neuron/${id}/${n}`, only);
    }
  }
  await page.close();
}

async function measureHead(page, name, only) {
  await page.getByRole("tab", { name: "Head view" }).click();
  const all = page.getByRole("button", { name: "All heads" });
  if (await all.isEnabled()) await all.click();
  const layer = page.getByRole("combobox", { name: "Layer" });
  const samples = [];
  for (let round = 0; round < 5; round += 1) {
    await page.evaluate(() => window.drawing.start());
    await layer.selectOption(String(round % 6));
    await page.waitForTimeout(1_500);
    samples.push(await page.evaluate(() => window.drawing.stop()));
  }
  print(`draw_first/${name}`, only, "a layer of all heads, from the message with its patterns", samples.slice(1));
  await sweep(page, `draw_hover/${name}`, only, "#panel-head .scroller", ".stage canvas");
}

async function measureModel(page, name, only) {
  await page.evaluate(() => window.drawing.start());
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
  print(`draw_first/${name}`, only, "the model view opened once its thumbnails are there", samples);
  await sweep(page, `draw_hover/${name}`, only, ".map:not(.small) .map-scroller", ".map:not(.small) canvas");
}

async function measureNeuron(page, name, only) {
  await page.getByRole("tab", { name: "Head view" }).click();
  await page.locator("#panel-head .tokens.query .token").nth(4).click();
  await page.mouse.move(2, 2);
  await page.getByRole("tab", { name: "Neuron view" }).click();
  await page.locator(".key-row").first().waitFor();
  const samples = [];
  for (let round = 0; round < 5; round += 1) {
    await page.evaluate(() => window.drawing.start());
    await page.locator(".neuron-view").evaluate(() => document.querySelector(".view").dispatchEvent(new KeyboardEvent("keydown", { key: "h", bubbles: true })));
    await page.waitForTimeout(1_000);
    samples.push(await page.evaluate(() => window.drawing.stop()));
  }
  print(`draw_first/${name}`, only, "another head, from the message with its queries, keys and scores", samples.slice(1));
  await sweep(page, `draw_hover/${name}`, only, ".neuron-figure .scroller", ".neuron-figure .scroller canvas");
  await page.keyboard.press("Escape");
}

/** Moves over a figure for some seconds and prints the median and the 95th percentile. */
async function sweep(page, name, only, target, canvas) {
  if (!name.includes(only)) return;
  const samples = await page.evaluate(([target, canvas, duration]) => window.drawing.sweep(target, canvas, duration), [target, canvas, SWEEP_MS]);
  print(name, only, `every move of a sweep of ${SWEEP_MS / 1_000} s over the figure`, samples);
}

function print(name, only, how, samples) {
  if (!name.includes(only) || samples.length === 0) return;
  const sorted = samples.toSorted((a, b) => a - b);
  const at = (share) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
  const rounded = (ms) => Math.round(ms * 100) / 100;
  console.log(JSON.stringify({
    name, median_ms: rounded(at(0.5)), p95_ms: rounded(at(0.95)), min_ms: rounded(sorted[0]), runs: sorted.length, how,
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
  const { set, get } = Object.getOwnPropertyDescriptor(Worker.prototype, "onmessage");
  Object.defineProperty(Worker.prototype, "onmessage", {
    get,
    set(handler) {
      set.call(this, handler && ((event) => {
        const before = performance.now();
        handler(event);
        idle().then(() => { spent += performance.now() - before; });
      }));
    },
  });
  const readable = (canvas) => {
    const before = performance.now();
    const element = document.querySelector(canvas);
    if (element?.width > 0) element.getContext("2d").getImageData(0, 0, 1, 1);
    return performance.now() - before;
  };
  const twoFrames = () => new Promise((resume) => frame(() => frame(resume)));
  const act = async (action, canvas) => {
    const before = performance.now();
    action();
    await idle();
    spent += performance.now() - before;
    await twoFrames();
    spent += readable(canvas);
  };
  window.drawing = {
    start() { spent = 0; },
    stop() { return spent; },
    act,
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
