"""Cards: one an admin and broadcast, edited in place, by one task."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from bot.app.ports import (
    EditLostError,
    FloodedError,
    MaybeSentError,
    MessageRefusedError,
    NotSentError,
    Receipt,
    SendError,
)
from bot.app.rate_limits import GlobalRateLimiter
from bot.app.records import Delivery, Kind
from bot.broadcast.model import BroadcastSnapshot, BroadcastStatus
from bot.broadcast.ports import NOWHERE, ProgressMessage
from bot.broadcast.progress import INTERVAL, ProgressMessages
from bot.views.message import Message
from tests.app.virtual_clock import in_no_time
from tests.broadcast.fakes import FakeBroadcasts

ADMIN, OTHER, GONE = 900, 901, 902


class Phones:
    """Keeps every edit; `failures` come first."""

    def __init__(self) -> None:
        self.edits: list[tuple[int, int | None, str]] = []
        self.failures: dict[int, deque[SendError]] = {}
        self.slow: dict[int, float] = {}
        self.tried = 0

    def fails(self, chat_id: int, *errors: SendError) -> None:
        """The next edits in this chat fail like this."""
        self.failures[chat_id] = deque(errors)

    async def deliver(self, delivery: Delivery, _file_id: str | None) -> Receipt:
        assert delivery.kind is Kind.EDIT
        self.tried += 1
        await asyncio.sleep(self.slow.get(delivery.chat_id, 0.0))
        if waiting := self.failures.get(delivery.chat_id):
            raise waiting.popleft()
        self.edits.append((delivery.chat_id, delivery.target, delivery.message.text))
        return Receipt(delivery.target or 0)

    async def typing(self, chat_id: int) -> None:
        raise AssertionError(chat_id)


class Wall:
    """Where the cards hang. `words` is what they say now."""

    def __init__(self) -> None:
        self.repository, self.phones = FakeBroadcasts(), Phones()
        self.repository.has(BroadcastStatus.RUNNING)
        self.moves: tuple[int, ...] = ()
        self.words = "one"
        self.progress = ProgressMessages(
            self.repository,
            self.phones,
            GlobalRateLimiter(None),
            {ADMIN, OTHER},
            lambda snapshot, locale: Message(f"{self.words} {locale} {snapshot.broadcast.plan.number}"),
            look=self._look,
            moving=lambda: self.moves,
        )

    async def _look(self, number: int) -> BroadcastSnapshot | None:
        if self.words == "broken":
            raise ValueError(self.words)
        found = await self.repository.broadcast(number)
        return BroadcastSnapshot(found) if found else None


@asynccontextmanager
async def hanging() -> AsyncIterator[Wall]:
    wall = Wall()
    task = asyncio.create_task(wall.progress.run())
    yield wall
    task.cancel()
    await asyncio.wait({task})
    await asyncio.sleep(0)
    assert len(asyncio.all_tasks()) == 1, "nobody draws any more"


@in_no_time
async def test_a_card_is_drawn_where_it_was_put_and_again_when_something_happened() -> None:
    async with hanging() as wall:
        await wall.progress.put(ProgressMessage(1, ADMIN, 70, "fr"))
        await asyncio.sleep(0.5)
        wall.words = "two"
        wall.progress.touch(1)
        await asyncio.sleep(0.5)
        assert wall.phones.edits == [(ADMIN, 70, "one fr 1"), (ADMIN, 70, "two fr 1")]


@in_no_time
async def test_what_did_not_change_is_not_drawn_again() -> None:
    async with hanging() as wall:
        wall.moves = (1,)
        await wall.progress.put(ProgressMessage(1, ADMIN, 70, "fr"))
        await asyncio.sleep(5 * INTERVAL)
        assert len(wall.phones.edits) == 1


@in_no_time
async def test_a_moving_one_is_drawn_every_few_seconds() -> None:
    async with hanging() as wall:
        wall.moves = (1,)
        await wall.progress.put(ProgressMessage(1, ADMIN, 70, "fr"))
        for each in range(5):
            await asyncio.sleep(INTERVAL)
            wall.words = str(each)
        assert 4 <= len(wall.phones.edits) <= 6


@in_no_time
async def test_an_admin_has_one_card_the_newest() -> None:
    async with hanging() as wall:
        await wall.progress.put(ProgressMessage(1, ADMIN, 70, "fr"))
        await asyncio.sleep(0.5)
        await wall.progress.put(ProgressMessage(1, ADMIN, 71, "fr"))
        await asyncio.sleep(0.5)
        assert [message for _, message, _ in wall.phones.edits] == [70, 71]


@in_no_time
async def test_a_message_that_becomes_the_card_of_another_shows_that_one_alone() -> None:
    async with hanging() as wall:
        wall.repository.has(BroadcastStatus.RUNNING, number=2)
        wall.moves = (1, 2)
        wall.phones.slow = {ADMIN: 1.0}
        await wall.progress.put(ProgressMessage(1, ADMIN, 70, "fr"))
        await asyncio.sleep(0.5)
        await wall.progress.put(ProgressMessage(2, ADMIN, 70, "fr"))
        for each in range(3):
            await asyncio.sleep(2 * INTERVAL)
            wall.words = str(each)
        shown = [words.split()[-1] for _, _, words in wall.phones.edits]
        assert shown == ["1", "2", "2", "2"]
        assert ProgressMessage(1, ADMIN, NOWHERE, "fr") in await wall.repository.progress_messages(1), (
            "they still get its report"
        )


@in_no_time
async def test_a_message_that_shows_something_else_is_left_alone() -> None:
    async with hanging() as wall:
        wall.moves = (1,)
        await wall.progress.put(ProgressMessage(1, ADMIN, 70, "fr"))
        await asyncio.sleep(1)
        await wall.progress.clear_progress_message(ADMIN, 70)
        wall.words = "two"
        await asyncio.sleep(3 * INTERVAL)
        assert [words for _, _, words in wall.phones.edits] == ["one fr 1"]


@in_no_time
async def test_who_is_no_admin_any_more_sees_nothing_more() -> None:
    async with hanging() as wall:
        await wall.progress.put(ProgressMessage(1, GONE, 70, "fr"))
        await asyncio.sleep(1)
        assert wall.phones.edits == []


@in_no_time
async def test_a_flood_is_waited_for_and_then_the_newest_is_shown() -> None:
    async with hanging() as wall:
        wall.phones.fails(ADMIN, FloodedError(30))
        await wall.progress.put(ProgressMessage(1, ADMIN, 70, "fr"))
        for each in range(20):
            await asyncio.sleep(1)
            wall.words = f"second {each}"
            wall.progress.touch(1)
        assert wall.phones.tried == 1
        await asyncio.sleep(15)
        assert wall.phones.edits == [(ADMIN, 70, "second 19 fr 1")]


@in_no_time
async def test_what_ends_during_a_flood_is_shown_after_it() -> None:
    async with hanging() as wall:
        wall.moves = (1,)
        await wall.progress.put(ProgressMessage(1, ADMIN, 70, "fr"))
        await asyncio.sleep(1)
        wall.phones.fails(ADMIN, FloodedError(20), FloodedError(20))
        wall.words = "nearly"
        await asyncio.sleep(2 * INTERVAL)
        wall.words, wall.moves = "done", ()
        wall.progress.touch(1)
        await asyncio.sleep(60)
        assert wall.phones.edits == [(ADMIN, 70, "one fr 1"), (ADMIN, 70, "done fr 1")]


@in_no_time
async def test_a_flood_in_one_chat_holds_up_no_other() -> None:
    async with hanging() as wall:
        wall.phones.fails(ADMIN, FloodedError(60))
        await wall.progress.put(ProgressMessage(1, ADMIN, 70, "fr"))
        await wall.progress.put(ProgressMessage(1, OTHER, 71, "en"))
        await asyncio.sleep(1)
        assert wall.phones.edits == [(OTHER, 71, "one en 1")]


@in_no_time
async def test_a_slow_wire_holds_up_no_other() -> None:
    async with hanging() as wall:
        wall.phones.slow = {ADMIN: 60.0}
        await wall.progress.put(ProgressMessage(1, ADMIN, 70, "fr"))
        await wall.progress.put(ProgressMessage(1, OTHER, 71, "en"))
        await asyncio.sleep(1)
        assert wall.phones.edits == [(OTHER, 71, "one en 1")]


@in_no_time
async def test_an_edit_that_was_lost_is_made_again() -> None:
    async with hanging() as wall:
        wall.phones.fails(ADMIN, NotSentError("no route"), MaybeSentError("timed out"))
        await wall.progress.put(ProgressMessage(1, ADMIN, 70, "fr"))
        await asyncio.sleep(3 * INTERVAL)
        assert wall.phones.edits == [(ADMIN, 70, "one fr 1")]


@in_no_time
async def test_a_newer_card_is_drawn_in_the_place_of_one_that_waits() -> None:
    async with hanging() as wall:
        wall.phones.fails(ADMIN, FloodedError(10))
        await wall.progress.put(ProgressMessage(1, ADMIN, 70, "fr"))
        await asyncio.sleep(1)
        await wall.progress.put(ProgressMessage(1, ADMIN, 71, "fr"))
        await asyncio.sleep(20)
        assert wall.phones.edits == [(ADMIN, 71, "one fr 1")]


@in_no_time
async def test_a_card_whose_message_is_gone_is_shown_no_more_and_its_admin_follows() -> None:
    async with hanging() as wall:
        wall.phones.fails(ADMIN, EditLostError("gone"))
        await wall.progress.put(ProgressMessage(1, ADMIN, 70, "fr"))
        await asyncio.sleep(1)
        assert await wall.repository.progress_messages(1) == (ProgressMessage(1, ADMIN, NOWHERE, "fr"),)
        wall.progress.touch(1)
        await asyncio.sleep(1)
        assert wall.phones.tried == 1


@in_no_time
async def test_what_cannot_be_drawn_stops_no_other() -> None:
    async with hanging() as wall:
        wall.repository.has(BroadcastStatus.DONE, number=2)
        wall.phones.fails(ADMIN, MessageRefusedError("odd"))
        await wall.progress.put(ProgressMessage(1, ADMIN, 70, "fr"))
        await wall.progress.put(ProgressMessage(2, ADMIN, 71, "en"))
        await wall.progress.put(ProgressMessage(3, ADMIN, 72, "en"))
        await asyncio.sleep(1)
        assert wall.phones.edits == [(ADMIN, 71, "one en 2")]
        wall.words = "broken"
        wall.progress.touch(1)
        await asyncio.sleep(1)
        wall.words = "mended"
        wall.progress.touch(1)
        await asyncio.sleep(1)
        assert wall.phones.edits[-1] == (ADMIN, 70, "mended fr 1")
