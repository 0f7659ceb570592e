"""Chats run in parallel, each in order, one transaction per turn; failing updates are set aside with an apology."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.app.attempt import BOOKINGS
from bot.app.attempt_worker import AttemptWorker
from bot.app.conversations import Conversations, GroupHints
from bot.app.outbox import Outbox
from bot.app.rate_limits import ChatRateLimiter, GlobalRateLimiter
from bot.app.records import AttemptKind, Change, Delivery, DeliveryIds, Kind, StoredAttempt, StoredChat, StoredUpdate
from bot.app.sessions import Sessions
from bot.app.strays import cancelling_of
from bot.app.turn import Outcome, Turns
from bot.app.update_limiter import BURST, UpdateLimiter
from bot.app.updates import AdminHandler, AdminRouter, FromCitizen, FromGroup, Ignored, Inbound, Presence
from bot.core.events import Commanded, Event, Pressed, SentSomething, Typed
from bot.core.health import ChatLimit
from bot.core.model import Appointment, AppointmentStatus, Department, Draft, Slot
from bot.core.screens import Screen
from bot.core.session import Session
from bot.core.states import BookingAttempt, Notice, Submitting
from bot.storage.store import Store
from bot.views.message import Message
from tests.app.fakes import FakeMessenger, FakeMoncreneau
from tests.app.virtual_clock import in_no_time

NOW = datetime(2026, 3, 2, 9, 0)  # noqa: DTZ001 — office time
OFFICES = (Department(5, "Passeports"), Department(8, "Identité"))
ADMIN = 900


def draw(screen: Screen, locale: str, notice: Notice | None, **_more: bool) -> Message:
    """A screen by its name."""
    name = getattr(screen, "kind", type(screen).__name__)
    return Message(f"{locale} {name}{f' ({notice})' if notice else ''}", qr_link="https://x.gn/1")


def read(update: StoredUpdate, at: datetime) -> Inbound:
    """Updates in the words of these tests."""
    kind, _, rest = update.body.partition(" ")
    match kind:
        case "poison":
            raise ValueError(rest)
        case "left" | "back":
            return Presence(left=kind == "left")
        case "group":
            return FromGroup("fr")
        case "ignored":
            return Ignored()
        case "press":
            screen, action = rest.split()
            return FromCitizen(Pressed(at=at, screen=int(screen), action=action, message=1), update.chat_id)
        case "photo":
            return FromCitizen(SentSomething(at=at), update.chat_id)
    if update.body.startswith("/"):
        return FromCitizen(Commanded(at=at, name=kind[1:], argument=rest, language="fr"), update.chat_id)
    return FromCitizen(Typed(at=at, text=update.body), update.chat_id)


@dataclass
class ConversationSetup:
    """Conversations with the real parts around them, on a fake service and a fake messenger."""

    store: Store
    api: FakeMoncreneau = field(
        default_factory=lambda: FakeMoncreneau(OFFICES, (Slot(NOW.replace(hour=10)), Slot(NOW.replace(hour=11))))
    )
    messenger: FakeMessenger = field(default_factory=FakeMessenger)
    at_once: int = 8
    handlers: tuple[AdminHandler, ...] = ()
    reached: Counter[ChatLimit] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        ids = DeliveryIds()
        self.outbox = Outbox(
            self.store, self.messenger, GlobalRateLimiter(None), ChatRateLimiter(None), office_time=lambda: NOW
        )
        self.attempt_worker = AttemptWorker(self.store, self.api, lambda: NOW)
        self.conversations = Conversations(
            store=self.store,
            sessions=Sessions(self.store, "fr"),
            turns=Turns(self.api, draw, lambda: NOW, 60, ids=ids),
            outbox=self.outbox,
            read=read,
            office_time=lambda: NOW,
            groups=GroupHints(lambda _locale: Message("hint"), ids),
            attempt_worker=self.attempt_worker,
            admins=AdminRouter({ADMIN}, self.handlers),
            at_once=self.at_once,
            limiter=UpdateLimiter(lambda locale: Message(f"{locale} slower"), ids, lambda: 0.0, self.reached),
        )

    async def hears(self, *updates: tuple[int, int, str]) -> None:
        """Accept updates (number, chat, text), and wait until everything is idle."""
        new = await self.store.receive(tuple(StoredUpdate(*each) for each in updates))
        self.conversations.accept(new)
        await self.quiet()

    async def quiet(self) -> None:
        while tasks := {*self.conversations._tasks, *self.attempt_worker._tasks, *self.outbox._tasks.values()}:
            await asyncio.wait(tasks)
        await self.store.commit(Change())

    def texts(self, chat: int = 7) -> list[str]:
        return [each.removeprefix("fr ") for each in self.messenger.texts(chat)]


@asynccontextmanager
async def conversation_setup(
    folder: Path, at_once: int = 8, handlers: tuple[AdminHandler, ...] = ()
) -> AsyncIterator[ConversationSetup]:
    store = await Store(f"sqlite+aiosqlite:///{folder / 'bot.db'}").open()
    here = ConversationSetup(store, at_once=at_once, handlers=handlers)
    try:
        yield here
        await here.attempt_worker.stop(1)
        await here.conversations.stop(1)
        await here.outbox.stop(1)
    finally:
        await store.close()


@in_no_time
async def test_a_turn_is_stored_before_its_messages_are_sent(tmp_path: Path) -> None:
    async with conversation_setup(tmp_path) as here:
        await here.hears((1, 7, "/start"))
        assert here.texts() == ["Menu"]
        assert await here.store.open_updates() == ()
        assert await here.store.chat(7) is not None


@in_no_time
async def test_updates_of_a_chat_are_processed_in_the_order_of_their_ids(tmp_path: Path) -> None:
    async with conversation_setup(tmp_path) as here:
        await here.hears((1, 7, "/start"), (4, 7, "/help"), (3, 7, "/stop"), (2, 7, "/book"))
        assert here.texts() == ["Menu", "choosing_department", "Menu", "Help"]


def turns_taken(here: ConversationSetup) -> list[str]:
    """The list to which each turn from now on adds its event."""
    taken, take = list[str](), here.conversations._turns.take

    async def noted(chat_id: int, session: Session, event: Event) -> Outcome:
        taken.append(getattr(event, "action", getattr(event, "name", "")))
        return await take(chat_id, session, event)

    here.conversations._turns.take = noted  # type: ignore[method-assign]
    return taken


@in_no_time
async def test_presses_that_repeat_the_one_before_them_are_one_press(tmp_path: Path) -> None:
    async with conversation_setup(tmp_path) as here:
        await here.hears((1, 7, "/start"))
        taken = turns_taken(here)
        again = f"press {await _screen(here)} list"
        presses = [(number, 7, again) for number in range(2, 203)]
        await here.hears(*presses, (300, 7, "/help"), (301, 7, again))
        assert taken == ["list", "help", "list"]
        assert await here.store.open_updates() == ()


@in_no_time
async def test_different_presses_are_all_processed(tmp_path: Path) -> None:
    async with conversation_setup(tmp_path) as here:
        await here.hears((1, 7, "/start"))
        taken, screen = turns_taken(here), await _screen(here)
        await here.hears(*((number, 7, f"press {screen} {'help' if number % 2 else 'lang'}") for number in range(2, 8)))
        assert taken == ["lang", "help"] * 3


@in_no_time
async def test_a_slow_chat_delays_no_other_and_shows_typing(tmp_path: Path) -> None:
    async with conversation_setup(tmp_path) as here:
        here.api.shut = asyncio.Event()
        new = await here.store.receive((StoredUpdate(1, 7, "/book"), StoredUpdate(2, 8, "/start")))
        here.conversations.accept(new)
        await asyncio.sleep(2)
        assert (here.texts(7), here.texts(8)) == ([], ["Menu"])
        assert here.messenger.typings == [7]
        assert here.conversations.waiting == 1
        assert [each for each in (1, 2, 3) if here.conversations.has(each)] == [1]
        here.api.shut.set()
        await here.quiet()
        assert not here.conversations.has(1)
        assert here.texts(7) == ["choosing_department"]


@in_no_time
async def test_the_number_of_chats_processed_at_once_is_limited(tmp_path: Path) -> None:
    async with conversation_setup(tmp_path, at_once=2) as here:
        await here.hears(*((number, number, "/start") for number in range(1, 20)))
        assert all(here.texts(chat) == ["Menu"] for chat in range(1, 20))


@in_no_time
async def test_a_confirmed_booking_becomes_a_ticket_and_its_picture(tmp_path: Path) -> None:
    async with conversation_setup(tmp_path) as here:
        await here.hears((1, 7, "/book"))
        for number, action in enumerate(("d:5", "t:20260302T1000"), 2):
            await here.hears((number, 7, f"press {await _screen(here)} {action}"))
        await here.hears((8, 7, "Aïssatou Bah"))
        await here.hears((9, 7, f"press {await _screen(here)} ok"))
        assert "TicketShown" in here.texts()
        assert here.texts()[-1] == "QrPicture"
        assert len(here.api.books) == 1
        assert await here.store.open_attempts() == ()
        assert await here.store.made_by(7) == frozenset(here.api.books)


@pytest.mark.parametrize(("chat", "apologies"), [(7, 1), (-7, 0), (0, 0)], ids=["citizen", "group", "nobody"])
@in_no_time
async def test_an_update_on_which_our_code_fails_is_set_aside_with_an_apology(
    tmp_path: Path, chat: int, apologies: int
) -> None:
    async with conversation_setup(tmp_path) as here:
        await here.hears((1, chat, "poison"), (2, 8, "/start"))
        assert here.conversations.set_aside == 1
        assert len([each for each in here.texts(chat) if "sorry" in each]) == apologies
        assert await here.store.open_updates() == ()
        assert here.texts(8) == ["Menu"]


@in_no_time
async def test_a_session_on_which_every_turn_fails_is_replaced_and_the_update_is_answered(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with conversation_setup(tmp_path) as here:
        broken = Session("fr", NOW.replace(tzinfo=UTC), screen=5)  # a time that no other can be compared with
        await here.store.commit(Change(chat=Sessions.stored(7, broken)))
        await here.hears((1, 7, "/start"))
        assert here.texts() == ["Menu"]
        assert here.conversations.set_aside == 0
        assert "a session was dropped" in caplog.text
        await here.hears((2, 7, "/help"))
        assert here.texts() == ["Menu", "Help"]


@in_no_time
async def test_a_failing_update_on_a_failing_session_still_gets_an_apology(tmp_path: Path) -> None:
    async with conversation_setup(tmp_path) as here:
        here.conversations._sessions.keep(7, Session("fr", NOW, state=None))  # type: ignore[arg-type]
        await here.hears((1, 7, "poison"))
        assert here.texts() == ["Menu (sorry)"]
        assert here.conversations.set_aside == 1


@in_no_time
async def test_a_ticket_is_sent_even_if_the_session_is_lost(tmp_path: Path) -> None:
    async with conversation_setup(tmp_path) as here:
        draft = Draft(OFFICES[0], at=NOW.replace(hour=10), name="Aïssatou Bah")
        body = BOOKINGS.write(BookingAttempt(3, draft, NOW))
        attempt = StoredAttempt(7, 3, AttemptKind.BOOK, body)
        await here.store.commit(Change(chat=StoredChat(7, "garbage", "fr"), opened=(attempt,)))
        here.attempt_worker.begin(attempt, here.conversations.settle, resumed=True)
        await here.quiet()
        assert "TicketShown" in here.texts()
        assert await here.store.open_attempts() == ()


@in_no_time
async def test_an_outcome_on_which_every_turn_fails_is_sent_with_a_new_session(tmp_path: Path) -> None:
    async with conversation_setup(tmp_path) as here:
        await here.hears((1, 7, "/start"))
        draft = Draft(OFFICES[0], at=NOW.replace(hour=10), name="Aïssatou Bah")
        attempt = BookingAttempt(3, draft, NOW)
        stored = StoredAttempt(7, 3, AttemptKind.BOOK, BOOKINGS.write(attempt))
        await here.store.commit(Change(opened=(stored,)))
        broken = replace(attempt, draft=None)  # type: ignore[arg-type]
        here.conversations._sessions.keep(7, Session("fr", NOW, state=Submitting(broken)))
        here.attempt_worker.begin(stored, here.conversations.settle)
        await here.quiet()
        assert "TicketShown" in here.texts()
        assert await here.store.open_attempts() == ()


@in_no_time
async def test_after_a_failing_update_the_chat_continues(tmp_path: Path) -> None:
    async with conversation_setup(tmp_path) as here:
        await here.hears((1, 7, "/book"), (2, 7, "poison"), (3, 7, "/start"))
        assert here.texts()[-1].startswith("Menu")


@in_no_time
async def test_a_chat_that_blocked_the_bot_gets_messages_again_after_its_return(tmp_path: Path) -> None:
    async with conversation_setup(tmp_path) as here:
        await here.hears((1, 7, "/start"), (2, 7, "left"))
        chat = await here.store.chat(7)
        assert chat is not None
        assert chat.left
        await here.hears((3, 7, "back"))
        chat = await here.store.chat(7)
        assert chat is not None
        assert not chat.left


@in_no_time
async def test_a_group_gets_one_hint_and_what_needs_no_answer_gets_none(tmp_path: Path) -> None:
    async with conversation_setup(tmp_path) as here:
        await here.hears((1, -5, "group"), (2, -5, "group"), (3, 7, "ignored"))
        assert here.messenger.texts(-5) == ["hint"]
        assert here.texts(7) == []
        assert await here.store.open_updates() == ()


@in_no_time
async def test_a_command_of_admins_is_answered_to_admins_only(tmp_path: Path) -> None:
    class Status:
        async def handle(self, chat_id: int, inbound: FromCitizen) -> Change | None:
            if not isinstance(inbound.event, Commanded) or inbound.event.name != "status":
                return None
            return Change(queued=(Delivery(1, chat_id, Kind.SEND, Message("all is well")),))

    async with conversation_setup(tmp_path, handlers=(Status(),)) as here:
        await here.hears((1, ADMIN, "/status"), (2, ADMIN, "/start"), (3, 7, "/status"))
        assert here.texts(ADMIN) == ["all is well", "Menu"]
        assert here.texts(7) == ["Menu (unknown_command)"]


@in_no_time
async def test_stopping_leaves_the_remaining_updates_in_the_inbox(tmp_path: Path) -> None:
    async with conversation_setup(tmp_path) as here:
        await here.conversations.stop(1)
        new = await here.store.receive((StoredUpdate(1, 7, "/start"),))
        here.conversations.accept(new)
        await asyncio.sleep(1)
        assert here.conversations.waiting == 1
        assert [each.update_id for each in await here.store.open_updates()] == [1]


async def _screen(here: ConversationSetup, chat: int = 7) -> int:
    """The number of the present screen."""
    session = await here.conversations._sessions.get(chat, NOW, "fr")
    return session.screen


@in_no_time
async def test_a_turn_that_no_citizen_began_takes_its_place_in_the_chat_and_fails_alone(tmp_path: Path) -> None:
    async with conversation_setup(tmp_path) as here:
        over: list[str] = []
        news = Delivery(DeliveryIds().next(), 7, Kind.SEND, Message("fr news"))

        async def tells() -> Change:
            assert here.conversations.waiting == 3, "the press before it is done, what follows waits"
            return Change(queued=(news,), saved_values=(("news", "told"),))

        async def fails() -> Change:
            raise RuntimeError

        here.conversations.accept(await here.store.receive((StoredUpdate(1, 7, "/start"),)))
        here.conversations.play(7, tells, lambda: over.append("told"))
        here.conversations.play(7, fails, lambda: over.append("failed"))
        here.conversations.accept(await here.store.receive((StoredUpdate(2, 7, "/help"),)))
        await here.quiet()
        assert here.texts() == ["Menu", "news", "Help"]
        assert over == ["told", "failed"]
        assert await here.store.saved_value("news") == "told"


@in_no_time
async def test_an_attempt_that_another_turn_opens_is_carried_out_at_once(tmp_path: Path) -> None:
    async with conversation_setup(tmp_path) as here:
        await here.hears((1, 7, "/start"))
        stray = Appointment(51, 5, NOW, "Aïssatou Bah", owner="telegram:7")
        here.api.books[51] = stray

        async def finds() -> Change:
            return Change(opened=(cancelling_of(stray, 7),))

        here.conversations.play(7, finds)
        await here.quiet()
        assert here.api.books[51].status is AppointmentStatus.CANCELLED
        assert here.texts() == ["Menu"]


@in_no_time
async def test_a_flooding_chat_is_told_once_and_can_still_stop(tmp_path: Path) -> None:
    async with conversation_setup(tmp_path) as here:
        flood = [(number, 7, f"/help {number}") for number in range(1, 201)]
        await here.hears(*flood, (201, 7, "/stop"), (202, 8, "/start"))
        assert here.texts().count("Help") == BURST + 1, "the first one waits for nothing"
        assert here.texts().count("slower") == 1
        assert "Menu (nothing_to_stop)" in here.texts()
        assert here.texts(8) == ["Menu"]
        assert here.reached == {ChatLimit.UPDATES: 200 - BURST - 1}
        assert await here.store.open_updates() == ()


@in_no_time
async def test_a_flooding_chat_can_begin_anew_once(tmp_path: Path) -> None:
    async with conversation_setup(tmp_path) as here:
        flood = [(number, 7, f"/help {number}") for number in range(1, 101)]
        await here.hears(*flood, *((number, 7, "/start") for number in range(101, 201)))
        assert here.texts().count("Menu") == 1, "the same command in a row is one command"
        assert await here.store.open_updates() == ()


@in_no_time
async def test_who_waits_for_each_answer_is_never_limited(tmp_path: Path) -> None:
    async with conversation_setup(tmp_path) as here:
        for number in range(1, 101):
            await here.hears((number, 7, "/help"))
        assert here.texts().count("Help") == 100
        assert not here.reached
