// Views in somebody else's page: another site, all storage blocked, several at once, nothing unasked, nothing in the way.

import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, test } from "node:test";
import { fromFolder, serve } from "./host.mjs";
import { liveResult, parts } from "./page.mjs";
import { makeTrace } from "./traces.mjs";
import { accessibilityProblems, distFile, launchWithProfile, pageTest, screenshot, url, watch } from "./support.mjs";

const dist = path.dirname(distFile("index.html"));
const HEADLIGHT = url.replace(/\/$/, "");
const profile = mkdtempSync(path.join(tmpdir(), "headlight-embed-"));
after(() => rmSync(profile, { recursive: true, force: true }));

const frameOf = (page, index) => page.frameLocator("iframe").nth(index);
const stillOf = (frame, name) => frame.getByRole("img", { name });

/** The article's frames, as another site would take them over. */
function framesOfThePost() {
  const post = readFileSync(distFile("examples/post.html"), "utf8");
  const frames = [...post.matchAll(/<iframe\s+src="\.\.\/(embed\.html#[^"]+)"/g)].map(([, src]) => src);
  assert.equal(frames.length, 4);
  return frames;
}

/** Waits until something is so. */
async function until(isSo, what) {
  for (const end = Date.now() + 60_000; Date.now() < end; ) {
    if (await isSo()) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  assert.fail(`${what}: it is not`);
}

/** A page of another site (another host name, so other storage) with this in its body. */
async function elsewhere(body, { head = "" } = {}) {
  const html = `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Elsewhere</title>
    <link rel="icon" href="data:,">${head}</head><body>${body}</body></html>`;
  const read = fromFolder(dist);
  const server = await serve((name) => (name === "" ? html : read(name)));
  return { ...server, address: `http://localhost:${server.port}/` };
}

const blocked = { timeout: 300_000 };
test("the article’s embeds work in a page of another site with all storage blocked", blocked, async () => {
  // Third-party storage is off, as readers may set it.
  mkdirSync(path.join(profile, "Default"), { recursive: true });
  const preferences = { profile: { block_third_party_cookies: true, cookie_controls_mode: 1 } };
  writeFileSync(path.join(profile, "Default", "Preferences"), JSON.stringify(preferences));
  const context = await launchWithProfile(profile);
  const frames = framesOfThePost();
  const body = frames.map((src) => `<iframe src="${HEADLIGHT}/${src}" width="760" height="480"></iframe>`).join("\n");
  const host = await elsewhere(body);
  const problems = [];
  try {
    context.setDefaultTimeout(120_000);
    const page = await context.newPage();
    watch(page, problems);
    const asked = [];
    page.on("request", (request) => asked.push(request.url()));
    await page.goto(host.address);
    for (const index of frames.keys()) await stillOf(frameOf(page, index)).waitFor();
    assert.ok(!asked.some((one) => /worker|model\.safetensors|\.gguf/.test(one)), "a model was loaded unasked");
    const inside = page.frames().find((frame) => frame.url().includes("previous-word"));
    const storage = await inside.evaluate(async () => {
      const of = async (use) => {
        try {
          await use();
          return "allowed";
        } catch {
          return "blocked";
        }
      };
      return [await of(() => localStorage.length), await of(() => caches.open("x"))];
    });
    assert.deepEqual(storage, ["blocked", "blocked"], "this test is about blocked storage");

    const first = frameOf(page, 0);
    await first.getByRole("button", { name: "Explore" }).click();
    await first.getByRole("combobox", { name: "Layer" }).selectOption("3");
    await first.getByText("L3H2").first().waitFor();
    await first.getByRole("textbox", { name: "Text" }).fill("one two");
    await first.getByRole("button", { name: "Run" }).click();
    await first.getByRole("status", { name: "Status" }).getByText(/4 tokens .* (ms|s)$/).waitFor();
    // The others are as they were.
    assert.ok(await stillOf(frameOf(page, 1), /^Layer 9/).isVisible());
    assert.equal(await frameOf(page, 1).getByRole("textbox", { name: "Text" }).inputValue(), "The doctor asked the nurse a question. She");
    await screenshot(page, "embed-blocked");
  } finally {
    await context.close();
    await host.close();
  }
  assert.deepEqual(problems, []);
});

pageTest("an embed is as tall as its content, still until touched, and leaves scrolling to the page", async ({ page, shot }) => {
  const [src] = framesOfThePost();
  const host = await elsewhere(
    `<p style="height: 300px">Above</p><iframe src="/${src}" style="border: 0; width: 700px"></iframe><p style="height: 2000px">Below</p>`,
    { head: '<script type="module" src="/headlight-view.js"></script>' },
  );
  try {
    await page.goto(host.address);
    const frame = frameOf(page, 0);
    await stillOf(frame, /^Layer 0/).waitFor();
    const inside = page.frames().at(-1);
    const fits = () => until(async () => {
      const content = await inside.evaluate(() => document.querySelector(".embed").getBoundingClientRect().height);
      const height = await page.locator("iframe").evaluate((one) => one.getBoundingClientRect().height);
      return Math.abs(content - height) <= 2;
    }, "as tall as its content");
    await fits();
    assert.ok(await inside.evaluate(() => document.scrollingElement.scrollHeight <= innerHeight + 2), "nothing to scroll inside");

    const wheel = async () => {
      const before = await page.evaluate(() => scrollY);
      const box = await page.locator("iframe").boundingBox();
      await page.mouse.move(box.x + box.width / 2, box.y + Math.min(box.height / 2, 200));
      await page.mouse.wheel(0, 120);
      await page.waitForFunction((was) => scrollY !== was, before);
      await page.evaluate(() => scrollTo(0, 0));
    };
    await wheel();
    const entries = await page.evaluate(() => history.length);
    await shot("embed-still");
    // Nothing in a still picture takes the keyboard: Tab goes on to its button.
    await frame.getByRole("button", { name: "Explore" }).focus();
    await page.keyboard.press("Enter");
    await frame.getByRole("combobox", { name: "Layer" }).selectOption("1");
    await frame.getByText("L1H2").first().waitFor();
    await wheel();
    await fits();
    assert.equal(await page.evaluate(() => history.length), entries, "the host’s history is its own");
    await shot("embed-awake");
  } finally {
    await host.close();
  }
});

pageTest("embeds have the colours of their host", async ({ page }) => {
  const [src] = framesOfThePost();
  const host = await elsewhere(`<iframe src="/${src}"></iframe>`, {
    head: `<style>:root { color-scheme: light } :root.night { color-scheme: dark }</style><script type="module" src="/headlight-view.js"></script>`,
  });
  try {
    await page.goto(host.address);
    const root = frameOf(page, 0).locator("html");
    await frameOf(page, 0).getByText("Open in Headlight").waitFor();
    const has = (name) => until(async () => (await root.getAttribute("data-theme")) === name, `the colours are ${name}`);
    await has("light");
    await page.evaluate(() => document.documentElement.classList.add("night"));
    await has("dark");
    await page.evaluate(() => document.documentElement.classList.remove("night"));
    await has("light");
  } finally {
    await host.close();
  }
}, { context: { colorScheme: "dark" } });

pageTest("embeds stand on what lies behind them, and take the colours that are read on it", async ({ page, shot }) => {
  const [src] = framesOfThePost();
  // None of these says what its colour scheme is.
  const grounds = { "rgb(253, 246, 227)": "light", "rgb(27, 27, 31)": "dark", "rgb(128, 0, 32)": "dark" };
  const sections = Object.keys(grounds).map((colour) => `<section style="background: ${colour}"><iframe src="/${src}" style="border: 0"></iframe></section>`);
  const host = await elsewhere(sections.join(""), { head: '<script type="module" src="/headlight-view.js"></script>' });
  try {
    await page.goto(host.address);
    for (const [index, [colour, theme]] of Object.entries(grounds).entries()) {
      const root = frameOf(page, index).locator("html");
      await until(async () => (await root.getAttribute("data-theme")) === theme, `${colour} is ${theme}`);
      const styles = await root.evaluate((html) => [
        getComputedStyle(html).getPropertyValue("--paper").trim(), getComputedStyle(document.body).backgroundColor, getComputedStyle(html).colorScheme,
      ]);
      assert.deepEqual(styles, [colour, "rgba(0, 0, 0, 0)", theme]);
    }
    // What is seen at the frame's corner is the host's colour.
    const box = await page.locator("iframe").first().boundingBox();
    const png = await page.screenshot({ clip: { x: box.x + 1, y: box.y + 1, width: 2, height: 2 } });
    const pixel = await page.evaluate(async (base64) => {
      const picture = await createImageBitmap(await (await fetch(`data:image/png;base64,${base64}`)).blob());
      const brush = new OffscreenCanvas(1, 1).getContext("2d");
      brush.drawImage(picture, 0, 0);
      return [...brush.getImageData(0, 0, 1, 1).data];
    }, png.toString("base64"));
    assert.deepEqual(pixel, [253, 246, 227, 255]);
    await shot("embed-grounds");
  } finally {
    await host.close();
  }
});

pageTest("a frame with a sandbox is as tall as its content, a long trace as tall as the host allows", async ({ page, shot }) => {
  const [src] = framesOfThePost();
  const { bytes } = makeTrace(140, 4, 8);
  const read = fromFolder(dist);
  const html = `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Elsewhere</title><link rel="icon" href="data:,">
    <script type="module" src="/headlight-view.js"></script></head><body>
    <iframe sandbox="allow-scripts" src="/${src}" width="700"></iframe>
    <headlight-view src="long.safetensors"></headlight-view><headlight-view src="long.safetensors" max-height="500"></headlight-view></body></html>`;
  const server = await serve((name) => (name === "" ? html : name === "long.safetensors" ? bytes : read(name)));
  try {
    await page.goto(`http://localhost:${server.port}/`);
    const height = (place) => place.evaluate((frame) => Number.parseFloat(frame.style.height));
    const sandboxed = page.locator("body > iframe");
    await stillOf(sandboxed.contentFrame(), /^Layer 0/).waitFor();
    await until(async () => (await height(sandboxed)) > 200, "the frame with a sandbox has its height");
    for (const [index, most] of [900, 500].entries()) {
      const frame = page.locator("headlight-view").nth(index).locator("iframe");
      await frame.scrollIntoViewIfNeeded();
      await stillOf(frame.contentFrame()).waitFor();
      await until(async () => (await height(frame)) > 400, "it follows its content");
      assert.ok((await height(frame)) <= most, `${await height(frame)}`);
    }
    await shot("embed-long");
  } finally {
    await server.close();
  }
}, { allow: [/storage|sandbox/i] });

pageTest("an embed without an input is a line of text", async ({ page }) => {
  const host = await elsewhere(
    `<headlight-view id="a"></headlight-view><headlight-view id="b" layer="2"><img alt="A still" width="100" height="50" src="icon.svg"></headlight-view>
     <iframe src="/embed.html#v=1&layer=2"></iframe>`,
    { head: '<script type="module" src="/headlight-view.js"></script>' },
  );
  try {
    await page.goto(host.address);
    await page.locator("#a").getByText("This headlight-view shows nothing: give it a trace (src)").waitFor();
    assert.equal(await page.locator("#b").getByRole("img", { name: "A still" }).isVisible(), true);
    assert.equal(await page.locator("headlight-view iframe, headlight-view button").count(), 0);
    const frame = frameOf(page, 0);
    await frame.getByText("This frame shows nothing").waitFor();
    assert.equal(await frame.getByRole("button", { name: "Run" }).isVisible(), false);
    await page.locator("#a").evaluate((element) => element.setAttribute("src", "example/first.safetensors"));
    await stillOf(page.locator("#a").frameLocator("iframe")).waitFor();
  } finally {
    await host.close();
  }
});

pageTest("the element shows a trace of its own page, follows its attributes, and says what is wrong", async ({ page, shot }) => {
  // The element comes from one site, the trace from another: the frame asks for neither.
  const headlight = await serve(fromFolder(dist));
  const host = await elsewhere(
    `<headlight-view id="a" src="example/first.safetensors" view="head" layer="2" heads="0,3"></headlight-view>
     <headlight-view id="b" src="example/first.safetensors" view="model"></headlight-view>
     <headlight-view id="c" src="none.safetensors"></headlight-view>
     <headlight-view id="d" src="example/first.safetensors" layer="1"><img alt="A still" width="100" height="50" src="icon.svg"></headlight-view>`,
    { head: `<script type="module" src="http://127.0.0.1:${headlight.port}/headlight-view.js"></script>` },
  );
  const asked = [];
  page.on("request", (request) => asked.push(request.url()));
  try {
    await page.goto(host.address);
    const frame = (id) => page.locator(`#${id}`).frameLocator("iframe");
    await stillOf(frame("a"), /^Layer 2/).waitFor();
    await stillOf(frame("b")).waitFor();
    assert.equal(asked.filter((one) => one.endsWith("/first.safetensors")).length, 1, "two elements fetch one trace once");
    await frame("c").getByRole("alert").getByText("none.safetensors could not be fetched").waitFor();
    assert.equal(await page.locator("#d iframe").count(), 0, "its still picture is enough");
    await page.getByRole("button", { name: "Explore this attention" }).press("Enter");
    await stillOf(frame("d"), /^Layer 1/).waitFor();
    await page.locator("#a").evaluate((element) => element.setAttribute("layer", "4"));
    await stillOf(frame("a"), /^Layer 4/).waitFor();
    await shot("embed-element");
  } finally {
    await host.close();
    await headlight.close();
  }
}, { allow: [/404/] });

pageTest("the article: five live figures", async ({ page, shot }) => {
  await page.goto(`${url}examples/post.html`);
  assert.equal(await page.locator("iframe").count(), 5);
  for (const [index, title] of ["L0H2", "L9H4", "L5H7", "L18H6", "L1H4"].entries()) {
    const place = page.locator(`iframe[title*="${title}"]`);
    await place.scrollIntoViewIfNeeded();
    const frame = place.contentFrame();
    await frame.getByText(title, { exact: true }).first().waitFor();
    await stillOf(frame).waitFor();
    await shot(`post-${index + 1}`);
  }
  assert.deepEqual(await accessibilityProblems(page), []);
});

pageTest("an embed on its own meets what assistive technology needs, still and awake, wide and narrow, light and dark", async ({ page, shot }) => {
  const [src] = framesOfThePost();
  await page.goto(`${url}${src.replaceAll("&amp;", "&")}`);
  await page.getByRole("button", { name: "Explore" }).waitFor();
  assert.deepEqual(await accessibilityProblems(page), []);
  await page.getByRole("button", { name: "Explore" }).press("Enter");
  await page.getByRole("combobox", { name: "Layer" }).waitFor();
  assert.deepEqual(await accessibilityProblems(page), []);
  await page.emulateMedia({ colorScheme: "dark" });
  await page.setViewportSize({ width: 360, height: 800 });
  assert.deepEqual(await accessibilityProblems(page), []);
  await shot("embed-narrow-dark");
});

pageTest("the embed code shows a run elsewhere: a picture until it is touched, the model with Run", async ({ page, context, open, shot }) => {
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  await open();
  await liveResult(page);
  await parts(page).layer.selectOption("4");
  await parts(page).head(2).dblclick();
  await page.getByText("L4H2", { exact: true }).filter({ visible: true }).first().waitFor();
  await page.getByRole("button", { name: "Embed" }).click();
  const dialog = page.getByRole("dialog", { name: "Show this view in another page" });
  await dialog.getByRole("checkbox", { name: /^With a still picture/ }).waitFor();
  await shot("embed-dialog");
  await dialog.getByRole("button", { name: "Copy embed code" }).click();
  await dialog.getByRole("button", { name: "Copied" }).waitFor();
  const code = await page.evaluate(() => navigator.clipboard.readText());
  assert.equal(code, await dialog.getByRole("textbox", { name: "Embed code" }).inputValue());

  const host = await elsewhere(`<main>${code}</main>`);
  const asked = [];
  const fresh = await context.newPage();
  fresh.on("request", (request) => asked.push(request.url()));
  try {
    await fresh.goto(host.address);
    await fresh.getByRole("img", { name: "Attention inside all-MiniLM-L6-v2, F32" }).waitFor();
    assert.ok(!asked.some((one) => one.includes("embed.html")), "a picture is enough");
    await fresh.getByRole("button", { name: "Explore this attention" }).click();
    const frame = frameOf(fresh, 0);
    await frame.getByRole("textbox", { name: "Text", exact: true }).waitFor();
    assert.ok(!asked.some((one) => one.includes("model.safetensors")), "a model was loaded unasked");
    await frame.getByRole("button", { name: "Run" }).click();
    await frame.getByRole("status", { name: "Status" }).getByText(/15 tokens .* (ms|s)$/).waitFor();
    await frame.getByText("L4H2", { exact: true }).filter({ visible: true }).first().waitFor();
    await screenshot(fresh, "embed-run");
  } finally {
    await host.close();
  }
});
