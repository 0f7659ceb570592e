// Turns a text and its entities into nodes. Offsets count UTF-16 code units, as JavaScript strings do.

import { el, isSafe } from "./dom.js";
import { moment, word } from "./words.js";

const TAGS = { bold: "strong", italic: "em", underline: "u", strikethrough: "s", code: "code", blockquote: "blockquote" };

const BLOCKS = new Set(["blockquote", "expandable_blockquote", "pre"]);

/** Return the nodes of `text`. `onCommand` is called with a command that is clicked. */
export function rich(text, entities = [], onCommand = () => {}) {
  const sorted = [...entities].sort((a, b) => a.offset - b.offset || b.length - a.length);
  return span(text, 0, text.length, sorted, onCommand);
}

function span(text, start, end, entities, onCommand) {
  const nodes = [];
  let at = start;
  let index = 0;
  while (index < entities.length) {
    const entity = entities[index];
    const stop = Math.min(end, entity.offset + entity.length);
    const inside = [];
    index += 1;
    while (index < entities.length && entities[index].offset < stop) inside.push(entities[index++]);
    if (entity.offset > at) nodes.push(text.slice(at, entity.offset));
    nodes.push(wrap(entity, text.slice(entity.offset, stop), span(text, entity.offset, stop, inside, onCommand), onCommand));
    // A block starts a new line; the line break after it would show as an empty line.
    at = BLOCKS.has(entity.type) && text[stop] === "\n" ? stop + 1 : stop;
  }
  if (at < end) nodes.push(text.slice(at, end));
  return nodes;
}

function wrap(entity, text, children, onCommand) {
  switch (entity.type) {
    case "text_link":
      return link(entity.url, children);
    case "url":
      return link(text, children);
    case "email":
      return link(`mailto:${text}`, children);
    case "bot_command":
      return el("button", { type: "button", class: "command", "data-testid": "inline-command", click: () => onCommand(text) }, ...children);
    case "pre":
      return el("pre", {}, el("code", {}, ...children));
    case "spoiler":
      return spoiler(children);
    case "expandable_blockquote":
      return quote(children);
    case "date_time":
      return el("time", { datetime: new Date(entity.unix_time * 1000).toISOString(), title: moment(entity.unix_time) }, ...children);
    case "mention":
    case "hashtag":
      return el("span", { class: "tag" }, ...children);
    default:
      return el(TAGS[entity.type] ?? "span", {}, ...children);
  }
}

function link(address, children) {
  if (!isSafe(address)) return el("span", {}, ...children);
  return el("a", { href: address, target: "_blank", rel: "noopener noreferrer" }, ...children);
}

function spoiler(children) {
  const hidden = el("span", { class: "spoiler", role: "button", tabindex: "0", "aria-label": word("spoiler") }, ...children);
  const show = () => {
    hidden.classList.add("shown");
    hidden.removeAttribute("aria-label");
  };
  hidden.addEventListener("click", show);
  hidden.addEventListener("keydown", (event) => event.key === "Enter" && show());
  return hidden;
}

/** An expandable quote. The button stands for a tap on the quote, which only a pointer can make. */
function quote(children) {
  const block = el("blockquote", { class: "folded" }, ...children);
  const button = el("button", { type: "button", class: "unfold", "aria-expanded": "false", "aria-label": word("expand") }, "⌄");
  const toggle = () => button.setAttribute("aria-expanded", String(!block.classList.toggle("folded")));
  block.addEventListener("click", toggle);
  block.append(button);
  return block;
}
