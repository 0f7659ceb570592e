"""The desk: what admins do goes into the core, its wishes are carried out, and each answer is one change."""

from collections.abc import Mapping
from typing import Any

import pytest

from bot.app.ports import FloodedError, MaybeSentError, MessageRefusedError, NotSentError, Receipt
from bot.app.records import Change, Delivery, Kind
from bot.app.updates import FromCitizen
from bot.broadcast.callback_data import Ask, asked, steered
from bot.broadcast.compose_states import (
    AskingMessage,
    ChoosingAudience,
    ChoosingOffice,
    ChoosingVersions,
    Confirming,
    Draft,
    Remark,
    Reviewing,
    Show,
    read_draft,
)
from bot.broadcast.handler import LISTED, PREVIEW_TRIES, BroadcastDesk, Drawings
from bot.broadcast.lifecycle import Place, Verb, write_place
from bot.broadcast.model import Content, Fate, Figures, Media, Sight, Status
from bot.broadcast.ports import NOWHERE
from bot.broadcast.progress import Cards
from bot.broadcast.recaller import Recaller
from bot.broadcast.report import Reporter
from bot.broadcast.runner import Broadcasts
from bot.broadcast.sender import Courier
from bot.core import callback_data
from bot.core.events import CitizenEvent, Commanded, Pressed, SentSomething, Typed
from bot.core.model import Department
from bot.views.message import Message
from tests.app.fakes import FakeMoncreneau, refused
from tests.app.virtual_clock import in_no_time
from tests.broadcast.press import DAY, Clock, FakeBooks, FakeHerald, FakeRoll, Ways
from tests.core.examples import DOWN

ADMIN = 900
PRESSED = 70


class Phones:
    """Nobody looks at cards here."""

    async def deliver(self, delivery: Delivery, _file_id: str | None) -> Receipt:
        return Receipt(delivery.target or 0)

    async def typing(self, chat_id: int) -> None:
        raise AssertionError(chat_id)


class Desk:
    """A desk on fakes; `shown` is the stage that was drawn last."""

    def __init__(self, *chats: int) -> None:
        self.roll, self.herald = FakeRoll.of(*chats), FakeHerald()
        self.books = FakeBooks(roll=self.roll)
        self.offices = FakeMoncreneau(offices=(Department(5, "Passeports"),))
        self.shown: Show | None = None
        self.drawn: list[str] = []
        self.touched: list[int] = []
        ways, clock = Ways(self.herald), Clock()
        reporter = Reporter(
            self.books,
            self.roll,
            self.herald,
            ways.errands,
            admins={ADMIN},
            locale_of=self._locale,
            caption=lambda *_: Message("caption"),
        )
        self.broadcasts = Broadcasts(
            self.books,
            self.roll,
            self.herald,
            Courier(self.roll, self.herald, ways.lane(), ways.per_chat, left=self.touched.append, office_time=clock),
            Recaller(self.roll, self.herald, ways.lane(), ways.per_chat),
            office_time=clock,
            locales=("fr", "en"),
            rate=25.0,
            changed=self.touched.append,
            ended=reporter.ended,
        )
        cards = Cards(
            self.books,
            Phones(),
            ways.overall,
            {ADMIN},
            lambda *_: Message("card"),
            look=self.broadcasts.look,
            moving=self.broadcasts.moving,
        )
        self._desk = BroadcastDesk(
            books=self.books,
            roll=self.roll,
            herald=self.herald,
            errands=ways.errands,
            offices=self.offices,
            broadcasts=self.broadcasts,
            cards=cards,
            reporter=reporter,
            drawings=Drawings(self._stage, self._listing, self._recalling),
            locales=("fr", "en"),
            locale_of=self._locale,
            read_content=self._content,
        )

    async def _locale(self, chat_id: int) -> str | None:
        return "fr" if chat_id == ADMIN else None

    @staticmethod
    def _content(raw: Mapping[str, Any]) -> Content | Remark:
        return Content(Media.TEXT, raw["text"]) if "text" in raw else Remark.UNSUPPORTED

    def _stage(self, show: Show, locale: str) -> Message:
        self.shown = show
        return Message(f"stage {locale}")

    def _listing(self, sights: tuple[Sight, ...], last: Place | None, locale: str) -> Message:
        behind = last and f"{write_place(last)}-{last.number}"
        return Message(f"list {[each.broadcast.plan.number for each in sights]} {behind} {locale}")

    def _recalling(self, _sight: Sight, _locale: str) -> Message:
        return Message("recall?")

    async def does(self, event: CitizenEvent, **raw: Any) -> Change | None:
        """An admin does something; what it changes is stored."""
        change = await self._desk.handle(ADMIN, FromCitizen(event, ADMIN, raw))
        for work in change.works if change else ():
            work(None)
        return change

    async def commands(self, name: str) -> Change | None:
        return await self.does(Commanded(at=DAY, name=name, profile="Ibrahima"))

    async def types(self, text: str) -> Change | None:
        return await self.does(Typed(at=DAY, text=text), text=text)

    async def presses(self, action: str, message: int = PRESSED) -> Change | None:
        return await self.does(Pressed(at=DAY, screen=None, action=action, message=message, profile="Ibrahima"))

    async def pushes(self, ask: Ask, value: str = "") -> Change | None:
        draft = self.draft()
        return await self.presses(asked(draft.number, draft.turn, ask, value))

    def draft(self) -> Draft:
        """As it is stored."""
        draft = read_draft(self.books.drafts[ADMIN])
        assert draft
        return draft

    async def reviews(self) -> None:
        """The shortest way to the review."""
        await self.commands("broadcast")
        await self.types("Bonjour")
        await self.pushes(Ask.ONE)
        await self.pushes(Ask.EVERYONE)


