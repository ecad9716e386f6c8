// How elements are found by role, name and text, within a page. `find` is sent to browsers as text, so it uses nothing from outside.

/** The elements that a list of steps leads to. Steps are JSON: see the locators of driven_page.mjs. */
export function find(steps) {
  const squeezed = (text) => text.replace(/\s+/g, " ").trim();
  const matches = (wanted, text, exact) => {
    if (wanted.source !== undefined) return new RegExp(wanted.source, wanted.flags).test(text);
    return exact ? text === squeezed(wanted) : text.toLowerCase().includes(squeezed(wanted).toLowerCase());
  };
  const isShown = (element) => {
    const box = element.getBoundingClientRect();
    return box.width > 0 && box.height > 0 && element.checkVisibility({ visibilityProperty: true });
  };
  const isSpoken = (element) => !element.closest("[aria-hidden=true]") && (element.closest("select") ?? element).checkVisibility({ visibilityProperty: true });

  const INPUTS = { checkbox: "checkbox", radio: "radio", range: "slider", number: "spinbutton", search: "searchbox", button: "button", submit: "button" };
  const TAGS = {
    A: "link", ARTICLE: "article", BUTTON: "button", DETAILS: "group", DIALOG: "dialog", FIELDSET: "group", FIGURE: "figure", HR: "separator", IMG: "img", LI: "listitem",
    MAIN: "main", NAV: "navigation", OL: "list", OPTION: "option", OUTPUT: "status", PROGRESS: "progressbar", TABLE: "table", TBODY: "rowgroup", TD: "cell",
    TEXTAREA: "textbox", TR: "row", UL: "list",
  };
  const roleOf = (element) => {
    const given = element.getAttribute("role");
    if (given) return given.split(" ")[0];
    const tag = element.tagName;
    if (tag === "INPUT") return element.hasAttribute("list") ? "combobox" : (INPUTS[element.type] ?? "textbox");
    if (tag === "SELECT") return element.multiple || element.size > 1 ? "listbox" : "combobox";
    if (tag === "SECTION") return element.hasAttribute("aria-label") || element.hasAttribute("aria-labelledby") ? "region" : null;
    if (tag === "TH") return element.scope === "row" ? "rowheader" : "columnheader";
    if (/^H[1-6]$/.test(tag)) return "heading";
    return TAGS[tag] ?? null;
  };
  const FROM_CONTENT = /^(button|cell|checkbox|columnheader|gridcell|heading|link|menuitem|menuitemradio|menuitemcheckbox|option|radio|row|rowheader|switch|tab|tooltip|treeitem)$/;
  // The text of an element as it is read out.
  const content = (node) => {
    if (node.nodeType === Node.TEXT_NODE) return node.data;
    if (node.nodeType !== Node.ELEMENT_NODE || node.getAttribute("aria-hidden") === "true") return "";
    if (!node.closest("select") && getComputedStyle(node).display === "none") return "";
    if (node.hasAttribute("aria-label")) return node.getAttribute("aria-label");
    if (node.tagName === "IMG") return node.alt;
    const text = [...node.childNodes].map(content).join("");
    return /^inline/.test(getComputedStyle(node).display) ? text : ` ${text} `;
  };
  const nameOf = (element) => {
    const by = element.getAttribute("aria-labelledby");
    const said = (node) => (node ? content(node).trim() || node.textContent : "");
    if (by) return by.split(/\s+/).map((id) => said(document.getElementById(id))).join(" ");
    if (element.getAttribute("aria-label")) return element.getAttribute("aria-label");
    if (element.labels?.length > 0) {
      // What is chosen within a label is not of its name.
      const words = (node) => (/^(SELECT|INPUT|TEXTAREA)$/.test(node.tagName) ? "" : node.children?.length ? [...node.childNodes].map(words).join("") : content(node));
      return [...element.labels].map(words).join(" ");
    }
    if (element.tagName === "IMG") return element.alt;
    const title = { FIELDSET: "legend", TABLE: "caption", FIGURE: "figcaption" }[element.tagName];
    const inner = title && element.querySelector(`:scope > ${title}`);
    if (inner) return content(inner);
    if (FROM_CONTENT.test(roleOf(element)) && content(element).trim()) return content(element);
    return element.getAttribute("title") ?? element.getAttribute("placeholder") ?? "";
  };
  const named = (element, { name, exact }) => name === undefined || matches(name, squeezed(nameOf(element)), exact);
  const isPressed = (element) => element.getAttribute("aria-pressed") === "true";
  const textOf = (element) => (/^(SCRIPT|STYLE|HEAD)$/.test(element.tagName) ? "" : squeezed(element.textContent));

  const within = (root, step) => {
    if (step.css !== undefined) {
      // Playwright's own addition to CSS.
      const css = step.css.replace(/:visible$/, "");
      return [...root.querySelectorAll(css)].filter((one) => css === step.css || isShown(one));
    }
    const all = [...root.querySelectorAll("*")];
    if (step.role !== undefined) {
      const { pressed } = step;
      return all.filter((one) => roleOf(one) === step.role && isSpoken(one) && named(one, step) && (pressed === undefined || isPressed(one) === pressed));
    }
    if (step.label !== undefined) return all.filter((one) => /^(INPUT|SELECT|TEXTAREA)$/.test(one.tagName) && named(one, { name: step.label, exact: step.exact }));
    // The innermost elements that hold the text; what was found before may be one itself.
    const holds = (one) => matches(step.text, textOf(one), step.exact);
    return [...(root === document ? [] : [root]), ...all].filter((one) => holds(one) && ![...one.children].some(holds));
  };
  const narrowed = (found, step) => {
    if (step.nth !== undefined) return found.at(step.nth) ? [found.at(step.nth)] : [];
    if (step.and) return step.and.reduce(narrowed, [document]).filter((one) => found.includes(one));
    if (!step.filter) return [...new Set(found.flatMap((root) => within(root, step)))];
    const { visible, hasText } = step.filter;
    return found.filter((one) => (visible === undefined || isShown(one) === visible) && (hasText === undefined || matches(hasText, textOf(one), false)));
  };
  return { found: steps.reduce(narrowed, [document]), isShown };
}
