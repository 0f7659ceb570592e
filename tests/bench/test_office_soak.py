"""The judge of the soak with an office finds each kind of difference between chat and ledger, and fails the soak."""

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bench.office_soak import exit_code, summary
from tests.e2e.fault_injection import Kills
from tests.e2e.office_check import ChatCheck, Evidence, OfficeCheck, OfficeLog
from tests.e2e.office_run import OfficeReport, OfficeScale
from tests.e2e.words import Words

Json = dict[str, Any]
WORDS = Words("fr")
AT, LATER = datetime.fromisoformat("2026-03-10T14:30"), datetime.fromisoformat("2026-03-12T09:00")
SENT = datetime(2026, 3, 2, 9, tzinfo=UTC)
MOMENTS = {AT: "mardi 10 mars 2026 à 14:30", LATER: "jeudi 12 mars à 09:00"}
SCALE = OfficeScale(citizens=1, kills=1)


def says(key: str, number: int = 50, at: datetime = AT) -> str:
    said, numbered = WORDS.plain(key, name="Fanta"), WORDS.plain("fact.number", number=number)
    return f"{said}\n📅 {MOMENTS[at]} (heure de Conakry)\n{numbered}"


TICKET, CANCELLED, OFFICE_CANCELLED = map(says, ("ticket.booked", "ticket.cancelled", "news.cancelled_by_office"))
MOVED, MADE = says("news.moved", at=LATER), says("news.made")
REMINDER = says("reminder.question").replace(WORDS.plain("reminder.question"), "🔔 Demain à 14:30 : votre rendez-vous")


def message(number: int, *texts: str, minutes: int = 0) -> Json:
    """A message of the bot that was sent with the first text and edited to the others, a minute each."""
    since = [(SENT + timedelta(minutes=minutes + index)).timestamp() for index in range(len(texts))]
    versions = [{"message_id": number, "text": text} for text in texts]
    history = [{"at": at, "message": each} for at, each in zip(since, versions, strict=True)]
    last = history.pop()
    return {
        "message": last["message"],
        "shown_since": last["at"],
        "history": history,
        "by_bot": True,
        "deleted_at": None,
    }


def entry(number: int = 50, *, at: datetime = AT, by: str | None = None, key: str = "mk", **more: object) -> Json:
    return {
        "id": number,
        "externalUserId": "telegram:7",
        "dateTime": at.isoformat(),
        "status": "CANCELLED" if by else "SCHEDULED",
        "name": "Fanta",
        "createdAt": "2026-03-02T09:00:00",
        "cancelledAt": "2026-03-02T10:00:00" if by else None,
        "cancelledBy": by,
        "key": key,
        **more,
    }


def check(
    messages: list[Json], *ledger: Json, moved: bool = False, kill: int | None = None, lost: tuple[int, ...] = ()
) -> list[str]:
    """The kinds of differences."""
    office = OfficeLog()
    if moved:
        office.before[50].append(AT)
    kills = [] if kill is None else [(SENT + timedelta(minutes=kill)).timestamp()]
    found = OfficeCheck()
    seen = Evidence(list(ledger), office, kills, lost, SENT.replace(tzinfo=None))
    ChatCheck(found, 7, WORDS, messages, seen).run()
    return [each.split(":")[0] for each in found.faults]


TOLD = message(1, TICKET)


@pytest.mark.parametrize(
    ("messages", "ledger", "moved"),
    [
        ([TOLD], [entry()], False),
        ([message(1, TICKET, CANCELLED), message(2, OFFICE_CANCELLED, minutes=2)], [entry(by="organization")], False),
        ([message(1, TICKET, says("ticket.title", at=LATER)), message(2, MOVED, minutes=1)], [entry(at=LATER)], True),
        ([message(1, MADE)], [entry(key="office")], False),
        ([TOLD, message(2, REMINDER, minutes=5)], [entry()], False),
        ([], [entry(by="organization", key="office")], False),
    ],
    ids=["booked", "cancelled", "moved", "made", "reminded", "never heard of"],
)
def test_a_chat_that_agrees_with_the_ledger_has_no_difference(
    messages: list[Json], ledger: list[Json], *, moved: bool
) -> None:
    assert check(messages, *ledger, moved=moved) == []


