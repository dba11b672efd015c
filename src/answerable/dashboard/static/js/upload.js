// Sending files: chosen, dropped, or a whole folder; announced together, sent one by one, two at a time.

/** @typedef {{ name: string, file: File }} Named */
/** @typedef {{ id: string, name: string, state: string, needs_content: boolean, message: string }} Item */
/** @typedef {{ id: string, page: string, items: Item[] }} Batch */
/** @typedef {{ file: File, item: Item, row: HTMLElement }} Task */

const AT_ONCE = 2;
const TRIES = 3;
const WAIT_MS = 800;
const MOST_ROWS = 200;

class Refused extends Error {}

class Uploader {
  /** @param {HTMLFormElement} form */
  constructor(form) {
    this.form = form;
    this.list = /** @type {HTMLElement} */ (form.querySelector("[data-list]"));
    this.state = /** @type {HTMLElement} */ (form.querySelector("[data-state]"));
    this.suffixes = (form.dataset.suffixes ?? "").split(" ");
    this.largest = Number(form.dataset.largest);
    this.most = Number(form.dataset.most);
    /** @type {Task[]} */
    this.waiting = [];
    this.sending = 0;
    this.troubles = 0;
    this.page = "";
  }

  /** @param {string} name */
  text(name) {
    return this.form.getAttribute(`data-text-${name}`) ?? "";
  }

  /** @param {Named[]} given */
  async take(given) {
    const seen = given.filter((one) => !one.name.split("/").some((part) => part.startsWith(".")));
    if (seen.length > this.most) return this.say(this.text("many"), true);
    /** @type {Named[]} */
    const good = [];
    for (const one of seen) {
      const reason = this.reasonAgainst(one);
      if (reason) this.refuse(one.name, reason);
      else good.push(one);
    }
    if (!good.length) return this.say(this.text("none"), true);
    try {
      await this.announce(good);
    } catch (error) {
      this.say(error instanceof Refused ? error.message : this.text("failed"), true);
    }
  }

  /** @param {Named} one */
  reasonAgainst(one) {
    const ending = /\.[^./]+$/.exec(one.name.toLowerCase())?.[0] ?? "";
    if (!this.suffixes.includes(ending)) return this.text("format");
    return one.file.size > this.largest ? this.text("large") : "";
  }

  /** @param {Named[]} files */
  async announce(files) {
    const body = JSON.stringify({ files: files.map((one) => ({ name: one.name, size_bytes: one.file.size })) });
    const answer = await fetch("/dashboard/v1/imports", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body,
    });
    if (!answer.ok) throw new Refused(await reasonOf(answer));
    /** @type {Batch} */
    const batch = await answer.json();
    this.page = batch.page;
    batch.items.forEach((item, place) => {
      const file = files[place]?.file;
      if (!item.needs_content || !file) return this.refuse(item.name, item.message);
      this.waiting.push({ file, item, row: this.addRow(item.name, this.text("waiting")) });
    });
    this.say(this.text("stays"));
    for (let place = 0; place < AT_ONCE; place += 1) void this.sendNext();
    this.endIfDone();
  }

  async sendNext() {
    const task = this.waiting.shift();
    if (!task) return;
    this.sending += 1;
    await this.send(task);
    this.sending -= 1;
    this.endIfDone();
    await this.sendNext();
  }

  /** @param {Task} task */
  async send(task) {
    setRow(task.row, "sending", this.text("sending"));
    for (let tried = 1; ; tried += 1) {
      try {
        await put(task);
        return setRow(task.row, "sent", this.text("sent"));
      } catch (error) {
        if (error instanceof Refused) return this.fail(task, error.message, false);
        if (tried === TRIES) return this.fail(task, this.text("failed"), true);
        await new Promise((resolve) => setTimeout(resolve, WAIT_MS * tried));
      }
    }
  }

  /** @param {Task} task @param {string} reason @param {boolean} again */
  fail(task, reason, again) {
    this.troubles += 1;
    setRow(task.row, "failed", reason);
    if (!again) return;
    const button = document.createElement("button");
    button.type = "button";
    button.className = "button";
    button.textContent = this.text("again");
    button.addEventListener("click", () => {
      button.remove();
      this.troubles -= 1;
      this.waiting.push(task);
      void this.sendNext();
    });
    task.row.append(button);
  }

  /** @param {string} name @param {string} reason */
  refuse(name, reason) {
    this.troubles += 1;
    setRow(this.addRow(name, reason), "failed", reason);
  }

  /** @param {string} name @param {string} text */
  addRow(name, text) {
    const row = document.createElement("li");
    const shown = document.createElement("span");
    shown.className = "break";
    shown.textContent = name;
    const said = document.createElement("span");
    said.className = "uploads-state";
    said.textContent = text;
    row.append(shown, said);
    if (this.list.childElementCount < MOST_ROWS) this.list.append(row);
    return row;
  }

  endIfDone() {
    if (this.sending || this.waiting.length || !this.page) return;
    // Whoever has read nothing of what was refused is not taken away from it.
    if (!this.troubles) return location.assign(this.page);
    this.say(this.text("all"));
    const link = document.createElement("a");
    link.className = "button";
    link.href = this.page;
    link.textContent = this.text("follow");
    this.state.append(link);
  }

  /** @param {string} text @param {boolean} [bad] */
  say(text, bad = false) {
    const said = document.createElement("p");
    said.textContent = text;
    this.state.dataset.kind = bad ? "bad" : "";
    this.state.replaceChildren(said);
    this.state.hidden = false;
  }
}

