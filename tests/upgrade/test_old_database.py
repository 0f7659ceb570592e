"""Today's bot continues a database of release 0.1 that was killed in the middle of everything (see `release`).

The tests check what is promised, not how it is worded: conversations stay where they were, old buttons act as they did,
pending attempts settle and are told, queued messages go out, and nobody gets anything twice. All tests share one
running bot; each has chats of its own.
"""

import html
import json
import logging
import re
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
import pytest_asyncio

from tests.e2e.admin import Admin, heard_by, tally
from tests.e2e.phone import Shown
from tests.e2e.running_bot import RunningBot
from tests.e2e.waiting import eventually
from tests.storage.databases import Database, postgresql_database, sqlite_database
from tests.upgrade.person import Person, action_of, actions_of
from tests.upgrade.release import RELEASE_0_1 as RELEASE
from tests.upgrade.release import Json

pytestmark = pytest.mark.asyncio(loop_scope="module")
NAMES = RELEASE.names
ADMINS = RELEASE.admins - {NAMES["admin: none any more"]}
MARKUP = re.compile(r"<[^>]+>")


@dataclass
class Continued:
    """Today's bot, running on the old database."""

    bot: RunningBot
    database: Database
    before: dict[int, list[Shown]]
    """The messages in each chat before the upgrade."""
    requests: Counter[str]
    """The API requests until everything was settled."""

    def person(self, name: str) -> Person:
        """The person whose session was in this state."""
        return RELEASE.person(self.bot, name)

    async def appointments(self, name: str) -> list[Json]:
        """Their appointments at the API."""
        return await self.bot.services.appointments(NAMES[name])

    async def news(self, name: str) -> list[Shown]:
        """The messages that were sent or edited since the bot began."""
        old = {(each.number, each.since) for each in self.before[NAMES[name]]}
        return [each for each in await self.person(name).messages() if (each.number, each.since) not in old]

    async def sent(self, name: str, text: str = "") -> list[Shown]:
        """The messages with this text that were sent since the bot began."""
        last = RELEASE.world["newest_message"]
        return [each for each in await self.news(name) if each.number > last and text in each.text]

    async def copies(self, name: str, text: str) -> int:
        """How many messages with this text they have, old and new ones."""
        return len(await heard_by(self.person(name).phone, text))


@contextmanager
def logged_errors() -> Iterator[list[str]]:
    """The errors that are logged meanwhile."""
    found: list[str] = []
    handler = logging.Handler(logging.ERROR)
    handler.emit = lambda record: found.append(record.getMessage())  # type: ignore[method-assign]
    logging.getLogger().addHandler(handler)
    try:
        yield found
    finally:
        logging.getLogger().removeHandler(handler)


