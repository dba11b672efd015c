// The open panel: head, banner, log, and whatever lies over it. What is known of the conversation is the session's.
import { h, icon } from "./dom.js";
import { entryOf, underwayEntry } from "./entries.js";
import { Foot } from "./foot.js";
import { receiptSheet } from "./receipt.js";
import { passageSheet } from "./sheet.js";
import { localeOf, speaker } from "./texts.js";

/** @typedef {import("./session.js").Session} Session */
/** @typedef {import("./session.js").Citation} Citation */
/** @typedef {import("./session.js").Message} Message */
/** @typedef {import("./texts.js").Language} Language */
/** @typedef {import("./texts.js").Key} Key */

/** Where the panel covers the screen. The same words stand in panel_style.js. */
const WHOLE = matchMedia("(max-width: 30rem), (max-height: 30rem)");
const TYPING_MS = 6_000;
const FOCUSABLE = "button:not(:disabled), textarea, input, [tabindex='0']";
/** Steps that say something to whoever waits; the others pass in the same moment. */
const STEPS = ["begin", "understand", "retrieve", "compose", "check"];

export class Panel {
  #session;
  #locale;
  #say;
  #close;
  #find;
  #name = h("h2");
  #role = h("p");
  #mark = h("span", { class: "mark" }, icon("assistant"));
  #banner = h("div", { class: "banner", role: "status", hidden: true });
  #disclosure;
  #notice = h("p", { class: "notice", hidden: true });
  #underway = h("div");
  #progress = h("ul", { class: "progress" });
  #log;
  #foot;
  /** @type {Map<number, HTMLElement>} */
  #drawn = new Map();
  /** @type {{ sheet: HTMLElement, from: HTMLElement } | null} */
  #sheet = null;
  #typingTimer = 0;
  #filesTimer = 0;
  #refusesFiles = false;

