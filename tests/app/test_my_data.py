"""The answers to `/data`: from the store alone, a copy once an hour, and none of an erased chat."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from bot.app.my_data import MyData, chat_in, file_name
from bot.app.ports import MessageRefusedError
from bot.app.records import Change, CopiedTables, Erasure, Settled, StoredChat
from bot.core.appointment_book import Fact, Source
from bot.core.effects import CheckCopy, CheckErase, LoadMyData
from bot.core.events import CopyChecked, EraseChecked, MyDataLoaded
from bot.core.model import Appointment, Department
from bot.storage.store import Store
from tests.app.worker_setup import BOOKING, CHAT

NOW = datetime.fromisoformat("2026-03-02T09:00")
PASSPORTS = Department(5, "Passeports")


@dataclass
class Setup:
    """The data of a store, and a clock."""

    store: Store
    seconds: float = 0.0

    def __post_init__(self) -> None:
        self.data = MyData(self.store, lambda: (PASSPORTS,), self.draw, lambda: self.seconds)

    @staticmethod
    def draw(tables: CopiedTables, locale: str) -> bytes:
        return f"{locale} {sorted(tables)}".encode()

    async def knows(self, number: int, department: int, days: int) -> None:
        made = Appointment(number, department, NOW + timedelta(days=days), "Aïssatou")
        await self.store.commit(Change(facts=(Fact(number, CHAT, NOW, Source.ATTEMPT, made),)))


@pytest.fixture
async def here(tmp_path: Path) -> AsyncIterator[Setup]:
    store = await Store(f"sqlite+aiosqlite:///{tmp_path / 'bot.db'}").open()
    await store.commit(Change(chat=StoredChat(CHAT, "session", "fr")))
    yield Setup(store)
    await store.close()


async def test_only_coming_appointments_are_shown_and_an_unknown_department_has_its_number(here: Setup) -> None:
    for number, department, days in ((1, 5, -1), (2, 5, 1), (3, 9, 2)):
        await here.knows(number, department, days)
    await here.store.commit(Change(facts=(Fact(2, CHAT, NOW, Source.ATTEMPT, None),)))
    await here.knows(4, 5, 3)
    found = await here.data.answer(CHAT, LoadMyData(900), NOW)
    assert isinstance(found, MyDataLoaded)
    assert [(each.appointment.id, each.department) for each in found.tickets] == [
        (3, Department(9, "")),
        (4, PASSPORTS),
    ]
    assert await here.data.answer(8, LoadMyData(900), NOW) == MyDataLoaded(at=NOW, tickets=(), message=900)


async def test_a_copy_comes_once_an_hour_for_each_chat(here: Setup) -> None:
    async def is_too_soon(chat_id: int) -> bool:
        answer = await here.data.answer(chat_id, CheckCopy(), NOW)
        assert isinstance(answer, CopyChecked)
        return answer.is_too_soon

    assert [await is_too_soon(chat) for chat in (7, 7, 8)] == [False, True, False]
    here.seconds = 3601
    assert [await is_too_soon(chat) for chat in (7, 7)] == [False, True]


async def test_an_attempt_without_an_outcome_is_pending(here: Setup) -> None:
    async def is_pending() -> bool:
        answer = await here.data.answer(CHAT, CheckErase(900), NOW)
        assert isinstance(answer, EraseChecked)
        return answer.is_pending

    assert not await is_pending()
    await here.store.commit(Change(opened=(BOOKING,)))
    assert await is_pending()
    await here.store.commit(Change(settled=Settled(CHAT, BOOKING.number, "booked", 50)))
    assert not await is_pending()


async def test_the_file_is_read_when_it_is_sent_and_not_for_an_erased_chat(here: Setup) -> None:
    await here.knows(1, 5, 1)
    assert await here.data.read(CHAT) == b"fr ['appointments', 'chats', 'timers']"
    await here.store.commit(Change(erased=Erasure(CHAT, NOW)))
    with pytest.raises(MessageRefusedError):
        await here.data.read(CHAT)


def test_the_name_of_a_file_tells_its_chat_and_other_names_tell_none() -> None:
    assert chat_in(file_name(77)) == 77
    assert [chat_in(name) for name in ("rdv-77.ics", "mes-donnees-.json", "mes-donnees-١.json")] == [None] * 3
