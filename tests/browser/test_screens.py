"""Every screen of the bot on the chat page, on a phone of 360 by 640: the question and the first button are in sight.

With SCREENSHOTS=folder in the environment a picture of each screen in each language is kept there.
"""

import os
from collections.abc import Iterator
from dataclasses import asdict, replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import httpx
import pytest
from playwright.async_api import Page, expect

from bot.core.department_details import DepartmentDetails, DetailPart
from bot.core.health import OperatorIssue
from bot.core.model import (
    AppointmentStatus,
    Day,
    Department,
    Draft,
    Failure,
    FailureCode,
    ListedAlert,
    OpeningHours,
    Ticket,
    Worker,
)
from bot.core.rating import DepartmentRatings
from bot.core.screens import (
    Announcements,
    Cancelled,
    CancelledByOthers,
    DepartmentInfo,
    Menu,
    People,
    Reminder,
    Screen,
    TicketShown,
    Where,
)
from bot.core.states import (
    BookingRefusedState,
    ChoosingDay,
    ChoosingDepartment,
    ChoosingNearest,
    ChoosingTime,
    ConfirmingBooking,
    Listing,
    LoadingAppointments,
    Notice,
    Purpose,
    TypingName,
)
from bot.i18n import Translator
from bot.operations import agenda_views, blocking_views
from bot.operations.agenda_views import AgendaFailed, NoSuchDay
from bot.operations.blocking_views import Blocked, Mistake, Recorded, Refused
from bot.operations.statistics_views import statistics
from bot.operations.views import alert, special_help, status
from bot.sandbox.serving import serving
from bot.sandbox.telegram import TelegramSandbox, create_app
from bot.telegram.messenger import keyboard
from bot.telegram.qr import qr_png
from bot.views.general import group_hint
from bot.views.message import Message, Office
from bot.views.render import render
from tests.broadcast.pages import every_screen
from tests.browser.conftest import OpenPage
from tests.core.examples import (
    COURT,
    DAYS,
    DEPARTMENTS,
    FULL,
    NINE,
    NOW,
    OTHER,
    PASSPORTS,
    SUNDAY,
    TEN_ON_MONDAY,
    TICKET,
    TIMED,
    known,
)
from tests.operations.test_agenda_views import AGENDA
from tests.operations.test_blocking_views import ENTRY as BLOCK
from tests.operations.test_statistics_views import COUNTS, named
from tests.operations.test_views import FINE
from tests.views.pages import EN, FR, SCREENS

AISSATOU = 1_000_101
VIEW = 470
"""What Telegram for Android leaves for messages on a screen of 360 by 640 points: without its bars, and the phone's."""
FOLDER = os.environ.get("SCREENSHOTS")
LONG = tuple(
    Department(10 + n, f"Direction nationale des affaires {name} et du contentieux", "Ministère de la Justice")
    for n, name in enumerate(("civiles", "pénales", "sociales", "foncières"))
)
OFFICE = Office(today=NOW.date(), departments=DEPARTMENTS, contact="620 00 00 00, de 8 h à 16 h")
EIGHT_LONG = tuple(
    Department(20 + n, f"Direction nationale des affaires {name} et du contentieux", "Ministère de la Justice")
    for n, name in enumerate(("a", "b", "c", "d", "e", "f", "g", "h"))
)
MINISTRIES = tuple(Department(n, f"Service {n}", f"Ministère de la direction {n}") for n in range(12))
MANY = tuple(Department(n, f"Service {n}", f"Ministère {n % 4}") for n in range(60))
DESCRIBED = replace(
    PASSPORTS,
    description="Demande et retrait du passeport. Apportez l’extrait de naissance, la carte d’identité, deux photos et "
    "le reçu de paiement ; les mineurs viennent avec un parent. Le retrait se fait le matin seulement.",
    opening_hours=tuple(
        OpeningHours(day, *span) for day in range(5) for span in ((time(8), time(12)), (time(13), time(16, 30)))
    ),
)
MOVED = replace(FULL, asked=NINE)
PAPERS = DepartmentDetails(
    before="Le timbre fiscal se paie avant le rendez-vous, à la perception ou par mobile money.",
    bring=("Ancien passeport", "Extrait de naissance de moins de trois mois", "2 photos d’identité", "Reçu du timbre"),
    address="Almamya, Kaloum",
    landmark="En face de la poste",
    phone="+224 620 00 00 00",
    notice="Entrée par la cour, porte B.",
    pin=(9.5092, -13.7122),
    closed=frozenset({SUNDAY}),
)
TOLD = replace(OFFICE, details={PASSPORTS.id: PAPERS})
FULLY_TOLD = replace(OFFICE, details={PASSPORTS.id: replace(PAPERS, bring=("Extrait de naissance " * 4,) * 15)})
EVERY_QUARTER = tuple(datetime.combine(SUNDAY, time(8)) + timedelta(minutes=15 * n) for n in range(32))


