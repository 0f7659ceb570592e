"""Asking for an alert, stopping it and opening its offers: every answer has its words, every write its turn."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from bot.app.place_alerts import PlaceAlerts
from bot.app.records import Change, StoredChat
from bot.core.appointment_book import Fact, Source
from bot.core.earlier_places import PlaceAlert, told
from bot.core.effects import AskAlert, LoadOffer, NoteGone, PlaceAlertEffect, StopAlert
from bot.core.events import AlertAsked, Event, OfferLoaded
from bot.core.model import Appointment, AppointmentStatus, Department, ListedAlert, Ticket
from bot.core.states import Notice
from bot.storage.place_alerts import SqlPlaceAlertRepository
from bot.storage.store import Store

NOW = datetime.fromisoformat("2026-03-02T10:00")
START = NOW + timedelta(days=10)
PASSPORTS = Department(5, "Passeports")
MADE = Appointment(50, 5, START, "Aïssatou Bah", worker_id=3)
SLOT = START - timedelta(days=2)
NAMES = ((50, "Aïssatou Bah"), (51, "Binta Bah"))


class AlertsSetup:
    """Alerts of chats in a store."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.repository = SqlPlaceAlertRepository(store)
        self.alerts = PlaceAlerts(store, self.repository, lambda: (PASSPORTS,))
        self.now = NOW

    async def knows(self, made: Appointment, chat_id: int = 7) -> None:
        fact = Fact(made.id, chat_id, NOW - timedelta(days=1), Source.ATTEMPT, made)
        await self.store.commit(Change(chat=StoredChat(chat_id, "session", "fr"), facts=(fact,)))

    async def does(self, asked: PlaceAlertEffect, chat_id: int = 7) -> Event | None:
        event, works = await self.alerts.answer(chat_id, asked, self.now)
        await self.store.commit(Change(works=works))
        return event

    async def stored(self) -> list[PlaceAlert]:
        return [each.alert for each in await self.repository.all()]


@pytest.fixture
async def setup(tmp_path: Path) -> AsyncIterator[AlertsSetup]:
    store = await Store(f"sqlite+aiosqlite:///{tmp_path / 'bot.db'}").open()
    setup = AlertsSetup(store)
    await setup.knows(MADE)
    yield setup
    await store.close()


async def test_asking_under_an_appointment_stores_what_is_wanted(setup: AlertsSetup) -> None:
    answer = await setup.does(AskAlert(50))
    entry = await setup.store.entry(50)
    assert entry
    assert answer == AlertAsked(at=NOW, department=PASSPORTS, ticket=Ticket(entry.appointment, PASSPORTS))
    assert await setup.stored() == [PlaceAlert(7, 5, NOW, appointment_id=50, worker_id=3)]
    assert await setup.alerts.listed(7, NOW) == (ListedAlert(PASSPORTS, entry.appointment),)
    assert await setup.alerts.listed(8, NOW) == ()


async def test_asking_for_a_full_department_stores_the_member_of_staff_too(setup: AlertsSetup) -> None:
    answer = await setup.does(AskAlert(department_id=8, worker_id=4))
    assert answer == AlertAsked(at=NOW, department=Department(8, ""))
    assert await setup.stored() == [PlaceAlert(7, 8, NOW, worker_id=4)]
    assert await setup.alerts.listed(7, NOW) == (ListedAlert(Department(8, "")),)


@pytest.mark.parametrize(
    ("made", "chat_id", "refusal"),
    [
        (replace(MADE, id=60), 8, Notice.APPOINTMENT_UNKNOWN),
        (replace(MADE, id=60, at=NOW + timedelta(days=2)), 7, Notice.ALERT_TOO_LATE),
        (replace(MADE, id=60, status=AppointmentStatus.PENDING_PAYMENT), 7, Notice.ALERT_TOO_LATE),
    ],
)
async def test_what_cannot_have_an_alert_is_refused_with_the_reason(
    setup: AlertsSetup, made: Appointment, chat_id: int, refusal: Notice
) -> None:
    await setup.knows(made, chat_id)
    assert await setup.does(AskAlert(60)) == AlertAsked(at=NOW, refusal=refusal)
    assert await setup.stored() == []


