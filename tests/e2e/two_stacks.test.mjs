// Encoder-decoder models in the page: encoder, decoder and cross-attention in all three views, against golden values.

import assert from "node:assert/strict";
import { checkpointCase, nameOf, serveCheckpoints, vocabulary } from "./checkpoints.mjs";
import { addEdit, openPanel, tokenOutcome } from "./editing.mjs";
import { distance, firstResult, inspect, numbers, parts, pickModel, runLinked, tokenName, words } from "./page.mjs";
import { accessibilityProblems, pageTest } from "./support.mjs";

/** Half of the last digit on screen, and what f32 may differ by. */
const TOLERANCE = 1e-3;

/** The names of the three attentions on the page and in the golden files. */
const ATTENTIONS = [["Encoder", "encoder_attentions"], ["Decoder", "decoder_attentions"], ["Cross", "cross_attentions"]];

function two(page) {
  const neuron = page.getByRole("tabpanel", { name: "Neuron view" });
  return {
    target: page.getByRole("textbox", { name: "Target" }),
    stack: (name) => page.getByRole("radiogroup", { name: "Stack" }).getByRole("radio", { name }),
    tab: (name) => page.getByRole("tab", { name: `${name} view` }),
    cell: (layer, head) => page.locator(`#cell-l${layer}h${head}`),
    neuronQueries: neuron.getByRole("listbox", { name: "Query tokens" }).getByRole("option"),
    neuronKeys: neuron.getByRole("listbox", { name: "Key tokens" }).getByRole("option"),
    neuron,
  };
}

/** Loads a checkpoint and runs a text on it, with the target typed. */
async function runCase(page, open, id, expected) {
  await serveCheckpoints(page, [id]);
  await open();
  await firstResult(page);
  await parts(page).text.fill(expected.text);
  await parts(page).pair.fill("");
  await pickModel(page, nameOf(id));
  await two(page).target.fill(expected.text_pair);
  await parts(page).run.click();
  await parts(page).status.getByText(`· ${expected.tokens.length} tokens → ${expected.decoder_tokens.length} ·`).waitFor();
}

/** What a token looks like on the page. */
const shown = (token) => token.replaceAll(/[▁Ġ]/g, "·");

/** Only this head of this layer. */
async function pickHead(page, layer, head) {
  const { layer: picker, head: square, pressedHeads } = parts(page);
  await picker.selectOption(String(layer));
  await square(head).click();
  while ((await pressedHeads.count()) !== 1 || (await square(head).getAttribute("aria-pressed")) !== "true") {
    await square(head).dblclick();
  }
}

for (const id of ["t5", "bart", "marian"]) {
  pageTest(`${id}: every weight of encoder, decoder and cross-attention is the golden one`, async ({ page, open, shot }) => {
    const expected = checkpointCase(id, 1);
    await runCase(page, open, id, expected);
    const { queries, keys } = parts(page);
    const { tokens, decoder_tokens: target } = expected;
    assert.notEqual(tokens.join(), target.join(), "a source and a target that differ");
    for (const [name, golden] of ATTENTIONS) {
      await two(page).stack(name).check();
      const [rows, columns] = { Encoder: [tokens, tokens], Decoder: [target, target], Cross: [target, tokens] }[name];
      assert.deepEqual(await words(queries), rows.map(shown), name);
      assert.deepEqual(await words(keys), columns.map(shown), name);
      for (const [layer, head] of [[0, 1], [1, 3]]) {
        await pickHead(page, layer, head);
        await page.getByText(`${name} · L${layer}H${head}`, { exact: true }).first().waitFor();
        await queries.first().focus();
        for (let query = 0; query < rows.length; query++) {
          await page.waitForFunction((row) => document.activeElement?.dataset.row === String(row), query);
          const wrong = distance(await numbers(keys), expected.row(`${golden}.${layer}`, head, query));
          assert.ok(wrong < TOLERANCE, `${name} L${layer}H${head}, query ${query}: off by ${wrong}`);
          await page.keyboard.press("ArrowDown");
        }
      }
      // Each row of the decoder says what it reads and what it predicts.
      const predicted = await queries.evaluateAll((rows) => rows.map((row) => row.querySelector(".predicted bdi")?.textContent));
      if (name === "Encoder") {
        assert.ok(predicted.every((it) => it === undefined));
      } else {
        const names = vocabulary(id);
        const likely = target.map((_, at) => {
          const logits = expected.row("logits", at);
          return shown(names[logits.indexOf(Math.max(...logits))]);
        });
        // Bytes that do not make a whole character are shown by their numbers.
        const isPlain = (at) => /^[ -~·]*$/.test(likely[at]);
        assert.ok(likely.filter((_, at) => isPlain(at)).length > 5);
        assert.deepEqual(predicted.filter((_, at) => isPlain(at)), likely.filter((_, at) => isPlain(at)), name);
      }
      await page.mouse.move(2, 2);
      await shot(`${id}-${name}`);
    }
  });
}

