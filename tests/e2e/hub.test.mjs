// Models of the Hub in the page, against a server on this machine that behaves and misbehaves as servers do.

import assert from "node:assert/strict";
import { after, before } from "node:test";
import { siteWithWorker } from "./host.mjs";
import { checkpoint, dialog, loads, lookUp, openDialog, openedWithHub, padded } from "./hub_page.mjs";
import { startHub } from "./hub_server.mjs";
import { firstResult, parts, result, runLinked } from "./page.mjs";
import { accessibilityProblems, pageTest, url } from "./support.mjs";

let hub;
before(async () => {
  hub = await startHub();
});
after(() => hub.stop());

const opened = (page, open) => openedWithHub(page, open, hub.url);

pageTest("a small model of the Hub is fetched, run, kept, and linked", async ({ page, open, shot }) => {
  hub.put("t/llama", checkpoint("llama"));
  const { box } = await opened(page, open);
  await shot("more-models");
  assert.deepEqual(await accessibilityProblems(page), []);
  await lookUp(page, "t/llama");
  await loads(page, "t/llama");
  assert.equal(await box.isVisible(), false);
  await page.waitForURL(/model=t\/llama&/);
  await shot("model-of-the-hub");
  const asked = [...hub.asked];
  assert.deepEqual(asked.toSorted(), ["config.json", "model.safetensors", "tokenizer.json"]);
  // The link names it, and Run brings it back from storage.
  await page.reload();
  await runLinked(page);
  await loads(page, "t/llama");
  assert.equal(hub.asked.length, asked.length, "nothing is fetched twice");
});

pageTest("a download that breaks off goes on where it broke", async ({ page, open }) => {
  hub.put("t/breaks", checkpoint("gpt2"), { breaks: 200_000 });
  hub.asked.length = 0;
  await opened(page, open);
  await lookUp(page, "t/breaks");
  await loads(page, "t/breaks");
  const weights = hub.asked.filter((file) => file.startsWith("model.safetensors"));
  assert.ok(weights.length > 1 && weights.slice(1).every((file) => / from \d+$/.test(file)), weights.join(", "));
}, { allow: [/ERR_CONTENT_LENGTH_MISMATCH|ERR_CONNECTION|ERR_INCOMPLETE/] });

pageTest("what a network’s sign-in page sent is part of no file", async ({ page, open }) => {
  hub.put("t/portal", checkpoint("llama"), { signIn: 2 });
  hub.asked.length = 0;
  await opened(page, open);
  await lookUp(page, "t/portal");
  await loads(page, "t/portal");
  assert.ok(hub.asked.length === 5 && hub.asked.every((file) => !/ from /.test(file)), hub.asked.join(", "));
}, { allow: [/ERR_CONTENT_LENGTH_MISMATCH|ERR_CONNECTION|ERR_INCOMPLETE/] });

pageTest("a kept file that cannot be read is fetched again, once, and named", async ({ page, open }) => {
  hub.put("t/spoilt", checkpoint("llama"));
  await opened(page, open);
  await lookUp(page, "t/spoilt");
  await loads(page, "t/spoilt");
  await page.waitForURL(/model=t\/spoilt&/);
  await page.evaluate(async () => {
    const cache = await caches.open("headlight-models-2");
    const keys = await cache.keys();
    const key = keys.find(({ url }) => url.includes("spoilt") && url.endsWith("config.json/0"));
    const { size } = await (await cache.match(key)).blob();
    await cache.put(key, new Response("<".repeat(size)));
  });
  hub.asked.length = 0;
  const again = async () => {
    await page.reload();
    await runLinked(page);
    await loads(page, "t/spoilt");
  };
  await again();
  assert.deepEqual(hub.asked, ["config.json"]);
  const note = page.getByText("config.json, kept from an earlier download, could not be read");
  await note.waitFor({ state: "attached" });
  await again();
  assert.deepEqual(hub.asked, ["config.json"], "once is enough");
  assert.equal(await note.count(), 0);
});

pageTest("what came before the page was closed is taken up", async ({ page, open }) => {
  // Larger than a kept part; the first visit gets no further than its half.
  const files = checkpoint("llama");
  files["model.safetensors"] = padded(files["model.safetensors"], 20_000_000);
  const fault = { breaks: 10_000_000 };
  hub.put("t/closed", files, fault);
  hub.asked.length = 0;
  await opened(page, open);
  await lookUp(page, "t/closed");
  await parts(page).status.getByText("downloading").waitFor();
  while (!hub.asked.some((file) => / from \d{7,}$/.test(file))) await page.waitForTimeout(50);
  fault.breaks = 0;
  await page.reload();
  hub.asked.length = 0;
  await firstResult(page);
  await dialog(page).open.click();
  await lookUp(page, "t/closed");
  await loads(page, "t/closed");
  const weights = hub.asked.filter((file) => file.startsWith("model.safetensors"));
  assert.match(weights[0] ?? "from storage", /from/);
}, { allow: [/ERR_CONTENT_LENGTH_MISMATCH|ERR_CONNECTION|ERR_INCOMPLETE/] });

