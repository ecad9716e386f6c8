// What every end-to-end test needs: a browser, a fresh profile per test, and the rule that a page which logs an error,
// throws, breaks its Content-Security-Policy or asks for something that is not there has failed, whatever else it does.
//
//   import { pageTest } from "./support.mjs";
//   pageTest("shows a heading", async ({ page, open, shot }) => {
//     await open();                       // or open("#v=1&view=head"); waits until the page has started
//     await page.getByRole("tab", { name: "Head view" }).click();
//     await shot("head-view");            // kept in HEADLIGHT_SHOTS when that is set
//   });
//
// Runs under `cargo xtask e2e`, which sets the HEADLIGHT_ variables read here.

import assert from "node:assert/strict";
import { mkdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { after, describe, test } from "node:test";
import { pathToFileURL } from "node:url";
import { drivenPage } from "./driven_page.mjs";
import { EVERYWHERE } from "./elsewhere.mjs";
import { closeSessions, others } from "./webdriver.mjs";

const tools = createRequire(path.join(setting("HEADLIGHT_NODE_TOOLS"), "package.json"));
const { chromium, devices } = tools("playwright-core");

/** A phone as Playwright knows it, as options of a context: its window, its touch screen, its name. */
export function device(name) {
  const { defaultBrowserType, ...context } = devices[name];
  return context;
}

/** Where the page is served, with a slash at the end. */
export const url = setting("HEADLIGHT_URL");

/** The same page on disk. */
export const diskUrl = pathToFileURL(path.join(setting("HEADLIGHT_DIST"), "index.html")).href;

/** A file of the built page on disk. */
export const distFile = (name) => path.join(setting("HEADLIGHT_DIST"), name);

/** Folder with one folder per bundled model. */
export const modelsFolder = setting("HEADLIGHT_MODELS");

const TEST_TIMEOUT_MS = 300_000;
const START_TIMEOUT_MS = 60_000;
const WAIT_MS = 120_000;
/** A browser that hangs ends its test long before it would end the run. */
const DRIVEN_TIMEOUT_MS = 120_000;

function setting(name) {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set: run the end-to-end tests with \`cargo xtask e2e\``);
  return value;
}

let browser;

async function startedBrowser() {
  // Playwright gives it a fresh user data folder and adds --headless itself.
  browser ??= await chromium.launch({
    executablePath: setting("HEADLIGHT_CHROMIUM"),
    args: setting("HEADLIGHT_CHROMIUM_ARGS").split(" ").filter((arg) => arg !== "--headless"),
  });
  return browser;
}

/** A browser of its own on a profile folder, for what only settings of the profile can do. */
export async function launchWithProfile(folder) {
  return chromium.launchPersistentContext(folder, {
    executablePath: setting("HEADLIGHT_CHROMIUM"),
    args: setting("HEADLIGHT_CHROMIUM_ARGS").split(" ").filter((arg) => arg !== "--headless"),
    viewport: { width: 1280, height: 800 },
  });
}

after(async () => {
  await browser?.close();
  await closeSessions();
});

/**
 * One test on one page in a fresh context.
 *
 * `body` gets { page, context, open, shot, problems }. Options: `allow`, regular expressions for problems that belong to
 * the test; `context`, options for Playwright's context (colour scheme, viewport, offline ...); `timeout` in ms; `skip`.
 * Tests that elsewhere.mjs names run in Firefox and WebKit too, where these are.
 */
export function pageTest(name, body, { allow = [], context: contextOptions = {}, timeout = TEST_TIMEOUT_MS, skip = false } = {}) {
  if (EVERYWHERE.has(name) && others.length > 0) {
    describe(`${name}, elsewhere`, { concurrency: true }, () => {
      for (const other of others) drivenTest(name, other, body, { allow, contextOptions });
    });
  }
  test(name, { timeout, skip }, async (t) => {
    // Tests of what works offline allow the service worker; to all others it would only be in the way.
    const defaults = { viewport: { width: 1280, height: 800 }, serviceWorkers: "block" };
    const context = await (await startedBrowser()).newContext({ ...defaults, ...contextOptions });
    // Long, because a model runs here on whatever machine this is; nothing is judged by its time.
    context.setDefaultTimeout(WAIT_MS);
    const problems = [];
    context.on("page", (page) => watch(page, problems));
    const page = await context.newPage();
    const shot = (shotName) => screenshot(page, shotName);
    const open = async (fragment = "", options = {}) => {
      await page.goto(url + fragment, options);
      await page.locator("#boot").waitFor({ state: "detached", timeout: START_TIMEOUT_MS });
    };
    try {
      await body({ page, context, open, shot, problems, t });
    } catch (error) {
      await shot(`failed-${name}`).catch(() => {});
      if (problems.length > 0) t.diagnostic(`the page reported: ${problems.join("; ")}`);
      throw error;
    } finally {
      await context.close();
    }
    const unexpected = problems.filter((problem) => !allow.some((pattern) => pattern.test(problem)));
    assert.deepEqual(unexpected, [], "the page reported problems");
  });
}

