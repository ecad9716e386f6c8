// How large what is downloaded is on its way: compressed as static hosts do.

import { readFileSync } from "node:fs";
import path from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";

const brotli = (bytes) =>
  brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length } });
const gzip = (bytes) => gzipSync(bytes, { level: 9 });

const FILES = [
  { name: "size_kb/page", file: "app_bg.wasm", pack: brotli, most: 350 },
  { name: "size_kb/worker", file: "worker_bg.wasm", pack: brotli, most: 1200 },
  { name: "size_kb/worker_threads", file: "worker_threads_bg.wasm", pack: brotli, most: 1200 },
  { name: "size_kb/viewer", file: "viewer.html", pack: gzip, most: 400 },
];

/** Prints a figure per file whose name contains `only`. */
export function measureSizes(folder, only) {
  for (const { name, file, pack, most } of FILES.filter((one) => one.name.includes(only))) {
    const bytes = readFileSync(path.join(folder, file));
    const kb = Math.round(pack(bytes).length / 100) / 10;
    console.log(JSON.stringify({ name, kb, bound: `at most ${most}`, met: kb <= most, plain_kb: Math.round(bytes.length / 1e3), how: `${file}, ${pack.name} at its best level` }));
  }
}