pageTest("cross-attention: the mean over heads, the source × target matrix, and every head of a cell", async ({ page, open, shot }) => {
  const expected = checkpointCase("marian", 1);
  await runCase(page, open, "marian", expected);
  const { queries, keys, allHeads, links, option } = parts(page);
  await two(page).stack("Cross").check();
  await pickHead(page, 1, 0);
  await allHeads.click();
  const weight = (head, query, key) => expected.row("cross_attentions.1", head, query)[key];
  const heads = [0, 1, 2, 3];
  const mean = (query) => expected.tokens.map((_, key) => heads.reduce((sum, head) => sum + weight(head, query, key), 0) / 4);
  for (const query of [0, 3, 13]) {
    await queries.nth(query).hover();
    await page.locator(".links").getByText("reads from").waitFor();
    assert.ok(distance(await numbers(keys), mean(query)) < TOLERANCE, `query ${query}`);
  }
  await page.mouse.move(2, 2);
  await option("Drawing", "Matrix").check();
  await page.getByText("Cross · Layer 1, mean of all 4 heads").waitFor();
  assert.equal(await queries.count(), expected.decoder_tokens.length);
  assert.deepEqual(await words(keys), expected.tokens.map(shown));
  await shot("cross-matrix");
  // The darkest cell of the picture is the largest mean, the lightest the smallest.
  const light = await page.evaluate(([nQuery, nKey]) => {
    const canvas = document.querySelector("#panel-head .pane canvas");
    const context = canvas.getContext("2d");
    const ratio = canvas.width / canvas.getBoundingClientRect().width;
    const origin = canvas.getBoundingClientRect();
    const columns = [...document.querySelectorAll(".matrix-keys [role=option]")].map((node) => {
      const box = node.getBoundingClientRect();
      return (box.left + box.width / 2 - origin.left) * ratio;
    });
    const rows = [...document.querySelectorAll("#panel-head .tokens.query .token")].map((node) => {
      const box = node.getBoundingClientRect();
      return (box.top + box.height / 2 - origin.top) * ratio;
    });
    return Array.from({ length: nQuery * nKey }, (_, cell) => {
      const { data } = context.getImageData(Math.round(columns[cell % nKey]), Math.round(rows[Math.floor(cell / nKey)]), 1, 1);
      return data[0] + data[1] + data[2];
    });
  }, [expected.decoder_tokens.length, expected.tokens.length]);
  const means = expected.decoder_tokens.flatMap((_, query) => mean(query));
  const byMean = means.map((_, cell) => cell).sort((a, b) => means[b] - means[a]);
  const inOrder = byMean.slice(1).every((cell, at) => means[byMean[at]] - means[cell] < 2e-3 || light[byMean[at]] <= light[cell]);
  assert.ok(inOrder, "larger means are darker");
  await queries.nth(3).focus();
  await page.keyboard.press("Enter");
  await keys.nth(5).hover();
  await links.getByRole("row").nth(4).waitFor();
  const cells = await links.getByRole("row").evaluateAll((rows) => rows.slice(1).map((row) => row.lastElementChild.textContent));
  assert.ok(distance(cells.map(Number), heads.map((head) => weight(head, 3, 5))) < TOLERANCE, cells.join(" "));
});

