// Five things that a new reader wants to do, each from what is on the page, with the presses that it takes.

import assert from "node:assert/strict";
import { inspect, parts, result } from "./page.mjs";
import { pageTest } from "./support.mjs";

pageTest("five tasks of a new reader, each in a few presses", async ({ page, context, open, shot }) => {
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  await open();
  const { text, head, scores, status } = parts(page);
  let presses = 0;
  const press = async (control, options) => {
    presses += 1;
    await control.click(options);
  };
  // A choice in a list is a press on the list and one on the option.
  const choose = async (list, option) => {
    presses += 2;
    await list.selectOption(option);
  };
  const took = (task, most) => {
    console.log(`${task}: ${presses} presses`);
    assert.ok(presses <= most, `${task}: ${presses} presses`);
    presses = 0;
  };
  const rows = scores.getByRole("row");

  await press(text);
  await press(page.getByRole("button", { name: /Mary and John/ }));
  await result(page, 14);
  await press(page.getByRole("tab", { name: "Matters" }));
  await choose(scores.getByRole("combobox", { name: "Score" }), "link");
  await choose(scores.getByRole("combobox", { name: "Key is read" }), "1");
  await rows.nth(1).getByText("L24H4").waitFor();
  await shot("task-1");
  took("which head reads “Mary” most from the last word", 7);

  await press(head(4), { button: "right" });
  await press(page.getByRole("menuitem", { name: "Zero L24H4" }));
  await page.getByRole("contentinfo").getByText(/^Outcome Mary − John 6\.12 → 6\.8/).waitFor();
  await shot("task-2");
  took("switch that head off, and see what becomes of the answer", 2);

  await inspect(page, "Matters");
  presses += 1;
  await choose(scores.getByRole("combobox", { name: "Score" }), { label: "previous token" });
  await scores.getByRole("columnheader", { name: "content tokens" }).waitFor();
  const previous = (await rows.nth(1).getByRole("button").textContent()).trim();
  const score = await rows.nth(1).getByRole("cell").nth(1).textContent();
  assert.ok(Number(score) > 0.7, `${previous}: ${score}`);
  await shot("task-3");
  took("find the heads that read the previous token", 3);

  await press(rows.nth(1).getByRole("button", { name: previous }));
  await press(page.getByRole("tab", { name: "Neuron view" }));
  await press(page.getByRole("tab", { name: "Selected" }));
  const neuron = page.getByRole("region", { name: "Neurons of the pair" }).getByRole("button", { name: /^neuron \d+/ }).first();
  await press(neuron, { button: "right" });
  await press(page.getByRole("menuitem", { name: / × 2$/ }).first());
  await page.getByRole("listitem").filter({ hasText: /Scale query neuron \d+ of L\d+H\d+ × 2/ }).waitFor();
  await status.getByText("· 14 tokens").waitFor();
  await shot("task-4");
  took("open a neuron of one of them and scale it", 5);

  await press(page.getByRole("button", { name: "Copy link" }));
  await page.getByText("The link was copied to the clipboard.").waitFor({ state: "attached" });
  const link = decodeURIComponent(await page.evaluate(() => navigator.clipboard.readText()));
  assert.ok(link.includes("view=neuron") && link.includes("scale_q_neuron") && link.includes("zero_head"), link);
  took("send the view to somebody", 1);
}, { context: { viewport: { width: 1440, height: 900 } } });
