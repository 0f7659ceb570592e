"""Due timers become messages: once, together with the end of the timers, and only while they are true."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.app.conversations import ChatTurn
from bot.app.outbox import Outbox
from bot.app.rate_limits import WINDOW, ChatRateLimiter, GlobalRateLimiter
from bot.app.records import Change, Delivery, DeliveryIds, Kind, StoredChat, Urgency
from bot.app.reminders import Reminders
from bot.app.scheduler import Scheduler
from bot.core.appointment_book import Fact, Source
from bot.core.department_details import DetailPart
from bot.core.model import Appointment, AppointmentStatus, Department, FailureCode
from bot.core.rating import RatingAnswer, RatingCount, Score
from bot.core.reminders import Timer
from bot.core.screens import AskingRating, Missed, QrPicture, Reminder, Screen
from bot.core.states import Notice
from bot.storage.statistics import SqlStatistics
from bot.storage.store import Store
from bot.storage.timers import SqlTimerRepository
from bot.views.message import Message
from tests.app.fakes import FakeMessenger, FakeMoncreneau, refused
from tests.app.virtual_clock import in_no_time

BOOKED = datetime.fromisoformat("2026-03-02T09:00")
START = datetime.fromisoformat("2026-03-12T14:30")
R48, R3 = START - timedelta(hours=48), START - timedelta(hours=3)
PASSPORTS = Department(5, "Passeports")
MADE = Appointment(50, 5, START, "Aïssatou Bah", owner="telegram:7", qr_link="https://x.gn/50")


def draw(screen: Screen, locale: str, _notice: Notice | None, **more: bool) -> Message:
    locale = f"{locale}, for whom" if more.get("several_names") else locale
    match screen:
        case Reminder(tickets=tickets, version=version, changed=changed):
            named = ", ".join(f"{each.appointment.id} {each.department.name}" for each in tickets)
            return Message(f"{locale} reminder v{version}: {named}{''.join(f' {each}!' for each in changed)}")
        case QrPicture(ticket=ticket):
            return Message("qr", qr_link=ticket.appointment.qr_link)
        case Missed(ticket=ticket):
            return Message(f"{locale} missed: {ticket.appointment.id}")
        case AskingRating(ticket=ticket):
            return Message(f"{locale} rate: {ticket.appointment.id} {ticket.department.name}")
        case _:
            raise AssertionError(screen)


@dataclass
class RemindersSetup:
    """A store, reminders and a scheduler; turns wait until they are played."""

    store: Store
    api: FakeMoncreneau = field(default_factory=lambda: FakeMoncreneau((PASSPORTS,)))
    now: datetime = BOOKED
    changed: tuple[DetailPart, ...] = ()
    turns: deque[tuple[int, ChatTurn, Callable[[], None]]] = field(default_factory=deque)

    def __post_init__(self) -> None:
        self.timers = SqlTimerRepository(self.store)
        self.reminders = Reminders(
            store=self.store,
            timers=self.timers,
            api=self.api,
            render=draw,
            office_time=lambda: self.now,
            ids=DeliveryIds(),
            changed=lambda _entry, locale: self.changed if locale == "fr" else (),
        )
        self.scheduler = Scheduler(self.timers, self.reminders.turn, self._play, lambda: self.now)

    def _play(self, chat_id: int, turn: ChatTurn, then: Callable[[], None]) -> None:
        self.turns.append((chat_id, turn, then))

    async def knows(self, *made: Appointment, chat: int = 7, source: Source = Source.ATTEMPT, **of_chat: Any) -> None:
        facts = tuple(Fact(each.id, chat, self.now, source, each) for each in made)
        await self.store.commit(Change(chat=StoredChat(chat, "session", "fr", **of_chat), facts=facts))

    async def looks(self, at: datetime) -> list[Delivery]:
        """Everything that is due at this time is played to its end."""
        self.now = at
        await self.scheduler.look()
        queued: list[Delivery] = []
        while self.turns:
            _, turn, then = self.turns.popleft()
            change = await turn()
            await self.store.commit(change)
            then()
            queued += change.queued
        return queued

    async def left_over(self) -> tuple[Timer, ...]:
        return await self.timers.of_chat(7)


@pytest.fixture
async def setup(tmp_path: Path) -> AsyncIterator[RemindersSetup]:
    store = await Store(f"sqlite+aiosqlite:///{tmp_path / 'bot.db'}").open()
    yield RemindersSetup(store)
    await store.close()


def texts(deliveries: list[Delivery]) -> list[str]:
    return [each.message.text for each in deliveries]


async def test_a_chat_with_two_names_is_told_for_whom(setup: RemindersSetup) -> None:
    later = replace(MADE, id=51, at=START + timedelta(days=5), name="Fatou Camara")
    await setup.knows(MADE, later)
    (first,) = await setup.looks(R48)
    assert first.message.text == "fr, for whom reminder v0: 50 Passeports"
    cancelled = Fact(51, 7, setup.now, Source.ATTEMPT, replace(later, status=AppointmentStatus.CANCELLED))
    await setup.store.commit(Change(facts=(cancelled,)))
    assert texts(await setup.looks(R3)) == ["fr reminder v0: 50 Passeports"], "one name is left"


async def test_both_reminders_come_at_their_hour_and_cost_no_request_about_the_appointment(
    setup: RemindersSetup,
) -> None:
    await setup.knows(MADE)
    assert await setup.looks(R48 - timedelta(minutes=1)) == []
    (first,) = await setup.looks(R48)
    assert (first.message.text, first.kind) == ("fr reminder v0: 50 Passeports", Kind.SEND)
    assert first.urgency is Urgency.NOTICE
    assert first.ticket == 50, "it is changed like the ticket when it becomes untrue"
    assert (first.not_after, first.about, first.silent) == (R48.replace(hour=21, minute=0), ((50, 0),), False)
    assert await setup.looks(R48 + timedelta(hours=1)) == []
    (second,) = await setup.looks(R3)
    assert second.message.text == first.message.text
    assert await setup.left_over() == ()
    assert setup.api.needs == []
    assert (setup.reminders.counts.sent, setup.reminders.counts.dropped) == (2, 0)


async def test_a_reminder_says_what_changed_in_the_language_of_the_chat(setup: RemindersSetup) -> None:
    await setup.knows(MADE, replace(MADE, id=51, at=START + timedelta(hours=1)))
    setup.changed = (DetailPart.BRING,)
    assert texts(await setup.looks(R48)) == ["fr reminder v0: 50 Passeports, 51 Passeports bring!"]


async def test_the_second_comes_with_the_qr_code_where_telegram_has_its_picture(setup: RemindersSetup) -> None:
    await setup.knows(MADE)
    await setup.store.commit(Change(picture=("https://x.gn/50", "file-1")))
    assert texts(await setup.looks(R48)) == ["fr reminder v0: 50 Passeports"]
    _, picture = await setup.looks(R3)
    assert (picture.kind, picture.message.qr_link, picture.silent) == (Kind.PICTURE, "https://x.gn/50", True)
    assert (picture.urgency, picture.about) == (Urgency.BULK, ((50, 0),))


async def test_a_turn_killed_before_its_commit_is_repeated_and_one_killed_after_it_is_not(
    setup: RemindersSetup,
) -> None:
    await setup.knows(MADE)
    setup.now = R48
    lost = await setup.reminders.turn(7)
    assert len(lost.queued) == 1
    again = await setup.reminders.turn(7)
    assert texts(list(again.queued)) == texts(list(lost.queued))
    await setup.store.commit(again)
    assert await setup.reminders.turn(7) == Change()
    assert len([each async for each in setup.store.open_deliveries()]) == 1


async def test_a_moved_appointment_is_reminded_of_at_its_new_time_and_a_cancelled_one_not(
    setup: RemindersSetup,
) -> None:
    await setup.knows(MADE, replace(MADE, id=51, at=START + timedelta(days=1)))
    setup.now = BOOKED + timedelta(minutes=1)
    await setup.knows(replace(MADE, at=START + timedelta(days=2)), source=Source.WEBHOOK)
    await setup.knows(replace(MADE, id=51, status=AppointmentStatus.CANCELLED), source=Source.WEBHOOK)
    assert await setup.looks(R48 + timedelta(days=1)) == []
    assert texts(await setup.looks(R48 + timedelta(days=2))) == ["fr reminder v1: 50 Passeports"]


async def test_the_appointments_of_a_day_come_in_one_message(setup: RemindersSetup) -> None:
    await setup.knows(MADE, replace(MADE, id=51, at=START - timedelta(hours=4)))
    (message,) = await setup.looks(R48 - timedelta(hours=4))
    assert message.message.text == "fr reminder v0: 51 Passeports, 50 Passeports"
    assert (message.about, message.ticket) == (((51, 0), (50, 0)), None)
    assert await setup.looks(R48) == []


async def test_chats_that_left_or_want_no_reminders_get_none_and_returning_in_time_brings_them_back(
    setup: RemindersSetup,
) -> None:
    await setup.knows(MADE)
    await setup.store.commit(Change(left=7))
    assert await setup.looks(R48) == []
    setup.now = R48
    assert await setup.reminders.turn(7) == Change(), "it left after the look"
    await setup.store.commit(Change(returned=7))
    assert len(await setup.looks(R48 + timedelta(minutes=5))) == 1
    await setup.knows(reminders=False)
    assert await setup.looks(R3) == []
    assert await setup.left_over() == ()


async def test_after_an_outage_late_ones_are_sent_and_useless_ones_dropped(setup: RemindersSetup) -> None:
    await setup.knows(MADE, replace(MADE, id=51, at=START - timedelta(days=1)))
    assert texts(await setup.looks(START - timedelta(hours=24, minutes=30))) == ["fr reminder v0: 50 Passeports"]
    assert setup.reminders.counts.dropped == 2, "both of the other, which began an hour ago"


async def test_of_a_department_that_is_gone_nothing_is_said_and_without_names_by_its_number(
    setup: RemindersSetup,
) -> None:
    await setup.knows(MADE)
    setup.api.reads.append(refused(FailureCode.DOWN))
    assert texts(await setup.looks(R48)) == ["fr reminder v0: 50 "]
    setup.api.offices = (Department(6, "Mairie"),)
    assert await setup.looks(R3) == []
    assert (setup.reminders.counts.sent, setup.reminders.counts.dropped) == (1, 1)


async def test_a_missed_appointment_is_asked_about_the_next_morning(setup: RemindersSetup) -> None:
    await setup.knows(MADE)
    setup.now = START + timedelta(hours=3)
    await setup.knows(replace(MADE, status=AppointmentStatus.NO_SHOW), source=Source.READING, reminders=False)
    assert await setup.looks(START.replace(hour=20)) == []
    assert texts(await setup.looks(START.replace(hour=9, minute=0) + timedelta(days=1))) == ["fr missed: 50"]


CAME = replace(MADE, status=AppointmentStatus.COMPLETED)


async def comes(setup: RemindersSetup, number: int = 50, days: int = 0, **of_chat: Any) -> None:
    """The citizen has an appointment and comes, which the office notes five minutes later."""
    start = START + timedelta(days=days)
    setup.now = start - timedelta(days=1)
    await setup.knows(replace(MADE, id=number, at=start), **of_chat)
    setup.now = start + timedelta(minutes=5)
    await setup.knows(replace(CAME, id=number, at=start), source=Source.WEBHOOK, **of_chat)


async def test_who_came_is_asked_once_and_the_question_is_open_until_it_is_answered(setup: RemindersSetup) -> None:
    await comes(setup)
    assert await setup.looks(START + timedelta(minutes=119)) == []
    (question,) = await setup.looks(START + timedelta(hours=2))
    assert (question.message.text, question.ticket, question.silent) == ("fr rate: 50 Passeports", None, False)
    assert (question.not_after, question.urgency) == (START.replace(hour=20, minute=0), Urgency.NOTICE)
    assert await setup.looks(START + timedelta(hours=3)) == []
    assert setup.api.needs == [], "no request about the appointment"
    assert setup.reminders.counts.sent == 0, "it is no reminder"
    assert await setup.store.has_question(7, 50)
    assert not await setup.store.has_question(8, 50), "it is another chat's"
    week = START.date() - timedelta(days=START.weekday())
    for _ in range(2):
        await setup.store.commit(Change(rated=RatingAnswer(7, 50, Score.GOOD)))
        assert not await setup.store.has_question(7, 50)
        assert await SqlStatistics(setup.store).ratings(week) == (RatingCount(5, week, Score.GOOD, 1),)


async def test_a_chat_is_asked_about_one_visit_in_thirty_days(setup: RemindersSetup) -> None:
    for days, expected in ((0, 1), (29, 0), (30, 1)):
        await comes(setup, 50 + days, days)
        assert len(await setup.looks(START + timedelta(days=days, hours=2))) == expected, days
        assert await setup.left_over() == ()


async def test_nobody_is_asked_who_did_not_come_or_does_not_want_to_be(setup: RemindersSetup) -> None:
    await comes(setup, ratings=False)
    await setup.knows(
        replace(MADE, id=51, status=AppointmentStatus.CANCELLED),
        replace(MADE, id=52),
        source=Source.LIST,
        ratings=False,
    )
    assert await setup.looks(START + timedelta(hours=2)) == []
    assert not await setup.store.has_question(7, 50)
    await setup.knows(ratings=True)
    assert await setup.looks(START + timedelta(hours=3)) == [], "the wish counts that held when it was due"


async def test_coming_appointments_of_an_earlier_release_get_their_timers_once(setup: RemindersSetup) -> None:
    await setup.knows(MADE, replace(MADE, id=51, at=BOOKED - timedelta(hours=1)))
    await setup.store.commit(Change(disarmed=(50, 51)))
    await setup.timers.arm_known(BOOKED)
    armed = await setup.left_over()
    assert [each.appointment_id for each in armed] == [50, 50]
    await setup.store.commit(Change(fired=armed))
    await setup.timers.arm_known(BOOKED)
    assert await setup.left_over() == ()


@in_no_time
async def test_many_reminders_at_once_go_out_at_the_pace_and_citizens_do_not_wait_for_them(tmp_path: Path) -> None:
    chats, rate = range(1000, 1270), 27
    store = await Store(f"sqlite+aiosqlite:///{tmp_path / 'bot.db'}").open()
    setup, messenger, loop = RemindersSetup(store), FakeMessenger(), asyncio.get_running_loop()
    for chat in chats:
        await setup.knows(replace(MADE, id=chat), chat=chat)
    waiting = await setup.looks(R48)
    outbox = Outbox(store, messenger, GlobalRateLimiter(rate), ChatRateLimiter(1), office_time=lambda: setup.now)
    began = loop.time()
    outbox.accept(waiting)
    asked: dict[int, float] = {}
    while outbox.waiting:
        answer = Delivery(2 * waiting[-1].id + len(asked), 7 + len(asked), Kind.SEND, Message("answer"))
        asked[answer.id] = loop.time()
        outbox.accept((answer,))
        await asyncio.sleep(1)
    heard = {delivery.id: at for at, delivery, _ in messenger.heard}
    assert len(waiting) == len(chats)
    took = max(heard[each.id] for each in waiting) - began
    assert took <= (len(chats) + len(asked)) / rate * WINDOW
    assert max(heard[number] - at for number, at in asked.items()) <= WINDOW + 0.1
    await outbox.stop(1.0)
    await store.close()
