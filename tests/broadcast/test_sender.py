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
from bot.app.rate_limits import Overall, PerChat
from bot.app.records import Urgency
from bot.broadcast.model import Fate
from bot.broadcast.ports import Recipient
from bot.broadcast.run import PAGE
from bot.broadcast.throttle import ON_WIRE
from tests.app.virtual_clock import in_no_time
from tests.broadcast.press import Clock, FakeHerald, FakeRoll, Trip, Ways

NIGHT, MORNING = datetime.fromisoformat("2026-03-02T23:00"), datetime.fromisoformat("2026-03-03T07:00")


@in_no_time
async def test_everybody_gets_it_once_and_is_noted_before_and_after() -> None:
    roll, herald = FakeRoll.of(*range(1, 2 * PAGE + 3)), FakeHerald()
    trip = Trip(roll, herald)
    assert await trip.goes()
    assert herald.chats() == list(range(1, 2 * PAGE + 3))
    assert roll.tally() == {"sent": 2 * PAGE + 2}
    assert [each.fate for each in roll.log if each.chat_id == 7] == [Fate.SENDING, Fate.SENT]
    assert roll.fates[7].message_id == 70
    assert trip.round.figures().of(Fate.SENT) == 2 * PAGE + 2


@in_no_time
async def test_many_are_on_the_wire_at_once_but_not_all() -> None:
    herald = FakeHerald(lag=1.0)
    await Trip(FakeRoll.of(*range(1, 600)), herald).goes()
    assert ON_WIRE / 2 < herald.most_on_wire <= ON_WIRE


@in_no_time
async def test_everybody_gets_their_language_and_an_unknown_one_the_first() -> None:
    roll, herald = FakeRoll.of(1, 2, 3), FakeHerald()
    roll.people |= {2: Recipient(2, "en"), 3: Recipient(3, "xx")}
    await Trip(roll, herald).goes()
    assert sorted(herald.sent) == [(1, "fr"), (2, "en"), (3, "fr")]


@in_no_time
async def test_who_left_or_opted_out_meanwhile_gets_nothing() -> None:
    roll, herald = FakeRoll.of(1, 2, 3), FakeHerald()
    roll.people |= {1: Recipient(1, "fr", left=True), 2: Recipient(2, "fr", wanted=False)}
    await Trip(roll, herald).goes()
    assert herald.chats() == [3]
    assert roll.tally() == {"blocked": 1, "skipped": 1, "sent": 1}


@in_no_time
async def test_every_failure_has_its_fate() -> None:
    roll, herald = FakeRoll.of(1, 2, 3, 4, 5, 6), FakeHerald()
    herald.fails(1, ChatLeftError("bot was blocked by the user"))
    herald.fails(2, ChatGoneError("chat not found"))
    herald.fails(3, MessageRefusedError("bad entity"))
    herald.fails(4, MaybeSentError("timed out"))
    herald.fails(5, EditLostError("odd"))
    trip = Trip(roll, herald)
    await trip.goes()
    assert [roll.fates[each].fate for each in range(1, 7)] == [
        Fate.BLOCKED,
        Fate.FAILED,
        Fate.FAILED,
        Fate.UNKNOWN,
        Fate.UNKNOWN,
        Fate.SENT,
    ]
    assert roll.fates[3].error == "bad entity"
    assert trip.left == [1, 2]
    assert herald.chats() == [6]


@in_no_time
async def test_a_flood_makes_one_chat_wait_and_nobody_else() -> None:
    roll, herald = FakeRoll.of(1, 2, 3), FakeHerald()
    herald.fails(1, FloodedError(30))
    began = asyncio.get_running_loop().time()
    await Trip(roll, herald).goes()
    assert [chat for chat, _ in herald.sent] == [2, 3, 1]
    assert herald.at[2] - began < 1
    assert herald.at[3] - began >= 30
    assert [each.fate for each in roll.log if each.chat_id == 1] == [
        Fate.SENDING,
        Fate.PENDING,
        Fate.SENDING,
        Fate.SENT,
    ]


@in_no_time
async def test_floods_in_many_chats_one_after_another_make_all_announcements_wait() -> None:
    roll, herald = FakeRoll.of(*range(1, 30)), FakeHerald()
    for each in (1, 2, 3):
        herald.fails(each, FloodedError(60))
    await Trip(roll, herald, rate=5).goes()
    pauses = [later - earlier for earlier, later in zip(herald.at, herald.at[1:], strict=False)]
    assert max(pauses) > 55
    assert herald.chats() == list(range(1, 30))


