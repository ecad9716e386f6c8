// The panel that changes the model, as tests use it.

import assert from "node:assert/strict";

/** Waits until `check` gives null; it says what it found else. */
export async function soon(check, what) {
  let last;
  for (let attempt = 0; attempt < 300; attempt += 1) {
    last = await check();
    if (last === null) return;
    await new Promise((wake) => setTimeout(wake, 200));
  }
  assert.fail(`${what}: ${last}`);
}

/** Opens the panel beside the views, if it is shut, and says where its parts are. */
export async function openPanel(page) {
  const button = page.getByRole("button", { name: /^Change the model/ });
  if ((await button.getAttribute("aria-expanded")) === "false") await button.click();
  const panel = page.getByRole("region", { name: "Change the model" });
  const outcome = panel.getByRole("region", { name: "Outcome" });
  await outcome.waitFor();
  return {
    panel,
    outcome,
    edits: panel.getByRole("region", { name: "Edits" }),
    values: outcome.getByRole("table", { name: "Outcome values" }),
    against: panel.getByRole("combobox", { name: "B is" }),
    shown: (name) => page.getByRole("radiogroup", { name: "Shown" }).getByRole("radio", { name, exact: true }),
  };
}

/** Chooses two answer tokens to follow. */
export async function tokenOutcome({ outcome }, answer, other) {
  for (const [name, text] of [["Answer token", answer], ["Other token", other]]) {
    const field = outcome.getByRole("textbox", { name });
    await field.fill(text);
    await field.press("Tab");
  }
}

/** Waits until a row of the outcome's table holds these numbers. */
export async function outcomeRow(values, name, expected) {
  const cells = values.getByRole("row", { name: new RegExp(`^${name}\\b`) }).getByRole("cell");
  await soon(async () => {
    const numbers = (await cells.allTextContents()).map((text) => Number(text.replace("−", "-")));
    const fits = expected.every((value, at) => Math.abs(numbers[at] - value) < (at === 0 ? 2e-3 : 1e-3));
    return fits ? null : numbers.join(" ") || "no such row";
  }, `${name}: ${expected}`);
}

/** Chooses an edit of what is selected, by the beginning of its name, and adds it. */
export async function addEdit(page, name) {
  const group = page.getByRole("group", { name: "Add an edit" });
  const offers = group.getByRole("combobox", { name: "Add an edit" });
  await soon(async () => ((await offers.locator("option").allTextContents()).some((offer) => name.test(offer)) ? null : "not offered"), `${name}`);
  const label = (await offers.locator("option").allTextContents()).find((offer) => name.test(offer));
  await offers.selectOption({ label });
  await group.getByRole("button", { name: "Add", exact: true }).click();
}
