// Faults of the place that the page runs in: a tab that is suspended, a storage that fills up or is forbidden, a checkpoint that no
// browser has the memory for. Updates in the middle of something are in updates.test.mjs.

import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { after, before, test } from "node:test";
import { setTimeout as wait } from "node:timers/promises";
import { openPanel } from "./editing.mjs";
import { siteWithWorker } from "./host.mjs";
import { checkpoint, dialog, loads, lookUp, openDialog, openedWithHub, padded } from "./hub_page.mjs";
import { startHub } from "./hub_server.mjs";
import { ownTab } from "./own_tab.mjs";
import { MINILM, firstResult, liveResult, parts, pickModel, result, run, runLinked } from "./page.mjs";
import { launchWithProfile, pageTest, url, watch } from "./support.mjs";

let hub;
before(async () => {
  hub = await startHub();
});
const scratch = mkdtempSync(path.join(os.tmpdir(), "headlight-faults-"));
after(async () => {
  await hub.stop();
  rmSync(scratch, { recursive: true, force: true });
});

const LONG = Array.from({ length: 480 }, (_, index) => ["river", "stone", "light", "under"][index % 4]).join(" ");

/** Runs a test in a tab that can be suspended. */
async function inOwnTab(context, address, body) {
  const tab = await ownTab(context.browser(), address);
  try {
    await body(tab);
    assert.deepEqual(tab.problems, []);
  } finally {
    await tab.close();
  }
}

pageTest("a tab that is suspended in a run ends it when it wakes", async ({ context }) => {
  await inOwnTab(context, url, async (tab) => {
    const status = () => tab.evaluate("document.querySelector('[role=status][aria-label=Status]').textContent");
    await tab.click("button", "Run");
    await tab.says("status", "Status", /15 tokens.* m?s$/);
    await tab.fill("textbox", "Text", LONG);
    await tab.fill("textbox", "Second text", "");
    await tab.click("button", "Run");
    await tab.says("status", "Status", /^Running/);
    await tab.suspend();
    const before = await status();
    assert.match(before, /^Running/);
    await wait(4_000);
    assert.equal(await status(), before, "the model stands still too");
    await tab.wake();
    await tab.says("status", "Status", /· 482 tokens/);
    // Cancelled just before: the time that a run has to end is over when the tab wakes.
    await tab.fill("textbox", "Text", `${LONG} again`);
    await tab.click("button", "Run");
    await tab.says("status", "Status", /^Running/);
    await tab.click("button", "Cancel");
    await tab.suspend();
    await wait(2_500);
    await tab.wake();
    await tab.says("status", "Status", /· 482 tokens/);
    await tab.fill("textbox", "Text", "And on it goes");
    await tab.click("button", "Run");
    await tab.says("status", "Status", /· 6 tokens/);
  });
});

pageTest("a tab that is suspended in a download goes on with it when it wakes", async ({ context }) => {
  const files = checkpoint("llama");
  files["model.safetensors"] = padded(files["model.safetensors"], 20_000_000);
  // The connection is lost meanwhile.
  const fault = { holds: 9_000_000, drops: true };
  hub.put("t/suspended", files, fault);
  hub.asked.length = 0;
  await inOwnTab(context, url, (tab) => tab.evaluate(`localStorage.setItem("headlight.hub", ${JSON.stringify(hub.url)})`));
  await inOwnTab(context, `${url}#v=1&model=t/suspended&text=The%20cat`, async (tab) => {
    await tab.says("combobox", "Model", /t\/suspended/);
    await tab.click("button", "Run");
    await tab.says("status", "Status", /^t\/suspended: downloading [89]\./);
    await tab.suspend();
    fault.holds = 0;
    await wait(1_500);
    assert.ok(!hub.asked.some((file) => / from /.test(file)), hub.asked.join(", "));
    await tab.wake();
    await tab.says("status", "Status", /^t\/suspended · /);
    assert.match(hub.asked.at(-1), /^model\.safetensors from \d+$/);
    await tab.evaluate("localStorage.clear()");
  });
});

const HUGE = "It needs about 9.1 GB of memory, a browser gives a page at most 4.3 GB.";

