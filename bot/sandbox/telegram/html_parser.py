"""Parses Telegram's HTML into text and entities, with offsets in UTF-16 code units, as the Bot API counts.

Refuses in the words of the real parser. Knows nothing of messages.
"""

import re
from dataclasses import dataclass, field
from typing import Any

from bot.sandbox.telegram.errors import TelegramError, bad_request

Entity = dict[str, Any]

SIMPLE = {
    "b": "bold",
    "strong": "bold",
    "i": "italic",
    "em": "italic",
    "u": "underline",
    "ins": "underline",
    "s": "strikethrough",
    "strike": "strikethrough",
    "del": "strikethrough",
    "code": "code",
    "pre": "pre",
    "tg-spoiler": "spoiler",
}
OTHERS = frozenset({"a", "blockquote", "span", "tg-emoji", "tg-time"})
NAMED = {"&lt;": "<", "&gt;": ">", "&amp;": "&", "&quot;": '"'}

_TOKEN = re.compile(r"<[^>]*>?|&(?:lt|gt|amp|quot|#\d{1,7}|#x[0-9a-fA-F]{1,6});|[^<&]+|&")
_TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9-]*)?((?:\s[^>]*)?)\s*>")
_ATTRIBUTE = re.compile(r"([a-zA-Z-]+)(?:\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s\"'>]+)))?")
LAST_CHARACTER = 0x10FFFF
SURROGATES = range(0xD800, 0xE000)


def utf16_length(text: str) -> int:
    """Return the number of UTF-16 code units, which is how Telegram counts lengths."""
    return len(text.encode("utf-16-le")) // 2


@dataclass(slots=True)
class _Open:
    tag: str
    start: int
    entity: Entity


@dataclass(slots=True)
class _Parser:
    source: str
    text: list[str] = field(default_factory=list)
    length: int = 0
    stack: list[_Open] = field(default_factory=list)
    entities: list[Entity] = field(default_factory=list)

    def write(self, text: str) -> None:
        self.text.append(text)
        self.length += utf16_length(text)

    def tag(self, token: str, position: int) -> None:
        at = len(self.source[:position].encode())
        match = _TAG.fullmatch(token)
        if match is None:
            raise _unparsable(f"Unclosed start tag at byte offset {at}")
        closing, name, rest = match[1], (match[2] or "").lower(), match[3]
        if closing:
            self.close(name, at)
        else:
            self.stack.append(_Open(name, self.length, _entity(name, rest, at)))

    def close(self, name: str, at: int) -> None:
        if not self.stack:
            raise _unparsable(f"Unexpected end tag at byte offset {at}")
        opened = self.stack.pop()
        if name not in {"", opened.tag}:
            raise _unparsable(f'Unmatched end tag at byte offset {at}, expected "</{opened.tag}>", found "</{name}>"')
        length = self.length - opened.start
        if length and opened.entity:
            inner = self.entities[-1] if self.entities else {}
            if opened.entity["type"] == "pre" and inner.get("type") == "code" and inner["offset"] == opened.start:
                # <pre><code class="language-x"> is one entity, not two.
                self.entities.pop()
                opened.entity |= {"language": inner["language"]} if "language" in inner else {}
            self.entities.append({**opened.entity, "offset": opened.start, "length": length})


def parse_html(source: str) -> tuple[str, list[Entity]]:
    """Return the plain text and its entities, outer ones first; raises 400 "can't parse entities"."""
    parser = _Parser(source)
    for match in _TOKEN.finditer(source):
        token = match[0]
        if token[0] == "<":
            parser.tag(token, match.start())
        elif token[0] == "&" and len(token) > 1:
            parser.write(_character(token))
        else:
            parser.write(token)
    if parser.stack:
        raise _unparsable(f'Can\'t find end tag corresponding to start tag "{parser.stack[-1].tag}"')
    for entity in parser.entities:
        if entity["type"] == "code":
            entity.pop("language", None)
    parser.entities.sort(key=lambda each: (each["offset"], -each["length"]))
    return "".join(parser.text), parser.entities


def _entity(name: str, rest: str, at: int) -> Entity:
    if name not in SIMPLE and name not in OTHERS:
        raise _unparsable(f'Unsupported start tag "{name}" at byte offset {at}')
    attributes = {m[1].lower(): _decode(m[2] or m[3] or m[4] or "") for m in _ATTRIBUTE.finditer(rest)}
    css = attributes.get("class", "")
    match name:
        case "a":
            return {"type": "text_link", "url": attributes["href"]} if attributes.get("href") else {}
        case "blockquote":
            return {"type": "expandable_blockquote" if "expandable" in attributes else "blockquote"}
        case "span" if css != "tg-spoiler":
            raise _unparsable(f'Tag "span" must have class "tg-spoiler" at byte offset {at}')
        case "span":
            return {"type": "spoiler"}
        case "tg-emoji":
            return {"type": "custom_emoji", "custom_emoji_id": attributes.get("emoji-id", "")}
        case "tg-time":
            return _time_entity(attributes, at)
        case "code" if css.startswith("language-"):
            return {"type": "code", "language": css.removeprefix("language-")}
        case _:
            return {"type": SIMPLE[name]}


def _time_entity(attributes: dict[str, str], at: int) -> Entity:
    unix = attributes.get("unix", "")
    if not unix.isdigit():
        raise _unparsable(f'Tag "tg-time" must have a valid "unix" attribute at byte offset {at}')
    entity: Entity = {"type": "date_time", "unix_time": int(unix)}
    if attributes.get("format"):
        entity["date_time_format"] = attributes["format"]
    return entity


def _character(token: str) -> str:
    if token in NAMED:
        return NAMED[token]
    code = int(token[3:-1], 16) if token[2] in "xX" else int(token[2:-1])
    return chr(code) if 0 < code <= LAST_CHARACTER and code not in SURROGATES else token


def _decode(value: str) -> str:
    return re.sub(r"&(?:lt|gt|amp|quot|#\d{1,7}|#x[0-9a-fA-F]{1,6});", lambda m: _character(m[0]), value)


def _unparsable(why: str) -> TelegramError:
    return bad_request(f"can't parse entities: {why}")
