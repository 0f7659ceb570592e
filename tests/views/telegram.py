"""The limits of messages (Bot API: text after entities 4096, caption 1024, callback data 64 bytes, 100 buttons)."""

from html.parser import HTMLParser

from bot.views.keyboards import width
from bot.views.message import Message

LONGEST_PREFIX = "9" * 12
ALLOWED = {"b", "i", "code"}


class _Reader(HTMLParser):
    """Reads the text as Telegram does, and refuses what Telegram refuses."""

    def __init__(self) -> None:
        super().__init__()
        self.text = ""
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in ALLOWED, f"unknown tag {tag}"
        assert not attrs
        self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data

    def handle_comment(self, data: str) -> None:
        raise AssertionError(f"a comment: {data}")

    def handle_decl(self, decl: str) -> None:
        raise AssertionError(f"a declaration: {decl}")

    def handle_pi(self, data: str) -> None:
        raise AssertionError(f"a processing instruction: {data}")


def plain(html: str) -> str:
    """The text as a citizen reads it. Raises if the markup is broken."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    assert not reader.open
    return reader.text


def labels(message: Message) -> list[str]:
    """The labels of the buttons, in their order."""
    return [button.label for row in message.rows for button in row]


def actions(message: Message) -> list[str]:
    """The actions of the buttons, in their order."""
    return [button.action for row in message.rows for button in row]


WIDEST = {1: 26, 2: 14, 3: 9}
"""Characters of a label that a small phone shows, by the number of buttons in the row."""


def check_labels(message: Message) -> None:
    """Raise if a phone of 360 points would cut a label, or if two labels look alike."""
    for row in message.rows:
        for button in row:
            assert width(button.label) <= WIDEST[len(row)], button.label
    found = [label.casefold() for label in labels(message)]
    assert len(found) == len(set(found)), found


def check_limits(message: Message) -> None:
    """Raise if Telegram would refuse the message, or a small phone would not show it well."""
    text = plain(message.text)
    assert text.strip()
    units = len(text.encode("utf-16-le")) // 2
    assert units <= (1024 if message.qr_link is not None else 4096), units
    assert len(labels(message)) <= 100
    for row in message.rows:
        assert 1 <= len(row) <= 3
        for button in row:
            assert 1 <= len(button.label.strip()) <= len(button.label) <= 64, button.label
            assert "\n" not in button.label
            assert bool(button.action) != bool(button.url)
            assert len(f"{LONGEST_PREFIX}.{button.action}".encode()) <= 64
