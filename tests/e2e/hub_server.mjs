// A server with the Hub's addresses on this machine, for pages: CORS as the Hub has it, and the ways in which servers
// misbehave. Repositories are added by tests: { files: { name: Buffer }, fault }.

import { createHash } from "node:crypto";
import http from "node:http";

export const COMMIT = "0123456789abcdef0123456789abcdef01234567";

/** From this length on files are large: their SHA-256 is listed, and they are reached by a redirection. */
const LARGE = 20_000;

const CORS = {
  "Access-Control-Allow-Origin": "*",
  "Access-Control-Expose-Headers": "X-Error-Code,ETag,Accept-Ranges,Content-Range,Retry-After",
};

/**
 * Starts it. Faults: breaks (bytes per answer), holds (bytes after which an answer stands still while this is set) and then drops
 * (its connection), waits (how many answers of 429), signIn (how many answers are the start of a sign-in page, without an ETag), page
 * (a web page for every file), damaged, short, long, listing or files ([status, word]), silent (no CORS), sizes (what the listing says
 * they are, by file). `asked` lists what was asked for: "file" or "file from N".
 */
export async function startHub() {
  const repositories = new Map();
  const asked = [];
  const server = http.createServer((request, response) => answer(repositories, asked, request, response));
  await new Promise((done) => server.listen(0, "127.0.0.1", done));
  const url = `http://127.0.0.1:${server.address().port}/mirror`;
  const stop = () => {
    server.closeAllConnections();
    return new Promise((done) => server.close(done));
  };
  return { url, asked, put: (name, files, fault = {}) => repositories.set(name, { files, fault }), stop };
}

async function answer(repositories, asked, request, response) {
  const parts = new URL(request.url, "http://hub").pathname.split("/").slice(2).map(decodeURIComponent);
  const say = (status, headers = {}, body = "") => response.writeHead(status, { ...CORS, ...headers }).end(body);
  if (request.method === "OPTIONS") return say(404);
  if (parts[0] === "api") {
    const [, , owner, name, , revision] = parts;
    const repository = repositories.get(`${owner}/${name}`);
    if (!repository) return say(401, { "X-Error-Code": "RepoNotFound" });
    const { files, fault } = repository;
    if (fault.listing) return say(fault.listing[0], { "X-Error-Code": fault.listing[1] });
    if (!["main", COMMIT].includes(revision)) return say(404, { "X-Error-Code": "RevisionNotFound" });
    const siblings = Object.entries(files).map(([rfilename, bytes]) => {
      const size = fault.sizes?.[rfilename] ?? bytes.length;
      const lfs = { sha256: createHash("sha256").update(bytes).digest("hex"), size };
      return { rfilename, size, ...(size >= LARGE && { lfs }) };
    });
    const body = JSON.stringify({ id: `${owner}/${name}`, sha: COMMIT, tags: ["license:mit"], siblings });
    if (fault.silent) return response.writeHead(200).end(body);
    return say(200, { "Content-Type": "application/json" }, body);
  }
  const isStore = parts[0] === "store";
  const [owner, name, , , file] = isStore ? [parts[1], parts[2], "", "", parts[3]] : parts;
  const { files, fault } = repositories.get(`${owner}/${name}`) ?? { files: {}, fault: {} };
  let bytes = files[file];
  if (!bytes) return say(404, { "X-Error-Code": "EntryNotFound" });
  const isLarge = bytes.length >= LARGE;
  if (isLarge && !isStore) return say(302, { Location: `/mirror/store/${owner}/${name}/${encodeURIComponent(file)}` });
  const from = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? "")?.[1] ?? 0);
  asked.push(from > 0 ? `${file} from ${from}` : file);
  if (fault.files) return say(fault.files[0], { "X-Error-Code": fault.files[1] });
  if (fault.waits > 0) {
    fault.waits -= 1;
    return say(429, { "Retry-After": "1" });
  }
  if (fault.page) return say(200, { "Content-Type": "text/html" }, "<!doctype html><title>Sign in</title>");
  if (fault.signIn > 0) {
    fault.signIn -= 1;
    response.writeHead(200, { ...CORS, "Content-Length": bytes.length });
    response.write("x".repeat(100), () => setTimeout(() => response.socket?.destroy(), 300));
    return;
  }
  if (isLarge && fault.damaged) bytes = Buffer.concat([bytes.subarray(0, 1000), Buffer.from([bytes[1000] ^ 1]), bytes.subarray(1001)]);
  if (isLarge && fault.short) bytes = bytes.subarray(0, bytes.length - 10);
  if (isLarge && fault.long) bytes = Buffer.concat([bytes, Buffer.alloc(10)]);
  if (from >= bytes.length) return say(416, { "Content-Range": `bytes */${bytes.length}` });
  const body = bytes.subarray(from);
  const headers = { ...CORS, ETag: '"one"', "Accept-Ranges": "bytes", "Content-Length": body.length };
  if (from > 0) headers["Content-Range"] = `bytes ${from}-${bytes.length - 1}/${bytes.length}`;
  response.writeHead(from > 0 ? 206 : 200, headers);
  if (isLarge && fault.holds) {
    const n = fault.holds;
    response.write(body.subarray(0, n));
    while (fault.holds && !response.destroyed) await new Promise((done) => setTimeout(done, 20));
    return fault.drops ? response.socket?.destroy() : response.end(body.subarray(n));
  }
  if (!(isLarge && fault.breaks)) return response.end(body);
  response.write(body.subarray(0, fault.breaks), () => {
    // Whole again: nothing is broken off. Else the connection is gone in the middle, a moment later: what a browser has not
    // read when it hears of that is lost.
    if (fault.breaks >= body.length) response.end();
    else setTimeout(() => response.socket?.destroy(), 300);
  });
}