pageTest("model view of an encoder-decoder model: every head of the three attentions", async ({ page, open, shot }) => {
  const expected = checkpointCase("bart", 1);
  await runCase(page, open, "bart", expected);
  const { tab, stack, cell } = two(page);
  await tab("Model").click();
  for (const [name, golden] of ATTENTIONS) {
    await stack(name).check();
    const [rows, columns] = { Encoder: ["tokens", "tokens"], Decoder: ["decoder_tokens", "decoder_tokens"], Cross: ["decoder_tokens", "tokens"] }[name]
      .map((side) => expected[side]);
    for (const [layer, head] of [[0, 0], [1, 2]]) {
      const weights = rows.map((_, query) => expected.row(`${golden}.${layer}`, head, query));
      const most = Math.max(...weights.flat());
      await page.waitForFunction(([id, most]) => {
        const label = document.getElementById(id)?.getAttribute("aria-label") ?? "";
        return Math.abs(Number(label.match(/([\d.]+)$/)?.[1]) - most) < 1e-3;
      }, [`cell-l${layer}h${head}`, most]);
      const label = await cell(layer, head).getAttribute("aria-label");
      const query = weights.findIndex((row) => row.includes(most));
      const link = `strongest link ${tokenName(rows.map(shown), query)} → ${tokenName(columns.map(shown), weights[query].indexOf(most))}`;
      assert.ok(label.includes(link), `${name}: ${label}, expected ${link}`);
      if (name === "Decoder") continue;
      const entropy = weights.map((row) => -row.reduce((sum, w) => sum + (w > 0 ? w * Math.log(w) : 0), 0) / Math.log(columns.length));
      const found = Number(label.match(/entropy ([\d.]+)/)[1]);
      assert.ok(Math.abs(found - entropy.reduce((a, b) => a + b) / rows.length) < TOLERANCE, label);
    }
  }
  await shot("model-view-cross");
});

pageTest("neuron view of cross-attention: a target's query against the source's keys", async ({ page, open, shot }) => {
  const expected = checkpointCase("t5", 1);
  await runCase(page, open, "t5", expected);
  const { tab, stack, neuron, neuronQueries, neuronKeys } = two(page);
  await stack("Cross").check();
  await pickHead(page, 1, 2);
  await parts(page).queries.nth(4).click();
  await tab("Neuron").click();
  await neuronKeys.first().locator(".weight", { hasText: "." }).waitFor();
  assert.deepEqual(await words(neuronQueries), expected.decoder_tokens.map(shown));
  assert.deepEqual(await words(neuronKeys), expected.tokens.map(shown));
  const column = async (part) => {
    const texts = await neuronKeys.evaluateAll((rows, part) => rows.map((row) => row.querySelector(part).textContent), part);
    return texts.map((text) => Number(text.replace("−", "-")));
  };
  for (const query of [4, 7]) {
    await neuronQueries.nth(query).hover();
    await page.waitForFunction((text) => document.querySelector(".strip-name").textContent === text, shown(expected.decoder_tokens[query]));
    const weights = await column(".weight");
    assert.ok(distance(weights, expected.row("cross_attentions.1", 2, query)) < TOLERANCE, weights.join(" "));
    // T5 does not scale, and adds no bias across: the product is the score, its softmax the weight.
    const [dots, scores] = [await column(".dot .n"), await column(".score .n")];
    assert.ok(distance(dots, scores) < 0.011, `${dots} ${scores}`);
    const sum = scores.reduce((total, score) => total + Math.exp(score), 0);
    assert.ok(distance(scores.map((score) => Math.exp(score) / sum), weights) < 0.01);
  }
  assert.equal(await neuron.getByRole("region", { name: "Product by distance" }).isVisible(), false, "source and target have no distance");
  await shot("neuron-view-cross");
});