pageTest("a checkpoint larger than a browser’s memory is refused before anything is fetched", async ({ page, open, shot }) => {
  hub.put("t/huge", checkpoint("llama"), { sizes: { "model.safetensors": 9_000_000_000 } });
  hub.asked.length = 0;
  const { found, load } = await openedWithHub(page, open, hub.url);
  await lookUp(page, "t/huge");
  await found.getByRole("alert").getByText(HUGE).waitFor();
  assert.equal(await load.isDisabled(), true);
  await shot("too-large");
  await page.keyboard.press("Escape");
  // A link to it says the same.
  await page.evaluate(() => { location.hash = "v=1&model=t/huge&text=a"; });
  const { box } = dialog(page);
  await box.getByRole("alert").getByText(HUGE).waitFor();
  assert.deepEqual(hub.asked, []);
  await page.keyboard.press("Escape");
  await result(page, 15);
  // From disk: a file with a hole, of which no byte is read.
  const folder = path.join(scratch, "huge");
  mkdirSync(folder);
  for (const [name, bytes] of Object.entries(checkpoint("llama"))) writeFileSync(path.join(folder, name), bytes);
  truncateSync(path.join(folder, "model.safetensors"), 9_000_000_000);
  await dialog(page).open.click();
  await box.getByLabel("Folder").setInputFiles(folder);
  await found.getByText("huge").waitFor();
  await found.getByRole("alert").getByText(HUGE).waitFor();
  assert.equal(await found.getByRole("button", { name: /^Load/ }).isDisabled(), true);
  await result(page, 15);
});

const WIDE = /It needs about 3\.1 GB of memory, more than this browser gives a page on this device/;

pageTest("memory that a browser does not give is refused before anything is fetched, beside another model too", async ({ page, shot }) => {
  const site = await siteWithWorker(`WebAssembly.Memory = new Proxy(WebAssembly.Memory, {
    construct(memory, [descriptor]) {
      if (descriptor.initial > 32_768) throw new RangeError("could not allocate memory");
      return new memory(descriptor);
    },
  });`);
  try {
    hub.put("t/wide", checkpoint("llama"), { sizes: { "model.safetensors": 3_000_000_000 } });
    hub.asked.length = 0;
    await page.addInitScript((url) => localStorage.setItem("headlight.hub", url), hub.url);
    await page.goto(site.url);
    const { found } = await openDialog(page);
    await lookUp(page, "t/wide");
    await found.getByRole("button", { name: "Download 3.0 GB and load" }).click();
    await parts(page).alert.filter({ hasText: WIDE }).waitFor();
    // As B: asked about, since it takes much, and refused.
    await pickModel(page, MINILM);
    const { panel, against } = await openPanel(page);
    await against.selectOption({ label: "another model" });
    await panel.getByRole("combobox", { name: "Model of the same shape" }).selectOption({ label: "t/wide" });
    await panel.getByText("t/wide stays in memory beside the first model and takes 3.00 GB").waitFor();
    await shot("second-model-asked");
    await panel.getByRole("button", { name: "Load 3.00 GB to compare" }).click();
    await panel.getByRole("alert").filter({ hasText: WIDE }).waitFor();
    assert.deepEqual(hub.asked, []);
  } finally {
    await site.close();
  }
});

/** Names of the entries that are kept beside the weights of a checkpoint of this server. */
async function keptOfWeights(page) {
  return page.evaluate(async () => {
    const cache = await caches.open("headlight-models-2");
    const entries = (await cache.keys()).map(({ url }) => url.split("/"));
    const addresses = await Promise.all(entries.map(async (entry) => (entry.at(-1) === "from" ? (await cache.match(entry.join("/"))).text() : "")));
    const weights = entries[addresses.findIndex((address) => address.endsWith("/model.safetensors"))];
    return entries.filter((entry) => entry.at(-2) === weights?.at(-2)).map((entry) => entry.at(-1)).sort();
  });
}

