// The record's page: which of the three heights one reads, arrow keys through the steps, everything open on paper.

/** The tab of the height that is read now is marked. */
function followHeights() {
  const tabs = [...document.querySelectorAll("[data-heights] a")];
  const sheets = tabs.map((tab) => document.querySelector(tab.getAttribute("href") ?? ""));
  const mark = () => {
    const reached = sheets.findLastIndex((sheet) => sheet && sheet.getBoundingClientRect().top < innerHeight / 3);
    for (const tab of tabs) tab.removeAttribute("aria-current");
    tabs[Math.max(reached, 0)]?.setAttribute("aria-current", "true");
  };
  addEventListener("scroll", mark, { passive: true });
  addEventListener("hashchange", mark);
}

/** @param {KeyboardEvent} event arrows move from step to step, and into the passages of an open one */
function stepThrough(event) {
  const by = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
  const head = event.target;
  if (!by || !(head instanceof HTMLElement) || head.tagName !== "SUMMARY") return;
  const heads = [...(head.closest("[data-steps]")?.querySelectorAll("summary") ?? [])].filter((one) => one.checkVisibility());
  const next = heads[heads.indexOf(head) + by];
  if (!next) return;
  event.preventDefault();
  next.focus();
}

/** On paper everything is open; afterwards what was closed is closed again. */
function openForPrint() {
  /** @type {HTMLDetailsElement[]} */
  let opened = [];
  addEventListener("beforeprint", () => {
    opened = /** @type {HTMLDetailsElement[]} */ ([...document.querySelectorAll("main details:not([open])")]);
    for (const one of opened) one.open = true;
  });
  addEventListener("afterprint", () => {
    for (const one of opened) one.open = false;
  });
}

for (const button of document.querySelectorAll("[data-scripted][hidden]")) button.removeAttribute("hidden");
document.querySelector("[data-print]")?.addEventListener("click", () => print());
document.addEventListener("keydown", stepThrough);
openForPrint();
if (document.querySelector("[data-heights]")) followHeights();