@pytest.mark.parametrize(("rate", "most"), [(1, 4), (25, 10), (1000, ON_WIRE + 3)])
def test_few_calls_are_made_into_a_flood_of_everything(rate: int, most: int) -> None:
    @in_no_time
    async def a_minute_of_flood() -> None:
        roll, herald = FakeRoll.of(*range(1, 1001)), FakeHerald(lag=0.1)
        for each in range(1, 1001):
            herald.fails(each, FloodedError(60))
        await asyncio.wait({asyncio.create_task(Trip(roll, herald, rate=rate).goes())}, timeout=59)
        # Those on the wire when it begins, and two more.
        assert len(herald.at) <= most

    a_minute_of_flood()


@in_no_time
async def test_many_flooded_chats_do_not_keep_others_from_their_turn() -> None:
    roll, herald = FakeRoll.of(*range(1, 1301)), FakeHerald()
    for each in range(1, 1301):
        herald.fails(each, *([FloodedError(3600)] if each % 2 else []))
    going = asyncio.create_task(Trip(roll, herald).goes())
    await asyncio.sleep(600)
    assert roll.tally() == {"pending": 650, "sent": 650}
    await going
    assert roll.tally() == {"sent": 1300}


@in_no_time
async def test_a_chat_that_is_flooded_for_an_hour_does_not_hold_up_one_that_is_flooded_for_a_moment() -> None:
    roll, herald = FakeRoll.of(1, 2), FakeHerald(lag=1.0)
    herald.fails(1, FloodedError(3600))
    herald.fails(2, NotSentError("no route"))
    trip = Trip(roll, herald, rate=2)
    going = asyncio.create_task(trip.goes())
    await asyncio.sleep(60)
    assert herald.chats() == [2]
    await going


@in_no_time
async def test_a_chats_flood_is_remembered_by_the_next_round_and_by_citizens() -> None:
    roll, herald = FakeRoll.of(1, 2), FakeHerald()
    herald.fails(1, FloodedError(60))
    first = Trip(roll, herald)
    going = asyncio.create_task(first.goes())
    await asyncio.sleep(10)
    first.round.halted.set()
    await going
    began, calls = asyncio.get_running_loop().time(), len(herald.at)
    assert first.ways.per_chat.wait_for(1, began, edit=False) > 40
    await Trip(roll, herald, ways=first.ways).goes()
    assert herald.at[calls] - began > 40


@in_no_time
async def test_a_chat_gets_no_announcement_faster_than_it_takes_messages() -> None:
    herald = FakeHerald()
    ways = Ways(herald, per_chat=PerChat(1))
    await asyncio.gather(*(Trip(FakeRoll.of(1, 2), herald, ways=ways).goes() for _ in range(8)))
    own = [at for at, (chat, _) in zip(herald.at, herald.sent, strict=True) if chat == 1]
    assert len(own) == 8
    assert min(later - earlier for earlier, later in pairwise(own)) > 0.9


@in_no_time
async def test_a_halt_takes_effect_on_those_who_wait_for_room_on_the_wire() -> None:
    roll, herald = FakeRoll.of(*range(1, 1001)), FakeHerald(lag=10.0)
    trip = Trip(roll, herald)
    going = asyncio.create_task(trip.goes())
    await asyncio.sleep(5)
    trip.round.halted.set()
    await going
    assert len(herald.at) == ON_WIRE
    assert roll.tally() == {"sent": ON_WIRE, "pending": 1000 - ON_WIRE}


@in_no_time
async def test_what_was_surely_not_sent_is_tried_until_it_is() -> None:
    roll, herald = FakeRoll.of(1, 2), FakeHerald()
    herald.fails(1, *[NotSentError("no route")] * 4)
    await Trip(roll, herald).goes()
    assert herald.chats() == [1, 2]
    assert roll.tally() == {"sent": 2}


