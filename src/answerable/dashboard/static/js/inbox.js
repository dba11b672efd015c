// Conversations: kept up to date without taking anything from whoever is writing.
import { toast } from "./dialogs.js";
import { showClocks } from "./times.js";

const PRESENT_MS = 12_000;
const TYPING_MS = 8_000;

/** What was written and not sent, by conversation, as long as this page is open. @type {Map<string, string>} */
const unsent = new Map();
let scrolled = 0;
let typedAt = 0;
/** @type {string | null} */
let present = null;
/** @type {Promise<unknown>} */
let telling = Promise.resolve();

/** @returns {HTMLElement | null} */
function talk() {
  return document.querySelector("#talk[data-conversation]");
}

/** @returns {string | null} */
function openId() {
  return talk()?.dataset.conversation ?? null;
}

function arrive() {
  const log = document.getElementById("log");
  if (log) log.scrollTop = log.scrollHeight;
  const rows = document.getElementById("rows");
  if (rows) rows.scrollTop = scrolled;
  const field = composer();
  const kept = unsent.get(openId() ?? "");
  if (field && kept && !field.value) field.value = kept;
  grow();
  void tellPresence();
}

/** @returns {HTMLTextAreaElement | null} */
function composer() {
  return document.querySelector("#composer textarea");
}

function grow() {
  const field = composer();
  if (!field) return;
  const lines = Math.min(Math.max(field.value.split("\n").length, 2), 12);
  field.rows = lines;
}

/** Bring the open conversation up to date: what is the same stays the very element that it was. */
async function refresh() {
  const shown = talk();
  if (!shown?.dataset.refresh) return;
  if (isUnderWay()) return void setTimeout(refresh, 300);
  const answer = await fetch(shown.dataset.refresh, { headers: { "HX-Request": "true" } }).catch(() => null);
  if (!answer?.ok) return;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  // Another conversation may have been opened meanwhile.
  if (page.getElementById("talk")?.dataset.conversation !== openId()) return;
  if (isUnderWay()) return void setTimeout(refresh, 300);
  mergeLog(page);
  mergeComposer(page);
  mergeWhole(page, "talk-head", (old) => Boolean(old.querySelector("details[open]")) || old.contains(document.activeElement));
  mergeWhole(page, "side", (old, fresh) => old.dataset.version === fresh.dataset.version || old.contains(document.activeElement));
}

/** Whether a press is on its way: what it brings back is newer than what would be merged before it. */
function isUnderWay() {
  return document.querySelector("#main form.htmx-request, #main a.htmx-request") !== null;
}

/** @param {Document} page */
function mergeLog(page) {
  const log = document.getElementById("log");
  const fresh = page.getElementById("log");
  if (!log || !fresh) return;
  const atEnd = log.scrollHeight - log.scrollTop - log.clientHeight < 80;
  const wanted = [...fresh.children];
  const ids = new Set(wanted.map((one) => one.id));
  for (const old of [...log.children]) if (!ids.has(old.id)) old.remove();
  /** @type {Element | null} */
  let before = null;
  for (const one of wanted) {
    const old = document.getElementById(one.id);
    if (old && (isSame(old, one) || isBeingEdited(old))) before = old;
    else before = adopt(one, (made) => (old ? old.replaceWith(made) : before ? before.after(made) : log.prepend(made)));
  }
  if (atEnd) log.scrollTop = log.scrollHeight;
}

/** @param {Document} page */
function mergeComposer(page) {
  const old = document.getElementById("compose");
  const fresh = page.getElementById("compose");
  if (!old || !fresh) return;
  // What a reply is checked against is what has been shown.
  for (const name of ["position", "epoch"]) {
    for (const field of document.querySelectorAll(`#talk input[name=${name}]`)) {
      if (field instanceof HTMLInputElement) field.value = fresh.dataset[name] ?? field.value;
    }
  }
  if (old.dataset.version === fresh.dataset.version) return;
  const field = composer();
  const written = field?.value ?? "";
  const focused = field !== null && document.activeElement === field;
  adopt(fresh, (made) => old.replaceWith(made));
  const next = composer();
  if (!next) return;
  next.value = written || next.value;
  if (focused) next.focus();
  grow();
}

