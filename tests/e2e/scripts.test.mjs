// "Copy as Python" in the page: a script of the outcome on screen, and why there is none.

import assert from "node:assert/strict";
import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after } from "node:test";
import { openPanel } from "./editing.mjs";
import { firstResult, parts } from "./page.mjs";
import { pageTest } from "./support.mjs";

const scratch = mkdtempSync(path.join(tmpdir(), "headlight-scripts-"));
after(() => rmSync(scratch, { recursive: true, force: true }));

/** A small checkpoint in a folder of its own, run on the text that is there. */
async function runs(page, name, from) {
  const folder = path.join(scratch, name);
  const golden = path.join(process.env.HEADLIGHT_FIXTURES, "golden", from);
  for (const file of ["config.json", "tokenizer.json", "model.safetensors"]) cpSync(path.join(golden, file), path.join(folder, file));
  await page.getByRole("button", { name: "More models" }).click();
  await page.getByRole("dialog", { name: "More models" }).getByLabel("Folder").setInputFiles(folder);
  await parts(page).status.getByText(`${name} (from disk) · `).waitFor();
}

pageTest("an outcome is copied as a script, or the menu says why not", async ({ page, context, open, shot }) => {
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  await open();
  await firstResult(page);
  await runs(page, "tiny-llama", "llama");
  const { outcome, values } = await openPanel(page);
  await values.getByRole("row", { name: /^Original/ }).waitFor();
  await outcome.getByText("Copy as Python").click();
  for (const [library, line] of [["TransformerLens 4", "TransformerBridge.boot_transformers(MODEL"], ["nnsight", "nnsight.LanguageModel(loaded"]]) {
    await outcome.getByRole("button", { name: `For ${library}` }).click();
    await outcome.getByText("Copied").waitFor();
    const script = await page.evaluate(() => navigator.clipboard.readText());
    assert.ok(script.includes(line) && script.includes('MODEL = "tiny-llama'), script);
    const [, asserted] = /check\("original", outcome\(\[\]\), (\S+)\)/.exec(script);
    const shown = await values.getByRole("row", { name: /^Original/ }).getByRole("cell").first().textContent();
    assert.ok(Math.abs(Number(asserted) - Number(shown.replace("−", "-"))) < 2e-3, `${asserted} is asserted, ${shown} shown`);
  }
  await shot("copy-as-python");
  await runs(page, "tiny-olmo", "olmo2");
  await outcome.getByText(/^Scripts for nnsight are written for the models gpt2, llama.*; this one is olmo2\.$/).waitFor();
  assert.ok(await outcome.getByRole("button", { name: "For nnsight" }).isDisabled());
});