pageTest("a storage that fills up in the middle of a file: the model runs, the reader is told, and the rest is kept later", async ({ page, context, open, shot }) => {
  const files = checkpoint("llama");
  files["model.safetensors"] = padded(files["model.safetensors"], 20_000_000);
  hub.put("t/full", files);
  hub.asked.length = 0;
  await openedWithHub(page, open, hub.url);
  const session = await context.newCDPSession(page);
  const origin = new URL(url).origin;
  const { usage } = await page.evaluate(() => navigator.storage.estimate());
  // Room for the first part of the weights, and not for the second.
  await session.send("Storage.overrideQuotaForOrigin", { origin, quotaSize: usage + 13_000_000 });
  await lookUp(page, "t/full");
  await loads(page, "t/full");
  const told = parts(page).alert.filter({ hasText: "t/full is not kept in this browser, whose storage is full: it runs from memory" });
  await told.getByText("delete other models under “Models on this device”").waitFor();
  await shot("storage-full");
  assert.deepEqual(await keptOfWeights(page), ["0", "etag", "from"]);
  await page.getByText("Models on this device", { exact: true }).click();
  await page.getByRole("list", { name: "Models on this device" }).getByText(/^\d+\.\d MB, in part$/).waitFor();
  await page.waitForURL(/model=t\/full&/);
  // With room, the next visit goes on where storage ended.
  await session.send("Storage.overrideQuotaForOrigin", { origin });
  const again = async () => {
    hub.asked.length = 0;
    await page.reload();
    await runLinked(page);
    await loads(page, "t/full");
  };
  await again();
  assert.equal(await told.count(), 0);
  assert.ok(hub.asked.length === 1 && /^model\.safetensors from 8\d{6}$/.test(hub.asked[0]), hub.asked.join(", "));
  assert.deepEqual(await keptOfWeights(page), ["0", "1", "2", "etag", "from", "whole"]);
  await again();
  assert.deepEqual(hub.asked, []);
});

pageTest("a private window keeps nothing for the next one", async ({ page, context, open }) => {
  // Each of these contexts is one.
  await open();
  await liveResult(page);
  const kept = (one) => one.evaluate(async () => ((await caches.has("headlight-models-2")) ? (await (await caches.open("headlight-models-2")).keys()).length : 0));
  assert.ok((await kept(page)) > 0, "within the window a model is fetched once");
  const other = await context.browser().newContext();
  try {
    const second = await other.newPage();
    await second.goto(url);
    assert.equal(await kept(second), 0);
  } finally {
    await other.close();
  }
});

test("where storage is forbidden, models load and run, and nothing is kept", { timeout: 300_000 }, async (t) => {
  const profile = path.join(scratch, "forbidden");
  mkdirSync(path.join(profile, "Default"), { recursive: true });
  const preferences = { profile: { default_content_setting_values: { cookies: 2 } } };
  writeFileSync(path.join(profile, "Default", "Preferences"), JSON.stringify(preferences));
  const context = await launchWithProfile(profile);
  const problems = [];
  try {
    context.setDefaultTimeout(120_000);
    const page = await context.newPage();
    watch(page, problems);
    await page.goto(url);
    const refused = await page.evaluate(() => { try { return String(localStorage.length); } catch (error) { return error.name; } });
    assert.equal(refused, "SecurityError", "storage is forbidden");
    await firstResult(page);
    await liveResult(page);
    await page.getByText("Models on this device").click();
    await page.getByText("No models are stored in this browser.").waitFor();
    await page.getByRole("button", { name: "Theme: auto" }).click();
    await run(page, "still here");
    await result(page, 4);
    // The next visit fetches it again, and works as well.
    await page.reload();
    await firstResult(page);
    await liveResult(page);
    await parts(page).status.getByText(new RegExp(`^${MINILM} · `)).waitFor();
  } catch (error) {
    if (problems.length > 0) t.diagnostic(`the page reported: ${problems.join("; ")}`);
    throw error;
  } finally {
    await context.close();
  }
  assert.deepEqual(problems, []);
});

pageTest("typed text that was not run is marked, and outlives a reload", async ({ page, open }) => {
  await open();
  await firstResult(page);
  const typed = "A text that nobody has run";
  await parts(page).text.fill(typed);
  await parts(page).status.getByText("the text above has not been run").waitFor();
  await page.reload();
  await page.waitForFunction((typed) => document.getElementById("text")?.value === typed, typed);
  await parts(page).status.getByText("the text above has not been run").waitFor();
});
