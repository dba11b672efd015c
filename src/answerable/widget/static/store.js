// What a browser remembers of a conversation, shared by its windows; nothing before the first message.

/**
 * A message on its way.
 * @typedef {object} Pending
 * @property {string} clientId made at random; the same one twice is one message
 * @property {string} text
 * @property {boolean} wantsPerson
 * @property {string | null} email
 * @property {string | null} problem why it was not taken; null while it waits
 */
/**
 * @typedef {object} Kept
 * @property {{ id: string, token: string } | null} conversation
 * @property {Pending[]} outbox
 * @property {number} seen position of the newest message that was on the screen
 */

/** @returns {Kept} */
const nothing = () => ({ conversation: null, outbox: [], seen: 0 });

/**
 * Runs one at a time among the windows of this browser, where it can; elsewhere the server sees to it that the
 * same message twice is one.
 * @template Result
 * @param {string} name
 * @param {() => Promise<Result>} work
 * @returns {Promise<Result>}
 */
export function alone(name, work) {
  return navigator.locks ? navigator.locks.request(name, work) : work();
}

export class Store extends EventTarget {
  /** @param {string} key the workspace's public key */
  constructor(key) {
    super();
    this.name = `answerable:${key}`;
    /** @type {Kept} */
    this.kept = this.#read() ?? nothing();
    addEventListener("storage", (event) => {
      if (event.key !== this.name && event.key !== null) return;
      this.kept = this.#read() ?? nothing();
      this.dispatchEvent(new Event("elsewhere"));
    });
  }

  /**
   * Changes what is kept, seeing first what other windows have changed.
   * @param {(kept: Kept) => void} change
   */
  async change(change) {
    await alone(`${this.name}:store`, async () => {
      this.kept = this.#read() ?? this.kept;
      change(this.kept);
      this.#write();
    });
  }

  /** Sees what other windows have changed. */
  refresh() {
    this.kept = this.#read() ?? this.kept;
  }

  #write() {
    // Storage may be full or forbidden; the chat then lives as long as its page.
    try {
      localStorage.setItem(this.name, JSON.stringify(this.kept));
    } catch {}
  }

  /** @returns {Kept | null} */
  #read() {
    try {
      const kept = JSON.parse(localStorage.getItem(this.name) ?? "null");
      if (!kept || !Array.isArray(kept.outbox) || typeof kept.seen !== "number") return null;
      const { id, token } = kept.conversation ?? {};
      const known = typeof id === "string" && typeof token === "string";
      return { conversation: known ? { id, token } : null, outbox: kept.outbox, seen: kept.seen };
    } catch {
      return null;
    }
  }
}
