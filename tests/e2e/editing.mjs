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
    against: panel.getByRole("combobox", { name: "Compare with" }),
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

/** Where an edit is made, with its fields. */
export function editForm(page) {
  const group = page.getByRole("group", { name: "Add an edit" });
  return {
    group,
    kind: group.getByRole("combobox", { name: "Kind of edit" }),
    options: group.getByRole("option"),
    result: group.getByRole("status", { name: "Edit to add" }),
    add: group.getByRole("button", { name: "Add", exact: true }),
  };
}

/** Adds an edit of what is selected: its kind by typing, once its name is as expected. */
export async function addEdit(page, kind, name) {
  const form = editForm(page);
  await form.kind.fill(kind);
  await form.kind.press("Enter");
  await form.result.getByText(name).waitFor();
  await form.add.click();
}

/** Starts a sweep. */
export async function startSweep(page, what) {
  const panel = page.getByRole("region", { name: "Sweep" });
  await panel.getByRole("combobox", { name: "What to try" }).selectOption({ label: what });
  await panel.getByRole("button", { name: "Sweep", exact: true }).press("Enter");
  return panel;
}
