"""The send loop: at most once, paced, through floods and outages, in daytime."""

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise

import pytest

from bot.app.ports import (
    ChatGoneError,
    ChatLeftError,
    EditLostError,
    FloodedError,
    MaybeSentError,
    MessageRefusedError,
    NotSentError,
    SendError,
)
from bot.app.rate_limits import ChatRateLimiter, GlobalRateLimiter
from bot.app.records import Urgency
from bot.broadcast.model import RecipientStatus
from bot.broadcast.ports import Recipient
from bot.broadcast.run import PAGE
from bot.broadcast.throttle import MAX_IN_FLIGHT
from tests.app.virtual_clock import in_no_time
from tests.broadcast.fakes import Clock, FakeRecipients, FakeSender, SendRun, SharedLimits

NIGHT, MORNING = datetime.fromisoformat("2026-03-02T23:00"), datetime.fromisoformat("2026-03-03T07:00")


@in_no_time
async def test_every_recipient_gets_the_announcement_once_and_is_recorded_before_and_after() -> None:
    recipients, sender = FakeRecipients.of(*range(1, 2 * PAGE + 3)), FakeSender()
    send_run = SendRun(recipients, sender)
    assert await send_run.to_end()
    assert sender.chats() == list(range(1, 2 * PAGE + 3))
    assert recipients.tally() == {"sent": 2 * PAGE + 2}
    assert [each.status for each in recipients.log if each.chat_id == 7] == [
        RecipientStatus.SENDING,
        RecipientStatus.SENT,
    ]
    assert recipients.statuses[7].message_id == 70
    assert send_run.run.recipient_counts().of(RecipientStatus.SENT) == 2 * PAGE + 2


@in_no_time
async def test_calls_in_flight_are_many_but_limited() -> None:
    sender = FakeSender(lag=1.0)
    await SendRun(FakeRecipients.of(*range(1, 600)), sender).to_end()
    assert MAX_IN_FLIGHT / 2 < sender.most_on_wire <= MAX_IN_FLIGHT


@in_no_time
async def test_recipients_get_their_language_or_the_first_version() -> None:
    recipients, sender = FakeRecipients.of(1, 2, 3), FakeSender()
    recipients.people |= {2: Recipient(2, "en"), 3: Recipient(3, "xx")}
    await SendRun(recipients, sender).to_end()
    assert sorted(sender.sent) == [(1, "fr"), (2, "en"), (3, "fr")]


@in_no_time
async def test_recipients_who_left_or_opted_out_get_nothing() -> None:
    recipients, sender = FakeRecipients.of(1, 2, 3), FakeSender()
    recipients.people |= {1: Recipient(1, "fr", left=True), 2: Recipient(2, "fr", wanted=False)}
    await SendRun(recipients, sender).to_end()
    assert sender.chats() == [3]
    assert recipients.tally() == {"blocked": 1, "skipped": 1, "sent": 1}


@in_no_time
async def test_every_failure_has_its_status() -> None:
    recipients, sender = FakeRecipients.of(1, 2, 3, 4, 5, 6), FakeSender()
    sender.fails(1, ChatLeftError("bot was blocked by the user"))
    sender.fails(2, ChatGoneError("chat not found"))
    sender.fails(3, MessageRefusedError("bad entity"))
    sender.fails(4, MaybeSentError("timed out"))
    sender.fails(5, EditLostError("odd"))
    send_run = SendRun(recipients, sender)
    await send_run.to_end()
    assert [recipients.statuses[each].status for each in range(1, 7)] == [
        RecipientStatus.BLOCKED,
        RecipientStatus.FAILED,
        RecipientStatus.FAILED,
        RecipientStatus.UNKNOWN,
        RecipientStatus.UNKNOWN,
        RecipientStatus.SENT,
    ]
    assert recipients.statuses[3].error == "bad entity"
    assert send_run.left == [1, 2]
    assert sender.chats() == [6]


