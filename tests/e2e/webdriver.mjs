// Firefox and WebKit by the commands of WebDriver. WebKit gets them over HTTP from its own driver. Firefox gets them on its Marionette
// socket, which speaks the same commands and is what geckodriver passes them on to: Debian has no geckodriver.
//
// A session is one browser with a fresh profile. `cargo xtask` sets the variables read here; a browser without one is left out.

import { spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import net from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";

/** A driver that answers nothing for so long hangs. */
const ANSWER_MS = 60_000;
/** Everything that one file of tests does in these browsers. */
const FILE_MS = 600_000;

/** The WebDriver commands that the tests use, as method and path. */
const COMMANDS = {
  DeleteSession: ["DELETE", ""],
  ExecuteAsyncScript: ["POST", "/execute/async"],
  Navigate: ["POST", "/url"],
  PerformActions: ["POST", "/actions"],
  SetTimeouts: ["POST", "/timeouts"],
  SetWindowRect: ["POST", "/window/rect"],
  SwitchToFrame: ["POST", "/frame"],
  TakeScreenshot: ["GET", "/screenshot"],
};

/** The browsers beside Chromium that are on this machine. */
export const others = [["Firefox", "HEADLIGHT_FIREFOX"], ["WebKit", "HEADLIGHT_WEBKIT"]].filter(([, name]) => process.env[name]).map(([browser]) => browser);

const open = new Set();
let guard;

/** Ends what is still open: browsers of tests that ran out of time too. */
export async function closeSessions() {
  clearTimeout(guard);
  await Promise.all([...open].map((session) => session.close()));
}

/** Starts a browser; returns { browser, send(command, parameters), downloads, close }. `downloads` is the folder of saved files. */
export async function startSession(browser) {
  const home = mkdtempSync(path.join(tmpdir(), "headlight-browser-"));
  const downloads = path.join(home, "Downloads");
  mkdirSync(downloads);
  const children = [];
  const start = (program, args, { env = {}, stdio = "ignore" } = {}) => {
    // A group of its own, so that the processes of the browser end with it.
    const child = spawn(program, args, { detached: true, stdio, env: { ...process.env, HOME: home, XDG_RUNTIME_DIR: home, ...env } });
    child.on("error", () => {});
    children.push(child);
    return child;
  };
  const session = { browser, downloads, disconnect: () => {} };
  session.close = async () => {
    if (!open.delete(session)) return;
    session.disconnect();
    for (const child of children.reverse()) stop(child);
    await pause(100);
    rmSync(home, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
  };
  open.add(session);
  guard ??= setTimeout(() => {
    console.error(`Firefox and WebKit took longer than ${FILE_MS / 1000} s in one file, and are ended`);
    closeSessions();
  }, FILE_MS);
  try {
    session.send = await (browser === "Firefox" ? firefox : webkit)(session, home, start);
    await session.send("SetTimeouts", { script: ANSWER_MS - 5000, pageLoad: ANSWER_MS - 5000 });
  } catch (error) {
    await session.close();
    throw error;
  }
  return session;
}

process.on("exit", () => {
  for (const session of open) session.close();
});
// Their groups outlive this process otherwise.
for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => process.exit(1));

/** Firefox writes the port that it listens on to its profile. Messages are `length:[0, id, command, parameters]`. */
async function firefox(session, home, start) {
  const settings = {
    "marionette.port": 0,
    "browser.download.folderList": 2,
    "browser.download.dir": session.downloads,
    "browser.download.start_downloads_in_tmp_dir": false,
    "browser.helperApps.neverAsk.saveToDisk": "application/octet-stream,text/html,image/svg+xml",
    "browser.aboutConfig.showWarning": false,
    "toolkit.legacyUserProfileCustomizations.stylesheets": true,
    "datareporting.policy.dataSubmissionEnabled": false,
    "app.normandy.enabled": false,
    "services.settings.server": "data:,",
  };
  writeFileSync(path.join(home, "user.js"), Object.entries(settings).map((pair) => `user_pref(${pair.map((it) => JSON.stringify(it)).join(", ")});\n`).join(""));
  // Its windows are at least 500 px wide otherwise.
  mkdirSync(path.join(home, "chrome"));
  writeFileSync(path.join(home, "chrome/userChrome.css"), ":root, body, #navigator-toolbox { min-width: 0 !important; overflow: hidden }\n");
  start(process.env.HEADLIGHT_FIREFOX, ["-headless", "-marionette", "-no-remote", "-profile", home]);
  const port = path.join(home, "MarionetteActivePort");
  await soon(() => existsSync(port) && readFileSync(port, "utf8") !== "", "Firefox does not start");
  const socket = net.connect(Number(readFileSync(port, "utf8")), "127.0.0.1");
  session.disconnect = () => socket.destroy();
  const waiting = new Map();
  let received = Buffer.alloc(0);
  socket.on("error", () => {});
  socket.on("close", () => waiting.forEach(({ reject }) => reject(new Error("Firefox has ended"))));
  socket.on("data", (data) => {
    received = Buffer.concat([received, data]);
    for (;;) {
      const colon = received.indexOf(":");
      const end = colon + 1 + Number(received.toString("utf8", 0, colon));
      if (colon < 0 || received.length < end) return;
      const message = JSON.parse(received.toString("utf8", colon + 1, end));
      received = received.subarray(end);
      // The first message says which protocol this is.
      if (!Array.isArray(message)) continue;
      const [, id, error, result] = message;
      const { resolve, reject } = waiting.get(id);
      waiting.delete(id);
      if (error) reject(new Error(`${error.error}: ${error.message}`));
      else resolve(result !== null && typeof result === "object" && Object.keys(result).join() === "value" ? result.value : result);
    }
  });
  let last = 0;
  const send = (command, parameters = {}) => {
    const id = (last += 1);
    const message = JSON.stringify([0, id, `WebDriver:${command}`, parameters]);
    const answer = new Promise((resolve, reject) => waiting.set(id, { resolve, reject }));
    socket.write(`${Buffer.byteLength(message)}:${message}`);
    return within(answer, `Firefox does not answer ${command}`);
  };
  await send("NewSession", { pageLoadStrategy: "eager" });
  return send;
}

/** WebKitGTK's MiniBrowser on a screen that only memory has. */
async function webkit(session, home, start) {
  // The bars of MiniBrowser are wider than a phone, which the window could then not be.
  mkdirSync(path.join(home, ".config/gtk-3.0"), { recursive: true });
  writeFileSync(path.join(home, ".config/gtk-3.0/gtk.css"), "* { min-width: 0; min-height: 0; padding: 0; margin: 0; border-width: 0; font-size: 1px; }\n");
  writeFileSync(path.join(home, ".config/user-dirs.dirs"), `XDG_DOWNLOAD_DIR="${session.downloads}"\n`);
  const [driver, browser, xvfb] = process.env.HEADLIGHT_WEBKIT.split(path.delimiter);
  const screen = start(xvfb, ["-displayfd", "3", "-screen", "0", "1600x1200x24", "-nolisten", "tcp"], { stdio: ["ignore", "ignore", "ignore", "pipe"] });
  const display = await within(new Promise((resolve) => screen.stdio[3].once("data", (text) => resolve(String(text).trim()))), "Xvfb does not start");
  const port = await freePort();
  // As root WebKit cannot set up its sandbox. MiniBrowser under a driver has no shared memory in isolated pages unless it is asked for;
  // Safari has.
  const env = {
    DISPLAY: `:${display}`,
    GDK_BACKEND: "x11",
    JSC_useSharedArrayBuffer: "1",
    WEBKIT_DISABLE_SANDBOX_THIS_IS_DANGEROUS: "1",
    XDG_CONFIG_HOME: path.join(home, ".config"),
  };
  start(driver, [`--port=${port}`], { env });
  let prefix = "/session";
  const ask = async (method, address, body) => {
    const response = await fetch(`http://127.0.0.1:${port}${address}`, { method, body: body && JSON.stringify(body), signal: AbortSignal.timeout(ANSWER_MS) });
    const { value } = await response.json();
    if (!response.ok) throw new Error(`${value.error}: ${value.message}`);
    return value;
  };
  await soon(() => ask("GET", "/status").then(() => true, () => false), "WebKitWebDriver does not start");
  const options = { binary: browser, args: ["--automation"] };
  const { sessionId } = await ask("POST", prefix, { capabilities: { alwaysMatch: { "webkitgtk:browserOptions": options } } });
  prefix += `/${sessionId}`;
  return (command, parameters = {}) => {
    const [method, end] = COMMANDS[command];
    return ask(method, prefix + end, method === "POST" ? parameters : undefined);
  };
}

function stop(child) {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, "SIGKILL");
  } catch {
    // It has ended already.
  }
}

function freePort() {
  return new Promise((resolve) => {
    const server = net.createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

const pause = (ms) => new Promise((wake) => setTimeout(wake, ms));

async function soon(isSo, otherwise) {
  for (const end = Date.now() + ANSWER_MS; Date.now() < end; await pause(50)) if (await isSo()) return;
  throw new Error(otherwise);
}

function within(promise, otherwise) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(otherwise)), ANSWER_MS);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}
