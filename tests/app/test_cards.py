"""Cards: one an admin and broadcast, edited in place, by one task."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from bot.app.broadcast_ports import Card
from bot.app.cards import INTERVAL, Cards
from bot.app.pacing import Overall
from bot.app.ports import EditLostError, FloodedError, MessageRefusedError, Receipt, SendError
from bot.app.records import Delivery, Kind
from bot.core.broadcast import Status
from bot.core.sight import Sight
from bot.views.message import Message
from tests.app.hurry import in_no_time
from tests.app.press import FakeBooks

ADMIN, GONE = 900, 901


class Phones:
    """Keeps every edit; `failures` come first."""

    def __init__(self) -> None:
        self.edits: list[tuple[int, int | None, str]] = []
        self.failures: deque[SendError] = deque()

    async def deliver(self, delivery: Delivery, _file_id: str | None) -> Receipt:
        assert delivery.kind is Kind.EDIT
        if self.failures:
            raise self.failures.popleft()
        self.edits.append((delivery.chat_id, delivery.target, delivery.message.text))
        return Receipt(delivery.target or 0)

    async def typing(self, chat_id: int) -> None:
        raise AssertionError(chat_id)


class Wall:
    """Where the cards hang. `words` is what they say now."""

    def __init__(self) -> None:
        self.books, self.phones = FakeBooks(), Phones()
        self.books.has(Status.RUNNING)
        self.moves: tuple[int, ...] = ()
        self.words = "one"
        self.cards = Cards(
            self.books,
            self.phones,
            Overall(None),
            {ADMIN},
            lambda sight, locale: Message(f"{self.words} {locale} {sight.broadcast.plan.number}"),
            look=self._look,
            moving=lambda: self.moves,
        )

    async def _look(self, number: int) -> Sight | None:
        if self.words == "broken":
            raise ValueError(self.words)
        found = await self.books.broadcast(number)
        return Sight(found) if found else None


@asynccontextmanager
async def hanging() -> AsyncIterator[Wall]:
    wall = Wall()
    task = asyncio.create_task(wall.cards.run())
    yield wall
    task.cancel()


@in_no_time
async def test_a_card_is_drawn_where_it_was_put_and_again_when_something_happened() -> None:
    async with hanging() as wall:
        await wall.cards.put(Card(1, ADMIN, 70, "fr"))
        await asyncio.sleep(0.5)
        wall.words = "two"
        wall.cards.touch(1)
        await asyncio.sleep(0.5)
        assert wall.phones.edits == [(ADMIN, 70, "one fr 1"), (ADMIN, 70, "two fr 1")]


@in_no_time
async def test_what_did_not_change_is_not_drawn_again() -> None:
    async with hanging() as wall:
        wall.moves = (1,)
        await wall.cards.put(Card(1, ADMIN, 70, "fr"))
        await asyncio.sleep(5 * INTERVAL)
        assert len(wall.phones.edits) == 1


@in_no_time
async def test_a_moving_one_is_drawn_every_few_seconds() -> None:
    async with hanging() as wall:
        wall.moves = (1,)
        await wall.cards.put(Card(1, ADMIN, 70, "fr"))
        for each in range(5):
            await asyncio.sleep(INTERVAL)
            wall.words = str(each)
        assert 4 <= len(wall.phones.edits) <= 6


@in_no_time
async def test_an_admin_has_one_card_the_newest() -> None:
    async with hanging() as wall:
        await wall.cards.put(Card(1, ADMIN, 70, "fr"))
        await asyncio.sleep(0.5)
        await wall.cards.put(Card(1, ADMIN, 71, "fr"))
        await asyncio.sleep(0.5)
        assert [message for _, message, _ in wall.phones.edits] == [70, 71]


@in_no_time
async def test_who_is_no_admin_any_more_sees_nothing_more() -> None:
    async with hanging() as wall:
        await wall.cards.put(Card(1, GONE, 70, "fr"))
        await asyncio.sleep(1)
        assert wall.phones.edits == []


@in_no_time
async def test_a_flood_loses_no_last_word() -> None:
    async with hanging() as wall:
        wall.phones.failures.append(FloodedError(1))
        await wall.cards.put(Card(1, ADMIN, 70, "fr"))
        await asyncio.sleep(3 * INTERVAL)
        assert wall.phones.edits == [(ADMIN, 70, "one fr 1")]


@in_no_time
async def test_a_card_whose_message_is_gone_is_forgotten() -> None:
    async with hanging() as wall:
        wall.phones.failures.append(EditLostError("gone"))
        await wall.cards.put(Card(1, ADMIN, 70, "fr"))
        await asyncio.sleep(1)
        assert await wall.books.cards(1) == ()
        assert wall.phones.edits == []


@in_no_time
async def test_what_cannot_be_drawn_stops_no_other() -> None:
    async with hanging() as wall:
        wall.books.has(Status.DONE, number=2)
        wall.phones.failures.append(MessageRefusedError("odd"))
        await wall.cards.put(Card(1, ADMIN, 70, "fr"))
        await wall.cards.put(Card(2, ADMIN, 71, "en"))
        await wall.cards.put(Card(3, ADMIN, 72, "en"))
        await asyncio.sleep(1)
        assert wall.phones.edits == [(ADMIN, 71, "one en 2")]
        wall.words = "broken"
        wall.cards.touch(1)
        await asyncio.sleep(1)
        wall.words = "mended"
        wall.cards.touch(1)
        await asyncio.sleep(1)
        assert wall.phones.edits[-1] == (ADMIN, 70, "mended fr 1")
