"""Admins get one alert when an issue begins and one when it is over, whatever happens in between."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path

import pytest

from bot.app.ports import Store as AnyStore
from bot.app.records import Change, Delivery, DeliveryIds, StoredChat, Urgency
from bot.app.updates import FromCitizen
from bot.core.events import Commanded
from bot.core.health import OperatorIssue
from bot.core.model import FailureCode
from bot.operations.operator_alerts import CALM, RESTLESS, SAVED_AS, OperatorAlerts
from bot.storage.store import Store
from bot.views.message import Message
from tests.app.virtual_clock import in_no_time

CREDITS, ACCESS = OperatorIssue(FailureCode.OUT_OF_CREDITS), OperatorIssue(FailureCode.NO_ACCESS)
PASSPORTS = OperatorIssue(FailureCode.NO_ACCESS, 5)


class AlertsSetup:
    """Operator alerts on a store, and what the admins got."""

    def __init__(self, store: AnyStore, admins: frozenset[int] = frozenset({1, 2})) -> None:
        self.heard: list[tuple[int, str]] = []
        self.notices = OperatorAlerts(
            store,
            admins,
            self.draw,
            self.locale_of,
            lambda issue: ("book",) if issue == CREDITS else (),
            ids=DeliveryIds(),
        )

    def draw(self, issue: OperatorIssue, present: bool, locale: str) -> Message:  # noqa: FBT001 — the callback's shape
        return Message(f"{issue.key} {'begins' if present else 'over'} {locale}")

    async def locale_of(self, chat_id: int) -> str:
        return "en" if chat_id == 2 else "fr"

    def accept(self, deliveries: tuple[Delivery, ...]) -> None:
        assert all(each.urgency is Urgency.NOTICE for each in deliveries)
        self.heard += [(each.chat_id, each.message.text) for each in deliveries]


@asynccontextmanager
async def store_in(folder: Path, started: tuple[int, ...] = (1, 2)) -> AsyncIterator[Store]:
    """A store that knows the chats of the admins who have started the bot."""
    store = await Store(f"sqlite+aiosqlite:///{folder / 'bot.db'}").open()
    for admin in started:
        await store.commit(Change(chat=StoredChat(admin, "{}", "fr")))
    try:
        yield store
    finally:
        await store.close()


@asynccontextmanager
async def alerts_setup(store: AnyStore, **how: frozenset[int]) -> AsyncIterator[AlertsSetup]:
    setup = AlertsSetup(store, **how)
    running = asyncio.create_task(setup.notices.run(setup.accept))
    try:
        yield setup
    finally:
        running.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await running


async def settle(store: Store) -> None:
    """Until what was said is stored and gone out: the writer works in order, so an empty change comes after all."""
    for _ in range(5):
        await asyncio.sleep(1)
        await store.commit(Change())


def test_each_admin_gets_one_alert_and_one_all_clear_in_their_language(tmp_path: Path) -> None:
    @in_no_time
    async def play() -> None:
        async with store_in(tmp_path) as store, alerts_setup(store) as setup:
            setup.notices.changed(CREDITS, True)  # noqa: FBT003 — the gateway's callback, here and below
            await settle(store)
            assert setup.heard == [(1, "out_of_credits begins fr"), (2, "out_of_credits begins en")]
            assert [each.chat_id async for each in store.open_deliveries()] == [1, 2], "stored like all others"
            setup.notices.changed(CREDITS, False)  # noqa: FBT003
            await settle(store)
            assert setup.heard[2:] == [(1, "out_of_credits over fr"), (2, "out_of_credits over en")]

    play()


def test_alerts_are_neither_repeated_nor_lost_by_a_restart(tmp_path: Path) -> None:
    @in_no_time
    async def play() -> None:
        async with store_in(tmp_path) as store:
            async with alerts_setup(store) as setup:
                setup.notices.changed(CREDITS, True)  # noqa: FBT003
                await settle(store)
            async with alerts_setup(store) as setup:
                assert setup.notices.restore(await store.saved_value(SAVED_AS)) == {CREDITS: ["book"]}
                setup.notices.changed(CREDITS, True)  # noqa: FBT003
                await settle(store)
                assert setup.heard == []
                setup.notices.changed(CREDITS, False)  # noqa: FBT003
                await settle(store)
                assert len(setup.heard) == 2
            assert AlertsSetup(store).notices.restore(await store.saved_value(SAVED_AS)) == {}

    play()


def test_a_flapping_issue_is_over_only_after_a_while(tmp_path: Path) -> None:
    @in_no_time
    async def play() -> None:
        async with store_in(tmp_path) as store, alerts_setup(store, admins=frozenset({1})) as setup:
            for _ in range(5):  # a refund makes one booking work, the next finds the credits used up again
                setup.notices.changed(CREDITS, True)  # noqa: FBT003
                await settle(store)
                setup.notices.changed(CREDITS, False)  # noqa: FBT003
                await settle(store)
            told = [text.split()[1] for _, text in setup.heard]
            assert told == ["begins", "over", "begins"]
            await asyncio.sleep(CALM)
            assert [text.split()[1] for _, text in setup.heard] == [*told, "over"]
            await asyncio.sleep(RESTLESS)
            setup.notices.changed(CREDITS, True)  # noqa: FBT003
            setup.notices.changed(CREDITS, False)  # noqa: FBT003
            await settle(store)
            assert len(setup.heard) == 6, "an hour later it is told at once again"

    play()


def test_issues_are_reported_independently(tmp_path: Path) -> None:
    @in_no_time
    async def play() -> None:
        async with store_in(tmp_path) as store, alerts_setup(store, admins=frozenset({1})) as setup:
            setup.notices.changed(CREDITS, True)  # noqa: FBT003
            setup.notices.changed(ACCESS, True)  # noqa: FBT003
            setup.notices.changed(PASSPORTS, True)  # noqa: FBT003
            setup.notices.changed(CREDITS, False)  # noqa: FBT003
            await settle(store)
            texts = [text.removesuffix(" fr") for _, text in setup.heard]
            assert texts == ["out_of_credits begins", "no_access begins", "no_access.5 begins", "out_of_credits over"]
            assert AlertsSetup(store).notices.restore(await store.saved_value(SAVED_AS)) == {ACCESS: [], PASSPORTS: []}

    play()


def test_an_alert_that_cannot_be_stored_is_retried(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    class Stubborn(Store):
        refusals = 1

        async def commit(self, change: Change) -> None:
            self.refusals -= 1
            if self.refusals >= 0:
                raise OSError("no room")
            await super().commit(change)

    @in_no_time
    async def play() -> None:
        async with store_in(tmp_path):
            pass
        store = await Stubborn(f"sqlite+aiosqlite:///{tmp_path / 'bot.db'}").open()
        async with alerts_setup(store, admins=frozenset({1})) as setup:
            setup.notices.changed(CREDITS, True)  # noqa: FBT003
            await asyncio.sleep(10)
            assert len(setup.heard) == 1
        await store.close()

    play()
    assert "trying again" in caplog.text


def test_an_issue_without_any_admin_is_told_to_the_admins_of_the_next_start(tmp_path: Path) -> None:
    @in_no_time
    async def play() -> None:
        async with store_in(tmp_path) as store:
            async with alerts_setup(store, admins=frozenset()) as setup:
                setup.notices.changed(CREDITS, True)  # noqa: FBT003
                await settle(store)
            async with alerts_setup(store) as setup:
                assert setup.notices.restore(await store.saved_value(SAVED_AS)) == {}
                setup.notices.changed(CREDITS, True)  # noqa: FBT003
                await settle(store)
                assert len(setup.heard) == 2

    play()


def written_by(admin: int) -> FromCitizen:
    return FromCitizen(Commanded(at=datetime(2026, 3, 2, 9, 0), name="start"), admin)  # noqa: DTZ001 — office time


def test_an_admin_who_never_started_the_bot_is_told_when_they_do_if_it_is_still_true(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    @in_no_time
    async def play() -> None:
        async with store_in(tmp_path, started=(1,)) as store:
            async with alerts_setup(store) as setup:
                setup.notices.changed(CREDITS, True)  # noqa: FBT003
                setup.notices.changed(ACCESS, True)  # noqa: FBT003
                await settle(store)
                assert {chat for chat, _ in setup.heard} == {1}
                setup.notices.changed(ACCESS, False)  # noqa: FBT003
                await settle(store)
                assert await setup.notices.handle(1, written_by(1)) is None
                await settle(store)
                assert len(setup.heard) == 3, "who knows it is not told again"
            async with alerts_setup(store) as setup:  # a restart forgets nothing of it
                setup.notices.restore(await store.saved_value(SAVED_AS))
                for _ in range(2):
                    assert await setup.notices.handle(2, written_by(2)) is None, (
                        "the message itself is answered as ever"
                    )
                await settle(store)
                assert setup.heard == [(2, "out_of_credits begins en")]
                setup.notices.changed(CREDITS, False)  # noqa: FBT003
                await settle(store)
                assert setup.heard[1:] == [(1, "out_of_credits over fr"), (2, "out_of_credits over en")]

    play()
    assert "out_of_credits begins; admins told: 1" in caplog.text
    assert "admins who never started the bot or blocked it: 1; each is told when they write to it" in caplog.text
    assert "out_of_credits is still open; one more admin told" in caplog.text


def test_an_admin_who_missed_the_beginning_is_not_told_of_the_end(tmp_path: Path) -> None:
    @in_no_time
    async def play() -> None:
        async with store_in(tmp_path) as store, alerts_setup(store) as setup:
            await store.commit(Change(left=2))
            setup.notices.changed(CREDITS, True)  # noqa: FBT003
            await settle(store)
            setup.notices.changed(CREDITS, False)  # noqa: FBT003
            await settle(store)
            assert [chat for chat, _ in setup.heard] == [1, 1]

    play()


def test_issues_stored_by_an_earlier_release_count_as_told_to_all_admins(tmp_path: Path) -> None:
    @in_no_time
    async def play() -> None:
        async with store_in(tmp_path) as store, alerts_setup(store) as setup:
            assert setup.notices.restore('{"out_of_credits": ["book"]}') == {CREDITS: ["book"]}
            await setup.notices.handle(1, written_by(1))
            setup.notices.changed(CREDITS, False)  # noqa: FBT003
            await settle(store)
            assert setup.heard == [(1, "out_of_credits over fr"), (2, "out_of_credits over en")]

    play()


@pytest.mark.parametrize("stored", ["{", "[]", '{"nonsense": []}', '{"out_of_credits": 7}', '{"out_of_credits": {}}'])
def test_alerts_that_cannot_be_read_stop_no_start(tmp_path: Path, stored: str) -> None:
    @in_no_time
    async def play() -> None:
        async with store_in(tmp_path) as store:
            assert AlertsSetup(store).notices.restore(stored) == {}

    play()
