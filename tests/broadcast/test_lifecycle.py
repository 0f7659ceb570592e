from dataclasses import replace
from datetime import datetime, timedelta
from itertools import product

import pytest

from bot.broadcast.lifecycle import (
    ENDED,
    MOVES,
    BroadcastCommand,
    available_commands,
    move,
    next_status,
    night_rest_ends,
    statuses_to_process,
)
from bot.broadcast.model import (
    AdminAction,
    Broadcast,
    BroadcastStatus,
    Content,
    Everyone,
    HistoryEntry,
    Media,
    Plan,
    RecipientCounts,
    RecipientStatus,
    Version,
)

PLAN = Plan(12, (Version("", Content(Media.TEXT, "Bonjour")),), Everyone())
AT = datetime.fromisoformat("2026-03-02T09:00")
SOME = RecipientCounts(((RecipientStatus.SENT, 3), (RecipientStatus.UNKNOWN, 1), (RecipientStatus.PENDING, 2)))


def standing(status: BroadcastStatus, figures: RecipientCounts = SOME) -> Broadcast:
    return Broadcast(PLAN, status, figures)


@pytest.mark.parametrize(
    ("status", "verb", "after", "action"),
    [
        (BroadcastStatus.RUNNING, BroadcastCommand.PAUSE, BroadcastStatus.PAUSED, AdminAction.PAUSED),
        (BroadcastStatus.PAUSED, BroadcastCommand.RESUME, BroadcastStatus.RUNNING, AdminAction.RESUMED),
        (BroadcastStatus.RUNNING, BroadcastCommand.STOP, BroadcastStatus.STOPPED, AdminAction.STOPPED),
        (BroadcastStatus.SCHEDULED, BroadcastCommand.START, BroadcastStatus.RUNNING, AdminAction.STARTED),
        (BroadcastStatus.DONE, BroadcastCommand.RESEND, BroadcastStatus.RUNNING, AdminAction.RESENT),
        (BroadcastStatus.STOPPED, BroadcastCommand.RESEND, BroadcastStatus.RUNNING, AdminAction.RESENT),
        (BroadcastStatus.RECALLED, BroadcastCommand.RESEND, BroadcastStatus.RUNNING, AdminAction.RESENT),
        (BroadcastStatus.PAUSED, BroadcastCommand.RESEND, BroadcastStatus.PAUSED, AdminAction.RESENT),
        (BroadcastStatus.STOPPED, BroadcastCommand.REALLY_RECALL, BroadcastStatus.RECALLING, AdminAction.RECALLED),
    ],
)
def test_an_admin_leads_a_broadcast_on(
    status: BroadcastStatus, verb: BroadcastCommand, after: BroadcastStatus, action: AdminAction
) -> None:
    assert move(standing(status), verb) == (after, action)


@pytest.mark.parametrize(("status", "verb"), sorted(set(product(BroadcastStatus, BroadcastCommand)) - MOVES.keys()))
def test_what_makes_no_sense_now_leads_nowhere(status: BroadcastStatus, verb: BroadcastCommand) -> None:
    assert move(standing(status), verb) is None


def test_nobody_is_sent_to_again_when_nobody_is_unknown() -> None:
    assert (
        move(standing(BroadcastStatus.DONE, RecipientCounts(((RecipientStatus.SENT, 3),))), BroadcastCommand.RESEND)
        is None
    )


@pytest.mark.parametrize("status", sorted({*ENDED, BroadcastStatus.PAUSED}))
def test_wherever_somebody_is_unknown_and_it_rests_sending_again_is_offered(status: BroadcastStatus) -> None:
    assert BroadcastCommand.RESEND in available_commands(standing(status), resting=False)


def test_those_who_were_asked_for_again_before_it_was_stopped_still_are() -> None:
    waiting = RecipientCounts(((RecipientStatus.AGAIN, 1),))
    assert move(standing(BroadcastStatus.STOPPED, waiting), BroadcastCommand.RESEND)
    assert not move(standing(BroadcastStatus.PAUSED, waiting), BroadcastCommand.RESEND)


def test_one_that_was_stopped_goes_on_to_those_alone_who_are_asked_for_again() -> None:
    stopped = replace(standing(BroadcastStatus.RUNNING), history=(HistoryEntry("Hawa", AdminAction.STOPPED, AT),))
    assert statuses_to_process(stopped) == {RecipientStatus.AGAIN}
    assert statuses_to_process(standing(BroadcastStatus.RUNNING)) == {RecipientStatus.PENDING, RecipientStatus.AGAIN}


