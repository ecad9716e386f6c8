// Threads: where the page is isolated from other sites the model runs on several processors, with the same results.

import assert from "node:assert/strict";
import path from "node:path";
import { fromFolder, pythonServer, serve } from "./host.mjs";
import { openPanel, tokenOutcome } from "./editing.mjs";
import { SMOLLM2, inspect, liveResult, parts, pickModel, result, run } from "./page.mjs";
import { distFile, fixture, pageTest } from "./support.mjs";

const dist = path.dirname(distFile("index.html"));
const ISOLATING = { "Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Embedder-Policy": "require-corp" };

const links = (page) => page.getByRole("region", { name: "Strongest links" }).locator("tbody tr").allTextContents();

pageTest("two threads give what one gives, to the last digit shown, and one is a choice that stays", async ({ page, shot }) => {
  const server = await serve(fromFolder(dist), ISOLATING);
  const address = `http://127.0.0.1:${server.port}/`;
  const warnings = [];
  // The browser of these tests keeps no service worker unless a test asks for one.
  const isOurs = (message) => message.type() === "warning" && !/Service Worker registration blocked/.test(message.text());
  page.on("console", (message) => isOurs(message) && warnings.push(message.text()));
  try {
    await page.goto(address);
    await page.locator("#boot").waitFor({ state: "detached" });
    assert.equal(await page.evaluate(() => crossOriginIsolated), true);
    const threads = page.getByRole("combobox", { name: "Threads" });
    await threads.selectOption("2");
    await liveResult(page);
    // Long enough that its products are shared.
    const text = "Nobody expected seven wet umbrellas in the old stone house by the river that runs under the bridge ".repeat(4);
    await run(page, text);
    await parts(page).status.getByText(/· 2 threads · .* m?s$/).waitFor();
    const onTwo = await links(page);
    await shot("threads");
    await threads.selectOption("1");
    // The worker is started anew and brings back what was shown.
    await parts(page).status.getByText(/ heads · [\d.]+ m?s$/).waitFor();
    await run(page, `${text} so`);
    await run(page, text);
    await parts(page).status.getByText(/ heads · [\d.]+ m?s$/).waitFor();
    assert.deepEqual(await links(page), onTwo);
    await page.reload();
    assert.equal(await threads.inputValue(), "1");
    assert.deepEqual(warnings, []);
  } finally {
    await server.close();
  }
});

pageTest("gradients on two threads rank the heads as on one, with PyTorch's numbers", async ({ page }) => {
  const expected = fixture("golden-real/smollm2/inside-mary-john.json");
  const server = await serve(fromFolder(dist), ISOLATING);
  try {
    await page.goto(`http://127.0.0.1:${server.port}/`);
    await page.locator("#boot").waitFor({ state: "detached" });
    const threads = page.getByRole("combobox", { name: "Threads" });
    await threads.selectOption("2");
    await liveResult(page);
    await pickModel(page, SMOLLM2);
    await run(page, expected.text);
    await parts(page).status.getByText(/· 2 threads ·/).waitFor();
    await tokenOutcome(await openPanel(page), expected.answer, expected.other);
    await inspect(page, "Matters");
    const panel = page.getByRole("region", { name: "What matters for the outcome" });
    const ranked = async () => {
      await panel.getByRole("button", { name: "Estimate" }).click();
      const list = panel.getByRole("table", { name: "Largest estimated effects" });
      await list.waitFor({ timeout: 60_000 });
      return list.locator("tbody tr").allTextContents();
    };
    const onTwo = await ranked();
    const [, layer, head, estimate] = onTwo[0].match(/L(\d+)H(\d+)\s*([+−]?[\d.]+)/);
    const scale = Math.max(...expected.attribution.zero_head.flat().map(Math.abs));
    assert.ok(Math.abs(Number(estimate.replace("−", "-")) - expected.attribution.zero_head[layer][head]) < 2e-3 * scale + 6e-4, onTwo[0]);
    await threads.selectOption("1");
    await parts(page).status.getByText(/ heads · [\d.]+ m?s$/).waitFor({ timeout: 60_000 });
    // Another text between them, so that the ranking is made anew: each is on screen before the next one is asked for.
    const nTokens = await parts(page).queries.count();
    for (const [text, n] of [[`${expected.text} the`, nTokens + 1], [expected.text, nTokens]]) {
      await run(page, text);
      await page.waitForFunction((n) => document.querySelectorAll("[role=listbox][aria-label='Query tokens'] [role=option]").length === n, n, { timeout: 60_000 });
    }
    await parts(page).status.getByText(/ heads · [\d.]+ m?s$/).waitFor({ timeout: 60_000 });
    // An outcome belongs to the text that it was typed for.
    await tokenOutcome(await openPanel(page), expected.answer, expected.other);
    await inspect(page, "Matters");
    assert.deepEqual(await ranked(), onTwo);
  } finally {
    await server.close();
  }
});

