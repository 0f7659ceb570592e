"""Stored updates reach the conversations once, and in the order of their ids where a missing one comes soon."""

import asyncio
import tempfile
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.app.inbox_feed import FULL, GAP_SECONDS, MAX_GAP, InboxFeed
from bot.app.records import Change, StoredUpdate
from bot.storage.store import Store
from tests.app.test_conversations import conversation_setup
from tests.app.virtual_clock import in_no_time

if TYPE_CHECKING:
    from bot.app.conversations import Conversations

WORDS = ("/start", "/book", "/help", "/stop", "Aïssatou", "photo")
SOON = GAP_SECONDS * 0.8
FEW = settings(max_examples=8, deadline=None)
"""Each example opens a database."""


@dataclass
class FakeConversations:
    """Records what it gets; `waiting` is how many it says to have."""

    updates: list[int] = field(default_factory=list)
    waiting: int = 0

    def accept(self, updates: Iterable[StoredUpdate]) -> None:
        self.updates.extend(each.update_id for each in updates)


@dataclass
class Setup:
    """A feed, and what is on both of its sides."""

    store: Store
    heard: FakeConversations
    feed: InboxFeed

    async def arrives(self, *ids: int) -> None:
        """Store these updates, as a receiver of any process does."""
        await self.store.receive(tuple(StoredUpdate(each, 7, "x") for each in ids))


@asynccontextmanager
async def setup(folder: Path, newest: int = 0) -> AsyncIterator[Setup]:
    store = await Store(f"sqlite+aiosqlite:///{folder / 'bot.db'}").open()
    heard = FakeConversations()
    try:
        yield Setup(store, heard, InboxFeed(store, cast("Conversations", heard), newest))
    finally:
        await store.close()


@in_no_time
async def test_an_update_is_passed_on_once_although_it_stays_open(tmp_path: Path) -> None:
    async with setup(tmp_path) as here:
        await here.arrives(1)
        for _ in range(3):
            await here.feed.look()
        assert here.heard.updates == [1]
        await here.store.commit(Change(done=(1,)))
        await here.arrives(1)
        await here.feed.look()
        await here.feed.look()
        assert here.heard.updates == [1], "Telegram repeated it"


@in_no_time
async def test_an_update_waits_for_the_one_before_it(tmp_path: Path) -> None:
    async with setup(tmp_path) as here:
        await here.arrives(2, 3)
        assert 0 < await here.feed.look() <= GAP_SECONDS
        assert here.heard.updates == []
        await here.arrives(1)
        await here.feed.look()
        assert here.heard.updates == [1, 2, 3]


@in_no_time
async def test_an_update_that_comes_too_late_holds_up_the_others_for_a_moment_only(tmp_path: Path) -> None:
    async with setup(tmp_path) as here:
        await here.arrives(2)
        await asyncio.sleep(await here.feed.look() / 2)
        await here.arrives(3)
        await asyncio.sleep(await here.feed.look())
        await here.feed.look()
        assert here.heard.updates == [2, 3]
        await here.arrives(1)
        await here.feed.look()
        assert here.heard.updates == [2, 3, 1], "it is late, not lost"


@in_no_time
async def test_a_second_gap_gets_its_own_time(tmp_path: Path) -> None:
    async with setup(tmp_path) as here:
        await here.arrives(2)
        await asyncio.sleep(await here.feed.look() / 2)
        await here.arrives(1, 4)
        await asyncio.sleep(await here.feed.look() * 0.9)
        await here.feed.look()
        assert here.heard.updates == [1, 2]
        await here.arrives(3)
        await here.feed.look()
        assert here.heard.updates == [1, 2, 3, 4]


@pytest.mark.parametrize("beginning", [5, 1000 + MAX_GAP + 1, 2**62])
def test_ids_that_begin_anew_are_no_gap(tmp_path: Path, beginning: int) -> None:
    @in_no_time
    async def run() -> None:
        async with setup(tmp_path, newest=1000) as here:
            await here.arrives(beginning)
            await here.feed.look()
            assert here.heard.updates == [beginning]

    run()


