// The documented block in a real notebook: executed and rendered by Jupyter, then looked at without a network.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { copyFileSync, cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after } from "node:test";
import { pathToFileURL } from "node:url";
import { words } from "./page.mjs";
import { distFile, pageTest } from "./support.mjs";

const folder = mkdtempSync(path.join(tmpdir(), "headlight-notebook-"));
after(() => rmSync(folder, { recursive: true, force: true }));

/** The block of docs/python.md that is about notebooks. */
function documented() {
  const document = readFileSync(path.join(import.meta.dirname, "../../docs/python.md"), "utf8");
  const blocks = [...document.matchAll(/^```python\n(.*?)^```/gms)].map(([, block]) => block);
  const found = blocks.filter((block) => block.includes("IPython"));
  assert.equal(found.length, 1);
  return found[0];
}

const cell = (source, index) => ({ cell_type: "code", execution_count: null, id: `cell-${index}`, metadata: {}, outputs: [], source });

/** A notebook of these cells, executed and rendered; the page it becomes. */
function rendered(cells) {
  const notebook = {
    cells: cells.map(cell),
    metadata: { kernelspec: { display_name: "Python 3", language: "python", name: "python3" }, language_info: { name: "python" } },
    nbformat: 4,
    nbformat_minor: 5,
  };
  writeFileSync(path.join(folder, "trace.ipynb"), JSON.stringify(notebook));
  const args = ["-m", "nbconvert", "--execute", "--to", "html", "--template", "classic", "trace.ipynb"];
  // Kernel and templates are where the packages are; what Jupyter keeps of its own goes with the folder.
  const env = {
    ...process.env,
    PYTHONPATH: [folder, process.env.PYTHONPATH].join(path.delimiter),
    JUPYTER_PATH: path.join(process.env.PYTHONPATH, "share/jupyter"),
    JUPYTER_CONFIG_DIR: path.join(folder, "config"),
    JUPYTER_DATA_DIR: path.join(folder, "data"),
    JUPYTER_RUNTIME_DIR: path.join(folder, "runtime"),
    IPYTHONDIR: path.join(folder, "ipython"),
  };
  execFileSync(process.env.HEADLIGHT_PYTHON, args, { cwd: folder, stdio: ["ignore", "pipe", "pipe"], env });
  return path.join(folder, "trace.html");
}

pageTest("a trace in a notebook, twice, without a network", async ({ page, context, shot }) => {
  copyFileSync(distFile("viewer.html"), path.join(folder, "viewer.html"));
  copyFileSync(distFile("example/first.safetensors"), path.join(folder, "trace.safetensors"));
  const html = rendered([documented(), 'show_trace("trace.safetensors", link="view=model")']);

  await context.setOffline(true);
  await page.goto(pathToFileURL(html).href);
  assert.equal(await page.locator("iframe").count(), 2);
  const frame = (index) => page.frameLocator("iframe").nth(index);
  const queries = frame(0).getByRole("listbox", { name: "Query tokens" }).getByRole("option");
  await queries.first().waitFor();
  assert.deepEqual((await words(queries)).slice(0, 4), ["[CLS]", "the", "cat", "sat"]);
  await frame(0).getByText("L2H9", { exact: true }).filter({ visible: true }).first().waitFor();
  await shot("notebook");
  await page.locator("iframe").nth(1).scrollIntoViewIfNeeded();
  await frame(1).getByRole("grid").first().waitFor();
  await frame(1).getByRole("tab", { name: "Head view" }).click();
  await frame(1).getByRole("combobox", { name: "Layer" }).selectOption("5");
  await frame(1).getByText("Layer 5, mean of all 12 heads").first().waitFor();
  assert.equal(await frame(0).getByRole("combobox", { name: "Layer" }).inputValue(), "2", "two in one notebook do not fight");
  await shot("notebook-second");
  // Jupyter's own page asks for MathJax and RequireJS, which are not there without a network; the frames ask for nothing.
}, { allow: [/ERR_INTERNET_DISCONNECTED|ERR_NAME_NOT_RESOLVED|MathJax|require/] });

/** The Python package as its wheel has it: with the built viewer inside. */
function withPackage() {
  const source = path.join(import.meta.dirname, "../../python/headlight");
  cpSync(source, path.join(folder, "headlight"), { recursive: true, filter: (file) => !file.includes("__pycache__") });
  copyFileSync(distFile("viewer.html"), path.join(folder, "headlight/viewer.html"));
}

