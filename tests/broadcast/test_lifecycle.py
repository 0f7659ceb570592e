from dataclasses import replace
from datetime import datetime, timedelta
from itertools import product

import pytest

from bot.broadcast.lifecycle import (
    ENDED,
    QUESTIONS,
    TRANSITIONS,
    BroadcastCommand,
    available_commands,
    listed_at,
    next_status,
    nights_allowed,
    statuses_to_process,
    transition,
)
from bot.broadcast.model import (
    AdminAction,
    Broadcast,
    BroadcastStatus,
    Content,
    Dated,
    DayVisitors,
    Everyone,
    HistoryEntry,
    Media,
    Plan,
    RecipientCounts,
    RecipientStatus,
    Version,
    Visitors,
)

PLAN = Plan(12, (Version("", Content(Media.TEXT, "Bonjour")),), Everyone())
AT = datetime.fromisoformat("2026-03-02T09:00")
SOME = RecipientCounts(((RecipientStatus.SENT, 3), (RecipientStatus.UNKNOWN, 1), (RecipientStatus.PENDING, 2)))


def standing(status: BroadcastStatus, counts: RecipientCounts = SOME) -> Broadcast:
    return Broadcast(PLAN, status, counts)


@pytest.mark.parametrize(
    ("status", "command", "after", "action"),
    [
        (BroadcastStatus.RUNNING, BroadcastCommand.PAUSE, BroadcastStatus.PAUSED, AdminAction.PAUSED),
        (BroadcastStatus.PAUSED, BroadcastCommand.RESUME, BroadcastStatus.RUNNING, AdminAction.RESUMED),
        (BroadcastStatus.RUNNING, BroadcastCommand.REALLY_STOP, BroadcastStatus.STOPPED, AdminAction.STOPPED),
        (BroadcastStatus.SCHEDULED, BroadcastCommand.REALLY_START, BroadcastStatus.RUNNING, AdminAction.STARTED),
        (BroadcastStatus.DONE, BroadcastCommand.RESEND, BroadcastStatus.RUNNING, AdminAction.RESENT),
        (BroadcastStatus.STOPPED, BroadcastCommand.RESEND, BroadcastStatus.RUNNING, AdminAction.RESENT),
        (BroadcastStatus.RECALLED, BroadcastCommand.RESEND, BroadcastStatus.RUNNING, AdminAction.RESENT),
        (BroadcastStatus.PAUSED, BroadcastCommand.RESEND, BroadcastStatus.PAUSED, AdminAction.RESENT),
        (BroadcastStatus.STOPPED, BroadcastCommand.REALLY_RECALL, BroadcastStatus.RECALLING, AdminAction.RECALLED),
    ],
)
def test_admins_commands_change_the_status(
    status: BroadcastStatus, command: BroadcastCommand, after: BroadcastStatus, action: AdminAction
) -> None:
    assert transition(standing(status), command) == (after, action)


@pytest.mark.parametrize(
    ("status", "command"), sorted(set(product(BroadcastStatus, BroadcastCommand)) - TRANSITIONS.keys())
)
def test_other_commands_have_no_transition(status: BroadcastStatus, command: BroadcastCommand) -> None:
    assert transition(standing(status), command) is None


def test_resending_needs_unknown_recipients() -> None:
    assert (
        transition(
            standing(BroadcastStatus.DONE, RecipientCounts(((RecipientStatus.SENT, 3),))), BroadcastCommand.RESEND
        )
        is None
    )


@pytest.mark.parametrize("status", sorted({*ENDED, BroadcastStatus.PAUSED}))
def test_resending_is_offered_whenever_it_applies(status: BroadcastStatus) -> None:
    assert BroadcastCommand.RESEND in available_commands(standing(status), night_pause=False)


def test_a_stopped_resend_can_be_asked_for_again() -> None:
    waiting = RecipientCounts(((RecipientStatus.AGAIN, 1),))
    assert transition(standing(BroadcastStatus.STOPPED, waiting), BroadcastCommand.RESEND)
    assert not transition(standing(BroadcastStatus.PAUSED, waiting), BroadcastCommand.RESEND)