  /** @param {{ session: Session, language: Language, close: () => void, find: () => Element | null }} options */
  constructor({ session, language, close, find }) {
    this.#session = session;
    this.#locale = localeOf(language);
    this.#say = speaker(language);
    this.#close = close;
    this.#find = find;
    const say = this.#say;
    this.#disclosure = h("p", { class: "disclosure" }, icon("assistant"), h("span", {}, say("disclosure")));
    this.#log = h(
      "div",
      { class: "log", role: "log", "aria-live": "polite", "aria-label": say("messages"), tabindex: "0" },
      this.#disclosure,
    );
    this.#foot = new Foot(session, say);
    this.element = this.#build();
    for (const name of ["paste", "dragover", "drop"]) this.element.addEventListener(name, (event) => this.#refuseFiles(event));
    WHOLE.addEventListener("change", () => this.#fit());
    this.#fit();
    this.#drawAll();
  }

  /** Shows the panel and puts focus where one writes. */
  show() {
    this.element.hidden = false;
    this.#toEnd();
    if (!this.#sheet) this.#focus();
  }

  hide() {
    this.element.hidden = true;
  }

  /**
   * Draws what changed.
   * @param {string} what
   */
  follow(what) {
    if (what === "anew") {
      for (const entry of this.#drawn.values()) entry.remove();
      this.#drawn.clear();
      this.#closeSheet();
    }
    if (what === "typing") this.#showTyping();
    else this.#drawAll();
  }

  #build() {
    const say = this.#say;
    return h(
      "section",
      { class: "chat", role: "dialog", hidden: true, keydown: (/** @type {KeyboardEvent} */ event) => this.#press(event) },
      h(
        "div",
        { class: "head" },
        this.#mark,
        h("div", {}, this.#name, this.#role),
        h("button", { class: "button", type: "button", "data-icon": true, "aria-label": say("minimise"), click: () => this.#close() }, icon("down")),
      ),
      this.#banner,
      this.#log,
      this.#foot.element,
    );
  }

  #drawAll() {
    const isAtEnd = this.#log.scrollTop + this.#log.clientHeight >= this.#log.scrollHeight - 40;
    this.#drawHead();
    this.#drawBanner();
    this.#drawLog();
    this.#foot.draw();
    if (isAtEnd) this.#toEnd();
  }

  #drawHead() {
    const { workspace, state } = this.#session;
    const name = workspace?.name ?? "";
    this.#name.textContent = name;
    this.element.setAttribute("aria-label", this.#say("panel", { workspace: name }));
    /** @type {Key} */
    let role = "at_once";
    if (state?.status === "closed") role = "closed";
    else if (state?.status === "waiting") role = "waiting";
    else if (state?.handler === "people") role = "with_people";
    this.#role.textContent = this.#say(role);
    const drawn = role === "at_once" ? "assistant" : "person";
    if (this.#mark.dataset.drawn !== drawn) this.#mark.replaceChildren(icon(drawn));
    this.#mark.dataset.drawn = drawn;
  }

  #drawBanner() {
    const { offline, trouble } = this.#session;
    let told = "";
    if (this.#refusesFiles) told = this.#say("files");
    else if (offline) told = this.#say("offline");
    else if (trouble) told = this.#say(trouble.key, trouble.values);
    this.#banner.hidden = !told;
    if (this.#banner.textContent !== told) this.#banner.replaceChildren(icon("alert"), h("span", {}, told));
  }

  #drawLog() {
    const means = {
      session: this.#session,
      say: this.#say,
      locale: this.#locale,
      open: (/** @type {Citation} */ citation, /** @type {HTMLElement} */ from) => this.#open(citation, from),
      receipt: (/** @type {Message} */ message, /** @type {HTMLElement} */ from) => this.#openReceipt(message, from),
      edit: (/** @type {string} */ clientId) => void this.#edit(clientId),
    };
    const tail = [this.#notice, this.#underway, this.#progress];
    if (!this.#notice.isConnected) this.#log.append(...tail);
    for (const position of [...this.#session.messages.keys()].sort((one, other) => one - other)) {
      const message = this.#session.messages.get(position);
      if (!message || this.#drawn.has(position)) continue;
      const entry = entryOf(message, means);
      this.#drawn.set(position, entry);
      this.#notice.before(entry);
    }
    this.#underway.replaceChildren(...this.#session.underway.map((pending) => underwayEntry(pending, means)));
    this.#underway.hidden = !this.#underway.hasChildNodes();
    this.#drawNotice();
    this.#drawProgress();
  }

  #drawNotice() {
    const { state } = this.#session;
    /** @type {Key | null} */
    let key = null;
    if (state?.status === "closed") key = "closed_notice";
    else if (state?.status === "waiting") key = "waiting_notice";
    else if (state?.handler === "people") key = "people_notice";
    this.#notice.hidden = key === null;
    if (key && this.#notice.dataset.key !== key) this.#notice.replaceChildren(icon("hand"), h("span", {}, this.#say(key)));
    this.#notice.dataset.key = key ?? "";
  }

  #drawProgress() {
    if (!this.#session.isWorking) {
      if (!this.#typingTimer) this.#progress.replaceChildren();
      this.#progress.hidden = !this.#progress.hasChildNodes();
      return;
    }
    const steps = this.#session.steps.filter((one) => STEPS.includes(one.step));
    const done = steps.map(({ step, count }) => {
      const key = /** @type {Key} */ (`step_${step}${count === 1 ? "_one" : ""}`);
      return h("li", {}, icon("check"), this.#say(key, { count: count ?? 0 }));
    });
    this.#progress.replaceChildren(...done, h("li", { "data-now": true }, icon("waiting"), this.#say("working")));
    this.#progress.hidden = false;
  }

  #showTyping() {
    clearTimeout(this.#typingTimer);
    this.#progress.replaceChildren(h("li", { "data-now": true }, icon("person"), this.#say("typing")));
    this.#progress.hidden = false;
    this.#typingTimer = setTimeout(() => {
      this.#typingTimer = 0;
      this.#drawProgress();
    }, TYPING_MS);
    this.#toEnd();
  }

  /**
   * @param {Citation} citation
   * @param {HTMLElement} from
   */
  #open(citation, from) {
    const fetched = this.#session.openPassage(citation);
    const means = { say: this.#say, locale: this.#locale, close: () => this.#closeSheet() };
    this.#show(passageSheet(citation, fetched, means), from);
  }

  /**
   * @param {Message} message
   * @param {HTMLElement} from
   */
  #openReceipt(message, from) {
    const { endpoint } = this.#session;
    const means = { say: this.#say, locale: this.#locale, endpoint, close: () => this.#closeSheet() };
    this.#show(receiptSheet(this.#session.exchangeOf(message), this.#session.openReceipt(), means), from);
  }

  /**
   * @param {{ sheet: HTMLElement, button: HTMLElement }} made
   * @param {HTMLElement} from
   */
  #show({ sheet, button }, from) {
    this.#log.hidden = true;
    this.#foot.element.hidden = true;
    this.element.append(sheet);
    this.#sheet = { sheet, from };
    button.focus();
  }

  #closeSheet() {
    if (!this.#sheet) return;
    const { sheet, from } = this.#sheet;
    this.#sheet = null;
    sheet.remove();
    this.#log.hidden = false;
    this.#foot.element.hidden = false;
    from.focus();
  }

  /** @param {string} clientId */
  async #edit(clientId) {
    this.#foot.restore(await this.#session.withdraw(clientId));
  }

  /** @param {KeyboardEvent} event */
  #press(event) {
    if (event.key === "Escape") {
      event.stopPropagation();
      if (this.#sheet) this.#closeSheet();
      else this.#close();
    }
    if (event.key === "Tab" && WHOLE.matches) this.#keepFocus(event);
  }

  /** @param {KeyboardEvent} event */
  #keepFocus(event) {
    const all = /** @type {HTMLElement[]} */ ([...this.element.querySelectorAll(FOCUSABLE)]).filter((one) => one.checkVisibility());
    const edge = event.shiftKey ? all[0] : all.at(-1);
    if (this.#find() !== edge) return;
    event.preventDefault();
    (event.shiftKey ? all.at(-1) : all[0])?.focus();
  }

  /** @param {Event} event */
  #refuseFiles(event) {
    const carried = event instanceof ClipboardEvent ? event.clipboardData : event instanceof DragEvent ? event.dataTransfer : null;
    if (!carried?.types.includes("Files")) return;
    event.preventDefault();
    if (event.type === "dragover") return;
    this.#refusesFiles = true;
    this.#drawBanner();
    clearTimeout(this.#filesTimer);
    this.#filesTimer = setTimeout(() => {
      this.#refusesFiles = false;
      this.#drawBanner();
    }, 12_000);
  }

  #fit() {
    this.element.toggleAttribute("aria-modal", false);
    if (WHOLE.matches) this.element.setAttribute("aria-modal", "true");
  }

  #focus() {
    const place = this.#foot.write.hidden ? this.#foot.begin : this.#foot.field;
    place.focus();
  }

  #toEnd() {
    this.#log.scrollTop = this.#log.scrollHeight;
  }
}