@pytest.mark.parametrize("away", [NotSentError("no route"), MaybeSentError("bad gateway")], ids=["refused", "lost"])
def test_while_telegram_is_away_it_is_asked_for_nothing_and_nobody_pays_for_it(away: SendError) -> None:
    @in_no_time
    async def an_hour_away() -> None:
        roll, herald = FakeRoll.of(*range(1, 101)), FakeHerald()
        for each in range(1, 101):
            herald.fails(each, *([away] if each > 10 else []))
        herald.away = away
        going = asyncio.create_task(Trip(roll, herald, rate=25).goes())
        await asyncio.sleep(3600)
        assert len(herald.at) < 20
        assert 100 < herald.probes < 150
        herald.away = None
        for each in range(1, 101):
            herald.fails(each)
        assert await going
        lost = roll.tally().get("unknown", 0)
        assert lost < 10
        assert roll.tally()["sent"] == 100 - lost

    an_hour_away()


@in_no_time
async def test_where_telegram_answers_but_cannot_send_few_messages_are_spent_on_finding_out() -> None:
    roll, herald = FakeRoll.of(*range(1, 501)), FakeHerald()
    for each in range(1, 501):
        herald.fails(each, MaybeSentError("bad gateway"))
    going = asyncio.create_task(Trip(roll, herald, rate=25).goes())
    await asyncio.sleep(20)
    assert roll.tally()["unknown"] <= 8
    await asyncio.sleep(3600)
    lost = roll.tally()["unknown"]
    assert lost < 25
    for each in range(1, 501):
        herald.fails(each)
    await going
    assert roll.tally() == {"unknown": lost, "sent": 500 - lost}


@in_no_time
async def test_a_probe_that_is_flooded_was_answered() -> None:
    roll, herald = FakeRoll.of(*range(1, 11)), FakeHerald()
    for each in range(1, 6):
        herald.fails(each, NotSentError("no route"))
    herald.away = FloodedError(3)
    assert await Trip(roll, herald, rate=25).goes()
    assert roll.tally() == {"sent": 10}


@in_no_time
async def test_a_refusal_is_an_answer() -> None:
    roll, herald = FakeRoll.of(*range(1, 61)), FakeHerald()
    for each in range(1, 61):
        herald.fails(each, ChatLeftError("blocked") if each % 2 else MaybeSentError("bad gateway"))
    await Trip(roll, herald, rate=25).goes()
    assert herald.probes == 0
    assert roll.tally() == {"blocked": 30, "unknown": 30}


@in_no_time
async def test_the_pace_is_kept_evenly() -> None:
    herald = FakeHerald()
    await Trip(FakeRoll.of(*range(1, 101)), herald, rate=25).goes()
    assert 3.8 < herald.at[-1] - herald.at[0] < 4.3
    assert max(sum(start <= each < start + 1 for each in herald.at) for start in herald.at) <= 29


@in_no_time
async def test_citizens_go_first() -> None:
    overall, herald = Overall(30), FakeHerald()
    going = asyncio.create_task(Trip(FakeRoll.of(*range(1, 101)), herald, rate=25, overall=overall).goes())
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
    herald = FakeHerald()
    await Trip(FakeRoll.of(1, 2), herald, paid=True).goes()
    assert herald.paid == 2


@in_no_time
async def test_a_halt_leaves_the_rest_pending_and_hears_of_those_on_the_wire() -> None:
    roll, herald = FakeRoll.of(*range(1, 101)), FakeHerald(lag=0.5)
    trip = Trip(roll, herald, rate=10)
    going = asyncio.create_task(trip.goes())
    await asyncio.sleep(3)
    trip.round.halted.set()
    assert not await going
    assert roll.tally()["sent"] == len(herald.sent)
    assert set(roll.tally()) == {"sent", "pending"}


@in_no_time
async def test_a_halt_ends_the_wait_for_a_flooded_chat() -> None:
    roll, herald = FakeRoll.of(1), FakeHerald()
    herald.fails(1, FloodedError(3600))
    trip = Trip(roll, herald)
    going = asyncio.create_task(trip.goes())
    await asyncio.sleep(5)
    trip.round.halted.set()
    assert not await going
    assert roll.tally() == {"pending": 1}


@in_no_time
async def test_it_rests_by_night_and_goes_on_in_the_morning() -> None:
    roll, herald, clock = FakeRoll.of(1, 2), FakeHerald(), Clock(NIGHT)
    trip = Trip(roll, herald, clock=clock)
    going = asyncio.create_task(trip.goes())
    await asyncio.sleep(3600)
    assert herald.sent == []
    assert trip.round.resting == MORNING
    clock.now = MORNING
    assert await going
    assert herald.chats() == [1, 2]