def test_a_stopped_broadcast_resumes_only_for_the_unknown() -> None:
    stopped = replace(standing(BroadcastStatus.RUNNING), history=(HistoryEntry("Hawa", AdminAction.STOPPED, AT),))
    assert statuses_to_process(stopped) == {RecipientStatus.AGAIN}
    assert statuses_to_process(standing(BroadcastStatus.RUNNING)) == {RecipientStatus.PENDING, RecipientStatus.AGAIN}


@pytest.mark.parametrize(
    ("status", "counts", "end"),
    [
        (BroadcastStatus.RECALLING, SOME, BroadcastStatus.RECALLED),
        (BroadcastStatus.RUNNING, SOME, BroadcastStatus.STOPPED),
        (BroadcastStatus.RUNNING, RecipientCounts(((RecipientStatus.SENT, 3),)), BroadcastStatus.DONE),
    ],
)
def test_a_finished_run_leads_to_the_right_end(
    status: BroadcastStatus, counts: RecipientCounts, end: BroadcastStatus
) -> None:
    assert next_status(standing(status, counts)) is end


def test_a_prepared_broadcast_waits_for_its_start_or_runs_at_once() -> None:
    prepared = standing(BroadcastStatus.PREPARING)
    assert next_status(prepared) is BroadcastStatus.RUNNING
    later = replace(prepared, plan=replace(PLAN, starts=AT))
    assert next_status(later) is BroadcastStatus.SCHEDULED
    assert next_status(replace(later, status=BroadcastStatus.SCHEDULED)) is BroadcastStatus.RUNNING


@pytest.mark.parametrize("status", sorted({*ENDED, BroadcastStatus.PAUSED}))
def test_a_status_that_waits_for_an_admin_has_no_next_one(status: BroadcastStatus) -> None:
    assert next_status(standing(status)) is status


def test_nothing_is_recalled_when_nothing_was_sent() -> None:
    assert (
        transition(
            standing(BroadcastStatus.STOPPED, RecipientCounts(((RecipientStatus.FAILED, 3),))),
            BroadcastCommand.REALLY_RECALL,
        )
        is None
    )


@pytest.mark.parametrize("status", list(BroadcastStatus))
def test_every_offered_command_has_a_transition(status: BroadcastStatus) -> None:
    for command in available_commands(standing(status), night_pause=True):
        given = QUESTIONS.get(command, command)
        assert command is BroadcastCommand.REPORT or transition(standing(status), given)


def test_sending_at_night_is_offered_only_during_the_night_pause() -> None:
    assert BroadcastCommand.NIGHT in available_commands(standing(BroadcastStatus.RUNNING), night_pause=True)
    assert BroadcastCommand.NIGHT not in available_commands(standing(BroadcastStatus.RUNNING), night_pause=False)


@pytest.mark.parametrize("status", list(BroadcastStatus))
def test_the_report_is_offered_after_the_end(status: BroadcastStatus) -> None:
    assert (BroadcastCommand.REPORT in available_commands(standing(status), night_pause=False)) == (status in ENDED)


@pytest.mark.parametrize("status", list(BroadcastStatus))
def test_commands_that_cannot_be_undone_ask_first(status: BroadcastStatus) -> None:
    assert not set(available_commands(standing(status), night_pause=True)) & set(QUESTIONS.values())


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
def test_nights_are_allowed_one_by_one(
    plan: Plan, actions: list[tuple[AdminAction, datetime]], nights: set[datetime]
) -> None:
    history = tuple(HistoryEntry("Ibrahima", action, at) for action, at in actions)
    assert nights_allowed(Broadcast(plan, BroadcastStatus.RUNNING, SOME, history)) == nights


def test_recipients_who_must_be_booked_are_those_of_the_confirmation() -> None:
    confirmed = (HistoryEntry("Fatou", AdminAction.CONFIRMED, AT), HistoryEntry("Fatou", AdminAction.PAUSED, AT))
    everybody = Broadcast(PLAN, BroadcastStatus.RUNNING, history=confirmed)
    assert listed_at(everybody) is None
    assert listed_at(replace(everybody, plan=replace(PLAN, department_id=5))) == AT
    day = AT.date()
    for audience in (Visitors(5, "Passeports"), Dated(day, day), DayVisitors(5, "Passeports", day, day)):
        booked = replace(everybody, plan=replace(PLAN, audience=audience))
        assert listed_at(booked) == AT
        assert listed_at(replace(booked, history=())) is None
