"""A courier on the way: at most once, paced, through floods and outages, by day."""

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
from bot.broadcast.throttle import ON_WIRE
from tests.app.virtual_clock import in_no_time
from tests.broadcast.press import Clock, FakeHerald, FakeRoll, Trip, Ways

NIGHT, MORNING = datetime.fromisoformat("2026-03-02T23:00"), datetime.fromisoformat("2026-03-03T07:00")


@in_no_time
async def test_everybody_gets_it_once_and_is_noted_before_and_after() -> None:
    recipients_repository, sender = FakeRoll.of(*range(1, 2 * PAGE + 3)), FakeHerald()
    trip = Trip(recipients_repository, sender)
    assert await trip.goes()
    assert sender.chats() == list(range(1, 2 * PAGE + 3))
    assert recipients_repository.tally() == {"sent": 2 * PAGE + 2}
    assert [each.status for each in recipients_repository.log if each.chat_id == 7] == [
        RecipientStatus.SENDING,
        RecipientStatus.SENT,
    ]
    assert recipients_repository.fates[7].message_id == 70
    assert trip.round.figures().of(RecipientStatus.SENT) == 2 * PAGE + 2


@in_no_time
async def test_many_are_on_the_wire_at_once_but_not_all() -> None:
    sender = FakeHerald(lag=1.0)
    await Trip(FakeRoll.of(*range(1, 600)), sender).goes()
    assert ON_WIRE / 2 < sender.most_on_wire <= ON_WIRE


@in_no_time
async def test_everybody_gets_their_language_and_an_unknown_one_the_first() -> None:
    recipients_repository, sender = FakeRoll.of(1, 2, 3), FakeHerald()
    recipients_repository.people |= {2: Recipient(2, "en"), 3: Recipient(3, "xx")}
    await Trip(recipients_repository, sender).goes()
    assert sorted(sender.sent) == [(1, "fr"), (2, "en"), (3, "fr")]


@in_no_time
async def test_who_left_or_opted_out_meanwhile_gets_nothing() -> None:
    recipients_repository, sender = FakeRoll.of(1, 2, 3), FakeHerald()
    recipients_repository.people |= {1: Recipient(1, "fr", left=True), 2: Recipient(2, "fr", wanted=False)}
    await Trip(recipients_repository, sender).goes()
    assert sender.chats() == [3]
    assert recipients_repository.tally() == {"blocked": 1, "skipped": 1, "sent": 1}


@in_no_time
async def test_every_failure_has_its_fate() -> None:
    recipients_repository, sender = FakeRoll.of(1, 2, 3, 4, 5, 6), FakeHerald()
    sender.fails(1, ChatLeftError("bot was blocked by the user"))
    sender.fails(2, ChatGoneError("chat not found"))
    sender.fails(3, MessageRefusedError("bad entity"))
    sender.fails(4, MaybeSentError("timed out"))
    sender.fails(5, EditLostError("odd"))
    trip = Trip(recipients_repository, sender)
    await trip.goes()
    assert [recipients_repository.fates[each].status for each in range(1, 7)] == [
        RecipientStatus.BLOCKED,
        RecipientStatus.FAILED,
        RecipientStatus.FAILED,
        RecipientStatus.UNKNOWN,
        RecipientStatus.UNKNOWN,
        RecipientStatus.SENT,
    ]
    assert recipients_repository.fates[3].error == "bad entity"
    assert trip.left == [1, 2]
    assert sender.chats() == [6]


@in_no_time
async def test_a_flood_makes_one_chat_wait_and_nobody_else() -> None:
    recipients_repository, sender = FakeRoll.of(1, 2, 3), FakeHerald()
    sender.fails(1, FloodedError(30))
    began = asyncio.get_running_loop().time()
    await Trip(recipients_repository, sender).goes()
    assert [chat for chat, _ in sender.sent] == [2, 3, 1]
    assert sender.at[2] - began < 1
    assert sender.at[3] - began >= 30
    assert [each.status for each in recipients_repository.log if each.chat_id == 1] == [
        RecipientStatus.SENDING,
        RecipientStatus.PENDING,
        RecipientStatus.SENDING,
        RecipientStatus.SENT,
    ]


@in_no_time
async def test_floods_in_many_chats_one_after_another_make_all_announcements_wait() -> None:
    recipients_repository, sender = FakeRoll.of(*range(1, 30)), FakeHerald()
    for each in (1, 2, 3):
        sender.fails(each, FloodedError(60))
    await Trip(recipients_repository, sender, rate=5).goes()
    pauses = [later - earlier for earlier, later in zip(sender.at, sender.at[1:], strict=False)]
    assert max(pauses) > 55
    assert sender.chats() == list(range(1, 30))


