"""The agenda of a department for its staff: `/agenda`, and the list of the day at seven in the morning.

A list costs one request for 100 appointments, of the API's background share. It has strangers' appointments too, whose
names are neither logged nor stored; staff see names only if the operator wants it. Knows no texts, HTTP or SQL.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import date, datetime, time, timedelta
from typing import Protocol

from bot.app.ports import ApiError, Moncreneau
from bot.app.records import Change, Delivery, DeliveryIds, Kind, StoredChat, Urgency
from bot.app.roles import Roles
from bot.app.updates import FromCitizen
from bot.core.dates import MORNING, read_day
from bot.core.events import Commanded
from bot.core.model import Department
from bot.logs import scrubbed
from bot.operations.agenda_views import Agenda, AgendaFailed, AgendaScreen, NoSuchDay
from bot.views.message import Message

log = logging.getLogger(__name__)
COMMAND = "agenda"
FRESH = timedelta(minutes=1)
"""How long a list serves all who ask."""
LOOK_EVERY = 60.0
TOLD_FROM, UNTIL = time(9), time(12)
"""From when on staff are told that the list cannot be read, and until when it is sent."""
SENT = "agenda"
"""The beginning of the name under which the last day is saved whose list was sent to a department's staff."""
Draw = Callable[[AgendaScreen, str], tuple[Message, ...]]


def saved_as(department_id: int) -> str:
    """The name under which the last day is saved whose list was sent."""
    return f"{SENT} {department_id}"


class AgendaStore(Protocol):
    """What is read from the store."""

    async def chat(self, chat_id: int) -> StoredChat | None:
        """The stored chat; None if it never wrote to the bot."""

    async def saved_value(self, name: str) -> str | None:
        """The value that was saved under this name."""


class Agendas:
    """Reads the day of a department, at most once a minute."""

    def __init__(
        self,
        api: Moncreneau,
        departments: Callable[[int], Department],
        office_time: Callable[[], datetime],
        *,
        with_names: bool,
    ) -> None:
        self._api = api
        self._departments = departments
        self._now = office_time
        self._with_names = with_names
        self._read: dict[tuple[int, date], Agenda] = {}

    async def of(self, department_id: int, day: date) -> Agenda | AgendaFailed:
        """The agenda, or why it cannot be read."""
        now, department = self._now(), self._departments(department_id)
        self._read = {key: read for key, read in self._read.items() if abs(now - read.at) < FRESH}
        if known := self._read.get((department_id, day)):
            return known
        try:
            found = await self._api.day(department_id, day)
        except ApiError as error:
            return AgendaFailed(department, day, error.failure)
        agenda = self._read[department_id, day] = Agenda(department, day, now, found, self._with_names)
        return agenda


class AgendaHandler:
    """Answers `/agenda`. See `AdminHandler`; `AdminRouter` lets only staff in."""

    def __init__(
        self,
        agendas: Agendas,
        roles: Roles,
        draw: Draw,
        locale_of: Callable[[int], Awaitable[str]],
        ids: DeliveryIds,
    ) -> None:
        self._agendas = agendas
        self._roles = roles
        self._draw = draw
        self._locale_of = locale_of
        self._ids = ids

    async def handle(self, chat_id: int, inbound: FromCitizen) -> Change | None:
        """See `AdminHandler`."""
        event = inbound.event
        if not isinstance(event, Commanded) or event.name != COMMAND:
            return None
        today = event.at.date()
        day = read_day(event.argument, today) if event.argument.strip() else today
        screens: list[AgendaScreen] = [NoSuchDay()]
        if day is not None:
            departments = sorted(self._roles.departments_of(inbound.user_id))
            screens = [await self._agendas.of(each, day) for each in departments]
        locale = await self._locale_of(chat_id)
        messages = [message for screen in screens for message in self._draw(screen, locale)]
        return Change(queued=tuple(Delivery(self._ids.next(), chat_id, Kind.SEND, each) for each in messages))


class MorningAgenda:
    """Sends each department's list of the day to its staff at seven, once, also over restarts.

    A day without appointments is not announced. While the list cannot be read it is tried again; from nine on staff are
    told so, once. `commit` stores a change and sends its messages.
    """

    def __init__(  # noqa: PLR0913 — its collaborators
        self,
        agendas: Agendas,
        roles: Roles,
        draw: Draw,
        *,
        store: AgendaStore,
        office_time: Callable[[], datetime],
        commit: Callable[[Change], Awaitable[None]],
        ids: DeliveryIds,
    ) -> None:
        self._agendas = agendas
        self._roles = roles
        self._draw = draw
        self._store = store
        self._now = office_time
        self._commit = commit
        self._ids = ids

    async def run(self) -> None:
        """Look every minute, as long as the bot runs."""
        while True:
            try:
                await self.look()
            except Exception as error:  # whatever the error: the next look may succeed
                log.exception("sending the agenda failed: %s", type(error).__name__, exc_info=scrubbed(error))
            await asyncio.sleep(LOOK_EVERY)

    async def look(self) -> None:
        """Send what is due."""
        now = self._now()
        if not MORNING <= now.time() < UNTIL:
            return
        for department in self._roles.staffed:
            if await self._store.saved_value(saved_as(department)) != now.date().isoformat():
                await self._send(department, now)

    async def _send(self, department: int, now: datetime) -> None:
        chats = [await self._store.chat(each) for each in self._roles.staff_of(department)]
        present = [each for each in chats if each and not each.left]
        if not present:
            return
        agenda = await self._agendas.of(department, now.date())
        if isinstance(agenda, AgendaFailed) and now.time() < TOLD_FROM:
            return
        is_worth_it = isinstance(agenda, AgendaFailed) or agenda.appointments
        noon = datetime.combine(now.date(), UNTIL)
        queued = [
            Delivery(self._ids.next(), chat.chat_id, Kind.SEND, each, urgency=Urgency.NOTICE, not_after=noon)
            for chat in (present if is_worth_it else ())
            for each in self._draw(agenda, chat.locale)
        ]
        await self._commit(Change(queued=tuple(queued), saved_values=((saved_as(department), now.date().isoformat()),)))
