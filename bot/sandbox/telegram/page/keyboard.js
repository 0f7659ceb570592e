// Inline keyboards under a message, reply keyboards, and the spinner of a pressed button until the bot answers.

import { act } from "./api.js";
import { el, isSafe } from "./dom.js";
import { toast } from "./notices.js";
import { word } from "./words.js";

// A phone also stops the spinner if the bot never answers.
const SPINNER_MS = 30000;
const STYLES = new Set(["danger", "success", "primary"]);

const answered = new Set();

/** Return the keyboard of a message, or nothing if it has none. */
export function inlineKeyboard(chatId, message) {
  const rows = message.reply_markup?.inline_keyboard;
  if (!rows) return undefined;
  return el(
    "div",
    { class: "keyboard", role: "group", "aria-label": word("buttons"), "data-testid": "keyboard" },
    ...rows.map((row) => el("div", { class: "row" }, ...row.map((button) => key(chatId, message.message_id, button)))),
  );
}

function key(chatId, messageId, button) {
  const style = STYLES.has(button.style) ? button.style : undefined;
  // The title tells a mouse user what a phone cuts; screen readers read the whole label anyway.
  const look = { class: `key ${style ?? ""}`, "data-testid": "button", "data-style": style, title: button.text };
  const label = el("span", { class: "label" }, button.text);
  if (button.url && isSafe(button.url)) {
    const to = { ...look, href: button.url, target: "_blank", rel: "noopener noreferrer" };
    return el("a", to, label, el("span", { class: "corner", "aria-hidden": "true" }, "↗"));
  }
  if (button.copy_text) {
    const copy = async () => {
      await navigator.clipboard?.writeText(button.copy_text.text);
      toast(word("copied"));
    };
    return el("button", { ...look, type: "button", click: copy }, label, el("span", { class: "corner sheets", "aria-hidden": "true" }));
  }
  const element = el("button", { ...look, type: "button", "data-callback": button.callback_data }, label);
  element.addEventListener("click", () => press(chatId, messageId, button.callback_data, element));
  return element;
}

async function press(chatId, messageId, data, element) {
  element.setAttribute("aria-busy", "true");
  setTimeout(() => element.removeAttribute("aria-busy"), SPINNER_MS);
  try {
    const update = await act(chatId, "press", { message_id: messageId, data });
    // The bot may have answered before this call returned.
    if (answered.has(update.callback_query.id)) element.removeAttribute("aria-busy");
  } catch (error) {
    element.removeAttribute("aria-busy");
    toast(error.message);
  }
}

/** Stop the spinners of a message whose press was answered. */
export function stopSpinners(chat, event) {
  answered.add(event.query);
  const message = chat.querySelector(`[data-message-id="${event.message_id}"]`);
  for (const button of message?.querySelectorAll("[aria-busy]") ?? []) button.removeAttribute("aria-busy");
}

/** Show a reply keyboard; a click on a key sends its text. */
export function showReplyKeyboard(place, keyboard, onText) {
  place.hidden = !keyboard;
  place.replaceChildren(
    ...(keyboard?.keyboard ?? []).map((row) =>
      el(
        "div",
        { class: "row" },
        ...row.map(({ text }) => el("button", { type: "button", "data-testid": "reply-key", click: () => onText(text) }, text)),
      ),
    ),
  );
}