@pytest.mark.parametrize(("rate", "most"), [(1, 4), (25, 10), (1000, ON_WIRE + 3)])
def test_few_calls_are_made_into_a_flood_of_everything(rate: int, most: int) -> None:
    @in_no_time
    async def a_minute_of_flood() -> None:
        recipients_repository, sender = FakeRoll.of(*range(1, 1001)), FakeHerald(lag=0.1)
        for each in range(1, 1001):
            sender.fails(each, FloodedError(60))
        await asyncio.wait({asyncio.create_task(Trip(recipients_repository, sender, rate=rate).goes())}, timeout=59)
        # Those on the wire when it begins, and two more.
        assert len(sender.at) <= most

    a_minute_of_flood()


@in_no_time
async def test_many_flooded_chats_do_not_keep_others_from_their_turn() -> None:
    recipients_repository, sender = FakeRoll.of(*range(1, 1301)), FakeHerald()
    for each in range(1, 1301):
        sender.fails(each, *([FloodedError(3600)] if each % 2 else []))
    # One after another: three floods in a row, as unordered answers may bring them, make all announcements wait.
    going = asyncio.create_task(Trip(recipients_repository, sender, rate=25).goes())
    await asyncio.sleep(600)
    assert recipients_repository.tally() == {"pending": 650, "sent": 650}
    await going
    assert recipients_repository.tally() == {"sent": 1300}


@in_no_time
async def test_a_chat_that_is_flooded_for_an_hour_does_not_hold_up_one_that_is_flooded_for_a_moment() -> None:
    recipients_repository, sender = FakeRoll.of(1, 2), FakeHerald(lag=1.0)
    sender.fails(1, FloodedError(3600))
    sender.fails(2, NotSentError("no route"))
    trip = Trip(recipients_repository, sender, rate=2)
    going = asyncio.create_task(trip.goes())
    await asyncio.sleep(60)
    assert sender.chats() == [2]
    await going


@in_no_time
async def test_a_chats_flood_is_remembered_by_the_next_round_and_by_citizens() -> None:
    recipients_repository, sender = FakeRoll.of(1, 2), FakeHerald()
    sender.fails(1, FloodedError(60))
    first = Trip(recipients_repository, sender)
    going = asyncio.create_task(first.goes())
    await asyncio.sleep(10)
    first.round.halted.set()
    await going
    began, calls = asyncio.get_running_loop().time(), len(sender.at)
    assert first.ways.per_chat.wait_for(1, began, edit=False) > 40
    await Trip(recipients_repository, sender, ways=first.ways).goes()
    assert sender.at[calls] - began > 40


@in_no_time
async def test_a_chat_gets_no_announcement_faster_than_it_takes_messages() -> None:
    sender = FakeHerald()
    ways = Ways(sender, per_chat=ChatRateLimiter(1))
    await asyncio.gather(*(Trip(FakeRoll.of(1, 2), sender, ways=ways).goes() for _ in range(8)))
    own = [at for at, (chat, _) in zip(sender.at, sender.sent, strict=True) if chat == 1]
    assert len(own) == 8
    assert min(later - earlier for earlier, later in pairwise(own)) > 0.9


@in_no_time
async def test_a_halt_takes_effect_on_those_who_wait_for_room_on_the_wire() -> None:
    recipients_repository, sender = FakeRoll.of(*range(1, 1001)), FakeHerald(lag=10.0)
    trip = Trip(recipients_repository, sender)
    going = asyncio.create_task(trip.goes())
    await asyncio.sleep(5)
    trip.round.halted.set()
    await going
    assert len(sender.at) == ON_WIRE
    assert recipients_repository.tally() == {"sent": ON_WIRE, "pending": 1000 - ON_WIRE}


@in_no_time
async def test_what_was_surely_not_sent_is_tried_until_it_is() -> None:
    recipients_repository, sender = FakeRoll.of(1, 2), FakeHerald()
    sender.fails(1, *[NotSentError("no route")] * 4)
    await Trip(recipients_repository, sender).goes()
    assert sender.chats() == [1, 2]
    assert recipients_repository.tally() == {"sent": 2}


@pytest.mark.parametrize("away", [NotSentError("no route"), MaybeSentError("bad gateway")], ids=["refused", "lost"])
def test_while_telegram_is_away_it_is_asked_for_nothing_and_nobody_pays_for_it(away: SendError) -> None:
    @in_no_time
    async def an_hour_away() -> None:
        recipients_repository, sender = FakeRoll.of(*range(1, 101)), FakeHerald()
        for each in range(1, 101):
            sender.fails(each, *([away] if each > 10 else []))
        sender.away = away
        going = asyncio.create_task(Trip(recipients_repository, sender, rate=25).goes())
        await asyncio.sleep(3600)
        assert len(sender.at) < 20
        assert 100 < sender.probes < 150
        sender.away = None
        for each in range(1, 101):
            sender.fails(each)
        assert await going
        lost = recipients_repository.tally().get("unknown", 0)
        assert lost < 10
        assert recipients_repository.tally()["sent"] == 100 - lost

    an_hour_away()


