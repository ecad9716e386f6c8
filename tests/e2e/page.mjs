// The page as tests use it: found through ARIA roles and names only, and the golden values it is compared with.

import { readFileSync } from "node:fs";
import path from "node:path";
import { fixture } from "./support.mjs";

export const MINILM = "all-MiniLM-L6-v2, F32";
export const SMOLLM2 = "SmolLM2-135M-Instruct, Q4_1";

/** The parts of the page. */
export function parts(page) {
  const tokens = (side) => page.getByRole("listbox", { name: `${side} tokens` }).getByRole("option");
  return {
    model: page.getByRole("combobox", { name: "Model", exact: true }),
    text: page.getByRole("textbox", { name: "Text", exact: true }),
    pair: page.getByRole("textbox", { name: "Second text" }),
    run: page.getByRole("button", { name: "Run", exact: true }),
    cancel: page.getByRole("button", { name: "Cancel", exact: true }),
    status: page.getByRole("status", { name: "Status" }),
    layer: page.getByRole("combobox", { name: "Layer" }),
    head: (index) => page.getByRole("button", { name: `Head ${index}`, exact: true }),
    heads: page.getByRole("group", { name: "Heads" }).getByRole("button"),
    pressedHeads: page.getByRole("group", { name: "Heads" }).getByRole("button", { pressed: true }),
    allHeads: page.getByRole("button", { name: "All heads" }),
    segment: (name) => page.getByRole("radiogroup", { name: "Attention" }).getByRole("radio", { name, exact: true }),
    queries: tokens("Query"),
    keys: tokens("Key"),
    spoken: page.getByRole("status", { name: "Links of the focused token" }),
    links: page.getByRole("region", { name: "Strongest links" }),
    predictions: page.getByRole("region", { name: "Next token" }),
    scores: page.getByRole("region", { name: "Head scores" }),
    option: (group, name) => page.getByRole("radiogroup", { name: group }).getByRole("radio", { name, exact: true }),
    display: page.locator("details.display"),
    alert: page.getByRole("alert"),
  };
}

/** Shows a tab of the inspector: Selected, Predicts, Matters or Change. */
export async function inspect(page, name) {
  await page.getByRole("tablist", { name: "Inspector" }).getByRole("tab", { name }).click();
}

/** Opens what belongs to the input while it is edited: its kind, its tokens, the examples. */
export async function openInput(page) {
  const button = page.getByRole("button", { name: "Input options" });
  if ((await button.getAttribute("aria-expanded")) === "false") await button.click();
}

/** Picks an example of the gallery. */
export async function pickExample(page, name) {
  await openInput(page);
  await page.getByRole("group", { name: "Examples" }).getByRole("button", { name }).click();
}

/** Waits until a result of so many tokens is on screen and nothing is under way. */
export async function result(page, nTokens) {
  await parts(page).status.getByText(`· ${nTokens} token`).waitFor();
}

/** Waits for the first example, which is a trace: no model is loaded. */
export async function firstResult(page) {
  await result(page, 15);
  await parts(page).queries.first().waitFor();
}

/** Loads the model and runs the first example with it. */
export async function liveResult(page) {
  const { run, status, queries } = parts(page);
  await firstResult(page);
  await run.click();
  await status.getByText(/ ms$| s$/).waitFor();
  await queries.first().waitFor();
}

/** Types a text, and a second one, and runs them. */
export async function run(page, text, pair = "") {
  const { text: field, pair: second, run: button } = parts(page);
  await field.fill(text);
  await second.fill(pair);
  await button.click();
}

/** Runs the text of a link, which waits for somebody to ask where a model has to be loaded for it. */
export async function runLinked(page) {
  await page.getByText(/This link shows another text\. Run reads it with/).waitFor();
  await parts(page).run.click();
}

/** Picks a model and waits for its result on the present text. */
export async function pickModel(page, name) {
  const { model, status } = parts(page);
  await model.selectOption({ label: name });
  await status.getByText(new RegExp(`^${name} · `)).waitFor();
}

/** The numbers beside the tokens of one side. */
export async function numbers(tokens) {
  const texts = await tokens.evaluateAll((rows) => rows.map((row) => row.querySelector(".weight").textContent));
  return texts.map(Number);
}

/** The visible words of tokens. */
export async function words(tokens) {
  return tokens.evaluateAll((rows) => rows.map((row) => row.querySelector("bdi").textContent));
}

/** A token's name in a list: with its position where another one looks the same. */
export function tokenName(tokens, at) {
  return tokens.filter((token) => token === tokens[at]).length > 1 ? `${tokens[at]} (${at})` : tokens[at];
}

/** Attentions of a bundled model on one text: { text, text_pair, tokens, next_token, attention(layer, head, query) }. */
export function golden(model, name) {
  const json = fixture(`golden-real/${model}/${name}.json`);
  const bytes = readFileSync(path.join(process.env.HEADLIGHT_FIXTURES, `golden-real/${model}/${name}.safetensors`));
  const start = 8 + Number(bytes.readBigUInt64LE(0));
  const header = JSON.parse(bytes.toString("utf8", 8, start));
  const attention = (layer, head, query) => {
    const { shape, data_offsets: offsets } = header[`attentions.${layer}`];
    const n = shape[2];
    const first = start + offsets[0] + (head * n + query) * n * 4;
    return Array.from({ length: n }, (_, key) => bytes.readFloatLE(first + key * 4));
  };
  return { ...json, attention };
}

/** The largest difference between two lists of numbers. */
export function distance(some, others) {
  if (some.length !== others.length) return Infinity;
  return Math.max(...some.map((value, index) => Math.abs(value - others[index])));
}
