// Inline keyboards below a bubble, and the spinner of a pressed button until the bot has answered.

import { act } from "./api.js";
import { el, isSafe } from "./dom.js";
import { toast } from "./notices.js";
import { word } from "./words.js";

// Long enough for a slow bot; a phone gives up as well.
const GIVE_UP_MS = 30000;

const answered = new Set();

/** Return the keyboard of a message, or nothing where it has none. */
export function inlineKeyboard(chatId, message) {
  const rows = message.reply_markup?.inline_keyboard;
  if (!rows) return undefined;
  return el(
    "div",
    { class: "keyboard", role: "group", "data-testid": "keyboard" },
    ...rows.map((row) => el("div", { class: "row" }, ...row.map((button) => key(chatId, message.message_id, button)))),
  );
}

function key(chatId, messageId, button) {
  const look = { class: `key ${button.style ?? ""}`, "data-testid": "button" };
  if (button.url && isSafe(button.url)) {
    const to = { ...look, href: button.url, target: "_blank", rel: "noopener noreferrer" };
    return el("a", to, button.text, el("span", { class: "corner", "aria-hidden": "true" }, "↗"));
  }
  if (button.copy_text) {
    const copy = async () => {
      await navigator.clipboard?.writeText(button.copy_text.text);
      toast(word("copied"));
    };
    return el("button", { ...look, type: "button", click: copy }, button.text, el("span", { class: "corner sheets", "aria-hidden": "true" }));
  }
  const element = el("button", { ...look, type: "button", "data-callback": button.callback_data }, button.text);
  element.addEventListener("click", () => press(chatId, messageId, button.callback_data, element));
  return element;
}

async function press(chatId, messageId, data, element) {
  element.setAttribute("aria-busy", "true");
  setTimeout(() => element.removeAttribute("aria-busy"), GIVE_UP_MS);
  try {
    const update = await act(chatId, "press", { message_id: messageId, data });
    // The bot may have been faster than the answer to this request.
    if (answered.has(update.callback_query.id)) element.removeAttribute("aria-busy");
  } catch (error) {
    element.removeAttribute("aria-busy");
    toast(error.message);
  }
}

/** Stop the spinners of a message whose press has been answered. */
export function stopSpinners(chat, event) {
  answered.add(event.query);
  const message = chat.querySelector(`[data-message-id="${event.message_id}"]`);
  for (const button of message?.querySelectorAll("[aria-busy]") ?? []) button.removeAttribute("aria-busy");
}

/** Show the keyboard that stands in place of the letters; a tap on a key sends its text. */
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
