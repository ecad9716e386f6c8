// What Chromium's tests show with means that only Playwright has, shown so that every browser can; and the list of what runs where.

import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, test } from "node:test";
import { pathToFileURL } from "node:url";
import { soon } from "./editing.mjs";
import { EVERYWHERE, ONLY_CHROMIUM } from "./elsewhere.mjs";
import { serve } from "./host.mjs";
import { distance, firstResult, golden, numbers, parts } from "./page.mjs";
import { pageTest, url } from "./support.mjs";

const folder = mkdtempSync(path.join(tmpdir(), "headlight-browsers-"));
after(() => rmSync(folder, { recursive: true }));

/** Waits until the keys have L2H9's weights of the query "cat". */
async function catReads(page, tolerance) {
  const { attention } = golden("minilm", "the-cat-sat-on-the-mat");
  const { queries, keys } = parts(page);
  await queries.nth(2).hover();
  await soon(async () => {
    const found = await numbers(keys);
    return distance(found, attention(2, 9, 2)) < tolerance ? null : found.join(" ");
  }, "weights of cat");
}

pageTest("every window from 1,024 to 390 px has the same numbers and nothing beside it", async ({ page, open, shot }) => {
  await open();
  await firstResult(page);
  for (const [width, height] of [[1024, 768], [768, 1024], [390, 844]]) {
    await page.setViewportSize({ width, height });
    for (const name of ["Model view", "Neuron view", "Head view"]) {
      await page.getByRole("tab", { name }).click();
      await page.getByRole("tabpanel", { name }).waitFor();
      await soon(async () => {
        const wide = await page.evaluate(() => document.documentElement.scrollWidth);
        return wide <= width ? null : `${wide} px`;
      }, `${name} at ${width} px`);
      await shot(`${width}-${name}`);
    }
    await catReads(page, 1e-3);
  }
});

pageTest("a page that is saved opens from disk with its numbers", async ({ page, open }) => {
  await open();
  await firstResult(page);
  await page.getByRole("button", { name: "Save trace" }).click();
  const dialog = page.getByRole("dialog", { name: "Save as a trace" });
  await dialog.getByRole("radio", { name: /^Patterns, q, k(?!,)/ }).check();
  await dialog.getByRole("radio", { name: /^f16/ }).check();
  const download = page.waitForEvent("download");
  await dialog.getByRole("button", { name: "Save as page" }).click();
  const file = path.join(folder, "saved.html");
  writeFileSync(file, readFileSync(await (await download).path()));
  await page.goto(pathToFileURL(file).href);
  await page.locator("#boot").waitFor({ state: "detached" });
  await parts(page).queries.first().waitFor();
  assert.match(await parts(page).status.textContent(), /15 tokens · 6 layers × 12 heads/);
  await catReads(page, 2e-3);
});

pageTest("an embed in a page of another site is a picture, then explored and run", async ({ page }) => {
  const post = await (await fetch(`${url}examples/post.html`)).text();
  const [, src] = /<iframe\s+src="\.\.\/(embed\.html#[^"]+)"/.exec(post);
  const html = `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Elsewhere</title><link rel="icon" href="data:,"></head>
    <body><iframe src="${url}${src}" width="760" height="640"></iframe></body></html>`;
  const host = await serve((name) => (name === "" ? html : null));
  try {
    await page.goto(`http://localhost:${host.port}/`);
    const frame = page.frameLocator("iframe").nth(0);
    await frame.getByRole("img", { name: /^Layer 0/ }).waitFor();
    await frame.getByRole("button", { name: "Explore" }).click();
    await frame.getByRole("combobox", { name: "Layer" }).selectOption("3");
    await frame.getByText("L3H2").first().waitFor();
    await frame.getByRole("textbox", { name: "Text" }).fill("one two");
    await frame.getByRole("button", { name: "Run" }).click();
    await frame.getByRole("status", { name: "Status" }).getByText(/4 tokens .* (ms|s)$/).waitFor();
  } finally {
    await host.close();
  }
});

test("every test runs in all browsers, or in Chromium alone for a reason", () => {
  const names = new Set();
  const files = readdirSync("tests/e2e").filter((name) => name.endsWith(".test.mjs"));
  for (const file of files) {
    const text = readFileSync(path.join("tests/e2e", file), "utf8");
    const own = [...text.matchAll(/^(?:pageTest|test)\(\s*(["`])(.+?)\1/gm)].map(([, , name]) => name);
    for (const name of own) names.add(name);
    const left = own.filter((name) => !EVERYWHERE.has(name));
    assert.equal(Object.hasOwn(ONLY_CHROMIUM, file), left.length > 0, `${file}: ${left.join(", ")}`);
  }
  assert.deepEqual([...EVERYWHERE].filter((name) => !names.has(name)), [], "tests that are not there");
  assert.deepEqual(Object.keys(ONLY_CHROMIUM).filter((file) => !files.includes(file)), [], "files that are not there");
});