@contextmanager
def database_of(kind: str, folder: Path, request: pytest.FixtureRequest) -> Iterator[Database]:
    """An empty one."""
    if kind == "sqlite":
        yield sqlite_database(folder)
        return
    with postgresql_database(request.getfixturevalue("cluster")) as here:
        yield here


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """The tables are continued in both databases; what a conversation says of itself is the same text in both."""
    if "bot" in metafunc.fixturenames:
        kinds = ("sqlite",) if metafunc.function in SAME_IN_BOTH else ("sqlite", "postgresql")
        metafunc.parametrize("bot", kinds, indirect=True, scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def bot(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Continued]:
    folder = tmp_path_factory.mktemp("old")
    with database_of(request.param, folder, request) as database, logged_errors() as errors:
        async with RELEASE.restored(folder, database, minutes=10) as bot:
            await bot.services.inject_updates(RELEASE.world["done_update"])
            people = {each: RELEASE.person(bot, name) for name, each in NAMES.items()}
            before = {each: await person.messages() for each, person in people.items()}
            earlier = await requests(bot)
            await bot.start(admin_ids=ADMINS, broadcast_rate=100.0)
            await bot.wait_until_idle()
            yield Continued(bot, database, before, await requests(bot) - earlier)
            assert database.rows("SELECT * FROM inbox WHERE error IS NOT NULL") == [], "no update was set aside"
    assert errors == []


async def requests(bot: RunningBot) -> Counter[str]:
    """How often each endpoint of the API was called."""
    return Counter((await bot.services.ledger())["requests"])


# --- what was pending -----------------------------------------------------------------------------------------------

BOOKED = {
    "made, not answered": "2026-03-04T10:00:00",
    "not made, not answered": "2026-03-04T11:00:00",
    "made a moment ago": "2026-03-04T10:30:00",
    "not made a moment ago": "2026-03-04T10:30:00",
    "given up, made": "2026-03-04T13:00:00",
    "service down": "2026-03-04T13:30:00",
    "accepted, made": "2026-03-04T14:30:00",
    "confirmed, not looked at": "2026-03-03T11:30:00",
}


@pytest.mark.parametrize("name", BOOKED)
async def test_an_open_booking_is_made_once_and_its_ticket_is_sent_once(bot: Continued, name: str) -> None:
    (made,) = await bot.appointments(name)
    assert made["dateTime"] == BOOKED[name]
    assert made["status"] == "SCHEDULED"
    tickets = [each for each in await bot.news(name) if f"x:{made['id']}" in actions_of(each)]
    assert len(tickets) == 1
    assert [each.has_picture for each in await bot.sent(name, str(made["id"]))].count(True) == 1


@pytest.mark.parametrize("name", ["made, not answered", "not made a moment ago", "accepted, made"])
async def test_the_old_buttons_of_an_open_booking_book_nothing_more(bot: Continued, name: str) -> None:
    person = bot.person(name)
    for shown in bot.before[person.id]:
        for button in shown.buttons:
            if not button.is_lasting:
                await person.presses_in(shown, button.data)
    assert len(await bot.appointments(name)) == 1


@pytest.mark.parametrize("name", ["given up, not made", "accepted, not made"])
async def test_an_open_booking_that_must_not_be_repeated_is_reported_and_never_made(bot: Continued, name: str) -> None:
    assert await bot.appointments(name) == []
    assert await bot.news(name), "the citizen hears of it"


async def test_an_earlier_equal_appointment_is_not_taken_for_the_open_booking(bot: Continued) -> None:
    first, second = await bot.appointments("the same once more")
    assert first["dateTime"] == second["dateTime"] == "2026-03-04T14:00:00"
    assert await bot.sent("the same once more", str(second["id"]))


@pytest.mark.parametrize(
    "name",
    [
        "cancelled, not answered",
        "not cancelled, not answered",
        "not cancelled a moment ago, with a booking behind it",
    ],
)
async def test_an_open_cancellation_is_carried_out_and_reported(bot: Continued, name: str) -> None:
    (appointment,) = await bot.appointments(name)
    assert appointment["status"] == "CANCELLED"
    assert any(str(appointment["id"]) in each.text for each in await bot.news(name))
    assert len(await bot.sent(name)) <= 1


async def test_requests_that_the_api_carried_out_are_not_repeated(bot: Continued) -> None:
    not_made = {"not made, not answered", "not made a moment ago", "service down", "confirmed, not looked at"}
    assert bot.requests["POST /appointments"] == len(not_made | {"the same once more"})
    assert bot.requests["DELETE /appointments/{id}"] == 2


# --- what was queued ------------------------------------------------------------------------------------------------


async def test_queued_messages_are_sent_once_and_in_order(bot: Continued) -> None:
    query = f"SELECT body FROM outbox WHERE chat_id = {NAMES['messages wait']} ORDER BY id"  # noqa: S608 — our own number
    queued = [html.unescape(MARKUP.sub("", json.loads(body)[0])) for (body,) in RELEASE.select(query)]
    assert len(queued) == 2
    assert [each.text for each in await bot.sent("messages wait")] == queued


async def test_a_queued_edit_changes_its_message(bot: Continued) -> None:
    (shown,) = await bot.news("an edit waits")
    assert shown.number == bot.before[NAMES["an edit waits"]][-1].number
    assert "d:5" in actions_of(shown)


@pytest.mark.parametrize("name", ["a ticket's picture waits", "a known picture waits"])
async def test_a_queued_picture_is_sent_once(bot: Continued, name: str) -> None:
    assert [each.has_picture for each in await bot.sent(name)] == [True]


# --- what was not looked at yet -------------------------------------------------------------------------------------


async def test_a_press_that_was_being_processed_at_the_kill_is_answered(bot: Continued) -> None:
    assert any(each.startswith("day:") for each in actions_of(await bot.person("reading hangs").screen()))


async def test_a_stored_name_that_was_not_processed_is_used(bot: Continued) -> None:
    person = bot.person("name and sticker, not looked at")
    await person.presses("ok")
    (made,) = await bot.appointments("name and sticker, not looked at")
    assert (made["name"], made["dateTime"]) == ("Aïssatou Bah", "2026-03-03T13:00:00")


async def test_a_new_citizen_is_greeted_once(bot: Continued) -> None:
    assert len(await bot.sent("newcomer, not looked at")) == 1


async def test_an_update_that_telegram_delivers_again_has_no_effect(bot: Continued) -> None:
    assert await bot.news("ticket") == []
    assert len(await bot.appointments("ticket")) == 1


# --- conversations in every state -----------------------------------------------------------------------------------

CONTINUE = ">menu"
"""The button below a cancelled appointment that leads back to the booking behind it; no screen has it."""
BOOKINGS: dict[str, tuple[tuple[str, ...], Json]] = {
    # The first step answers the old screen; then the appointment has what was chosen before and after.
    "menu": ((">book", ">d:5"), {"departmentId": 5}),
    "menu in English": ((">book", ">d:8"), {"departmentId": 8}),
    "departments": ((">d:8",), {"departmentId": 8}),
    "departments, second page": ((">p:0", ">d:12"), {"departmentId": 12}),
    "departments, searched": ((">d:9",), {"departmentId": 9}),
    "staff": ((">w:43",), {"departmentId": 10, "workerId": 43}),
    "number of a member of staff": (("71",), {"departmentId": 23, "workerId": 71}),
    "days": ((">day:20260305",), {"departmentId": 5, "day": "2026-03-05"}),
    "days of a member of staff": ((">day:20260305",), {"departmentId": 10, "workerId": 44, "day": "2026-03-05"}),
    "no days": ((">office", ">all", ">d:5"), {"departmentId": 5}),
    "times": ((">t:20260303T0900",), {"departmentId": 12, "dateTime": "2026-03-03T09:00:00"}),
    "times of the afternoon": ((">t:20260303T1400",), {"departmentId": 12, "dateTime": "2026-03-03T14:00:00"}),
    "name": (("Kadiatou Sylla",), {"departmentId": 5, "dateTime": "2026-03-03T09:30:00", "name": "Kadiatou Sylla"}),
    "name with suggestions": ((">n:0",), {"departmentId": 5, "name": "Binta Sow"}),
    "summary": ((">ok",), {"departmentId": 5, "dateTime": "2026-03-03T10:00:00", "name": "Aïssatou Bah"}),
    "summary in English": ((">ok",), {"departmentId": 10, "workerId": 43, "name": "Sarah Cole"}),
    "slot taken": ((">t:20260303T0900",), {"departmentId": 5, "dateTime": "2026-03-03T09:00:00"}),
    "slot taken, nothing can be read": ((">retry",), {"departmentId": 5, "name": "Sarah Cole"}),
    "refused": ((">retry",), {"departmentId": 5, "dateTime": "2026-03-04T09:30:00", "name": "Aïssatou Bah"}),
    "departments cannot be read": ((">retry", ">d:5"), {"departmentId": 5}),
    "departments cannot be read again": ((">retry", ">d:12"), {"departmentId": 12}),
    "department of a link cannot be read": ((">retry",), {"departmentId": 8}),
    "days cannot be read": ((">retry",), {"departmentId": 10, "workerId": 43}),
    "days cannot be read in a busy hour": ((">retry",), {"departmentId": 5}),
    "days, then nothing can be read": ((">retry",), {"departmentId": 5, "day": "2026-03-03"}),
    "days cannot be read, with appointments before them": ((">back",), {"departmentId": 20}),
    "question whether to cancel, with a booking behind it": (
        (">no",),
        {"departmentId": 12, "dateTime": "2026-03-03T10:00:00", "name": "Sarah Cole"},
    ),
    "appointments, with a booking behind them": (
        (">back",),
        {"departmentId": 12, "dateTime": "2026-03-03T10:15:00"},
    ),
    "not cancelled a moment ago, with a booking behind it": (
        (CONTINUE, ">ok"),
        {"departmentId": 12, "dateTime": "2026-03-03T10:30:00", "name": "Aïssatou Bah"},
    ),
    "given up, not made": (("/book", ">d:5"), {"departmentId": 5}),
}


@pytest.mark.parametrize("name", BOOKINGS)
async def test_a_conversation_continues_in_its_state_with_its_old_buttons(bot: Continued, name: str) -> None:
    (first, *steps), expected = BOOKINGS[name]
    person = bot.person(name)
    before = {each["id"] for each in await bot.appointments(name)}
    await answers(person, first)
    await person.takes(*steps)
    made = await books(bot, person, before)
    known = {**made, "day": made["dateTime"][:10]}
    assert {key: known[key] for key in expected} == expected


async def answers(person: Person, step: str) -> None:
    """Let the bot show the present screen again, which must be the old one; then answer the old message."""
    if not step.startswith(">"):
        await person.sends_a_sticker()
        await person.says(step)
        return
    shown, data = await person.find(step[1:])
    again = await person.sends_a_sticker()
    assert step == CONTINUE or action_of(data) in actions_of(again) or is_menu(actions_of(again)), "the same screen"
    await person.presses_in(shown, data)


def is_menu(actions: list[str]) -> bool:
    """Whether these are the menu's buttons: since release 0.2 it offers departments or organisations itself."""
    return "list" in actions and any(each.startswith(("d:", "o:")) for each in actions)


async def books(bot: Continued, person: Person, before: set[int]) -> Json:
    """Answer every question with the first choice until there is an appointment; returns it."""
    for _ in range(9):
        new = [each for each in await bot.bot.services.appointments(person.id) if each["id"] not in before]
        if new:
            return new[0]
        offered = {each.partition(":")[0]: each for each in reversed(actions_of(await person.screen()))}
        known = [offered[kind] for kind in ("ok", "first", "t", "day", "d", "o") if kind in offered]
        await (person.presses(known[0]) if known else person.says("Aminata Touré"))
    raise AssertionError(f"no appointment after {await person.screen()}")


CANCELLINGS = {
    "appointments to cancel": (">x:{}", ">yes"),
    "question whether to cancel": (">yes",),
    "appointment to cancel cannot be read": (">retry", ">yes"),
    "ticket": (">x:{}", ">yes"),
}


@pytest.mark.parametrize("name", CANCELLINGS)
async def test_the_old_buttons_cancel_an_appointment(bot: Continued, name: str) -> None:
    number = (await bot.appointments(name))[-1]["id"]
    await bot.person(name).takes(*(each.format(number) for each in CANCELLINGS[name]))
    status = {each["id"]: each["status"] for each in await bot.appointments(name)}
    assert status.pop(number) == "CANCELLED"
    assert set(status.values()) <= {"SCHEDULED"}, "and no other"


async def test_the_old_list_of_appointments_opens_their_tickets(bot: Continued) -> None:
    (appointment,) = await bot.appointments("appointments")
    await bot.person("appointments").presses(f"ticket:{appointment['id']}")
    *_, ticket, picture = await bot.news("appointments")
    assert str(appointment["id"]) in ticket.text
    assert picture.has_picture


async def test_the_old_retry_button_reads_the_appointments(bot: Continued) -> None:
    (appointment,) = await bot.appointments("appointments cannot be read")
    shown = await bot.person("appointments cannot be read").presses("retry")
    assert f"ticket:{appointment['id']}" in actions_of(shown)


async def test_an_empty_list_of_appointments_leads_to_booking(bot: Continued) -> None:
    assert "d:5" in actions_of(await bot.person("no appointments").presses("book"))


async def test_the_buttons_of_an_earlier_screen_stay_without_effect(bot: Continued) -> None:
    person = bot.person("booking dropped")
    old, data = await person.find("d:5")
    shown = await person.presses_in(old, data)
    assert is_menu(actions_of(shown))
    assert not any(each.startswith("day:") for each in actions_of(shown))


async def test_a_chosen_language_is_kept(bot: Continued) -> None:
    english = await bot.person("menu in English").says("/help")
    french = await bot.person("menu").says("/help")
    chosen = await bot.person("language chosen").says("/help")
    assert chosen.text == english.text != french.text


async def test_opting_out_of_announcements_is_kept_and_can_be_undone(bot: Continued) -> None:
    person = bot.person("no announcements")
    query = f"SELECT announcements FROM chats WHERE chat_id = {person.id}"  # noqa: S608 — a number of ours
    await person.sends_a_sticker()
    assert not bot.database.rows(query)[0][0]
    await person.presses("news:on")
    assert bot.database.rows(query)[0][0]


# --- announcements --------------------------------------------------------------------------------------------------

ADMIN = "admin: all announcements"
RUNNING = "Annonce en cours"
GETS_IT = {"again": 1, "pending": 1, "sent": 0, "sent too": 0, "unknown": 0, "sending": 0, "blocked": 0, "failed": 0}


async def test_a_running_broadcast_continues_and_nobody_gets_it_twice(bot: Continued) -> None:
    rows = {int(each["chat_id"]): each["status"] for each in await report(bot, 24)}
    assert {name: rows[NAMES[f"running: {name}"]] for name in (*GETS_IT, "skipped")} == {
        "again": "sent",
        "pending": "sent",
        "sent": "sent",
        "sent too": "sent",
        "unknown": "unknown",
        "sending": "unknown",
        "blocked": "blocked",
        "failed": "failed",
        "skipped": "skipped",
    }
    for name, count in GETS_IT.items():
        assert len(await bot.sent(f"running: {name}", RUNNING)) == count, name
        assert await bot.copies(f"running: {name}", RUNNING) <= 1, name
    assert await bot.sent("running: skipped", RUNNING) == []


async def test_progress_is_shown_in_the_old_progress_message(bot: Continued) -> None:
    old = bot.before[NAMES[ADMIN]]
    (before,) = [each.number for each in old if "*.bc:24:pause" in [button.data for button in each.buttons]]
    shown, _ = await bot.person(ADMIN).find("bc:24:csv")
    assert shown.number == before


async def report(bot: Continued, number: int) -> list[Json]:
    """The report of a broadcast as it came by itself."""
    admin = Admin(bot.bot.services.telegram, NAMES[ADMIN])
    name = f"broadcast-{number}.csv"

    async def which() -> int:
        kept = await admin.phone.transcript()
        documents = [each["message"]["document"] for each in kept if each["by_bot"] and "document" in each["message"]]
        reports = [each["file_name"] for each in documents if each["file_name"].startswith("broadcast-")]
        return len(reports) - reports[::-1].index(name) if name in reports else 0

    return await admin.report(await eventually(f"the report of {number} came", which))


async def test_a_pending_report_is_sent(bot: Continued) -> None:
    assert tally(await report(bot, 23)) == {"sent": 1}
    assert await bot.copies("composed for", "Annonce sans rapport") == 1


async def test_a_running_recall_continues(bot: Continued) -> None:
    assert tally(await report(bot, 6)) == {"recalled": 3}
    assert await bot.copies("done: third", "Annonce en cours de retrait") == 0


async def test_a_broadcast_that_was_being_prepared_is_sent_once(bot: Continued) -> None:
    assert tally(await report(bot, 25)) == {"sent": 1}
    assert await bot.copies("to come: prepared", "Annonce en préparation") == 1


async def test_the_old_button_resumes_a_paused_broadcast(bot: Continued) -> None:
    assert await bot.sent("paused: pending", "Annonce en pause") == []
    await bot.person(ADMIN).presses("bc:4:resume")
    assert tally(await report(bot, 4)) == {"sent": 2}
    assert await bot.copies("paused: pending", "Annonce en pause") == 1
    assert await bot.copies("paused: sent", "Annonce en pause") == 1


async def test_a_stopped_broadcast_is_sent_again_to_unknown_recipients_only(bot: Continued) -> None:
    assert await bot.copies("stopped: unknown", "Annonce arrêtée") == 0
    await bot.person(ADMIN).presses("bc:5:again")

    async def heard() -> int:
        return await bot.copies("stopped: unknown", "Annonce arrêtée")

    assert await eventually("the unknown one has it", heard) == 1
    assert await bot.copies("stopped: pending", "Annonce arrêtée") == 0


async def test_the_old_button_recalls_a_finished_broadcast(bot: Continued) -> None:
    people = ["done: first", "done: second", "done: third"]
    assert [await bot.copies(each, "Annonce terminée") for each in people] == [1, 1, 1]
    await bot.person(ADMIN).takes(">bc:1:recall", ">bc:1:recalling")

    async def gone() -> bool:
        return not any([await bot.copies(each, "Annonce terminée") for each in people])

    await eventually("all are taken back", gone)


async def test_the_old_button_starts_a_scheduled_broadcast_in_both_languages(bot: Continued) -> None:
    await bot.person(ADMIN).presses("bc:3:start")
    await bot.person(ADMIN).presses("bc:3:starting")
    assert tally(await report(bot, 3)) == {"sent": 2}
    assert await bot.copies("to come: French", "Annonce prévue") == 1
    assert await bot.copies("to come: English", "Announcement to come") == 1
    pictures = [each for each in await bot.news("to come: French") if "Annonce prévue" in each.text]
    assert [each.has_picture for each in pictures] == [True]


DRAFTS = {
    "message": ("Text of message", ">one", ">all"),
    "message in a language": ("Text in English", ">all"),
    "versions": (">one", ">all"),
    "audience": (">all",),
    "audience, with bold letters": (">all",),
    "language": (">lang:en",),
    "office": (">office:22",),
    "office cannot be read": (">retry", ">office:5"),
    "which days": ("06/03",),
    "aside": (">all",),
    "text not looked at": (">one", ">all"),
}


@pytest.mark.parametrize("name", DRAFTS)
async def test_a_draft_continues_in_its_state_up_to_the_preview(bot: Continued, name: str) -> None:
    admin = bot.person(f"admin: {name}")
    review = await admin.takes(*DRAFTS[name])
    assert {"now", "later"} <= set(actions_of(review))
    wanted = "Text of bold" if "bold" in name else f"Text of {name}"
    previews = [each for each in await bot.news(f"admin: {name}") if each.text.startswith(wanted)]
    assert len(previews) == 1
    assert previews[0].has_picture == (name == "audience")
    (sent,) = await heard_by(admin.phone, wanted)
    assert ("bold" in [each["type"] for each in sent.get("entities", ())]) == ("bold" in name)


READY = {
    "review": (">now", ">go"),
    "confirmation": (">go",),
}


@pytest.mark.parametrize("name", READY)
async def test_the_old_button_confirms_a_draft_and_it_is_sent_once(bot: Continued, name: str) -> None:
    await bot.person(f"admin: {name}").takes(*READY[name])
    people = {"review": ["composed for"], "confirmation": ["to come: French", "to come: English"]}[name]

    async def heard() -> bool:
        return all([await bot.copies(each, f"Text of {name}") for each in people])

    await eventually("all of them have it", heard)
    assert [await bot.copies(each, f"Text of {name}") for each in people] == [1] * len(people)


PLANNED = {
    "time": ("03/03 18:00", ">go"),
    "night": (">insist", ">go"),
    "confirmation for a night": (">go",),
}


@pytest.mark.parametrize("name", PLANNED)
async def test_the_old_button_schedules_a_draft(bot: Continued, name: str) -> None:
    admin = bot.person(f"admin: {name}")
    await admin.takes(*PLANNED[name])
    await admin.presses("start")
    await admin.presses("starting")
    await eventually("it is sent", lambda: bot.copies("composed for", f"Text of {name}"))
    assert await bot.copies("composed for", f"Text of {name}") == 1


async def test_a_new_broadcast_gets_a_new_number(bot: Continued) -> None:
    shown = await bot.person(ADMIN).says("/broadcast")
    numbers = {each.data.removeprefix("*.bc:").split(".")[0] for each in shown.buttons}
    assert numbers == {"26"}


# --- what the bot knew ----------------------------------------------------------------------------------------------


async def test_admins_get_no_second_alert_and_one_all_clear_for_an_old_operator_issue(bot: Continued) -> None:
    assert len(await bot.sent("admin: bystander")) == 1


async def test_a_former_admin_loses_the_admin_commands(bot: Continued) -> None:
    async def taken() -> bool:
        return bool((await bot.bot.services.calls()).get("deleteMyCommands"))

    await eventually("the commands are taken away", taken)


SAME_IN_BOTH = {
    test_a_conversation_continues_in_its_state_with_its_old_buttons,
    test_a_draft_continues_in_its_state_up_to_the_preview,
    test_the_old_list_of_appointments_opens_their_tickets,
    test_the_old_retry_button_reads_the_appointments,
    test_an_empty_list_of_appointments_leads_to_booking,
    test_the_buttons_of_an_earlier_screen_stay_without_effect,
    test_a_chosen_language_is_kept,
}
