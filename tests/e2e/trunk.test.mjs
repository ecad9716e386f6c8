// `trunk build` in a clone makes the same page as `cargo xtask build`.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { fromFolder, serve } from "./host.mjs";
import { firstResult, run, result } from "./page.mjs";
import { distFile, pageTest } from "./support.mjs";

const trunk = process.env.HEADLIGHT_TRUNK;
const skip = trunk ? false : "trunk is installed for runs without a filter, or with one that contains `trunk`";

pageTest("trunk build makes a page that shows the example and runs a model", async ({ page }) => {
  const folder = mkdtempSync(path.join(tmpdir(), "headlight-trunk-"));
  const build = JSON.parse(readFileSync(distFile("build.json"), "utf8"));
  const { NO_COLOR, ...env } = process.env;
  const profile = build.mode === "release" ? ["--release"] : [];
  execFileSync(trunk, ["build", ...profile, "--dist", folder], { env, stdio: "inherit" });
  assert.deepEqual(JSON.parse(readFileSync(path.join(folder, "build.json"), "utf8")), build);
  const server = await serve(fromFolder(folder));
  try {
    await page.goto(`http://127.0.0.1:${server.port}/`);
    await page.locator("#boot").waitFor({ state: "detached" });
    await firstResult(page);
    await run(page, "Nobody expected seven wet umbrellas");
    await result(page, 8);
  } finally {
    await server.close();
    rmSync(folder, { recursive: true });
  }
}, { skip });
