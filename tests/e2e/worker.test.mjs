// The model's worker at its limits: the longest input that has to work, memory that runs out, a worker of another build.

import assert from "node:assert/strict";
import { SMOLLM2, firstResult, liveResult, parts, pickModel, result, run } from "./page.mjs";
import { exposeWorker, pageTest } from "./support.mjs";

const WORDS = ["the", "river", "runs", "under", "an", "old", "stone", "bridge"];

/** A text of so many words, each of them one token of SmolLM2. */
const text = (nWords) => Array.from({ length: nWords }, (_, index) => WORDS[(index * 5 + (index >> 3)) % 8]).join(" ");

pageTest("1,024 tokens go through SmolLM2", async ({ page, open, shot }) => {
  await open();
  await firstResult(page);
  await pickModel(page, SMOLLM2);
  await run(page, text(1_024));
  const { queries, keys, head, links, layer, status } = parts(page);
  // It takes a while on a slow machine.
  await status.getByText("· 1024 tokens").waitFor({ timeout: 480_000 });
  await layer.selectOption("29");
  await head(0).dblclick();
  await queries.first().focus();
  await page.keyboard.press("End");
  await page.waitForFunction(() => document.activeElement.dataset.row === "1023");
  await links.getByText("L29H0").first().waitFor();
  assert.equal(await keys.last().getAttribute("data-row"), "1023");
  await shot("1024-tokens");
}, { timeout: 600_000 });

pageTest("a worker whose memory runs out is restarted and the result kept", async ({ page, open, shot }) => {
  await exposeWorker(page);
  await open();
  await liveResult(page);
  const { alert, queries } = parts(page);
  const [worker] = page.workers();
  const pages = await worker.evaluate(() => {
    const { memory } = self.exportsForTest;
    for (const step of [4_096, 256, 16, 1]) {
      try {
        while (true) memory.grow(step);
      } catch {
        // No more of this size.
      }
    }
    return memory.buffer.byteLength / 65_536;
  });
  assert.ok(pages > 8_192, `${pages} pages: the memory did not grow`);
  await run(page, text(500));
  await alert.getByText("The model stopped").waitFor();
  assert.match(await alert.textContent(), /ran out of memory/);
  assert.equal(await queries.count(), 15, "the last result stays");
  await shot("out-of-memory");
  await alert.getByText("It was restarted").waitFor();
  await run(page, "And on it goes");
  await result(page, 6);
}, { allow: [/unreachable|memory/] });

pageTest("a worker that does not listen is replaced when a run is cancelled", async ({ page, open }) => {
  await open();
  await liveResult(page);
  const { status, cancel, queries } = parts(page);
  const [worker] = page.workers();
  await worker.evaluate(() => {
    setTimeout(() => {
      const end = Date.now() + 60_000;
      while (Date.now() < end);
    });
  });
  await run(page, "It does not listen");
  await status.getByText("Running").waitFor();
  const ended = worker.waitForEvent("close");
  await cancel.click();
  await ended;
  await result(page, 15);
  assert.equal(await queries.count(), 15, "the last result stays");
  await run(page, "And on it goes");
  await result(page, 6);
});

pageTest("a worker of another version is refused with what to do", async ({ page, open }) => {
  await page.context().route("**/worker_boot.js*", async (route) => {
    const response = await route.fetch();
    // What the worker says first is its version: one more than the page's.
    const start = `
      const post = self.postMessage.bind(self);
      self.postMessage = (message, ...rest) => {
        const bytes = message?.[0];
        if (bytes instanceof Uint8Array && bytes[0] === 0) bytes[1] += 1;
        post(message, ...rest);
      };`;
    await route.fulfill({ response, body: start + (await response.text()) });
  });
  await open();
  await firstResult(page);
  const { alert, run: button } = parts(page);
  await button.click();
  await alert.getByText("Reload").first().waitFor();
  assert.match(await alert.textContent(), /version/);
});