/** As BertViz's notebooks call it, with weights that need no model. */
const BERTVIZ = `import numpy
from headlight import head_view, model_view
tokens = ["[CLS]", "the", "cat", "[SEP]", "a", "</script>", "[SEP]"]
scores = numpy.random.default_rng(0).normal(size=(3, 1, 4, 7, 7))
attention = numpy.exp(scores) / numpy.exp(scores).sum(axis=-1, keepdims=True)
head_view(list(attention), tokens, sentence_b_start=4, layer=2, heads=[1, 3])`;

pageTest("BertViz's calls in a notebook, without a network", async ({ page, context, shot }) => {
  withPackage();
  const returned = 'figure = model_view(attention, tokens, display_mode="dark", include_layers=[0, 2], html_action="return")\n'
    + 'open("figure.html", "w").write(figure.data)\nfigure';
  const html = rendered([BERTVIZ, returned]);
  await context.setOffline(true);
  await page.goto(pathToFileURL(html).href);
  const frame = (index) => page.frameLocator("iframe").nth(index);
  const queries = frame(0).getByRole("listbox", { name: "Query tokens" }).getByRole("option");
  await queries.first().waitFor();
  assert.deepEqual((await words(queries)).slice(3, 6), ["[SEP]", "a", "</script>"]);
  assert.equal(await frame(0).getByRole("combobox", { name: "Layer" }).inputValue(), "2");
  await frame(0).getByText("L2H1", { exact: true }).filter({ visible: true }).first().waitFor();
  await shot("notebook-bertviz");
  await page.locator("iframe").nth(1).scrollIntoViewIfNeeded();
  await frame(1).getByText("2 of 3 layers are in the file").first().waitFor();
  await shot("notebook-bertviz-model");
  // The HTML that "return" gives is a page too.
  await page.goto(pathToFileURL(path.join(folder, "figure.html")).href);
  await page.frameLocator("iframe").getByText("2 of 3 layers are in the file").first().waitFor();
}, { allow: [/ERR_INTERNET_DISCONNECTED|ERR_NAME_NOT_RESOLVED|MathJax|require/] });

/** What the documented block puts into a cell's output. */
function output() {
  copyFileSync(distFile("viewer.html"), path.join(folder, "viewer.html"));
  copyFileSync(distFile("example/first.safetensors"), path.join(folder, "trace.safetensors"));
  const shim = "import sys, types\nsys.modules['IPython'] = types.ModuleType('IPython')\n"
    + "sys.modules['IPython.display'] = shown = types.ModuleType('shown')\nshown.HTML, shown.display = str, print\n";
  const options = { cwd: folder, maxBuffer: 1 << 28, encoding: "utf8" };
  return execFileSync(process.env.HEADLIGHT_PYTHON, ["-c", shim + documented()], options);
}

/** As strict as VS Code is with notebooks where its setting for that is on. */
const STRICT = "default-src 'none'; script-src 'unsafe-inline' 'unsafe-eval'; style-src 'unsafe-inline'; img-src https: http: data:;"
  + " font-src https:; connect-src https:; child-src https: data:";

/** A page of somebody's with this in its body. */
const around = (body, head = "") => `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Notebook</title>${head}</head><body>${body}</body></html>`;

pageTest("a notebook's output under the policy of its editor, and in the sandbox of a hosted one", async ({ page, context, shot }) => {
  const cell = output();
  await context.setOffline(true);
  const file = path.join(folder, "output.html");
  const shows = async (frame) => {
    await frame.getByRole("listbox", { name: "Query tokens" }).getByRole("option").first().waitFor();
    await frame.getByRole("combobox", { name: "Layer" }).selectOption("5");
    await frame.getByText("L5H9", { exact: true }).filter({ visible: true }).first().waitFor();
  };
  writeFileSync(file, around(cell, `<meta http-equiv="Content-Security-Policy" content="${STRICT}">`));
  await page.goto(pathToFileURL(file).href);
  await shows(page.frameLocator("iframe"));
  await shot("notebook-strict");
  // Of another origin than everything, as Colab's outputs: it has no storage, and nothing of the page around it.
  const escaped = around(cell).replaceAll("&", "&amp;").replaceAll('"', "&quot;");
  writeFileSync(file, around(`<iframe sandbox="allow-scripts" width="100%" height="950" srcdoc="${escaped}"></iframe>`));
  await page.goto(pathToFileURL(file).href);
  await shows(page.frameLocator("iframe").frameLocator("iframe"));
  await shot("notebook-sandbox");
});
