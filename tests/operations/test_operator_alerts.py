"""Admins hear once that a trouble begins and once that it is over, whatever happens in between."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from bot.app.ports import Store as AnyStore
from bot.app.records import Change, Delivery, Urgency
from bot.core.health import OperatorIssue
from bot.core.model import FailureCode
from bot.operations.operator_alerts import CALM, RESTLESS, OperatorAlerts
from bot.storage.store import Store
from bot.views.message import Message
from tests.app.virtual_clock import in_no_time

CREDITS, ACCESS = OperatorIssue(FailureCode.OUT_OF_CREDITS), OperatorIssue(FailureCode.NO_ACCESS)
PASSPORTS = OperatorIssue(FailureCode.NO_ACCESS, 5)


class Office:
    """Admins' phones, and the troubles that stand."""

    def __init__(self, store: AnyStore, admins: frozenset[int] = frozenset({1, 2})) -> None:
        self.heard: list[tuple[int, str]] = []
        self.notices = OperatorAlerts(store, admins, self.draw, self.locale_of)
        self.notices.met = lambda: {CREDITS: ("book",)}

    def draw(self, issue: OperatorIssue, present: bool, locale: str) -> Message:  # noqa: FBT001 — the callback's shape
        return Message(f"{issue.key} {'begins' if present else 'over'} {locale}")

    async def locale_of(self, chat_id: int) -> str:
        return "en" if chat_id == 2 else "fr"

    def accept(self, deliveries: tuple[Delivery, ...]) -> None:
        assert all(each.urgency is Urgency.NOTICE for each in deliveries)
        self.heard += [(each.chat_id, each.message.text) for each in deliveries]


@asynccontextmanager
async def store_in(folder: Path) -> AsyncIterator[Store]:
    store = await Store(f"sqlite+aiosqlite:///{folder / 'bot.db'}").open()
    try:
        yield store
    finally:
        await store.close()


@asynccontextmanager
async def open_office(store: AnyStore, **how: frozenset[int]) -> AsyncIterator[Office]:
    office = Office(store, **how)
    running = asyncio.create_task(office.notices.run(office.accept))
    try:
        yield office
    finally:
        running.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await running


async def settle(store: Store) -> None:
    """Until what was said is stored and gone out: the writer works in order, so an empty change comes after all."""
    for _ in range(5):
        await asyncio.sleep(1)
        await store.commit(Change())


def test_one_notice_to_each_admin_in_their_language_and_one_of_the_end(tmp_path: Path) -> None:
    @in_no_time
    async def play() -> None:
        async with store_in(tmp_path) as store, open_office(store) as office:
            office.notices.changed(CREDITS, True)  # noqa: FBT003 — the gateway's callback, here and below
            await settle(store)
            assert office.heard == [(1, "out_of_credits begins fr"), (2, "out_of_credits begins en")]
            assert [each.chat_id async for each in store.open_deliveries()] == [1, 2], "stored like all others"
            office.notices.changed(CREDITS, False)  # noqa: FBT003
            await settle(store)
            assert office.heard[2:] == [(1, "out_of_credits over fr"), (2, "out_of_credits over en")]

    play()


def test_a_restart_in_between_tells_nothing_twice_and_forgets_nothing(tmp_path: Path) -> None:
    @in_no_time
    async def play() -> None:
        async with store_in(tmp_path) as store:
            async with open_office(store) as office:
                office.notices.changed(CREDITS, True)  # noqa: FBT003
                await settle(store)
            async with open_office(store) as office:
                assert await office.notices.known(store.fact) == {CREDITS: ["book"]}
                office.notices.changed(CREDITS, True)  # noqa: FBT003
                await settle(store)
                assert office.heard == []
                office.notices.changed(CREDITS, False)  # noqa: FBT003
                await settle(store)
                assert len(office.heard) == 2
            assert await Office(store).notices.known(store.fact) == {}

    play()


def test_what_comes_and_goes_is_over_only_after_a_while(tmp_path: Path) -> None:
    @in_no_time
    async def play() -> None:
        async with store_in(tmp_path) as store, open_office(store, admins=frozenset({1})) as office:
            for _ in range(5):  # a refund makes one booking work, the next finds the credits used up again
                office.notices.changed(CREDITS, True)  # noqa: FBT003
                await settle(store)
                office.notices.changed(CREDITS, False)  # noqa: FBT003
                await settle(store)
            told = [text.split()[1] for _, text in office.heard]
            assert told == ["begins", "over", "begins"]
            await asyncio.sleep(CALM)
            assert [text.split()[1] for _, text in office.heard] == [*told, "over"]
            await asyncio.sleep(RESTLESS)
            office.notices.changed(CREDITS, True)  # noqa: FBT003
            office.notices.changed(CREDITS, False)  # noqa: FBT003
            await settle(store)
            assert len(office.heard) == 6, "an hour later it is told at once again"

    play()


def test_troubles_do_not_hide_each_other(tmp_path: Path) -> None:
    @in_no_time
    async def play() -> None:
        async with store_in(tmp_path) as store, open_office(store, admins=frozenset({1})) as office:
            office.notices.changed(CREDITS, True)  # noqa: FBT003
            office.notices.changed(ACCESS, True)  # noqa: FBT003
            office.notices.changed(PASSPORTS, True)  # noqa: FBT003
            office.notices.changed(CREDITS, False)  # noqa: FBT003
            await settle(store)
            texts = [text.removesuffix(" fr") for _, text in office.heard]
            assert texts == ["out_of_credits begins", "no_access begins", "no_access.5 begins", "out_of_credits over"]
            assert await Office(store).notices.known(store.fact) == {ACCESS: [], PASSPORTS: []}

    play()


def test_what_cannot_be_stored_is_tried_again(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    class Stubborn(Store):
        refusals = 1

        async def commit(self, change: Change) -> None:
            self.refusals -= 1
            if self.refusals >= 0:
                raise OSError("no room")
            await super().commit(change)

    @in_no_time
    async def play() -> None:
        store = await Stubborn(f"sqlite+aiosqlite:///{tmp_path / 'bot.db'}").open()
        async with open_office(store, admins=frozenset({1})) as office:
            office.notices.changed(CREDITS, True)  # noqa: FBT003
            await asyncio.sleep(10)
            assert len(office.heard) == 1
        await store.close()

    play()
    assert "trying again" in caplog.text


def test_what_nobody_could_be_told_is_told_to_whoever_is_an_admin_later(tmp_path: Path) -> None:
    @in_no_time
    async def play() -> None:
        async with store_in(tmp_path) as store:
            async with open_office(store, admins=frozenset()) as office:
                office.notices.changed(CREDITS, True)  # noqa: FBT003
                await settle(store)
            async with open_office(store) as office:
                assert await office.notices.known(store.fact) == {}
                office.notices.changed(CREDITS, True)  # noqa: FBT003
                await settle(store)
                assert len(office.heard) == 2

    play()
