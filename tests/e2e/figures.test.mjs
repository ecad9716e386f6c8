// Figures, tables and links: what is exported is what is on screen, at the width and size of text that were asked for.

import assert from "node:assert/strict";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { firstResult, numbers, parts, words } from "./page.mjs";
import { accessibilityProblems, pageTest } from "./support.mjs";

const CAPTION = [
  "all-MiniLM-L6-v2 (",
  "F32",
  "Layer 2, head 9.",
  "Texts: “The cat sat on the mat” and “The cat lay on the rug”.",
  "No edits.",
  "Headlight 0.",
];

function exporting(page) {
  const dialog = page.getByRole("dialog", { name: "Export a figure" });
  return {
    dialog,
    open: page.getByRole("button", { name: "Export figure" }),
    width: (name) => dialog.getByRole("radio", { name: new RegExp(`^${name}`) }),
    preview: dialog.getByRole("img", { name: "Preview of the figure" }),
    async save(format) {
      const download = page.waitForEvent("download");
      await dialog.getByRole("button", { name: format, exact: true }).click();
      const file = await download;
      const bytes = readFileSync(await file.path());
      keep(file.suggestedFilename(), bytes);
      return { name: file.suggestedFilename(), bytes };
    },
  };
}

/** Keeps an export beside the screenshots, to be looked at. */
function keep(name, bytes) {
  const folder = process.env.HEADLIGHT_SHOTS;
  if (!folder) return;
  mkdirSync(folder, { recursive: true });
  let file = path.join(folder, name);
  for (let n = 2; keep.names.has(file); n += 1) file = path.join(folder, name.replace(/(?=\.\w+$)/, `-${n}`));
  keep.names.add(file);
  writeFileSync(file, bytes);
}
keep.names = new Set();

/** The texts of an SVG as a browser reads it, and how wide it is. */
async function read(page, svg) {
  return page.evaluate((text) => {
    const parsed = new DOMParser().parseFromString(text, "image/svg+xml");
    const all = (selector) => [...parsed.querySelectorAll(selector)];
    return {
      problem: parsed.querySelector("parsererror")?.textContent ?? null,
      width: parsed.documentElement.getAttribute("width"),
      texts: all("text").map((node) => node.textContent),
      sizes: [...new Set(all("text").map((node) => node.getAttribute("font-size")))],
      ids: all("[id]").map((node) => node.id),
      lines: all("line").length,
      description: parsed.querySelector("desc").textContent,
      background: parsed.querySelector("#background").getAttribute("fill"),
    };
  }, svg);
}

/** Keyword and text of the text chunks of a PNG, its size, and its pixels per metre. */
function readPng(bytes) {
  const texts = {};
  const found = { texts, width: bytes.readUInt32BE(16), height: bytes.readUInt32BE(20) };
  for (let at = 8; at < bytes.length; ) {
    const length = bytes.readUInt32BE(at);
    const kind = bytes.toString("latin1", at + 4, at + 8);
    const data = bytes.subarray(at + 8, at + 8 + length);
    if (kind === "pHYs") found.perMetre = data.readUInt32BE(0);
    if (kind === "tEXt" || kind === "iTXt") {
      const end = data.indexOf(0);
      const start = kind === "tEXt" ? end + 1 : end + 5;
      texts[data.toString("latin1", 0, end)] = data.toString(kind === "tEXt" ? "latin1" : "utf8", start);
    }
    at += length + 12;
  }
  return found;
}