/** @param {Document} page @param {string} id @param {(old: HTMLElement, fresh: HTMLElement) => boolean} keeps */
function mergeWhole(page, id, keeps) {
  const old = document.getElementById(id);
  const fresh = page.getElementById(id);
  if (old && fresh && !keeps(old, fresh)) adopt(fresh, (made) => old.replaceWith(made));
}

/** @param {Element} old @param {Element} fresh */
function isSame(old, fresh) {
  return old.getAttribute("data-version") === fresh.getAttribute("data-version");
}

/** @param {Element} element */
function isBeingEdited(element) {
  return Boolean(element.querySelector("details[data-draft-edit][open]"));
}

/**
 * Take an element over from another document; what it improves is improved once it is in its place.
 * @param {Element} fresh @param {(made: Element) => void} place
 */
function adopt(fresh, place) {
  const taken = document.importNode(fresh, true);
  showClocks(taken);
  place(taken);
  const loaded = /** @type {{htmx?: {process(element: Element): void}}} */ (/** @type {unknown} */ (window));
  loaded.htmx?.process(taken);
  return taken;
}

/** Say that this member has the conversation before them, so that nobody else answers beside them. */
async function tellPresence() {
  const id = openId();
  if (present && present !== id) leave(present);
  present = document.visibilityState === "visible" ? id : null;
  if (!present) return;
  const told = present;
  // One after the other: an earlier one that arrives later would say that nobody types.
  telling = telling.then(() => (present === told ? put(told) : null));
  await telling;
}

/**
 * @param {string} id
 * @returns {Promise<unknown>}
 */
function put(id) {
  return fetch(address(id), {
    method: "PUT",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ types: Date.now() - typedAt < TYPING_MS }),
    signal: AbortSignal.timeout(PRESENT_MS),
  }).catch(() => null);
}

/** @param {string} id */
function leave(id) {
  void fetch(address(id), { method: "DELETE", keepalive: true }).catch(() => null);
}

/** @param {string} id */
function address(id) {
  return `/dashboard/v1/conversations/${id}/presence`;
}

document.body.addEventListener("live-talk", (event) => {
  const about = /** @type {CustomEvent} */ (event).detail.conversation_id;
  if (about === null || about === openId()) void refresh();
});
document.addEventListener("htmx:beforeSwap", () => {
  scrolled = document.getElementById("rows")?.scrollTop ?? scrolled;
});
document.addEventListener("htmx:afterSettle", (event) => {
  if (event.target instanceof Element && event.target.id !== "rows-inside") arrive();
  if (document.activeElement === document.body && openId()) talk()?.focus({ preventScroll: true });
});
document.addEventListener("input", (event) => {
  if (!(event.target instanceof HTMLTextAreaElement) || !event.target.closest("#talk")) return;
  if (event.target === composer()) unsent.set(openId() ?? "", event.target.value);
  grow();
  const began = Date.now() - typedAt > TYPING_MS;
  typedAt = Date.now();
  if (began) void tellPresence();
});
document.addEventListener("submit", (event) => {
  // What comes back holds the text again if it could not be sent.
  if (event.target instanceof Element && event.target.id === "composer") unsent.delete(openId() ?? "");
});
for (const failure of ["htmx:sendError", "htmx:timeout"]) {
  document.addEventListener(failure, () => {
    toast(document.querySelector("[data-not-arrived]")?.getAttribute("data-not-arrived") ?? "");
  });
}
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || event.defaultPrevented || document.querySelector("dialog[open], details[data-menu][open]")) return;
  if (event.target instanceof HTMLTextAreaElement || event.target instanceof HTMLInputElement) event.target.blur();
  else if (openId()) document.getElementById(`row-${openId()}`)?.focus();
});
document.addEventListener("visibilitychange", () => {
  if (document.visibilityState === "visible") void tellPresence();
  else if (present) leave(present);
});
addEventListener("pagehide", () => present && leave(present));
setInterval(() => void tellPresence(), PRESENT_MS);
arrive();