pageTest("a build without threads, where more are wanted, runs the model on one", async ({ page }) => {
  const read = fromFolder(dist);
  const server = await serve((name) => (name.startsWith("worker_threads") ? null : read(name)), ISOLATING);
  try {
    await page.goto(`http://127.0.0.1:${server.port}/`);
    await page.locator("#boot").waitFor({ state: "detached" });
    await page.getByRole("combobox", { name: "Threads" }).selectOption("2");
    await liveResult(page);
    await run(page, "Nobody expected seven wet umbrellas");
    await result(page, 8);
    assert.doesNotMatch(await parts(page).status.textContent(), /threads/);
  } finally {
    // The browser may still be fetching an icon. It must not ask a server that is gone.
    await page.goto("about:blank");
    await server.close();
  }
}, { allow: [/worker_threads/, /status of 404/] });

pageTest("a host that sends no headers: one thread at the first visit, threads from the second one on", async ({ page }) => {
  const server = await pythonServer(path.dirname(dist));
  try {
    await page.goto(`http://127.0.0.1:${server.port}/${path.basename(dist)}/`);
    await page.locator("#boot").waitFor({ state: "detached" });
    assert.equal(await page.evaluate(() => crossOriginIsolated), false);
    assert.equal(await page.getByRole("combobox", { name: "Threads" }).isVisible(), false);
    await page.evaluate(async () => {
      const { active } = await navigator.serviceWorker.ready;
      if (active.state !== "activated") await new Promise((resolve) => active.addEventListener("statechange", resolve));
    });
    await page.reload();
    await page.locator("#boot").waitFor({ state: "detached" });
    assert.equal(await page.evaluate(() => crossOriginIsolated), true);
    // Safari knows no other value.
    assert.equal(await page.evaluate(async () => (await fetch(".")).headers.get("Cross-Origin-Embedder-Policy")), "require-corp");
    await page.getByRole("combobox", { name: "Threads" }).selectOption("2");
    await liveResult(page);
    await run(page, "Nobody expected seven wet umbrellas");
    await result(page, 8);
    await parts(page).status.getByText(/· 2 threads ·/).waitFor();
    // Only the program that ran is on this device; it is used when another is asked for.
    const programs = await page.evaluate(async () => {
      const names = ["worker_bg.wasm", "worker_threads_bg.wasm"];
      return (await Promise.all(names.map((name) => caches.match(name)))).map(Boolean);
    });
    assert.deepEqual(programs, [false, true]);
  } finally {
    await server.close();
  }
  await page.getByRole("combobox", { name: "Threads" }).selectOption("1");
  await run(page, "Nobody expected eight wet umbrellas");
  await result(page, 8);
}, { context: { serviceWorkers: "allow" }, allow: [/ERR_CONNECTION_REFUSED|Failed to fetch|status 409/] });

pageTest("an isolated page without shared memory offers no threads", async ({ page }) => {
  const server = await serve(fromFolder(dist), ISOLATING);
  try {
    await page.addInitScript(() => {
      delete window.SharedArrayBuffer;
    });
    await page.goto(`http://127.0.0.1:${server.port}/`);
    await page.locator("#boot").waitFor({ state: "detached" });
    await liveResult(page);
    assert.equal(await page.evaluate(() => crossOriginIsolated), true);
    assert.equal(await page.getByRole("combobox", { name: "Threads" }).isVisible(), false);
  } finally {
    await server.close();
  }
});
