// Figures of the Python package in notebooks, as people have them: JupyterLab, Notebook 7 and marimo with a kernel, and a saved
// notebook without one. `cargo xtask test --only python` runs it with the wheel and with HEADLIGHT_JUPYTER, a Python that has these.

import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import net from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { after } from "node:test";
import { pathToFileURL } from "node:url";
import { pageTest } from "../e2e/support.mjs";

const python = process.env.HEADLIGHT_JUPYTER;
const folder = mkdtempSync(path.join(tmpdir(), "headlight-jupyter-"));
const servers = [];
after(() => {
  servers.forEach((server) => process.kill(-server.pid, "SIGKILL"));
  rmSync(folder, { recursive: true, force: true });
});

const env = {
  ...process.env,
  JUPYTER_CONFIG_DIR: path.join(folder, "config"),
  JUPYTER_DATA_DIR: path.join(folder, "data"),
  JUPYTER_RUNTIME_DIR: path.join(folder, "runtime"),
  IPYTHONDIR: path.join(folder, "ipython"),
  XDG_CONFIG_HOME: path.join(folder, "config"),
};

/** A trace that needs no model, drawn twice, and what Python hears of the first figure. */
const CELLS = [
  `import numpy, headlight
scores = numpy.random.default_rng(0).normal(size=(3, 4, 5, 5))
weights = numpy.exp(scores) / numpy.exp(scores).sum(-1, keepdims=True)
trace = headlight.Trace(
    {f"blocks.{layer}.attn.hook_pattern": weights[layer] for layer in range(3)}, {"tokens": ["the", "cat", "sat", "on", "it"]})
view = headlight.show(trace, view="head", layer=1, heads=[2], height=700)
view`,
  `heard = []
view.observe(heard.append)
headlight.show(trace, view="model", height=500)`,
  'print("chosen", view.selection["layer"], view.selection["heads"], view.hover, len(heard) > 0)',
  "view.select(layer=0, heads=[0, 3])",
];

function notebook(name) {
  const cells = CELLS.map((source, index) => ({ cell_type: "code", execution_count: null, id: `cell-${index}`, metadata: {}, outputs: [], source }));
  const metadata = { kernelspec: { display_name: "Python 3", language: "python", name: "python3" }, language_info: { name: "python" } };
  writeFileSync(path.join(folder, name), JSON.stringify({ cells, metadata, nbformat: 4, nbformat_minor: 5 }));
}

