// The parts of the page's program that come after it: the page is there without them, says what is missing, and has them
// fetched again.

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { brotliCompressSync, constants } from "node:zlib";
import { firstResult, inspect, parts } from "./page.mjs";
import { distFile, pageTest } from "./support.mjs";

// A build for short edit cycles is in one piece.
const options = { skip: JSON.parse(readFileSync(distFile("build.json"), "utf8")).mode !== "release" };

/** Bytes as a static host sends them. */
function compressed(bytes) {
  const params = { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length };
  return brotliCompressSync(bytes, { params }).length;
}

const column = (page) => page.getByRole("region", { name: "Change the model" });
/** What the column begins with. */
const panels = (page) => column(page).getByRole("combobox", { name: "Compare with" });

pageTest(
  "the page is used before its later parts are there",
  async ({ page, open, shot }) => {
    let release;
    const held = new Promise((resolve) => (release = resolve));
    await page.route("**/split_views.wasm*", async (route) => {
      await held;
      await route.continue();
    });
    await page.setViewportSize({ width: 1440, height: 900 });
    await open();
    await firstResult(page);
    const { layer, scores } = parts(page);
    await layer.selectOption("4");
    await page.getByText("L4H9", { exact: true }).filter({ visible: true }).first().waitFor();
    await page.getByRole("button", { name: /^Change the model/ }).click();
    await column(page).getByText("Loading").waitFor();
    await page.getByRole("button", { name: "Save trace" }).click();
    const dialog = page.getByRole("dialog", { name: "Save as a trace" });
    await dialog.getByText("Loading").waitFor();
    await shot("parts-coming");
    release();
    // What was asked for comes where it was asked for.
    await dialog.getByRole("radio", { name: /^Patterns \d/ }).waitFor();
    await dialog.getByRole("button", { name: "Close" }).click();
    await panels(page).waitFor();
    await inspect(page, "Matters");
    await scores.getByRole("row").nth(1).waitFor();
    assert.equal(await page.getByRole("alert").count(), 0);
  },
  options,
);

pageTest(
  "parts that do not come are said, and fetched again",
  async ({ page, open, shot }) => {
    await page.setViewportSize({ width: 1440, height: 900 });
    await page.route("**/split_views.wasm*", (route) => route.abort());
    await open();
    await firstResult(page);
    const alert = page.getByRole("alert");
    await alert.getByText("could not be loaded").waitFor();
    await page.getByRole("button", { name: /^Change the model/ }).click();
    await column(page).getByText("could not be loaded").waitFor();
    await shot("parts-missing");
    // Another attempt that fails does not end it either.
    await alert.getByRole("button", { name: "Try again" }).click();
    await alert.getByText("could not be loaded").waitFor();
    await page.unroute("**/split_views.wasm*");
    await alert.getByRole("button", { name: "Try again" }).click();
    await panels(page).waitFor();
    assert.equal(await page.getByRole("alert").count(), 0);
  },
  { ...options, allow: [/ERR_FAILED/, /Failed to fetch/, /split_views/] },
);

pageTest(
  "without what reads traces the model is run, and a part is started whatever the server calls it",
  async ({ page, open }) => {
    await page.setViewportSize({ width: 1440, height: 900 });
    await page.route("**/split_reader.wasm*", (route) => route.abort());
    await page.route("**/split_views.wasm*", async (route) => {
      const response = await route.fetch();
      await route.fulfill({ response, headers: { ...response.headers(), "content-type": "application/octet-stream" } });
    });
    await open();
    // The example is run by the model instead.
    await parts(page).status.getByText(/ ms$| s$/).waitFor();
    await parts(page).queries.first().waitFor();
    await page.getByRole("button", { name: /^Change the model/ }).click();
    await panels(page).waitFor();
  },
  { ...options, allow: [/ERR_FAILED/, /Failed to fetch/, /split_reader/] },
);

test("what the first figure needs weighs 450 kB at most, compressed", options, () => {
  const isFirst = (name) => /^(app\.js|app_bg\.wasm|split_reader\.wasm|chunk_.*\.wasm)$/.test(name);
  const names = readdirSync(path.dirname(distFile("index.html"))).filter(isFirst);
  assert.ok(names.length >= 4, `${names}`);
  const bytes = names.map((name) => compressed(readFileSync(distFile(name)))).reduce((sum, one) => sum + one, 0);
  assert.ok(bytes <= 450_000, `${bytes} bytes`);
});

test("the worker weighs 1.3 MB at most, compressed, with threads too", options, () => {
  for (const name of ["worker_bg.wasm", "worker_threads_bg.wasm"]) {
    const bytes = compressed(readFileSync(distFile(name)));
    assert.ok(bytes <= 1_300_000, `${name}: ${bytes} bytes`);
  }
});

test("nothing ships that only the build needs", () => {
  const KINDS = [".css", ".gguf", ".html", ".js", ".json", ".md", ".png", ".safetensors", ".svg", ".wasm", ".webmanifest"];
  const isStrange = ({ name }) => !KINDS.includes(path.extname(name)) && !name.startsWith("LICENSE");
  const entries = readdirSync(path.dirname(distFile("index.html")), { recursive: true, withFileTypes: true });
  const strange = entries.filter((entry) => entry.isFile() && isStrange(entry));
  assert.deepEqual(strange.map((entry) => entry.name), []);
});
