// A quoted passage as a sheet over the log: what stands around the quote, or the quote alone.
import { h, icon } from "./dom.js";

/** @typedef {import("./session.js").Citation} Citation */
/** @typedef {import("./entries.js").Say} Say */
/**
 * @typedef {object} Passage
 * @property {string} title
 * @property {number} version
 * @property {string} language
 * @property {string} quote
 * @property {string} before
 * @property {string} after
 * @property {string[]} headings
 * @property {string | null} since
 * @property {boolean} is_current
 * @property {boolean} is_deleted
 */

/**
 * A sheet that says what it fetches until it is there.
 * @param {Citation} citation
 * @param {Promise<Passage>} fetched
 * @param {{ say: Say, locale: string, close: () => void }} means
 */
export function passageSheet(citation, fetched, { say, locale, close }) {
  const button = h(
    "button",
    { class: "button", type: "button", "data-quiet": true, "data-icon": true, "aria-label": say("back"), click: close },
    icon("cross"),
  );
  const place = h("div", { role: "status" }, h("span", { class: "hidden" }, say("passage_loading")));
  const bones = [1, 2, 3, 4].map(() => h("div", { class: "skeleton" }));
  // Nothing for a moment, then the shape of what comes: most passages are there before.
  const timer = setTimeout(() => place.append(...bones), 300);
  const sheet = h(
    "section",
    { class: "sheet", "aria-label": citation.title, tabindex: "0" },
    h("div", { class: "sheet-head" }, h("h3", { dir: "auto" }, citation.title), button),
    place,
  );
  fetched
    .then((passage) => place.replaceWith(...parts(passage, say, locale)))
    .catch(() => place.replaceChildren(h("p", { class: "wrong" }, say("passage_failed"))))
    .finally(() => clearTimeout(timer));
  return { sheet, button };
}

/**
 * @param {Passage} passage
 * @param {Say} say
 * @param {string} locale
 */
function parts(passage, say, locale) {
  const facts = [say("version", { version: passage.version })];
  if (passage.since) {
    const date = new Date(passage.since).toLocaleDateString(locale, { dateStyle: "long" });
    facts.push(say("passage_since", { date }));
  }
  const path = passage.headings.filter((heading) => heading !== passage.title).join(" › ");
  /** @type {HTMLElement[]} */
  const made = [h("small", {}, facts.join(" · "))];
  if (path) made.push(h("small", { dir: "auto" }, path));
  if (passage.is_deleted) made.push(h("p", { class: "notice" }, icon("alert"), say("passage_deleted")));
  else if (!passage.is_current) made.push(h("p", { class: "notice" }, icon("alert"), say("passage_outdated")));
  const text = h("p", { dir: "auto", lang: passage.language }, passage.before, h("mark", {}, passage.quote), passage.after);
  made.push(text);
  queueMicrotask(() => text.querySelector("mark")?.scrollIntoView({ block: "center" }));
  return made;
}
