// The built page starts, from any path, with nothing to complain about.

import assert from "node:assert/strict";
import { diskUrl, pageTest, url } from "./support.mjs";

pageTest("the page starts without an error or a policy violation", async ({ page, open, shot }) => {
  await open();
  assert.match(await page.title(), /^Headlight/);
  const build = await page.locator('meta[name="headlight-build"]').getAttribute("content");
  assert.match(build, /^[0-9a-f]{16}$/);
  assert.equal((await (await page.request.get(`${url}build.json`)).json()).id, build);
  await page.waitForLoadState("networkidle");
  await shot("start");
});

pageTest("the bundled models are listed with files that are there", async ({ page }) => {
  const models = await (await page.request.get(`${url}models/index.json`)).json();
  assert.deepEqual(models.map((model) => model.name), ["all-MiniLM-L6-v2, F32", "SmolLM2-135M-Instruct, Q4_1"]);
  for (const model of models) {
    for (const file of model.files) {
      const head = await page.request.head(`${url}models/${model.id}/${file.name}`);
      assert.equal(Number(head.headers()["content-length"]), file.size, file.name);
    }
  }
});

pageTest(
  "opened from disk, the page says how to serve it",
  async ({ page, shot }) => {
    await page.goto(diskUrl);
    await page.getByText("cannot run straight from disk").waitFor();
    await shot("from-disk");
  },
  { allow: [/./] },
);
