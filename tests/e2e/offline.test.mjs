// Without a network: what was visited once works, a new version is announced and taken whole, models can be let go of.

import assert from "node:assert/strict";
import path from "node:path";
import { fromFolder, pythonServer, serve } from "./host.mjs";
import { firstResult, liveResult, parts, result, run } from "./page.mjs";
import { distFile, pageTest } from "./support.mjs";

const ALLOWED = { context: { serviceWorkers: "allow" } };
/** A server that is gone refuses; that is what these tests are about. */
const GONE = /ERR_CONNECTION_REFUSED|ERR_INTERNET_DISCONNECTED|Failed to fetch|status 404/;

const dist = path.dirname(distFile("index.html"));

/** Waits until the service worker has taken the whole page. */
async function kept(page) {
  await page.evaluate(async () => {
    const { active } = await navigator.serviceWorker.ready;
    if (active.state === "activated") return;
    await new Promise((resolve) => {
      active.addEventListener("statechange", () => active.state === "activated" && resolve());
    });
  });
}

/** Waits until all that somebody works with is kept too, with the program of the worker that ran. */
async function keptForWork(page) {
  await kept(page);
  await page.waitForFunction(async () => {
    const all = await Promise.all(["viewer.html", "examples/post.html", "worker_boot.js"].map((name) => caches.match(name)));
    const programs = await Promise.all(["worker_bg.wasm", "worker_threads_bg.wasm"].map((name) => caches.match(name)));
    return all.every(Boolean) && programs.some(Boolean);
  });
}

async function started(page) {
  await page.locator("#boot").waitFor({ state: "detached" });
}

pageTest("after one visit, page and model work with the server gone (python3 -m http.server, in a sub-folder)", async ({ page, shot }) => {
  const server = await pythonServer(path.dirname(dist));
  const address = `http://127.0.0.1:${server.port}/${path.basename(dist)}/`;
  try {
    await page.goto(address);
    await started(page);
    await liveResult(page);
    await keptForWork(page);
  } finally {
    await server.close();
  }
  await page.goto(`${address}#v=1&view=head&layer=1&heads=8`);
  await page.reload();
  await started(page);
  await firstResult(page);
  await run(page, "Nobody expected seven wet umbrellas");
  await result(page, 8);
  await parts(page).layer.selectOption("4");
  await page.getByText("L4H8", { exact: true }).filter({ visible: true }).first().waitFor();
  await shot("offline");
  // A saved page, an embed and the article are of the build too.
  for (const name of ["viewer.html", "embed.html", "examples/post.html"]) {
    assert.ok(await page.evaluate(async (name) => (await fetch(name)).ok, name), name);
  }
}, { ...ALLOWED, allow: [GONE] });

pageTest("a first visit fetches what it shows once, and of the worker what runs", async ({ page }) => {
  const sent = [];
  const server = await serve(fromFolder(dist), {}, sent);
  try {
    await page.goto(`http://127.0.0.1:${server.port}/`);
    await started(page);
    await kept(page);
    // The script of the service worker and the id of the build are always fetched, the page itself by the browser alone.
    const twice = () => sent.filter((name, at) => name && sent.indexOf(name) < at && !["sw.js", "build.json"].includes(name));
    assert.deepEqual(twice(), []);
    const heavy = /^(worker|viewer|examples\/|models\/.*\.(safetensors|gguf))/;
    assert.deepEqual(sent.filter((name) => heavy.test(name)), []);
    const n_bytes = [...new Set(sent)].map((name) => fromFolder(dist)(name).length).reduce((sum, length) => sum + length, 0);
    assert.ok(n_bytes < 5e6, `${n_bytes} bytes`);
    await liveResult(page);
    await keptForWork(page);
    const programs = sent.filter((name) => /^worker.*_bg\.wasm$/.test(name));
    assert.deepEqual(programs, ["worker_bg.wasm"]);
    assert.deepEqual(twice(), []);
  } finally {
    await server.close();
  }
}, ALLOWED);

