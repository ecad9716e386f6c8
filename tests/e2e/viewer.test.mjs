// One HTML file with a trace inside: opened from disk, without a network, it shows everything but new runs.

import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, test } from "node:test";
import { pathToFileURL } from "node:url";
import { gzipSync } from "node:zlib";
import { distance, firstResult, golden, numbers, parts, words } from "./page.mjs";
import { accessibilityProblems, distFile, pageTest } from "./support.mjs";

const folder = mkdtempSync(path.join(tmpdir(), "headlight-viewer-"));
after(() => rmSync(folder, { recursive: true }));

/** viewer.html with a trace in its slot, written to disk; its URL. */
function saved(name, trace, link = "") {
  const empty = readFileSync(distFile("viewer.html"), "utf8");
  assert.equal(empty.split("__TRACE__").length, 2, "one slot");
  const slot = (link ? `#${link}\n` : "") + Buffer.from(trace).toString("base64");
  const file = path.join(folder, `${name}.html`);
  writeFileSync(file, empty.replace("__TRACE__", slot));
  return pathToFileURL(file).href;
}

/** A trace of patterns alone: one layer, two heads, these tokens, each reading itself. */
function traceOf(tokens) {
  const n = tokens.length;
  const values = new Float32Array(2 * n * n);
  for (let head = 0; head < 2; head += 1) for (let at = 0; at < n; at += 1) values[(head * n + at) * n + at] = 1;
  const header = JSON.stringify({
    __metadata__: { headlight: JSON.stringify({ format: 1, tokens, token_form: "plain" }) },
    "blocks.0.attn.hook_pattern": { dtype: "F32", shape: [2, n, n], data_offsets: [0, values.byteLength] },
  });
  const padded = header.padEnd(Math.ceil(header.length / 8) * 8);
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(Buffer.byteLength(padded)));
  return Buffer.concat([length, Buffer.from(padded), Buffer.from(values.buffer)]);
}

/** Opens a file with every request but those of files refused, and counted. */
async function openFile(page, context, href) {
  const asked = [];
  await context.setOffline(true);
  context.on("request", (request) => {
    if (!/^(file|data|blob):/.test(request.url())) asked.push(request.url());
  });
  await page.goto(href);
  await page.locator("#boot").waitFor({ state: "detached" });
  return asked;
}

pageTest("what is dropped on a saved file and is no trace is named, and the file stays", async ({ page, context }) => {
  await openFile(page, context, saved("drop", traceOf(["a", "b"])));
  const { status, queries } = parts(page);
  await queries.nth(1).waitFor();
  const isTaken = await page.evaluate(() => {
    const transfer = new DataTransfer();
    transfer.items.add(new File(["no tensors at all"], "model.gguf"));
    const drag = (kind) => new DragEvent(kind, { dataTransfer: transfer, bubbles: true, cancelable: true });
    document.body.dispatchEvent(drag("dragover"));
    const drop = drag("drop");
    document.body.dispatchEvent(drop);
    return drop.defaultPrevented;
  });
  assert.ok(isTaken, "else the browser goes to the file");
  await page.getByRole("alert").getByText(/^model\.gguf: .*safetensors/).waitFor();
  assert.equal(await queries.count(), 2);
  assert.match(await status.textContent(), /2 tokens/);
});

pageTest("a saved file opens from disk without a network and is fully interactive", async ({ page, context, shot }) => {
  const trace = readFileSync(distFile("example/first.safetensors"));
  const asked = await openFile(page, context, saved("cat", trace, "v=1&view=head&layer=3&heads=5&query=2"));
  const { layer, queries, keys, status, head } = parts(page);
  await queries.first().waitFor();
  assert.equal(await layer.inputValue(), "3");
  assert.deepEqual((await words(queries)).slice(0, 4), ["[CLS]", "the", "cat", "sat"]);
  assert.match(await status.textContent(), /15 tokens · 6 layers × 12 heads/);
  assert.match(await page.title(), /The cat sat on the mat.*: attention in all-MiniLM-L6-v2/);
  await shot("viewer-head");

  // Another layer and head: the weights are those of the model, to half precision.
  await layer.selectOption("2");
  await head(9).dblclick();
  await page.getByText("L2H9", { exact: true }).filter({ visible: true }).first().waitFor();
  await queries.nth(2).hover();
  const { attention } = golden("minilm", "the-cat-sat-on-the-mat");
  await page.waitForFunction(() => document.querySelector('[aria-label="Key tokens"] .weight')?.textContent !== "");
  const found = await numbers(keys);
  assert.ok(distance(found, attention(2, 9, 2)) < 2e-3, `${found}`);

  for (const name of ["Model view", "Neuron view"]) {
    await page.getByRole("tab", { name }).click();
    await page.getByRole("tabpanel", { name }).waitFor();
    await shot(`viewer-${name}`);
  }
  assert.equal(await page.getByRole("alert").count(), 0, "queries and keys are in the file");
  assert.deepEqual(await accessibilityProblems(page), []);
  assert.deepEqual(asked, [], "nothing was asked of a network");
});

