// How large what is downloaded is on its way: compressed as static hosts do.

import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";

const brotli = (bytes) =>
  brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length } });
const gzip = (bytes) => gzipSync(bytes, { level: 9 });

/** `files` says which of a folder's files; several are packed each on its own. */
const FIGURES = [
  // What is fetched before the first figure, and what is fetched after it.
  { name: "size_kb/page", files: /^(app\.js|app_bg\.wasm|split_reader\.wasm|chunk_.*\.wasm)$/, pack: brotli, most: 450 },
  { name: "size_kb/page_views", files: /^split_views\.wasm$/, pack: brotli },
  { name: "size_kb/worker", files: /^worker_bg\.wasm$/, pack: brotli, most: 1300 },
  { name: "size_kb/worker_threads", files: /^worker_threads_bg\.wasm$/, pack: brotli, most: 1300 },
  { name: "size_kb/viewer", files: /^viewer\.html$/, pack: gzip, most: 800 },
];

/** Prints the figures whose names contain `only`. */
export function measureSizes(folder, only) {
  for (const { name, files, pack, most } of FIGURES.filter((one) => one.name.includes(only))) {
    const names = readdirSync(folder).filter((file) => files.test(file)).sort();
    const contents = names.map((file) => readFileSync(path.join(folder, file)));
    const sum = (lengths) => lengths.reduce((all, one) => all + one, 0);
    const kb = Math.round(sum(contents.map((bytes) => pack(bytes).length)) / 100) / 10;
    const plain_kb = Math.round(sum(contents.map((bytes) => bytes.length)) / 1e3);
    const bound = most === undefined ? {} : { bound: `at most ${most}`, met: kb <= most };
    console.log(JSON.stringify({ name, kb, ...bound, plain_kb, how: `${names.join(", ")}: ${pack.name} at its best level` }));
  }
}
