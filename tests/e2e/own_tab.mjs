// A tab that Playwright does not emulate. Playwright's own pages count as visible whatever lies over them, and Chromium suspends no
// tab that is visible. What is on the page is found through the browser's accessibility tree, by role and name.

import { setTimeout as wait } from "node:timers/promises";

/** Opens a tab in a browser's default profile. */
export async function ownTab(browser, url) {
  const whole = await browser.newBrowserCDPSession();
  const shown = await attached(whole, url);
  const { send, targetId } = shown;
  const problems = [];
  let over;
  shown.hear((method, params) => {
    if (method === "Runtime.exceptionThrown") problems.push(`uncaught: ${params.exceptionDetails.exception?.description ?? params.exceptionDetails.text}`);
    if (method === "Runtime.consoleAPICalled" && params.type === "error") problems.push(`console: ${params.args.map((arg) => arg.value ?? arg.description).join(" ")}`);
  });
  await send("Runtime.enable");

  const evaluate = async (expression) => (await send("Runtime.evaluate", { expression, returnByValue: true, awaitPromise: true })).result.value;

  /** Calls a function on the element with this role and name; undefined where there is no such element. */
  const on = async (role, name, what, ...args) => {
    const { root } = await send("DOM.getDocument", { depth: 0 });
    const { nodes } = await send("Accessibility.queryAXTree", { nodeId: root.nodeId, role, accessibleName: name });
    const found = nodes.find((node) => !node.ignored);
    if (!found) return undefined;
    const { object } = await send("DOM.resolveNode", { backendNodeId: found.backendDOMNodeId });
    const functionDeclaration = `function (...args) { return (${what})(this, ...args); }`;
    const call = { objectId: object.objectId, functionDeclaration, arguments: args.map((value) => ({ value })), returnByValue: true };
    return (await send("Runtime.callFunctionOn", call)).result.value;
  };

  /** Waits until the text of an element matches. */
  const says = async (role, name, pattern) => {
    let last;
    for (let attempt = 0; attempt < 600; attempt += 1) {
      // Between two documents there is none to ask.
      last = await on(role, name, (node) => node.textContent).catch(() => undefined);
      if (pattern.test(last ?? "")) return last;
      await wait(100);
    }
    throw new Error(`${role} “${name}” says ${JSON.stringify(last)}, not ${pattern}`);
  };

  const click = async (role, name) => {
    const isThere = await on(role, name, (node) => { node.click(); return true; });
    if (!isThere) throw new Error(`there is no ${role} “${name}”`);
  };

  const fill = async (role, name, text) => {
    const isThere = await on(role, name, (node, value) => {
      node.value = value;
      for (const event of ["input", "change"]) node.dispatchEvent(new Event(event, { bubbles: true }));
      return true;
    }, text);
    if (!isThere) throw new Error(`there is no ${role} “${name}”`);
  };

  /** Suspends the tab behind another one, as browsers do with tabs that nobody looks at. Until it wakes only `evaluate` works. */
  const suspend = async () => {
    over ??= (await whole.send("Target.createTarget", { url: "about:blank" })).targetId;
    await whole.send("Target.activateTarget", { targetId: over });
    for (let attempt = 0; (await evaluate("document.visibilityState")) !== "hidden"; attempt += 1) {
      if (attempt === 100) throw new Error("the tab is not hidden");
      await wait(50);
    }
    await evaluate("window.isFrozen = false; document.addEventListener('freeze', () => { window.isFrozen = true; }, { once: true })");
    await send("Page.setWebLifecycleState", { state: "frozen" });
    for (let attempt = 0; !(await evaluate("window.isFrozen")); attempt += 1) {
      if (attempt === 100) throw new Error("the tab is not suspended");
      await wait(50);
    }
  };

  const wake = async () => {
    await send("Page.setWebLifecycleState", { state: "active" });
    await whole.send("Target.activateTarget", { targetId });
  };

  const close = async () => {
    for (const one of [targetId, over].filter(Boolean)) await whole.send("Target.closeTarget", { targetId: one });
    await whole.detach();
  };
  await whole.send("Target.activateTarget", { targetId });
  await says("status", "Status", /·/);
  return { evaluate, on, says, click, fill, suspend, wake, close, problems };
}

/** A new tab, and how to talk to it. */
async function attached(whole, url) {
  const { targetId } = await whole.send("Target.createTarget", { url });
  const { sessionId } = await whole.send("Target.attachToTarget", { targetId, flatten: false });
  const waiting = new Map();
  const listeners = [];
  let last = 0;
  whole.on("Target.receivedMessageFromTarget", (event) => {
    if (event.sessionId !== sessionId) return;
    const { id, method, params, result, error } = JSON.parse(event.message);
    if (id === undefined) return listeners.forEach((listener) => listener(method, params));
    const { resolve, reject } = waiting.get(id);
    waiting.delete(id);
    if (error) reject(new Error(error.message));
    else resolve(result);
  });
  const send = (method, params = {}) => new Promise((resolve, reject) => {
    last += 1;
    waiting.set(last, { resolve, reject });
    whole.send("Target.sendMessageToTarget", { sessionId, message: JSON.stringify({ id: last, method, params }) }).catch(reject);
  });
  return { targetId, send, hear: (listener) => listeners.push(listener) };
}