FAMILY = replace(OFFICE, several_names=True)
FOR_WHOM = (
    "new ticket",
    "picture",
    "asking before cancelling",
    "confirming a move",
    "move refused",
    "both stand",
    "moved",
    "news, cancelled",
    "news, moved",
    "reminder",
    "reminder, several",
    "calendar file",
    "my data",
)


def in_status(status: AppointmentStatus, ticket: Ticket = TICKET) -> Ticket:
    return replace(ticket, appointment=replace(ticket.appointment, status=status))


def listed(count: int) -> tuple[Ticket, ...]:
    """So many appointments; the first two have the same time."""
    return tuple(
        replace(
            TICKET,
            appointment=replace(TICKET.appointment, id=12345 + n, at=TICKET.appointment.at + timedelta(days=max(1, n))),
        )
        for n in range(count)
    )


BUSY: dict[str, tuple[Screen, Office]] = {
    "menu of organisations": (
        Menu(greeting=True, name="Aïssatou"),
        replace(OFFICE, departments=tuple(Department(n, f"Service {n}", f"Ministère {n % 4}") for n in range(12))),
    ),
    "long names": (ChoosingDepartment(LONG), OFFICE),
    "menu of eight long names": (Menu(), replace(OFFICE, departments=EIGHT_LONG)),
    "menu of twelve organisations": (Menu(), replace(OFFICE, departments=MINISTRIES)),
    "eight long names": (ChoosingDepartment(EIGHT_LONG), OFFICE),
    "pages of long names": (ChoosingDepartment(EIGHT_LONG * 2), OFFICE),
    "today": (SCREENS["choosing a day"], replace(OFFICE, today=date(2026, 1, 25))),
    "one department": (ChoosingDepartment((PASSPORTS,)), OFFICE),
    "menu without departments": (Menu(greeting=True), replace(OFFICE, departments=())),
    "menu of one organisation": (
        Menu(),
        replace(OFFICE, departments=tuple(replace(each, organization="") for each in MANY)),
    ),
    "many departments": (ChoosingDepartment(MANY, page=3), OFFICE),
    "department with description": (ChoosingDay(Draft(DESCRIBED), DAYS, NINE), OFFICE),
    "many days": (
        ChoosingDay(Draft(PASSPORTS), tuple(Day(SUNDAY + timedelta(days=n), n + 1) for n in range(30)), NINE, page=1),
        OFFICE,
    ),
    "days that are perhaps free": (
        ChoosingDay(Draft(PASSPORTS), tuple(replace(each, perhaps=True) for each in DAYS), NINE),
        OFFICE,
    ),
    "many times": (ChoosingTime(Draft(PASSPORTS), SUNDAY, EVERY_QUARTER), OFFICE),
    "afternoon": (ChoosingTime(Draft(PASSPORTS), SUNDAY, EVERY_QUARTER, afternoon=True), OFFICE),
    "six nearest": (
        ChoosingNearest(FULL, (*EVERY_QUARTER[:3], *(at + timedelta(days=1) for at in EVERY_QUARTER[:3]))),
        OFFICE,
    ),
    "first name ever": (TypingName(TIMED), OFFICE),
    "time moved, name": (TypingName(replace(MOVED, name=None)), OFFICE),
    "time moved, summary": (ConfirmingBooking(MOVED), OFFICE),
    "ticket to be paid": (TicketShown(in_status(AppointmentStatus.PENDING_PAYMENT), fresh=True), OFFICE),
    "ticket at another time": (TicketShown(TICKET, fresh=True, asked=TEN_ON_MONDAY), OFFICE),
    **{f"ticket {status}": (TicketShown(in_status(status)), OFFICE) for status in AppointmentStatus},
    **{f"refused, {code}": (BookingRefusedState(FULL, Failure(code)), OFFICE) for code in FailureCode},
    "refused, wrong staff number": (
        BookingRefusedState(replace(FULL, department=COURT, worker=Worker(5, "")), Failure(FailureCode.BAD_REQUEST)),
        OFFICE,
    ),
    "list, full page": (Listing(listed(30), Purpose.VIEW, page=1, past=(OTHER,)), OFFICE),
    "list, full page with three alerts": (
        Listing(
            listed(30),
            Purpose.VIEW,
            page=1,
            past=(OTHER,),
            alerts=(ListedAlert(PASSPORTS, TICKET.appointment), ListedAlert(LONG[0]), ListedAlert(LONG[1])),
        ),
        OFFICE,
    ),
    "list, two at one time": (Listing(listed(2), Purpose.VIEW), OFFICE),
    "list to cancel from": (Listing((TICKET, OTHER), Purpose.CANCEL), OFFICE),
    "cancelling not accepted": (
        LoadingAppointments(Purpose.CANCEL, 12345, failure=Failure(FailureCode.BAD_REQUEST)),
        OFFICE,
    ),
    "list failed": (LoadingAppointments(Purpose.VIEW, failure=Failure(FailureCode.DOWN)), OFFICE),
    "announcements started": (Announcements(wanted=True, changed=True), OFFICE),
    "announcements stopped": (Announcements(wanted=False, changed=True), OFFICE),
    "news, cancelled by somebody": (CancelledByOthers(TICKET), OFFICE),
    "days, with what to bring": (ChoosingDay(Draft(DESCRIBED), DAYS, NINE), TOLD),
    "times, with what to bring": (ChoosingTime(Draft(PASSPORTS), SUNDAY, (NINE,), is_first=True), TOLD),
    "what to bring, all of it": (DepartmentInfo(PASSPORTS.id, back=True), TOLD),
    "what to bring, at most": (DepartmentInfo(PASSPORTS.id), FULLY_TOLD),
    "summary, with what to know before": (ConfirmingBooking(FULL), TOLD),
    "summary of a move, with what to know before": (SCREENS["confirming a move"], TOLD),
    "ticket, with what to bring": (TicketShown(TICKET, fresh=True), TOLD),
    "ticket, cut": (TicketShown(TICKET, fresh=True), FULLY_TOLD),
    "reminder, with what changed": (Reminder((TICKET,), 3, changed=tuple(DetailPart)), TOLD),
    "reminder of several, with what to bring": (Reminder((TICKET, TICKET), 3), TOLD),
    "place": (Where(PASSPORTS.id), TOLD),
    "six names": (TypingName(FULL, (*(f"Elhadj Mamadou {n} Diallo" for n in range(5)), "Fatou Bah")), OFFICE),
    "one more person, name": (TypingName(replace(TIMED, not_for="Bah"), ("Aïssatou Bah",), for_other=True), OFFICE),
    "five people": (People(known(*(f"Elhadj Mamadou {n} Diallo" for n in range(5)))), OFFICE),
    **{f"family, {name}": (SCREENS[name], FAMILY) for name in FOR_WHOM},
    "family, list": (Listing((*listed(2), OTHER), Purpose.VIEW), FAMILY),
    "cancelled, to be paid": (Cancelled(in_status(AppointmentStatus.PENDING_PAYMENT)), OFFICE),
}
ALL = {**{name: (screen, OFFICE) for name, screen in SCREENS.items()}, **BUSY}