@in_no_time
async def test_who_opts_out_while_it_rests_is_spared_in_the_morning() -> None:
    roll, herald, clock = FakeRoll.of(1, 2, 3), FakeHerald(), Clock(NIGHT)
    going = asyncio.create_task(Trip(roll, herald, clock=clock).goes())
    await asyncio.sleep(3600)
    roll.people[1] = replace(roll.people[1], wanted=False)
    roll.people[3] = replace(roll.people[3], wanted=False)
    clock.now = MORNING
    assert await going
    assert herald.chats() == [2]
    assert roll.tally() == {"sent": 1, "skipped": 2}


@in_no_time
async def test_it_goes_by_night_when_the_admin_insisted() -> None:
    herald = FakeHerald()
    assert await Trip(FakeRoll.of(1), herald, clock=Clock(NIGHT), nights=frozenset({MORNING})).goes()
    assert herald.chats() == [1]


@in_no_time
async def test_insisting_holds_for_that_night_alone() -> None:
    herald, clock = FakeHerald(), Clock(NIGHT + timedelta(days=1))
    trip = Trip(FakeRoll.of(1), herald, clock=clock, nights=frozenset({MORNING}))
    going = asyncio.create_task(trip.goes())
    await asyncio.sleep(60)
    assert trip.round.resting == MORNING + timedelta(days=1)
    clock.now = MORNING + timedelta(days=1)
    assert await going
    assert herald.chats() == [1]


@in_no_time
async def test_a_note_that_cannot_be_written_ends_the_round_before_anything_is_sent() -> None:
    roll, herald = FakeRoll.of(1, 2), FakeHerald()
    roll.broken = True
    trip = Trip(roll, herald)
    with pytest.raises(OSError, match="no disk"):
        await trip.goes()
    assert trip.round.halted.is_set()
    assert herald.sent == []


@in_no_time
async def test_a_list_that_cannot_be_read_leaves_nobody_on_the_wire() -> None:
    roll, herald = FakeRoll.of(*range(1, PAGE + 2)), FakeHerald(lag=5.0)
    going = asyncio.create_task(Trip(roll, herald, rate=1000).goes())
    await asyncio.sleep(0.1)
    roll.unreadable = 1
    with pytest.raises(ValueError, match="nonsense"):
        await going
    assert set(roll.tally()) == {"sent", "pending"}
    assert roll.tally()["sent"] == len(herald.sent)


@in_no_time
async def test_who_opts_out_while_it_goes_is_spared() -> None:
    roll, herald = FakeRoll.of(*range(1, 101)), FakeHerald()
    going = asyncio.create_task(Trip(roll, herald, rate=10).goes())
    await asyncio.sleep(3)
    roll.people |= {50: replace(roll.people[50], wanted=False), 60: replace(roll.people[60], left=True)}
    await going
    assert roll.tally() == {"sent": 98, "skipped": 1, "blocked": 1}
    assert not {50, 60} & set(herald.chats())


@in_no_time
async def test_who_opts_out_while_a_flood_holds_them_up_is_spared() -> None:
    roll, herald = FakeRoll.of(1, 2), FakeHerald()
    herald.fails(1, FloodedError(30))
    going = asyncio.create_task(Trip(roll, herald).goes())
    await asyncio.sleep(10)
    roll.people[1] = replace(roll.people[1], wanted=False)
    await going
    assert herald.chats() == [2]
    assert roll.tally() == {"sent": 1, "skipped": 1}


@in_no_time
async def test_nobody_is_looked_up_again_who_was_read_a_moment_ago(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.broadcast.sender.FRESH", 3600.0)  # a moment, however slow this machine is
    roll = FakeRoll.of(*range(1, 2 * PAGE))
    await Trip(roll, FakeHerald()).goes()
    assert roll.looks == 0


@in_no_time
async def test_after_a_stop_only_those_who_are_asked_for_again_get_it() -> None:
    roll, herald = FakeRoll.of(1, 2, 3), FakeHerald()
    roll.fates[2] = replace(roll.fates[2], fate=Fate.AGAIN)
    herald.fails(2, FloodedError(5))
    trip = Trip(roll, herald)
    trip.round.turns = frozenset({Fate.AGAIN})
    assert await trip.goes()
    assert herald.chats() == [2]
    assert roll.tally() == {"pending": 2, "sent": 1}
    assert [each.fate for each in roll.log] == [Fate.SENDING, Fate.AGAIN, Fate.SENDING, Fate.SENT]