@in_no_time
async def test_what_does_not_fit_the_memory_waits_in_the_inbox(tmp_path: Path) -> None:
    async with setup(tmp_path) as here:
        await here.arrives(1, 2, 3)
        here.heard.waiting = FULL - 2
        assert await here.feed.look() < GAP_SECONDS
        assert here.heard.updates == [1, 2]
        here.heard.waiting = FULL + 5
        await here.feed.look()
        assert here.heard.updates == [1, 2]
        here.heard.waiting = 0
        await here.feed.look()
        assert here.heard.updates == [1, 2, 3]


@in_no_time
async def test_an_update_that_another_process_stored_without_telling_is_found(tmp_path: Path) -> None:
    async with setup(tmp_path) as here:
        running = asyncio.create_task(here.feed.run())
        await asyncio.sleep(10)
        await here.arrives(1)
        await asyncio.sleep(1.1)
        assert here.heard.updates == [1]
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


@in_no_time
async def test_a_failure_of_a_look_stops_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with setup(tmp_path) as here:
        running = asyncio.create_task(here.feed.run())
        with monkeypatch.context() as broken:
            broken.setattr(here.store, "updates", None)
            await here.arrives(1)
            here.feed.look_soon()
            await asyncio.sleep(2)
            assert here.heard.updates == []
        await asyncio.sleep(2)
        assert here.heard.updates == [1]
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


def words_of(numbers: Iterable[int]) -> list[tuple[int, str]]:
    """Updates by id. None repeats the one before it, since a repeated command is played once."""
    words = list[str]()
    for number in numbers:
        others = [each for each in WORDS if not words or each != words[-1]]
        words.append(others[number % len(others)])
    return list(enumerate(words, 2))


async def told(updates: list[tuple[int, str]], arrivals: Iterable[tuple[float, int]]) -> list[str]:
    """What a citizen reads if the updates arrive at these seconds, each named by its position."""
    with tempfile.TemporaryDirectory() as folder:
        async with conversation_setup(Path(folder)) as here:
            feed = InboxFeed(here.store, here.conversations, 1)
            running = asyncio.create_task(feed.run())

            async def arrive(at: float, position: int) -> None:
                await asyncio.sleep(at)
                number, words = updates[position]
                await here.store.receive((StoredUpdate(number, 7, words),))
                feed.look_soon()

            await asyncio.gather(*(arrive(*each) for each in arrivals))
            await asyncio.sleep(2)
            await here.quiet()
            assert await here.store.open_updates() == ()
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
            return here.texts()


@FEW
@given(st.data())
def test_any_order_and_repetition_gives_what_the_order_of_the_ids_gives(data: st.DataObject) -> None:
    """Two receivers store one chat's updates: at any time within the gap, some of them again and again."""
    updates = words_of(data.draw(st.lists(st.integers(0, 4), min_size=2, max_size=5)))
    positions = range(len(updates))
    delays = st.floats(0, SOON)
    once = [(data.draw(delays), each) for each in positions]
    again = data.draw(st.lists(st.tuples(st.floats(0, 2), st.sampled_from(positions)), max_size=4))
    repeated = [(once[position][0] + later, position) for later, position in again]

    @in_no_time
    async def run() -> None:
        in_order = await told(updates, [(float(each), each) for each in positions])
        assert await told(updates, [*once, *repeated]) == in_order

    run()


@FEW
@given(st.data())
def test_however_late_an_update_comes_it_is_played_once(data: st.DataObject) -> None:
    updates = [(number, "Aïssatou") for number in range(2, 2 + data.draw(st.integers(1, 5)))]
    arrivals = [(data.draw(st.floats(0, 10)), each) for each in range(len(updates))]

    @in_no_time
    async def run() -> None:
        assert len(await told(updates, arrivals)) == len(updates)

    run()
