// Hears the frames of one figure and tells Python what is chosen and pointed at; tells the frames the notebook's colours, and what
// Python chooses.

/** Whether the notebook is dark, by its own marks or else by the colour behind; undefined where neither says. */
function isDark() {
  const { body, documentElement: root } = document;
  if (body.dataset.jpThemeLight) return body.dataset.jpThemeLight === "false";
  for (const element of [body, root]) {
    const { classList } = element;
    if (["vscode-dark", "vscode-high-contrast", "dark", "dark-theme"].some((name) => classList.contains(name))) return true;
    if (["vscode-light", "light", "light-theme"].some((name) => classList.contains(name))) return false;
    if (["dark", "light"].includes(element.getAttribute("theme"))) return element.getAttribute("theme") === "dark";
  }
  for (const element of [body, root]) {
    const [red, green, blue, alpha = 1] = (getComputedStyle(element).backgroundColor.match(/[\d.]+/g) ?? []).map(Number);
    if (red !== undefined && alpha > 0) return 0.2126 * red + 0.7152 * green + 0.0722 * blue < 128;
  }
  return undefined;
}

function initialize({ model }) {
  const frames = new Set();
  const tell = (about, value) => frames.forEach((frame) => frame.postMessage({ headlight: about, value }, "*"));
  const tellTheme = () => {
    const dark = isDark();
    if (model.get("follows_theme") && dark !== undefined) tell("theme", dark ? "dark" : "light");
  };
  // What is pointed at changes many times a second: one message per picture is enough.
  let waiting = false;
  const save = () => {
    if (waiting) return;
    waiting = true;
    setTimeout(() => {
      waiting = false;
      model.save_changes();
    }, 30);
  };
  const hear = ({ data, source }) => {
    if (typeof data?.headlight !== "string" || data.frame !== model.get("frame") || source?.parent !== window) return;
    const isNew = !frames.has(source);
    frames.add(source);
    if (isNew || data.headlight === "ready") tellTheme();
    if (["selection", "hover"].includes(data.headlight) && typeof data.value === "string") {
      model.set(data.headlight, data.value);
      save();
    }
  };
  const follow = () => model.get("wanted") && tell("link", model.get("wanted"));
  addEventListener("message", hear);
  model.on("change:wanted", follow);
  const observer = new MutationObserver(tellTheme);
  for (const root of [document.documentElement, document.body]) observer.observe(root, { attributes: true });
  // Frames that were there first, as after the notebook was loaded anew, say who they are.
  for (const frame of document.querySelectorAll(`iframe[name="${model.get("frame")}"]`)) frame.contentWindow?.postMessage({ headlight: "who", value: "" }, "*");
  return () => {
    removeEventListener("message", hear);
    model.off("change:wanted", follow);
    observer.disconnect();
  };
}

/** The figure, where this widget has a page of its own; else nothing that is seen. */
function render({ model, el }) {
  if (!model.get("page")) {
    el.hidden = true;
    return;
  }
  const frame = document.createElement("iframe");
  frame.title = "Attention";
  frame.name = model.get("frame");
  frame.srcdoc = model.get("page");
  frame.style.cssText = `display: block; width: 100%; height: ${model.get("height")}px; border: 0`;
  el.replaceChildren(frame);
}

export default { initialize, render };
