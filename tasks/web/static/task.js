// What the pages of tasks do with a script, and can do without: files are sent in parts as soon as they are chosen, with
// their progress, and go on by themselves after a lost connection (tus 1.0.0); arrow keys lead to the hand-in before or after.
"use strict";

const PART_BYTES = 2 * 1024 * 1024;
const LONGEST_PAUSE_MS = 15000;

function put(text, values) {
  return Object.entries(values).reduce((said, [name, value]) => said.split(name).join(value), text);
}

function inBase64(text) {
  return btoa(String.fromCharCode(...new TextEncoder().encode(text)));
}

class Upload {
  constructor(form, file, line) {
    this.form = form;
    this.file = file;
    this.line = line;
    this.bar = document.createElement("progress");
    this.bar.max = file.size;
    this.bar.value = 0;
    this.words = document.createElement("p");
    this.say(put(form.dataset.sending, { NAME: file.name }));
    this.bar.setAttribute("aria-label", file.name);
    line.append(this.words, this.bar);
  }

  say(sentence) {
    this.words.textContent = sentence;
  }

  async ask(method, url, headers = {}, body = null) {
    const own = { "Tus-Resumable": "1.0.0", "X-Form-Token": this.form.elements.form_token.value };
    return fetch(url, { method, body, headers: { ...own, ...headers }, credentials: "same-origin" });
  }

  // Where it is on the server: begun before with the same name and size, or new.
  async begin() {
    const known = [...document.querySelectorAll("[data-upload]")].find(
      (line) => line.dataset.name === this.file.name && Number(line.dataset.size) === this.file.size
    );
    if (known) {
      known.hidden = true;
      return known.dataset.upload;
    }
    const headers = { "Upload-Length": String(this.file.size), "Upload-Metadata": "filename " + inBase64(this.file.name) };
    const answer = await this.ask("POST", this.form.dataset.uploads, headers);
    if (!answer.ok) throw await this.refusal(answer);
    return answer.headers.get("Location");
  }

  async refusal(answer) {
    if (answer.status >= 500) return new TypeError("the server is away");
    const said = await answer.json().catch(() => ({ error: "" }));
    return new Error(said.error);
  }

  async send(url) {
    let at = null;
    while (at !== this.file.size) {
      if (at === null) {
        const answer = await this.ask("HEAD", url);
        if (!answer.ok) throw await this.refusal(answer);
        at = Number(answer.headers.get("Upload-Offset"));
      }
      const headers = { "Upload-Offset": String(at), "Content-Type": "application/offset+octet-stream" };
      const answer = await this.ask("PATCH", url, headers, this.file.slice(at, at + PART_BYTES));
      if (answer.status === 409) at = null;
      else if (!answer.ok) throw await this.refusal(answer);
      else at = Number(answer.headers.get("Upload-Offset"));
      this.bar.value = at || 0;
      this.say(put(this.form.dataset.sending, { NAME: this.file.name }));
    }
  }

  // Resolves when the file has arrived, or was refused for good. A lost connection is waited for.
  async run() {
    let pause = 1000;
    let url = null;
    for (;;) {
      try {
        url = url || (await this.begin());
        await this.send(url);
        this.say(put(this.form.dataset.arrived, { NAME: this.file.name }));
        this.bar.remove();
        return true;
      } catch (error) {
        if (!(error instanceof TypeError)) {
          this.say(put(this.form.dataset.refused, { NAME: this.file.name, WHY: error.message }));
          this.bar.remove();
          return false;
        }
        this.say(this.form.dataset.lost);
        await new Promise((resolve) => setTimeout(resolve, pause));
        pause = Math.min(pause * 2, LONGEST_PAUSE_MS);
      }
    }
  }
}

function sendWhenChosen(form) {
  const input = form.elements.files;
  const buttons = form.querySelectorAll("button");
  let running = 0;
  input.addEventListener("change", async () => {
    const chosen = [...input.files];
    input.value = "";
    running += 1;
    buttons.forEach((button) => { button.disabled = true; });
    for (const file of chosen) {
      const line = document.createElement("div");
      document.getElementById("progress").append(line);
      await new Upload(form, file, line).run();
    }
    running -= 1;
    if (!running) buttons.forEach((button) => { button.disabled = false; });
  });
}

function leadWithKeys() {
  document.addEventListener("keydown", (event) => {
    if (event.altKey || event.ctrlKey || event.metaKey || event.target.closest("input, textarea, select")) return;
    const rel = { ArrowLeft: "prev", ArrowRight: "next" }[event.key];
    const link = rel && document.querySelector(`a[rel="${rel}"]`);
    if (link) link.click();
  });
}

document.querySelectorAll("form[data-uploads]").forEach(sendWhenChosen);
leadWithKeys();
