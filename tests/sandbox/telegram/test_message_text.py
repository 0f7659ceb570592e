"""HTML becomes text and entities counted in UTF-16 code units; links and commands become entities automatically."""

from typing import Any

import pytest

from bot.sandbox.telegram.errors import TelegramError
from bot.sandbox.telegram.html_parser import parse_html
from bot.sandbox.telegram.message_text import formatted
from bot.sandbox.telegram.params import Params


def entity(kind: str, offset: int, length: int, **more: Any) -> dict[str, Any]:
    return {"type": kind, **more, "offset": offset, "length": length}


@pytest.mark.parametrize(
    ("source", "text", "entities"),
    [
        ("plain", "plain", []),
        ("<b>bold</b>", "bold", [entity("bold", 0, 4)]),
        ("🎉<i>é</i>", "🎉é", [entity("italic", 2, 1)]),
        ("<b>a<i>b</i></b>", "ab", [entity("bold", 0, 2), entity("italic", 1, 1)]),
        ("&lt;b&gt; &amp; &#233; &nbsp;", "<b> & é &nbsp;", []),
        ("AT&T", "AT&T", []),
        ('<a href="https://x.gn/?a=1&amp;b=2">x</a>', "x", [entity("text_link", 0, 1, url="https://x.gn/?a=1&b=2")]),
        ("<blockquote expandable>q</blockquote>", "q", [entity("expandable_blockquote", 0, 1)]),
        ("<blockquote>q</blockquote>", "q", [entity("blockquote", 0, 1)]),
        ("<tg-spoiler>s</tg-spoiler>", "s", [entity("spoiler", 0, 1)]),
        ('<span class="tg-spoiler">s</span>', "s", [entity("spoiler", 0, 1)]),
        ('<pre><code class="language-py">x</code></pre>', "x", [entity("pre", 0, 1, language="py")]),
        ('<tg-time unix="1780000000">now</tg-time>', "now", [entity("date_time", 0, 3, unix_time=1780000000)]),
        ("<b></b>", "", []),
    ],
)
def test_html_becomes_text_and_entities(source: str, text: str, entities: list[dict[str, Any]]) -> None:
    assert parse_html(source) == (text, entities)


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("<b>x", 'Can\'t find end tag corresponding to start tag "b"'),
        ("é<u>x</i>", 'Unmatched end tag at byte offset 6, expected "</u>", found "</i>"'),
        ("x</b>", "Unexpected end tag at byte offset 1"),
        ("<marquee>x</marquee>", 'Unsupported start tag "marquee" at byte offset 0'),
        ("1 < 2", "Unclosed start tag at byte offset 2"),
        ("<span>x</span>", 'Tag "span" must have class "tg-spoiler" at byte offset 0'),
    ],
)
def test_broken_html_is_refused_in_telegrams_words(source: str, reason: str) -> None:
    with pytest.raises(TelegramError) as refused:
        parse_html(source)
    assert refused.value.description == f"Bad Request: can't parse entities: {reason}"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("/start abc", [entity("bot_command", 0, 6)]),
        ("see /book, or /cancel@some_bot 12", [entity("bot_command", 4, 5), entity("bot_command", 14, 16)]),
        ("9/10 and/or", []),
        ("https://x.gn/a?b=c.", [entity("url", 0, 18)]),
        ("me@x.gn @somebody #tag", [entity("email", 0, 7), entity("mention", 8, 9), entity("hashtag", 18, 4)]),
    ],
)
def test_links_and_commands_become_entities_automatically(text: str, found: list[dict[str, Any]]) -> None:
    assert formatted(Params({"text": text}), "text") == (text, found)


def test_text_in_code_gets_no_automatic_entities() -> None:
    text, entities = formatted(Params({"text": "<code>/book</code>", "parse_mode": "HTML"}), "text")
    assert (text, entities) == ("/book", [entity("code", 0, 5)])


def test_surrounding_space_is_trimmed_and_entities_are_shifted() -> None:
    text, entities = formatted(Params({"text": "\n 🎉 <b>x </b>", "parse_mode": "HTML"}), "text")
    assert (text, entities) == ("🎉 x", [entity("bold", 3, 1)])
