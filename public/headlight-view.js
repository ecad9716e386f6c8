// Shows attention in any page: the element <headlight-view>, and frames of embed.html that are as tall as their content.
//
//   <script type="module" src="https://…/headlight-view.js"></script>
//   <headlight-view src="trace.safetensors" view="head" layer="2" heads="0,3"></headlight-view>
//   <headlight-view model="all-MiniLM-L6-v2" text="The cat sat on the mat" layer="2" heads="9"></headlight-view>
//
// Attributes are the parts of a link. src is a trace, which this page fetches, so that the frame needs no permission. Content of the
// element, such as a picture, is shown until it is clicked; without content the frame is loaded at once and shows a still picture.
// A frame is as tall as its content, up to max-height (900 without a unit: CSS pixels), and stands on the page's own background.
// Plain frames in the page (<iframe src="…/embed.html#…">) are served too, those with a sandbox included.
//
// What the reader chooses and points at comes as the events headlight-selection and headlight-hover of the element, whose detail has the
// parts of a link by name; element.selection and element.hover are the last ones.

const FRAME_URL = new URL("embed.html", import.meta.url);

/** Parts of a link: the input, the selection, and how it is drawn. */
const LINK_ATTRIBUTES = [
  ...["model", "text", "pair", "target", "ids", "chat", "prompt", "edits", "outcome"],
  ...["view", "stack", "attn", "layer", "heads", "query", "key", "neuron", "segment"],
  ...["scale", "ends", "min", "drawing", "heads_as", "drawn", "without", "words"],
  ...["cells", "cell_is", "number", "sorted", "hidden_layers", "hidden_heads", "order", "before_rotation"],
  ...["stream", "token", "first_on_top", "ranked", "patched_from"],
];

/** The least height of a frame in CSS pixels, and the largest unless max-height (of a plain frame data-max-height) says another. */
const HEIGHTS = [64, 900];

/** Whether the page is dark where it says nothing of backgrounds: by its colour scheme, else light, whatever the system prefers. */
function isDarkByScheme(element) {
  const scheme = getComputedStyle(element).colorScheme.split(" ");
  const [light, dark] = ["light", "dark"].map((name) => scheme.includes(name));
  return dark && (!light || matchMedia("(prefers-color-scheme: dark)").matches);
}

/** [red, green, blue, alpha] of a computed colour: alpha from 0 to 1, the others to 255. */
function parsed(colour) {
  const numbers = /^rgba?\(([\d.]+), ([\d.]+), ([\d.]+)(?:, ([\d.]+))?\)$/.exec(colour)?.slice(1);
  if (numbers) return numbers.map((number) => Number(number ?? 1));
  // Colours of other spaces keep their own notation: a canvas converts them.
  const brush = document.createElement("canvas").getContext("2d");
  brush.fillStyle = colour;
  brush.fillRect(0, 0, 1, 1);
  const [red, green, blue, alpha] = brush.getImageData(0, 0, 1, 1).data;
  return [red, green, blue, alpha / 255];
}

/** The element around another one, through shadow roots. */
const around = (element) => element.assignedSlot ?? element.parentElement ?? element.getRootNode().host;

/** The colour behind an element, [red, green, blue]: the backgrounds of all that it stands in, one over the other. */
function groundOf(element) {
  const colours = [];
  for (let one = element; one; one = around(one)) colours.push(parsed(getComputedStyle(one).backgroundColor));
  // The frame's own colour scheme is the one that it got here.
  const page = isDarkByScheme(around(element) ?? element) ? [18, 18, 18] : [255, 255, 255];
  const over = (below, [red, green, blue, alpha]) => [red, green, blue].map((value, at) => alpha * value + (1 - alpha) * below[at]);
  return colours.reverse().reduce(over, page).map(Math.round);
}

/** Relative luminance (WCAG 2.2) below which white text stands out more than black text does. */
function isDark(colour) {
  const [red, green, blue] = colour.map((value) => (value <= 10 ? value / 3294.6 : ((value / 255 + 0.055) / 1.055) ** 2.4));
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue < 0.18;
}