@pytest.mark.parametrize(
    ("status", "figures", "end"),
    [
        (BroadcastStatus.RECALLING, SOME, BroadcastStatus.RECALLED),
        (BroadcastStatus.RUNNING, SOME, BroadcastStatus.STOPPED),
        (BroadcastStatus.RUNNING, RecipientCounts(((RecipientStatus.SENT, 3),)), BroadcastStatus.DONE),
    ],
)
def test_a_broadcast_ends_as_what_it_did(
    status: BroadcastStatus, figures: RecipientCounts, end: BroadcastStatus
) -> None:
    assert next_status(standing(status, figures)) is end


def test_a_prepared_broadcast_waits_for_its_start_or_runs_at_once() -> None:
    prepared = standing(BroadcastStatus.PREPARING)
    assert next_status(prepared) is BroadcastStatus.RUNNING
    later = replace(prepared, plan=replace(PLAN, starts=AT))
    assert next_status(later) is BroadcastStatus.SCHEDULED
    assert next_status(replace(later, status=BroadcastStatus.SCHEDULED)) is BroadcastStatus.RUNNING


@pytest.mark.parametrize("status", sorted({*ENDED, BroadcastStatus.PAUSED}))
def test_where_an_admin_must_act_nothing_happens_by_itself(status: BroadcastStatus) -> None:
    assert next_status(standing(status)) is status


def test_nothing_is_recalled_when_nothing_was_sent() -> None:
    assert (
        move(
            standing(BroadcastStatus.STOPPED, RecipientCounts(((RecipientStatus.FAILED, 3),))),
            BroadcastCommand.REALLY_RECALL,
        )
        is None
    )


@pytest.mark.parametrize("status", list(BroadcastStatus))
def test_every_button_that_is_offered_leads_somewhere(status: BroadcastStatus) -> None:
    for verb in available_commands(standing(status), resting=True):
        asked = BroadcastCommand.REALLY_RECALL if verb is BroadcastCommand.RECALL else verb
        assert verb is BroadcastCommand.REPORT or move(standing(status), asked)


def test_going_on_by_night_is_offered_only_while_it_rests() -> None:
    assert BroadcastCommand.NIGHT in available_commands(standing(BroadcastStatus.RUNNING), resting=True)
    assert BroadcastCommand.NIGHT not in available_commands(standing(BroadcastStatus.RUNNING), resting=False)


@pytest.mark.parametrize("status", list(BroadcastStatus))
def test_the_report_is_offered_when_it_is_over(status: BroadcastStatus) -> None:
    assert (BroadcastCommand.REPORT in available_commands(standing(status), resting=False)) == (status in ENDED)


def test_recalling_is_asked_twice() -> None:
    assert BroadcastCommand.RECALL in available_commands(standing(BroadcastStatus.DONE), resting=False)
    assert BroadcastCommand.REALLY_RECALL not in available_commands(standing(BroadcastStatus.DONE), resting=False)


EVENING = datetime.fromisoformat("2026-03-02T22:00")
FIRST, SECOND = datetime.fromisoformat("2026-03-03T07:00"), datetime.fromisoformat("2026-03-04T07:00")


@pytest.mark.parametrize(
    ("plan", "actions", "nights"),
    [
        (PLAN, [(AdminAction.CONFIRMED, EVENING)], set()),
        (replace(PLAN, at_night=True), [(AdminAction.CONFIRMED, EVENING)], {FIRST}),
        (replace(PLAN, at_night=True), [(AdminAction.CONFIRMED, FIRST)], set()),
        (replace(PLAN, at_night=True), [], set()),
        (replace(PLAN, at_night=True, starts=EVENING + timedelta(days=1)), [(AdminAction.CONFIRMED, AT)], {SECOND}),
        (PLAN, [(AdminAction.CONFIRMED, AT), (AdminAction.INSISTED, EVENING), (AdminAction.INSISTED, FIRST)], {FIRST}),
    ],
)
def test_it_goes_by_night_where_an_admin_insisted_for_that_night(
    plan: Plan, actions: list[tuple[AdminAction, datetime]], nights: set[datetime]
) -> None:
    history = tuple(HistoryEntry("Ibrahima", action, at) for action, at in actions)
    assert night_rest_ends(Broadcast(plan, BroadcastStatus.RUNNING, SOME, history)) == nights
