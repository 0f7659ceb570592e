// The list of messages: puts each in its place, replaces it when it is edited, keeps the newest in sight.

import { bubble } from "./message.js";
import { byId, el } from "./dom.js";
import { day } from "./words.js";

const NEAR_PX = 160;

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
    for (const entry of entries) {
      if (entry.deleted_at === null) this.put(entry.message, entry.by_bot);
    }
    this.list.removeAttribute("aria-busy");
    this.toEnd();
  }

  get isEmpty() {
    return this.list.childElementCount === 0;
  }

  /** Add a message, or show it anew in the place that it has. */
  put(message, byBot) {
    const wasNear = this.scroll.scrollHeight - this.scroll.scrollTop - this.scroll.clientHeight < NEAR_PX;
    const element = bubble(this.chatId, message, byBot, this.on);
    const old = this.find(message.message_id);
    if (old) {
      const hadFocus = old.contains(document.activeElement);
      old.replaceWith(element);
      // Whoever works by keyboard must not be thrown to the top when a screen is redrawn under them.
      if (hadFocus) element.querySelector(".key")?.focus({ preventScroll: true });
    } else {
      this.separate(message.date);
      element.classList.add("new");
      this.list.append(element);
    }
    if (wasNear || !byBot) this.toEnd();
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
