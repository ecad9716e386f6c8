// Shows attention in any page: the element <headlight-view>, and frames of embed.html that are as tall as their content.
//
//   <script type="module" src="https://…/headlight-view.js"></script>
//   <headlight-view src="trace.safetensors" view="head" layer="2" heads="0,3"></headlight-view>
//   <headlight-view model="all-MiniLM-L6-v2" text="The cat sat on the mat" layer="2" heads="9"></headlight-view>
//
// Attributes are the parts of a link. src is a trace, which this page fetches, so that the frame needs no permission. Content of the
// element, such as a picture, is shown until it is clicked; without content the frame is loaded at once and shows a still picture.
// Plain frames in the page (<iframe src="…/embed.html#…">) are served too.

const FRAME_URL = new URL("embed.html", import.meta.url);

/** Parts of a link: the input, the selection, and how it is drawn. */
const LINK_ATTRIBUTES = [
  ...["model", "text", "pair", "target", "ids", "chat", "prompt", "edits", "outcome"],
  ...["view", "stack", "attn", "layer", "heads", "query", "key", "neuron", "segment"],
  ...["scale", "ends", "min", "drawing", "heads_as", "without", "words"],
  ...["cells", "cell_is", "number", "sorted", "hidden_layers", "hidden_heads", "order", "before_rotation"],
  ...["stream", "token", "first_on_top", "ranked", "patched_from"],
];

/** The colour scheme of the page at an element. */
function themeAround(element) {
  const scheme = getComputedStyle(element).colorScheme.split(" ");
  const names = ["light", "dark"].filter((name) => scheme.includes(name));
  // A page without a colour scheme is drawn in light colours, whatever the system prefers.
  return names.length === 2 ? "system" : (names[0] ?? "light");
}

/** The frames of embed.html in this page, those inside <headlight-view> included. */
function frames() {
  const elements = [...document.querySelectorAll("headlight-view")].map((element) => element.frame);
  return [...document.querySelectorAll("iframe"), ...elements].filter((frame) => frame?.src.startsWith(FRAME_URL.href));
}

// The theme is not secret, and a frame that is not loaded yet has no origin to name.
function sendTheme(frame) {
  frame.contentWindow?.postMessage({ headlight: "theme", value: themeAround(frame) }, "*");
}

function sendThemes() {
  frames().forEach(sendTheme);
}

addEventListener("message", (event) => {
  if (event.origin !== FRAME_URL.origin || typeof event.data?.headlight !== "string") return;
  const frame = frames().find((one) => one.contentWindow === event.source);
  if (!frame) return;
  const { headlight: about, value } = event.data;
  if (about === "ready") sendTheme(frame);
  if (about === "size" && Number.isFinite(value)) frame.style.height = `${Math.ceil(value)}px`;
  if (about === "wants-trace") frame.headlightView?.sendTrace();
});

// Frames that were ready before this script answer with their size.
sendThemes();
// Pages switch their colours by an attribute of the root or the body, the system by itself.
for (const root of [document.documentElement, document.body]) {
  if (root) new MutationObserver(sendThemes).observe(root, { attributes: true });
}
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", sendThemes);

const LOOK = `
  :host { display: block; position: relative; }
  :host([hidden]) { display: none; }
  iframe { display: block; width: 100%; height: 480px; border: 0; }
  .still { position: relative; }
  ::slotted(img) { display: block; width: 100%; height: auto; }
  button { position: absolute; inset: 0; width: 100%; border: 0; background: none; cursor: pointer; }
  button:focus-visible { outline: 2px solid currentColor; outline-offset: 2px; }
`;

class HeadlightView extends HTMLElement {
  static observedAttributes = ["src", ...LINK_ATTRIBUTES];

  constructor() {
    super();
    const root = this.attachShadow({ mode: "open" });
    const look = new CSSStyleSheet();
    look.replaceSync(LOOK);
    root.adoptedStyleSheets = [look];
  }

  connectedCallback() {
    if (this.firstElementChild && !this.frame) this.showStill();
    else this.showFrame();
  }

  disconnectedCallback() {
    this.frame?.remove();
    this.frame = undefined;
  }

  attributeChangedCallback(name, before, after) {
    if (!this.frame || before === after) return;
    if (name === "src") this.showFrame();
    // The same document follows its new fragment: nothing is loaded again.
    else this.frame.src = this.address();
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
    const frame = document.createElement("iframe");
    frame.title = this.getAttribute("title") ?? "Attention inside a language model";
    frame.loading = "lazy";
    frame.src = this.address();
    frame.headlightView = this;
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

  /** Sends the trace to the frame, or one sentence that says why there is none. */
  async sendTrace() {
    const { frame } = this;
    const url = new URL(this.getAttribute("src") ?? "", document.baseURI);
    const hand = (value, transfer = []) =>
      frame.contentWindow?.postMessage({ headlight: "trace", value }, FRAME_URL.origin, transfer);
    try {
      const response = await fetch(url);
      if (!response.ok) throw new Error(`the server answers ${response.status}`);
      const bytes = await response.arrayBuffer();
      hand(bytes, [bytes]);
    } catch (error) {
      hand(`${url.pathname.split("/").pop()} could not be fetched (${error.message}).`);
    }
  }
}

// The script may be in a page twice.
if (!customElements.get("headlight-view")) customElements.define("headlight-view", HeadlightView);
