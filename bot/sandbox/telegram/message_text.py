"""Turns the text of a request into the text of a message: parse mode, trimming, automatic entities, length.

Knows nothing of methods.
"""

import re
from typing import Any

from bot.sandbox.telegram.errors import bad_request
from bot.sandbox.telegram.html_parser import parse_html, utf16_length
from bot.sandbox.telegram.params import Params

Entity = dict[str, Any]

MAX_TEXT = 4096
MAX_CAPTION = 1024
"""In UTF-16 code units: an emoji counts two or more."""

_FOUND = re.compile(
    r"(?P<url>https?://[^\s<>\"]*[^\s<>\".,;:!?)\]'])"
    r"|(?P<email>\b[\w.+-]+@[\w-]+(?:\.[\w-]+)+)"
    r"|(?<![\w/<>])(?P<bot_command>/[a-zA-Z0-9_]{1,32}(?:@\w{3,32})?)(?![\w/])"
    r"|(?<!\w)(?P<mention>@[a-zA-Z]\w{3,31})\b"
    r"|(?<!\w)(?P<hashtag>#(?=\w*[^\W\d])\w{1,256})"
)
"""The texts that Telegram turns into entities automatically, without bare domains and phone numbers."""

_ENTITY_STARTS = ("http", "@", "/", "#")
_OPAQUE = frozenset({"code", "pre", "text_link", "url"})


def formatted(params: Params, name: str, *, entities: str = "entities") -> tuple[str, list[Entity]]:
    """Return text and entities of the parameter `name`; the text may be empty."""
    source = params.text(name)
    mode = params.text("parse_mode").lower()
    if mode == "html":
        text, marked = parse_html(source)
    elif mode:
        raise bad_request("unsupported parse_mode (the sandbox reads HTML only)")
    else:
        text, marked = source, _explicit(params.array(entities), source)
    text, marked = _trimmed(text, marked)
    return text, _with_automatic_entities(text, marked)


def text_of(params: Params) -> dict[str, Any]:
    """Return the text fields of a message; refuses an empty or too long text."""
    text, entities = formatted(params, "text")
    if not text:
        raise bad_request("message text is empty")
    if utf16_length(text) > MAX_TEXT:
        raise bad_request("message is too long")
    return {"text": text, "entities": entities} if entities else {"text": text}


def caption_of(params: Params) -> dict[str, Any]:
    """Return the caption fields of a message, none without a caption; refuses a too long one."""
    caption, entities = formatted(params, "caption", entities="caption_entities")
    if utf16_length(caption) > MAX_CAPTION:
        raise bad_request("message caption is too long")
    if not caption:
        return {}
    return {"caption": caption, "caption_entities": entities} if entities else {"caption": caption}


def typed(text: str) -> dict[str, Any]:
    """Return the text fields of what a person typed."""
    entities = _with_automatic_entities(text, [])
    return {"text": text, "entities": entities} if entities else {"text": text}


def _explicit(entities: list[Any], text: str) -> list[Entity]:
    end = utf16_length(text) if entities else 0
    for entity in entities:
        if not isinstance(entity, dict) or not {"type", "offset", "length"} <= entity.keys():
            raise bad_request("can't parse MessageEntity: an entity needs type, offset and length")
        if entity["offset"] < 0 or entity["length"] <= 0 or entity["offset"] + entity["length"] > end:
            raise bad_request("ENTITY_BOUNDS_INVALID")
    return sorted(entities, key=lambda each: (each["offset"], -each["length"]))


def _trimmed(text: str, entities: list[Entity]) -> tuple[str, list[Entity]]:
    shown = text.strip()
    if shown == text:
        return text, entities
    cut = utf16_length(text[: len(text) - len(text.lstrip())])
    end = utf16_length(shown)
    kept: list[Entity] = []
    for entity in entities:
        start = max(0, entity["offset"] - cut)
        stop = min(end, entity["offset"] + entity["length"] - cut)
        if stop > start:
            kept.append({**entity, "offset": start, "length": stop - start})
    return shown, kept


def _with_automatic_entities(text: str, marked: list[Entity]) -> list[Entity]:
    if not any(sign in text for sign in _ENTITY_STARTS):
        return marked
    taken = [(each["offset"], each["offset"] + each["length"]) for each in marked if each["type"] in _OPAQUE]
    found = list(marked)
    for match in _FOUND.finditer(text):
        start = utf16_length(text[: match.start()])
        length = utf16_length(match[0])
        if not any(start < stop and begin < start + length for begin, stop in taken):
            found.append({"type": match.lastgroup, "offset": start, "length": length})
    found.sort(key=lambda each: (each["offset"], -each["length"]))
    return found