@in_no_time
async def test_a_flooded_chat_waits_alone() -> None:
    recipients, sender = FakeRecipients.of(1, 2, 3), FakeSender()
    sender.fails(1, FloodedError(30))
    began = asyncio.get_running_loop().time()
    await SendRun(recipients, sender).to_end()
    assert [chat for chat, _ in sender.sent] == [2, 3, 1]
    assert sender.at[2] - began < 1
    assert sender.at[3] - began >= 30
    assert [each.status for each in recipients.log if each.chat_id == 1] == [
        RecipientStatus.SENDING,
        RecipientStatus.PENDING,
        RecipientStatus.SENDING,
        RecipientStatus.SENT,
    ]


@in_no_time
async def test_floods_in_many_chats_one_after_another_make_all_announcements_wait() -> None:
    recipients, sender = FakeRecipients.of(*range(1, 30)), FakeSender()
    for each in (1, 2, 3):
        sender.fails(each, FloodedError(60))
    await SendRun(recipients, sender, rate=5).to_end()
    pauses = [later - earlier for earlier, later in zip(sender.at, sender.at[1:], strict=False)]
    assert max(pauses) > 55
    assert sender.chats() == list(range(1, 30))


@pytest.mark.parametrize(("rate", "most"), [(1, 4), (25, 10), (1000, MAX_IN_FLIGHT + 3)])
def test_during_a_global_flood_few_calls_are_made(rate: int, most: int) -> None:
    @in_no_time
    async def a_minute_of_flood() -> None:
        recipients, sender = FakeRecipients.of(*range(1, 1001)), FakeSender(lag=0.1)
        for each in range(1, 1001):
            sender.fails(each, FloodedError(60))
        await asyncio.wait({asyncio.create_task(SendRun(recipients, sender, rate=rate).to_end())}, timeout=59)
        # Those in flight when it begins, and two more.
        assert len(sender.at) <= most

    a_minute_of_flood()


@in_no_time
async def test_many_flooded_chats_do_not_delay_the_others() -> None:
    recipients, sender = FakeRecipients.of(*range(1, 1301)), FakeSender()
    for each in range(1, 1301):
        sender.fails(each, *([FloodedError(3600)] if each % 2 else []))
    # One after another: three floods in a row, as unordered answers may bring them, make all announcements wait.
    going = asyncio.create_task(SendRun(recipients, sender, rate=25).to_end())
    await asyncio.sleep(600)
    assert recipients.tally() == {"pending": 650, "sent": 650}
    await going
    assert recipients.tally() == {"sent": 1300}


@in_no_time
async def test_a_long_flood_does_not_delay_a_short_one() -> None:
    recipients, sender = FakeRecipients.of(1, 2), FakeSender(lag=1.0)
    sender.fails(1, FloodedError(3600))
    sender.fails(2, NotSentError("no route"))
    send_run = SendRun(recipients, sender, rate=2)
    going = asyncio.create_task(send_run.to_end())
    await asyncio.sleep(60)
    assert sender.chats() == [2]
    await going


@in_no_time
async def test_a_chats_flood_holds_for_the_next_run_and_for_citizens() -> None:
    recipients, sender = FakeRecipients.of(1, 2), FakeSender()
    sender.fails(1, FloodedError(60))
    first = SendRun(recipients, sender)
    going = asyncio.create_task(first.to_end())
    await asyncio.sleep(10)
    first.run.halted.set()
    await going
    began, calls = asyncio.get_running_loop().time(), len(sender.at)
    assert first.limits.chat_limiter.wait_for(1, began, edit=False) > 40
    await SendRun(recipients, sender, limits=first.limits).to_end()
    assert sender.at[calls] - began > 40


@in_no_time
async def test_a_chat_gets_no_announcement_faster_than_it_takes_messages() -> None:
    sender = FakeSender()
    limits = SharedLimits(sender, chat_limiter=ChatRateLimiter(1))
    await asyncio.gather(*(SendRun(FakeRecipients.of(1, 2), sender, limits=limits).to_end() for _ in range(8)))
    own = [at for at, (chat, _) in zip(sender.at, sender.sent, strict=True) if chat == 1]
    assert len(own) == 8
    assert min(later - earlier for earlier, later in pairwise(own)) > 0.9


