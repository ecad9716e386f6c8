// The npm package of the element, from the folder that is published to a page of somebody's site.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { copyFileSync, existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after } from "node:test";
import { fromFolder, serve } from "./host.mjs";
import { distFile, pageTest } from "./support.mjs";

const folder = mkdtempSync(path.join(tmpdir(), "headlight-npm-"));
after(() => rmSync(folder, { recursive: true, force: true }));

const PAGE = `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Blog</title><link rel="icon" href="data:,">
<script type="module" src="headlight/headlight-view.js"></script></head><body>
<headlight-view src="trace.safetensors" view="head" layer="2" heads="0,3"></headlight-view>
<script>
  window.told = { selection: [], hover: [] };
  for (const about of ["selection", "hover"]) addEventListener("headlight-" + about, (event) => told[about].push(event.detail));
</script></body></html>`;

pageTest("the npm package, copied into a site, shows a trace and tells the page what is chosen", async ({ page }) => {
  const root = path.join(import.meta.dirname, "../..");
  const [published, site] = ["package", "site"].map((name) => path.join(folder, name));
  execFileSync(process.execPath, [path.join(root, "npm/make.mjs"), path.dirname(distFile("index.html")), published]);
  const { files, bin, exports, version } = JSON.parse(readFileSync(path.join(published, "package.json"), "utf8"));
  for (const name of [...files, ...Object.values(bin), ...Object.values(exports["."])]) {
    assert.ok(existsSync(path.join(published, name)), name);
  }
  assert.ok(readFileSync(path.join(root, "Cargo.toml"), "utf8").includes(`version = "${version}"`));
  const inside = readdirSync(path.join(published, "site/models"), { recursive: true, withFileTypes: true });
  const models = inside.filter((file) => file.isFile() && file.name !== "index.json");
  assert.deepEqual(models, [], "models are not published");
  const types = readFileSync(path.join(published, "headlight-view.d.ts"), "utf8");

  execFileSync(process.execPath, [path.join(published, bin["headlight-view"]), path.join(site, "headlight")]);
  copyFileSync(distFile("example/first.safetensors"), path.join(site, "trace.safetensors"));
  writeFileSync(path.join(site, "index.html"), PAGE);
  const server = await serve(fromFolder(site));
  try {
    await page.goto(`http://127.0.0.1:${server.port}/`);
    const frame = page.frameLocator("headlight-view iframe");
    await frame.getByRole("button", { name: "Explore" }).click();
    await frame.getByRole("combobox", { name: "Layer" }).selectOption("4");
    assert.equal(await frame.getByRole("alert").count() + (await frame.getByRole("button", { name: "Run" }).count()), 0, "nothing to run");
    await page.waitForFunction(() => document.querySelector("headlight-view").selection.layer === "4");
    const element = await page.locator("headlight-view").evaluate(({ selection, hover }) => ({ selection, hover }));
    assert.deepEqual([element.selection.view, element.selection.heads], ["head", "0,3"]);
    await frame.getByRole("listbox", { name: "Query tokens" }).getByRole("option").nth(2).hover();
    await page.waitForFunction(() => document.querySelector("headlight-view").hover.query === "2");
    const told = await page.evaluate(() => window.told);
    assert.ok(told.selection.some(({ layer }) => layer === "2") && told.selection.at(-1).layer === "4", "each change is an event");
    assert.ok(told.hover.some(({ query }) => query === "2"));
    for (const about of Object.keys(told)) assert.ok(types.includes(`"headlight-${about}"`), `the types know headlight-${about}`);
  } finally {
    await server.close();
  }
});
