"""Progress messages: one per admin and broadcast, edited in place."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from bot.app.records import Delivery, DeliveryIds, Kind, Urgency
from bot.broadcast.model import BroadcastSnapshot, BroadcastStatus
from bot.broadcast.ports import NOWHERE, ProgressMessage
from bot.broadcast.progress import INTERVAL, ProgressMessages
from bot.views.message import Message
from tests.app.virtual_clock import in_no_time
from tests.broadcast.fakes import FakeBroadcasts

ADMIN, OTHER, FORMER = 900, 901, 902


class ProgressSetup:
    """Progress messages with fakes around them; `text` is what they show now, `edits` what reached the outbox."""

    def __init__(self) -> None:
        self.repository = FakeBroadcasts()
        self.repository.has(BroadcastStatus.RUNNING)
        self.deliveries: list[Delivery] = []
        self.moving: tuple[int, ...] = ()
        self.text = "one"
        self.progress = ProgressMessages(
            self.repository,
            lambda chat, _broadcast: chat in {ADMIN, OTHER},
            lambda snapshot, shown: Message(f"{self.text} {shown.locale} {snapshot.broadcast.plan.number}"),
            draw_left=lambda number, locale: Message(f"left {locale} {number}"),
            snapshot=self._snapshot,
            moving=lambda: self.moving,
            accept=self.deliveries.extend,
            ids=DeliveryIds(),
        )

    async def _snapshot(self, number: int) -> BroadcastSnapshot | None:
        if self.text == "broken" and number == 1:
            raise ValueError(self.text)
        found = await self.repository.broadcast(number)
        return BroadcastSnapshot(found) if found else None

    def edits(self) -> list[tuple[int, int | None, str]]:
        return [(each.chat_id, each.target, each.message.text) for each in self.deliveries]


@asynccontextmanager
async def drawing() -> AsyncIterator[ProgressSetup]:
    here = ProgressSetup()
    task = asyncio.create_task(here.progress.run())
    yield here
    task.cancel()
    await asyncio.wait({task})


@in_no_time
async def test_a_progress_message_is_drawn_when_it_is_added_and_after_each_change() -> None:
    async with drawing() as here:
        await here.progress.put(ProgressMessage(1, ADMIN, 70, "fr"))
        await asyncio.sleep(0.5)
        here.text = "two"
        here.progress.touch(1)
        await asyncio.sleep(0.5)
        assert here.edits() == [(ADMIN, 70, "one fr 1"), (ADMIN, 70, "two fr 1")]


@in_no_time
async def test_edits_amend_a_message_below_citizens_messages_and_are_numbered() -> None:
    async with drawing() as here:
        await here.progress.put(ProgressMessage(1, ADMIN, 70, "fr"))
        await here.progress.put(ProgressMessage(1, OTHER, 71, "en"))
        await asyncio.sleep(0.5)
        assert {(each.kind, each.urgency, each.amends) for each in here.deliveries} == {
            (Kind.EDIT, Urgency.NOTICE, True)
        }
        assert len({each.id for each in here.deliveries}) == 2


@in_no_time
async def test_unchanged_progress_is_not_drawn_again() -> None:
    async with drawing() as here:
        here.moving = (1,)
        await here.progress.put(ProgressMessage(1, ADMIN, 70, "fr"))
        await asyncio.sleep(5 * INTERVAL)
        assert len(here.edits()) == 1


@in_no_time
async def test_a_moving_broadcast_is_drawn_every_few_seconds() -> None:
    async with drawing() as here:
        here.moving = (1,)
        await here.progress.put(ProgressMessage(1, ADMIN, 70, "fr"))
        for each in range(5):
            await asyncio.sleep(INTERVAL)
            here.text = str(each)
        assert 4 <= len(here.edits()) <= 6


@in_no_time
async def test_an_admin_sees_a_broadcast_in_the_newest_message_only() -> None:
    async with drawing() as here:
        await here.progress.put(ProgressMessage(1, ADMIN, 70, "fr"))
        await asyncio.sleep(0.5)
        await here.progress.put(ProgressMessage(1, ADMIN, 71, "fr"))
        await asyncio.sleep(0.5)
        here.text = "two"
        here.progress.touch(1)
        await asyncio.sleep(0.5)
        assert here.edits() == [
            (ADMIN, 70, "one fr 1"),
            (ADMIN, 70, "left fr 1"),
            (ADMIN, 71, "one fr 1"),
            (ADMIN, 71, "two fr 1"),
        ]


@in_no_time
async def test_a_message_shows_only_the_last_broadcast_put_there() -> None:
    async with drawing() as here:
        here.repository.has(BroadcastStatus.RUNNING, number=2)
        here.moving = (1, 2)
        await here.progress.put(ProgressMessage(1, ADMIN, 70, "fr"))
        await asyncio.sleep(0.5)
        await here.progress.put(ProgressMessage(2, ADMIN, 70, "fr"))
        for each in range(3):
            await asyncio.sleep(2 * INTERVAL)
            here.text = str(each)
        assert [text.split()[-1] for _, _, text in here.edits()] == ["1", "2", "2", "2"]
        follower = ProgressMessage(1, ADMIN, NOWHERE, "fr")
        assert follower in await here.repository.progress_messages(1), "they still get its report"


@in_no_time
async def test_a_cleared_message_is_left_alone() -> None:
    async with drawing() as here:
        here.moving = (1,)
        await here.progress.put(ProgressMessage(1, ADMIN, 70, "fr"))
        await asyncio.sleep(1)
        await here.progress.clear(ADMIN, 70)
        here.text = "two"
        await asyncio.sleep(3 * INTERVAL)
        assert [text for _, _, text in here.edits()] == ["one fr 1"]


@in_no_time
async def test_a_former_admin_sees_nothing_more() -> None:
    async with drawing() as here:
        await here.progress.put(ProgressMessage(1, FORMER, 70, "fr"))
        await asyncio.sleep(1)
        assert here.edits() == []


@in_no_time
async def test_an_unknown_broadcast_is_not_drawn() -> None:
    async with drawing() as here:
        await here.progress.put(ProgressMessage(3, ADMIN, 72, "en"))
        await asyncio.sleep(1)
        assert here.edits() == []


@in_no_time
async def test_a_broadcast_that_cannot_be_drawn_stops_no_other(caplog: pytest.LogCaptureFixture) -> None:
    async with drawing() as here:
        here.repository.has(BroadcastStatus.DONE, number=2)
        here.text = "broken"
        with caplog.at_level(logging.ERROR):
            await here.progress.put(ProgressMessage(1, ADMIN, 70, "fr"))
            await here.progress.put(ProgressMessage(2, ADMIN, 71, "en"))
            await asyncio.sleep(1)
        assert here.edits() == [(ADMIN, 71, "broken en 2")]
        assert "progress of broadcast 1 not drawn: ValueError" in caplog.text
        here.text = "mended"
        here.progress.touch(1)
        await asyncio.sleep(1)
        assert here.edits()[-1] == (ADMIN, 70, "mended fr 1")
