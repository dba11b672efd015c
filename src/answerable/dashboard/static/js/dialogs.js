// Dialogs, toasts, menus and buttons that copy: opened and closed without a script in the markup.

/** @param {string} id */
export function openDialog(id) {
  const dialog = document.getElementById(id);
  if (dialog instanceof HTMLDialogElement && !dialog.open) dialog.showModal();
}

export function prepareDialogs() {
  for (const button of document.querySelectorAll(".nav-keys[hidden]")) button.removeAttribute("hidden");
  document.addEventListener("click", (event) => {
    const target = event.target instanceof Element ? event.target : null;
    const opens = target?.closest("[data-open]:is(button)");
    if (opens?.getAttribute("data-open")) openDialog(opens.getAttribute("data-open") ?? "");
    if (target?.closest("[data-close]")) target.closest("dialog")?.close();
    if (target instanceof HTMLDialogElement) target.close();
    target?.closest("[data-dismiss]")?.closest(".toast")?.remove();
    for (const menu of document.querySelectorAll("details[data-menu][open]")) {
      if (!target || !menu.contains(target)) menu.removeAttribute("open");
    }
    const copies = target?.closest("[data-copy]");
    if (copies) void copy(copies);
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    const menu = document.querySelector("details[data-menu][open]");
    if (!menu) return;
    menu.removeAttribute("open");
    menu.querySelector("summary")?.focus();
  });
}

/** @param {Element} button whose `data-copy` names the element with the text, `data-copied` what is said then */
async function copy(button) {
  const source = document.getElementById(button.getAttribute("data-copy") ?? "");
  if (!source) return;
  const text = source instanceof HTMLTextAreaElement || source instanceof HTMLInputElement ? source.value : source.textContent;
  await navigator.clipboard.writeText((text ?? "").trim());
  toast(button.getAttribute("data-copied") ?? "");
}

/** @param {string} text */
export function toast(text) {
  const shown = document.createElement("div");
  shown.className = "toast";
  shown.textContent = text;
  document.getElementById("toasts")?.append(shown);
  setTimeout(() => shown.remove(), 6000);
}
