// README's table of costs, made of the figures `cost/LAYERS/TOKENS`: how a run grows beside a line that grows as tokens do, and
// one that grows as their square does.

import { readFileSync, writeFileSync } from "node:fs";

const START = "<!-- costs: made by `cargo xtask bench --table` -->";
const END = "<!-- end of costs -->";

/** Puts the table into the file; says what is missing where a figure was not measured. */
export function writeTable(file, figures) {
  const costs = new Map();
  for (const { name, median_ms: ms, memory_bytes: memory, weight_bytes: weights } of figures) {
    const [, layers, tokens] = name.match(/^cost\/(\d+)\/(\d+)$/) ?? [];
    if (layers) costs.set(`${layers}/${tokens}`, { layers: Number(layers), tokens: Number(tokens), ms, beside: memory - weights });
  }
  const of = (key) => [...new Set([...costs.values()].map((cost) => cost[key]))].sort((a, b) => a - b);
  const [layers, tokens] = [of("layers"), of("tokens")];
  if (layers.length < 2 || tokens.length < 2) throw new Error("the table needs the figures cost/…: --only cost, or no --only");
  const most = layers.at(-1);
  const first = costs.get(`${most}/${tokens[0]}`).ms;
  const row = (cells) => `| ${cells.join(" | ")} |`;
  const time = (ms) => (ms < 1_000 ? `${Math.round(ms)} ms` : `${(ms / 1_000).toFixed(1)} s`);
  const lines = [
    row(["tokens", ...layers.map((n) => `${n} layers`), `as n (${most})`, `as n² (${most})`, `memory (${most})`]),
    row(["--:", ...layers.map(() => "--:"), "--:", "--:", "--:"]),
    ...tokens.map((n) => row([
      n.toLocaleString("en"),
      ...layers.map((layer) => time(costs.get(`${layer}/${n}`).ms)),
      time(first * (n / tokens[0])),
      time(first * (n / tokens[0]) ** 2),
      `${Math.round(costs.get(`${most}/${n}`).beside / 1e6)} MB`,
    ])),
  ];
  const text = readFileSync(file, "utf8");
  const [start, end] = [text.indexOf(START), text.indexOf(END)];
  if (start < 0 || end < start) throw new Error(`${file} has no place for the table`);
  writeFileSync(file, `${text.slice(0, start + START.length)}\n${lines.join("\n")}\n${text.slice(end)}`);
}