pageTest("without a target the model writes it; links bring target and attention back; edits know their stack", async ({ page, open, shot }) => {
  await serveCheckpoints(page, ["marian"]);
  await open();
  await firstResult(page);
  const { text, pair, run, status, queries, keys } = parts(page);
  await text.fill("The cat sat on the mat");
  await pair.fill("");
  assert.equal(await two(page).target.count(), 0, "a model of one stack has no target");
  await pickModel(page, nameOf("marian"));
  const { stack, target } = two(page);
  assert.equal(await target.inputValue(), "");
  await stack("Decoder").check();
  await queries.nth(1).waitFor();
  // What it reads is what it predicted one row before, greedily, as long as it writes.
  const rows = await queries.evaluateAll((rows) => rows.map((row) => [...row.querySelectorAll("bdi")].map((it) => it.textContent)));
  rows.slice(1).forEach(([read], at) => assert.equal(read, rows[at][1], `row ${at + 1}`));
  await stack("Cross").check();
  await target.fill("The cat lay");
  await run.click();
  await status.getByText(/· 14 tokens → [2-9] ·/).waitFor();
  await keys.nth(3).click();
  const link = /model=marian&text=The cat sat on the mat&target=The cat lay&view=head&stack=decoder&attn=cross&layer=/;
  await page.waitForURL((url) => link.test(decodeURIComponent(url.hash)) && url.hash.includes("key=3"));
  await page.reload();
  await runLinked(page);
  await status.getByText(/· 14 tokens → [2-9] ·/).waitFor();
  await queries.first().waitFor();
  assert.equal(await stack("Cross").isChecked(), true);
  assert.equal(await target.inputValue(), "The cat lay");
  assert.equal(await keys.nth(3).getAttribute("aria-selected"), "true");
  assert.deepEqual(await accessibilityProblems(page), []);

  // A head of the cross-attention to zero: the encoder's patterns stay, the decoder's change.
  const before = await stack("Decoder").check().then(() => queries.nth(2).hover()).then(() => numbers(keys));
  await stack("Cross").check();
  await parts(page).layer.selectOption("0");
  await openPanel(page);
  await addEdit(page, "zero heads", /^Zero every head of layer 0|^Zero L0H/);
  await page.getByRole("region", { name: "Edits" }).getByText(/^Zero /).first().waitFor();
  await status.getByText(/· 14 tokens → [2-9] ·/).waitFor();
  await stack("Decoder").check();
  await parts(page).layer.selectOption("1");
  await queries.nth(2).hover();
  const after = await numbers(keys);
  assert.equal(before.length, after.length);
  await page.setViewportSize({ width: 360, height: 740 });
  await stack("Cross").check();
  await page.waitForTimeout(200);
  assert.equal(await page.evaluate(() => document.documentElement.scrollWidth > innerWidth), false);
  await shot("cross-phone");
});

pageTest("heads of an encoder and of cross-attention are verified, and links of both stacks are one graph", async ({ page, open, shot }) => {
  const expected = checkpointCase("t5", 1);
  await runCase(page, open, "t5", expected);
  const [answer, other] = [...new Set(expected.decoder_tokens.filter((token) => /^▁[a-z]{2,}$/.test(token)))].map((token) => token.replace("▁", ""));
  await tokenOutcome(await openPanel(page), answer, other);
  await inspect(page, "Matters");
  const panel = page.getByRole("region", { name: "What matters for the outcome" });
  const estimate = panel.getByRole("button", { name: "Estimate" });
  const list = panel.getByRole("table", { name: "Largest estimated effects" });
  for (const name of ["Encoder", "Cross"]) {
    await two(page).stack(name).check();
    await estimate.click();
    await list.waitFor({ timeout: 60_000 });
    await panel.getByRole("spinbutton", { name: "How many are verified" }).fill("3");
    await panel.getByRole("button", { name: "Verify" }).click();
    await panel.getByRole("status", { name: "Verified" }).getByText("6 tried").waitFor({ timeout: 60_000 });
    const exact = await list.locator("tbody tr").evaluateAll((rows) => rows.slice(0, 3).map((row) => row.querySelectorAll(".number")[1].textContent));
    assert.ok(exact.every((text) => /^[+−]?\d/.test(text)), `${name}: ${exact}`);
  }
  await panel.getByRole("combobox", { name: "Ranked" }).selectOption("links");
  await estimate.click();
  const paths = panel.getByRole("region", { name: "Paths to the outcome" });
  await paths.getByRole("table", { name: "Links that lead to the outcome" }).waitFor({ timeout: 60_000 });
  const names = await list.locator("tbody th").allTextContents();
  for (const name of ["encoder", "decoder", "cross"]) assert.ok(names.some((it) => it.trim().startsWith(`${name} L`)), `${name}: ${names.slice(0, 5)}`);
  await paths.getByRole("button", { name: "Keep only these" }).click();
  await paths.getByRole("table", { name: "Outcome with some links" }).waitFor({ timeout: 120_000 });
  await panel.getByRole("button", { name: "Show the graph" }).click();
  const graph = page.getByRole("region", { name: "Graph of links" }).getByRole("img", { name: /links? over tokens and layers/ });
  await graph.waitFor();
  const rowNames = await graph.locator("text").allTextContents();
  for (const name of ["E0", "E-end", "D0", "output"]) assert.ok(rowNames.includes(name), `${name}: ${rowNames}`);
  await shot("link-graph-two-stacks");
  assert.deepEqual(await accessibilityProblems(page), []);
});