/** The frames of embed.html in this page, those inside <headlight-view> included. */
function frames() {
  const elements = [...document.querySelectorAll("headlight-view")].map((element) => element.frame);
  return [...document.querySelectorAll("iframe"), ...elements].filter((frame) => frame?.src.startsWith(FRAME_URL.href));
}

/** What each frame was told of its surroundings. */
const told = new WeakMap();

// The colours are not secret, and a frame that is not loaded yet, or has a sandbox, has no origin to name.
function sendColours(frame) {
  const colour = groundOf(frame);
  const theme = isDark(colour) ? "dark" : "light";
  // A frame is transparent only where its colour scheme is that of the document in it.
  frame.style.colorScheme = theme;
  const ground = `rgb(${colour.join(", ")})`;
  if (told.get(frame) === ground) return;
  told.set(frame, ground);
  frame.contentWindow?.postMessage({ headlight: "ground", value: ground }, "*");
  frame.contentWindow?.postMessage({ headlight: "theme", value: theme }, "*");
}

function sendAllColours() {
  frames().forEach(sendColours);
}

function setHeight(frame, asked) {
  const own = Number.parseFloat(frame.headlightView?.getAttribute("max-height") ?? frame.dataset.maxHeight);
  const [least, most] = [HEIGHTS[0], own > 0 ? own : HEIGHTS[1]];
  frame.style.height = `${Math.min(Math.max(Math.ceil(asked), least), most)}px`;
}

addEventListener("message", (event) => {
  const { headlight: about, value } = typeof event.data === "object" && event.data ? event.data : {};
  // A frame with a sandbox has the origin "null"; which frame speaks, its window says.
  if (typeof about !== "string" || ![FRAME_URL.origin, "null"].includes(event.origin)) return;
  const frame = frames().find((one) => one.contentWindow === event.source);
  if (!frame) return;
  if (about === "ready") {
    told.delete(frame);
    sendColours(frame);
  }
  if (about === "size" && Number.isFinite(value)) setHeight(frame, value);
  if (about === "wants-trace") frame.headlightView?.sendTrace(event.origin);
  if (["selection", "hover"].includes(about) && typeof value === "string") frame.headlightView?.heard(about, value);
});

// Frames that were ready before this script answer with their size.
sendAllColours();
// Pages switch their colours by an attribute of the root or the body, the system by itself; either may take a moment to fade.
for (const root of [document.documentElement, document.body]) {
  if (root) new MutationObserver(sendAllColours).observe(root, { attributes: true });
}
addEventListener("transitionend", sendAllColours);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", sendAllColours);

/** Traces that several elements show, by address: each is fetched once, and kept until all frames have it. */
const traces = new Map();

/** The bytes of a trace, or an error that says why there are none. */
function fetchTrace(url) {
  const fetched = traces.get(url) ?? fetchBytes(url);
  traces.set(url, fetched);
  return fetched;
}

/** Lets go of a trace that every frame has, or that could not be fetched. */
function forgetTrace(url, isLost = false) {
  const waits = ({ frame, handed, wanted }) => frame && handed !== url && wanted === url;
  if (isLost || ![...document.querySelectorAll("headlight-view")].some(waits)) traces.delete(url);
}

/** A whole address; what is not an address stays as it is, and cannot be fetched. */
function absolute(src) {
  try {
    return new URL(src, document.baseURI).href;
  } catch {
    return src;
  }
}

async function fetchBytes(url) {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`the server answers ${response.status}`);
  return response.arrayBuffer();
}

const LOOK = `
  :host { display: block; position: relative; }
  :host([hidden]) { display: none; }
  iframe { display: block; width: 100%; height: 480px; border: 0; background: none; }
  p { margin: 0; }
  .still { position: relative; }
  ::slotted(img) { display: block; width: 100%; height: auto; }
  button { position: absolute; inset: 0; width: 100%; border: 0; background: none; cursor: pointer; }
  button:focus-visible { outline: 2px solid currentColor; outline-offset: 2px; }
`;

