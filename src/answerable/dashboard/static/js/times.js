// Times in the reader's own zone: relative within a day, absolute on hover.

const MINUTE = 60;
const HOUR = 3600;
const DAY = 86_400;

/** @param {ParentNode} root */
export function showTimes(root) {
  const language = localeOf(document.documentElement.lang);
  const absolute = new Intl.DateTimeFormat(language, { dateStyle: "medium", timeStyle: "medium" });
  const day = new Intl.DateTimeFormat(language, { dateStyle: "medium" });
  const relative = new Intl.RelativeTimeFormat(language, { numeric: "auto", style: "short" });
  const now = Date.now();
  for (const element of root.querySelectorAll("time[data-when]")) {
    const at = new Date(element.getAttribute("datetime") ?? "");
    if (Number.isNaN(at.valueOf())) continue;
    element.setAttribute("title", absolute.format(at));
    element.textContent = say(at, (at.valueOf() - now) / 1000, { relative, day, absolute });
  }
}

/** Times of day and days, which stand still. @param {ParentNode} root */
export function showClocks(root) {
  const language = localeOf(document.documentElement.lang);
  const absolute = new Intl.DateTimeFormat(language, { dateStyle: "medium", timeStyle: "medium" });
  const clock = new Intl.DateTimeFormat(language, { timeStyle: "short" });
  const day = new Intl.DateTimeFormat(language, { dateStyle: "full" });
  for (const element of root.querySelectorAll("time[data-clock], time[data-day]")) {
    const at = new Date(element.getAttribute("datetime") ?? "");
    if (Number.isNaN(at.valueOf())) continue;
    if (element.hasAttribute("data-clock")) element.setAttribute("title", absolute.format(at));
    element.textContent = (element.hasAttribute("data-clock") ? clock : day).format(at);
  }
}

/**
 * @param {Date} at
 * @param {number} seconds until then, negative for the past
 * @param {{relative: Intl.RelativeTimeFormat, day: Intl.DateTimeFormat, absolute: Intl.DateTimeFormat}} formats
 */
function say(at, seconds, { relative, day }) {
  const distance = Math.abs(seconds);
  if (distance < MINUTE) return relative.format(0, "second");
  if (distance < HOUR) return relative.format(Math.trunc(seconds / MINUTE), "minute");
  if (distance < DAY) return relative.format(Math.trunc(seconds / HOUR), "hour");
  return day.format(at);
}

/**
 * The pages' English writes days and clocks as the server does: 26 Nov 2026, 14:05.
 * @param {string} language
 */
export function localeOf(language) {
  return language === "de" ? "de" : "en-GB";
}