def messages(t: Translator) -> Iterator[tuple[str, Message]]:
    """Every message there is, each under its name: of citizens, of groups, of admins.

    No screen is drawn twice, with and without a notice: that stands above and moves nothing.
    """
    for name, (screen, office) in ALL.items():
        yield name, render(screen, t, office=office)
    for notice in Notice:
        yield f"notice {notice}", render(Menu(), t, notice, office=OFFICE)
    yield "group", group_hint(t, "moncreneau_bot")
    yield "help of admins", special_help(t, OFFICE, admin=True, staff=True)
    yield "status of the bot", status(FINE, t, OFFICE, UTC, str)
    for code in (FailureCode.OUT_OF_CREDITS, FailureCode.NO_ACCESS):
        for present in (True, False):
            yield f"alert {code} {present}", alert(OperatorIssue(code), t, str, present=present)
    yield from every_screen(t)
    rated = (DepartmentRatings(5, (5, 4, 3, 2, 1)), DepartmentRatings(6, (12, 0, 0, 0, 1)))
    yield "statistics", statistics(COUNTS, rated, date(2026, 3, 4), t, named)
    yield "statistics, nothing yet", statistics((), (), date(2026, 3, 4), t, named)
    for mistake in Mistake:
        yield f"block, {mistake}", blocking_views.render(Refused(mistake, "block", 2**40, BLOCK), t)
    for told in (Recorded(BLOCK), Recorded(replace(BLOCK, is_blocked=False)), Blocked((BLOCK,) * 3), Blocked(())):
        yield f"block, {type(told).__name__}", blocking_views.render(told, t)
    failed = AgendaFailed(Department(5, "Passeports"), SUNDAY, Failure(FailureCode.BUSY, NOW))
    for day in (AGENDA, replace(AGENDA, with_names=True, appointments=AGENDA.appointments * 12), failed, NoSuchDay()):
        for part in agenda_views.render(day, t, OFFICE):
            yield f"agenda, {type(day).__name__}", part