@in_no_time
async def test_where_telegram_answers_but_cannot_send_few_messages_are_spent_on_finding_out() -> None:
    recipients_repository, sender = FakeRoll.of(*range(1, 501)), FakeHerald()
    for each in range(1, 501):
        sender.fails(each, MaybeSentError("bad gateway"))
    going = asyncio.create_task(Trip(recipients_repository, sender, rate=25).goes())
    await asyncio.sleep(20)
    assert recipients_repository.tally()["unknown"] <= 8
    await asyncio.sleep(3600)
    lost = recipients_repository.tally()["unknown"]
    assert lost < 25
    for each in range(1, 501):
        sender.fails(each)
    await going
    assert recipients_repository.tally() == {"unknown": lost, "sent": 500 - lost}


@in_no_time
async def test_a_probe_that_is_flooded_was_answered() -> None:
    recipients_repository, sender = FakeRoll.of(*range(1, 11)), FakeHerald()
    for each in range(1, 6):
        sender.fails(each, NotSentError("no route"))
    sender.away = FloodedError(3)
    assert await Trip(recipients_repository, sender, rate=25).goes()
    assert recipients_repository.tally() == {"sent": 10}


@in_no_time
async def test_a_refusal_is_an_answer() -> None:
    recipients_repository, sender = FakeRoll.of(*range(1, 61)), FakeHerald()
    for each in range(1, 61):
        sender.fails(each, ChatLeftError("blocked") if each % 2 else MaybeSentError("bad gateway"))
    await Trip(recipients_repository, sender, rate=25).goes()
    assert sender.probes == 0
    assert recipients_repository.tally() == {"blocked": 30, "unknown": 30}


@in_no_time
async def test_the_pace_is_kept_evenly() -> None:
    sender = FakeHerald()
    await Trip(FakeRoll.of(*range(1, 101)), sender, rate=25).goes()
    assert 3.8 < sender.at[-1] - sender.at[0] < 4.3
    assert max(sum(start <= each < start + 1 for each in sender.at) for start in sender.at) <= 29


@in_no_time
async def test_citizens_go_first() -> None:
    overall, sender = GlobalRateLimiter(30), FakeHerald()
    going = asyncio.create_task(Trip(FakeRoll.of(*range(1, 101)), sender, rate=25, overall=overall).goes())
    await asyncio.sleep(1)
    loop, waits = asyncio.get_running_loop(), []
    for _ in range(10):
        began = loop.time()
        await overall.turn(Urgency.INTERACTIVE)
        waits.append(loop.time() - began)
        await asyncio.sleep(0.2)
    assert max(waits) < 0.15
    await going


@in_no_time
async def test_paid_broadcasts_say_so() -> None:
    sender = FakeHerald()
    await Trip(FakeRoll.of(1, 2), sender, paid=True).goes()
    assert sender.paid == 2


@in_no_time
async def test_a_halt_leaves_the_rest_pending_and_hears_of_those_on_the_wire() -> None:
    recipients_repository, sender = FakeRoll.of(*range(1, 101)), FakeHerald(lag=0.5)
    trip = Trip(recipients_repository, sender, rate=10)
    going = asyncio.create_task(trip.goes())
    await asyncio.sleep(3)
    trip.round.halted.set()
    assert not await going
    assert recipients_repository.tally()["sent"] == len(sender.sent)
    assert set(recipients_repository.tally()) == {"sent", "pending"}


@in_no_time
async def test_a_halt_ends_the_wait_for_a_flooded_chat() -> None:
    recipients_repository, sender = FakeRoll.of(1), FakeHerald()
    sender.fails(1, FloodedError(3600))
    trip = Trip(recipients_repository, sender)
    going = asyncio.create_task(trip.goes())
    await asyncio.sleep(5)
    trip.round.halted.set()
    assert not await going
    assert recipients_repository.tally() == {"pending": 1}


@in_no_time
async def test_it_rests_by_night_and_goes_on_in_the_morning() -> None:
    recipients_repository, sender, clock = FakeRoll.of(1, 2), FakeHerald(), Clock(NIGHT)
    trip = Trip(recipients_repository, sender, clock=clock)
    going = asyncio.create_task(trip.goes())
    await asyncio.sleep(3600)
    assert sender.sent == []
    assert trip.round.resting == MORNING
    clock.now = MORNING
    assert await going
    assert sender.chats() == [1, 2]


