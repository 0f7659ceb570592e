"""A database with chats, appointments and a confirmed broadcast, for the tests of the broadcast repositories."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime

from bot.app.records import Change, StoredChat
from bot.broadcast.model import AdminAction, Audience, Content, Everyone, HistoryEntry, Media, Plan, Version
from bot.broadcast.ports import Admin, ProgressMessage
from bot.core.appointment_book import Fact, Source
from bot.core.model import Appointment
from bot.storage.broadcasts import SqlBroadcastRepository
from bot.storage.recipients import SqlRecipientRepository
from bot.storage.store import Store
from tests.storage.databases import Database

NOW = datetime.fromisoformat("2026-03-02T09:00")
ADMIN = Admin(900, "Ibrahima")
CONFIRMED = HistoryEntry("Ibrahima", AdminAction.CONFIRMED, NOW)


@dataclass(slots=True)
class BroadcastDatabase:
    """An open database with both repositories."""

    store: Store
    repository: SqlBroadcastRepository
    recipients: SqlRecipientRepository
    database: Database

    async def add_chats(
        self, *numbers: int, locale: str = "fr", left: bool = False, announcements: bool = True
    ) -> None:
        """Store chats of citizens who started the bot."""
        for each in numbers:
            chat = StoredChat(each, "session", locale, left, announcements)
            await self.store.commit(Change(chat=chat))

    async def add_appointment(self, chat_id: int, appointment: int, department: int, at: str) -> None:
        """Store an appointment of a citizen."""
        made = Appointment(appointment, department, datetime.fromisoformat(at), "Aïssatou")
        await self.store.commit(Change(facts=(Fact(appointment, chat_id, NOW, Source.ATTEMPT, made),)))

    async def cancel_appointment(self, chat_id: int, appointment: int) -> None:
        """Mark an appointment as cancelled."""
        await self.store.commit(Change(facts=(Fact(appointment, chat_id, NOW, Source.ATTEMPT, None),)))

    async def confirm_broadcast(
        self, audience: Audience | None = None, number: int = 1, staff_of: int | None = None, admin: Admin = ADMIN
    ) -> bool:
        """Confirm a broadcast; returns whether it is a new one."""
        confirmed = replace(plan(audience, number), department_id=staff_of)
        return await self.repository.confirm(confirmed, admin, CONFIRMED, ProgressMessage(number, 900, 70, "fr"))

    async def list_recipients(self, number: int = 1) -> None:
        """Store all recipients of a broadcast."""
        more = True
        while more:
            more = await self.recipients.prepare(number, NOW)


def plan(audience: Audience | None = None, number: int = 1) -> Plan:
    return Plan(number, (Version("", Content(Media.TEXT, "Bonjour")),), audience or Everyone())


@asynccontextmanager
async def broadcast_feature(database: Database) -> AsyncIterator[BroadcastDatabase]:
    """Open the database and its repositories."""
    store = await Store(database.url).open()
    try:
        yield BroadcastDatabase(store, SqlBroadcastRepository(store), SqlRecipientRepository(store), database)
    finally:
        await store.close()
