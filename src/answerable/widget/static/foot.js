// Where one writes: the field, the way to a person, the form for an address.
import { h, icon } from "./dom.js";

/** @typedef {import("./session.js").Session} Session */
/** @typedef {import("./entries.js").Say} Say */

const TYPING_MS = 4_000;
const ADDRESS = /^[^\s@<>]{1,64}@[^\s@<>]+\.[^\s@<>.]{2,}$/;

export class Foot {
  #session;
  #say;
  #typedAt = 0;
  /** @type {HTMLFormElement | null} */
  #form = null;

  /**
   * @param {Session} session
   * @param {Say} say
   */
  constructor(session, say) {
    this.#session = session;
    this.#say = say;
    this.field = h("textarea", {
      rows: "1", maxlength: "8000", "aria-label": say("write"), placeholder: say("write"), enterkeyhint: "send",
      keydown: (/** @type {KeyboardEvent} */ event) => this.#press(event),
      input: () => this.#type(),
    });
    this.write = h(
      "form",
      { class: "write", submit: (/** @type {Event} */ event) => this.#submit(event) },
      this.field,
      h("button", { class: "button", type: "submit", "data-icon": true, "data-main": true, "aria-label": say("send") }, icon("send")),
    );
    this.person = h("button", { class: "button", type: "button", click: () => this.#askPerson() }, icon("person"), say("talk"));
    this.begin = h("button", { class: "button", type: "button", "data-main": true, hidden: true, click: () => void session.beginAnew() }, say("begin"));
    this.element = h("div", { class: "foot" }, this.person, this.write, this.begin);
  }

  /** Shows what can be done now. */
  draw() {
    const { state, outbox } = this.#session;
    const isClosed = state?.status === "closed";
    const isAsked = outbox.some((one) => one.wantsPerson && !one.problem);
    this.write.hidden = isClosed;
    this.begin.hidden = !isClosed;
    this.person.hidden = isClosed || state?.handler === "people" || isAsked || this.#form !== null;
    if (state?.address_asked && !isClosed && !this.#form) this.#showForm("address");
    if (this.#form?.dataset.kind === "address" && (!state?.address_asked || isClosed)) this.#hideForm();
    if (this.#form?.dataset.kind === "person" && (state?.handler === "people" || isClosed)) this.#hideForm();
  }

  /**
   * Puts text back to where it can be changed.
   * @param {string} text
   */
  restore(text) {
    this.field.value = this.field.value ? `${text}\n${this.field.value}` : text;
    this.field.focus();
  }

  /** @param {KeyboardEvent} event */
  #press(event) {
    // While a word is being composed, Enter belongs to whoever composes it.
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    this.write.requestSubmit();
  }

  /** @param {Event} event */
  #submit(event) {
    event.preventDefault();
    const text = this.field.value.trim();
    if (!text) return;
    this.field.value = "";
    void this.#session.send(text);
  }

  #type() {
    const now = Date.now();
    if (now - this.#typedAt < TYPING_MS) return;
    this.#typedAt = now;
    this.#session.tellTyping();
  }

  #askPerson() {
    const isHere = this.#session.state?.people_here ?? this.#session.workspace?.people_here ?? false;
    if (isHere) {
      void this.#session.send(this.#say("talk_said"), { wantsPerson: true });
      this.field.focus();
    } else {
      this.#showForm("person");
      this.#form?.querySelector("input")?.focus();
    }
  }

  /** @param {"person" | "address"} kind */
  #showForm(kind) {
    const say = this.#say;
    const wrong = h("p", { class: "wrong", id: "wrong", role: "alert", hidden: true }, say("email_wrong"));
    const field = h("input", { type: "email", name: "email", autocomplete: "email", maxlength: "254", "aria-describedby": "wrong" });
    const hours = this.#session.workspace?.answer_hours ?? 24;
    const buttons = h("div", { class: "cluster" });
    const form = h(
      "form",
      {
        novalidate: true, "data-kind": kind,
        submit: (/** @type {Event} */ event) => {
          event.preventDefault();
          const address = field.value.trim();
          wrong.hidden = ADDRESS.test(address);
          field.setAttribute("aria-invalid", String(!wrong.hidden));
          if (wrong.hidden) this.#give(kind, address);
          else field.focus();
        },
      },
      kind === "person" && h("p", { class: "notice" }, icon("hand"), h("span", {}, say("talk_away", { hours }))),
      h("label", {}, say("email"), field),
      wrong,
      buttons,
    );
    buttons.append(h("button", { class: "button", type: "submit", "data-main": true }, say(kind === "person" ? "talk_send" : "address_send")));
    if (kind === "person") {
      buttons.append(
        h("button", { class: "button", type: "button", click: () => this.#give(kind, null) }, say("talk_wait")),
        h("button", { class: "button", type: "button", "data-quiet": true, click: () => this.#cancel() }, say("cancel")),
      );
    }
    this.#hideForm();
    this.#form = form;
    this.element.prepend(form);
    this.person.hidden = true;
  }

  /**
   * @param {"person" | "address"} kind
   * @param {string | null} address
   */
  #give(kind, address) {
    this.#hideForm();
    if (kind === "person") void this.#session.send(this.#say("talk_said"), { wantsPerson: true, email: address });
    else if (address) void this.#session.send(address);
    this.field.focus();
  }

  #cancel() {
    this.#hideForm();
    this.draw();
    this.person.focus();
  }

  #hideForm() {
    this.#form?.remove();
    this.#form = null;
  }
}
