// How large the programs are on their way: compressed with brotli as static hosts do.

import { readFileSync } from "node:fs";
import path from "node:path";
import { brotliCompressSync, constants } from "node:zlib";

const FILES = [
  { name: "size_kb/page", file: "app_bg.wasm", most: 350 },
  { name: "size_kb/worker", file: "worker_bg.wasm", most: 1200 },
];

/** Prints a figure per program whose name contains `only`. */
export function measureSizes(folder, only) {
  for (const { name, file, most } of FILES.filter((one) => one.name.includes(only))) {
    const bytes = readFileSync(path.join(folder, file));
    const packed = brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length } });
    const kb = Math.round(packed.length / 100) / 10;
    console.log(JSON.stringify({ name, kb, bound: `at most ${most}`, met: kb <= most, plain_kb: Math.round(bytes.length / 1e3), how: `${file}, brotli at its best level` }));
  }
}
