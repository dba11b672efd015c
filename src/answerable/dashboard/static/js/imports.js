// The page of an import asks again and again how far it is; when nobody answers, it says how old it is.
import { localeOf } from "./times.js";

const askedAt = { last: Date.now() };

/** @param {Event} event */
function isOurs(event) {
  return event.target instanceof Element && event.target.id === "import";
}

document.addEventListener("htmx:afterSwap", (event) => {
  if (isOurs(event)) askedAt.last = Date.now();
});

for (const name of ["htmx:sendError", "htmx:responseError", "htmx:timeout"]) {
  document.addEventListener(name, (event) => {
    const notice = document.querySelector("#import [data-stale]");
    if (!isOurs(event) || !(notice instanceof HTMLElement)) return;
    notice.hidden = false;
    const since = notice.querySelector("[data-since]");
    if (since) since.textContent = new Date(askedAt.last).toLocaleTimeString(localeOf(document.documentElement.lang));
  });
}