/** @param {Task} task */
async function put(task) {
  const answer = await fetch(`/dashboard/v1/imports/content/${encodeURIComponent(task.item.id)}`, {
    method: "PUT",
    headers: { "Content-Type": "application/octet-stream" },
    body: task.file,
  });
  if (answer.ok) return;
  if (answer.status >= 500 || answer.status === 429) throw new Error(String(answer.status));
  throw new Refused(await reasonOf(answer));
}

/** @param {Response} answer */
async function reasonOf(answer) {
  const problem = await answer.json().catch(() => ({}));
  return [problem.detail, problem.remedy].filter(Boolean).join(" ") || String(answer.status);
}

/** @param {HTMLElement} row @param {string} state @param {string} text */
function setRow(row, state, text) {
  row.dataset.state = state;
  const said = row.querySelector(".uploads-state");
  if (said) said.textContent = text;
}

/** @param {FileList | null} files @returns {Named[]} */
function namedOf(files) {
  return [...(files ?? [])].map((file) => ({ name: file.webkitRelativePath || file.name, file }));
}

/** @param {FileSystemEntry} entry @returns {Promise<Named[]>} */
async function walk(entry) {
  if (entry.name.startsWith(".")) return [];
  if (entry.isFile) {
    const file = await new Promise((resolve, reject) => /** @type {FileSystemFileEntry} */ (entry).file(resolve, reject));
    return [{ name: entry.fullPath.replace(/^\//, ""), file }];
  }
  const reader = /** @type {FileSystemDirectoryEntry} */ (entry).createReader();
  /** @type {Named[]} */
  const found = [];
  for (;;) {
    // A reader gives a hundred entries at a time and an empty list at the end.
    /** @type {FileSystemEntry[]} */
    const some = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
    if (!some.length) return found;
    for (const one of some) found.push(...(await walk(one)));
  }
}

/** @param {DataTransfer} dropped @returns {Promise<Named[]>} */
async function namedOfDrop(dropped) {
  const entries = [...dropped.items].map((one) => one.webkitGetAsEntry?.() ?? null);
  if (!entries.some(Boolean)) return namedOf(dropped.files);
  const found = await Promise.all(entries.map((entry) => (entry ? walk(entry) : [])));
  return found.flat();
}

/** @param {HTMLFormElement} form */
function prepare(form) {
  const uploader = new Uploader(form);
  const input = /** @type {HTMLInputElement} */ (form.querySelector("input[type=file]"));
  const drop = /** @type {HTMLElement} */ (form.querySelector("[data-drop]"));
  for (const one of form.querySelectorAll("[data-only-scripts]")) one.removeAttribute("hidden");
  form.querySelector("[data-without-scripts]")?.setAttribute("hidden", "");
  input.addEventListener("change", () => {
    void uploader.take(namedOf(input.files));
  });
  form.querySelector("[data-folder]")?.addEventListener("click", () => {
    const folder = document.createElement("input");
    folder.type = "file";
    folder.webkitdirectory = true;
    folder.addEventListener("change", () => void uploader.take(namedOf(folder.files)));
    folder.click();
  });
  drop.addEventListener("dragover", (event) => {
    event.preventDefault();
    drop.dataset.over = "";
  });
  drop.addEventListener("dragleave", () => delete drop.dataset.over);
  drop.addEventListener("drop", (event) => {
    event.preventDefault();
    delete drop.dataset.over;
    if (event.dataTransfer) void namedOfDrop(event.dataTransfer).then((found) => uploader.take(found));
  });
  addEventListener("beforeunload", (event) => {
    if (uploader.sending) event.preventDefault();
  });
}

for (const form of document.querySelectorAll("form[data-upload]")) prepare(/** @type {HTMLFormElement} */ (form));
