// How the bubble looks, and the colours and sizes of everything. Adopted, so that no page must allow styles.

/**
 * A style sheet from its text.
 * @param {string} text
 */
export function styleSheet(text) {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(text);
  return sheet;
}

export const STYLE = styleSheet(`
:host {
  all: initial;
  color-scheme: light dark;
  --brand: #1f4b3f; --on-brand: #fff;
  --sunk: light-dark(#efede7, #0f0f0e); --surface: light-dark(#fff, #1c1c1a); --raised: light-dark(#fff, #252522);
  --ink: light-dark(#1a1916, #edebe4); --ink-2: light-dark(#4f4c45, #bbb7ac); --ink-3: light-dark(#68645b, #99958a);
  --line: light-dark(#e4e1d9, #32312d); --line-strong: light-dark(#8b867a, #7b776c); --hover: light-dark(#f2f0ea, #242421);
  --blue: light-dark(#2a3bb7, #a5b4ff); --blue-line: light-dark(#7482dc, #6a7de0); --blue-soft: light-dark(#eceefb, #23284a);
  --warn: light-dark(#7d5200, #e6b95c); --warn-soft: light-dark(#fbf0d6, #362b14);
  --bad: light-dark(#ab261c, #ff9d92); --bad-soft: light-dark(#fbe9e6, #3c1d1a); --bad-fill: light-dark(#b52a1f, #b83a2f);
  --float: 0 1px 2px light-dark(#1a191614, #0006), 0 12px 32px -8px light-dark(#1a19161f, #0009);
  --quick: 120ms; --calm: 220ms; --ease: cubic-bezier(.2, .7, .2, 1);
  font: 400 0.9375rem/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "Helvetica Neue", sans-serif;
  color: var(--ink);
}
:host([data-theme="light"]) { color-scheme: light; }
:host([data-theme="dark"]) { color-scheme: dark; }
@media (prefers-reduced-motion: reduce) { :host { --quick: 0ms; --calm: 0ms; } }
@media (prefers-contrast: more) { :host { --ink-2: var(--ink); --line: var(--line-strong); } }
@media print { :host { display: none; } }
*, ::before, ::after { box-sizing: border-box; }
* { margin: 0; }
[hidden][hidden][hidden] { display: none; }
button, input, textarea { font: inherit; color: inherit; letter-spacing: inherit; }
button { cursor: pointer; }
:focus-visible { outline: 2px solid var(--blue); outline-offset: 2px; }
.icon { inline-size: 1rem; block-size: 1rem; flex: none; fill: none; stroke: currentColor; stroke-width: 1.5;
  stroke-linecap: round; stroke-linejoin: round; }
.corner { position: fixed; inset-block-end: max(1rem, env(safe-area-inset-bottom)); inset-inline-end: 1rem; z-index: 2147483000;
  display: grid; justify-items: end; gap: 0.75rem; }
:host([data-position="left"]) .corner { inset-inline: 1rem auto; justify-items: start; }
:host([open]) .corner { display: none; }
.bubble { position: relative; display: grid; place-items: center; inline-size: 3.5rem; block-size: 3.5rem; border: 0;
  border-radius: 50%; background: var(--brand); color: var(--on-brand); box-shadow: var(--float);
  .icon { inline-size: 1.5rem; block-size: 1.5rem; } }
@media (forced-colors: active) { .bubble { border: 1px solid; } }
.unread { position: absolute; inset-block-start: -2px; inset-inline-end: -2px; min-inline-size: 1.25rem; padding-inline: 0.25rem;
  border-radius: 999px; background: var(--bad-fill); color: #fff; font-size: 0.75rem; font-weight: 600; line-height: 1.25rem;
  box-shadow: 0 0 0 2px var(--surface); }
.teaser { display: grid; gap: 0.25rem; max-inline-size: min(15rem, calc(100vw - 2rem)); padding: 0.75rem; text-align: start;
  border: 1px solid var(--line); border-radius: 14px; border-end-end-radius: 3px; background: var(--raised); box-shadow: var(--float);
  font-size: 0.875rem; overflow-wrap: anywhere; animation: enter var(--calm) var(--ease);
  small { font-size: 0.75rem; color: var(--ink-3); } }
@keyframes enter { from { opacity: 0; transform: translateY(8px); } }
`);