for (const colorScheme of ["light", "dark"]) {
  pageTest(
    `the head view as SVG, PNG and CSV, ${colorScheme}`,
    async ({ page, open, shot }) => {
      await open();
      await firstResult(page);
      const { queries, keys } = parts(page);
      const shown = [await words(queries), await numbers(keys)];
      const { open: button, dialog, width, preview, save } = exporting(page);
      await button.click();
      await preview.waitFor();
      assert.deepEqual(await accessibilityProblems(page), []);
      await shot(`export-dialog-${colorScheme}`);
      for (const [name, cm, pt] of [["8 cm", "8cm", "7pt"], ["17 cm", "17cm", "8pt"]]) {
        await width(name).check();
        const svg = await save("SVG");
        assert.equal(svg.name, "all-MiniLM-L6-v2-head-L2H9.svg");
        const figure = await read(page, svg.bytes.toString("utf8"));
        assert.equal(figure.problem, null);
        assert.deepEqual([figure.width, figure.background], [cm, "#ffffff"]);
        assert.ok(figure.sizes.includes(pt), figure.sizes.join(" "));
        for (const token of ["[CLS]", "cat", "rug"]) assert.ok(figure.texts.includes(token), token);
        for (const number of shown[1]) assert.ok(figure.texts.includes(number.toFixed(3)), String(number));
        for (const id of ["lines-L2H9", "query-tokens", "key-tokens"]) assert.ok(figure.ids.includes(id), id);
        for (const part of CAPTION) assert.ok(figure.description.includes(part), `${part}: ${figure.description}`);
        const png = readPng((await save("PNG")).bytes);
        assert.equal(png.width, Math.round((parseFloat(cm) / 2.54) * 300));
        assert.equal(png.perMetre, 11811);
        assert.equal(png.texts.Title, "Layer 2, head 9");
        for (const part of CAPTION) assert.ok(png.texts.Description.includes(part), part);
        assert.match(png.texts.Source, /#v=1&model=all-MiniLM-L6-v2/);
      }
      const csv = (await save("CSV")).bytes.toString("utf8").trim().split("\r\n");
      assert.equal(csv[0], "layer,head,query,query_token,key,key_token,weight");
      assert.equal(csv.length, 1 + 15 * 15);
      const perKey = Array(15).fill(0);
      for (const line of csv.slice(1)) {
        const [, head, , , key, , weight] = line.split(",");
        assert.equal(head, "9");
        perKey[Number(key)] += Number(weight) / 15;
      }
      perKey.forEach((mean, key) => assert.ok(Math.abs(mean - shown[1][key]) < 6e-4, `key ${key}`));
      await page.keyboard.press("Escape");
      assert.equal(await dialog.count(), 0);
    },
    { context: { colorScheme } },
  );
}

pageTest("matrix, heads side by side, model view and neuron view", async ({ page, open }) => {
  await open();
  await firstResult(page);
  const { open: button, width, preview, save } = exporting(page);
  const { option, queries, head, allHeads } = parts(page);
  const exported = async (ids, prepare = async () => {}) => {
    await button.click();
    await prepare();
    await preview.waitFor();
    const svg = (await save("SVG")).bytes.toString("utf8");
    const csv = (await save("CSV")).bytes.toString("utf8");
    await save("PNG");
    await page.keyboard.press("Escape");
    const figure = await read(page, svg);
    assert.equal(figure.problem, null);
    for (const id of ids) assert.ok(figure.ids.includes(id), `${id}: ${figure.ids.slice(0, 40)}`);
    return { figure, csv };
  };
  await option("Drawing", "Matrix").check();
  await exported(["cells-L2H9", "keys-L2H9", "query-tokens"]);
  await option("Drawing", "Lines").check();
  await head(3).click();
  await option("Several heads", "Separate").check();
  await exported(["lines-L2H3", "lines-L2H9"], () => width("17 cm").check());
  await allHeads.click();
  await exported(["lines-L2H0", "lines-L2H11"]);
  await page.getByRole("tab", { name: "Model view" }).click();
  await page.getByRole("gridcell", { name: /^L5H11 · entropy/ }).waitFor({ state: "attached" });
  const map = await exported(["L0H0", "L5H11", "head-numbers", "layer-numbers"]);
  assert.match(map.csv, /^layer,head,query,query_token,key,key_token,weight\r\n0,0,0,\[CLS\],0,\[CLS\],/);
  assert.equal(map.csv.trim().split("\r\n").length, 1 + 72 * 15 * 15);
  await page.getByRole("tab", { name: "Neuron view" }).click();
  await head(9).click();
  await queries.nth(2).click();
  await page.getByText("attn_scale").first().waitFor();
  const neurons = await exported(["cells-keys", "cells-products", "weights"], () => width("17 cm").check());
  assert.match(neurons.csv, /^row,position,token,dot,score,weight,weight_times_value,n0,/);
  assert.equal(neurons.csv.trim().split("\r\n").length, 1 + 1 + 15);
});

pageTest("printing gives a page with the figure as text, and nothing else", async ({ page, open }) => {
  await open();
  await firstResult(page);
  await page.getByRole("button", { name: "Theme: auto" }).click();
  await page.getByRole("button", { name: "Theme: light" }).click();
  const pdf = await page.pdf({ format: "A4", preferCSSPageSize: true });
  keep("printed.pdf", pdf);
  assert.equal(pdf.toString("latin1").match(/\/Type\s*\/Page\b(?!s)/g)?.length, 1, "one page");
  // What it printed: the figure as elements, and the rest of the page hidden.
  await page.emulateMedia({ media: "print" });
  await page.evaluate(() => window.dispatchEvent(new Event("beforeprint")));
  const sheet = page.locator(".printed > svg");
  assert.equal(await sheet.count(), 1);
  assert.equal(await page.locator("main").isVisible(), false);
  assert.equal(await sheet.getAttribute("width"), "17cm");
  await page.evaluate(() => window.dispatchEvent(new Event("afterprint")));
  assert.equal(await sheet.count(), 0);
});

pageTest("the link in the clipboard leads to exactly this view", async ({ page, context, open }) => {
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  await open();
  await firstResult(page);
  const { layer, head, option, queries } = parts(page);
  await layer.selectOption("4");
  await head(2).dblclick();
  await option("Drawing", "Matrix").check();
  await queries.nth(3).click();
  await page.getByRole("button", { name: "Copy link" }).click();
  await page.getByText("The link was copied to the clipboard.").waitFor({ state: "attached" });
  const link = await page.evaluate(() => navigator.clipboard.readText());
  assert.match(link, /#v=1&model=all-MiniLM-L6-v2&text=The%20cat/);
  const other = await context.newPage();
  await other.goto(link);
  await firstResult(other);
  const seen = parts(other);
  await other.getByText("L4H2", { exact: true }).filter({ visible: true }).first().waitFor();
  assert.equal(await seen.layer.inputValue(), "4");
  assert.equal(await seen.option("Drawing", "Matrix").isChecked(), true);
  assert.equal(await seen.queries.nth(3).getAttribute("aria-selected"), "true");
});

pageTest("unknown and broken parts of a link are left out with a notice", async ({ page, open }) => {
  await open("#v=1&layer=two&colour=red&heads=3");
  await firstResult(page);
  const { alert, pressedHeads } = parts(page);
  await alert.getByText("layer=two").waitFor();
  assert.match(await alert.textContent(), /colour is unknown/);
  assert.equal(await pressedHeads.count(), 1);
});
