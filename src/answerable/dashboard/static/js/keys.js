// The keyboard: elements name their key in `data-key`, places theirs in `data-go`; `?` lists all of them.
import { openDialog } from "./dialogs.js";

const STORED = "answerable.single-keys";
const WAIT_MS = 1200;

let goes = 0;

/** Whether single letters do something; whoever speaks to the computer can switch them off. */
function areSingleKeysOn() {
  return localStorage.getItem(STORED) !== "off";
}

/** @param {EventTarget | null} target */
function isTyping(target) {
  return (
    target instanceof HTMLElement &&
    (target.isContentEditable || target.matches("input:not([type=checkbox], [type=radio]), textarea, select, answerable-chat"))
  );
}

/** @param {KeyboardEvent} event the key as `data-key` spells it: `t`, `Shift+c`, `Mod+Enter` */
function nameOf(event) {
  const modifier = event.metaKey || event.ctrlKey ? "Mod+" : "";
  const shift = event.shiftKey && event.key.length === 1 && /[a-z]/i.test(event.key) ? "Shift+" : "";
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  return modifier + shift + key;
}

export function listenForKeys() {
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.altKey || event.isComposing) return;
    const name = nameOf(event);
    if (name === "Mod+k") return act(event, () => openDialog("palette"));
    const typing = isTyping(event.target);
    if (name.startsWith("Mod+")) return press(event, name);
    if (typing || document.querySelector("dialog[open]") || !areSingleKeysOn()) return;
    if (goes > Date.now() - WAIT_MS) return go(event, name);
    if (name === "g") return act(event, () => (goes = Date.now()));
    if (name === "?") return act(event, showKeys);
    if (name === "/") return focusSearch(event);
    press(event, name);
  });
  document.querySelector("[data-single-keys]")?.addEventListener("change", (event) => {
    const box = /** @type {HTMLInputElement} */ (event.target);
    localStorage.setItem(STORED, box.checked ? "on" : "off");
  });
  document.querySelector("[data-open=keys]")?.addEventListener("click", fillKeys);
}

/** @param {KeyboardEvent} event @param {() => void} does */
function act(event, does) {
  event.preventDefault();
  does();
}

/** @param {KeyboardEvent} event @param {string} name */
function go(event, name) {
  goes = 0;
  const link = document.querySelector(`[data-go="${CSS.escape(name)}"]`);
  if (link instanceof HTMLElement) act(event, () => link.click());
}

/** @param {KeyboardEvent} event */
function focusSearch(event) {
  const field = document.querySelector("[data-search], main input[type=search]");
  if (field instanceof HTMLElement) act(event, () => field.focus());
}

/** @param {KeyboardEvent} event @param {string} name */
function press(event, name) {
  // Whoever writes in a form means that form: the same key may send something else beside it.
  const form = isTyping(event.target) && event.target instanceof Element ? event.target.closest("form") : null;
  for (const element of (form ?? document).querySelectorAll(`[data-key="${CSS.escape(name)}"]`)) {
    if (!(element instanceof HTMLElement) || !element.checkVisibility() || element.matches(":disabled")) continue;
    return act(event, () => {
      if (element.matches("input, textarea, select")) element.focus();
      else element.click();
    });
  }
}

function showKeys() {
  fillKeys();
  openDialog("keys");
}

/** The list, made from what this page has. */
function fillKeys() {
  const list = document.querySelector("[data-keys]");
  if (!(list instanceof HTMLElement)) return;
  const said = list.dataset;
  const general = [...entry([modifier(), "K"], said.palette ?? ""), ...entry(["/"], said.search ?? "")];
  general.push(...entry(["?"], said.help ?? ""), ...entry(["Esc"], said.close ?? ""));
  for (const link of document.querySelectorAll("[data-go]")) {
    const name = link.getAttribute("data-go") ?? "";
    general.push(...entry(["G", said.then ?? "", name.toUpperCase()], labelOf(link)));
  }
  list.replaceChildren(heading(said.general ?? ""), listing(general));
  const here = [...document.querySelectorAll("[data-key]")].filter((one) => one.checkVisibility());
  /** @type {HTMLElement[]} */
  const actions = [];
  const seen = new Set();
  for (const element of here) {
    const name = element.getAttribute("data-key") ?? "";
    if (seen.has(name)) continue;
    seen.add(name);
    actions.push(...entry(name.replace("Mod", modifier()).split("+"), labelOf(element)));
  }
  if (actions.length) list.append(heading(said.here ?? ""), listing(actions));
  const box = document.querySelector("[data-single-keys]");
  if (box instanceof HTMLInputElement) box.checked = areSingleKeysOn();
}

/** @param {Element} element what it is called where keys and actions are listed */
export function labelOf(element) {
  const named = element.getAttribute("data-label") ?? element.getAttribute("aria-label");
  if (named) return named;
  const copy = /** @type {Element} */ (element.cloneNode(true));
  for (const noise of copy.querySelectorAll("kbd, .count, .visually-hidden")) noise.remove();
  return (copy.textContent ?? "").trim();
}

function modifier() {
  return /Mac|iPhone|iPad/.test(navigator.userAgent) ? "⌘" : "Ctrl";
}

/** @param {string} text */
function heading(text) {
  const made = document.createElement("h3");
  made.textContent = text;
  return made;
}

/** @param {HTMLElement[]} entries */
function listing(entries) {
  const made = document.createElement("dl");
  made.append(...entries);
  return made;
}

/** @param {string[]} keys @param {string} text */
function entry(keys, text) {
  const term = document.createElement("dt");
  for (const key of keys) {
    const made = document.createElement(key.length > 5 || key === document.querySelector("[data-keys]")?.getAttribute("data-then") ? "span" : "kbd");
    made.textContent = key;
    term.append(made);
  }
  const meaning = document.createElement("dd");
  meaning.textContent = text;
  return [term, meaning];
}
