// Classifiers from disk: the labels of a text and of its tokens, of the original, of the edited result and of their change, against transformers.

import assert from "node:assert/strict";
import { cpSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { after } from "node:test";
import { openPanel, outcomeRow, soon } from "./editing.mjs";
import { firstResult, inspect, openInput, parts, result } from "./page.mjs";
import { accessibilityProblems, fixture, pageTest } from "./support.mjs";

const scratch = path.join(os.tmpdir(), `headlight-labels-${process.pid}`);
after(() => rmSync(scratch, { recursive: true, force: true }));

const fixtures = () => process.env.HEADLIGHT_FIXTURES;

/** A folder with a small classifier and a tokenizer of as many tokens. */
function folder(name) {
  const made = path.join(scratch, `tiny-${name}`);
  mkdirSync(made, { recursive: true });
  for (const file of ["config.json", "model.safetensors"]) cpSync(path.join(fixtures(), "classifiers", name, file), path.join(made, file));
  cpSync(path.join(fixtures(), "golden/bert/tokenizer.json"), path.join(made, "tokenizer.json"));
  return made;
}

/** What transformers computed: { labels, ids, rows(tensor) }. */
function expected(name) {
  const { labels, cases } = fixture(`classifiers/${name}/expected.json`);
  const bytes = readFileSync(path.join(fixtures(), "classifiers", name, "expected.safetensors"));
  const start = 8 + Number(bytes.readBigUInt64LE(0));
  const header = JSON.parse(bytes.toString("utf8", 8, start));
  const rows = (tensor) => {
    const { shape, data_offsets: [first] } = header[tensor];
    const row = (at) => labels.map((_, label) => bytes.readFloatLE(start + first + 4 * (at * labels.length + label)));
    return Array.from({ length: shape.length === 2 ? shape[0] : 1 }, (_, at) => row(at));
  };
  return { labels, ids: cases[0].ids, rows };
}

const softmax = (logits) => {
  const powers = logits.map(Math.exp);
  const sum = powers.reduce((one, other) => one + other);
  return powers.map((power) => power / sum);
};

/** Opens a classifier and reads the ids of its first case. */
async function opened(page, open, name) {
  await open();
  await firstResult(page);
  await page.getByRole("button", { name: "More models" }).click();
  await page.getByRole("dialog", { name: "More models" }).getByLabel("Folder").setInputFiles(folder(name));
  await parts(page).status.getByText(`tiny-${name} (from disk) · `).waitFor();
  await openInput(page);
  await page.getByRole("combobox", { name: "Kind of input" }).selectOption("Token ids");
  await page.getByRole("textbox", { name: "Token ids" }).fill(expected(name).ids.join(", "));
  await parts(page).run.click();
  await result(page, expected(name).ids.length);
  await inspect(page, "Predicts");
}

/** Waits until the list of labels holds these numbers by name, in the order of their size. */
async function listed(page, labels, numbers, order = (number) => number) {
  const rows = page.getByRole("list", { name: "Labels" }).getByRole("listitem");
  const wanted = labels.map((name, index) => [name, numbers[index]]).toSorted((one, other) => order(other[1]) - order(one[1]));
  await soon(async () => {
    const found = await rows.evaluateAll((items) => items.map((item) => [".name", ".number"].map((part) => item.querySelector(part).textContent)));
    const fits = found.length === wanted.length && found.every(([name, text], at) =>
      name === wanted[at][0] && Math.abs(Number(text.replace("−", "-")) - wanted[at][1]) < 1.1e-3);
    return fits ? null : JSON.stringify(found);
  }, `labels ${JSON.stringify(wanted)}`);
}

pageTest("a text's labels are those of transformers, and follow a head that is zeroed", async ({ page, open, shot }) => {
  const { labels, rows } = expected("bert");
  const [[a], [b]] = [rows("case0.logits"), rows("zeroed.logits")];
  await opened(page, open, "bert");
  await page.getByRole("region", { name: "Labels" }).getByText("Labels of the text").waitFor();
  await listed(page, labels, softmax(a));
  await shot("labels");
  assert.deepEqual(await accessibilityProblems(page), []);

  // The two likeliest labels are the outcome; another one is chosen.
  const panel = await openPanel(page);
  const [first, second] = labels.map((_, index) => index).toSorted((one, other) => a[other] - a[one]);
  await outcomeRow(panel.values, "Original", [a[first] - a[second]]);
  await panel.outcome.getByRole("combobox", { name: "Label", exact: true }).selectOption(labels[1]);
  await panel.outcome.getByRole("combobox", { name: "Minus label" }).selectOption("none");
  await outcomeRow(panel.values, "Original", [a[1]]);
  await parts(page).layer.selectOption("1");
  await parts(page).head(0).focus();
  await page.keyboard.press("e");
  await page.getByRole("menu", { name: "Edit L1H0" }).waitFor();
  await page.keyboard.press("Enter");
  await outcomeRow(panel.values, "Edited", [b[1]]);
  const pairs = panel.outcome.getByRole("table", { name: "Predictions of both" });
  assert.equal(await pairs.getByRole("rowheader").count(), labels.length);
  await shot("labels-outcome");
  assert.deepEqual(await accessibilityProblems(page), []);
  await inspect(page, "Predicts");
  await listed(page, labels, softmax(b));
  await panel.shown("Change").click();
  const change = softmax(b).map((prob, index) => prob - softmax(a)[index]);
  await page.getByRole("region", { name: "Labels" }).getByText("Change of the labels of the text").waitFor();
  await listed(page, labels, change, Math.abs);

  // The address leads back to the outcome that was chosen.
  assert.match(decodeURIComponent(new URL(page.url()).hash), /outcome=\{"index":1,"kind":"label"\}/);
});

pageTest("each token's label stands beside it, and a chosen token's are listed", async ({ page, open, shot }) => {
  const { labels, rows } = expected("bert_tokens");
  const logits = rows("case0.logits");
  await opened(page, open, "bert_tokens");
  const likeliest = logits.map((row) => labels[row.indexOf(Math.max(...row))]);
  await soon(async () => {
    const beside = await parts(page).queries.evaluateAll((tokens) => tokens.map((token) => token.querySelector(".predicted bdi")?.textContent));
    return JSON.stringify(beside) === JSON.stringify(likeliest) ? null : JSON.stringify(beside);
  }, `${likeliest}`);
  const region = page.getByRole("region", { name: "Labels" });
  const tokens = region.getByRole("group", { name: "Tokens read" }).getByRole("button");
  await tokens.nth(4).click();
  await listed(page, labels, softmax(logits[4]));
  await region.getByText(/^Labels of .*, token 4$/).waitFor();
  await shot("token-labels");
  assert.deepEqual(await accessibilityProblems(page), []);
});
