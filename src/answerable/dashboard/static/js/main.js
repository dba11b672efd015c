// What every page does when scripts run; without them it works all the same.
import { showClocks, showTimes } from "./times.js";
import { listen } from "./live.js";
import { listenForKeys } from "./keys.js";
import { preparePalette } from "./palette.js";
import { prepareDialogs } from "./dialogs.js";
import { prepareForms } from "./forms.js";

prepareDialogs();
prepareForms();
preparePalette();
listenForKeys();
showTimes(document);
showClocks(document);
document.addEventListener("htmx:load", (event) => {
  const loaded = /** @type {Element} */ (event.target);
  showTimes(loaded);
  showClocks(loaded);
});
if (document.querySelector(".shell")) listen();
setInterval(() => showTimes(document), 30_000);
