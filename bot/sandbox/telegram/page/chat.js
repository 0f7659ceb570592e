// The list of messages: adds a message, replaces an edited one in its place, scrolls to the newest.

import { byId, el } from "./dom.js";
import { messageElement } from "./message.js";
import { day } from "./words.js";

const NEAR_END_PX = 160;

export class Chat {
  constructor(on) {
    this.on = on;
    this.list = byId("chat");
    this.scroll = byId("scroll");
  }

  /** Show a whole transcript. */
  show(chatId, entries) {
    this.chatId = chatId;
    this.list.replaceChildren();
    this.list.setAttribute("aria-busy", "true");
    for (const { message, by_bot: byBot, silent, deleted_at: deletedAt } of entries) {
      if (deletedAt === null) this.put({ message, byBot, silent });
    }
    this.list.removeAttribute("aria-busy");
    this.toEnd();
  }

  get isEmpty() {
    return this.list.childElementCount === 0;
  }

  /** Add a message, or replace it where it stands. */
  put(entry) {
    const { message, byBot } = entry;
    const wasNearEnd = this.scroll.scrollHeight - this.scroll.scrollTop - this.scroll.clientHeight < NEAR_END_PX;
    const element = messageElement(this.chatId, entry, this.on);
    const old = this.find(message.message_id);
    if (old) {
      const hadFocus = old.contains(document.activeElement);
      old.replaceWith(element);
      // A keyboard user must not lose the focus when the bot edits the message they are in.
      if (hadFocus) element.querySelector(".key")?.focus({ preventScroll: true });
    } else {
      this.separate(message.date);
      element.classList.add("new");
      this.list.append(element);
    }
    if (wasNearEnd || !byBot) this.toEnd();
  }

  remove(messageId) {
    this.find(messageId)?.remove();
  }

  find(messageId) {
    return this.list.querySelector(`[data-message-id="${messageId}"]`);
  }

  separate(date) {
    const last = this.list.lastElementChild?.dataset.date;
    if (last === undefined || day(Number(last)) !== day(date)) {
      this.list.append(el("li", { class: "day", "data-date": date }, el("span", {}, day(date))));
    }
  }

  toEnd() {
    this.scroll.scrollTop = this.scroll.scrollHeight;
  }
}
