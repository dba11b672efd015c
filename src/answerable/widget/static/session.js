// A conversation as this window has it: what was said, what is on its way, who is there. Draws nothing.
import { Store, alone } from "./store.js";
import { Refused, Wire } from "./wire.js";

/** @typedef {import("./store.js").Pending} Pending */
/** @typedef {import("./texts.js").Key} Key */
/** @typedef {"helped" | "did_not_help"} Rating */
/** @typedef {{ citation_id: string, title: string, version: number, language: string, quote: string }} Citation */
/**
 * @typedef {object} Message
 * @property {string} message_id
 * @property {number} position
 * @property {"contact" | "assistant" | "member"} author
 * @property {string | null} text
 * @property {string} created_at
 * @property {string | null} client_id
 * @property {Citation[]} citations
 * @property {Rating | null} rating
 */
/** @typedef {{ status: "open" | "waiting" | "closed", handler: "assistant" | "people", people_here: boolean, address_asked: boolean }} State */
/** @typedef {{ name: string, brand_colour: string, people_here: boolean, answer_hours: number, disclosure: Record<string, string> }} Workspace */
/** @typedef {{ step: string, count: number | null }} Step */
/** @typedef {{ key: Key, values: Record<string, number> }} Trouble */

const LONGEST_WAIT_MS = 30_000;
/** A window that nobody sees needs no stream after this while. */
const HIDDEN_MS = 60_000;

/** @type {Record<string, Key>} */
const PROBLEMS = {
  "conversations.message_too_long": "error_long",
  "conversations.address_invalid": "error_address",
  "conversations.conversation_closed": "closed_notice",
  "widget.origin_refused": "error_origin",
  "widget.key_unknown": "error_key",
  "rates.too_many_open": "error_windows",
};

/** @param {number} tries */
const backoff = (tries) => Math.min(1_000 * 2 ** tries, LONGEST_WAIT_MS) * (0.5 + Math.random() / 2);

/** Tells `change` with what changed, and `arrival` with each message of others that is new. */
export class Session extends EventTarget {
  #wire;
  #store;
  #options;
  #sending = false;
  #tries = 0;
  #named = false;
  #page = "";
  /** @type {string | null} the conversation whose messages these are */
  #current = null;
  /** @type {AbortController | null} */
  #stream = null;
  #hiddenTimer = 0;

