from dataclasses import replace
from datetime import datetime, timedelta
from itertools import product

import pytest

from bot.broadcast.lifecycle import ENDED, MOVES, Verb, move, next_status, nights_of, offered, whose_turn
from bot.broadcast.model import Broadcast, Content, Deed, Done, Everyone, Fate, Figures, Media, Plan, Status, Version

PLAN = Plan(12, (Version("", Content(Media.TEXT, "Bonjour")),), Everyone())
AT = datetime.fromisoformat("2026-03-02T09:00")
SOME = Figures(((Fate.SENT, 3), (Fate.UNKNOWN, 1), (Fate.PENDING, 2)))


def standing(status: Status, figures: Figures = SOME) -> Broadcast:
    return Broadcast(PLAN, status, figures)


@pytest.mark.parametrize(
    ("status", "verb", "after", "deed"),
    [
        (Status.RUNNING, Verb.PAUSE, Status.PAUSED, Deed.PAUSED),
        (Status.PAUSED, Verb.RESUME, Status.RUNNING, Deed.RESUMED),
        (Status.RUNNING, Verb.STOP, Status.STOPPED, Deed.STOPPED),
        (Status.SCHEDULED, Verb.START, Status.RUNNING, Deed.STARTED),
        (Status.DONE, Verb.RESEND, Status.RUNNING, Deed.RESENT),
        (Status.STOPPED, Verb.RESEND, Status.RUNNING, Deed.RESENT),
        (Status.RECALLED, Verb.RESEND, Status.RUNNING, Deed.RESENT),
        (Status.PAUSED, Verb.RESEND, Status.PAUSED, Deed.RESENT),
        (Status.STOPPED, Verb.REALLY_RECALL, Status.RECALLING, Deed.RECALLED),
    ],
)
def test_an_admin_leads_a_broadcast_on(status: Status, verb: Verb, after: Status, deed: Deed) -> None:
    assert move(standing(status), verb) == (after, deed)


@pytest.mark.parametrize(("status", "verb"), sorted(set(product(Status, Verb)) - MOVES.keys()))
def test_what_makes_no_sense_now_leads_nowhere(status: Status, verb: Verb) -> None:
    assert move(standing(status), verb) is None


def test_nobody_is_sent_to_again_when_nobody_is_unknown() -> None:
    assert move(standing(Status.DONE, Figures(((Fate.SENT, 3),))), Verb.RESEND) is None


@pytest.mark.parametrize("status", sorted({*ENDED, Status.PAUSED}))
def test_wherever_somebody_is_unknown_and_it_rests_sending_again_is_offered(status: Status) -> None:
    assert Verb.RESEND in offered(standing(status), resting=False)


def test_those_who_were_asked_for_again_before_it_was_stopped_still_are() -> None:
    waiting = Figures(((Fate.AGAIN, 1),))
    assert move(standing(Status.STOPPED, waiting), Verb.RESEND)
    assert not move(standing(Status.PAUSED, waiting), Verb.RESEND)


def test_one_that_was_stopped_goes_on_to_those_alone_who_are_asked_for_again() -> None:
    stopped = replace(standing(Status.RUNNING), history=(Done("Hawa", Deed.STOPPED, AT),))
    assert whose_turn(stopped) == {Fate.AGAIN}
    assert whose_turn(standing(Status.RUNNING)) == {Fate.PENDING, Fate.AGAIN}


@pytest.mark.parametrize(
    ("status", "figures", "end"),
    [
        (Status.RECALLING, SOME, Status.RECALLED),
        (Status.RUNNING, SOME, Status.STOPPED),
        (Status.RUNNING, Figures(((Fate.SENT, 3),)), Status.DONE),
    ],
)
def test_a_broadcast_ends_as_what_it_did(status: Status, figures: Figures, end: Status) -> None:
    assert next_status(standing(status, figures)) is end


def test_a_prepared_broadcast_waits_for_its_start_or_runs_at_once() -> None:
    prepared = standing(Status.PREPARING)
    assert next_status(prepared) is Status.RUNNING
    later = replace(prepared, plan=replace(PLAN, starts=AT))
    assert next_status(later) is Status.SCHEDULED
    assert next_status(replace(later, status=Status.SCHEDULED)) is Status.RUNNING


@pytest.mark.parametrize("status", sorted({*ENDED, Status.PAUSED}))
def test_where_an_admin_must_act_nothing_happens_by_itself(status: Status) -> None:
    assert next_status(standing(status)) is status


def test_nothing_is_recalled_when_nothing_was_sent() -> None:
    assert move(standing(Status.STOPPED, Figures(((Fate.FAILED, 3),))), Verb.REALLY_RECALL) is None


@pytest.mark.parametrize("status", list(Status))
def test_every_button_that_is_offered_leads_somewhere(status: Status) -> None:
    for verb in offered(standing(status), resting=True):
        asked = Verb.REALLY_RECALL if verb is Verb.RECALL else verb
        assert verb is Verb.REPORT or move(standing(status), asked)


def test_going_on_by_night_is_offered_only_while_it_rests() -> None:
    assert Verb.NIGHT in offered(standing(Status.RUNNING), resting=True)
    assert Verb.NIGHT not in offered(standing(Status.RUNNING), resting=False)


@pytest.mark.parametrize("status", list(Status))
def test_the_report_is_offered_when_it_is_over(status: Status) -> None:
    assert (Verb.REPORT in offered(standing(status), resting=False)) == (status in ENDED)


def test_recalling_is_asked_twice() -> None:
    assert Verb.RECALL in offered(standing(Status.DONE), resting=False)
    assert Verb.REALLY_RECALL not in offered(standing(Status.DONE), resting=False)


EVENING = datetime.fromisoformat("2026-03-02T22:00")
FIRST, SECOND = datetime.fromisoformat("2026-03-03T07:00"), datetime.fromisoformat("2026-03-04T07:00")


@pytest.mark.parametrize(
    ("plan", "deeds", "nights"),
    [
        (PLAN, [(Deed.CONFIRMED, EVENING)], set()),
        (replace(PLAN, at_night=True), [(Deed.CONFIRMED, EVENING)], {FIRST}),
        (replace(PLAN, at_night=True), [(Deed.CONFIRMED, FIRST)], set()),
        (replace(PLAN, at_night=True), [], set()),
        (replace(PLAN, at_night=True, starts=EVENING + timedelta(days=1)), [(Deed.CONFIRMED, AT)], {SECOND}),
        (PLAN, [(Deed.CONFIRMED, AT), (Deed.INSISTED, EVENING), (Deed.INSISTED, FIRST)], {FIRST}),
    ],
)
def test_it_goes_by_night_where_an_admin_insisted_for_that_night(
    plan: Plan, deeds: list[tuple[Deed, datetime]], nights: set[datetime]
) -> None:
    history = tuple(Done("Ibrahima", deed, at) for deed, at in deeds)
    assert nights_of(Broadcast(plan, Status.RUNNING, SOME, history)) == nights
