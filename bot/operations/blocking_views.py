"""The words about blocked chats that admins read."""

from dataclasses import dataclass
from enum import StrEnum

from bot.app.pseudonyms import is_pseudonym
from bot.app.records import BlockEntry
from bot.i18n import Safe, Translator
from bot.views.keyboards import clip
from bot.views.message import Message
from bot.views.text import lines, moment, paragraphs

WHO = 40
"""Characters of an admin's name."""
MOST = 40
"""Chats in the list."""


class Mistake(StrEnum):
    """Why a command changes nothing."""

    NO_ID = "no_id"
    UNKNOWN = "unknown"
    ALREADY = "already"
    NOT_BLOCKED = "not_blocked"


@dataclass(frozen=True, slots=True)
class Refused:
    """`command` changed nothing; `last` is the last entry of the chat, if there is one."""

    mistake: Mistake
    command: str
    chat_id: int = 0
    last: BlockEntry | None = None


@dataclass(frozen=True, slots=True)
class Recorded:
    """The chat is blocked, or unblocked, from now on."""

    entry: BlockEntry


@dataclass(frozen=True, slots=True)
class Blocked:
    """All blocked chats."""

    entries: tuple[BlockEntry, ...]


BlockScreen = Refused | Recorded | Blocked


def render(screen: BlockScreen, t: Translator) -> Message:
    """The answer to an admin's command."""
    match screen:
        case Recorded(entry=entry) if entry.is_blocked:
            return Message(t.text("block.done", chat=entry.chat_id))
        case Recorded(entry=entry):
            return Message(t.text("block.undone", chat=entry.chat_id))
        case Refused():
            return Message(_refused(screen, t))
        case Blocked(entries=()):
            return Message(t.text("block.nobody"))
        case Blocked(entries=entries):
            more = len(entries) - MOST
            return Message(
                paragraphs(
                    t.text("block.list", n=len(entries), count=len(entries)),
                    lines(
                        *(_one(each, t) for each in entries[:MOST]),
                        t.text("block.more", count=more) if more > 0 else None,
                    ),
                    t.text("block.how_to_undo"),
                )
            )


def _one(entry: BlockEntry, t: Translator) -> Safe:
    if is_pseudonym(entry.chat_id):
        return t.text("block.erased_one", by=_by(entry, t))
    return t.text("block.one", chat=entry.chat_id, by=_by(entry, t))


def _refused(screen: Refused, t: Translator) -> Safe:
    last = t.text("block.last", by=_by(screen.last, t)) if screen.last else None
    example = t.text("block.example", command=screen.command) if screen.mistake is Mistake.NO_ID else None
    return lines(t.text(f"block.mistake.{screen.mistake}", chat=screen.chat_id), last, example)


def _by(entry: BlockEntry, t: Translator) -> str:
    """Who did it, and when."""
    return t.label("block.by", who=clip(entry.who, WHO), user=entry.user_id, moment=moment(t, entry.at))