pageTest("the first version is no news, though it takes over before its arrival is heard of", async ({ page, open }) => {
  await page.addInitScript(() => {
    // What the page hears late: the worker that is active by now was waiting.
    Object.defineProperty(ServiceWorkerRegistration.prototype, "waiting", {
      get() {
        return this.active;
      },
    });
  });
  await open();
  await kept(page);
  await page.waitForFunction(() => navigator.serviceWorker.controller !== null);
  assert.equal(await page.locator("#update").isVisible(), false);
}, ALLOWED);

pageTest("a new version is announced, taken whole, and shown when it is asked for", async ({ page, shot }) => {
  const read = fromFolder(dist);
  const first = JSON.parse(read("build.json")).id;
  const second = first.split("").reverse().join("").replace(/^./, "f");
  // What the server holds: a build, or one that is being copied.
  let site = { scripts: first, name: first };
  const server = await serve((name) => {
    const body = read(name);
    if (name === "build.json") return body?.toString().replaceAll(first, site.name);
    if (/^([\w-]*\.(html|js)|)$/.test(name)) return body?.toString().replaceAll(first, site.scripts);
    return body;
  });
  const build = () => page.locator('meta[name="headlight-build"]').getAttribute("content");
  const look = () => page.evaluate(async () => (await navigator.serviceWorker.ready).update().catch(() => {}));
  const notice = page.getByText("A new version of Headlight is ready.");
  try {
    await page.goto(`http://127.0.0.1:${server.port}/`);
    await started(page);
    await kept(page);
    assert.equal(await notice.isVisible(), false, "the first version is no news");

    // Half of the second build is there: it is not taken.
    site = { scripts: second, name: first };
    await look();
    await page.evaluate(async () => {
      const registration = await navigator.serviceWorker.ready;
      while (registration.installing) await new Promise((resolve) => setTimeout(resolve, 50));
    });
    assert.equal(await notice.isVisible(), false);
    await page.reload();
    await started(page);
    assert.equal(await build(), first);

    site = { scripts: second, name: second };
    await look();
    await notice.waitFor();
    await shot("new-version");
    await page.reload();
    await started(page);
    assert.equal(await build(), first, "until it is asked for, everything is of the first build");
    await notice.waitFor();
    await page.getByRole("button", { name: "Reload" }).click();
    await page.waitForFunction((id) => document.querySelector('meta[name="headlight-build"]')?.content === id, second);
    await started(page);
    await firstResult(page);
  } finally {
    await server.close();
  }
}, ALLOWED);

pageTest("models on this device are listed with their sizes and can be deleted", async ({ page, open, shot }) => {
  await open();
  await firstResult(page);
  await page.getByText("Models on this device").click();
  await page.getByText("No models are stored in this browser.").waitFor();
  await liveResult(page);
  const list = page.getByRole("list", { name: "Models on this device" });
  await list.getByText("all-MiniLM-L6-v2, F32").waitFor();
  await list.getByText("91.3 MB").waitFor();
  await shot("device-models");
  await page.getByRole("button", { name: "Delete all-MiniLM-L6-v2, F32 from this device" }).click();
  await page.getByText("No models are stored in this browser.").waitFor();
  const n_left = await page.evaluate(async () => (await (await caches.open("headlight-models-2")).keys()).length);
  assert.equal(n_left, 0);
  await run(page, "still here");
  await result(page, 4);
}, ALLOWED);

pageTest("the page can be installed", async ({ page, context, open }) => {
  await open();
  await kept(page);
  await page.reload();
  const session = await context.newCDPSession(page);
  const { errors, url } = await session.send("Page.getAppManifest");
  assert.deepEqual(errors, []);
  assert.match(url, /manifest\.webmanifest$/);
  const { installabilityErrors } = await session.send("Page.getInstallabilityErrors");
  // A browser without a profile of its own refuses for that reason alone.
  assert.deepEqual(installabilityErrors.filter(({ errorId }) => errorId !== "in-incognito"), []);
}, ALLOWED);
