// A page in Firefox or WebKit with the part of Playwright's API that the tests for all browsers use: the same test runs in each. What is
// missing here throws as any missing function does, so such a test says what it lacks. Clicks and keys are real input.

import assert from "node:assert/strict";
import { readdirSync, statSync, writeFileSync } from "node:fs";
import path from "node:path";
import { find } from "./roles.mjs";
import { startSession } from "./webdriver.mjs";

const WAIT_MS = 60_000;
/** Two clicks on one place within this time are a double click. */
const DOUBLE_CLICK_MS = 600;
const KEYS = { End: "\uE010", Home: "\uE011", ArrowDown: "\uE015", ArrowLeft: "\uE012", ArrowRight: "\uE014", ArrowUp: "\uE013", Enter: "\uE007", Escape: "\uE00C", Space: " ", Tab: "\uE004", Control: "\uE009", Shift: "\uE008" };

const pause = (ms) => new Promise((wake) => setTimeout(wake, ms));

/** Repeats `attempt` until it gives something else than undefined. */
async function until(attempt, what, timeout = WAIT_MS) {
  let last = "";
  for (const end = Date.now() + timeout; Date.now() < end; await pause(40)) {
    const value = await attempt().catch((error) => {
      last = error.message;
    });
    if (value !== undefined) return value;
  }
  throw new Error(`${what}: not within ${timeout / 1000} s${last && `; last: ${last}`}`);
}

/** RegExps as JSON. */
const plain = (value) => (value instanceof RegExp ? { source: value.source, flags: value.flags } : value);

/** Collects what goes wrong in the page, where no driver tells of it. */
function listen() {
  if (window.problemsForTest) return;
  const problems = (window.problemsForTest = []);
  const write = console.error;
  console.error = (...said) => {
    problems.push(`console: ${said.join(" ")}`);
    write.apply(console, said);
  };
  // Playwright leaves out what browsers say of a figure that is measured again in the next frame.
  const isReal = ({ message }) => message && !message.startsWith("ResizeObserver loop");
  addEventListener("error", (event) => isReal(event) && problems.push(`uncaught: ${event.message}`));
  addEventListener("unhandledrejection", (event) => problems.push(`uncaught: ${event.reason}`));
  document.addEventListener("securitypolicyviolation", (event) => problems.push(`policy violation: ${event.violatedDirective} blocked ${event.blockedURI || "inline code"}`));
}

/** A browser with one page. */
export async function drivenPage(browser, viewport) {
  const session = await startSession(browser);
  const page = new Page(session);
  await page.setViewportSize(viewport);
  return page;
}

class Page {
  constructor(session) {
    this.session = session;
    this.problems = [];
    this.keyboard = { press: (keys) => this.press(keys) };
    this.mouse = { move: (x, y) => this.point([{ type: "pointerMove", duration: 0, x: Math.round(x), y: Math.round(y) }]) };
  }

  close = () => this.session.close();

  async goto(address) {
    await this.collect();
    // A fragment alone does not load anew.
    await this.session.send("Navigate", { url: address });
    await this.evaluate(listen);
  }

  /** By the page itself: Firefox's command passes the service worker by. */
  async reload() {
    await this.collect();
    await this.evaluate(() => {
      window.isLeftForTest = true;
      setTimeout(() => location.reload());
    });
    await this.waitForFunction(() => !window.isLeftForTest && document.readyState !== "loading");
    await this.evaluate(listen);
  }

  async goBack() {
    await this.evaluate(() => history.back());
    await pause(200);
  }

  waitForTimeout = pause;

  /** Keeps the problems of the page that is left. */
  async collect() {
    this.problems.push(...(await this.evaluate(() => window.problemsForTest?.splice(0) ?? [])));
  }

  async setViewportSize({ width, height }) {
    let size = { width, height };
    // The window is larger than what it shows by what the browser draws around it.
    for (let attempt = 0; attempt < 10; attempt += 1) {
      await this.session.send("SetWindowRect", { x: 0, y: 0, ...size });
      await pause(50);
      const [w, h] = await this.evaluate(() => [innerWidth, innerHeight]);
      if (w === width && h === height) return;
      if (size.width + width - w < 100) break;
      size = { width: size.width + width - w, height: size.height + height - h };
    }
    throw new Error(`${this.session.browser} shows no page of ${width} × ${height}`);
  }