/** The same test in a browser that Playwright does not drive. */
function drivenTest(name, other, body, { allow, contextOptions }) {
  test(`${name} (${other})`, { timeout: DRIVEN_TIMEOUT_MS }, async (t) => {
    const page = await drivenPage(other, contextOptions.viewport ?? { width: 1280, height: 800 });
    const shot = (shotName) => screenshot(page, `${shotName}-${other}`);
    const open = async (fragment = "") => {
      await page.goto(url + fragment);
      await page.locator("#boot").waitFor({ state: "detached" });
    };
    try {
      await body({ page, open, shot, problems: page.problems, t });
      await page.collect();
    } catch (error) {
      await shot(`failed-${name}`).catch(() => {});
      await page.collect().catch(() => {});
      if (page.problems.length > 0) t.diagnostic(`the page reported: ${page.problems.join("; ")}`);
      throw error;
    } finally {
      await page.close();
    }
    const unexpected = page.problems.filter((problem) => !allow.some((pattern) => pattern.test(problem)));
    assert.deepEqual(unexpected, [], "the page reported problems");
  });
}

/** Keeps the worker's exports where a test can reach them: what follows is its own code, only seen from outside. */
export async function exposeWorker(page) {
  const made = "exports = await program.default(";
  await page.context().route("**/worker_boot.js*", async (route) => {
    const response = await route.fetch();
    const body = await response.text();
    assert.ok(body.includes(made), "worker_boot.js makes its exports in another way");
    await route.fulfill({ response, body: body.replace(made, `exports = self.exportsForTest = await program.default(`) });
  });
}

/** Collects, as text, whatever went wrong on a page; console messages of its workers arrive here too. */
export function watch(page, problems) {
  page.on("console", (message) => {
    if (message.type() === "error") problems.push(`console: ${message.text()} (${message.location().url})`);
  });
  page.on("pageerror", (error) => problems.push(`uncaught: ${error.message}`));
  page.on("crash", () => problems.push("the page crashed"));
  page.on("response", (response) => {
    if (response.status() >= 400) problems.push(`status ${response.status()}: ${response.url()}`);
  });
  page.addInitScript(() => {
    document.addEventListener("securitypolicyviolation", (event) => {
      console.error(`policy violation: ${event.violatedDirective} blocked ${event.blockedURI || "inline code"}`);
    });
  });
}

/** Saves what the page looks like, when HEADLIGHT_SHOTS names a folder. */
export async function screenshot(page, name) {
  const folder = process.env.HEADLIGHT_SHOTS;
  if (!folder) return;
  mkdirSync(folder, { recursive: true });
  await page.screenshot({ path: path.join(folder, `${name.replaceAll(/[^\w-]+/g, "-")}.png`) });
}

/** What axe-core finds wrong with the page's accessibility, one line each. `rules`: rules of axe that are not on by default. */
export async function accessibilityProblems(page, rules = []) {
  // Evaluated by the debugger, which the Content-Security-Policy does not bind.
  await page.evaluate(tools("axe-core").source);
  const enabled = Object.fromEntries(rules.map((rule) => [rule, { enabled: true }]));
  const { violations } = await page.evaluate((rules) => window.axe.run({ rules }), enabled);
  return violations.map((one) => `${one.id}: ${one.help} (${one.nodes.map((node) => node.target.join(" ")).join(", ")})`);
}

/** A JSON file below tests/fixtures. */
export function fixture(name) {
  return JSON.parse(readFileSync(path.join(setting("HEADLIGHT_FIXTURES"), name), "utf8"));
}