# A page to read has no question below its heading: who reads it scrolls up. The list is checked to be needed.
TO_READ = {
    "help": "all commands",
    "privacy": "all that is kept",
    "family, my data": "all that is kept",
    "what to bring, at most": "the office's own text, as long as it may be",
    "ticket, with what to bring": "the office's own text; in sight is its end, with the link",
    "ticket, cut": "the office's own text, as long as it may be; in sight is its end, with the link",
    "reminder of several, with what to bring": "the office's own text; in sight is its end",
    "agenda, Agenda": "all appointments of a day",
    "announcement at night": "a report with its history",
    "announcement paused": "a report with its history",
    "announcement recalled": "a report with its history",
    "announcement stopped": "a report with its history",
    "announcement done": "a report with its history",
}

# Choices in one column of long names: fewer at once would cost those further down a tap more.
TALL = {"menu of eight long names", "menu of twelve organisations", "eight long names", "pages of long names"}

# Distances from the end of the chat, where the newest message stands as on Telegram, so that one page measures all
# messages. `asked` is the question, the last words in bold; a message that asks nothing tells when: day and hour.
HEIGHTS = """all => all.map(message => {
    const end = message.getBoundingClientRect().bottom;
    const above = each => each ? end - each.getBoundingClientRect().top : 0;
    const text = message.querySelector('.text');
    const bold = text ? [...text.querySelectorAll('b, strong')] : [];
    const words = text ? [...text.childNodes].filter(each => !each.classList?.contains('meta')) : [];
    const asks = bold.length > 0 && words.findLast(each => each.textContent.trim()) === bold.at(-1);
    const when = bold.find(each => /\\d\\d:\\d\\d/.test(each.textContent));
    return {
        top: text ? end - text.getBoundingClientRect().top - parseFloat(getComputedStyle(text).paddingTop) : 0,
        asked: above(asks ? bold.at(-1) : when ?? bold.at(-1)),
        button: above(message.querySelector('.keyboard .key')),
        cut: [...message.querySelectorAll('.keyboard .label')]
            .filter(each => each.scrollWidth > each.clientWidth)
            .map(each => each.textContent),
    };
})"""
AT_END = """(scroll, number) => {
    const message = scroll.querySelectorAll('[data-testid=message].in')[number];
    const below = message.getBoundingClientRect().bottom - scroll.getBoundingClientRect().bottom;
    const padding = parseFloat(getComputedStyle(scroll).paddingBottom);
    scroll.scrollTo({ top: scroll.scrollTop + below + padding, behavior: 'instant' });
}"""
ROOM = """scroll => scroll.clientHeight - parseFloat(getComputedStyle(scroll).paddingBottom)"""


