"""The order of the recipients of one run."""

import asyncio
from collections import Counter
from dataclasses import replace

import pytest

from bot.broadcast import run as module
from bot.broadcast.model import RecipientStatus
from bot.broadcast.run import LONG_AGO, PAGE, BroadcastRun, recipients_to_send
from tests.app.virtual_clock import in_no_time
from tests.broadcast.fakes import PLAN, FakeRecipients


def a_round() -> BroadcastRun:
    return BroadcastRun(PLAN, {}, frozenset({RecipientStatus.PENDING}), Counter())


@in_no_time
async def test_every_recipient_comes_once_page_by_page() -> None:
    recipients = FakeRecipients.of(*range(1, 2 * PAGE + 2))
    assert [each.chat_id async for each, _ in recipients_to_send(recipients, a_round())] == list(range(1, 2 * PAGE + 2))


@in_no_time
async def test_deferred_recipients_come_again_when_due() -> None:
    recipients, run, seen = FakeRecipients.of(1, 2, 3), a_round(), []
    async for each, known_at in recipients_to_send(recipients, run):
        seen.append((each.chat_id, known_at == LONG_AGO))
        if len(seen) == 1:
            run.defer(replace(each), asyncio.get_running_loop().time() + 30)
    assert seen == [(1, False), (2, False), (3, False), (1, True)]


@in_no_time
async def test_with_too_many_deferred_no_page_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_DEFERRED", 10)
    recipients, run, seen = FakeRecipients.of(*range(1, 2 * PAGE)), a_round(), 0
    due = asyncio.get_running_loop().time() + 3600

    async def all_are_put_off() -> None:
        nonlocal seen
        async for each, known_at in recipients_to_send(recipients, run):
            seen += 1
            if known_at != LONG_AGO:
                run.defer(each, due)

    going = asyncio.create_task(all_are_put_off())
    await asyncio.sleep(600)
    assert seen == PAGE
    run.halted.set()
    await going