async function freePort() {
  const server = net.createServer();
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Starts a server of notebooks and waits until it answers. */
async function started(module, options) {
  const port = await freePort();
  const args = ["-m", module, ...options(port)];
  const server = spawn(python, args, { cwd: folder, env, detached: true, stdio: ["ignore", "ignore", "pipe"] });
  servers.push(server);
  let said = "";
  server.stderr.on("data", (text) => (said += text));
  const address = `http://127.0.0.1:${port}`;
  for (const end = Date.now() + 120_000; Date.now() < end; ) {
    if (server.exitCode !== null) break;
    if (await fetch(address).then((response) => response.status < 500, () => false)) return address;
    await new Promise((resolve) => setTimeout(resolve, 300));
  }
  assert.fail(`${module} did not start: ${said}`);
}

const jupyter = (module) =>
  started(module, (port) => [
    ...["--no-browser", "--allow-root", `--port=${port}`, "--ServerApp.port_retries=0", "--IdentityProvider.token=", `--ServerApp.root_dir=${folder}`],
    ...["--LabApp.news_url=None", "--LabApp.expose_app_in_browser=True", "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate"],
  ]);

const layer = (frame) => frame.getByRole("combobox", { name: "Layer" });

/** Runs a cell as a reader does: a click into it, and Shift+Enter; once more where the kernel was not there yet. */
async function run(page, index, enter = (cell) => cell.click({ position: { x: 5, y: 5 } })) {
  const prompt = page.locator(".jp-CodeCell .jp-InputPrompt").nth(index);
  for (let tries = 0; tries < 20; tries++) {
    await enter(page.locator(".jp-CodeCell .cm-content").nth(index));
    await page.keyboard.press("Shift+Enter");
    const isRun = await prompt.getByText(/\[[\d*]+\]/).waitFor({ timeout: 3000 }).then(() => true, () => false);
    if (isRun) return prompt.getByText(/\[\d+\]/).waitFor();
  }
  assert.fail(`cell ${index} does not run`);
}

/** The notebook's figure follows the reader, Python hears it, and Python chooses in it. */
async function follows(page, shot, name) {
  await run(page, 0);
  const frame = page.frameLocator("iframe[srcdoc]").nth(0);
  assert.equal(await layer(frame).inputValue(), "1");
  await run(page, 1);
  await page.frameLocator("iframe[srcdoc]").nth(1).getByRole("grid").first().waitFor();
  await layer(frame).selectOption("2");
  await frame.getByRole("button", { name: "Head 3", exact: true }).dblclick();
  const query = frame.getByRole("listbox", { name: "Query tokens" }).getByRole("option").nth(1);
  await query.hover();
  await shot(`${name}-figures`);
  await page.waitForTimeout(500);
  // By the keyboard, so that the pointer stays.
  await run(page, 2, (cell) => cell.focus());
  await page.getByText("chosen 2 [3] {'query': 1} True").waitFor();
  await run(page, 3);
  const pressed = frame.getByRole("group", { name: "Heads" }).getByRole("button", { pressed: true });
  for (const head of [0, 3]) await pressed.and(frame.getByRole("button", { name: `Head ${head}`, exact: true })).waitFor();
  assert.deepEqual([await pressed.count(), await layer(frame).inputValue()], [2, "0"]);
}

// Notebooks report what their own parts do not find.
const NOISE = [/./];

pageTest("in JupyterLab the figure follows cell, theme and Python, and Python the figure", async ({ page, shot }) => {
  notebook("lab.ipynb");
  const address = await jupyter("jupyterlab");
  await page.setViewportSize({ width: 1600, height: 1000 });
  await page.goto(`${address}/lab/tree/lab.ipynb`);
  await page.locator(".jp-CodeCell").first().waitFor();
  await page.getByRole("button", { name: "No", exact: true }).click({ timeout: 5000 }).catch(() => {});
  await follows(page, shot, "lab");
  // As wide as the cell, whatever that is.
  const widths = async () => [
    await page.locator("iframe[srcdoc]").first().evaluate((one) => one.getBoundingClientRect().width),
    await page.locator(".jp-OutputArea-output:has(iframe)").first().evaluate((one) => one.getBoundingClientRect().width),
  ];
  const [wide, cell] = await widths();
  assert.ok(Math.abs(wide - cell) < 40, `${wide} in ${cell}`);
  await page.setViewportSize({ width: 1000, height: 1000 });
  await page.waitForFunction((was) => document.querySelector("iframe[srcdoc]").getBoundingClientRect().width < was - 300, wide);
  // The notebook turns dark, and so do its figures.
  const theme = () => page.frameLocator("iframe[srcdoc]").nth(0).locator("html").getAttribute("data-theme");
  assert.equal(await theme(), "light");
  await page.evaluate(() => window.jupyterapp.commands.execute("apputils:change-theme", { theme: "JupyterLab Dark" }));
  await page.waitForFunction(() => document.body.dataset.jpThemeLight === "false");
  await page.waitForTimeout(1000);
  assert.equal(await theme(), "dark");
  await shot("lab-dark");
}, { allow: NOISE, timeout: 400_000 });

pageTest("in Notebook 7 too", async ({ page, shot }) => {
  notebook("seven.ipynb");
  const address = await jupyter("notebook");
  await page.goto(`${address}/notebooks/seven.ipynb`);
  await page.locator(".jp-CodeCell").first().waitFor();
  await page.getByRole("button", { name: "No", exact: true }).click({ timeout: 5000 }).catch(() => {});
  await follows(page, shot, "seven");
}, { allow: NOISE, timeout: 400_000 });

pageTest("a saved notebook shows its figures without a kernel, and a picture without scripts", async ({ page, context, shot }) => {
  notebook("saved.ipynb");
  const args = ["-m", "nbconvert", "--execute", "--to", "html", "--template", "classic", "saved.ipynb"];
  execFileSync(python, args, { cwd: folder, env, stdio: ["ignore", "pipe", "pipe"] });
  await context.setOffline(true);
  const file = pathToFileURL(path.join(folder, "saved.html")).href;
  await page.goto(file);
  assert.equal(await page.locator("iframe").count(), 2);
  assert.equal(await layer(page.frameLocator("iframe").nth(0)).inputValue(), "1");
  await page.frameLocator("iframe").nth(1).getByRole("grid").first().waitFor();
  await shot("saved");
  // A reader of notebooks that takes frames out leaves the picture.
  await page.evaluate(() => document.querySelectorAll("iframe").forEach((frame) => frame.remove()));
  const picture = page.getByRole("img", { name: /^Attention of layer 1, heads 2/ });
  await picture.waitFor();
  assert.ok(await picture.evaluate((image) => image.naturalWidth > 50 && image.getBoundingClientRect().bottom > 100));
  await shot("saved-without-frames");
  const quiet = await (await page.context().browser().newContext({ javaScriptEnabled: false })).newPage();
  await quiet.goto(file);
  await quiet.frameLocator("iframe").nth(0).getByRole("img", { name: /^Attention of layer 1/ }).waitFor();
  await quiet.context().close();
}, { allow: NOISE, timeout: 400_000 });

const MARIMO = `import marimo
app = marimo.App()

@app.cell
def _():
    import marimo as mo
${CELLS[0].split("\n").slice(0, -1).map((line) => `    ${line}`).join("\n")}
    figure = mo.ui.anywidget(view.widget)
    figure
    return figure, mo, view

@app.cell
def _(figure, mo, view):
    figure.value
    mo.md(f"chosen {view.selection['layer']} {view.selection['heads']}")
    return

if __name__ == "__main__":
    app.run()
`;

pageTest("in marimo the figure is a widget, and cells follow it", async ({ page, shot }) => {
  writeFileSync(path.join(folder, "figure.py"), MARIMO);
  const address = await started("marimo", (port) => ["run", "figure.py", "--headless", "--no-token", `--port=${port}`, "--host=127.0.0.1"]);
  await page.goto(address);
  const frame = page.frameLocator("iframe[srcdoc]").first();
  await layer(frame).selectOption("2");
  await frame.getByRole("button", { name: "Head 3", exact: true }).dblclick();
  await page.getByText("chosen 2 [3]").waitFor();
  await shot("marimo");
}, { allow: NOISE, timeout: 400_000 });