@in_no_time
async def test_a_halt_reaches_recipients_who_wait_for_a_slot() -> None:
    recipients, sender = FakeRecipients.of(*range(1, 1001)), FakeSender(lag=10.0)
    send_run = SendRun(recipients, sender)
    going = asyncio.create_task(send_run.to_end())
    await asyncio.sleep(5)
    send_run.run.halted.set()
    await going
    assert len(sender.at) == MAX_IN_FLIGHT
    assert recipients.tally() == {"sent": MAX_IN_FLIGHT, "pending": 1000 - MAX_IN_FLIGHT}


@in_no_time
async def test_a_message_surely_not_sent_is_retried() -> None:
    recipients, sender = FakeRecipients.of(1, 2), FakeSender()
    sender.fails(1, *[NotSentError("no route")] * 4)
    await SendRun(recipients, sender).to_end()
    assert sender.chats() == [1, 2]
    assert recipients.tally() == {"sent": 2}


@pytest.mark.parametrize("away", [NotSentError("no route"), MaybeSentError("bad gateway")], ids=["refused", "lost"])
def test_in_an_outage_the_sender_probes_and_no_recipient_is_lost(away: SendError) -> None:
    @in_no_time
    async def an_hour_away() -> None:
        recipients, sender = FakeRecipients.of(*range(1, 101)), FakeSender()
        for each in range(1, 101):
            sender.fails(each, *([away] * 50 if each > 10 else []))
        sender.away = away
        going = asyncio.create_task(SendRun(recipients, sender, rate=25).to_end())
        await asyncio.sleep(3600)
        assert len(sender.at) < 20
        assert 100 < sender.probes < 150
        sender.away = None
        for each in range(1, 101):
            sender.fails(each)
        assert await going
        lost = recipients.tally().get("unknown", 0)
        assert lost < 10
        assert recipients.tally()["sent"] == 100 - lost

    an_hour_away()


@in_no_time
async def test_if_telegram_answers_but_cannot_send_few_messages_are_tried() -> None:
    recipients, sender = FakeRecipients.of(*range(1, 501)), FakeSender()
    for each in range(1, 501):
        sender.fails(each, MaybeSentError("bad gateway"))
    going = asyncio.create_task(SendRun(recipients, sender, rate=25).to_end())
    await asyncio.sleep(20)
    assert recipients.tally()["unknown"] <= 8
    await asyncio.sleep(3600)
    lost = recipients.tally()["unknown"]
    assert lost < 35
    for each in range(1, 501):
        sender.fails(each)
    await going
    assert recipients.tally() == {"unknown": lost, "sent": 500 - lost}


@in_no_time
async def test_a_flooded_probe_counts_as_an_answer() -> None:
    recipients, sender = FakeRecipients.of(*range(1, 11)), FakeSender()
    for each in range(1, 6):
        sender.fails(each, NotSentError("no route"))
    sender.away = FloodedError(3)
    assert await SendRun(recipients, sender, rate=25).to_end()
    assert recipients.tally() == {"sent": 10}


@in_no_time
async def test_a_refusal_counts_as_an_answer() -> None:
    recipients, sender = FakeRecipients.of(*range(1, 61)), FakeSender()
    for each in range(1, 61):
        sender.fails(each, ChatLeftError("blocked") if each % 2 else MaybeSentError("bad gateway"))
    await SendRun(recipients, sender, rate=25).to_end()
    assert sender.probes == 0
    assert recipients.tally() == {"blocked": 30, "unknown": 30}