class HeadlightView extends HTMLElement {
  static observedAttributes = ["src", ...LINK_ATTRIBUTES];

  /** What is chosen and what is pointed at, the parts of a link by name. */
  selection = {};
  hover = {};

  constructor() {
    super();
    const root = this.attachShadow({ mode: "open" });
    const look = new CSSStyleSheet();
    look.replaceSync(LOOK);
    root.adoptedStyleSheets = [look];
  }

  connectedCallback() {
    if (!this.namesInput()) this.showNothing();
    else if (this.firstElementChild && !this.frame) this.showStill();
    else this.showFrame();
  }

  /** Whether there is a trace or an input to show. */
  namesInput() {
    return ["src", "text", "ids", "chat"].some((name) => this.getAttribute(name));
  }

  disconnectedCallback() {
    this.frame?.remove();
    this.frame = undefined;
  }

  attributeChangedCallback(name, before, after) {
    if (before === after) return;
    if (!this.frame) {
      if (this.isEmpty && this.namesInput()) this.connectedCallback();
      return;
    }
    if (name === "src") this.showFrame();
    // The same document follows its new fragment: nothing is loaded again.
    else this.frame.src = this.address();
  }

  /** The content of the element, or a line that says what it lacks: a form without an input would help nobody. */
  showNothing() {
    this.isEmpty = true;
    const line = document.createElement("p");
    line.textContent = "This headlight-view shows nothing: give it a trace (src), or a model and a text.";
    const slot = document.createElement("slot");
    slot.append(line);
    this.shadowRoot.replaceChildren(slot);
  }

  /** The content of the element, with a button over it. */
  showStill() {
    const still = document.createElement("div");
    still.className = "still";
    const button = document.createElement("button");
    button.type = "button";
    button.setAttribute("aria-label", "Explore this attention");
    button.addEventListener("click", () => this.showFrame(), { once: true });
    still.append(document.createElement("slot"), button);
    this.shadowRoot.replaceChildren(still);
  }

  showFrame() {
    this.isEmpty = false;
    const frame = document.createElement("iframe");
    frame.title = this.getAttribute("title") ?? "Attention inside a language model";
    frame.loading = "lazy";
    frame.src = this.address();
    frame.headlightView = this;
    [this.wanted, this.handed] = [absolute(this.getAttribute("src") ?? ""), undefined];
    this.frame = frame;
    this.shadowRoot.replaceChildren(frame);
  }

  address() {
    const link = new URLSearchParams({ v: "1" });
    if (this.hasAttribute("src")) link.set("trace", "host:");
    for (const name of LINK_ATTRIBUTES) {
      if (this.hasAttribute(name)) link.set(name, this.getAttribute(name));
    }
    return `${FRAME_URL.href}#${link}`;
  }

  /** Takes what the frame says is chosen, or pointed at. */
  heard(about, link) {
    const { v: _, ...parts } = Object.fromEntries(new URLSearchParams(link));
    this[about] = parts;
    this.dispatchEvent(new CustomEvent(`headlight-${about}`, { detail: parts, bubbles: true }));
  }

  /** Sends the trace to the frame, or one sentence that says why there is none. */
  async sendTrace(origin) {
    const { frame, wanted: url } = this;
    const hand = (value) => frame.contentWindow?.postMessage({ headlight: "trace", value }, origin === "null" ? "*" : origin);
    try {
      hand(await fetchTrace(url));
      this.handed = url;
      forgetTrace(url);
    } catch (error) {
      forgetTrace(url, true);
      hand(`${url.replace(/[?#].*/, "").split("/").pop()} could not be fetched (${error.message}).`);
    }
  }
}

// The script may be in a page twice.
if (!customElements.get("headlight-view")) customElements.define("headlight-view", HeadlightView);
