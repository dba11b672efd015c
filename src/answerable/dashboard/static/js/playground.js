// The playground's sliders: every case was decided on the server already, here one of them is only chosen.

const panel = document.querySelector("[data-what-if]");
const slider = panel?.querySelector("input[type=range]");

function choose() {
  if (!(panel instanceof HTMLElement) || !(slider instanceof HTMLInputElement)) return;
  const posture = /** @type {HTMLInputElement | null} */ (panel.querySelector("input[type=radio]:checked"))?.value ?? "";
  const reached = Number(panel.dataset.probability) >= Number(slider.value) ? "yes" : "no";
  for (const cell of panel.querySelectorAll("td[data-posture]")) cell.removeAttribute("aria-current");
  const chosen = panel.querySelector(`td[data-posture="${CSS.escape(posture)}"][data-reached="${reached}"]`);
  chosen?.setAttribute("aria-current", "true");
  const digits = { minimumFractionDigits: 3, maximumFractionDigits: 3 };
  const told = panel.querySelector("[data-threshold]");
  if (told) told.textContent = Number(slider.value).toLocaleString(document.documentElement.lang, digits);
  const text = chosen?.querySelector("[hidden]");
  const said = panel.querySelector("[data-said]");
  if (!said || !text) return;
  said.textContent = text.textContent;
  said.setAttribute("lang", text.getAttribute("lang") ?? "");
}

if (panel) {
  for (const part of panel.querySelectorAll("[data-scripted][hidden]")) part.removeAttribute("hidden");
  panel.addEventListener("input", choose);
  choose();
}
