"""Calendar files: which are sent, and their content when they are sent.

The content is made at that moment from the appointment book, so a file that had to wait is still true. Citizens who
have taken a file of an appointment get a new one after every change, also by others. Makes no request to the API.
"""

from collections.abc import Callable
from datetime import UTC, datetime, tzinfo

from bot.app.ports import Clock, MessageRefusedError, Store
from bot.app.records import Change, Delivery, DeliveryIds, Kind, Urgency
from bot.app.turn import Render
from bot.core import for_whom
from bot.core.appointment_book import BookEntry, Fact, absorb
from bot.core.calendar_event import CalendarEvent, file_name, inherit
from bot.core.model import AppointmentStatus, Department, Ticket
from bot.core.screens import CalendarFile

Draw = Callable[[CalendarEvent, str, bool], bytes]
"""Writes the file of an event in a language; the last value tells whether it must say for whom."""


class CalendarFiles:
    """`departments` returns those that are known without asking; `zone` is the office's."""

    def __init__(  # noqa: PLR0913 — the parts, joined in one place
        self,
        *,
        store: Store,
        departments: Callable[[], tuple[Department, ...]],
        render: Render,
        draw: Draw,
        clock: Clock,
        zone: tzinfo,
        ids: DeliveryIds,
    ) -> None:
        self._store = store
        self._departments = departments
        self._render = render
        self._draw = draw
        self._clock = clock
        self._zone = zone
        self._ids = ids

    async def read(self, appointment_id: int) -> bytes:
        """The file of an appointment as it is now. Raises `MessageRefusedError` if it is not known any more."""
        entry = await self._store.entry(appointment_id)
        chat = await self._store.chat(entry.chat_id) if entry else None
        if entry is None or chat is None:
            raise MessageRefusedError("the appointment of a calendar file is not known any more")
        changed = entry.as_of if entry.status is AppointmentStatus.CANCELLED else entry.booked_at
        event = CalendarEvent(
            entry,
            self._department(entry),
            starts=self._utc(entry.at),
            made=self._clock().replace(microsecond=0),
            changed=self._utc(changed) if changed else None,
        )
        screen = CalendarFile(Ticket(entry.appointment, event.department))
        return self._draw(event, chat.locale, await self._several_names(entry.chat_id, screen))

    async def renewed(self, change: Change) -> tuple[Delivery, ...]:
        """The files to send because of a change: of appointments that it changes and whose file the citizen has.

        Also of an old appointment that a move left standing: its event became that of the new one.
        """
        found: list[Delivery] = []
        settled = change.settled
        # Nobody has a file of an appointment that was just booked.
        is_booked = settled is not None and settled.outcome == "booked"
        for fact in change.facts if is_booked else change.all_facts:
            if after := _changed(*await self._before(fact), fact):
                found += await self._file(after, is_renewed=True)
        if settled and settled.rearmed and settled.appointment_id is not None:
            new = await self._store.entry(settled.appointment_id)
            for number in settled.rearmed if new and new.ics_sent is not None else ():
                old = await self._store.entry(number)
                found += await self._file(old) if old and old.is_coming and old.ics_sent is None else ()
        return tuple(found)

    async def _file(self, entry: BookEntry, *, is_renewed: bool = False) -> tuple[Delivery, ...]:
        """The file of an appointment; none if its chat has left."""
        chat = await self._store.chat(entry.chat_id)
        if chat is None or chat.left:
            return ()
        screen = CalendarFile(Ticket(entry.appointment, self._department(entry)), is_renewed=is_renewed)
        several = await self._several_names(entry.chat_id, screen)
        file = Delivery(
            self._ids.next(),
            chat.chat_id,
            Kind.DOCUMENT,
            self._render(screen, chat.locale, None, several_names=several),
            urgency=Urgency.NOTICE,
            document=file_name(entry.appointment_id),
            calendar=entry.appointment_id,
            silent=True,
        )
        return (file,)

    async def _several_names(self, chat_id: int, screen: CalendarFile) -> bool:
        now = self._clock().astimezone(self._zone).replace(tzinfo=None)
        return for_whom.several_names([screen], await self._store.entries_of(chat_id), now)

    async def _before(self, fact: Fact) -> tuple[BookEntry | None, BookEntry | None]:
        """The entry before the fact, and that of the appointment that it replaces."""
        old = None if fact.replaces is None else await self._store.entry(fact.replaces)
        return await self._store.entry(fact.appointment_id), old

    def _department(self, entry: BookEntry) -> Department:
        known = (each for each in self._departments() if each.id == entry.department_id)
        return next(known, Department(entry.department_id, ""))

    def _utc(self, at: datetime) -> datetime:
        return at.replace(tzinfo=self._zone).astimezone(UTC)


def _changed(before: BookEntry | None, old: BookEntry | None, fact: Fact) -> BookEntry | None:
    """The entry after the fact, if its event changed and the citizen's calendar may have it."""
    if old:
        after, _ = absorb(before, fact)
        return inherit(after, old, old.appointment_id) if after and old.ics_sent is not None else None
    if before is None or before.ics_sent is None:
        return None
    after, _ = absorb(before, fact)
    is_event = after is not None and (after.is_coming or after.status is AppointmentStatus.CANCELLED)
    return after if is_event and after and after.version != before.version else None
