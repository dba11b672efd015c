// The palette under Ctrl-K: every place and every action of the page, found by a few letters.
import { labelOf } from "./keys.js";

/** @typedef {{label: string, key: string, does: () => void}} Choice */

/** @type {Choice[]} */
let choices = [];
let chosen = 0;

export function preparePalette() {
  const dialog = document.getElementById("palette");
  const field = dialog?.querySelector("input");
  if (!(dialog instanceof HTMLDialogElement) || !field) return;
  const opened = new MutationObserver(() => {
    if (!dialog.open) return;
    field.value = "";
    choices = gather(dialog);
    show("");
  });
  opened.observe(dialog, { attributes: true, attributeFilter: ["open"] });
  field.addEventListener("input", () => show(field.value));
  field.addEventListener("keydown", (event) => {
    const found = matching(field.value);
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      chosen = (chosen + (event.key === "ArrowDown" ? 1 : -1) + found.length) % Math.max(found.length, 1);
      show(field.value, chosen);
    }
    if (event.key === "Escape") {
      // A search field would only be emptied by the first press.
      event.preventDefault();
      dialog.close();
    }
    if (event.key === "Enter") {
      event.preventDefault();
      take(dialog, found[chosen]);
    }
  });
}

/** @param {HTMLDialogElement} dialog @returns {Choice[]} */
function gather(dialog) {
  const places = [...document.querySelectorAll("[data-go]")].map((one) => choice(one, `G ${one.getAttribute("data-go")?.toUpperCase()}`));
  const actions = [...document.querySelectorAll("[data-key]")]
    .filter((one) => !dialog.contains(one) && one.checkVisibility() && !one.matches(":disabled"))
    .map((one) => choice(one, one.getAttribute("data-key")?.toUpperCase() ?? ""));
  return [...places, ...actions].filter((one) => one.label);
}

/** @param {Element} element @param {string} key @returns {Choice} */
function choice(element, key) {
  const does = () => {
    if (element instanceof HTMLElement) element.matches("input, textarea, select") ? element.focus() : element.click();
  };
  return { label: labelOf(element), key, does };
}

/** @param {string} wish */
function matching(wish) {
  const words = wish.toLowerCase().split(/\s+/).filter(Boolean);
  return choices.filter((one) => words.every((word) => one.label.toLowerCase().includes(word)));
}

/** @param {string} wish @param {number} [at] */
function show(wish, at = 0) {
  chosen = at;
  const list = document.getElementById("palette-list");
  const field = document.querySelector("#palette input");
  if (!list) return;
  const found = matching(wish);
  list.replaceChildren(...found.map((one, position) => item(one, position)));
  if (!found.length) list.append(none(list.dataset.none ?? ""));
  field?.setAttribute("aria-activedescendant", found.length ? `palette-${at}` : "");
  list.querySelector("[aria-selected=true]")?.scrollIntoView({ block: "nearest" });
}

/** @param {Choice} one @param {number} position */
function item(one, position) {
  const made = document.createElement("li");
  made.id = `palette-${position}`;
  made.setAttribute("role", "option");
  made.setAttribute("aria-selected", String(position === chosen));
  const label = document.createElement("span");
  label.textContent = one.label;
  const key = document.createElement("kbd");
  key.textContent = one.key;
  made.append(label, key);
  made.addEventListener("click", () => {
    const dialog = document.getElementById("palette");
    if (dialog instanceof HTMLDialogElement) take(dialog, one);
  });
  return made;
}

/** @param {string} text */
function none(text) {
  const made = document.createElement("li");
  made.setAttribute("role", "option");
  made.setAttribute("aria-selected", "false");
  made.setAttribute("aria-disabled", "true");
  made.dataset.none = "";
  made.textContent = text;
  return made;
}

/** @param {HTMLDialogElement} dialog @param {Choice | undefined} one */
function take(dialog, one) {
  if (!one) return;
  dialog.close();
  one.does();
}
