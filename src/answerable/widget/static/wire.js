// Requests to the installation: no cookie, no token in an address, and events read as they come.

/** How long a stream may be silent before it is taken for dead; the server says something every 15 seconds. */
const SILENCE_MS = 40_000;

/** An answer that says no, with its code and how long to wait. */
export class Refused extends Error {
  /**
   * @param {number} status
   * @param {string} code
   * @param {number} waitS
   */
  constructor(status, code, waitS) {
    super(code);
    this.status = status;
    this.code = code;
    this.waitS = waitS;
  }
}

export class Wire {
  /**
   * @param {string} endpoint
   * @param {string} key
   */
  constructor(endpoint, key) {
    this.endpoint = endpoint;
    this.key = key;
  }

  /**
   * Asks and gives the answer's JSON.
   * @param {string} path
   * @param {{ token?: string, query?: Record<string, string>, body?: object }} [more]
   * @returns {Promise<any>}
   */
  async ask(path, more = {}) {
    const response = await this.#fetch(path, more);
    return response.status === 204 ? null : response.json();
  }

  /**
   * Reads events until the server ends them, and tells each.
   * @param {{ id: string, token: string }} conversation
   * @param {number} after position of the last message that is known
   * @param {AbortSignal} signal
   * @param {(name: string, data: any) => void} tell
   */
  async follow(conversation, after, signal, tell) {
    const silence = new AbortController();
    const either = AbortSignal.any([signal, silence.signal]);
    const query = { conversation_id: conversation.id, after: String(after) };
    const response = await this.#fetch("stream", { token: conversation.token, query, signal: either });
    if (!response.body) return;
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    let rest = "";
    for (;;) {
      const timer = setTimeout(() => silence.abort(), SILENCE_MS);
      const { done, value } = await reader.read().finally(() => clearTimeout(timer));
      if (done) return;
      const events = (rest + value).split("\n\n");
      rest = events.pop() ?? "";
      for (const event of events) parse(event, tell);
    }
  }

  /**
   * @param {string} path
   * @param {{ token?: string, query?: Record<string, string>, body?: object, signal?: AbortSignal }} more
   */
  async #fetch(path, { token, query, body, signal }) {
    const address = new URL(path, this.endpoint);
    for (const [name, value] of Object.entries(query ?? {})) address.searchParams.set(name, value);
    const headers = new Headers({ "Answerable-Key": this.key });
    if (token) headers.set("Answerable-Conversation", token);
    if (body) headers.set("Content-Type", "application/json");
    const response = await fetch(address, {
      method: body ? "POST" : "GET",
      body: body ? JSON.stringify(body) : null,
      headers,
      signal: signal ?? null,
      credentials: "omit",
      cache: "no-store",
      referrerPolicy: "no-referrer",
    });
    if (response.ok) return response;
    const problem = await response.json().catch(() => ({}));
    throw new Refused(response.status, String(problem.code ?? ""), Number(response.headers.get("Retry-After")) || 0);
  }
}

/**
 * @param {string} event
 * @param {(name: string, data: any) => void} tell
 */
function parse(event, tell) {
  let name = "";
  let data = "";
  for (const line of event.split("\n")) {
    if (line.startsWith("event: ")) name = line.slice(7);
    if (line.startsWith("data: ")) data += line.slice(6);
  }
  if (name && data) tell(name, JSON.parse(data));
}
