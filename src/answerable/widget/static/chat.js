// The one script that a page names: it finds out what the page wants and fetches the chat itself.
// A classic script, since only these know their own tag: `document.currentScript`.
(() => {
  "use strict";
  const script = /** @type {HTMLScriptElement | null} */ (document.currentScript);
  if (!script?.dataset.key) {
    console.error("Answerable: the script needs `data-key`, the workspace's public key.");
    return;
  }
  if (document.querySelector("answerable-chat")) return;
  const mount = async () => {
    await import(new URL("__BUILD__/element.js", script.src).href);
    const chat = document.createElement("answerable-chat");
    for (const [name, value] of Object.entries(script.dataset)) chat.dataset[name] = value ?? "";
    chat.dataset.endpoint = new URL("v1/", script.src).href;
    document.body.append(chat);
  };
  if (document.body) void mount();
  else document.addEventListener("DOMContentLoaded", () => void mount(), { once: true });
})();