  /** Runs a function in the page, or in one of its frames; a text is run as a script. */
  async evaluate(run, argument, frame) {
    const work = typeof run === "function" ? `(${run})(arguments[0])` : `(() => { ${run} })()`;
    const script = `const done = arguments[arguments.length - 1];
      Promise.resolve().then(() => ${work})
        .then((value) => done({ value: JSON.stringify(value) }), (error) => done({ error: String(error) }));`;
    const { value, error } = await this.inFrame(frame, () => this.session.send("ExecuteAsyncScript", { script, args: [argument ?? null] }));
    if (error) throw new Error(error);
    return value === undefined || value === null ? undefined : JSON.parse(value);
  }

  async inFrame(frame, act) {
    if (frame === undefined) return act();
    await this.session.send("SwitchToFrame", { id: frame });
    try {
      return await act();
    } finally {
      await this.session.send("SwitchToFrame", { id: null });
    }
  }

  waitForFunction(run, argument) {
    return until(async () => (await this.evaluate(run, argument)) || undefined, `${run}`);
  }

  point(actions) {
    return this.session.send("PerformActions", { actions: [{ type: "pointer", id: "mouse", parameters: { pointerType: "mouse" }, actions }] });
  }

  async press(combination) {
    const keys = combination.split("+").map((key) => KEYS[key] ?? key);
    const actions = [...keys.map((value) => ({ type: "keyDown", value })), ...keys.reverse().map((value) => ({ type: "keyUp", value }))];
    await this.session.send("PerformActions", { actions: [{ type: "key", id: "keyboard", actions }] });
  }

  async screenshot({ path: file }) {
    writeFileSync(file, Buffer.from(await this.session.send("TakeScreenshot"), "base64"));
  }

  /** Resolves with the next file that is saved: { path(), suggestedFilename() }. */
  async waitForEvent(event) {
    assert.equal(event, "download", "of events, downloads alone are known here");
    const names = () => readdirSync(this.session.downloads);
    const before = new Set(names());
    const name = await until(async () => {
      const all = names();
      if (all.some((one) => /\.(part|wkdownload)$/.test(one))) return undefined;
      return all.find((one) => !before.has(one) && statSync(path.join(this.session.downloads, one)).size > 0);
    }, "a download");
    return { path: async () => path.join(this.session.downloads, name), suggestedFilename: () => name };
  }

  waitForURL(fits) {
    return until(async () => fits(new URL(await this.evaluate(() => location.href))) || undefined, "the address");
  }

  frameLocator(css) {
    assert.equal(css, "iframe", "frames are counted");
    return { nth: (index) => new Locator(this, [], index) };
  }

  locator = (css) => new Locator(this, []).locator(css);
  getByRole = (role, options) => new Locator(this, []).getByRole(role, options);
  getByText = (text, options) => new Locator(this, []).getByText(text, options);
  getByLabel = (text, options) => new Locator(this, []).getByLabel(text, options);
}

class Locator {
  constructor(page, steps, frame) {
    Object.assign(this, { page, steps, frame });
  }

  with = (step) => new Locator(this.page, [...this.steps, step], this.frame);
  locator = (css) => this.with({ css });
  getByRole = (role, { name, ...options } = {}) => this.with({ role, name: plain(name), ...options });
  getByText = (text, options) => this.with({ text: plain(text), ...options });
  getByLabel = (label, options) => this.with({ label: plain(label), ...options });
  filter = ({ hasText, visible }) => this.with({ filter: { hasText: plain(hasText), visible } });
  and = ({ steps }) => this.with({ and: steps });
  nth = (nth) => this.with({ nth });
  first = () => this.nth(0);
  last = () => this.nth(-1);

  /** Runs `run(elements, argument, isShown)` in the page. */
  all(run, argument) {
    const { steps } = this;
    return this.page.evaluate(
      `const { steps, argument } = ${JSON.stringify({ steps, argument })};
      const { found, isShown } = (${find})(steps);
      return (${run})(found, argument, isShown);`,
      null,
      this.frame,
    );
  }

  /** The same for the one element that there has to be, once it is there. */
  one(run, argument) {
    const script = `(found, argument, isShown) => {
      if (found.length !== 1) throw new Error(found.length + " elements");
      return Promise.resolve((${run})(found[0], argument, isShown)).then((value) => ({ value }));
    }`;
    return until(() => this.all(script, argument), `${this}`).then(({ value }) => value);
  }

  toString() {
    return JSON.stringify(this.steps);
  }

  waitFor({ state = "visible", timeout } = {}) {
    const is = async () => {
      const [n, shown] = await this.all((found, _, isShown) => [found.length, found.filter(isShown).length]);
      if (n > 1) throw new Error(`${n} elements`);
      return { visible: shown === 1, attached: n === 1, detached: n === 0, hidden: shown === 0 }[state] || undefined;
    };
    return until(is, `${this} is ${state}`, timeout);
  }

