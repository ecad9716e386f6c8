// Static hosts for tests that need more than the one page: somebody else's site, a site that changes, a site that goes away.

import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { readFileSync, statSync } from "node:fs";
import http from "node:http";
import path from "node:path";
import { distFile } from "./support.mjs";

const TYPES = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".wasm": "application/wasm",
  ".json": "application/json",
  ".svg": "image/svg+xml",
  ".png": "image/png",
  ".webmanifest": "application/manifest+json",
};

/**
 * Serves what `read` gives for a path (a Buffer, a text, or null) on a free port; returns { port, close }. Any site may fetch
 * from it, as from most hosts of static files. `headers` are sent with every file; `sent` gets the names of files that were sent whole,
 * and not only confirmed to be what the browser has.
 */
export async function serve(read, headers = {}, sent = []) {
  const server = http.createServer((request, response) => {
    const name = decodeURIComponent(new URL(request.url, "http://host").pathname).slice(1);
    const body = read(name);
    response.setHeader("Access-Control-Allow-Origin", "*");
    response.setHeader("Cache-Control", "no-cache");
    for (const [header, value] of Object.entries(headers)) response.setHeader(header, value);
    if (body === null || body === undefined) {
      response.statusCode = 404;
      return response.end();
    }
    const tag = `"${createHash("sha1").update(body).digest("hex")}"`;
    response.setHeader("ETag", tag);
    if (request.headers["if-none-match"] === tag) {
      response.statusCode = 304;
      return response.end();
    }
    sent.push(name);
    response.setHeader("Content-Type", TYPES[path.extname(name === "" || name.endsWith("/") ? "index.html" : name)] ?? "application/octet-stream");
    return response.end(body);
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const close = () =>
    new Promise((resolve) => {
      server.close(resolve);
      server.closeAllConnections();
    });
  return { port: server.address().port, close };
}

/** What is in a folder, by path; a folder means its index.html. */
export function fromFolder(folder) {
  return (name) => {
    const file = path.join(folder, name === "" || name.endsWith("/") ? `${name}index.html` : name);
    return statSync(file, { throwIfNoEntry: false })?.isFile() ? readFileSync(file) : null;
  };
}

/**
 * Serves the page's build with workers that begin with a script: what is seen from then on is a browser that lacks something. A
 * route of Playwright's would do that too, but then workers reach no other server. Returns { url, close }.
 */
export async function siteWithWorker(script) {
  const read = fromFolder(path.dirname(distFile("index.html")));
  const { port, close } = await serve((name) => (name === "worker_boot.js" ? `${script}\n${read(name)}` : read(name)));
  return { url: `http://127.0.0.1:${port}/`, close };
}

/** `python3 -m http.server` on a folder; returns { port, close }. */
export async function pythonServer(folder) {
  const python = spawn("python3", ["-u", "-m", "http.server", "0", "--bind", "127.0.0.1", "--directory", folder]);
  const port = await new Promise((resolve, reject) => {
    let said = "";
    python.on("error", reject);
    python.on("exit", () => reject(new Error(`python3 ended: ${said}`)));
    python.stdout.on("data", (text) => {
      said += text;
      const found = /port (\d+)/.exec(said);
      if (found) resolve(Number(found[1]));
    });
    python.stderr.on("data", () => {});
  });
  const close = () =>
    new Promise((resolve) => {
      python.removeAllListeners("exit");
      python.on("exit", resolve);
      python.kill();
    });
  return { port, close };
}