  /** @param {{ endpoint: string, key: string, language: string, name: string }} options */
  constructor(options) {
    super();
    this.#options = options;
    this.#wire = new Wire(options.endpoint, options.key);
    this.#store = new Store(options.key);
    /** @type {Map<number, Message>} */
    this.messages = new Map();
    /** @type {State | null} */
    this.state = null;
    /** @type {Workspace | null} */
    this.workspace = null;
    /** @type {Step[]} */
    this.steps = [];
    /** @type {Pending[]} taken by the server, and not yet come back in the stream */
    this.accepted = [];
    this.offline = false;
    /** @type {Trouble | null} */
    this.trouble = null;
    this.#store.addEventListener("elsewhere", () => this.#catchUp());
    addEventListener("online", () => this.#catchUp());
    addEventListener("offline", () => this.#setOffline(true));
    document.addEventListener("visibilitychange", () => this.#minding());
  }

  get outbox() {
    return this.#store.kept.outbox.filter((one) => !this.#isStored(one.clientId));
  }

  /** Everything that the contact wrote and the stream has not shown. */
  get underway() {
    return [...this.accepted.filter((one) => !this.#isStored(one.clientId)), ...this.outbox];
  }

  get hasConversation() {
    return this.#store.kept.conversation !== null;
  }

  /** The newest position that is known. */
  get last() {
    return Math.max(0, ...this.messages.keys());
  }

  get unread() {
    const isNew = (/** @type {Message} */ one) => one.author !== "contact" && one.position > this.#store.kept.seen;
    return [...this.messages.values()].filter(isNew).length;
  }

  /** Whether the assistant owes an answer. */
  get isWorking() {
    const latest = this.messages.get(this.last);
    const isAsked = this.underway.some((one) => !one.problem) || latest?.author === "contact";
    return isAsked && !this.offline && (this.state?.handler ?? "assistant") === "assistant" && this.state?.status !== "closed";
  }

  /** Goes on where this browser left off. */
  start() {
    this.#catchUp();
  }

  /** Learns what the workspace is called and how it looks. */
  async load() {
    if (this.workspace) return;
    try {
      this.workspace = await this.#wire.ask("config");
      this.#tell("workspace");
    } catch (error) {
      if (error instanceof Refused) this.#setTrouble(error);
      else this.#setOffline(true);
    }
  }

  /**
   * Puts a message on its way.
   * @param {string} text
   * @param {{ wantsPerson?: boolean, email?: string | null }} [more]
   */
  async send(text, { wantsPerson = false, email = null } = {}) {
    const pending = { clientId: newId(), text, wantsPerson, email, problem: null };
    this.steps = [];
    await this.#store.change((kept) => kept.outbox.push(pending));
    this.#tell("outbox");
    void this.#drain();
  }

  /**
   * Takes a message back that was not taken, and gives its text.
   * @param {string} clientId
   */
  async withdraw(clientId) {
    const text = this.outbox.find((one) => one.clientId === clientId)?.text ?? "";
    await this.#store.change((kept) => {
      kept.outbox = kept.outbox.filter((one) => one.clientId !== clientId);
    });
    this.#tell("outbox");
    return text;
  }

  /** Sends again what was not taken. */
  async retry() {
    await this.#store.change((kept) => {
      for (const one of kept.outbox) one.problem = null;
    });
    this.trouble = null;
    this.#tell("outbox");
    void this.#drain();
  }

  /** Leaves the conversation, and begins another with the next message. */
  async beginAnew() {
    this.#forget();
    await this.#store.change((kept) => {
      kept.conversation = null;
      kept.seen = 0;
      for (const one of kept.outbox) one.problem = null;
    });
    void this.#drain();
  }

  /** Notes that everything has been on the screen. */
  markSeen() {
    const { last } = this;
    if (!this.hasConversation || last <= this.#store.kept.seen) return;
    void this.#store.change((kept) => {
      kept.seen = Math.max(kept.seen, last);
    });
    this.#tell("seen");
  }

  /**
   * @param {Message} message
   * @param {Rating} rating
   * @param {string | null} reason
   */
  async rate(message, rating, reason) {
    const { id, token } = this.#required();
    const body = { conversation_id: id, message_id: message.message_id, rating, reason };
    await this.#wire.ask("ratings", { token, body });
    message.rating = rating;
  }

  /** @param {Citation} citation */
  async openPassage(citation) {
    const { id, token } = this.#required();
    return this.#wire.ask(`passages/${citation.citation_id}`, { token, query: { conversation_id: id } });
  }

  /** What was said in this conversation, with what proves it. */
  async openReceipt() {
    const { id, token } = this.#required();
    return this.#wire.ask("receipt", { token, query: { conversation_id: id } });
  }

  /**
   * A message with what the contact wrote before it.
   * @param {Message} message
   */
  exchangeOf(message) {
    const earlier = [...this.messages.values()].filter((one) => one.position < message.position);
    earlier.sort((one, other) => one.position - other.position);
    const before = earlier.findLastIndex((one) => one.author !== "contact");
    return [...earlier.slice(before + 1), message];
  }

  /** Where the installation is reached. */
  get endpoint() {
    return this.#wire.endpoint;
  }

  /** Lets people know that the contact types; an assistant would do nothing with it. */
  tellTyping() {
    const conversation = this.#store.kept.conversation;
    if (!conversation || this.state?.handler !== "people") return;
    void this.#wire
      .ask("typing", { token: conversation.token, body: { conversation_id: conversation.id } })
      .catch(() => {});
  }

  #required() {
    const { conversation } = this.#store.kept;
    if (!conversation) throw new Refused(404, "", 0);
    return conversation;
  }

  #catchUp() {
    this.#store.refresh();
    const id = this.#store.kept.conversation?.id ?? null;
    if (id !== this.#current) {
      // Another window has begun a new conversation, or left this one.
      if (this.#current) this.#forget();
      this.#current = id;
    }
    if (id) void this.#follow();
    if (this.outbox.some((one) => !one.problem)) void this.#drain();
    this.#tell("outbox");
  }

  #minding() {
    clearTimeout(this.#hiddenTimer);
    if (document.visibilityState === "visible") this.#catchUp();
    else this.#hiddenTimer = setTimeout(() => this.#stream?.abort(), HIDDEN_MS);
  }

  /** @param {string} clientId */
  #isStored(clientId) {
    return [...this.messages.values()].some((one) => one.client_id === clientId);
  }

  async #drain() {
    if (this.#sending) return;
    this.#sending = true;
    let waitMs = 0;
    try {
      // One window at a time: two first messages would begin two conversations.
      waitMs = await alone(`${this.#store.name}:send`, () => this.#sendAll());
    } finally {
      this.#sending = false;
    }
    if (waitMs) setTimeout(() => void this.#drain(), waitMs);
  }

  /** Sends what waits; gives how long to wait before the next attempt, 0 when there is nothing left to do. */
  async #sendAll() {
    for (;;) {
      this.#store.refresh();
      const next = this.outbox.find((one) => !one.problem);
      if (!next) return 0;
      try {
        await this.#post(next);
        this.#tries = 0;
      } catch (error) {
        const waitMs = await this.#refuse(next, error);
        if (waitMs) return waitMs;
      }
    }
  }

  /** @param {Pending} pending */
  async #post(pending) {
    const { conversation } = this.#store.kept;
    const page = location.origin + location.pathname;
    const body = {
      text: pending.text,
      client_id: pending.clientId,
      conversation_id: conversation?.id ?? null,
      language: this.#options.language,
      wants_person: pending.wantsPerson,
      email: pending.email,
      name: this.#named ? null : this.#options.name || null,
      page_url: page === this.#page ? null : page,
    };
    const accepted = await this.#wire.ask("messages", { ...(conversation && { token: conversation.token }), body });
    this.#named = true;
    this.#page = page;
    await this.#store.change((kept) => {
      kept.conversation = { id: accepted.conversation_id, token: accepted.conversation_token };
      kept.outbox = kept.outbox.filter((one) => one.clientId !== pending.clientId);
    });
    this.#current = accepted.conversation_id;
    this.trouble = null;
    this.accepted.push(pending);
    if (!this.steps.length) this.steps = [{ step: "begin", count: null }];
    this.#setOffline(false);
    this.#tell("outbox");
    void this.#follow();
  }

  /**
   * @param {Pending} pending
   * @param {unknown} error
   */
  async #refuse(pending, error) {
    if (!(error instanceof Refused) || error.status >= 500) {
      this.#setOffline(true);
      return backoff(this.#tries++);
    }
    if (error.status === 429) {
      this.#setTrouble(error);
      return (error.waitS || 10) * 1_000;
    }
    if (error.status === 404) {
      await this.#lose();
      return 0;
    }
    const problem = PROBLEMS[error.code] ?? "error_other";
    await this.#store.change((kept) => {
      for (const one of kept.outbox) if (one.clientId === pending.clientId) one.problem = problem;
    });
    if (error.status === 401 || error.status === 403) this.#setTrouble(error);
    this.#tell("outbox");
    return 0;
  }

  async #follow() {
    const { conversation } = this.#store.kept;
    if (!conversation || this.#stream || document.visibilityState === "hidden") return;
    const stream = (this.#stream = new AbortController());
    let waitMs = 0;
    for (let tries = 0; !stream.signal.aborted; tries++) {
      if (waitMs) await new Promise((go) => setTimeout(go, waitMs));
      if (stream.signal.aborted || this.#store.kept.conversation?.id !== conversation.id) break;
      try {
        await this.#wire.follow(conversation, this.last, stream.signal, (name, data) => {
          tries = 0;
          this.#setOffline(false);
          this.#hear(name, data);
        });
        waitMs = 300 + 700 * Math.random();
      } catch (error) {
        if (stream.signal.aborted) break;
        if (error instanceof Refused && error.status === 404) {
          await this.#lose();
          break;
        }
        waitMs = this.#fail(error, tries);
        if (!waitMs) break;
      }
    }
    this.#stream = null;
    if (this.#store.kept.conversation && this.#store.kept.conversation.id !== conversation.id) void this.#follow();
  }

  /**
   * @param {unknown} error
   * @param {number} tries
   */
  #fail(error, tries) {
    if (!(error instanceof Refused) || error.status >= 500) {
      this.#setOffline(true);
      return backoff(tries);
    }
    this.#setTrouble(error);
    return error.status === 429 ? (error.waitS || 30) * 1_000 : 0;
  }

  /**
   * @param {string} name
   * @param {any} data
   */
  #hear(name, data) {
    if (name === "message") this.#take(data);
    if (name === "state") {
      this.state = data;
      this.#tell("state");
    }
    if (name === "progress") {
      this.steps = [...this.steps.filter((one) => one.step !== data.step), data];
      this.#tell("progress");
    }
    if (name === "typing") this.#tell("typing");
  }

  /** @param {Message} message */
  #take(message) {
    if (this.messages.has(message.position)) return;
    this.messages.set(message.position, message);
    if (message.author === "contact") {
      this.accepted = this.accepted.filter((one) => one.clientId !== message.client_id);
    } else {
      this.steps = [];
      this.dispatchEvent(new CustomEvent("arrival", { detail: message }));
    }
    this.#tell("messages");
  }

  async #lose() {
    this.#forget();
    await this.#store.change((kept) => {
      kept.conversation = null;
      kept.seen = 0;
    });
    this.trouble = { key: "error_gone", values: {} };
    this.#tell("connection");
  }

  #forget() {
    this.#stream?.abort();
    this.#current = null;
    this.messages.clear();
    this.accepted = [];
    this.state = null;
    this.steps = [];
    this.#tell("anew");
  }

  /** @param {boolean} offline */
  #setOffline(offline) {
    if (offline === this.offline) return;
    this.offline = offline;
    this.#tell("connection");
  }

  /** @param {Refused} error */
  #setTrouble(error) {
    const key = PROBLEMS[error.code] ?? (error.status === 429 ? "error_slow" : "error_other");
    this.trouble = { key, values: { seconds: error.waitS } };
    if (error.status === 429) setTimeout(() => this.#forgive(), (error.waitS || 10) * 1_000);
    this.#tell("connection");
  }

  #forgive() {
    this.trouble = null;
    this.#tell("connection");
  }

  /** @param {string} what */
  #tell(what) {
    this.dispatchEvent(new CustomEvent("change", { detail: what }));
  }
}

/** A random identifier of version 4, also where a page has no secure context. */
function newId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (/** @type {number} */ (bytes[6]) & 0x0f) | 0x40;
  bytes[8] = (/** @type {number} */ (bytes[8]) & 0x3f) | 0x80;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}
