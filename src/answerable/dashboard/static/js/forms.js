// Forms that say when something in them is not saved, and fields that have a second way to be filled in.

export function prepareForms() {
  for (const field of document.querySelectorAll("input[data-chooses]")) {
    if (field instanceof HTMLInputElement) choose(field);
  }
  for (const form of document.querySelectorAll("form[data-guard]")) {
    if (form instanceof HTMLFormElement) guard(form);
  }
  for (const slider of document.querySelectorAll("input[data-range-of], input[data-colour-of]")) {
    if (slider instanceof HTMLInputElement) pair(slider);
  }
}

/** @param {HTMLFormElement} form */
function guard(form) {
  const first = fingerprint(form);
  let isSent = false;
  const mark = form.querySelector("[data-unsaved]");
  const isChanged = () => !isSent && fingerprint(form) !== first;
  form.addEventListener("input", () => mark?.toggleAttribute("hidden", !isChanged()));
  form.addEventListener("submit", () => {
    isSent = true;
  });
  addEventListener("beforeunload", (event) => {
    if (isChanged()) event.preventDefault();
  });
  // Somebody who comes back by the browser's button finds the form as they left it, and unsent.
  addEventListener("pageshow", () => {
    isSent = false;
    mark?.toggleAttribute("hidden", !isChanged());
  });
}

/** @param {HTMLFormElement} form */
function fingerprint(form) {
  return JSON.stringify([...new FormData(form)].map(([name, value]) => [name, String(value)]));
}

/** @param {HTMLInputElement} field that belongs to one of several choices: who fills it in has chosen that one */
function choose(field) {
  const choice = document.getElementById(field.dataset.chooses ?? "");
  field.addEventListener("input", () => {
    if (choice instanceof HTMLInputElement) choice.checked = true;
  });
}

/** @param {HTMLInputElement} second a slider or a colour field that writes into the field it names, and follows it */
function pair(second) {
  const field = document.getElementById(second.dataset.rangeOf ?? second.dataset.colourOf ?? "");
  if (!(field instanceof HTMLInputElement)) return;
  second.hidden = false;
  second.disabled = field.matches(":disabled");
  field.addEventListener("input", (event) => {
    const typed = field.value.trim().replace(",", ".");
    if (event.isTrusted && (second.type !== "color" || /^#[0-9a-f]{6}$/i.test(typed))) second.value = typed;
  });
  second.addEventListener("input", () => {
    field.value = field.value.includes(",") ? second.value.replace(".", ",") : second.value;
    field.dispatchEvent(new Event("input", { bubbles: true }));
  });
}
