"""Every value that release 0.1 stored as JSON is read by today's code, and nothing in it gets lost.

A field that gets another name and has a default would be lost without an error; so would a nested one. To change
a stored name, raise the version and add an upgrade; tell here if a value is dropped.
"""

import json
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from bot.app.attempt import BOOKINGS, CANCELLINGS
from bot.broadcast.compose_states import read_draft, write_draft
from bot.broadcast.model import read_plan, write_plan
from bot.core.session import read_session, write_session
from tests.upgrade.release import RELEASE_0_1 as RELEASE

NEVER_READ = frozenset({"placed"})
"""Fields that were written and that no code ever read."""


def reread_session(text: str) -> str:
    session = read_session(text)
    assert session, "a session of an unknown version, or none at all"
    return write_session(session)


def reread_draft(text: str) -> str:
    draft = read_draft(text)
    assert draft, "a draft of an unknown version, or none at all"
    return write_draft(draft)


def reread_plan(text: str) -> str:
    return write_plan(read_plan(text))


def reread_booking(text: str) -> str:
    return BOOKINGS.write(BOOKINGS.read(text))


def reread_cancellation(text: str) -> str:
    return CANCELLINGS.write(CANCELLINGS.read(text))


STORED: dict[str, tuple[str, Callable[[str], str]]] = {
    "session": ("SELECT session FROM chats", reread_session),
    "draft": ("SELECT body FROM drafts", reread_draft),
    "plan": ("SELECT plan FROM broadcasts", reread_plan),
    "booking": ("SELECT body FROM attempts WHERE kind = 'book' AND body IS NOT NULL", reread_booking),
    "cancellation": ("SELECT body FROM attempts WHERE kind = 'cancel' AND body IS NOT NULL", reread_cancellation),
}


@pytest.mark.parametrize("what", STORED)
def test_stored_values_are_unchanged_after_reading_and_writing(what: str) -> None:
    query, reread = STORED[what]
    texts = [text for (text,) in RELEASE.select(query)]
    assert texts
    for text in texts:
        lost = values_of(text) - values_of(reread(text))
        assert not lost, f"{lost} of {text}"


def values_of(text: str) -> Counter[str]:
    """All values, however deep, but for those that say nothing."""
    body = text[text.index("{") :]
    found: Counter[str] = Counter()

    def gather(value: Any) -> None:
        if isinstance(value, dict):
            for name, each in value.items():
                if name not in NEVER_READ:
                    gather(each)
        elif isinstance(value, list):
            for each in value:
                gather(each)
        elif value:
            found[json.dumps(value)] += 1

    gather(json.loads(body))
    return found