/** A second tab, with the dialog open. */
async function secondTab(context) {
  const second = await context.newPage();
  await second.goto(url);
  await firstResult(second);
  await dialog(second).open.click();
  await dialog(second).repo.waitFor();
  return second;
}

/** A checkpoint of three parts, whose weights stop for a while after the first. */
function large() {
  const files = checkpoint("llama");
  files["model.safetensors"] = padded(files["model.safetensors"], 20_000_000);
  return files;
}

pageTest("of two tabs that want one model, the second waits and reads what the first kept", async ({ page, context, open, shot }) => {
  const fault = { holds: 9_000_000 };
  hub.put("t/shared", large(), fault);
  hub.asked.length = 0;
  await opened(page, open);
  const second = await secondTab(context);
  await lookUp(page, "t/shared");
  await parts(page).status.getByText(/^t\/shared: downloading [89]\./).waitFor();
  await lookUp(second, "t/shared");
  await parts(second).status.getByText(/^t\/shared: downloading in another tab, [89]\.\d of 20/).waitFor();
  await shot("another-tab");
  // Waiting can be cancelled, and asked for again.
  await parts(second).cancel.click();
  await parts(second).status.getByText("in another tab").waitFor({ state: "detached" });
  await parts(second).run.click();
  await parts(second).status.getByText("in another tab").waitFor();
  fault.holds = 0;
  await loads(page, "t/shared");
  await loads(second, "t/shared");
  assert.deepEqual(hub.asked.toSorted(), ["config.json", "model.safetensors", "tokenizer.json"]);
});

pageTest("where the browser has no locks, both tabs fetch it, and it is kept whole", async ({ page, context }) => {
  const site = await siteWithWorker('Object.defineProperty(WorkerNavigator.prototype, "locks", { value: undefined });');
  const fault = { holds: 9_000_000 };
  try {
    hub.put("t/unlocked", large(), fault);
    hub.asked.length = 0;
    await page.addInitScript((url) => localStorage.setItem("headlight.hub", url), hub.url);
    const second = await context.newPage();
    for (const tab of [page, second]) {
      await tab.goto(site.url);
      await openDialog(tab);
    }
    const weights = () => hub.asked.filter((file) => file.startsWith("model.safetensors"));
    await lookUp(page, "t/unlocked");
    await parts(page).status.getByText(/^t\/unlocked: downloading [89]\./).waitFor();
    await lookUp(second, "t/unlocked");
    while (weights().length < 2) await page.waitForTimeout(50);
    fault.holds = 0;
    await loads(page, "t/unlocked");
    await loads(second, "t/unlocked");
    await page.waitForURL(/model=t\/unlocked&/);
    await page.reload();
    await runLinked(page);
    await loads(page, "t/unlocked");
  } finally {
    fault.holds = 0;
    await site.close();
  }
});

pageTest("a server that asks to wait is waited for", async ({ page, open }) => {
  hub.put("t/waits", checkpoint("llama"), { waits: 2 });
  await opened(page, open);
  await lookUp(page, "t/waits");
  await loads(page, "t/waits");
}, { allow: [/429/] });

pageTest("every refusal says what to do, and the result stays", async ({ page, open, shot }) => {
  hub.put("t/gated", checkpoint("llama"), { listing: [401, "GatedRepo"] });
  hub.put("t/limited", checkpoint("llama"), { listing: [429, ""] });
  hub.put("t/silent", checkpoint("llama"), { silent: true });
  hub.put("t/python", { "config.json": Buffer.from("{}"), "pytorch_model.bin": Buffer.alloc(500) });
  hub.put("t/nothing", { "README.md": Buffer.from("# Nothing") });
  const { alert, found } = await opened(page, open);
  for (const [repo, expected] of [
    ["gpt2", /“gpt2” is not a repository: write owner\/name/],
    ["t/none", /t\/none is not there, or not public: check the spelling/],
    ["t/gated", /t\/gated is gated: accept its conditions at http/],
    ["t/gated@main", /gated/],
    ["t/silent", /cannot be reached .*\(CORS\).*open them from disk/],
    ["t/limited", /asked too often/],
    ["t/nothing", /There is no checkpoint here: .*found: README.md/],
    ["t/python", /pytorch_model.bin .* only Python reads/],
  ]) {
    await lookUp(page, repo);
    await alert.filter({ hasText: expected }).waitFor();
  }
  await found.getByText('torch.load("pytorch_model.bin"').waitFor();
  assert.equal((await found.locator("code").textContent()).split("\n").length, 3);
  await shot("convert");
  hub.put("t/llama", checkpoint("llama"));
  await lookUp(page, "t/llama@v9");
  await alert.filter({ hasText: "t/llama has no revision v9" }).waitFor();
  await result(page, 15);
}, { allow: [/401|404|429|CORS|ERR_FAILED/] });

