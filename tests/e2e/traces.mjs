// Traces made by a test, in the file format of the page: opened, saved, or in the place of the first example.

import { readFileSync } from "node:fs";
import path from "node:path";

/** The spec of the first example, as the build wrote it. */
function specOfExample() {
  const bytes = readFileSync(path.join(process.env.HEADLIGHT_DIST, "example/first.safetensors"));
  const header = JSON.parse(bytes.toString("utf8", 8, 8 + Number(bytes.readBigUInt64LE(0))));
  return JSON.parse(header.__metadata__.headlight).spec;
}

/** A trace of layers that are all alike: { bytes, tokens, weights(head, query) }. Equal sizes give equal numbers. */
export function makeTrace(nTokens, nHeads, dHead, nLayers = 1) {
  const spec = {
    ...specOfExample(), n_layers: nLayers, n_heads: nHeads, n_key_value_heads: nHeads, d_head: dHead, d_model: nHeads * dHead, n_ctx: nTokens, attn_scale: 1 / Math.sqrt(dHead),
  };
  let seed = 7;
  const number = () => {
    seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
    return (seed / 4_294_967_296 - 0.5) * 6;
  };
  const size = nTokens * nHeads * dHead;
  const [q, k] = [0, 1].map(() => Float32Array.from({ length: size }, number));
  const tokens = Array.from({ length: nTokens }, (_, at) => `t${at}`);
  const metadata = {
    format: 1, tokens, token_form: "plain", text: tokens.slice(0, 3).join(" "), spec, model: { name: "A trace of a test" },
  };
  const shape = [nTokens, nHeads, dHead];
  const layers = Array.from({ length: nLayers }, (_, layer) => layer);
  const hooks = layers.flatMap((layer) => {
    const start = layer * size * 8;
    return [
      [`blocks.${layer}.attn.hook_q`, { dtype: "F32", shape, data_offsets: [start, start + size * 4] }],
      [`blocks.${layer}.attn.hook_k`, { dtype: "F32", shape, data_offsets: [start + size * 4, start + size * 8] }],
    ];
  });
  const json = Buffer.from(JSON.stringify({ __metadata__: { headlight: JSON.stringify(metadata) }, ...Object.fromEntries(hooks) }));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(json.length));
  const bytes = Buffer.concat([length, json, ...layers.flatMap(() => [Buffer.from(q.buffer), Buffer.from(k.buffer)])]);
  const scale = 1 / Math.sqrt(dHead);
  const weights = (head, query) => {
    const at = (position) => (position * nHeads + head) * dHead;
    const scores = tokens.map((_, key) => {
      let dot = 0;
      for (let d = 0; d < dHead; d += 1) dot += q[at(query) + d] * k[at(key) + d];
      return dot * scale;
    });
    const most = Math.max(...scores);
    const powers = scores.map((score) => Math.exp(score - most));
    const sum = powers.reduce((total, power) => total + power, 0);
    return powers.map((power) => power / sum);
  };
  return { bytes, tokens, weights };
}

/** Lets the page begin with a trace. Call before it is opened. */
export async function serveTrace(page, { bytes }) {
  const context = page.context();
  await context.route("**/example/first.safetensors", (route) => route.fulfill({ body: bytes, contentType: "application/octet-stream" }));
  await context.route("**/example/first.json", (route) => route.fulfill({ json: { top: [] } }));
}

/** A trace of F32 tensors, { shape, values } by name, with what its metadata says. */
export function traceFile(tensors, about) {
  const header = about ? { __metadata__: { headlight: JSON.stringify(about) } } : {};
  let end = 0;
  const parts = Object.entries(tensors).map(([name, { shape, values }]) => {
    const data = Buffer.from(new Float32Array(values).buffer);
    header[name] = { dtype: "F32", shape, data_offsets: [end, end + data.length] };
    end += data.length;
    return data;
  });
  const json = Buffer.from(JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(json.length));
  return Buffer.concat([length, json, ...parts]);
}

/** The ways to open and save a trace. */
export function ways(page) {
  return {
    open: page.getByRole("button", { name: "Open trace" }),
    save: page.getByRole("button", { name: "Save trace" }),
    dialog: (name) => page.getByRole("dialog", { name }),
    file: page.getByLabel("Trace file"),
    url: page.getByLabel("URL of a trace"),
  };
}

/** Opens a trace as a file that was picked. */
export async function openFile(page, name, buffer) {
  const { open, file } = ways(page);
  await open.click();
  await file.setInputFiles({ name, mimeType: "application/octet-stream", buffer });
}

/** Saves with the dialog; returns the file and the size that was said before. */
export async function saved(page, what, precision = "f32") {
  const { save, dialog } = ways(page);
  await save.click();
  const box = dialog("Save as a trace");
  const choice = box.getByRole("radio", { name: new RegExp(`^${what}(?!,)`) });
  await choice.check();
  await box.getByRole("radio", { name: new RegExp(`^${precision}`) }).check();
  const said = await box.getByRole("button", { name: /^Save \d/ }).textContent();
  const download = page.waitForEvent("download");
  await box.getByRole("button", { name: /^Save \d/ }).click();
  const file = await download;
  return { name: file.suggestedFilename(), bytes: readFileSync(await file.path()), said };
}
