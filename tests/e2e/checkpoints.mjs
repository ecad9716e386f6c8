// The small golden checkpoints as models of the page: served by the browser's own interception, read by the page as any
// other model; and what Hugging Face transformers computed with them.

import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import path from "node:path";
import { fixture } from "./support.mjs";

const FILES = ["config.json", "tokenizer.json", "model.safetensors"];

const fileOf = (id, name) => readFileSync(path.join(process.env.HEADLIGHT_FIXTURES, "golden", id, name));

/** The name a checkpoint has in the page's list. */
export const nameOf = (id) => `${id} with seeded weights, F32`;

/** Puts checkpoints into the page's list of models, behind those that are bundled. Call before the page is opened. */
export async function serveCheckpoints(page, ids) {
  await serveAs(page, Object.fromEntries(ids.map((id) => [id, id])), async (route) => (await route.fetch()).json());
}

/** Makes checkpoints the page's only models: { id in the list: checkpoint }. Call before the page is opened. */
export async function serveOnlyCheckpoints(page, byId) {
  await serveAs(page, byId, () => []);
}

async function serveAs(page, byId, others) {
  const entries = Object.entries(byId).map(([id, checkpoint]) => ({
    id,
    name: nameOf(checkpoint),
    licence: "Apache-2.0",
    files: FILES.map((name) => {
      const bytes = fileOf(checkpoint, name);
      return { name, size: bytes.length, sha256: createHash("sha256").update(bytes).digest("hex") };
    }),
  }));
  const context = page.context();
  await context.route("**/models/index.json", async (route) => route.fulfill({ json: [...(await others(route)), ...entries] }));
  for (const [id, checkpoint] of Object.entries(byId)) {
    await context.route(`**/models/${id}/*`, (route) => {
      const name = new URL(route.request().url()).pathname.split("/").at(-1);
      const contentType = name.endsWith(".json") ? "application/json" : "application/octet-stream";
      return route.fulfill({ body: fileOf(checkpoint, name), contentType });
    });
  }
}

/** One case of a checkpoint: { text, text_pair, tokens, decoder_tokens, row(name, ...indices) }. */
export function checkpointCase(id, index) {
  const bytes = fileOf(id, "expected.safetensors");
  const start = 8 + Number(bytes.readBigUInt64LE(0));
  const header = JSON.parse(bytes.toString("utf8", 8, start));
  // The last axis of a tensor at the other indices.
  const row = (name, ...indices) => {
    const { shape, data_offsets: offsets } = header[`case${index}.${name}`];
    const n = shape.at(-1);
    const at = indices.reduce((sum, index, axis) => sum * shape[axis] + index, 0);
    return Array.from({ length: n }, (_, last) => bytes.readFloatLE(start + offsets[0] + (at * n + last) * 4));
  };
  return { ...fixture(`golden/${id}/expected.json`).cases[index], row };
}

/** Token of each id of a checkpoint. */
export function vocabulary(id) {
  const { model, added_tokens: added } = JSON.parse(fileOf(id, "tokenizer.json"));
  const tokens = Array.isArray(model.vocab)
    ? model.vocab.map(([token]) => token)
    : Object.entries(model.vocab).reduce((list, [token, at]) => Object.assign(list, { [at]: token }), []);
  added.forEach(({ id: at, content }) => { tokens[at] = content; });
  return tokens;
}
