// Types of the element <headlight-view>.

/** The parts of a link, by name: view, layer, heads, query, key, neuron and so on, each as a link writes it. */
export type LinkParts = Record<string, string>;

export interface HeadlightViewEventMap extends HTMLElementEventMap {
  /** The reader chose something in the figure. */
  "headlight-selection": CustomEvent<LinkParts>;
  /** The pointer came to something in the figure, or left it. */
  "headlight-hover": CustomEvent<LinkParts>;
}

/** Attributes: src, the URL of a trace, and the parts of a link. Content is a still picture, shown until somebody clicks it. */
export interface HeadlightView extends HTMLElement {
  /** What is chosen. */
  readonly selection: LinkParts;
  /** What is pointed at. */
  readonly hover: LinkParts;
  /** The frame, once it is shown. */
  readonly frame?: HTMLIFrameElement;

  addEventListener<K extends keyof HeadlightViewEventMap>(
    type: K,
    listener: (this: HeadlightView, event: HeadlightViewEventMap[K]) => void,
    options?: boolean | AddEventListenerOptions,
  ): void;
  addEventListener(type: string, listener: EventListenerOrEventListenerObject, options?: boolean | AddEventListenerOptions): void;
}

declare global {
  interface HTMLElementTagNameMap {
    "headlight-view": HeadlightView;
  }
}
