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

pageTest(
  "texts become neither markup that runs something nor a script of another server",
  async ({ page, open }) => {
    await open();
    const tried = await page.evaluate(() => {
      const said = (what) => {
        try {
          what();
          return "accepted";
        } catch (error) {
          return error.message;
        }
      };
      const markup = (text) => () => {
        document.createElement("div").innerHTML = text;
      };
      return {
        plain: said(markup('<p class="a">text</p>')),
        handler: said(markup('<img src="x" onerror="1">')),
        script: said(markup("<script>1</script>")),
        worker: said(() => new Worker("https://example.org/worker.js")),
        policy: said(() => trustedTypes.createPolicy("other", { createHTML: (text) => text })),
      };
    });
    assert.equal(tried.plain, "accepted");
    for (const name of ["handler", "script"]) assert.match(tried[name], /markup that could run something is refused/);
    assert.match(tried.worker, /a script from another server is refused: https:\/\/example.org/);
    assert.match(tried.policy, /disallowed/);
  },
  { allow: [/./] },
);

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
