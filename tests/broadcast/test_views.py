"""The screens of confirmed broadcasts."""

from datetime import date

import pytest

from bot.broadcast.callback_data import decode
from bot.broadcast.handler import LISTED
from bot.broadcast.lifecycle import ENDED, QUESTIONS, TO_COME, BroadcastCommand, ListCursor
from bot.broadcast.model import (
    AdminAction,
    Broadcast,
    BroadcastSnapshot,
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
from bot.broadcast.views import ClosedDay, closed_days, footer, left, listing, progress, question, report
from bot.i18n import Translator
from bot.views.message import Message, Style
from tests.broadcast.pages import AT, PLAN, SOME, every_screen, snapshot
from tests.views import telegram
from tests.views.pages import EN, FR
from tests.views.telegram import check_labels, check_limits, plain


def commands(shown: Message) -> list[str]:
    found = (decode(each) for each in telegram.actions(shown))
    return [each[2] for each in found if each]


@pytest.mark.parametrize("t", [FR, EN], ids=["fr", "en"])
@pytest.mark.parametrize("status", list(BroadcastStatus))
def test_every_progress_message_fits_telegrams_limits(status: BroadcastStatus, t: Translator) -> None:
    for counts in (SOME, RecipientCounts(), RecipientCounts(tuple((status, 10**6) for status in RecipientStatus))):
        check_limits(progress(snapshot(status, counts, seconds=40.0, resumes_at=AT), t))
        check_limits(report(snapshot(status, counts).broadcast, t))
        check_limits(listing((snapshot(status, counts),) * 8, t))


@pytest.mark.parametrize("t", [FR, EN], ids=["fr", "en"])
def test_every_label_of_an_announcement_survives_a_small_phone(t: Translator) -> None:
    for name, message in every_screen(t):
        check_limits(message)
        try:
            check_labels(message)
        except AssertionError as error:
            raise AssertionError(name) from error
    check_labels(footer(t))


@pytest.mark.parametrize("t", [FR, EN], ids=["fr", "en"])
def test_a_question_about_announcements_is_the_last_line_and_bold(t: Translator) -> None:
    for name, message in every_screen(t):
        if message.rows and not name.startswith("announcement "):  # a progress message asks nothing
            assert "<b>" in message.text.splitlines()[-1], name


@pytest.mark.parametrize("status", list(BroadcastStatus))
def test_commands_that_destroy_carry_the_danger_style(status: BroadcastStatus) -> None:
    for row in progress(snapshot(status), EN).rows:
        for button in row:
            destroys = (decode(button.action) or ("", "", ""))[2] in {BroadcastCommand.STOP, BroadcastCommand.RECALL}
            assert (button.style is Style.DANGER) == destroys


def test_the_list_counts_only_what_was_sent_and_is_still_there() -> None:
    for status in BroadcastStatus:
        counted = "Sent to" in listing((snapshot(status),), EN).text
        begun = {BroadcastStatus.RUNNING, BroadcastStatus.PAUSED, BroadcastStatus.STOPPED, BroadcastStatus.DONE}
        assert counted == (status in begun)


def test_progress_shows_bar_counts_and_remaining_time() -> None:
    text = plain(progress(snapshot(seconds=90.0), EN).text)
    assert "▓▓▓▓▓▓▓▓░░ 75%" in text
    assert "✅ Sent: 1\u202f500" in text
    assert "🚫 Left or blocked: 3" in text
    assert "Failed" not in text
    assert "❔ Unconfirmed: 1" in text
    assert "⏳ Waiting: 496" in text
    assert "Remaining time: 2 minutes" in text


def test_rare_counts_of_zero_are_left_out() -> None:
    text = progress(snapshot(counts=RecipientCounts(((RecipientStatus.SENT, 1),))), EN).text
    assert "Unconfirmed" not in text
    assert "Waiting" not in text


def test_progress_tells_who_did_what() -> None:
    paused = (HistoryEntry("Ibrahima <b>", AdminAction.PAUSED, AT),)
    text = plain(progress(BroadcastSnapshot(Broadcast(PLAN, BroadcastStatus.PAUSED, SOME, paused)), EN).text)
    assert "Paused by Ibrahima <b>, Sun 25 Jan at 09:30" in text


def test_admins_with_the_same_name_are_shown_with_their_user_ids() -> None:
    history = tuple(HistoryEntry("Ibrahima", AdminAction.PAUSED, AT, number) for number in (900, 901))
    text = plain(progress(BroadcastSnapshot(Broadcast(PLAN, BroadcastStatus.PAUSED, SOME, history)), EN).text)
    assert "Paused by Ibrahima (900)" in text
    assert "Paused by Ibrahima (901)" in text


def test_before_the_first_count_there_is_no_bar() -> None:
    assert "░" not in progress(snapshot(BroadcastStatus.PREPARING, RecipientCounts()), EN).text


def test_a_scheduled_broadcast_says_when_it_starts() -> None:
    later = Plan(12, PLAN.versions, Everyone(), starts=AT)
    waiting = progress(BroadcastSnapshot(Broadcast(later, BroadcastStatus.SCHEDULED, SOME)), EN)
    assert "Sunday 25 January 2026 at 09:30 (Conakry time)" in waiting.text
    assert commands(waiting) == [BroadcastCommand.START, BroadcastCommand.STOP]
    assert "09:30" not in progress(BroadcastSnapshot(Broadcast(later, BroadcastStatus.RUNNING, SOME)), EN).text


def test_the_night_pause_says_until_when_and_can_be_ended() -> None:
    resumes_at = progress(snapshot(resumes_at=AT, seconds=5.0), EN)
    assert "Pausing for the night until 09:30 (Conakry time)" in resumes_at.text
    assert "Remaining" not in resumes_at.text
    assert BroadcastCommand.NIGHT in commands(resumes_at)


@pytest.mark.parametrize("status", [BroadcastStatus.PREPARING, BroadcastStatus.SCHEDULED])
def test_before_its_start_only_the_recipients_are_counted(status: BroadcastStatus) -> None:
    text = plain(progress(snapshot(status, RecipientCounts(((RecipientStatus.PENDING, 4),))), EN).text)
    assert "👥 4 recipients" in text
    assert not any(words in text for words in ("Sent", "Waiting", "░"))


def test_a_recalled_broadcast_does_not_say_that_it_was_sent_to_nobody() -> None:
    seen = snapshot(BroadcastStatus.RECALLED, RecipientCounts(((RecipientStatus.RECALLED, 4),)))
    for message in (progress(seen, EN), report(seen.broadcast, EN)):
        assert "Recalled: 4" in message.text
        assert "Sent" not in message.text


def test_a_message_that_is_left_for_a_newer_one_has_no_buttons() -> None:
    assert left(12, EN) == Message("📣 Announcement 12: you now follow it in another message.")


def test_a_recall_has_its_own_bar() -> None:
    counts = RecipientCounts(((RecipientStatus.SENT, 1), (RecipientStatus.RECALLED, 3)))
    assert "75%" in progress(snapshot(BroadcastStatus.RECALLING, counts), EN).text
    assert (
        "0%" in progress(snapshot(BroadcastStatus.RECALLING, RecipientCounts(((RecipientStatus.FAILED, 3),))), EN).text
    )


@pytest.mark.parametrize(
    ("taken_back", "kept", "words"),
    [
        (3, 0, "Announcement 12 · recalled"),
        (3, 1, "Announcement 12 · recalled in part"),
        (0, 2, "Announcement 12 · could not be recalled"),
    ],
)
def test_a_recall_says_how_many_messages_stayed(taken_back: int, kept: int, words: str) -> None:
    seen = snapshot(
        BroadcastStatus.RECALLED,
        RecipientCounts(((RecipientStatus.RECALLED, taken_back), (RecipientStatus.SENT, kept))),
    )
    for message in (progress(seen, EN), report(seen.broadcast, EN)):
        text = plain(message.text)
        assert text.splitlines()[0] == f"📣 {words}"
        assert ("could not be recalled: the report" in text) == bool(kept)
    assert f"📣 {words}\n" in plain(listing((seen,), EN).text)


@pytest.mark.parametrize("status", [BroadcastStatus.RECALLING, BroadcastStatus.RECALLED])
def test_a_recall_says_how_many_may_still_have_it(status: BroadcastStatus) -> None:
    seen = snapshot(
        status,
        RecipientCounts(((RecipientStatus.RECALLED, 150), (RecipientStatus.UNKNOWN, 43), (RecipientStatus.AGAIN, 7))),
    )
    text = plain(progress(seen, EN).text)
    assert "75%" in text
    assert "50 people may still have it" in text
    assert "50 people may still have it" in plain(report(seen.broadcast, EN).text)
    assert "may still have it" not in progress(snapshot(BroadcastStatus.DONE), EN).text


@pytest.mark.parametrize(
    ("status", "buttons"),
    [
        (BroadcastStatus.RUNNING, [BroadcastCommand.PAUSE, BroadcastCommand.STOP]),
        (BroadcastStatus.PAUSED, [BroadcastCommand.RESUME, BroadcastCommand.STOP, BroadcastCommand.RESEND]),
        (BroadcastStatus.DONE, [BroadcastCommand.RESEND, BroadcastCommand.RECALL, BroadcastCommand.REPORT]),
        (BroadcastStatus.STOPPED, [BroadcastCommand.RESEND, BroadcastCommand.RECALL, BroadcastCommand.REPORT]),
        (BroadcastStatus.RECALLED, [BroadcastCommand.RESEND, BroadcastCommand.REPORT]),
        (BroadcastStatus.RECALLING, []),
    ],
)
def test_the_buttons_are_the_commands_that_apply(status: BroadcastStatus, buttons: list[BroadcastCommand]) -> None:
    assert commands(progress(snapshot(status), EN)) == buttons


def test_the_list_has_a_button_per_broadcast() -> None:
    message = listing((snapshot(), snapshot(BroadcastStatus.DONE)), EN)
    assert commands(message) == [BroadcastCommand.SEE, BroadcastCommand.SEE]
    assert "Announcement 12 · being sent" in plain(message.text)
    assert "✅ Sent to 1\u202f500 of 2\u202f000" in message.text


def test_the_list_has_a_button_to_the_next_page() -> None:
    message = listing((snapshot(),), EN, ListCursor(TO_COME, "2026-01-25T09:30", 12))
    assert telegram.actions(message)[-1] == "bc:12:older:1.2026-01-25T09:30"
    assert commands(message) == [BroadcastCommand.SEE, BroadcastCommand.OLDER]


@pytest.mark.parametrize("t", [FR, EN], ids=["fr", "en"])
def test_a_full_page_of_the_list_fits_telegrams_limits(t: Translator) -> None:
    content = Content(Media.TEXT, "🎉" * 4000)
    last = ListCursor(TO_COME, "2026-01-25T09:30", 10**12)
    many = RecipientCounts(tuple((status, 10**9) for status in RecipientStatus))
    plan = Plan(10**12, (Version("", content),), Everyone(), starts=AT)
    message = listing((BroadcastSnapshot(Broadcast(plan, BroadcastStatus.SCHEDULED, many)),) * LISTED, t, last)
    check_limits(message)
    assert len(plain(message.text).encode("utf-16-le")) // 2 < 3000


def test_the_list_says_when_scheduled_broadcasts_begin() -> None:
    later = Plan(12, PLAN.versions, Everyone(), starts=AT)
    assert "09:30" in listing((BroadcastSnapshot(Broadcast(later, BroadcastStatus.SCHEDULED, SOME)),), EN).text


def test_an_empty_list_says_how_to_begin() -> None:
    assert "/broadcast" in listing((), EN).text


def test_the_recall_question_states_the_number() -> None:
    asked = question(snapshot(BroadcastStatus.DONE), BroadcastCommand.RECALL, EN)
    assert "1\u202f500" in asked.text
    assert commands(asked) == [BroadcastCommand.REALLY_RECALL, BroadcastCommand.SEE]


@pytest.mark.parametrize("t", [FR, EN], ids=["fr", "en"])
@pytest.mark.parametrize(
    ("command", "style"),
    [
        (BroadcastCommand.START, Style.SUCCESS),
        (BroadcastCommand.STOP, Style.DANGER),
        (BroadcastCommand.RECALL, Style.DANGER),
    ],
)
def test_a_question_ends_with_itself_and_its_yes_has_a_style(
    command: BroadcastCommand, style: Style, t: Translator
) -> None:
    asked = question(snapshot(BroadcastStatus.SCHEDULED), command, t)
    check_limits(asked)
    last = asked.text.splitlines()[-1]
    assert "<b>" in last
    assert plain(last).endswith("?")
    yes, no = (row[0] for row in asked.rows)
    assert (yes.style, no.style) == (style, None)
    assert commands(asked) == [QUESTIONS[command], BroadcastCommand.SEE]


@pytest.mark.parametrize("status", [*sorted(ENDED), BroadcastStatus.RECALLING])
def test_after_the_end_nobody_waits(status: BroadcastStatus) -> None:
    assert "Waiting" not in progress(snapshot(status), EN).text
    assert "Waiting" not in report(snapshot(status).broadcast, EN).text


def test_the_caption_of_the_report_is_in_words() -> None:
    text = plain(report(snapshot(BroadcastStatus.DONE).broadcast, EN).text)
    assert "✅ Sent: 1\u202f500" in text
    assert "🚫 Left or blocked: 3" in text
    assert "Failed" not in text
    assert text.splitlines()[-1] == "The file says what became of the message for each recipient."


def test_only_the_last_entries_of_the_history_are_shown() -> None:
    history = tuple(HistoryEntry(f"Admin {n}", AdminAction.PAUSED, AT) for n in range(1, 6))
    text = progress(BroadcastSnapshot(Broadcast(PLAN, BroadcastStatus.PAUSED, SOME, history)), EN).text
    assert [n for n in range(1, 6) if f"Admin {n}" in text] == [3, 4, 5]


def test_an_unpaid_broadcast_says_what_to_do_until_somebody_resumes_it() -> None:
    unpaid = HistoryEntry("", AdminAction.UNPAID, AT)
    resumed = HistoryEntry("Ibrahima", AdminAction.RESUMED, AT)
    for status, history, told in (
        (BroadcastStatus.PAUSED, (unpaid,), True),
        (BroadcastStatus.RUNNING, (unpaid, resumed), False),
        (BroadcastStatus.PAUSED, (unpaid, resumed), False),
        (BroadcastStatus.STOPPED, (unpaid,), False),
        (BroadcastStatus.PAUSED, (), False),
    ):
        text = progress(BroadcastSnapshot(Broadcast(PLAN, status, SOME, history)), EN).text
        assert ("Top up the Stars" in text) == told


def test_a_closed_day_of_a_department_that_is_not_listed_has_its_number() -> None:
    day = date(2026, 12, 25)
    message = closed_days((ClosedDay(777, "", day, 1),), FR, None, day)
    assert "Service n° 777" in plain(message.text).replace("\u00a0", " ")
    assert [each.label.replace("\u00a0", " ") for row in message.rows for each in row] == ["25/12 · Service n° 777"]
