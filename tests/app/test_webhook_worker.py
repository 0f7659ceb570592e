"""A webhook is worked once, in its chat's order; one that must wait is tried again; a bad one stops no other."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from bot.app.appointment_news import NotYetError, Report
from bot.app.conversations import ChatTurn
from bot.app.records import Change, StoredWebhook
from bot.app.webhook_worker import API_PATIENCE, API_PAUSE, RECEIVING_SPAN, UnreadableWebhookError, WebhookWorker
from bot.core.model import FailureCode
from bot.storage.store import Store
from bot.storage.webhooks import SqlWebhookRepository
from tests.app.fakes import refused

NOON = datetime.fromisoformat("2026-03-02T12:00")


class FakeNews:
    """The outcome of webhooks, by the number of their appointment."""

    def __init__(self) -> None:
        self.outcomes: dict[int, Change | Exception] = {}
        self.worked: list[int] = []

    async def chat_of(self, report: Report) -> int | None:
        if report.appointment_id == 404:
            return None
        if report.appointment_id == 500:
            raise RuntimeError("our own code fails")
        return 7

    async def of_report(self, _chat_id: int, report: Report, _received_at: float) -> Change:
        self.worked.append(report.appointment_id)
        outcome = self.outcomes.get(report.appointment_id, Change())
        if isinstance(outcome, Exception):
            raise outcome
        return outcome


def read(webhook: StoredWebhook) -> Report:
    if not webhook.body.isdecimal():
        raise UnreadableWebhookError("unreadable")
    return Report(int(webhook.body), NOON)


@dataclass
class HookSetup:
    """A running worker; the turns of chats are played by `plays`."""

    store: Store
    now: float = 1000.0

    def __post_init__(self) -> None:
        self.webhooks = SqlWebhookRepository(self.store)
        self.news = FakeNews()
        self.turns: asyncio.Queue[tuple[ChatTurn, Callable[[], None]]] = asyncio.Queue()
        news: Any = self.news
        self.worker = WebhookWorker(self.webhooks, news, read, self._play, lambda: self.now)

    def _play(self, chat_id: int, turn: ChatTurn, then: Callable[[], None]) -> None:
        assert chat_id == 7
        self.turns.put_nowait((turn, then))

    async def plays(self) -> Change:
        """The next turn is taken, and its change stored."""
        turn, then = await self.turns.get()
        change = await turn()
        await self.store.commit(change)
        then()
        return change


@pytest.fixture
async def setup(tmp_path: Path) -> AsyncIterator[HookSetup]:
    store = await Store(f"sqlite+aiosqlite:///{tmp_path / 'bot.db'}").open()
    here = HookSetup(store)
    running = asyncio.create_task(here.worker.run())
    yield here
    running.cancel()
    await asyncio.wait({running})
    await store.close()


async def test_a_webhook_is_processed_at_once_and_once(setup: HookSetup) -> None:
    for _ in range(2):
        await setup.worker.receive(StoredWebhook("evt_1", "50", 1000.0))
    await setup.plays()
    await setup.worker.receive(StoredWebhook("evt_2", "51", 1000.0))
    await setup.plays()
    assert setup.news.worked == [50, 51]
    assert (await setup.webhooks.next_due(), setup.worker.last_received) == (None, 1000.0)


async def test_a_webhook_whose_turn_ends_while_the_due_ones_are_read_is_not_worked_again(
    setup: HookSetup, monkeypatch: pytest.MonkeyPatch
) -> None:
    due, read_rows, turn_ended = setup.webhooks.due, asyncio.Event(), asyncio.Event()

    async def slow_due(now: float, limit: int) -> tuple[StoredWebhook, ...]:
        found = await due(now, limit)
        read_rows.set()
        await turn_ended.wait()
        return found

    await setup.worker.receive(StoredWebhook("evt_1", "50", 1000.0))
    setup.turns.put_nowait(await setup.turns.get())  # its turn is queued
    monkeypatch.setattr(setup.webhooks, "due", slow_due)
    await setup.worker.receive(StoredWebhook("evt_2", "51", 1000.0))
    await read_rows.wait()
    await setup.plays()
    turn_ended.set()
    await setup.plays()
    assert setup.news.worked == [50, 51]


async def test_webhooks_left_by_an_earlier_process_are_processed(setup: HookSetup) -> None:
    await setup.webhooks.add(StoredWebhook("evt_1", "50", 900.0))
    setup.worker._wake.set()
    await setup.plays()
    assert setup.news.worked == [50]


@pytest.mark.parametrize(
    ("error", "pause"), [(NotYetError(3.0), 3.0), (refused(FailureCode.DOWN), API_PAUSE)], ids=["attempt", "service"]
)
async def test_a_webhook_that_must_wait_is_processed_later(setup: HookSetup, error: Exception, pause: float) -> None:
    setup.news.outcomes[50] = error
    await setup.worker.receive(StoredWebhook("evt_1", "50", 1000.0))
    await setup.plays()
    assert await setup.webhooks.next_due() == 1000.0 + pause
    setup.news.outcomes.clear()
    setup.now += pause
    setup.worker._wake.set()
    await setup.plays()
    assert await setup.webhooks.next_due() is None


async def test_a_webhook_on_which_our_own_code_fails_is_set_aside_with_the_name_of_the_error(setup: HookSetup) -> None:
    setup.news.outcomes[50] = KeyError("secret")
    await setup.worker.receive(StoredWebhook("evt_1", "50", 1000.0))
    await setup.plays()
    assert (await setup.webhooks.next_due(), setup.worker.set_aside) == (None, 1)


async def test_an_unreadable_webhook_is_stored_and_never_processed(setup: HookSetup) -> None:
    await setup.worker.receive(StoredWebhook("evt_1", "<html>", 1000.0))
    assert (await setup.webhooks.next_due(), setup.worker.set_aside) == (None, 1)
    await setup.webhooks.add(StoredWebhook("evt_2", "of another release", 1000.0))
    await setup.worker.receive(StoredWebhook("evt_3", "50", 1000.0))
    await setup.plays()
    assert setup.news.worked == [50]
    assert await setup.webhooks.next_due() is None


async def test_a_webhook_of_no_chat_is_closed_without_a_turn(setup: HookSetup) -> None:
    await setup.worker.receive(StoredWebhook("evt_1", "404", 1000.0))
    await setup.worker.receive(StoredWebhook("evt_2", "50", 1000.0))
    await setup.plays()
    assert await setup.webhooks.next_due() is None


async def test_a_webhook_whose_chat_lookup_fails_is_set_aside_and_stops_no_other(setup: HookSetup) -> None:
    await setup.webhooks.add(StoredWebhook("evt_1", "500", 990.0))
    await setup.worker.receive(StoredWebhook("evt_2", "50", 1000.0))
    await setup.plays()
    assert setup.news.worked == [50]
    assert (await setup.webhooks.next_due(), setup.worker.set_aside) == (None, 1)


async def test_a_failure_of_the_store_stops_no_later_one(setup: HookSetup, monkeypatch: pytest.MonkeyPatch) -> None:
    looked = asyncio.Event()

    async def fails(_now: float, _limit: int) -> tuple[StoredWebhook, ...]:
        looked.set()
        raise RuntimeError("the store fails")

    with monkeypatch.context() as patch:
        patch.setattr(setup.webhooks, "due", fails)
        await setup.worker.receive(StoredWebhook("evt_1", "50", 1000.0))
        await looked.wait()
    await setup.worker.receive(StoredWebhook("evt_2", "51", 1000.0))
    await setup.plays()
    await setup.plays()
    assert setup.news.worked == [50, 51]


async def test_a_webhook_whose_lookup_is_refused_for_a_day_is_set_aside(setup: HookSetup) -> None:
    setup.news.outcomes[50] = refused(FailureCode.NO_ACCESS)
    await setup.webhooks.add(StoredWebhook("evt_1", "50", 1000.0))
    setup.now += API_PATIENCE
    setup.worker._wake.set()
    await setup.plays()
    assert (await setup.webhooks.next_due(), setup.worker.set_aside) == (None, 1)


async def test_webhooks_are_received_while_the_last_one_is_less_than_a_day_old(setup: HookSetup) -> None:
    assert not setup.worker.is_receiving()
    setup.worker.last_received = 1000.0
    assert setup.worker.is_receiving()
    setup.now += RECEIVING_SPAN
    assert not setup.worker.is_receiving()