@in_no_time
async def test_sending_is_paced_evenly() -> None:
    sender = FakeSender()
    await SendRun(FakeRecipients.of(*range(1, 101)), sender, rate=25).to_end()
    assert 3.8 < sender.at[-1] - sender.at[0] < 4.3
    assert max(sum(start <= each < start + 1 for each in sender.at) for start in sender.at) <= 29


@in_no_time
async def test_citizens_go_first() -> None:
    global_limiter, sender = GlobalRateLimiter(30), FakeSender()
    going = asyncio.create_task(
        SendRun(FakeRecipients.of(*range(1, 101)), sender, rate=25, global_limiter=global_limiter).to_end()
    )
    await asyncio.sleep(1)
    loop, waits = asyncio.get_running_loop(), []
    for _ in range(10):
        began = loop.time()
        await global_limiter.acquire(Urgency.INTERACTIVE)
        waits.append(loop.time() - began)
        await asyncio.sleep(0.2)
    assert max(waits) < 0.15
    await going


@in_no_time
async def test_paid_broadcasts_set_the_flag() -> None:
    sender = FakeSender()
    await SendRun(FakeRecipients.of(1, 2), sender, paid=True).to_end()
    assert sender.paid == 2


@in_no_time
async def test_a_halt_waits_for_calls_in_flight_and_leaves_the_rest_pending() -> None:
    recipients, sender = FakeRecipients.of(*range(1, 101)), FakeSender(lag=0.5)
    send_run = SendRun(recipients, sender, rate=10)
    going = asyncio.create_task(send_run.to_end())
    await asyncio.sleep(3)
    send_run.run.halted.set()
    assert not await going
    assert recipients.tally()["sent"] == len(sender.sent)
    assert set(recipients.tally()) == {"sent", "pending"}


@in_no_time
async def test_a_halt_ends_the_wait_for_a_flooded_chat() -> None:
    recipients, sender = FakeRecipients.of(1), FakeSender()
    sender.fails(1, FloodedError(3600))
    send_run = SendRun(recipients, sender)
    going = asyncio.create_task(send_run.to_end())
    await asyncio.sleep(5)
    send_run.run.halted.set()
    assert not await going
    assert recipients.tally() == {"pending": 1}


@in_no_time
async def test_sending_pauses_at_night_and_resumes_in_the_morning() -> None:
    recipients, sender, clock = FakeRecipients.of(1, 2), FakeSender(), Clock(NIGHT)
    send_run = SendRun(recipients, sender, clock=clock)
    going = asyncio.create_task(send_run.to_end())
    await asyncio.sleep(3600)
    assert sender.sent == []
    assert send_run.run.resumes_at == MORNING
    clock.now = MORNING
    assert await going
    assert sender.chats() == [1, 2]


@in_no_time
async def test_a_citizen_who_opts_out_overnight_gets_nothing() -> None:
    recipients, sender, clock = FakeRecipients.of(1, 2, 3), FakeSender(), Clock(NIGHT)
    going = asyncio.create_task(SendRun(recipients, sender, clock=clock).to_end())
    await asyncio.sleep(3600)
    recipients.people[1] = replace(recipients.people[1], wanted=False)
    recipients.people[3] = replace(recipients.people[3], wanted=False)
    clock.now = MORNING
    assert await going
    assert sender.chats() == [2]
    assert recipients.tally() == {"sent": 1, "skipped": 2}


@in_no_time
async def test_an_allowed_night_does_not_pause_sending() -> None:
    sender = FakeSender()
    assert await SendRun(FakeRecipients.of(1), sender, clock=Clock(NIGHT), nights=frozenset({MORNING})).to_end()
    assert sender.chats() == [1]


@in_no_time
async def test_an_allowed_night_does_not_allow_the_next() -> None:
    sender, clock = FakeSender(), Clock(NIGHT + timedelta(days=1))
    send_run = SendRun(FakeRecipients.of(1), sender, clock=clock, nights=frozenset({MORNING}))
    going = asyncio.create_task(send_run.to_end())
    await asyncio.sleep(60)
    assert send_run.run.resumes_at == MORNING + timedelta(days=1)
    clock.now = MORNING + timedelta(days=1)
    assert await going
    assert sender.chats() == [1]


