// Random choices from a seed, and random actions on a page: what somebody might press, found through roles alone.

/** SplitMix32: the same numbers for the same seed. */
export function randomFrom(seed) {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x9e3779b9) >>> 0;
    let mixed = state;
    mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b);
    mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
    return (mixed ^ (mixed >>> 16)) >>> 0;
  };
  const below = (end) => next() % end;
  const pick = (list) => list[below(list.length)];
  /** One of `[weight, value]`. */
  const weighted = (list) => {
    let left = below(list.reduce((sum, [weight]) => sum + weight, 0));
    return list.find(([weight]) => (left -= weight) < 0)[1];
  };
  return { below, pick, weighted };
}

/** What leaves the page, asks the system, or asks a server that is not there. */
const LEFT_ALONE = "print|reload|look up|open a|choose a|full ?screen";

/**
 * Acts once on something that is on screen: a role is chosen first, so that the many cells of a map do not crowd out the
 * rest. `words` are what fields of text are given. Says what was done, or null where nothing was found.
 */
export async function actOnAny(page, random, words) {
  const [group, member, value] = [random.below(1 << 16), random.below(1 << 16), random.pick(words)];
  // In one go: what is found can be gone a moment later.
  const found = await page.evaluate(chosen, { group, member, value, leftAlone: LEFT_ALONE });
  if (found?.at) {
    const { x, y } = found.at;
    if (found.how === "hover") await page.mouse.move(x, y);
    else await page.mouse.click(x, y, { button: found.how === "menu" ? "right" : "left", clickCount: found.how === "twice" ? 2 : 1 });
  }
  return found && `${found.how} ${found.role} “${found.name}”`;
}

/** Runs in the page: chooses an element; sets it where it is a field, else says where it is. */
function chosen({ group, member, value, leftAlone }) {
  const ROLES = ["tab", "radio", "checkbox", "option", "menuitem", "menuitemradio", "switch", "gridcell", "button"];
  const FIELDS = { SELECT: "combobox", TEXTAREA: "textbox", SUMMARY: "summary", BUTTON: "button" };
  const KINDS = { checkbox: "checkbox", radio: "radio", range: "slider", number: "spinbutton", text: "textbox", search: "textbox", color: "color" };
  const role = (node) => {
    const given = node.getAttribute("role");
    if (given) return ROLES.includes(given) ? given : null;
    return node.tagName === "INPUT" ? KINDS[node.type] : FIELDS[node.tagName];
  };
  const labelled = (node) => node.getAttribute("aria-labelledby")?.split(" ").map((id) => document.getElementById(id)?.textContent ?? "").join(" ");
  const name = (node) => {
    const text = labelled(node) || node.getAttribute("aria-label") || node.labels?.[0]?.textContent || node.textContent || node.title;
    return text.trim().replaceAll(/\s+/g, " ").slice(0, 60);
  };
  const modal = [...document.querySelectorAll("dialog:modal")].at(-1);
  const isThere = (node) =>
    node.checkVisibility({ visibilityProperty: true }) && !node.disabled && node.getAttribute("aria-disabled") !== "true" && !node.closest("[inert]");
  const byRole = new Map();
  const isLeftAlone = new RegExp(leftAlone, "i");
  for (const node of (modal ?? document).querySelectorAll("button, input, select, textarea, summary, [role]")) {
    const its = role(node);
    if (!its || !isThere(node) || isLeftAlone.test(name(node))) continue;
    byRole.set(its, [...(byRole.get(its) ?? []), node]);
  }
  const roles = [...byRole.keys()].toSorted();
  if (roles.length === 0) return null;
  const kind = roles[group % roles.length];
  const nodes = byRole.get(kind);
  const node = nodes[member % nodes.length];
  const about = { role: kind, name: name(node) };
  const set = (new_value) => {
    const prototype = { INPUT: HTMLInputElement, SELECT: HTMLSelectElement, TEXTAREA: HTMLTextAreaElement }[node.tagName].prototype;
    Object.getOwnPropertyDescriptor(prototype, "value").set.call(node, new_value);
    for (const event of ["input", "change"]) node.dispatchEvent(new Event(event, { bubbles: true }));
    return { ...about, how: `set ${JSON.stringify(String(new_value).slice(0, 40))} in` };
  };
  if (kind === "combobox" && node.tagName === "SELECT") {
    const options = [...node.options].filter((option) => !option.disabled);
    return options.length === 0 ? null : set(options[group % options.length].value);
  }
  if (kind === "slider" || kind === "spinbutton") {
    const [low, high] = [Number(node.min || 0), Number(node.max || 20)];
    return set(low + ((member % 101) / 100) * (high - low));
  }
  if (kind === "color") return set("#336699");
  if (kind === "textbox") return set(value);
  node.scrollIntoView({ block: "center", inline: "center" });
  const { x, y, width, height } = node.getBoundingClientRect();
  const how = kind === "option" || kind === "gridcell" || kind === "button" ? ["click", "click", "click", "hover", "twice", "menu"][group % 6] : "click";
  return { ...about, how, at: { x: x + width / 2, y: y + height / 2 } };
}
