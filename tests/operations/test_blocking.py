"""`/block`, `/unblock` and `/blocked`: what is recorded, and what a wrong number is answered."""

from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from bot.app.records import BlockEntry, Change, DeliveryIds, Work
from bot.app.updates import FromCitizen
from bot.core.events import Commanded
from bot.operations.blocking import BlockHandler
from bot.operations.blocking_views import Blocked, BlockScreen, Mistake, Recorded, Refused
from bot.views.message import Message

NOW = datetime(2026, 3, 2, 9, 0)  # noqa: DTZ001 — office time
ADMIN, KNOWN, ERASED = 900, 77, 88
BLOCKED = BlockEntry(ERASED, is_blocked=True, user_id=901, who="Fatou", at=NOW)


class Record:
    def __init__(self) -> None:
        self.entries = [BLOCKED]

    async def is_known(self, chat_id: int) -> bool:
        return chat_id == KNOWN

    async def last(self, chat_id: int) -> BlockEntry | None:
        return next((each for each in reversed(self.entries) if each.chat_id == chat_id), None)

    async def blocked(self) -> tuple[BlockEntry, ...]:
        return tuple(self.entries)

    def record(self, entry: BlockEntry) -> Work:
        def work(_connection: Any) -> None:
            self.entries.append(entry)

        return work


class Setup:
    def __init__(self) -> None:
        self.record = Record()
        self.shown: list[BlockScreen] = []
        self.handler = BlockHandler(self.record, self.draw, self.locale_of, DeliveryIds())

    def draw(self, screen: BlockScreen, locale: str) -> Message:
        self.shown.append(screen)
        return Message(locale)

    async def locale_of(self, _chat_id: int) -> str:
        return "fr"

    async def says(self, name: str, argument: str = "", profile: str = "Ibrahima") -> Change | None:
        event = Commanded(at=NOW, name=name, argument=argument, profile=profile)
        change = await self.handler.handle(ADMIN, FromCitizen(event, ADMIN))
        for work in change.works if change else ():
            work(None)
        return change


@pytest.mark.parametrize("written", ["77", " telegram:77 "])
async def test_a_chat_is_blocked_and_unblocked_by_its_number_with_who_did_it(written: str) -> None:
    setup = Setup()
    assert await setup.says("block", written)
    entry = BlockEntry(KNOWN, is_blocked=True, user_id=ADMIN, who="Ibrahima", at=NOW)
    assert setup.record.entries[1:] == [entry]
    assert await setup.says("unblock", written, profile="")
    assert setup.record.entries[2:] == [replace(entry, is_blocked=False, who="900")]
    assert setup.shown == [Recorded(entry), Recorded(setup.record.entries[2])]


@pytest.mark.parametrize(
    ("name", "argument", "answer"),
    [
        ("block", "", Refused(Mistake.NO_ID, "block")),
        ("unblock", "Mamadou", Refused(Mistake.NO_ID, "unblock")),
        ("block", "-77", Refused(Mistake.NO_ID, "block")),
        ("block", "99999999999999999", Refused(Mistake.NO_ID, "block")),
        ("block", "5", Refused(Mistake.UNKNOWN, "block", 5)),
        ("unblock", "5", Refused(Mistake.UNKNOWN, "unblock", 5)),
        ("block", "88", Refused(Mistake.ALREADY, "block", ERASED, BLOCKED)),
        ("unblock", "77", Refused(Mistake.NOT_BLOCKED, "unblock", KNOWN)),
    ],
)
async def test_what_cannot_be_done_changes_nothing_and_is_answered(name: str, argument: str, answer: Refused) -> None:
    setup = Setup()
    assert await setup.says(name, argument)
    assert setup.shown == [answer]
    assert setup.record.entries == [BLOCKED]


async def test_an_erased_chat_can_be_unblocked() -> None:
    setup = Setup()
    await setup.says("unblock", str(ERASED))
    assert not setup.record.entries[-1].is_blocked


async def test_the_blocked_are_listed_and_other_commands_are_left_to_others() -> None:
    setup = Setup()
    assert await setup.says("blocked")
    assert setup.shown == [Blocked((BLOCKED,))]
    assert await setup.says("status") is None