@in_no_time
async def test_who_opts_out_while_it_rests_is_spared_in_the_morning() -> None:
    recipients_repository, sender, clock = FakeRoll.of(1, 2, 3), FakeHerald(), Clock(NIGHT)
    going = asyncio.create_task(Trip(recipients_repository, sender, clock=clock).goes())
    await asyncio.sleep(3600)
    recipients_repository.people[1] = replace(recipients_repository.people[1], wanted=False)
    recipients_repository.people[3] = replace(recipients_repository.people[3], wanted=False)
    clock.now = MORNING
    assert await going
    assert sender.chats() == [2]
    assert recipients_repository.tally() == {"sent": 1, "skipped": 2}


@in_no_time
async def test_it_goes_by_night_when_the_admin_insisted() -> None:
    sender = FakeHerald()
    assert await Trip(FakeRoll.of(1), sender, clock=Clock(NIGHT), nights=frozenset({MORNING})).goes()
    assert sender.chats() == [1]


@in_no_time
async def test_insisting_holds_for_that_night_alone() -> None:
    sender, clock = FakeHerald(), Clock(NIGHT + timedelta(days=1))
    trip = Trip(FakeRoll.of(1), sender, clock=clock, nights=frozenset({MORNING}))
    going = asyncio.create_task(trip.goes())
    await asyncio.sleep(60)
    assert trip.round.resting == MORNING + timedelta(days=1)
    clock.now = MORNING + timedelta(days=1)
    assert await going
    assert sender.chats() == [1]


@in_no_time
async def test_a_note_that_cannot_be_written_ends_the_round_before_anything_is_sent() -> None:
    recipients_repository, sender = FakeRoll.of(1, 2), FakeHerald()
    recipients_repository.broken = True
    trip = Trip(recipients_repository, sender)
    with pytest.raises(OSError, match="no disk"):
        await trip.goes()
    assert trip.round.halted.is_set()
    assert sender.sent == []


@in_no_time
async def test_a_list_that_cannot_be_read_leaves_nobody_on_the_wire() -> None:
    recipients_repository, sender = FakeRoll.of(*range(1, PAGE + 2)), FakeHerald(lag=5.0)
    going = asyncio.create_task(Trip(recipients_repository, sender, rate=1000).goes())
    await asyncio.sleep(0.1)
    recipients_repository.unreadable = 1
    with pytest.raises(ValueError, match="nonsense"):
        await going
    assert set(recipients_repository.tally()) == {"sent", "pending"}
    assert recipients_repository.tally()["sent"] == len(sender.sent)


@in_no_time
async def test_who_opts_out_while_it_goes_is_spared() -> None:
    recipients_repository, sender = FakeRoll.of(*range(1, 101)), FakeHerald()
    going = asyncio.create_task(Trip(recipients_repository, sender, rate=10).goes())
    await asyncio.sleep(3)
    recipients_repository.people |= {
        50: replace(recipients_repository.people[50], wanted=False),
        60: replace(recipients_repository.people[60], left=True),
    }
    await going
    assert recipients_repository.tally() == {"sent": 98, "skipped": 1, "blocked": 1}
    assert not {50, 60} & set(sender.chats())


@in_no_time
async def test_who_opts_out_while_a_flood_holds_them_up_is_spared() -> None:
    recipients_repository, sender = FakeRoll.of(1, 2), FakeHerald()
    sender.fails(1, FloodedError(30))
    going = asyncio.create_task(Trip(recipients_repository, sender).goes())
    await asyncio.sleep(10)
    recipients_repository.people[1] = replace(recipients_repository.people[1], wanted=False)
    await going
    assert sender.chats() == [2]
    assert recipients_repository.tally() == {"sent": 1, "skipped": 1}


@in_no_time
async def test_nobody_is_looked_up_again_who_was_read_a_moment_ago(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.broadcast.sender.FRESH", 3600.0)  # a moment, however slow this machine is
    recipients_repository = FakeRoll.of(*range(1, 2 * PAGE))
    await Trip(recipients_repository, FakeHerald()).goes()
    assert recipients_repository.looks == 0


@in_no_time
async def test_after_a_stop_only_those_who_are_asked_for_again_get_it() -> None:
    recipients_repository, sender = FakeRoll.of(1, 2, 3), FakeHerald()
    recipients_repository.fates[2] = replace(recipients_repository.fates[2], status=RecipientStatus.AGAIN)
    sender.fails(2, FloodedError(5))
    trip = Trip(recipients_repository, sender)
    trip.round.statuses = frozenset({RecipientStatus.AGAIN})
    assert await trip.goes()
    assert sender.chats() == [2]
    assert recipients_repository.tally() == {"pending": 2, "sent": 1}
    assert [each.status for each in recipients_repository.log] == [
        RecipientStatus.SENDING,
        RecipientStatus.AGAIN,
        RecipientStatus.SENDING,
        RecipientStatus.SENT,
    ]