async def show(http: httpx.AsyncClient, token: str, message: Message) -> None:
    """Send it as the bot does."""
    body = {"chat_id": str(AISSATOU), "parse_mode": "HTML"}
    if message.rows:
        body["reply_markup"] = keyboard(message, 7)
    if message.place:
        del body["parse_mode"]
        answer = await http.post(f"/bot{token}/sendVenue", data={**body, **asdict(message.place)})
    elif message.qr_link is None:
        answer = await http.post(f"/bot{token}/sendMessage", data={**body, "text": message.text})
    else:
        picture = {"photo": ("qr.png", qr_png(message.qr_link), "image/png")}
        answer = await http.post(f"/bot{token}/sendPhoto", data={**body, "caption": message.text}, files=picture)
    assert answer.is_success, answer.text


@pytest.mark.parametrize("t", [FR, EN], ids=["fr", "en"])
async def test_the_question_and_the_buttons_of_every_screen_are_in_sight(t: Translator, open_page: OpenPage) -> None:
    config = TelegramSandbox(limits=None)
    every = list(messages(t))
    names = [name for name, _ in every]
    async with serving(create_app(config)) as url, httpx.AsyncClient(base_url=url) as http:
        await http.post(f"/__sandbox/chats/{AISSATOU}/say", json={"text": "/start"})
        for _, message in every:
            await show(http, config.token, message)
        page = await open_page(f"{url}/?who={AISSATOU}", width=360, height=640)
        shown = page.locator("[data-testid=message].in")
        await expect(shown).to_have_count(len(every), timeout=30_000)
        await expect(shown.last.locator(".bubble")).to_be_in_viewport()  # the chat stands at its end
        room = await page.locator("#scroll").evaluate(ROOM)
        heights = list(zip(names, await shown.evaluate_all(HEIGHTS), strict=True))
        if FOLDER:
            await take_pictures(page, [f"{t.locale} {name}" for name in names])
        await page.close()  # before the server: a page whose stream of updates breaks off reports an error
    assert room < VIEW
    out_of_sight = {name for name, each in heights if each["asked"] > room}
    allowed = TO_READ.keys() | TALL
    assert sorted(out_of_sight - allowed) == []
    assert t is EN or out_of_sight == allowed  # French is the longer one
    # What a notice or a greeting says stands first, and is read whole.
    assert [name for name, each in heights if each["top"] > room and name.startswith(("notice ", "greeting"))] == []
    assert [name for name, each in heights if each["button"] > room and name not in TALL] == []
    assert [(name, label) for name, each in heights for label in each["cut"]] == []


async def take_pictures(page: Page, names: list[str]) -> None:
    """Take one of each message as it stands at the end of the chat."""
    for number, name in enumerate(names):
        await page.locator("#scroll").evaluate(AT_END, number)
        await page.screenshot(path=str(Path(str(FOLDER)) / f"{name.replace('/', ' ')}.png"), animations="disabled")
