// The dialog "More models" as tests use it, and small checkpoints for a Hub of their own.

import { readFileSync } from "node:fs";
import path from "node:path";
import { firstResult, parts } from "./page.mjs";

const small = (name) => path.join(process.env.HEADLIGHT_FIXTURES, "golden", name);

/** The files of a small checkpoint. */
export function checkpoint(name) {
  const files = ["config.json", "tokenizer.json", "model.safetensors"];
  return Object.fromEntries(files.map((file) => [file, readFileSync(path.join(small(name), file))]));
}

/** The dialog's parts. */
export function dialog(page) {
  const box = page.getByRole("dialog", { name: "More models" });
  return {
    box,
    open: page.getByRole("button", { name: "More models" }),
    repo: box.getByRole("textbox", { name: "Repository" }),
    lookUp: box.getByRole("button", { name: "Look up" }),
    alert: box.getByRole("alert"),
    found: box.getByRole("region", { name: "Found" }),
    load: box.getByRole("button", { name: /load/ }),
  };
}

/** Opens the page with a server on this machine as its Hub, and the dialog. */
export async function openedWithHub(page, open, hubUrl) {
  await page.addInitScript((url) => localStorage.setItem("headlight.hub", url), hubUrl);
  await open();
  return openDialog(page);
}

/** Opens the dialog of a page that was gone to. */
export async function openDialog(page) {
  await firstResult(page);
  const shown = dialog(page);
  await shown.open.click();
  await shown.repo.waitFor();
  return shown;
}

/** Looks a repository up. */
export async function lookUp(page, repo) {
  const { repo: field, lookUp: button } = dialog(page);
  await field.fill(repo);
  await button.click();
}

/** Waits for the result of a model. */
export async function loads(page, name) {
  await parts(page).status.getByText(new RegExp(`^${name} · `)).waitFor();
}

/** A safetensors file with a tensor more, so that it is as long as this. */
export function padded(bytes, length) {
  const start = 8 + Number(bytes.readBigUInt64LE(0));
  const header = JSON.parse(bytes.toString("utf8", 8, start));
  const end = bytes.length - start;
  const more = length - bytes.length;
  header["zz.padding"] = { dtype: "F32", shape: [Math.floor(more / 4)], data_offsets: [end, end + 4 * Math.floor(more / 4)] };
  const json = Buffer.from(JSON.stringify(header));
  const head = Buffer.alloc(8);
  head.writeBigUInt64LE(BigInt(json.length));
  return Buffer.concat([head, json, bytes.subarray(start), Buffer.alloc(4 * Math.floor(more / 4))]);
}
