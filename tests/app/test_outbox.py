"""Messages of a chat are sent in order until Telegram accepts or refuses them; other chats are not delayed."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from bot.app.outbox import EDIT_TRIES, PICTURE_TRIES, STALLED, Outbox
from bot.app.ports import EditLostError, FloodedError, MaybeSentError, MessageRefusedError, NotSentError
from bot.app.rate_limits import ChatRateLimiter, GlobalRateLimiter
from bot.app.records import Change, Delivery, Kind, StoredChat
from bot.core.appointment_book import Fact, Source
from bot.core.model import Appointment
from bot.storage.reader import MOST_TICKETS
from bot.storage.store import Store
from bot.storage.timers import SqlTimerRepository
from bot.views.message import Button, Message, Place
from tests.app.fakes import FakeMessenger
from tests.app.virtual_clock import in_no_time

NOW = datetime.fromisoformat("2026-03-02T09:00")


def word(number: int, chat: int = 7, kind: Kind = Kind.SEND, target: int | None = None) -> Delivery:
    link = "https://x.gn/1" if kind is Kind.PICTURE else None
    return Delivery(number, chat, kind, Message(f"{number}", qr_link=link), target=target)


@dataclass
class OutboxSetup:
    """An outbox over a real store and a chat program in memory."""

    store: Store
    messenger: FakeMessenger
    outbox: Outbox

    async def sends(self, *deliveries: Delivery) -> None:
        """Store, hand over, and wait until nothing is left."""
        await self.store.commit(Change(queued=deliveries))
        self.outbox.accept(deliveries)
        await self.empty()

    async def empty(self) -> None:
        while tasks := set(self.outbox._tasks.values()):
            await asyncio.wait(tasks)
        await self.store.commit(Change())

    async def stored(self) -> list[int]:
        """The numbers of what would be sent again after a restart."""
        return [each.id async for each in self.store.open_deliveries()]


@asynccontextmanager
async def outbox_setup(
    folder: Path, rate: float | None = None, chat_rate: float | None = None
) -> AsyncIterator[OutboxSetup]:
    store = await Store(f"sqlite+aiosqlite:///{folder / 'bot.db'}").open()
    messenger = FakeMessenger()
    outbox = Outbox(store, messenger, GlobalRateLimiter(rate), ChatRateLimiter(chat_rate), office_time=lambda: NOW)
    try:
        yield OutboxSetup(store, messenger, outbox)
        await outbox.stop(1.0)
    finally:
        await store.close()


@in_no_time
async def test_messages_of_a_chat_arrive_in_order_and_their_rows_are_deleted(tmp_path: Path) -> None:
    async with outbox_setup(tmp_path) as here:
        await here.sends(*(word(number, chat) for number in range(1, 6) for chat in (7,)))
        assert here.messenger.texts() == ["1", "2", "3", "4", "5"]
        assert await here.stored() == []
        assert (here.outbox.sent, here.outbox.waiting) == (5, 0)


@pytest.mark.parametrize("failure", [NotSentError("x"), MaybeSentError("x")], ids=["not sent", "maybe sent"])
@in_no_time
async def test_a_message_with_unknown_outcome_is_sent_again_before_the_next(tmp_path: Path, failure: Exception) -> None:
    async with outbox_setup(tmp_path) as here:
        here.messenger.failures.extend([failure, failure])
        await here.sends(word(1), word(2))
        assert here.messenger.texts() == ["1", "2"]
        assert await here.stored() == []


@in_no_time
async def test_a_text_that_is_refused_is_sent_without_markup_and_buttons(tmp_path: Path) -> None:
    async with outbox_setup(tmp_path) as here:
        here.messenger.failures.append(MessageRefusedError("can't parse entities"))
        ticket = replace(word(1), message=Message("<b>N° 1</b> &lt;", ((Button("Annuler", "x:1"),),)))
        await here.sends(ticket, word(2))
        assert here.messenger.texts() == ["N° 1 &lt;", "2"]
        assert not next(iter(here.messenger.phones[7].values())).message.rows


@in_no_time
async def test_a_place_that_telegram_refuses_is_sent_in_words(tmp_path: Path) -> None:
    async with outbox_setup(tmp_path) as here:
        here.messenger.failures.append(MessageRefusedError("wrong latitude"))
        place = Place(9.5, -13.7, "Passeports", "Kaloum")
        await here.sends(replace(word(1, kind=Kind.VENUE), message=Message("Kaloum", place=place)))
        (sent,) = here.messenger.phones[7].values()
        assert (sent.kind, sent.message.text) == (Kind.SEND, "Kaloum")
        assert here.outbox.failed == 0


@in_no_time
async def test_a_place_that_is_asked_for_twice_while_it_waits_is_sent_once(tmp_path: Path) -> None:
    async with outbox_setup(tmp_path) as here:
        place = Message("Kaloum", place=Place(9.5, -13.7, "Passeports", "Kaloum"))
        await here.sends(*(replace(word(n, kind=Kind.VENUE), message=place) for n in (1, 2)))
        assert len(here.messenger.phones[7]) == 1


@in_no_time
async def test_a_text_that_is_refused_again_is_dropped_and_delays_nothing(tmp_path: Path) -> None:
    async with outbox_setup(tmp_path) as here:
        here.messenger.failures.extend([MessageRefusedError("can't parse entities")] * 2)
        await here.sends(word(1), word(2))
        assert here.messenger.texts() == ["2"]
        assert here.outbox.failed == 1
        assert await here.stored() == []


@in_no_time
async def test_a_message_on_which_our_code_fails_delays_nothing(tmp_path: Path) -> None:
    async with outbox_setup(tmp_path) as here:
        here.messenger.failures.extend([ValueError("what a citizen wrote")] * 4)
        await here.sends(word(1), word(2))
        assert here.messenger.texts() == ["2"]
        here.messenger.failures.extend([ValueError("what a citizen wrote")] * 3)
        await here.sends(replace(word(3), message=Message("<b>3</b>")))
        assert here.messenger.texts() == ["2", "3"], "the last try is without markup"
        assert await here.stored() == []


@in_no_time
async def test_only_a_limited_chat_waits_as_long_as_telegram_says(tmp_path: Path) -> None:
    async with outbox_setup(tmp_path) as here:
        here.messenger.failures.append(FloodedError(30))
        began = asyncio.get_running_loop().time()
        await here.sends(word(1, 7), word(2, 8), word(3, 7))
        times = {delivery.id: at - began for at, delivery, _ in here.messenger.heard}
        assert times[2] < 1
        assert 30 <= times[1] <= 31
        assert times[3] >= times[1]


@in_no_time
async def test_a_chat_that_blocked_the_bot_gets_nothing_until_it_returns(tmp_path: Path) -> None:
    async with outbox_setup(tmp_path) as here:
        here.messenger.left.add(7)
        await here.store.commit(Change(chat=StoredChat(7, "", "fr")))
        await here.sends(word(1), word(2), word(3, 8))
        assert [delivery.id for _, delivery, _ in here.messenger.heard] == [1, 3]
        assert await here.stored() == []
        chat = await here.store.chat(7)
        assert chat is not None
        assert chat.left
        here.messenger.left.clear()
        await here.sends(word(4))
        assert here.messenger.texts() == ["4"]


@in_no_time
async def test_of_several_edits_of_a_message_only_the_last_is_sent(tmp_path: Path) -> None:
    async with outbox_setup(tmp_path) as here:
        await here.sends(word(1))
        (number,) = here.messenger.phones[7]
        await here.sends(*(word(each, kind=Kind.EDIT, target=number) for each in (2, 3, 4)))
        assert here.messenger.texts() == ["4"]
        assert [delivery.id for _, delivery, _ in here.messenger.heard] == [1, 4]
        assert await here.stored() == []


@in_no_time
async def test_an_edit_of_a_deleted_message_is_sent_as_a_new_message(tmp_path: Path) -> None:
    async with outbox_setup(tmp_path) as here:
        await here.sends(replace(word(1, kind=Kind.EDIT, target=99), screen=12))
        assert here.messenger.texts() == ["1"]
        (shown,) = here.messenger.phones[7].values()
        assert (shown.kind, shown.screen) == (Kind.SEND, 12)


@pytest.mark.parametrize("failure", [EditLostError("x"), MessageRefusedError("x")])
@in_no_time
async def test_an_older_message_that_cannot_be_changed_any_more_is_left_as_it_is(
    tmp_path: Path, failure: Exception
) -> None:
    async with outbox_setup(tmp_path) as here:
        here.messenger.failures.append(failure)
        await here.sends(replace(word(1, kind=Kind.EDIT, target=90), amends=True), word(2))
        assert here.messenger.texts() == ["2"]
        assert (here.outbox.failed, await here.stored()) == (0, [])


@in_no_time
async def test_the_message_of_a_ticket_is_remembered_sent_or_edited(tmp_path: Path) -> None:
    async with outbox_setup(tmp_path) as here:
        at = datetime(2026, 3, 3, 10)  # noqa: DTZ001 — office time
        for number in (50, 51, 52):
            fact = Fact(number, 7, at, Source.ATTEMPT, Appointment(number, 5, at, "Aïssatou"))
            await here.store.commit(Change(facts=(fact,)))
        picture = replace(word(3, kind=Kind.NEW_PICTURE), message=Message("qr", qr_link="https://example.org/50"))
        await here.sends(replace(word(1), ticket=50), word(2), replace(picture, ticket=50))
        (sent, drawn) = await here.store.ticket_messages(7, 50)
        assert (sent.is_picture, drawn.is_picture) == (False, True)
        assert await here.store.ticket_messages(7, 52) == ()
        assert await here.store.ticket_messages(8, 50) == (), "another chat's"
        await here.sends(replace(word(4, kind=Kind.EDIT, target=sent.message), ticket=51))
        assert await here.store.ticket_messages(7, 51) == (replace(sent, appointment_id=51),)
        assert await here.store.ticket_messages(7, 50) == (drawn,), "that message shows another ticket now"
        for number in range(10, 20):
            await here.sends(replace(word(number), ticket=52))
        newest = await here.store.ticket_messages(7, 52)
        assert len(newest) == MOST_TICKETS
        assert newest == tuple(sorted(newest, key=lambda each: each.message))


@in_no_time
@pytest.mark.parametrize("failure", [EditLostError("gone"), MessageRefusedError("no text")], ids=["lost", "refused"])
async def test_a_refused_edit_of_the_present_screen_becomes_a_new_message(tmp_path: Path, failure: Exception) -> None:
    async with outbox_setup(tmp_path) as here:
        await here.sends(word(1))
        (shown,) = here.messenger.phones[7]
        here.messenger.failures.append(failure)
        await here.sends(replace(word(2, kind=Kind.EDIT, target=shown), screen=12))
        assert here.messenger.texts() == ["1", "2"]
        assert here.outbox.failed == 0


EDIT_LOST = MaybeSentError("editMessageText: Internal Server Error")


@in_no_time
async def test_an_edit_of_the_present_screen_that_never_gets_through_becomes_a_new_message(tmp_path: Path) -> None:
    async with outbox_setup(tmp_path) as here:
        await here.sends(word(1))
        (shown,) = here.messenger.phones[7]
        here.messenger.failures.extend([EDIT_LOST] * EDIT_TRIES)
        await here.sends(replace(word(2, kind=Kind.EDIT, target=shown), screen=12), word(3))
        assert here.messenger.texts() == ["1", "2", "3"]
        kinds = [delivery.kind for _, delivery, _ in here.messenger.heard]
        assert kinds == [Kind.SEND, *[Kind.EDIT] * EDIT_TRIES, Kind.SEND, Kind.SEND]
        assert await here.stored() == []


@in_no_time
async def test_an_edit_of_an_older_message_lets_texts_pass_and_is_never_given_up(tmp_path: Path) -> None:
    async with outbox_setup(tmp_path) as here:
        await here.sends(word(1))
        (shown,) = here.messenger.phones[7]
        here.messenger.failures.append(EDIT_LOST)
        amended = replace(word(2, kind=Kind.EDIT, target=shown), amends=True)
        await here.store.commit(Change(queued=(amended, word(3))))
        here.outbox.accept((amended, word(3)))
        await here.empty()
        assert [delivery.id for _, delivery, _ in here.messenger.heard] == [1, 2, 3, 2]
        assert here.messenger.texts() == ["2", "3"]


@in_no_time
async def test_an_older_edit_that_fails_for_a_while_does_not_undo_a_newer_one_of_its_message(tmp_path: Path) -> None:
    async with outbox_setup(tmp_path) as here:
        await here.sends(word(1))
        (shown,) = here.messenger.phones[7]
        here.messenger.failures.extend([EDIT_LOST] * 2)
        amended = replace(word(2, kind=Kind.EDIT, target=shown), amends=True)
        screen = replace(word(3, kind=Kind.EDIT, target=shown), screen=12)
        await here.sends(amended, screen)
        assert here.messenger.texts() == ["3"]


PICTURE_LOST = MaybeSentError("sendPhoto: Internal Server Error")


@in_no_time
async def test_a_picture_that_does_not_get_through_lets_texts_pass_and_is_given_up(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with outbox_setup(tmp_path) as here:
        here.messenger.pictures = PICTURE_LOST
        await here.store.commit(Change(queued=(word(1), word(2, kind=Kind.PICTURE))))
        here.outbox.accept((word(1), word(2, kind=Kind.PICTURE)))
        began = asyncio.get_running_loop().time()
        for number in range(3, 8):
            await asyncio.sleep(0.3)
            here.outbox.accept((word(number),))
        await here.empty()
        assert here.messenger.texts() == ["1", "3", "4", "5", "6", "7"]
        heard = [delivery.kind for _, delivery, _ in here.messenger.heard]
        assert heard.count(Kind.PICTURE) == PICTURE_TRIES
        times = {delivery.id: at - began for at, delivery, _ in here.messenger.heard}
        assert times[7] < 2, "nobody waits for a picture"
        assert here.outbox.failed == 1
        assert await here.stored() == []
    assert "a picture is given up after 5 tries: sendPhoto: Internal Server Error" in caplog.text
    assert "cannot be reached" not in caplog.text


@in_no_time
async def test_a_picture_is_not_given_up_because_there_is_no_connection(tmp_path: Path) -> None:
    async with outbox_setup(tmp_path) as here:
        here.messenger.failures.extend([NotSentError("sendPhoto: refused")] * 20)
        await here.sends(word(1, kind=Kind.PICTURE))
        assert here.messenger.texts() == ["1"]


@in_no_time
async def test_a_text_is_never_given_up_and_operators_are_told(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with outbox_setup(tmp_path) as here:
        lost = MaybeSentError("sendMessage: Internal Server Error")
        here.messenger.failures.extend([lost] * 100)
        await here.store.commit(Change(queued=(word(1),)))
        here.outbox.accept((word(1),))
        await asyncio.sleep(STALLED - 60)
        assert here.outbox.stalled == 0
        await asyncio.sleep(120)
        assert here.outbox.stalled == 1
        assert await here.stored() == [1]
        here.messenger.failures.clear()
        await here.empty()
        assert here.messenger.texts() == ["1"]
        assert here.outbox.stalled == 0
    words = "the oldest message of a chat has waited for ten minutes: sendMessage: Internal Server Error"
    assert caplog.messages == [words]


@in_no_time
async def test_only_several_chats_make_an_outage(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async with outbox_setup(tmp_path) as here:
        here.messenger.failures.extend([MaybeSentError("sendMessage: Timed out")] * 9)
        await here.sends(*(word(chat, chat) for chat in (1, 2, 3)))
    assert caplog.messages == [
        "Telegram (sending) cannot be reached: sendMessage: Timed out; trying again",
        "Telegram (sending) answers again",
    ]


@in_no_time
async def test_of_screens_that_wait_only_the_newest_is_sent_and_the_order_stays(tmp_path: Path) -> None:
    async with outbox_setup(tmp_path, chat_rate=1.0) as here:
        began = asyncio.get_running_loop().time()
        for number in range(1, 2001):
            screen = replace(word(number), screen=number)
            await here.store.commit(Change(queued=(screen,)))
            here.outbox.accept((screen,))
        ticket = word(2001)
        await here.sends(ticket)
        assert asyncio.get_running_loop().time() - began < 10, "a ticket does not wait behind what is of no use"
        texts = here.messenger.texts()
        assert texts[-2:] == ["2000", "2001"]
        assert texts == sorted(texts, key=int)
        assert await here.stored() == []


@in_no_time
async def test_of_equal_messages_that_wait_one_is_sent_and_nothing_else_is_dropped(tmp_path: Path) -> None:
    async with outbox_setup(tmp_path, chat_rate=1.0) as here:

        def told(number: int, text: str, kind: Kind = Kind.SEND) -> Delivery:
            return replace(word(number, kind=kind), message=Message(text))

        first = [word(number) for number in range(1, 9)]
        many = [
            told(10, "help"),
            told(11, "ticket"),
            told(12, "qr", Kind.NEW_PICTURE),
            told(13, "help"),
            told(14, "ticket"),
            told(15, "qr", Kind.NEW_PICTURE),
            told(16, "cancelled"),
        ]
        await here.sends(*first, *many)
        assert here.messenger.texts()[8:] == ["help", "ticket", "qr", "cancelled"]
        assert [delivery.id for _, delivery, _ in here.messenger.heard][8:] == [13, 14, 15, 16]
        assert await here.stored() == []


@in_no_time
async def test_a_delivery_that_is_being_sent_is_not_replaced(tmp_path: Path) -> None:
    async with outbox_setup(tmp_path) as here:
        here.messenger.gate = asyncio.Event()
        one, other = replace(word(1), screen=1), replace(word(2), screen=2)
        await here.store.commit(Change(queued=(one, other)))
        here.outbox.accept((one,))
        await asyncio.sleep(0.1)
        here.outbox.accept((other,))
        here.messenger.gate.set()
        await here.empty()
        assert here.messenger.texts() == ["1", "2"]


@in_no_time
@pytest.mark.parametrize("failure", [EditLostError("gone"), MessageRefusedError("no text")], ids=["lost", "refused"])
async def test_a_refused_amendment_is_dropped(tmp_path: Path, failure: Exception) -> None:
    async with outbox_setup(tmp_path) as here:
        here.messenger.failures.append(failure)
        await here.sends(replace(word(1, kind=Kind.EDIT, target=99), amends=True), word(2))
        assert here.messenger.texts() == ["2"]
        assert here.outbox.failed == 0
        assert await here.stored() == []


@in_no_time
async def test_of_several_amendments_only_the_newest_is_sent(tmp_path: Path) -> None:
    async with outbox_setup(tmp_path) as here:
        await here.sends(word(1))
        (shown,) = here.messenger.phones[7]
        here.messenger.failures.append(FloodedError(30))
        edits = [replace(word(each, kind=Kind.EDIT, target=shown), amends=True) for each in (2, 4, 6)]
        await here.sends(edits[0], word(3), edits[1], word(5), edits[2])
        assert [delivery.id for _, delivery, _ in here.messenger.heard] == [1, 3, 3, 5, 6]
        assert here.messenger.texts() == ["6", "3", "5"]
        assert await here.stored() == []


@in_no_time
async def test_a_delayed_document_lets_messages_pass_and_arrives_later(tmp_path: Path) -> None:
    async with outbox_setup(tmp_path) as here:
        here.messenger.failures.append(MaybeSentError("502"))
        await here.sends(word(1, kind=Kind.DOCUMENT), word(2), word(3))
        assert here.messenger.texts() == ["2", "3", "1"]
        assert await here.stored() == []


@in_no_time
async def test_of_files_with_the_same_name_that_wait_the_newest_is_sent(tmp_path: Path) -> None:
    async with outbox_setup(tmp_path) as here:
        here.messenger.failures += [MaybeSentError("502"), MaybeSentError("502")]
        files = [replace(word(n, kind=Kind.DOCUMENT), document=f"rdv-{n % 2}.ics") for n in (1, 2, 3)]
        await here.sends(word(0), *files)
        assert here.messenger.texts() == ["0", "2", "3"]


@in_no_time
@pytest.mark.parametrize(("stands", "left"), [(True, ["0", "picture", "news"]), (False, ["0", "news"])])
async def test_a_ticket_that_became_untrue_while_it_waited_is_not_sent(
    tmp_path: Path, *, stands: bool, left: list[str]
) -> None:
    async with outbox_setup(tmp_path) as here:
        here.messenger.failures.append(NotSentError("no route"))
        ticket = replace(word(1), message=Message("ticket"), ticket=50)
        picture = replace(word(2, kind=Kind.PICTURE), message=Message("picture"), ticket=50)
        news = replace(word(3), message=Message("news"), ticket=50 if stands else None, supersedes=50)
        await here.sends(word(0), ticket, picture, news)
        assert here.messenger.texts() == left
        assert await here.stored() == []


@in_no_time
@pytest.mark.parametrize("edited", [None, 33])
async def test_after_a_move_neither_the_old_ticket_nor_its_picture_is_sent_any_more(
    tmp_path: Path, edited: int | None
) -> None:
    async with outbox_setup(tmp_path) as here:
        here.messenger.failures.append(NotSentError("no route"))
        old = replace(word(1), message=Message("ticket"), ticket=50)
        picture = replace(word(2, kind=Kind.PICTURE), message=Message("picture"), ticket=50)
        kind = Kind.EDIT if edited else Kind.SEND
        new = replace(word(3, kind=kind), message=Message("new"), target=edited, ticket=60, supersedes=50)
        await here.sends(word(0), old, picture, new)
        assert here.messenger.texts() == ["0", "new"]
        assert await here.stored() == []


@in_no_time
async def test_a_calendar_file_is_noted_once_it_is_sent(tmp_path: Path) -> None:
    async with outbox_setup(tmp_path) as here:
        made = Appointment(50, 5, datetime.fromisoformat("2026-03-05T10:00"), "Aïssatou")
        await here.store.commit(Change(facts=(Fact(50, 7, made.at, Source.ATTEMPT, made),)))
        here.messenger.failures.append(MessageRefusedError("no file"))
        await here.sends(replace(word(1, kind=Kind.DOCUMENT), calendar=50))
        assert (await here.store.entries_of(7))[0].ics_sent is None, "it was refused"
        await here.sends(replace(word(2, kind=Kind.DOCUMENT), calendar=50))
        assert (await here.store.entries_of(7))[0].ics_sent == 0


@in_no_time
async def test_a_delayed_document_is_dropped_when_its_chat_blocks_the_bot(tmp_path: Path) -> None:
    async with outbox_setup(tmp_path) as here:
        await here.store.commit(Change(chat=StoredChat(7, "", "fr")))
        here.messenger.failures.append(NotSentError("no route"))
        here.messenger.left.add(7)
        await here.sends(word(1, kind=Kind.DOCUMENT), word(2))
        assert [delivery.id for _, delivery, _ in here.messenger.heard] == [1, 2]
        assert await here.stored() == []


@in_no_time
async def test_the_refusal_of_a_prepared_message_is_passed_on(tmp_path: Path) -> None:
    async with outbox_setup(tmp_path) as here:
        here.messenger.failures.append(MessageRefusedError("wrong file identifier"))
        await here.sends(word(1, kind=Kind.PREPARED), word(2))
        assert here.outbox.refused.get_nowait() == (7, "wrong file identifier")
        assert here.outbox.refused.empty()
        assert here.messenger.texts() == ["2"]


@in_no_time
async def test_a_prepared_message_that_never_gets_through_holds_up_nothing_for_ever(tmp_path: Path) -> None:
    async with outbox_setup(tmp_path) as here:
        here.messenger.failures.extend([PICTURE_LOST] * PICTURE_TRIES)
        await here.sends(word(1, kind=Kind.PREPARED), word(2))
        assert here.outbox.refused.get_nowait() == (7, "sendPhoto: Internal Server Error")
        assert here.messenger.texts() == ["2"]
        assert await here.stored() == []


@in_no_time
async def test_a_picture_is_sent_by_its_file_id_the_second_time(tmp_path: Path) -> None:
    async with outbox_setup(tmp_path) as here:
        await here.sends(word(1, kind=Kind.PICTURE))
        await here.sends(word(2, kind=Kind.PICTURE))
        assert [file_id for _, _, file_id in here.messenger.heard] == [None, "file-1"]


@in_no_time
async def test_a_picture_with_an_invalid_file_id_is_uploaded_again(tmp_path: Path) -> None:
    async with outbox_setup(tmp_path) as here:
        await here.sends(word(1, kind=Kind.PICTURE))
        here.messenger.failures.append(MessageRefusedError("wrong file identifier"))
        await here.sends(word(2, kind=Kind.PICTURE))
        assert [file_id for _, _, file_id in here.messenger.heard] == [None, "file-1", None]
        assert here.outbox.failed == 0


@in_no_time
async def test_each_chat_has_its_own_rate_limit(tmp_path: Path) -> None:
    async with outbox_setup(tmp_path, chat_rate=1.0) as here:
        began = asyncio.get_running_loop().time()
        await here.sends(*(word(number) for number in range(1, 8)), word(8, 8))
        times = {delivery.id: at - began for at, delivery, _ in here.messenger.heard}
        assert times[4] < 1 <= times[5] < times[6] < times[7]
        assert times[8] < 1


@in_no_time
async def test_stopping_leaves_unsent_messages_stored(tmp_path: Path) -> None:
    async with outbox_setup(tmp_path) as here:
        here.messenger.failures.extend([NotSentError("x")] * 50)
        deliveries = (word(1), word(2))
        await here.store.commit(Change(queued=deliveries))
        here.outbox.accept(deliveries)
        await asyncio.sleep(3)
        await here.outbox.stop(0.5)
        assert await here.stored() == [1, 2]


@in_no_time
async def test_stopping_waits_for_messages_in_flight(tmp_path: Path) -> None:
    async with outbox_setup(tmp_path) as here:
        here.messenger.gate = asyncio.Event()
        await here.store.commit(Change(queued=(word(1),)))
        here.outbox.accept((word(1),))
        await asyncio.sleep(0.1)
        asyncio.get_running_loop().call_later(1.0, here.messenger.gate.set)
        await here.outbox.stop(5.0)
        assert here.messenger.texts() == ["1"]


@in_no_time
async def test_a_failed_typing_action_has_no_effect(tmp_path: Path) -> None:
    async with outbox_setup(tmp_path) as here:
        await here.outbox.typing(7)
        assert here.messenger.typings == [7]


REMINDER = replace(word(1), not_after=NOW + timedelta(hours=1), about=((50, 0),))
MADE = Appointment(50, 5, NOW + timedelta(days=2), "Aïssatou Bah")
BOOKED = Fact(50, 7, NOW - timedelta(days=5), Source.ATTEMPT, MADE)


@in_no_time
async def test_a_message_that_waited_until_it_is_too_late_is_dropped_and_delays_nothing(tmp_path: Path) -> None:
    async with outbox_setup(tmp_path) as here:
        too_late = replace(word(2), not_after=NOW - timedelta(minutes=1))
        await here.sends(replace(word(1), not_after=NOW), too_late, word(3))
        assert here.messenger.texts() == ["1", "3"]
        assert (here.outbox.outdated, here.outbox.failed, await here.stored()) == (1, 0, [])


@in_no_time
async def test_a_message_about_an_appointment_is_dropped_once_that_has_changed(tmp_path: Path) -> None:
    async with outbox_setup(tmp_path) as here:
        await here.store.commit(Change(facts=(BOOKED,)))
        await here.sends(REMINDER)
        assert here.messenger.texts() == ["1"]
        await here.store.commit(Change(facts=(replace(BOOKED, appointment=None),)))
        await here.sends(replace(REMINDER, id=2), replace(word(3), about=((51, 0),)), word(4))
        assert here.messenger.texts() == ["1", "4"]
        assert (here.outbox.outdated, await here.stored()) == (2, [])


@in_no_time
async def test_a_message_about_an_appointment_that_changes_while_telegram_is_away_is_dropped(tmp_path: Path) -> None:
    async with outbox_setup(tmp_path) as here:
        await here.store.commit(Change(facts=(BOOKED,), queued=(REMINDER,)))
        here.messenger.failures.append(FloodedError(60.0))
        here.outbox.accept((REMINDER,))
        await asyncio.sleep(1)
        assert here.messenger.heard
        await here.store.commit(Change(facts=(replace(BOOKED, appointment=replace(MADE, at=NOW)),)))
        await here.empty()
        assert (here.messenger.texts(), here.outbox.outdated, await here.stored()) == ([], 1, [])


@in_no_time
async def test_if_one_of_several_appointments_changed_the_citizen_is_still_reminded_of_the_others(
    tmp_path: Path,
) -> None:
    """The timers of all of them were deleted when the message was queued."""
    async with outbox_setup(tmp_path) as here:
        other = replace(BOOKED, appointment_id=51, appointment=replace(MADE, id=51))
        await here.store.commit(Change(facts=(BOOKED, other)))
        timers = SqlTimerRepository(here.store)
        armed = await timers.of_chat(7)
        assert {each.appointment_id for each in armed} == {50, 51}
        await here.store.commit(Change(fired=armed))
        await here.store.commit(Change(facts=(replace(BOOKED, appointment=None),)))
        await here.sends(replace(REMINDER, about=((50, 0), (51, 0))), word(2))
        assert here.messenger.texts() == ["2"]
        assert {each.appointment_id for each in await timers.of_chat(7)} == {51}
        await here.store.commit(Change(fired=armed))
        await here.sends(replace(REMINDER, id=3, about=((51, 0),), not_after=NOW - timedelta(minutes=1)))
        assert await timers.of_chat(7) == (), "too late is too late"
