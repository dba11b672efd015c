// The receipt as a sheet over the log: what was asked and answered, who wrote it, how far it is proved, and the file.
import { h, icon } from "./dom.js";

/** @typedef {import("./session.js").Message} Message */
/** @typedef {import("./entries.js").Say} Say */
/** @typedef {"pending" | "promised" | "checkpoint"} State */
/** @typedef {"signed" | "timestamped" | "tenant-witnessed" | "quorum-witnessed"} Level */

/**
 * @typedef {object} Receipt
 * @property {string | null} verifier
 * @property {Record<string, State>} states
 * @property {Level | "none" | null} assurance
 * @property {object | null} transcript
 */

/**
 * A sheet that says what it fetches until it is there.
 * @param {Message[]} exchange what was asked, and last what was answered
 * @param {Promise<Receipt>} fetched
 * @param {{ say: Say, locale: string, endpoint: string, close: () => void }} means
 */
export function receiptSheet(exchange, fetched, { say, locale, endpoint, close }) {
  const button = h(
    "button",
    { class: "button", type: "button", "data-quiet": true, "data-icon": true, "aria-label": say("back"), click: close },
    icon("cross"),
  );
  const place = h("div", { role: "status" }, say("receipt_loading"));
  const sheet = h(
    "section",
    { class: "sheet receipt", "aria-label": say("receipt"), tabindex: "0" },
    h("div", { class: "sheet-head" }, h("h3", {}, say("receipt")), button),
    ...exchange.map((message) => line(message, say, locale)),
    place,
  );
  fetched
    .then((receipt) => place.replaceChildren(...proof(exchange, receipt, say, endpoint)))
    .catch(() => place.replaceChildren(h("p", { class: "wrong" }, say("receipt_failed"))));
  return { sheet, button };
}

/**
 * @param {Message} message
 * @param {Say} say
 * @param {string} locale
 */
function line(message, say, locale) {
  const at = new Date(message.created_at).toLocaleString(locale, { dateStyle: "long", timeStyle: "medium" });
  const who = { contact: "receipt_you", assistant: "receipt_ai", member: "receipt_member" }[message.author];
  return h(
    "div",
    {},
    h("small", {}, h("b", {}, say(/** @type {import("./texts.js").Key} */ (who))), " · ", h("time", { datetime: message.created_at }, at)),
    h("p", { dir: "auto", "data-text": true }, message.text ?? say("erased")),
  );
}

/** @type {Record<Level, import("./texts.js").Key>} */
const LEVELS = {
  signed: "receipt_by_signed",
  timestamped: "receipt_by_timestamped",
  "tenant-witnessed": "receipt_by_witness",
  "quorum-witnessed": "receipt_by_quorum",
};

/**
 * @param {Message[]} exchange
 * @param {Receipt} receipt
 * @param {Say} say
 * @param {string} endpoint
 */
function proof(exchange, receipt, say, endpoint) {
  const found = exchange.map((message) => receipt.states[message.message_id] ?? "pending");
  const state = /** @type {State[]} */ (["pending", "promised"]).find((one) => found.includes(one)) ?? "checkpoint";
  /** @type {HTMLElement[]} */
  const made = [
    h("p", { class: "notice", "data-proof": state }, icon(state === "checkpoint" ? "check" : "waiting"), say(`receipt_${state}`)),
  ];
  if (receipt.assurance && receipt.assurance !== "none") made.push(h("p", { "data-level": receipt.assurance }, say(LEVELS[receipt.assurance])));
  if (!receipt.transcript) return made;
  const file = new Blob([JSON.stringify(receipt.transcript, null, 2)], { type: "application/json" });
  const download = h("a", { class: "button", download: "transcript.json", href: URL.createObjectURL(file) }, say("receipt_download"));
  const cluster = h("div", { class: "cluster" }, download);
  made.push(h("p", {}, say("receipt_text")), cluster);
  if (receipt.verifier) {
    const address = new URL(receipt.verifier, endpoint).href;
    cluster.append(h("a", { class: "button", href: address, target: "_blank", rel: "noopener" }, say("receipt_check")));
  }
  return made;
}
