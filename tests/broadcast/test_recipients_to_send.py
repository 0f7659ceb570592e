"""Who comes up next."""

import asyncio
from collections import Counter
from dataclasses import replace

import pytest

from bot.broadcast import run as module
from bot.broadcast.model import RecipientStatus
from bot.broadcast.run import LONG_AGO, PAGE, BroadcastRun, recipients_to_send
from tests.app.virtual_clock import in_no_time
from tests.broadcast.press import PLAN, FakeRoll


def a_round() -> BroadcastRun:
    return BroadcastRun(PLAN, {}, frozenset({RecipientStatus.PENDING}), Counter())


@in_no_time
async def test_everybody_comes_up_once_page_by_page() -> None:
    recipients_repository = FakeRoll.of(*range(1, 2 * PAGE + 2))
    assert [each.chat_id async for each, _ in recipients_to_send(recipients_repository, a_round())] == list(
        range(1, 2 * PAGE + 2)
    )


@in_no_time
async def test_who_had_to_wait_comes_up_again_when_due_and_must_be_looked_up() -> None:
    recipients_repository, rounds, seen = FakeRoll.of(1, 2, 3), a_round(), []
    async for each, known_at in recipients_to_send(recipients_repository, rounds):
        seen.append((each.chat_id, known_at == LONG_AGO))
        if len(seen) == 1:
            rounds.defer(replace(each), asyncio.get_running_loop().time() + 30)
    assert seen == [(1, False), (2, False), (3, False), (1, True)]


@in_no_time
async def test_with_too_many_put_off_the_list_is_read_no_further(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_WAITING", 10)
    recipients_repository, rounds, seen = FakeRoll.of(*range(1, 2 * PAGE)), a_round(), 0
    due = asyncio.get_running_loop().time() + 3600

    async def all_are_put_off() -> None:
        nonlocal seen
        async for each, known_at in recipients_to_send(recipients_repository, rounds):
            seen += 1
            if known_at != LONG_AGO:
                rounds.defer(each, due)

    going = asyncio.create_task(all_are_put_off())
    await asyncio.sleep(600)
    assert seen == PAGE
    rounds.halted.set()
    await going
