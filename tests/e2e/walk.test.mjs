// The page under random actions, and the worker's memory over many runs. The models are small checkpoints, under the names that
// the examples ask for, so that hundreds of runs take seconds.
//
// HEADLIGHT_WALK_SEED and HEADLIGHT_WALK_ACTIONS choose another walk.

import assert from "node:assert/strict";
import { checkpointCase, nameOf, serveOnlyCheckpoints } from "./checkpoints.mjs";
import { soon } from "./editing.mjs";
import { firstResult, parts, pickModel, result, run } from "./page.mjs";
import { actOnAny, randomFrom } from "./random.mjs";
import { exposeWorker, pageTest } from "./support.mjs";

const MODELS = { "all-MiniLM-L6-v2": "bert", "SmolLM2-135M-Instruct-Q4_1": "llama", translator: "t5" };
const SEED = Number(process.env.HEADLIGHT_WALK_SEED ?? 17);
const ACTIONS = Number(process.env.HEADLIGHT_WALK_ACTIONS ?? 1_500);

const WORDS = [
  "The cat sat on the mat", "", "a", "naïve 北京 🙂", "\u202eright to left", "1, 2, 3", "0", "-1", "1e39", " ", "the ".repeat(300),
  '[{"kind":"zero_head","layer":0,"head":1}]', '[{"kind":"zap"}]', "<b>bold</b>", "token",
];
const EDIT = encodeURIComponent('[{"kind":"zero_head","layer":1,"head":0},{"kind":"zero_head","layer":40,"head":0}]');
const LINKS = [
  "v=1&view=model", "v=1&view=neuron&layer=1&heads=1&query=2&key=1&neuron=3", "v=1&layer=99&heads=99,3", "v=1&layer=2&heads=all",
  "v=1&model=all-MiniLM-L6-v2&text=The%20dog%20ran&pair=It%20slept&segment=ab", "v=1&model=translator&text=a%20b&stack=decoder&attn=cross",
  `v=1&model=SmolLM2-135M-Instruct-Q4_1&text=Mary%20gave&edits=${EDIT}`, "v=1&model=none&text=x", "v=9&&=&view", "v=1&ids=1,2,3",
];

/** What somebody does now and then, beside pressing whatever is there. */
function actions(page, random) {
  const { model, text, run: button, cancel, queries } = parts(page);
  const quick = { timeout: 1_000, noWaitAfter: true };
  // What is not there, disabled, or under a dialog is passed by.
  const press = async (locator) => {
    const isThere = (await locator.count()) > 0 && (await locator.first().isVisible()) && (await locator.first().isEnabled());
    return isThere ? locator.first().click(quick) : PASSED;
  };
  const onPage = (name, fragment) => [name, () => page.evaluate((hash) => { location.hash = hash; }, fragment)];
  const key = random.pick(["ArrowDown", "ArrowUp", "ArrowLeft", "ArrowRight", "Enter", "Escape", "Tab", "e", "End", "Home", "Control+z", "Control+Shift+z", " "]);
  const words = random.pick(WORDS);
  const link = random.pick(LINKS);
  const name = random.pick(Object.values(MODELS));
  const tab = random.pick(["Head view", "Model view", "Neuron view"]);
  const change = random.pick(["Undo", "Redo", "Undo", "Clear all"]);
  return random.weighted([
    [40, ["any", () => actOnAny(page, random, WORDS)]],
    [12, [`run ${JSON.stringify(words.slice(0, 30))}`, async () => {
      if (!(await text.isVisible())) return PASSED;
      await text.fill(words, quick);
      return press(button);
    }]],
    [5, [`model ${name}`, () => model.selectOption({ label: nameOf(name) }, quick)]],
    [8, [tab, () => press(page.getByRole("tab", { name: tab }))]],
    [7, onPage(link, link)],
    [4, ["back", () => page.evaluate(() => window.navigation.canGoBack && history.back())]],
    [3, ["forward", () => page.evaluate(() => history.forward())]],
    [8, [`key ${key}`, () => page.keyboard.press(key)]],
    [3, ["cancel", () => press(cancel)]],
    [6, [change, () => press(page.getByRole("button", { name: change, exact: true }))]],
    [4, ["token", async () => press(queries.nth(random.below(Math.max(1, await queries.count()))))]],
  ]);
}

/** What an action gives that found nothing to act on. */
const PASSED = "passed by";