async def test_the_command_begins_a_draft_that_is_stored_with_the_answer() -> None:
    desk = Desk(1, 2)
    change = await desk.commands("broadcast")
    assert change
    (answer,) = change.queued
    assert (answer.kind, answer.chat_id, answer.message) == (Kind.SEND, ADMIN, Message("stage fr"))
    assert desk.draft().stage == AskingMessage()


async def test_the_command_again_uses_up_no_number() -> None:
    desk = Desk(1)
    await desk.commands("broadcast")
    await desk.commands("broadcast")
    assert desk.draft().number == desk.books.numbers_given == 1


async def test_a_button_changes_its_own_message() -> None:
    desk = Desk(1)
    await desk.commands("broadcast")
    await desk.types("Bonjour")
    change = await desk.pushes(Ask.ONE)
    assert change
    assert (change.queued[0].kind, change.queued[0].target) == (Kind.EDIT, PRESSED)


async def test_the_preview_is_sent_before_the_review() -> None:
    desk = Desk(1, 2, 3)
    await desk.reviews()
    assert desk.herald.sent == [(ADMIN, "fr")]
    assert (desk.draft().stage, desk.draft().count) == (Reviewing(), 3)


async def test_what_is_no_text_goes_through_the_reader() -> None:
    desk = Desk(1)
    await desk.commands("broadcast")
    await desk.does(SentSomething(at=DAY), sticker={})
    assert desk.shown
    assert desk.shown.remark is Remark.UNSUPPORTED


@in_no_time
async def test_a_preview_is_tried_through_floods_and_outages() -> None:
    desk = Desk(1)
    desk.herald.fails(ADMIN, FloodedError(2), NotSentError("no route"), None)
    await desk.reviews()
    assert desk.draft().stage == Reviewing()


@in_no_time
@pytest.mark.parametrize(
    ("errors", "stage", "remark"),
    [
        ((MessageRefusedError("bad file"),), AskingMessage(), Remark.REFUSED),
        ((MaybeSentError("timed out"),), ChoosingAudience(), Remark.NOT_SHOWN),
        ((NotSentError("no route"),) * PREVIEW_TRIES, ChoosingAudience(), Remark.NOT_SHOWN),
    ],
)
async def test_what_cannot_be_previewed_is_not_reviewed(errors: Any, stage: object, remark: Remark) -> None:
    desk = Desk(1)
    desk.herald.fails(ADMIN, *errors)
    await desk.reviews()
    assert desk.draft().stage == stage
    assert desk.shown
    assert desk.shown.remark is remark


async def test_departments_are_read_where_they_are_asked_for() -> None:
    desk = Desk(1)
    await desk.commands("broadcast")
    await desk.types("Bonjour")
    await desk.pushes(Ask.ONE)
    desk.offices.reads.append(refused(DOWN.problem))
    await desk.pushes(Ask.OFFICE)
    assert desk.draft().stage == ChoosingOffice(trouble=DOWN)
    await desk.pushes(Ask.RETRY)
    assert desk.draft().stage == ChoosingOffice(desk.offices.offices)


@in_no_time
async def test_confirming_launches_it_and_the_message_becomes_its_card() -> None:
    desk = Desk(1, 2)
    await desk.reviews()
    await desk.pushes(Ask.NOW)
    assert desk.draft().stage == Confirming()
    action = asked(desk.draft().number, desk.draft().turn, Ask.GO)
    change = await desk.presses(action)
    assert change
    assert change.queued == ()
    assert ADMIN not in desk.books.drafts
    assert desk.books.shown[1, ADMIN].message_id == PRESSED
    again = await desk.presses(action)
    assert again == Change()
    assert len(desk.books.broadcasts) == 1
    await desk.broadcasts.stop(5)


# --- aside -------------------------------------------------------------------------------------------------------


async def test_an_admin_who_does_something_else_is_a_citizen_like_any_other() -> None:
    desk = Desk(1)
    assert await desk.commands("book") is None
    assert await desk.types("Bonjour") is None
    await desk.commands("broadcast")
    assert await desk.commands("book") is None
    assert desk.draft().aside
    assert await desk.types("Aïssatou") is None
    assert await desk.presses(callback_data.BOOK) is None
    await desk.commands("broadcast")
    assert not desk.draft().aside
    assert desk.shown
    assert desk.shown.remark is Remark.RESUMED


