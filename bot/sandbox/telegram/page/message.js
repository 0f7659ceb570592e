// One message as an element of the chat. Knows nothing of where messages come from.

import { fileAddress } from "./api.js";
import { el } from "./dom.js";
import { rich } from "./entities.js";
import { inlineKeyboard } from "./keyboard.js";
import { enlarge } from "./notices.js";
import { moment, time, word } from "./words.js";

/** Return the element of a message. `on.command` and `on.edit` are called for clicks inside it. */
export function messageElement(chatId, { message, byBot, silent }, on) {
  const isBare = message.sticker !== undefined;
  const content = text(message, on.command);
  return el(
    "li",
    {
      class: `message ${byBot ? "in" : "out"}`,
      "data-testid": "message",
      "data-from": byBot ? "bot" : "person",
      "data-message-id": message.message_id,
      "data-date": message.date,
      "data-edited": message.edit_date ? "true" : undefined,
      "data-silent": silent ? "true" : undefined,
    },
    el(
      "div",
      { class: `bubble${isBare ? " bare" : ""}${message.photo ? " with-photo" : ""}` },
      reply(message.reply_to_message),
      ...media(message),
      el(
        "div",
        { class: content.length ? "text" : "text wordless", "data-testid": "text" },
        ...content,
        meta(message, byBot, silent),
      ),
    ),
    byBot ? inlineKeyboard(chatId, message) : editButton(message, on.edit),
  );
}

function text(message, onCommand) {
  if (message.text !== undefined) return rich(message.text, message.entities, onCommand);
  if (message.caption !== undefined) return rich(message.caption, message.caption_entities, onCommand);
  return [];
}

function meta(message, byBot, silent) {
  const seconds = message.edit_date ?? message.date;
  return el(
    "span",
    { class: "meta" },
    silent ? el("span", { role: "img", "aria-label": word("silent"), title: word("silent"), "data-testid": "silent" }, "🔕 ") : undefined,
    message.edit_date ? el("span", { "data-testid": "edited" }, `${word("edited")} `) : undefined,
    el("time", { datetime: new Date(seconds * 1000).toISOString(), title: moment(seconds) }, time(message.date)),
    byBot ? undefined : el("span", { class: "ticks", "aria-hidden": "true" }, " ✓✓"),
  );
}

function editButton(message, onEdit) {
  if (message.text === undefined) return undefined;
  const label = word("edit");
  return el("button", { type: "button", class: "edit", "aria-label": label, title: label, click: () => onEdit(message) }, "✎");
}

function reply(original) {
  return original && el("div", { class: "reply", "data-testid": "reply" }, original.text ?? original.caption ?? "…");
}

function media(message) {
  if (message.photo) return [photo(message.photo.at(-1), message.caption)];
  if (message.document) return [documentRow(message.document)];
  if (message.sticker) return [el("span", { class: "sticker", role: "img", "aria-label": word("sticker") }, message.sticker.emoji)];
  if (message.voice) return [el("span", { class: "voice" }, "▶", el("span", { class: "wave", "aria-hidden": "true" }), `0:0${message.voice.duration}`)];
  if (message.venue) return [venue(message.venue)];
  if (message.location) return [el("span", { class: "place" }, "📍 ", coordinates(message.location))];
  if (message.poll) return [poll(message.poll)];
  return [];
}

function photo(size, caption) {
  const address = fileAddress(size.file_id);
  const description = caption ?? word("photo");
  const image = el("img", { src: address, alt: description, width: size.width, height: size.height });
  return el(
    "button",
    { type: "button", class: "photo", "data-testid": "photo", title: word("enlarge"), click: () => enlarge(address, description) },
    image,
  );
}

function documentRow(file) {
  const size = file.file_size < 1024 ? `${file.file_size} B` : `${(file.file_size / 1024).toFixed(1)} KB`;
  return el(
    "a",
    { class: "document", href: fileAddress(file.file_id), download: file.file_name, "data-testid": "document" },
    el("span", { class: "sheet", "aria-hidden": "true" }, "↓"),
    el("span", {}, el("b", {}, file.file_name), el("small", {}, size)),
  );
}

/** A venue: on a phone a map with a pin, here the same without a map, because the page uses no network. */
function venue({ title, address, location }) {
  return el(
    "div",
    { class: "venue", "data-testid": "venue" },
    el("span", { class: "sheet", "aria-hidden": "true" }, "📍"),
    el("span", {}, el("b", {}, title), el("span", {}, address), el("small", {}, coordinates(location))),
  );
}

const coordinates = ({ latitude, longitude }) => `${latitude}, ${longitude}`;

function poll(content) {
  return el("div", { class: "poll" }, el("b", {}, content.question), ...content.options.map(({ text }) => el("div", {}, `○ ${text}`)));
}
