// Conversations: messages with roles become what the model's chat template makes of them.
import assert from "node:assert/strict";
import { SMOLLM2, firstResult, inspect, openInput, parts, pickModel, result, words } from "./page.mjs";
import { accessibilityProblems, pageTest } from "./support.mjs";

const ROLES = ["system", "user"];

pageTest("a conversation is written, moved about, run, and linked", async ({ page, open, shot }) => {
  await open();
  await firstResult(page);
  await openInput(page);
  const kind = page.getByRole("combobox", { name: "Kind of input" });
  assert.deepEqual(await kind.locator("option").allTextContents(), ["Text", "Token ids", "Random block twice"], "no model with a template is loaded");
  await page.keyboard.press("Escape");
  await pickModel(page, SMOLLM2);
  await openInput(page);
  await kind.selectOption("Chat");
  const { run, alert, queries, predictions } = parts(page);
  await run.click();
  await alert.getByText("There is no message to read").waitFor();
  await openInput(page);
  const messages = page.getByRole("list", { name: "Messages" });
  const message = (number) => messages.getByRole("textbox", { name: `Message ${number}` });
  const role = (number) => messages.getByRole("combobox", { name: `Role of message ${number}` });

  // Two messages, the second one moved to the front with the keyboard.
  await message(1).fill("The capital of France is");
  await page.getByRole("button", { name: "Add message" }).click();
  await message(2).fill("Answer in one word.");
  await role(2).selectOption("system");
  await message(2).press("Alt+ArrowUp");
  assert.equal(await message(1).inputValue(), "Answer in one word.");
  assert.deepEqual([await role(1).inputValue(), await role(2).inputValue()], ROLES);
  assert.equal(await message(1).evaluate((element) => element === document.activeElement), true, "the focus moves along");
  const typed = page.getByRole("group", { name: "Tokens of the input" });
  await typed.getByText("<|im_start|>").nth(2).waitFor();
  assert.deepEqual(await typed.locator("[data-role]").evaluateAll((tokens) => [...new Set(tokens.map((token) => token.dataset.role))]), [...ROLES, "assistant"]);
  assert.deepEqual(await accessibilityProblems(page), []);
  await shot("chat-fields");

  // The model answers: what is predicted after the generation prompt.
  await message(2).press("Enter");
  await page.getByRole("listbox", { name: "Query tokens" }).getByRole("option", { name: /assistant/ }).first().waitFor();
  const read = await words(queries);
  assert.deepEqual(read.slice(0, 2), ["<|im_start|>", "system"]);
  assert.deepEqual(read.filter((word) => word === "<|im_start|>").length, 3);
  const bands = await queries.evaluateAll((tokens) => tokens.map((token) => token.dataset.role));
  assert.equal(bands.length, read.length);
  assert.deepEqual(bands.filter((band, at) => band !== bands[at - 1]), [...ROLES, "assistant"], "each message is one band");
  assert.equal(bands[read.indexOf("<|im_start|>", 1)], "user", "a message begins with its tag");
  await inspect(page, "Predicts");
  await predictions.getByRole("listitem").first().waitFor();
  assert.match(await predictions.getByRole("listitem").first().textContent(), /\p{L}.*0\.\d/u, "a word and its probability");
  await shot("chat");

  // The link holds the conversation, and without the prompt the last message is the last band.
  const address = new URL(page.url()).hash;
  assert.ok(decodeURIComponent(address).includes('chat=[{"role":"system","content":"Answer in one word."},{"role":"user"'), address);
  await openInput(page);
  await page.getByRole("checkbox", { name: "Add generation prompt" }).uncheck();
  await message(2).press("Enter");
  await result(page, read.length - bands.filter((band) => band === "assistant").length);
  await page.waitForFunction(() => location.hash.includes("prompt=0"));
});
