// The entries of the log: what was said, with sources and thumbs. All text is data and never markup.
import { h, icon } from "./dom.js";

/** @typedef {import("./session.js").Message} Message */
/** @typedef {import("./session.js").Citation} Citation */
/** @typedef {import("./session.js").Rating} Rating */
/** @typedef {import("./session.js").Session} Session */
/** @typedef {import("./store.js").Pending} Pending */
/** @typedef {ReturnType<typeof import("./texts.js").speaker>} Say */
/**
 * @typedef {object} Means
 * @property {Session} session
 * @property {Say} say
 * @property {string} locale
 * @property {(citation: Citation, from: HTMLElement) => void} open
 * @property {(message: Message, from: HTMLElement) => void} receipt
 * @property {(clientId: string) => void} edit
 */

/**
 * @param {Message} message
 * @param {Means} means
 */
export function entryOf(message, means) {
  return message.author === "contact" ? said(message, means) : answer(message, means);
}

/**
 * A message that is on its way, or was not taken.
 * @param {Pending} pending
 * @param {Means} means
 */
export function underwayEntry(pending, { session, say, edit }) {
  const { problem } = pending;
  const entry = h(
    "div",
    { class: "said", "data-underway": true, "data-problem": problem },
    h("p", { dir: "auto" }, h("span", { class: "hidden" }, `${say("you")}: `), pending.text),
  );
  if (!problem) {
    entry.append(h("small", {}, say(session.offline ? "queued" : "sending")));
    return entry;
  }
  const key = /** @type {import("./texts.js").Key} */ (problem);
  entry.append(
    h("small", {}, `${say("not_sent")}. ${say(key)}`),
    h(
      "div",
      { class: "cluster" },
      h("button", { class: "button", type: "button", click: () => edit(pending.clientId) }, say("edit")),
      problem === "closed_notice"
        ? h("button", { class: "button", type: "button", click: () => void session.beginAnew() }, say("begin"))
        : h("button", { class: "button", type: "button", click: () => void session.retry() }, say("retry")),
    ),
  );
  return entry;
}

/**
 * @param {Message} message
 * @param {Means} means
 */
function said(message, { say, locale }) {
  return h(
    "div",
    { class: "said" },
    h("p", { dir: "auto" }, h("span", { class: "hidden" }, `${say("you")}: `), message.text ?? say("erased")),
    time(message.created_at, locale),
  );
}

/**
 * @param {Message} message
 * @param {Means} means
 */
function answer(message, means) {
  const { say, locale } = means;
  const isMember = message.author === "member";
  const entry = h(
    "article",
    { class: "answer" },
    h(
      "p",
      { class: "who" },
      icon(isMember ? "person" : "assistant"),
      h("b", {}, say(isMember ? "member" : "assistant")),
      time(message.created_at, locale),
    ),
  );
  if (message.text === null) entry.append(h("p", {}, say("erased")));
  else entry.append(...blocks(message.text, message.citations, say));
  if (message.citations.length) entry.append(sources(message, means));
  entry.append(tools(message, means, !isMember || message.citations.length > 0));
  return entry;
}

/**
 * The text in pieces: what is quoted as a quotation, all else as it stands.
 * @param {string} text
 * @param {Citation[]} citations
 * @param {Say} say
 */
function blocks(text, citations, say) {
  /** @type {HTMLElement[]} */
  const made = [];
  let rest = text;
  const plain = (/** @type {string} */ piece) => {
    for (const paragraph of piece.split(/\n{2,}/)) {
      if (paragraph.trim()) made.push(h("p", { dir: "auto" }, paragraph.trim()));
    }
  };
  for (const citation of citations) {
    const found = [`“${citation.quote}”`, `„${citation.quote}“`]
      .map((quoted) => ({ start: rest.indexOf(quoted), length: quoted.length, quoted }))
      .find(({ start }) => start >= 0);
    if (!found) continue;
    plain(rest.slice(0, found.start));
    const source = say("quote_from", { title: citation.title, version: citation.version });
    const quote = h("p", { dir: "auto", lang: citation.language }, found.quoted);
    made.push(h("blockquote", {}, quote, h("cite", { dir: "auto" }, source)));
    rest = rest.slice(found.start + found.length).replace(`\n(${citation.title})`, "");
  }
  plain(rest);
  return made;
}

/**
 * @param {Message} message
 * @param {Means} means
 */
function sources(message, { say, open }) {
  const rows = message.citations.map((citation, index) => {
    const button = h(
      "button",
      { type: "button", click: () => open(citation, button) },
      h("b", {}, String(index + 1)),
      h("span", { dir: "auto" }, citation.title),
      h("small", {}, say("version", { version: citation.version })),
    );
    return h("li", {}, button);
  });
  return h("ul", { class: "sources", "aria-label": say("sources") }, ...rows);
}

/**
 * The receipt; thumbs, and room for a reason once one is pressed.
 * @param {Message} message
 * @param {Means} means
 * @param {boolean} isRated
 */
function tools(message, { session, say, receipt }, isRated) {
  const opener = h(
    "button",
    { class: "button", type: "button", "data-quiet": true, click: () => receipt(message, opener) },
    say("receipt"),
  );
  if (!isRated) return h("div", { class: "tools" }, opener);
  const told = h("span", { role: "status" });
  const place = h("div", { class: "tools" }, told);
  /** @param {Rating} rating */
  const thumb = (rating) => {
    const button = h("button", {
      class: "button", type: "button", "data-quiet": true, "data-icon": true, "aria-label": say(rating),
      "aria-pressed": String(message.rating === rating), click: () => void press(rating),
    }, icon(rating === "helped" ? "up" : "thumbdown"));
    return { rating, button };
  };
  const thumbs = [thumb("helped"), thumb("did_not_help")];
  /**
   * @param {Rating} rating
   * @param {string | null} reason
   */
  const rate = async (rating, reason) => {
    try {
      await session.rate(message, rating, reason);
    } catch {
      told.textContent = say("rating_failed");
      return false;
    }
    for (const each of thumbs) each.button.setAttribute("aria-pressed", String(each.rating === rating));
    told.textContent = say("rating_thanks");
    return true;
  };
  /** @param {Rating} rating */
  const press = async (rating) => {
    if (!(await rate(rating, null))) return;
    place.querySelector("form")?.remove();
    const field = h("textarea", { rows: "2", maxlength: "2000", name: "reason" });
    const form = h(
      "form",
      {
        submit: async (/** @type {SubmitEvent} */ event) => {
          event.preventDefault();
          if (field.value.trim() && !(await rate(rating, field.value))) return;
          form.remove();
          thumbs.find((each) => each.rating === rating)?.button.focus();
        },
      },
      h("label", {}, say(rating === "helped" ? "reason_helped" : "reason_did_not_help"), field),
      h("div", { class: "cluster" }, h("button", { class: "button", type: "submit" }, say("reason_send"))),
    );
    place.append(form);
    field.focus();
  };
  place.append(opener, ...thumbs.map((each) => each.button));
  return place;
}

/**
 * @param {string} at
 * @param {string} locale
 */
function time(at, locale) {
  const moment = new Date(at);
  const isToday = moment.toDateString() === new Date().toDateString();
  /** @type {Intl.DateTimeFormatOptions} */
  const day = isToday ? {} : { day: "numeric", month: "short" };
  const short = moment.toLocaleString(locale, { ...day, hour: "2-digit", minute: "2-digit" });
  const whole = moment.toLocaleString(locale, { dateStyle: "full", timeStyle: "medium" });
  return h("small", {}, h("time", { datetime: at, title: whole }, short));
}
