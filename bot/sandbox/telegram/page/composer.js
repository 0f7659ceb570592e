// The bottom of the phone: the text field, the menu of commands, the menu of attachments.

import { act, base64 } from "./api.js";
import { byId, el } from "./dom.js";
import { toast } from "./notices.js";
import { word } from "./words.js";

const ATTACHMENTS = { photo: "🖼", file: "📎", document: "📄", sticker: "👋", voice: "🎙", location: "📍", poll: "📊" };

export class Composer {
  constructor() {
    this.text = byId("text");
    this.popover = byId("popover");
    this.commands = [];
    this.editing = undefined;
    byId("composer").addEventListener("submit", (event) => this.submit(event));
    this.text.addEventListener("keydown", (event) => this.onKey(event));
    this.text.addEventListener("input", () => this.onInput());
    byId("menu").addEventListener("click", () => this.toggle("menu"));
    byId("attach").addEventListener("click", () => this.toggle("attach"));
    byId("stop-editing").addEventListener("click", () => this.edit(undefined));
    byId("file").addEventListener("change", (event) => this.sendFile(event.target));
    document.addEventListener("keydown", (event) => event.key === "Escape" && this.close(true));
    document.addEventListener("click", (event) => event.target.closest(".bottom") || this.close());
  }

  /** Show the composer of one person. */
  show(chatId, commands) {
    // An open menu would still show the commands of another person or language.
    if (JSON.stringify(commands) !== JSON.stringify(this.commands)) this.close();
    if (chatId !== this.chatId) this.write(undefined);
    this.chatId = chatId;
    this.commands = commands;
    byId("menu").hidden = commands.length === 0;
    this.text.placeholder = word("message");
    this.text.setAttribute("aria-label", word("message"));
    byId("send").setAttribute("aria-label", word("send"));
    byId("attach").setAttribute("aria-label", word("attach"));
  }

  async perform(action, body) {
    try {
      await act(this.chatId, action, body);
    } catch (error) {
      toast(error.message);
    }
  }

  say(text) {
    this.close();
    return this.perform("say", { text });
  }

  edit(message) {
    this.write(message);
    this.text.focus();
  }

  /** Put a message to edit into the field, or empty it. */
  write(message) {
    this.editing = message?.message_id;
    byId("editing").hidden = message === undefined;
    this.text.value = message?.text ?? "";
    this.grow();
  }

  submit(event) {
    event.preventDefault();
    const text = this.text.value.trim();
    if (!text) return;
    const editing = this.editing;
    this.edit(undefined);
    this.close();
    if (editing === undefined) this.say(text);
    else this.perform("edit", { message_id: editing, text });
  }

  onKey(event) {
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      byId("composer").requestSubmit();
    } else if (event.key === "ArrowUp" && !this.popover.hidden) {
      event.preventDefault();
      this.popover.querySelector("button:last-of-type")?.focus();
    }
  }

  onInput() {
    this.grow();
    const found = /^\/\w*$/.test(this.text.value)
      ? this.commands.filter(({ command }) => `/${command}`.startsWith(this.text.value))
      : [];
    if (found.length) this.open("menu", this.commandItems(found));
    else this.close();
  }

  grow() {
    this.text.style.height = "auto";
    this.text.style.height = `${Math.min(this.text.scrollHeight, 120)}px`;
  }

  toggle(kind) {
    if (!this.popover.hidden && this.popover.dataset.kind === kind) return this.close();
    this.open(kind, kind === "menu" ? this.commandItems(this.commands) : this.attachmentItems());
    this.popover.querySelector("button")?.focus();
  }

  open(kind, items) {
    this.close();
    this.popover.dataset.kind = kind;
    this.popover.replaceChildren(...items);
    this.popover.hidden = false;
    byId(kind).setAttribute("aria-expanded", "true");
    this.popover.onkeydown = (event) => {
      const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
      if (!step) return;
      event.preventDefault();
      items[(items.indexOf(document.activeElement) + step + items.length) % items.length].focus();
    };
  }

  close(giveFocusBack = false) {
    if (this.popover.hidden) return;
    this.popover.hidden = true;
    byId(this.popover.dataset.kind).setAttribute("aria-expanded", "false");
    if (giveFocusBack) this.text.focus();
  }

  commandItems(commands) {
    return commands.map(({ command, description }) =>
      el(
        "button",
        {
          type: "button",
          role: "menuitem",
          "data-testid": "command",
          "data-command": command,
          click: () => {
            this.edit(undefined);
            this.say(`/${command}`);
          },
        },
        el("b", {}, `/${command}`),
        el("span", {}, description),
      ),
    );
  }

  attachmentItems() {
    return Object.entries(ATTACHMENTS).map(([name, sign]) =>
      el(
        "button",
        { type: "button", role: "menuitem", "data-testid": `attach-${name}`, click: () => this.attach(name) },
        el("i", { "aria-hidden": "true" }, sign),
        el("span", {}, word(name)),
      ),
    );
  }

  attach(name) {
    this.close();
    if (name === "file") return byId("file").click();
    return this.perform(name, name === "photo" || name === "document" ? this.caption() : {});
  }

  caption() {
    const caption = this.text.value.trim();
    this.text.value = "";
    this.grow();
    return caption ? { caption } : {};
  }

  async sendFile(input) {
    const file = input.files[0];
    input.value = "";
    if (!file) return;
    const body = { ...this.caption(), base64: await base64(file) };
    if (/^image\/(png|jpeg)$/.test(file.type)) await this.perform("photo", body);
    else await this.perform("document", { ...body, name: file.name, mime_type: file.type || "application/octet-stream" });
  }
}
