// A new version of the page that arrives in the middle of something: a run, a download, and in another tab.

import assert from "node:assert/strict";
import path from "node:path";
import { after, before } from "node:test";
import { fromFolder, serve } from "./host.mjs";
import { checkpoint, dialog, loads, lookUp, padded } from "./hub_page.mjs";
import { startHub } from "./hub_server.mjs";
import { firstResult, liveResult, parts, result, run } from "./page.mjs";
import { distFile, pageTest } from "./support.mjs";

let hub;
before(async () => {
  hub = await startHub();
});
after(() => hub.stop());

const ALLOWED = { context: { serviceWorkers: "allow" } };
const LONG = Array.from({ length: 480 }, (_, index) => ["river", "stone", "light", "under"][index % 4]).join(" ");

/** Serves the page's build, and from `update()` on one of another id. */
async function twoBuilds() {
  const read = fromFolder(path.dirname(distFile("index.html")));
  const first = JSON.parse(read("build.json")).id;
  const second = first.split("").reverse().join("").replace(/^./, "f");
  let current = first;
  const server = await serve((name) => {
    const body = read(name);
    return /^([\w-]*\.(html|js|json)|)$/.test(name) ? body?.toString().replaceAll(first, current) : body;
  });
  return { address: `http://127.0.0.1:${server.port}/`, second, update: () => { current = second; }, close: server.close };
}

async function started(page) {
  await page.locator("#boot").waitFor({ state: "detached" });
}

/** Opens the page, and waits until its service worker serves it. */
async function opened(page, address) {
  await page.goto(address);
  await started(page);
  await page.evaluate(async () => {
    await navigator.serviceWorker.ready;
    if (!navigator.serviceWorker.controller) {
      await new Promise((done) => navigator.serviceWorker.addEventListener("controllerchange", done, { once: true }));
    }
  });
}

const look = (page) => page.evaluate(async () => (await navigator.serviceWorker.ready).update());
const notice = (page) => page.getByText("A new version of Headlight is ready.");
const build = (page) => page.locator('meta[name="headlight-build"]').getAttribute("content");

async function showsBuild(page, id) {
  await page.waitForFunction((id) => document.querySelector('meta[name="headlight-build"]')?.content === id, id);
  await started(page);
}

pageTest("a new version that arrives in a run leaves the run alone, in every tab", async ({ page, context }) => {
  const { address, second, update, close } = await twoBuilds();
  try {
    await opened(page, address);
    await liveResult(page);
    const first = await build(page);
    await run(page, LONG);
    await parts(page).status.getByText("Running").waitFor();
    update();
    await look(page);
    await notice(page).waitFor();
    await result(page, 482);
    // Another tab takes the new version; this one goes on as it was, with parts of its own build.
    await run(page, `${LONG} again`);
    await parts(page).status.getByText("Running").waitFor();
    const other = await context.newPage();
    await other.goto(address);
    await started(other);
    assert.equal(await build(other), first, "until it is asked for, everything is of the first build");
    await notice(other).waitFor();
    await other.getByRole("button", { name: "Reload" }).click();
    await showsBuild(other, second);
    await firstResult(other);
    await result(page, 483);
    assert.equal(await build(page), first);
    // A worker that has to be started anew comes from the first build too, which is still kept.
    await page.workers()[0].evaluate(() => {
      setTimeout(() => {
        throw new Error("stopped for the test");
      });
    });
    await parts(page).alert.getByText("It was restarted").waitFor();
    assert.equal(new URL(page.workers()[0].url()).searchParams.get("v"), first);
    assert.ok(await page.evaluate((id) => caches.has(`headlight-shell-${id}`), first));
    await run(page, "And on it goes");
    await result(page, 6);
    // What was waiting has taken over meanwhile: the button still brings this tab the new version.
    await page.getByRole("button", { name: "Reload" }).click();
    await showsBuild(page, second);
    await firstResult(page);
  } finally {
    await close();
  }
}, { ...ALLOWED, allow: [/stopped for the test/] });

pageTest("a new version that is taken in a download goes on with the download", async ({ page }) => {
  const { address, second, update, close } = await twoBuilds();
  const files = checkpoint("llama");
  files["model.safetensors"] = padded(files["model.safetensors"], 20_000_000);
  const fault = { holds: 9_000_000 };
  hub.put("t/updated", files, fault);
  try {
    await page.addInitScript((url) => localStorage.setItem("headlight.hub", url), hub.url);
    await opened(page, address);
    await firstResult(page);
    await dialog(page).open.click();
    await lookUp(page, "t/updated");
    await parts(page).status.getByText(/downloading [89]\./).waitFor();
    update();
    await look(page);
    await notice(page).waitFor();
    hub.asked.length = 0;
    await page.getByRole("button", { name: "Reload" }).click();
    await showsBuild(page, second);
    fault.holds = 0;
    await firstResult(page);
    await dialog(page).open.click();
    await lookUp(page, "t/updated");
    await loads(page, "t/updated");
    assert.match(hub.asked.find((file) => file.startsWith("model.safetensors")), / from \d{7}/);
  } finally {
    fault.holds = 0;
    await close();
  }
}, ALLOWED);