async def test_a_text_that_begins_like_a_command_is_told_why_it_cannot_be_taken() -> None:
    desk = Desk(1)
    assert await desk.commands("foo") is None
    await desk.commands("broadcast")
    assert await desk.commands("demain")
    assert desk.shown
    assert desk.shown.remark is Remark.COMMAND
    assert not desk.draft().aside


async def test_the_button_under_the_preview_puts_nothing_aside() -> None:
    desk = Desk(1)
    await desk.reviews()
    assert await desk.presses(callback_data.NEWS_OFF) is None
    assert not desk.draft().aside


async def test_stopping_drops_what_is_composed_and_nothing_else() -> None:
    desk = Desk(1)
    assert await desk.commands("stop") is None
    await desk.reviews()
    assert await desk.commands("stop")
    assert ADMIN not in desk.books.drafts
    assert desk.shown == Show(None, remark=Remark.CANCELLED)


async def test_a_draft_that_cannot_be_read_any_more_is_begun_anew() -> None:
    desk = Desk(1)
    desk.books.drafts[ADMIN] = "0:old"
    await desk.commands("broadcast")
    assert desk.draft().stage == AskingMessage()


# --- steering ----------------------------------------------------------------------------------------------------


async def test_the_list_has_what_there_is() -> None:
    desk = Desk()
    desk.books.has(Status.DONE)
    change = await desk.commands("broadcasts")
    assert change
    assert change.queued[0].message == Message("list [1] None fr")


async def test_the_list_begins_with_what_is_under_way_however_old_and_goes_on_page_by_page() -> None:
    desk = Desk()
    for number in range(1, LISTED + 5):
        desk.books.has(Status.DONE, number=number)
    desk.books.has(Status.PAUSED, number=2)
    change = await desk.commands("broadcasts")
    assert change
    assert change.queued[0].message == Message("list [2, 12, 11, 10, 9, 8, 7, 6] 2.-6 fr")
    change = await desk.presses(steered(6, Verb.OLDER, "2."), message=88)
    assert change
    assert change.queued[0].message == Message("list [5, 4, 3, 1] None fr")
    assert change.queued[0].target == 88


async def test_a_button_under_a_broadcast_steers_it_and_shows_the_truth_there() -> None:
    desk = Desk()
    desk.books.has(Status.PAUSED)
    assert await desk.presses(steered(1, Verb.STOP), message=88) == Change()
    assert desk.books.broadcasts[1].status is Status.STOPPED
    assert desk.books.broadcasts[1].history[-1].who == "Ibrahima"
    assert desk.books.shown[1, ADMIN].message_id == 88
    await desk.broadcasts.stop(5)


@pytest.mark.parametrize("action", [steered(1, Verb.SEE), steered(1, "nonsense"), steered(1, ""), asked(1, 7, Ask.GO)])
async def test_what_asks_nothing_shows_the_truth(action: str) -> None:
    desk = Desk()
    desk.books.has(Status.DONE)
    assert await desk.presses(action) == Change()
    assert desk.books.broadcasts[1].status is Status.DONE
    assert desk.books.shown[1, ADMIN].message_id == PRESSED


async def test_recalling_is_asked_about_first() -> None:
    desk = Desk()
    desk.books.has(Status.DONE, Figures(((Fate.SENT, 2),)))
    change = await desk.presses(steered(1, Verb.RECALL))
    assert change
    assert (change.queued[0].message, change.queued[0].target) == (Message("recall?"), PRESSED)
    assert desk.books.broadcasts[1].status is Status.DONE


@pytest.mark.parametrize("verb", [Verb.RECALL, Verb.OLDER])
async def test_a_card_that_becomes_something_else_is_none_any_more(verb: Verb) -> None:
    desk = Desk()
    desk.books.has(Status.DONE, Figures(((Fate.SENT, 2),)))
    await desk.presses(steered(1, Verb.SEE))
    await desk.presses(steered(1, verb))
    assert desk.books.shown[1, ADMIN].message_id == NOWHERE


async def test_the_report_is_sent_on_request() -> None:
    desk = Desk(1)
    desk.books.has(Status.DONE)
    assert await desk.presses(steered(1, Verb.REPORT)) == Change()
    assert [chat for chat, _, _ in desk.herald.documents] == [ADMIN]


async def test_a_forged_button_is_told_that_it_is_none() -> None:
    desk = Desk(1)
    for action in (steered(99, Verb.STOP), asked(99, 1, Ask.GO)):
        assert await desk.presses(action)
        assert desk.shown == Show(None, remark=Remark.STALE)


async def test_a_forged_button_leaves_the_draft_as_it_is() -> None:
    desk = Desk(1)
    await desk.commands("broadcast")
    await desk.types("Bonjour")
    await desk.presses(steered(99, Verb.STOP))
    assert desk.draft().stage == ChoosingVersions()
