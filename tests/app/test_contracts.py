"""The fakes and the real adapters behind the same ports behave alike."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import UTC, date, datetime, timedelta

import pytest

from bot.app.appointment_recorder import AppointmentRecorder
from bot.app.ports import ApiError, ChatLeftError, EditLostError, Messenger, Moncreneau, Need, WriteOutcome
from bot.app.records import Delivery, Kind
from bot.core.model import AppointmentStatus, Department, FailureCode, Order, Slot
from bot.moncreneau.gateway import Gateway
from bot.sandbox.moncreneau import DEMO_KEY, MoncreneauSandbox, Organization
from bot.sandbox.moncreneau import Department as Office
from bot.sandbox.moncreneau import create_app as moncreneau
from bot.sandbox.serving import serving
from bot.sandbox.telegram import TelegramSandbox
from bot.sandbox.telegram import create_app as telegram
from bot.sandbox.telegram.config import PEOPLE, TOKEN
from bot.sandbox.telegram.phone import block, say
from bot.telegram.messenger import TelegramMessenger
from bot.telegram.transport import AiohttpRequest, RawBot
from bot.views.message import Button, Message
from tests.app.fakes import FakeMessenger, FakeMoncreneau

MONDAY = datetime(2026, 3, 2, 7, 0, tzinfo=UTC)
DAY = date(2026, 3, 3)
NINE = datetime(2026, 3, 3, 9, 0)  # noqa: DTZ001 — office time
ME = "telegram:7"
CITIZEN, OTHER = PEOPLE[0].id, PEOPLE[1].id
Opened = Callable[[], AbstractAsyncContextManager[Moncreneau]]


@asynccontextmanager
async def fake_office() -> AsyncIterator[Moncreneau]:
    slots = tuple(Slot(NINE + timedelta(minutes=30 * number)) for number in range(4))
    yield FakeMoncreneau((Department(5, "Mairie", "Ville"),), slots)


@asynccontextmanager
async def real_office() -> AsyncIterator[Moncreneau]:
    office = Office(5, "Mairie", Organization(1, "Ville"), opening_hours={"tuesday": (("09:00", "11:00"),)})
    config = MoncreneauSandbox(departments=(office,), clock=lambda: MONDAY)
    async with serving(moncreneau(config)) as url:
        gateway = Gateway(f"{url}/api/v1", DEMO_KEY, clock=lambda: MONDAY)
        yield gateway
        await gateway.aclose()


@asynccontextmanager
async def noted_office() -> AsyncIterator[Moncreneau]:
    async with fake_office() as api:
        yield AppointmentRecorder(api, lambda *_: None, lambda: NINE)


offices = pytest.mark.parametrize("opened", [fake_office, noted_office, real_office], ids=["fake", "noted", "real"])


@offices
async def test_departments_and_their_free_slots_are_returned(opened: Opened) -> None:
    async with opened() as api:
        assert [(each.id, each.name, each.organization) for each in await api.departments()] == [(5, "Mairie", "Ville")]
        slots = await api.availability("telegram:77", 5, DAY, DAY)
        assert [each.at for each in slots] == [NINE + timedelta(minutes=30 * number) for number in range(4)]
        assert await api.availability("telegram:77", 5, DAY + timedelta(days=1), DAY + timedelta(days=2)) == ()


@offices
async def test_a_booked_appointment_exists_and_can_be_cancelled(opened: Opened) -> None:
    async with opened() as api:
        made = await api.book(Order(5, NINE, "Aïssatou Bah", ME))
        assert (made.at, made.name, made.owner, made.status) == (NINE, "Aïssatou Bah", ME, AppointmentStatus.SCHEDULED)
        assert [each.id for each in await api.appointments(ME)] == [made.id]
        assert await api.appointments("telegram:8") == ()
        await api.cancel(made.id)
        found = await api.appointment(made.id)
        assert found is not None
        assert found.status is AppointmentStatus.CANCELLED
        assert [each.status for each in await api.appointments(ME, Need.SETTLE)] == [AppointmentStatus.CANCELLED]


@offices
async def test_an_unknown_appointment_is_none_and_cannot_be_cancelled(opened: Opened) -> None:
    async with opened() as api:
        assert await api.appointment(99_999) is None
        with pytest.raises(ApiError) as gone:
            await api.cancel(99_999)
        assert (gone.value.outcome, gone.value.failure.code) == (WriteOutcome.REFUSED, FailureCode.APPOINTMENT_GONE)
        with pytest.raises(ApiError) as unknown:
            await api.availability("telegram:77", 77, DAY, DAY)
        assert unknown.value.failure.code is FailureCode.DEPARTMENT_GONE


# --- the way out -------------------------------------------------------------------------------------------------

Chat = tuple[Messenger, Callable[[int], list[str]], Callable[[int], None]]
Way = Callable[[], AbstractAsyncContextManager[Chat]]


@asynccontextmanager
async def fake_chats() -> AsyncIterator[Chat]:
    messenger = FakeMessenger()
    yield messenger, messenger.texts, messenger.left.add


@asynccontextmanager
async def real_chats() -> AsyncIterator[Chat]:
    app = telegram(TelegramSandbox(limits=None))
    world = app.state.world
    for person in (CITIZEN, OTHER):
        say(world, world.chats[person], "/start")

    def texts(chat: int) -> list[str]:
        kept = [each.message for each in world.chats[chat].messages.values() if each.by_bot]
        return [str(each.get("text", each.get("caption"))) for each in kept]

    async with (
        serving(app) as url,
        RawBot(TOKEN, base_url=f"{url}/bot", request=AiohttpRequest(), get_updates_request=AiohttpRequest()) as bot,
    ):
        yield TelegramMessenger(bot), texts, lambda chat: void(block(world, world.chats[chat]))


def void(_result: object) -> None:
    """For what is done for its effect."""


ways = pytest.mark.parametrize("way", [fake_chats, real_chats], ids=["fake", "real"])


def words(text: str, kind: Kind = Kind.SEND, target: int | None = None, chat: int = CITIZEN) -> Delivery:
    link = "https://moncreneau.gn/qr/1" if kind is Kind.PICTURE else None
    message = Message(text, () if link else ((Button("Oui", "yes"),),), link)
    return Delivery(1, chat, kind, message, screen=3, target=target)


@ways
async def test_a_message_arrives_and_can_be_edited_repeatedly(way: Way) -> None:
    async with way() as (messenger, texts, _):
        receipt = await messenger.deliver(words("one"), None)
        assert receipt.message_id
        for text in ("two", "two", "three"):
            await messenger.deliver(words(text, Kind.EDIT, receipt.message_id), None)
        assert texts(CITIZEN) == ["three"]


@ways
async def test_a_missing_message_cannot_be_edited(way: Way) -> None:
    async with way() as (messenger, texts, _):
        with pytest.raises(EditLostError):
            await messenger.deliver(words("x", Kind.EDIT, 4321), None)
        assert texts(CITIZEN) == []


@ways
async def test_a_picture_returns_a_file_id_for_sending_it_again(way: Way) -> None:
    async with way() as (messenger, texts, _):
        receipt = await messenger.deliver(words("code", Kind.PICTURE), None)
        assert receipt.file_id
        await messenger.deliver(words("again", Kind.PICTURE), receipt.file_id)
        assert texts(CITIZEN) == ["code", "again"]


@ways
async def test_a_chat_that_blocked_the_bot_cannot_be_reached(way: Way) -> None:
    async with way() as (messenger, texts, leaves):
        leaves(CITIZEN)
        with pytest.raises(ChatLeftError):
            await messenger.deliver(words("x"), None)
        await messenger.deliver(words("y", chat=OTHER), None)
        assert texts(OTHER) == ["y"]
        await messenger.typing(CITIZEN)
