"""`/agenda` and the list at seven: whose department, which day, once, and few requests."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from bot.app.ports import WriteOutcome
from bot.app.records import Change, DeliveryIds, StoredChat
from bot.app.roles import Roles
from bot.app.updates import FromCitizen
from bot.core.events import Commanded
from bot.core.model import Appointment, Department
from bot.operations.agenda import AgendaHandler, Agendas, MorningAgenda, saved_as
from bot.operations.agenda_views import Agenda, AgendaFailed, AgendaScreen, NoSuchDay
from bot.views.message import Message
from tests.app.fakes import FakeMoncreneau, ScriptedError

SEVEN = datetime.fromisoformat("2026-03-02T07:00")  # a Monday
FATOU, SEKOU, NEW = 900, 901, 902
ROLES = Roles.of([], [(5, FATOU), (6, FATOU), (5, SEKOU), (5, NEW)])


class Office:
    """A day of appointments, staff of whom `NEW` never wrote to the bot, and everything that is sent."""

    def __init__(self) -> None:
        self.now = SEVEN
        self.api = FakeMoncreneau()
        self.api.books = {50: Appointment(50, 5, SEVEN + timedelta(hours=2), "Aïssatou")}
        self.chats = {FATOU: StoredChat(FATOU, "", "fr"), SEKOU: StoredChat(SEKOU, "", "en")}
        self.saved: dict[str, str] = {}
        self.sent: list[tuple[int, str]] = []
        self.fails = 0
        agendas = Agendas(self, lambda number: Department(number, ""), lambda: self.now, with_names=False)  # type: ignore[arg-type]
        self.handler = AgendaHandler(agendas, ROLES, self.draw, self.locale_of, DeliveryIds())
        self.morning = MorningAgenda(
            agendas,
            ROLES,
            self.draw,
            store=self,
            office_time=lambda: self.now,
            commit=self.commit,
            ids=DeliveryIds(),
        )

    async def day(self, department_id: int, day: datetime) -> tuple[Appointment, ...]:
        if self.fails:
            self.fails -= 1
            raise ScriptedError(WriteOutcome.NOT_SENT)
        return await self.api.day(department_id, day)

    async def chat(self, chat_id: int) -> StoredChat | None:
        return self.chats.get(chat_id)

    async def saved_value(self, name: str) -> str | None:
        return self.saved.get(name)

    async def commit(self, change: Change) -> None:
        self.saved |= dict(change.saved_values)
        self.sent += [(each.chat_id, each.message.text) for each in change.queued]
        assert all(
            each.not_after == datetime.combine(self.now.date(), datetime.min.time()) + timedelta(hours=12)
            for each in change.queued
        )

    async def locale_of(self, _chat_id: int) -> str:
        return "fr"

    def draw(self, screen: AgendaScreen, locale: str) -> tuple[Message, ...]:
        match screen:
            case Agenda():
                return (Message(f"Service {screen.department.id} {screen.day} {len(screen.appointments)} {locale}"),)
            case AgendaFailed():
                return (Message(f"Service {screen.department.id} failed"),)
            case NoSuchDay():
                return (Message("which day?"),)

    async def says(self, argument: str = "", user: int = FATOU) -> list[str]:
        change = await self.handler.handle(
            user, FromCitizen(Commanded(at=self.now, name="agenda", argument=argument), user)
        )
        assert change
        return [each.message.text for each in change.queued]

    async def look(self) -> list[tuple[int, str]]:
        before = len(self.sent)
        await self.morning.look()
        return self.sent[before:]


async def test_staff_see_the_departments_that_are_theirs() -> None:
    office = Office()
    assert await office.says() == ["Service 5 2026-03-02 1 fr", "Service 6 2026-03-02 0 fr"]
    assert await office.says(user=SEKOU) == ["Service 5 2026-03-02 1 fr"]
    assert await office.handler.handle(FATOU, FromCitizen(Commanded(at=SEVEN, name="book"), FATOU)) is None


@pytest.mark.parametrize(("said", "day"), [("demain", "2026-03-03"), ("Friday", "2026-03-06"), ("25/12", "2026-12-25")])
async def test_a_day_is_named_as_people_say_it(said: str, day: str) -> None:
    assert (await Office().says(said, SEKOU))[0].split()[2] == day


async def test_what_is_no_day_is_asked_again_without_a_request() -> None:
    office = Office()
    assert await office.says("quand tu veux") == ["which day?"]
    assert office.api.days == []


async def test_a_list_that_was_just_read_serves_all_who_ask() -> None:
    office = Office()
    await office.says(user=SEKOU)
    await office.says(user=FATOU)
    assert office.api.days == [(5, SEVEN.date()), (6, SEVEN.date())]
    office.now += timedelta(minutes=2)
    await office.says(user=SEKOU)
    assert len(office.api.days) == 3


async def test_the_list_is_sent_at_seven_once_to_each_of_the_staff_who_can_be_written_to() -> None:
    office = Office()
    office.now = SEVEN - timedelta(minutes=1)
    assert await office.look() == []
    office.now = SEVEN
    assert await office.look() == [(FATOU, "Service 5 2026-03-02 1 fr"), (SEKOU, "Service 5 2026-03-02 1 en")]
    assert office.saved == {saved_as(5): "2026-03-02", saved_as(6): "2026-03-02"}, (
        "a day without appointments is not told"
    )
    assert await office.look() == []
    office.now += timedelta(days=1)
    office.chats[SEKOU] = replace(office.chats[SEKOU], left=True)
    office.api.books[50] = replace(office.api.books[50], at=office.now + timedelta(hours=2))
    assert await office.look() == [(FATOU, "Service 5 2026-03-03 1 fr")]


async def test_without_anybody_to_write_to_nothing_is_read() -> None:
    office = Office()
    office.chats = {}
    assert await office.look() == []
    assert (office.api.days, office.saved) == ([], {})


async def test_a_list_that_cannot_be_read_is_tried_again_and_told_once_from_nine_on() -> None:
    office = Office()
    office.fails = 2
    assert await office.look() == []
    office.now += timedelta(minutes=1)
    assert [text for _, text in await office.look()] == ["Service 5 2026-03-02 1 fr", "Service 5 2026-03-02 1 en"]
    office = Office()
    office.fails, office.now = 9, SEVEN + timedelta(hours=2)
    assert {text for _, text in await office.look()} == {"Service 5 failed", "Service 6 failed"}
    assert await office.look() == []


async def test_after_noon_no_list_is_sent() -> None:
    office = Office()
    office.now = SEVEN + timedelta(hours=5)
    assert await office.look() == []
