// How the open panel looks.
import { styleSheet } from "./style.js";

export const PANEL_STYLE = styleSheet(`
.chat { position: fixed; inset-block-end: max(1rem, env(safe-area-inset-bottom)); inset-inline-end: 1rem; z-index: 2147483000;
  display: flex; flex-direction: column; inline-size: 24rem; block-size: min(40rem, calc(100dvh - 2rem)); overflow: hidden; border: 1px solid var(--line);
  border-radius: 14px; background: var(--surface); box-shadow: var(--float); animation: enter var(--calm) var(--ease); }
:host([data-position="left"]) .chat { inset-inline: 1rem auto; }
@media (max-width: 30rem), (max-height: 30rem) {
  .chat, :host([data-position="left"]) .chat { inset: 0; inline-size: 100%; block-size: 100dvh; border: 0; border-radius: 0; }
}
h2, h3 { font-weight: 600; line-height: 1.25; overflow-wrap: anywhere; }
p, li, blockquote, small, span { overflow-wrap: anywhere; }
ul { padding: 0; list-style: none; }
.head { display: flex; align-items: center; gap: 0.5rem; padding: 0.5rem 0.75rem; background: var(--brand); color: var(--on-brand);
  h2 { font-size: 0.875rem; } p { font-size: 0.75rem; line-height: 1.4; } > div { flex: 1; min-inline-size: 0; }
  :focus-visible { outline-color: #fff; } .button:hover { background: #ffffff24; } .button { border-color: transparent; color: inherit; } }
.mark { display: grid; place-items: center; inline-size: 2rem; block-size: 2rem; flex: none; border-radius: 6px; background: #fff; color: var(--brand); }
.button { display: inline-flex; align-items: center; justify-content: center; gap: 0.5rem; min-block-size: 2rem; padding: 0.25rem 0.75rem;
  border: 1px solid var(--line-strong); border-radius: 6px; background: none; font-size: 0.8125rem; font-weight: 500; text-align: start;
  &:hover { background: var(--hover); } &[data-quiet] { border-color: transparent; } &[data-icon] { padding: 0; inline-size: 2rem; flex: none; }
  &[data-main] { background: var(--brand); border-color: var(--brand); color: var(--on-brand); }
  &[aria-pressed="true"] { background: var(--blue-soft); color: var(--blue); border-color: var(--blue-line); }
  &:disabled { opacity: 0.5; cursor: default; } }
@media (pointer: coarse) { .button { min-block-size: 2.75rem; &[data-icon] { inline-size: 2.75rem; } } }
.banner { display: flex; gap: 0.5rem; padding: 0.5rem 0.75rem; background: var(--warn-soft); color: var(--warn); font-size: 0.8125rem;
  .icon { margin-block-start: 0.15rem; } }
.log { flex: 1; min-block-size: 0; display: grid; grid-template-columns: minmax(0, 1fr); align-content: start; gap: 0.75rem; padding: 0.75rem; overflow-y: auto;
  overscroll-behavior: contain; &:focus-visible { outline-offset: -2px; } }
.disclosure, .notice { display: flex; gap: 0.5rem; padding: 0.5rem 0.75rem; border-radius: 6px; background: var(--sunk); color: var(--ink-2);
  font-size: 0.8125rem; .icon { margin-block-start: 0.15rem; } }
.said { justify-self: end; display: grid; justify-items: end; gap: 0.25rem; max-inline-size: 82%;
  > p { padding: 0.5rem 0.75rem; border-radius: 14px; border-end-end-radius: 3px; background: var(--brand); color: var(--on-brand); white-space: pre-wrap; }
  small { font-size: 0.75rem; color: var(--ink-3); } &[data-problem] > p { background: var(--bad-soft); color: var(--bad); border: 1px dashed; }
  &[data-underway]:not([data-problem]) > p { opacity: 0.75; } }
@media (forced-colors: active) { .said > p, .bubble { border: 1px solid; } }
.cluster { display: flex; flex-wrap: wrap; gap: 0.25rem 0.5rem; align-items: center; }
.answer { display: grid; grid-template-columns: minmax(0, 1fr); gap: 0.5rem; line-height: 1.6; animation: enter var(--calm) var(--ease);
  > p { white-space: pre-wrap; } .who { display: flex; gap: 0.5rem; align-items: center; font-size: 0.75rem; color: var(--ink-3); b { color: var(--ink-2); font-weight: 600; } }
  blockquote { display: grid; gap: 0.25rem; padding-inline-start: 0.75rem; border-inline-start: 2px solid var(--blue-line); }
  cite { font-style: normal; font-size: 0.75rem; color: var(--ink-3); } }
.sources { display: grid; border: 1px solid var(--line); border-radius: 6px; font-size: 0.8125rem; overflow: hidden;
  button { display: grid; grid-template-columns: 1rem minmax(0, 1fr) auto; gap: 0.5rem; align-items: center; inline-size: 100%; padding: 0.5rem 0.75rem;
    min-block-size: 2.5rem; border: 0; background: none; text-align: start; &:hover { background: var(--hover); } &:focus-visible { outline-offset: -2px; } }
  li + li { border-block-start: 1px solid var(--line); } b { color: var(--blue); font-weight: 600; font-size: 0.75rem; } small { color: var(--ink-3); } }
.tools { display: flex; flex-wrap: wrap; justify-content: end; align-items: center; gap: 0.25rem; font-size: 0.8125rem; color: var(--ink-3);
  form { display: grid; gap: 0.5rem; inline-size: 100%; } }
.progress { display: grid; gap: 0.25rem; font-size: 0.8125rem; li { display: flex; gap: 0.5rem; align-items: center; color: var(--ink-3); }
  [data-now] { color: var(--ink); .icon { color: var(--blue); } } }
.foot { flex: none; display: grid; grid-template-columns: minmax(0, 1fr); gap: 0.5rem; max-block-size: 60%; overflow-y: auto; padding: 0.5rem 0.75rem max(0.75rem, env(safe-area-inset-bottom));
  border-block-start: 1px solid var(--line); form { display: grid; grid-template-columns: minmax(0, 1fr); gap: 0.5rem; } }
.foot .write { display: flex; align-items: end; gap: 0.25rem; padding: 0.25rem; border: 1px solid var(--line-strong); border-radius: 10px; background: var(--surface);
  &:focus-within { border-color: var(--blue); box-shadow: 0 0 0 1px var(--blue); }
  textarea { flex: 1; min-inline-size: 0; field-sizing: content; min-block-size: 2rem; max-block-size: 8rem; padding: 0.25rem 0.5rem; border: 0; background: none;
    font-size: 1rem; line-height: 1.5; resize: none; &:focus-visible { outline: none; } } }
textarea, input { border: 1px solid var(--line-strong); border-radius: 6px; background: var(--surface); padding: 0.4rem 0.5rem; font-size: 1rem; inline-size: 100%; }
label { display: grid; gap: 0.25rem; font-size: 0.8125rem; color: var(--ink-2); }
::placeholder { color: var(--ink-3); opacity: 1; }
.wrong { color: var(--bad); font-size: 0.8125rem; }
.receipt > [role=status] { display: grid; grid-template-columns: minmax(0, 1fr); gap: 0.75rem; }
.receipt a.button { text-decoration: none; color: inherit; }
.receipt [data-text] { white-space: pre-wrap; overflow-wrap: anywhere; }
.sheet { flex: 1; min-block-size: 0; display: grid; grid-template-columns: minmax(0, 1fr); align-content: start; gap: 0.75rem; padding: 1rem 0.75rem; overflow-y: auto;
  overscroll-behavior: contain; line-height: 1.6; > .sheet-head { display: flex; align-items: start; gap: 0.5rem; h3 { flex: 1; font-size: 1.0625rem; } }
  small { color: var(--ink-3); font-size: 0.75rem; } > p { white-space: pre-wrap; }
  mark { padding-block: 0.1em; background: var(--blue-soft); color: inherit; text-decoration: underline 2px var(--blue-line); text-underline-offset: 0.2em; } }
.skeleton { block-size: 0.9rem; border-radius: 4px; background: var(--sunk); &:nth-child(even) { inline-size: 80%; } }
.hidden { position: absolute; inline-size: 1px; block-size: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
`);