  count = () => this.all((found) => found.length);
  evaluate = (run, argument) => this.one(run, argument);
  evaluateAll = (run, argument) => this.all(run, argument);
  allTextContents = () => this.all((found) => found.map((one) => one.textContent));
  textContent = () => this.one((one) => one.textContent);
  getAttribute = (name) => this.one((one, name) => one.getAttribute(name), name);
  inputValue = () => this.one((one) => one.value);
  isChecked = () => this.one((one) => one.checked ?? one.getAttribute("aria-checked") === "true");
  isDisabled = () => this.one((one) => one.disabled);
  isEnabled = () => this.one((one) => !one.disabled);
  isVisible = () => this.all((found, _, isShown) => found.length === 1 && isShown(found[0]));
  focus = () => this.one((one) => one.focus());

  async press(keys) {
    await this.focus();
    await this.page.press(keys);
  }

  async pressSequentially(text) {
    for (const letter of text) await this.press(letter);
  }

  boundingBox() {
    return this.one((one) => {
      const { x, y, width, height } = one.getBoundingClientRect();
      return { x, y, width, height };
    });
  }

  /** Where the pointer reaches the element, once it is there, is enabled and moves no more. */
  async at() {
    const place = () =>
      this.one(async (one, _, isShown) => {
        if (!isShown(one) || one.disabled) throw new Error("not shown or not enabled");
        const box = () => {
          const { left, top, width, height } = one.getBoundingClientRect();
          return [left + width / 2, top + height / 2];
        };
        let [x, y] = box();
        if (x < 0 || y < 0 || x > innerWidth || y > innerHeight || !one.contains(document.elementFromPoint(x, y))) one.scrollIntoView({ block: "center", behavior: "instant" });
        [x, y] = box();
        await new Promise(requestAnimationFrame);
        if (box().join() !== [x, y].join()) throw new Error("it moves");
        const there = document.elementFromPoint(x, y);
        if (!one.contains(there) && !there?.contains(one) && ![...(one.labels ?? [])].some((label) => label.contains(there))) throw new Error(`${there?.outerHTML.slice(0, 80)} is in front`);
        return [Math.round(x), Math.round(y)];
      });
    const [x, y] = await place();
    return { type: "pointerMove", duration: 0, x, y };
  }

  async hover() {
    const move = await this.at();
    await this.page.inFrame(this.frame, () => this.page.point([move]));
  }

  async click({ button = "left", clickCount = 1 } = {}) {
    const number = button === "right" ? 2 : 0;
    const press = [{ type: "pointerDown", button: number }, { type: "pointerUp", button: number }];
    const move = await this.at();
    const { clicked } = this.page;
    if (clicked?.x === move.x && clicked.y === move.y) await pause(clicked.at + DOUBLE_CLICK_MS - Date.now());
    this.page.clicked = { ...move, at: Date.now() };
    await this.page.inFrame(this.frame, () => this.page.point([move, ...Array(clickCount).fill(press).flat()]));
  }

  dblclick = () => this.click({ clickCount: 2 });

  async check() {
    if (!(await this.isChecked())) await this.click();
  }

  fill(text) {
    return this.one((one, text) => {
      if (one.disabled || one.readOnly) throw new Error("not enabled");
      one.focus();
      one.select();
      // As typed: leaving the field is a change then.
      document.execCommand(text === "" ? "delete" : "insertText", false, text);
      if (one.value !== text) throw new Error(`it holds ${one.value}`);
    }, text);
  }

  selectOption(wanted) {
    return this.one((one, wanted) => {
      const option = [...one.options].find(({ value, label }) => (typeof wanted === "string" ? value === wanted || label === wanted : label === wanted.label));
      if (!option || one.disabled) throw new Error("no such option");
      one.focus();
      option.selected = true;
      one.dispatchEvent(new Event("input", { bubbles: true }));
      one.dispatchEvent(new Event("change", { bubbles: true }));
    }, wanted);
  }

  setInputFiles({ name, buffer }) {
    return this.one((one, { name, base64 }) => {
      const transfer = new DataTransfer();
      transfer.items.add(new File([Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0))], name));
      one.files = transfer.files;
      one.dispatchEvent(new Event("input", { bubbles: true }));
      one.dispatchEvent(new Event("change", { bubbles: true }));
    }, { name, base64: buffer.toString("base64") });
  }
}
