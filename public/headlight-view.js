// Attention in any page: the element <headlight-view>, and frames of embed.html that are as tall as their content.
//
//   <script type="module" src="https://…/headlight-view.js"></script>
//   <headlight-view src="trace.safetensors" view="head" layer="2" heads="0,3"></headlight-view>
//   <headlight-view model="all-MiniLM-L6-v2" text="The cat sat on the mat" layer="2" heads="9"></headlight-view>
//
// Attributes are the parts of a link; src is a trace, fetched by this page, so that the frame needs no permission. Whatever
// stands inside the element, a picture say, is shown until somebody touches it; without it the frame is there at once and
// shows a still picture of its own. Frames that stand in the page as plain <iframe src="…/embed.html#…"> are served too.

const FRAME_URL = new URL("embed.html", import.meta.url);

/** Parts of a link: what is run, what is looked at, and how it is drawn. */
const LINK_ATTRIBUTES = [
  ...["model", "text", "pair", "target", "ids", "edits"],
  ...["view", "stack", "attn", "layer", "heads", "query", "key", "neuron", "segment"],
  ...["scale", "ends", "min", "drawing", "heads_as", "without", "words"],
  ...["cells", "cell_is", "number", "sorted", "hidden_layers", "hidden_heads", "order", "before_rotation"],
];

/** The colours that an element's page has where it stands. */
function themeAround(element) {
  const scheme = getComputedStyle(element).colorScheme.split(" ");
  const names = ["light", "dark"].filter((name) => scheme.includes(name));
  // A page that says nothing of colours is drawn in light ones, whatever the system prefers.
  return names.length === 2 ? "system" : (names[0] ?? "light");
}

/** Frames of ours in this page, inside elements of ours too. */
function frames() {
  const elements = [...document.querySelectorAll("headlight-view")].map((element) => element.frame);
  return [...document.querySelectorAll("iframe"), ...elements].filter((frame) => frame?.src.startsWith(FRAME_URL.href));
}

// No secret, and a frame that is not loaded yet has no origin to name.
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

// Frames that were ready before this script came answer with their size.
sendThemes();
// Pages switch their colours by an attribute of the root or the body; the system by itself.
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

  /** What stands inside the element, and a button over it. */
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

  /** Hands the trace over; where there is none, the reason as a sentence. */
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