/** Whether an action failed because what it is about went, was disabled or covered meanwhile. */
const isMissing = (error) => /Timeout|not visible|did not find some options|detached|disabled|intercepts/.test(String(error));

/** Waits until nothing is under way. */
async function idle(page) {
  const { cancel, status } = parts(page);
  await soon(async () => {
    const isBusy = (await cancel.count()) > 0 && (await cancel.first().isEnabled());
    return isBusy ? `under way: ${await status.first().textContent()}` : null;
  }, "the page comes to rest");
}

pageTest(`after ${ACTIONS} random actions (seed ${SEED}) the page is whole and runs a text`, async ({ page, open, problems, shot, t }) => {
  await serveOnlyCheckpoints(page, MODELS);
  await open();
  await firstResult(page);
  page.on("filechooser", () => {});
  page.context().on("page", (other) => other.close());
  const random = randomFrom(SEED);
  const done = [];
  const unexpected = () => problems.filter((problem) => !ALLOWED.some((pattern) => pattern.test(problem)));
  const started = Date.now();
  let nPassed = 0;
  try {
    for (let n = 1; n <= ACTIONS; n += 1) {
      const [name, act] = actions(page, random);
      try {
        const did = await act().catch((error) => (isMissing(error) ? PASSED : Promise.reject(error)));
        const isPassed = did === PASSED || did === null;
        nPassed += isPassed ? 1 : 0;
        done.push(isPassed ? `${name}: ${PASSED}` : typeof did === "string" ? did : name);
        // Out of a dialog that covers everything.
        if (isPassed) await page.keyboard.press("Escape");
      } catch (error) {
        throw new Error(`action ${n}, ${name}`, { cause: error });
      }
      if (n % 50 === 0) {
        await idle(page);
        assert.deepEqual(unexpected(), [], `after ${n} actions`);
      }
    }
    await idle(page);
    t.diagnostic(`${ACTIONS} actions, ${nPassed} passed by, ${Math.round((Date.now() - started) / 1000)} s`);
    assert.ok(nPassed < ACTIONS / 3, `${nPassed} actions found nothing to act on`);
    // Whatever is open is shut, and another text runs.
    for (let n = 0; n < 4; n += 1) await page.keyboard.press("Escape");
    const { run: button, queries, status } = parts(page);
    const { text, tokens } = checkpointCase("bert", 0);
    await page.evaluate((hash) => { location.hash = hash; }, `v=1&model=all-MiniLM-L6-v2&text=${encodeURIComponent(text)}&view=head&layer=1`);
    await idle(page);
    await button.click();
    await result(page, tokens.length);
    await status.getByText(new RegExp(`^${nameOf("bert")} · `)).waitFor();
    await soon(async () => ((await queries.count()) === tokens.length ? null : `${await queries.count()} tokens`), "the text's tokens");
    await shot("after-the-walk");
  } catch (error) {
    t.diagnostic(`the last actions: ${done.slice(-30).join("; ")}`);
    throw error;
  }
}, { allow: [/huggingface\.co/], context: { permissions: ["clipboard-read", "clipboard-write"] }, timeout: 900_000 });

/** What an action may make the browser say: the Hub cannot be reached from here. */
const ALLOWED = [/huggingface\.co/];

pageTest("200 runs leave the worker's memory as it is", async ({ page, open, t }) => {
  await serveOnlyCheckpoints(page, MODELS);
  await exposeWorker(page);
  await open();
  await firstResult(page);
  await pickModel(page, nameOf("bert"));
  const cases = [0, 1, 2].map((index) => checkpointCase("bert", index));
  const { layer } = parts(page);
  const runs = async (count) => {
    for (let n = 0; n < count; n += 1) {
      const { text, text_pair: pair, tokens } = cases[n % cases.length];
      await run(page, text, pair ?? "");
      await result(page, tokens.length);
      if (n % 10 === 0) await layer.selectOption(String((n / 10) % 3));
    }
  };
  const memory = () => page.workers()[0].evaluate(() => self.exportsForTest.memory.buffer.byteLength);
  await runs(10);
  const before = await memory();
  await runs(200);
  const after = await memory();
  t.diagnostic(`${before} bytes after 10 runs, ${after} after 210`);
  assert.ok(after < before * 1.05, `from ${before} to ${after} bytes`);
});
