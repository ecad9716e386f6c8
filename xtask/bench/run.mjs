// Opens the measuring page in headless Chromium and prints the JSON of its `BENCH ` lines, until it says that it is
// done; then measures the drawing of the page itself. What else the browser says goes to standard error.

import { createRequire } from "node:module";
import path from "node:path";
import { measureDrawing } from "./drawing.mjs";
import { measureFirstScreen } from "./first_screen.mjs";
import { measureSizes } from "./sizes.mjs";
import { writeTable } from "./table.mjs";
import { measureWarmAnswer } from "./warm_answer.mjs";

const { chromium } = createRequire(path.join(process.env.HEADLIGHT_NODE_TOOLS, "package.json"))("playwright-core");

const browser = await chromium.launch({
  executablePath: process.env.HEADLIGHT_CHROMIUM,
  args: process.env.HEADLIGHT_CHROMIUM_ARGS.split(" ").filter((arg) => arg !== "--headless"),
});
const { HEADLIGHT_URL: url, HEADLIGHT_ONLY: only, HEADLIGHT_PEERS: peers } = process.env;
const figures = [];
measureSizes(process.env.HEADLIGHT_DIST, only);
await measureFirstScreen(browser, url, only);
await measureWarmAnswer(browser, url, only);
const page = await browser.newPage();
const failure = await new Promise((finish) => {
  page.on("console", (message) => {
    const text = message.text();
    if (text.startsWith("BENCH ")) {
      console.log(text.slice("BENCH ".length));
      figures.push(JSON.parse(text.slice("BENCH ".length)));
    } else if (text === "BENCH-DONE") finish(null);
    else if (text.startsWith("BENCH-FAILED: ")) finish(text.slice("BENCH-FAILED: ".length));
    else console.error(`browser: ${text}`);
  });
  page.on("pageerror", (error) => finish(error.message));
  page.on("crash", () => finish("the page crashed"));
  const query = `only=${encodeURIComponent(only)}${peers ? "&peers" : ""}`;
  page.goto(`${url}bench.html?${query}`).catch((error) => finish(error.message));
});
if (failure === null) {
  await page.close();
  await measureDrawing(browser, url, only);
}
await browser.close();
if (failure === null && process.env.HEADLIGHT_TABLE) writeTable(process.env.HEADLIGHT_TABLE, figures);
if (failure !== null) {
  console.error(`error: the measurements stopped: ${failure}`);
  process.exitCode = 1;
}