pageTest("files that are not what was listed are refused", async ({ page, open }) => {
  await opened(page, open);
  for (const [name, fault, expected] of [
    ["t/damaged", { damaged: true }, /is damaged: its SHA-256 is/],
    ["t/long", { long: true }, /expected 428344 bytes, the server has 428354/],
    ["t/short", { short: true }, /expected 428344 bytes, the server has 428334/],
    ["t/closed-files", { files: [403, "GatedRepo"] }, /gated/],
    ["t/page", { page: true }, /config\.json: 127\.0\.0\.1:\d+ answers with a web page in the place of the file/],
  ]) {
    hub.put(name, checkpoint("llama"), fault);
    const shown = dialog(page);
    if (!(await shown.box.isVisible())) await shown.open.click();
    await lookUp(page, name);
    await shown.box.waitFor({ state: "hidden" });
    await parts(page).alert.filter({ hasText: expected }).waitFor();
  }
  await result(page, 15);
}, { allow: [/403|416/] });

pageTest("one of several quantisations is chosen, and much is asked for first", async ({ page, open, shot }) => {
  const kilobytes = (n) => Buffer.alloc(n * 1_000, 7);
  hub.put("t/quants", { "m-Q4_K_M.gguf": kilobytes(30), "m-Q8_0.gguf": kilobytes(60) });
  hub.put("t/large", { "m-f16.gguf": kilobytes(200_001) });
  hub.asked.length = 0;
  const { box, found, load } = await opened(page, open);
  await lookUp(page, "t/quants");
  await found.getByRole("radio", { name: "Q8_0" }).check();
  await found.getByRole("button", { name: "Download 60 kB and load" }).waitFor();
  await shot("quantisations");
  await lookUp(page, "t/large");
  await found.getByRole("button", { name: "Download 200 MB and load" }).waitFor();
  assert.deepEqual(hub.asked, [], "nothing is fetched before the answer");
  await page.keyboard.press("Escape");
  assert.equal(await box.isVisible(), false);
  assert.deepEqual(hub.asked, []);
  assert.equal(await load.count(), 0);
});

pageTest("the dialog fits a phone, in the dark", async ({ page, open, shot }) => {
  await opened(page, open);
  await shot("more-models-phone");
  assert.deepEqual(await accessibilityProblems(page), []);
  const width = await page.evaluate(() => document.querySelector("dialog").scrollWidth <= document.querySelector("dialog").clientWidth);
  assert.ok(width, "nothing is cut off");
}, { context: { viewport: { width: 360, height: 760 }, colorScheme: "dark" } });


pageTest("an embed of a model of the Hub asks it for nothing before Run, then loads it", async ({ page, shot }) => {
  hub.put("t/framed", checkpoint("llama"));
  hub.asked.length = 0;
  // A frame of another site has no address of a mirror kept: it asks the Hub itself.
  const asked = [];
  await page.route("https://huggingface.co/**", async (route) => {
    const { pathname, search } = new URL(route.request().url());
    asked.push(pathname);
    const answer = await fetch(hub.url + pathname + search, { headers: await route.request().allHeaders() });
    const headers = Object.fromEntries(answer.headers);
    await route.fulfill({ status: answer.status, headers, body: Buffer.from(await answer.arrayBuffer()) });
  });
  await page.goto(`${url}embed.html#v=1&model=t/framed&text=a+b+c&view=head&layer=1`);
  const run = page.getByRole("button", { name: "Run", exact: true });
  await run.waitFor();
  assert.deepEqual(asked, []);
  await run.click();
  await page.getByRole("status", { name: "Status" }).getByText(/^t\/framed · /).waitFor();
  assert.ok(asked.some((path) => path.endsWith("/model.safetensors")), asked.join(", "));
  await shot("embed-hub");
});