def test_an_appointment_that_nobody_was_told_of_is_lost_or_untold() -> None:
    assert check([], entry()) == ["lost"]
    assert check([], entry(key="office")) == ["untold"]
    assert check([], entry(key="office"), lost=(50,)) == []
    assert check([], entry(), lost=(50,)) == ["lost"]


def test_an_old_last_word_is_untold_and_the_old_ticket_untrue() -> None:
    assert check([TOLD], entry(by="organization")) == ["untold"]
    assert check([TOLD], entry(at=LATER), moved=True) == ["untold"]
    assert check([TOLD, message(2, OFFICE_CANCELLED, minutes=2)], entry(by="organization")) == ["untrue"]


def test_two_appointments_of_one_booking_are_doubled() -> None:
    both = [TOLD, message(2, says("ticket.booked", 51))]
    assert check(both, entry(), entry(51)) == ["doubled"]


def test_a_move_that_cancels_first_or_replaces_nothing_is_lost() -> None:
    messages = [message(1, TICKET, CANCELLED), message(2, says("ticket.booked", 51), minutes=1)]
    old = entry(by="api")
    assert check(messages, old, entry(51)) == []
    assert check(messages, old, entry(51, createdAt="2026-03-02T10:00:01")) == ["lost"]
    assert check(messages[:1], old) == ["lost"]
    for question in ("cancel.question", "cancel.question_for"):
        assert check([message(1, TICKET, CANCELLED), message(2, says(question))], old) == []


def test_news_without_a_change_by_others_is_too_many() -> None:
    cancelled = [message(1, TICKET, CANCELLED), message(2, OFFICE_CANCELLED, minutes=2)]
    assert check(
        [*cancelled, message(3, says("cancel.question"), says("cancelled.title"), minutes=1)], entry(by="api")
    ) == ["too_many"]
    assert check([message(1, TICKET, says("ticket.title", at=AT)), message(2, MADE)], entry()) == ["too_many"]
    moves = [message(1, MOVED), message(2, MOVED + " again", minutes=2)]
    assert check(moves, entry(at=LATER), moved=True) == ["too_many"]


def test_a_second_copy_needs_a_kill_between() -> None:
    copies = [message(1, TICKET, CANCELLED), message(2, OFFICE_CANCELLED), message(3, OFFICE_CANCELLED, minutes=5)]
    assert check(copies, entry(by="organization")) == ["too_many"]
    assert check(copies, entry(by="organization"), kill=3) == []


@pytest.mark.parametrize("minutes", [5, 13 * 60])
def test_a_reminder_of_what_is_over_or_by_night_is_untrue(minutes: int) -> None:
    gone = [message(1, TICKET, CANCELLED), message(2, OFFICE_CANCELLED, minutes=2)]
    reminded = message(3, REMINDER, CANCELLED, minutes=minutes)
    before = TOLD if minutes > 5 else gone[0]
    others = [before, *gone[1:]] if minutes == 5 else [before]
    ledger = entry(by="organization") if minutes == 5 else entry()
    last = [] if minutes == 5 else [message(4, says("ticket.title"), minutes=minutes + 3)]
    assert "untrue" in check([*others, reminded, *last], ledger)


def report(found: OfficeCheck, *, kills: int = 1) -> OfficeReport:
    counts = Counter({"cancel": 2}), Counter({"dropped": 1})
    return OfficeReport(found, Kills(at_random=kills), *counts, 9, 5.2, 60.0, {}, "", found.faults)


def test_the_summary_counts_everything_in_one_line() -> None:
    found = OfficeCheck(["a"], ["b"] * 2, ["c"] * 3, ["d"] * 4, ["e"] * 5, news=6, reminders=7, moves=8, duplicates=9)
    assert summary(report(found), SCALE) == (
        "office soak: 1 citizens, 9 appointments in 5 days, 8 moves by citizens, 2 changes by the office, 1 kills, "
        "1 webhooks lost; 6 news, 7 reminders; lost 1, doubled 2, untold 3, untrue 4, too many 5, "
        "private in the log 0; 9 messages sent twice"
    )


def test_any_difference_and_too_few_kills_fail_the_soak() -> None:
    assert exit_code(report(OfficeCheck(duplicates=3)), SCALE) == 0
    assert exit_code(report(OfficeCheck(untold=["a"])), SCALE) == 1
    assert exit_code(report(OfficeCheck(), kills=0), SCALE) == 1
    assert exit_code(replace(report(OfficeCheck()), private=["a"]), SCALE) == 1
