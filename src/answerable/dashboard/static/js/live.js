// What happens meanwhile: one stream for all pages of a browser, and none while nobody looks at any.
//
// Pages that are seen compete for a lock; who holds it has the stream and passes on what it says. Pages hear it as
// events on the body: `live-list` (something changed in the list of conversations), `live-talk` (in one of them),
// `live-knowledge`, each at most once a second and never lost.
import { localeOf } from "./times.js";

/** @typedef {{topic: string, conversation_id: string | null, subject_id: string | null, word: string | null, count: number | null}} Signal */

const LOCK = "answerable.live";
const PAUSE_MS = 1_000;
const SILENCE_MS = 40_000;

/** @type {Record<string, string[]>} */
const HEARD_AS = {
  message: ["live-list", "live-talk"],
  state: ["live-list", "live-talk"],
  presence: ["live-talk"],
  typing: ["live-typing"],
  progress: ["live-progress"],
  import: ["live-knowledge"],
  document: ["live-knowledge"],
  missed: ["live-list", "live-talk", "live-knowledge"],
};

/** @type {Map<string, {timer: number, waiting: Signal | null}>} */
const pauses = new Map();
let heardAt = Date.now();

export function listen() {
  const channel = new BroadcastChannel(LOCK);
  channel.addEventListener("message", (event) => hear(event.data));
  /** @type {AbortController | null} */
  let seen = null;
  const look = () => {
    if (document.visibilityState === "visible" && !seen) {
      seen = new AbortController();
      heardAt = Date.now();
      void compete(channel, seen.signal);
      // Whatever happened while nobody looked.
      hear({ topic: "missed", conversation_id: null, subject_id: null, word: null, count: null });
    }
    if (document.visibilityState !== "visible" && seen) {
      seen.abort();
      seen = null;
    }
  };
  document.addEventListener("visibilitychange", look);
  addEventListener("pagehide", () => seen?.abort());
  setInterval(() => showSilence(Boolean(seen)), 5_000);
  look();
}

/** @param {BroadcastChannel} channel @param {AbortSignal} gone */
async function compete(channel, gone) {
  const follow = () => followStream(channel, gone);
  try {
    await navigator.locks.request(LOCK, { signal: gone }, follow);
  } catch (error) {
    if (!gone.aborted) throw error;
  }
}

/** @param {BroadcastChannel} channel @param {AbortSignal} gone @returns {Promise<void>} */
function followStream(channel, gone) {
  return new Promise((resolve) => {
    if (gone.aborted) return resolve();
    const stream = new EventSource("/dashboard/v1/events");
    /** @param {Signal | null} signal */
    const pass = (signal) => {
      channel.postMessage(signal);
      hear(signal);
    };
    stream.addEventListener("signal", (event) => pass(JSON.parse(event.data)));
    stream.addEventListener("alive", () => pass(null));
    // The browser tries again by itself unless it was refused; then a while later, since a sign-in may have ended.
    stream.addEventListener("error", () => {
      if (stream.readyState !== EventSource.CLOSED) return;
      setTimeout(() => resolve(gone.aborted ? undefined : followStream(channel, gone)), 10_000);
    });
    gone.addEventListener("abort", () => {
      stream.close();
      resolve();
    });
  });
}

/** @param {Signal | null} signal null says that all is well */
function hear(signal) {
  heardAt = Date.now();
  showSilence(true);
  for (const name of HEARD_AS[signal?.topic ?? ""] ?? []) tellSoon(name, /** @type {Signal} */ (signal));
}

/** At once, or at the end of the pause since the last time. @param {string} name @param {Signal} signal */
function tellSoon(name, signal) {
  const key = `${name}/${signal.conversation_id ?? ""}`;
  const pause = pauses.get(key);
  if (pause) {
    pause.waiting = signal;
    return;
  }
  document.body.dispatchEvent(new CustomEvent(name, { detail: signal }));
  const timer = window.setTimeout(() => {
    const waiting = pauses.get(key)?.waiting;
    pauses.delete(key);
    if (waiting) tellSoon(name, waiting);
  }, PAUSE_MS);
  pauses.set(key, { timer, waiting: null });
}

/** Say that a page may be older than it looks. @param {boolean} listening */
function showSilence(listening) {
  const silent = listening && Date.now() - heardAt > SILENCE_MS;
  for (const notice of document.querySelectorAll("[data-live-lost]")) {
    notice.toggleAttribute("hidden", !silent);
    const since = notice.querySelector("[data-live-since]");
    if (silent && since) since.textContent = new Date(heardAt).toLocaleTimeString(localeOf(document.documentElement.lang));
  }
}