@in_no_time
async def test_if_the_mark_cannot_be_written_nothing_is_sent() -> None:
    recipients, sender = FakeRecipients.of(1, 2), FakeSender()
    recipients.broken = True
    send_run = SendRun(recipients, sender)
    with pytest.raises(OSError, match="no disk"):
        await send_run.to_end()
    assert send_run.run.halted.is_set()
    assert sender.sent == []


@in_no_time
async def test_if_the_list_cannot_be_read_calls_in_flight_are_still_recorded() -> None:
    recipients, sender = FakeRecipients.of(*range(1, PAGE + 2)), FakeSender(lag=5.0)
    going = asyncio.create_task(SendRun(recipients, sender, rate=1000).to_end())
    await asyncio.sleep(0.1)
    recipients.unreadable = 1
    with pytest.raises(ValueError, match="nonsense"):
        await going
    assert set(recipients.tally()) == {"sent", "pending"}
    assert recipients.tally()["sent"] == len(sender.sent)


@in_no_time
async def test_a_citizen_who_cancels_before_their_turn_gets_nothing_that_is_for_the_booked() -> None:
    recipients, sender = FakeRecipients.of(1, 2, 3), FakeSender()
    recipients.cancelled = {2}
    send_run = SendRun(recipients, sender)
    send_run.run.listed = NIGHT
    assert await send_run.to_end()
    assert sender.chats() == [1, 3]
    assert recipients.tally() == {"sent": 2, "skipped": 1}
    assert send_run.run.recipient_counts().of(RecipientStatus.SKIPPED) == 1


@in_no_time
async def test_a_citizen_who_opts_out_during_sending_gets_nothing() -> None:
    recipients, sender = FakeRecipients.of(*range(1, 101)), FakeSender()
    going = asyncio.create_task(SendRun(recipients, sender, rate=10).to_end())
    await asyncio.sleep(3)
    recipients.people |= {
        50: replace(recipients.people[50], wanted=False),
        60: replace(recipients.people[60], left=True),
    }
    await going
    assert recipients.tally() == {"sent": 98, "skipped": 1, "blocked": 1}
    assert not {50, 60} & set(sender.chats())


@in_no_time
async def test_a_citizen_who_opts_out_during_a_flood_gets_nothing() -> None:
    recipients, sender = FakeRecipients.of(1, 2), FakeSender()
    sender.fails(1, FloodedError(30))
    going = asyncio.create_task(SendRun(recipients, sender).to_end())
    await asyncio.sleep(10)
    recipients.people[1] = replace(recipients.people[1], wanted=False)
    await going
    assert sender.chats() == [2]
    assert recipients.tally() == {"sent": 1, "skipped": 1}


@in_no_time
async def test_a_recipient_read_a_moment_ago_is_not_read_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.broadcast.sender.FRESH", 3600.0)  # a moment, however slow this machine is
    recipients = FakeRecipients.of(*range(1, 2 * PAGE))
    await SendRun(recipients, FakeSender()).to_end()
    assert recipients.refreshed == 0


@in_no_time
async def test_only_recipients_with_a_wanted_status_get_the_announcement() -> None:
    recipients, sender = FakeRecipients.of(1, 2, 3), FakeSender()
    recipients.statuses[2] = replace(recipients.statuses[2], status=RecipientStatus.AGAIN)
    sender.fails(2, FloodedError(5))
    send_run = SendRun(recipients, sender)
    send_run.run.statuses = frozenset({RecipientStatus.AGAIN})
    assert await send_run.to_end()
    assert sender.chats() == [2]
    assert recipients.tally() == {"pending": 2, "sent": 1}
    assert [each.status for each in recipients.log] == [
        RecipientStatus.SENDING,
        RecipientStatus.AGAIN,
        RecipientStatus.SENDING,
        RecipientStatus.SENT,
    ]