pageTest("whatever a token says is text", async ({ page, context, shot }) => {
  const tokens = ["</script>", "<script>window.broken=1</script>", "<img src=x onerror=window.broken=1>", "__TRACE__", "שלום", "-->"];
  await openFile(page, context, saved("hostile", traceOf(tokens)));
  const { queries } = parts(page);
  await queries.first().waitFor();
  // A space within a token is made visible.
  assert.deepEqual(await words(queries), tokens.map((token) => token.replaceAll(" ", "·")));
  assert.equal(await page.evaluate(() => window.broken), undefined);
  await shot("viewer-hostile");
});

pageTest("an empty viewer and a damaged slot say so", async ({ page, context }) => {
  for (const [name, slot, expected] of [["empty", "__TRACE__", "no trace yet"], ["damaged", "%%%", "damaged"]]) {
    const file = path.join(folder, `${name}.html`);
    writeFileSync(file, readFileSync(distFile("viewer.html"), "utf8").replace("__TRACE__", slot));
    await openFile(page, context, pathToFileURL(file).href);
    await page.getByRole("alert").getByText(expected).waitFor();
  }
});

test("the viewer weighs 800 kB at most, compressed", () => {
  const bytes = gzipSync(readFileSync(distFile("viewer.html")), { level: 9 }).length;
  assert.ok(bytes <= 800_000, `viewer.html: ${bytes} bytes gzipped`);
});

pageTest("saving as a page says that the viewer is still being made", async ({ page, open }) => {
  await page.route("**/viewer.html", (route) => route.fulfill({ status: 503, body: "still being made" }));
  await open();
  await firstResult(page);
  await page.getByRole("button", { name: "Save trace" }).click();
  const dialog = page.getByRole("dialog", { name: "Save as a trace" });
  await dialog.getByRole("radio", { name: /^Patterns \d/ }).check();
  await dialog.getByRole("button", { name: "Save as page" }).click();
  await page.getByText("viewer.html is still being made: try again in a few minutes.").first().waitFor();
}, { allow: [/503/] });

pageTest("the policy of a saved file names its scripts by hash and lets nothing else run", async ({ page, context }) => {
  const href = saved("policy", readFileSync(distFile("example/first.safetensors")));
  const text = readFileSync(distFile("viewer.html"), "utf8");
  const policy = /Content-Security-Policy" content="([^"]+)"/.exec(text)[1];
  assert.match(policy, /default-src 'none'; script-src 'sha256-[\w+/=]+' 'wasm-unsafe-eval'; style-src 'sha256-/);
  assert.doesNotMatch(policy, /unsafe-inline|'unsafe-eval'/);
  await openFile(page, context, href);
  const ran = await page.evaluate(() => {
    const script = document.createElement("script");
    script.textContent = "window.ran = true";
    document.body.append(script);
    return window.ran ?? false;
  });
  assert.equal(ran, false);
}, { allow: [/Content Security Policy|policy violation/] });

pageTest("a saved file is shown in a notebook’s frame", async ({ page }) => {
  // As IPython's HTML does it: the whole page as the frame's srcdoc, inside a page of another origin's file.
  const empty = readFileSync(distFile("viewer.html"), "utf8");
  const filled = empty.replace("__TRACE__", readFileSync(distFile("example/first.safetensors")).toString("base64"));
  await page.setContent("<!doctype html><iframe width=1100 height=900></iframe><iframe width=1100 height=900></iframe>");
  await page.evaluate((html) => {
    for (const frame of document.querySelectorAll("iframe")) frame.srcdoc = html;
  }, filled);
  for (const index of [0, 1]) {
    const frame = page.frameLocator("iframe").nth(index);
    await frame.getByRole("listbox", { name: "Query tokens" }).getByRole("option").first().waitFor();
    await frame.getByRole("combobox", { name: "Layer" }).selectOption(String(index + 3));
    await frame.getByText(`Layer ${index + 3}, mean of all 12 heads`).first().waitFor();
  }
});

pageTest("the page saves what is on screen as one file, and that file opens where it was", async ({ page, context, open }) => {
  await open();
  await firstResult(page);
  const { layer, queries } = parts(page);
  await layer.selectOption("4");
  await page.getByRole("button", { name: "Save trace" }).click();
  const dialog = page.getByRole("dialog", { name: "Save as a trace" });
  await dialog.getByRole("radio", { name: /^Patterns, q, k(?!,)/ }).check();
  await dialog.getByRole("radio", { name: /^f16/ }).check();
  const download = page.waitForEvent("download");
  await dialog.getByRole("button", { name: "Save as page" }).click();
  const file = path.join(folder, "saved-by-the-page.html");
  await (await download).saveAs(file);
  const fresh = await context.newPage();
  const asked = await openFile(fresh, context, pathToFileURL(file).href);
  await parts(fresh).queries.first().waitFor();
  assert.equal(await parts(fresh).layer.inputValue(), "4");
  assert.deepEqual(await words(parts(fresh).queries), await words(queries));
  await parts(fresh).layer.selectOption("1");
  await fresh.getByText("L1H9", { exact: true }).filter({ visible: true }).first().waitFor();
  assert.deepEqual(asked, []);
});