async def test_a_chat_has_at_most_three_alerts_and_those_that_ended_do_not_count(setup: AlertsSetup) -> None:
    for department_id in (11, 12, 13):
        await setup.does(AskAlert(department_id=department_id))
    assert await setup.does(AskAlert(50)) == AlertAsked(at=NOW, refusal=Notice.ALERT_LIMIT)
    assert isinstance(await setup.does(AskAlert(department_id=12)), AlertAsked), "the same one again"
    assert len(await setup.stored()) == 3
    setup.now = NOW + timedelta(days=30)
    await setup.knows(replace(MADE, id=70, at=setup.now + timedelta(days=5)))
    assert await setup.does(AskAlert(70)) != AlertAsked(at=setup.now, refusal=Notice.ALERT_LIMIT)


async def test_asking_twice_is_asking_once(setup: AlertsSetup) -> None:
    await setup.does(AskAlert(50))
    setup.now = NOW + timedelta(hours=1)
    await setup.does(AskAlert(50))
    assert [each.asked_at for each in await setup.stored()] == [NOW]


async def test_an_alert_for_another_appointment_of_the_department_says_which_one_it_replaces(
    setup: AlertsSetup,
) -> None:
    await setup.knows(replace(MADE, id=51, name="Binta Bah"))
    first, second = [Ticket(replace(MADE, id=each, name=name), PASSPORTS) for each, name in NAMES]
    assert await setup.does(AskAlert(50)) == AlertAsked(at=NOW, department=PASSPORTS, ticket=first)
    asked = AlertAsked(at=NOW, department=PASSPORTS, ticket=second, before=first)
    assert await setup.does(AskAlert(51)) == asked
    assert await setup.does(AskAlert(51)) == replace(asked, before=None), "the same one again"
    any_place = await setup.does(AskAlert(department_id=5))
    assert any_place == AlertAsked(at=NOW, department=PASSPORTS, before=second)
    assert len(await setup.stored()) == 1
    setup.now = START
    ended = await setup.does(AskAlert(department_id=5))
    assert ended == AlertAsked(at=START, department=PASSPORTS), "what has ended is not replaced"


async def test_stopping_deletes_it(setup: AlertsSetup) -> None:
    await setup.does(AskAlert(50))
    assert await setup.does(StopAlert(5)) is None
    assert await setup.stored() == []


async def test_an_offer_is_for_the_appointment_while_it_stands(setup: AlertsSetup) -> None:
    entry = await setup.store.entry(50)
    assert entry
    ticket = Ticket(entry.appointment, PASSPORTS)
    wanted = OfferLoaded(at=NOW, slot=SLOT, department=PASSPORTS, ticket=ticket, worker_id=3)
    assert await setup.does(LoadOffer(SLOT, 50)) == wanted
    assert await setup.does(LoadOffer(SLOT, 50), chat_id=8) == OfferLoaded(at=NOW, slot=SLOT), "somebody else's"
    await setup.knows(replace(MADE, status=AppointmentStatus.CANCELLED))
    assert await setup.does(LoadOffer(SLOT, 50)) == OfferLoaded(at=NOW, slot=SLOT)


async def test_an_offer_without_an_appointment_is_for_the_department(setup: AlertsSetup) -> None:
    found = await setup.does(LoadOffer(SLOT, department_id=5, worker_id=4))
    assert found == OfferLoaded(at=NOW, slot=SLOT, department=PASSPORTS, worker_id=4)


async def test_a_message_whose_place_was_gone_at_once_is_not_counted(setup: AlertsSetup) -> None:
    await setup.does(AskAlert(50))
    (alert,) = await setup.stored()
    await setup.store.commit(Change(works=(setup.repository.saved(told(alert, SLOT, NOW)),)))
    await setup.does(NoteGone(6, SLOT))
    assert [each.sent for each in await setup.stored()] == [1]
    setup.now = NOW + timedelta(minutes=3)
    await setup.does(NoteGone(5, SLOT))
    assert [each.sent for each in await setup.stored()] == [1]
    setup.now = NOW + timedelta(minutes=1)
    await setup.does(NoteGone(5, SLOT))
    assert [(each.sent, each.sent_at) for each in await setup.stored()] == [(0, None)]
