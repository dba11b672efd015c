// <answerable-chat>: the bubble on a page, what it says unasked, and the panel once somebody opens it.
import { h, icon } from "./dom.js";
import { Session } from "./session.js";
import { STYLE, styleSheet } from "./style.js";
import { chooseLanguage, speaker } from "./texts.js";

/** @typedef {import("./session.js").Message} Message */
/** @typedef {import("./panel.js").Panel} Panel */

const TEASED_CHARACTERS = 120;
const COLOUR = /^#[0-9a-f]{6}$/;

export class AnswerableChat extends HTMLElement {
  #root = this.attachShadow({ mode: "open" });
  #brand = styleSheet("");
  /** @type {Session | undefined} */
  #session;
  /** @type {Panel | null} */
  #panel = null;
  #isOpen = false;
  #opening = false;
  #say = speaker("en");
  #count = h("span", { class: "unread", "aria-hidden": "true" });
  #bubble = h("button", { class: "bubble", type: "button", click: () => this.open() }, icon("chat"), this.#count);
  #teaser = h("button", { class: "teaser", type: "button", hidden: true, click: () => this.open() });
  #announcer = h("div", { role: "status" }, this.#teaser);

  /** Whether the panel is open. */
  get isOpen() {
    return this.#isOpen;
  }

  connectedCallback() {
    if (this.#session) return;
    const { endpoint = "", key = "", name = "" } = this.dataset;
    const language = chooseLanguage(this.dataset.language);
    this.#say = speaker(language);
    this.lang = language;
    this.#root.adoptedStyleSheets = [STYLE, this.#brand];
    this.#root.append(h("div", { class: "corner" }, this.#announcer, this.#bubble));
    const session = new Session({ endpoint, key, language, name });
    this.#session = session;
    session.addEventListener("change", (event) => this.#follow(/** @type {CustomEvent} */ (event).detail));
    session.addEventListener("arrival", (event) => this.#greet(/** @type {CustomEvent} */ (event).detail));
    session.start();
    void session.load();
    this.#draw();
    this.#emit("ready", {});
    if (this.dataset.open !== undefined && this.dataset.open !== "false") void this.open();
  }

  /** Opens the panel; focus goes to where one writes. */
  async open() {
    if (this.#isOpen || this.#opening || !this.#session) return;
    this.#opening = true;
    try {
      await this.#makePanel();
    } catch {
      // The parts could not be fetched; the bubble stays, and pressing it again tries again.
      return;
    } finally {
      this.#opening = false;
    }
    this.#isOpen = true;
    this.toggleAttribute("open", true);
    this.#teaser.hidden = true;
    this.#panel?.show();
    this.#session.markSeen();
    this.#draw();
    this.#emit("opened", {});
  }

  /** Closes the panel; focus goes back to the bubble. */
  close() {
    if (!this.#isOpen) return;
    const hadFocus = this.#root.activeElement !== null;
    this.#isOpen = false;
    this.toggleAttribute("open", false);
    this.#panel?.hide();
    this.#draw();
    if (hadFocus) this.#bubble.focus();
    this.#emit("closed", {});
  }

  async #makePanel() {
    if (this.#panel || !this.#session) return;
    const { Panel } = await import("./panel.js");
    const { PANEL_STYLE } = await import("./panel_style.js");
    this.#root.adoptedStyleSheets = [STYLE, PANEL_STYLE, this.#brand];
    this.#panel = new Panel({
      session: this.#session,
      language: /** @type {import("./texts.js").Language} */ (this.lang),
      close: () => this.close(),
      find: () => this.#root.activeElement,
    });
    this.#root.append(this.#panel.element);
  }

  /** @param {string} what */
  #follow(what) {
    if (what === "workspace") this.#paint();
    if (what === "messages" && this.#isOpen && document.visibilityState === "visible") this.#session?.markSeen();
    this.#panel?.follow(what);
    this.#draw();
  }

  /** @param {Message} message */
  #greet(message) {
    if (!this.#session) return;
    this.#emit("message", { author: message.author, position: message.position });
    if (this.#isOpen || this.#session.unread === 0) return;
    const told = message.text ?? "";
    const cut = told.length > TEASED_CHARACTERS ? `${[...told].slice(0, TEASED_CHARACTERS).join("")}…` : told;
    const who = this.#say(message.author === "member" ? "member" : "assistant");
    this.#teaser.replaceChildren(h("span", { dir: "auto" }, cut), h("small", {}, who));
    this.#teaser.hidden = false;
  }

  #draw() {
    const unread = this.#session?.unread ?? 0;
    const key = unread === 0 ? "open" : unread === 1 ? "open_unread_one" : "open_unread";
    this.#bubble.setAttribute("aria-label", this.#say(key, { count: unread }));
    this.#bubble.setAttribute("aria-expanded", String(this.#isOpen));
    this.#count.textContent = unread > 99 ? "99+" : String(unread);
    this.#count.hidden = unread === 0;
    if (unread === 0) this.#teaser.hidden = true;
  }

  #paint() {
    const colour = this.#session?.workspace?.brand_colour ?? "";
    if (COLOUR.test(colour)) this.#brand.replaceSync(`:host { --brand: ${colour}; }`);
  }

  /**
   * @param {string} name
   * @param {object} detail
   */
  #emit(name, detail) {
    this.dispatchEvent(new CustomEvent(`answerable:${name}`, { detail, bubbles: true, composed: true }));
  }
}

customElements.define("answerable-chat", AnswerableChat);
