"""Calendar files are made when they are sent; after every change, also by others, a new one is sent."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from bot.app.calendar_files import CalendarFiles
from bot.app.ports import MessageRefusedError
from bot.app.records import Change, Delivery, DeliveryIds, Kind, Settled, StoredChat
from bot.core.appointment_book import Fact, Source
from bot.core.calendar_event import CalendarEvent
from bot.core.model import Appointment, AppointmentStatus, Department
from bot.core.screens import CalendarFile, Screen
from bot.core.states import Notice
from bot.storage.store import Store
from bot.views.message import Message

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
AT = datetime.fromisoformat("2026-03-05T10:00")
MADE = Appointment(50, 5, AT, "Aïssatou Bah", owner="telegram:7")
CANCELLED = replace(MADE, status=AppointmentStatus.CANCELLED)


def draw(screen: Screen, locale: str, _notice: Notice | None, **more: bool) -> Message:
    locale = f"{locale}, for whom:" if more.get("several_names") else locale
    assert isinstance(screen, CalendarFile)
    return Message(f"{locale} {screen.ticket.department.name} {screen.ticket.appointment.status} {screen.is_renewed}")


@dataclass
class Setup:
    """The files of a store. `event` is the last one that was written."""

    store: Store
    event: CalendarEvent | None = None
    says_for_whom: bool = False

    def __post_init__(self) -> None:
        self.files = CalendarFiles(
            store=self.store,
            departments=lambda: (Department(5, "Passeports"),),
            render=draw,
            draw=self._write,
            clock=lambda: NOON.replace(microsecond=5),
            zone=ZoneInfo("Europe/Paris"),
            ids=DeliveryIds(),
        )

    def _write(self, event: CalendarEvent, locale: str, several_names: bool) -> bytes:  # noqa: FBT001 — a callback
        self.event, self.says_for_whom = event, several_names
        return locale.encode()

    async def knows(self, made: Appointment = MADE, *, has_file: bool = True) -> None:
        fact = Fact(made.id, 7, NOON.replace(tzinfo=None), Source.ATTEMPT, made)
        await self.store.commit(Change(chat=StoredChat(7, "session", "fr"), facts=(fact,)))
        if has_file:
            await self.store.commit(Change(calendar=made.id))

    async def after(self, said: Appointment | None, source: Source = Source.READING) -> tuple[Delivery, ...]:
        """What is sent because of this fact, which is then stored."""
        change = Change(facts=(Fact(50, 7, NOON.replace(tzinfo=None) + timedelta(minutes=5), source, said),))
        found = await self.files.renewed(change)
        await self.store.commit(change)
        return found


@pytest.fixture
async def setup(tmp_path: Path) -> AsyncIterator[Setup]:
    store = await Store(f"sqlite+aiosqlite:///{tmp_path / 'bot.db'}").open()
    yield Setup(store)
    await store.close()


async def test_a_file_is_made_from_the_book_in_the_language_of_the_chat_and_in_utc(setup: Setup) -> None:
    await setup.knows()
    assert await setup.files.read(50) == b"fr"
    event = setup.event
    assert event
    assert (event.starts, event.made) == (datetime(2026, 3, 5, 9, tzinfo=UTC), NOON)
    assert event.changed == datetime(2026, 3, 2, 11, tzinfo=UTC)
    assert (event.department.name, event.sequence) == ("Passeports", 0)


async def test_a_file_that_had_to_wait_has_what_is_true_when_it_is_sent(setup: Setup) -> None:
    await setup.knows()
    await setup.after(CANCELLED)
    await setup.files.read(50)
    assert setup.event
    assert (setup.event.is_cancelled, setup.event.sequence) == (True, 1)


async def test_the_file_and_its_caption_say_for_whom_in_a_chat_with_two_names(setup: Setup) -> None:
    said = []
    for made in (MADE, replace(MADE, id=51, name="Fatou Camara")):
        await setup.knows(made)
        await setup.files.read(50)
        said.append(setup.says_for_whom)
    assert said == [False, True]
    (file,) = await setup.after(CANCELLED)
    assert file.message.text == "fr, for whom: Passeports CANCELLED True"


async def test_an_appointment_that_is_not_known_has_no_file(setup: Setup) -> None:
    with pytest.raises(MessageRefusedError):
        await setup.files.read(50)


@pytest.mark.parametrize(
    ("said", "text"),
    [
        (replace(MADE, at=AT + timedelta(hours=1)), "fr Passeports SCHEDULED True"),
        (CANCELLED, "fr Passeports CANCELLED True"),
        (None, "fr Passeports CANCELLED True"),
    ],
    ids=["moved", "cancelled", "gone"],
)
@pytest.mark.parametrize("source", [Source.READING, Source.ATTEMPT])
async def test_who_has_a_file_gets_a_new_one_after_a_change_by_anybody(
    setup: Setup, said: Appointment | None, text: str, source: Source
) -> None:
    await setup.knows()
    (file,) = await setup.after(said, source)
    assert (file.kind, file.document, file.calendar, file.silent) == (Kind.DOCUMENT, "rdv-50.ics", 50, True)
    assert file.message.text == text
    assert await setup.after(said, source) == (), "nothing changed any more"


async def test_the_outcome_of_ones_own_request_renews_the_file_too(setup: Setup) -> None:
    await setup.knows()
    fact = Fact(50, 7, NOON.replace(tzinfo=None), Source.ATTEMPT, CANCELLED)
    assert len(await setup.files.renewed(Change(settled=Settled(7, 3, "cancelled", facts=(fact,))))) == 1


async def test_without_a_change_of_the_event_no_file_is_sent(setup: Setup) -> None:
    await setup.knows()
    assert await setup.after(MADE) == ()
    assert await setup.after(replace(MADE, status=AppointmentStatus.COMPLETED)) == ()


async def test_who_never_took_a_file_or_left_gets_none(setup: Setup) -> None:
    await setup.knows(has_file=False)
    assert await setup.after(CANCELLED) == ()
    await setup.knows(replace(MADE, id=51))
    await setup.store.commit(Change(left=7))
    fact = Fact(51, 7, NOON.replace(tzinfo=None), Source.READING, replace(CANCELLED, id=51))
    assert await setup.files.renewed(Change(facts=(fact,))) == ()


async def test_the_version_that_was_sent_is_stored(setup: Setup) -> None:
    await setup.knows(has_file=False)
    await setup.after(replace(MADE, at=AT + timedelta(hours=1)))
    await setup.store.commit(Change(calendar=50))
    entry = await setup.store.entry(50)
    assert entry
    assert (entry.version, entry.ics_sent) == (1, 1)


@pytest.mark.parametrize(
    ("has_file", "status", "files"),
    [
        (True, AppointmentStatus.SCHEDULED, ["fr Passeports SCHEDULED False"]),
        (True, AppointmentStatus.CANCELLED, []),
        (False, AppointmentStatus.SCHEDULED, []),
    ],
)
async def test_an_old_appointment_that_a_move_left_standing_gets_its_own_event(
    setup: Setup, *, has_file: bool, status: AppointmentStatus, files: list[str]
) -> None:
    """The event in the calendar has become that of the new one."""
    await setup.knows(has_file=has_file)
    new = Fact(60, 7, NOON.replace(tzinfo=None), Source.ATTEMPT, replace(MADE, id=60), replaces=50)
    await setup.store.commit(Change(facts=(new,)))
    await setup.store.commit(
        Change(facts=(replace(new, appointment_id=50, appointment=replace(MADE, status=status), replaces=None),))
    )
    both = Change(settled=Settled(7, 3, "both", 60, rearmed=(50,)))
    found = await setup.files.renewed(both)
    assert [each.message.text for each in found] == files
    await setup.files.read(50)
    assert setup.event
    assert setup.event.uid == "60.50@moncreneau-bot"
    await setup.store.commit(Change(calendar=50))
    assert await setup.files.renewed(both) == (), "who has asked for it meanwhile"
