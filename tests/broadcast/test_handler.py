"""The admins' handler: events go into the composer, its effects are carried out, each answer is one change."""

from collections.abc import Mapping
from typing import Any

import pytest

from bot.app.ports import FloodedError, MaybeSentError, MessageRefusedError, NotSentError, Receipt
from bot.app.records import Change, Delivery, Kind
from bot.app.updates import FromCitizen
from bot.broadcast.callback_data import ComposeAction, encode_command, encode_compose
from bot.broadcast.compose_states import (
    AskingMessage,
    ChoosingAudience,
    ChoosingDepartment,
    ChoosingVersions,
    ComposeDraft,
    ComposeNotice,
    ConfirmingSend,
    Reviewing,
    ShowDraft,
    read_draft,
)
from bot.broadcast.handler import LISTED, PREVIEW_TRIES, BroadcastHandler, BroadcastViews
from bot.broadcast.lifecycle import BroadcastCommand, ListCursor, encode_cursor
from bot.broadcast.model import BroadcastSnapshot, BroadcastStatus, Content, Media, RecipientCounts, RecipientStatus
from bot.broadcast.ports import NOWHERE
from bot.broadcast.progress import ProgressMessages
from bot.broadcast.recaller import Recaller
from bot.broadcast.report import Reporter
from bot.broadcast.runner import BroadcastRunner
from bot.broadcast.sender import SendLoop
from bot.core import callback_data
from bot.core.events import CitizenEvent, Commanded, Pressed, SentSomething, Typed
from bot.core.model import Department
from bot.views.message import Message
from tests.app.fakes import FakeMoncreneau, refused
from tests.app.virtual_clock import in_no_time
from tests.broadcast.fakes import DAY, Clock, FakeBroadcasts, FakeRecipients, FakeSender, SharedLimits
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
        self.recipients, self.sender = FakeRecipients.of(*chats), FakeSender()
        self.repository = FakeBroadcasts(recipients=self.recipients)
        self.offices = FakeMoncreneau(offices=(Department(5, "Passeports"),))
        self.shown: ShowDraft | None = None
        self.drawn: list[str] = []
        self.touched: list[int] = []
        limits, clock = SharedLimits(self.sender), Clock()
        reporter = Reporter(
            self.repository,
            self.recipients,
            self.sender,
            limits.direct_sends,
            admins={ADMIN},
            locale_of=self._locale,
            caption=lambda *_: Message("caption"),
        )
        self.broadcasts = BroadcastRunner(
            self.repository,
            self.recipients,
            self.sender,
            SendLoop(
                self.recipients,
                self.sender,
                limits.throttle(),
                limits.per_chat,
                on_left=self.touched.append,
                office_time=clock,
            ),
            Recaller(self.recipients, self.sender, limits.throttle(), limits.per_chat),
            office_time=clock,
            locales=("fr", "en"),
            rate=25.0,
            changed=self.touched.append,
            ended=reporter.ended,
        )
        progress = ProgressMessages(
            self.repository,
            Phones(),
            limits.overall,
            {ADMIN},
            lambda *_: Message("card"),
            look=self.broadcasts.snapshot,
            moving=self.broadcasts.moving,
        )
        self._desk = BroadcastHandler(
            repository=self.repository,
            recipients=self.recipients,
            sender=self.sender,
            direct_sends=limits.direct_sends,
            offices=self.offices,
            broadcasts=self.broadcasts,
            progress=progress,
            reporter=reporter,
            views=BroadcastViews(self._stage, self._listing, self._recalling),
            locales=("fr", "en"),
            locale_of=self._locale,
            read_content=self._content,
        )

    async def _locale(self, chat_id: int) -> str | None:
        return "fr" if chat_id == ADMIN else None

    @staticmethod
    def _content(raw: Mapping[str, Any]) -> Content | ComposeNotice:
        return Content(Media.TEXT, raw["text"]) if "text" in raw else ComposeNotice.UNSUPPORTED

    def _stage(self, show: ShowDraft, locale: str) -> Message:
        self.shown = show
        return Message(f"stage {locale}")

    def _listing(self, snapshots: tuple[BroadcastSnapshot, ...], last: ListCursor | None, locale: str) -> Message:
        behind = last and f"{encode_cursor(last)}-{last.number}"
        return Message(f"list {[each.broadcast.plan.number for each in snapshots]} {behind} {locale}")

    def _recalling(self, _sight: BroadcastSnapshot, _locale: str) -> Message:
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

    async def pushes(self, ask: ComposeAction, value: str = "") -> Change | None:
        draft = self.draft()
        return await self.presses(encode_compose(draft.number, draft.turn, ask, value))

    def draft(self) -> ComposeDraft:
        """As it is stored."""
        draft = read_draft(self.repository.drafts[ADMIN])
        assert draft
        return draft

    async def reviews(self) -> None:
        """The shortest way to the review."""
        await self.commands("broadcast")
        await self.types("Bonjour")
        await self.pushes(ComposeAction.ONE)
        await self.pushes(ComposeAction.EVERYONE)


async def test_the_command_begins_a_draft_that_is_stored_with_the_answer() -> None:
    desk = Desk(1, 2)
    change = await desk.commands("broadcast")
    assert change
    (answer,) = change.queued
    assert (answer.kind, answer.chat_id, answer.message) == (Kind.SEND, ADMIN, Message("stage fr"))
    assert desk.draft().state == AskingMessage()


async def test_the_command_again_uses_up_no_number() -> None:
    desk = Desk(1)
    await desk.commands("broadcast")
    await desk.commands("broadcast")
    assert desk.draft().number == desk.repository.numbers_given == 1


async def test_a_press_edits_the_pressed_message() -> None:
    desk = Desk(1)
    await desk.commands("broadcast")
    await desk.types("Bonjour")
    change = await desk.pushes(ComposeAction.ONE)
    assert change
    assert (change.queued[0].kind, change.queued[0].target) == (Kind.EDIT, PRESSED)


async def test_the_preview_is_sent_before_the_review() -> None:
    desk = Desk(1, 2, 3)
    await desk.reviews()
    assert desk.sender.sent == [(ADMIN, "fr")]
    assert (desk.draft().state, desk.draft().count) == (Reviewing(), 3)


async def test_media_is_read_by_the_content_reader() -> None:
    desk = Desk(1)
    await desk.commands("broadcast")
    await desk.does(SentSomething(at=DAY), sticker={})
    assert desk.shown
    assert desk.shown.notice is ComposeNotice.UNSUPPORTED


@in_no_time
async def test_a_preview_is_tried_through_floods_and_outages() -> None:
    desk = Desk(1)
    desk.sender.fails(ADMIN, FloodedError(2), NotSentError("no route"), None)
    await desk.reviews()
    assert desk.draft().state == Reviewing()


@in_no_time
@pytest.mark.parametrize(
    ("errors", "state", "notice"),
    [
        ((MessageRefusedError("bad file"),), AskingMessage(), ComposeNotice.REFUSED),
        ((MaybeSentError("timed out"),), ChoosingAudience(), ComposeNotice.NOT_SHOWN),
        ((NotSentError("no route"),) * PREVIEW_TRIES, ChoosingAudience(), ComposeNotice.NOT_SHOWN),
    ],
)
async def test_a_message_without_a_preview_is_not_reviewed(errors: Any, state: object, notice: ComposeNotice) -> None:
    desk = Desk(1)
    desk.sender.fails(ADMIN, *errors)
    await desk.reviews()
    assert desk.draft().state == state
    assert desk.shown
    assert desk.shown.notice is notice


async def test_departments_are_loaded_when_asked_for() -> None:
    desk = Desk(1)
    await desk.commands("broadcast")
    await desk.types("Bonjour")
    await desk.pushes(ComposeAction.ONE)
    desk.offices.reads.append(refused(DOWN.code))
    await desk.pushes(ComposeAction.DEPARTMENT)
    assert desk.draft().state == ChoosingDepartment(failure=DOWN)
    await desk.pushes(ComposeAction.RETRY)
    assert desk.draft().state == ChoosingDepartment(desk.offices.offices)


@in_no_time
async def test_confirming_launches_it_and_the_message_becomes_its_progress_message() -> None:
    desk = Desk(1, 2)
    await desk.reviews()
    await desk.pushes(ComposeAction.NOW)
    assert desk.draft().state == ConfirmingSend()
    action = encode_compose(desk.draft().number, desk.draft().turn, ComposeAction.GO)
    change = await desk.presses(action)
    assert change
    assert change.queued == ()
    assert ADMIN not in desk.repository.drafts
    assert desk.repository.shown[1, ADMIN].message_id == PRESSED
    again = await desk.presses(action)
    assert again == Change()
    assert len(desk.repository.broadcasts) == 1
    await desk.broadcasts.stop(5)


# --- aside -------------------------------------------------------------------------------------------------------


async def test_an_admin_who_does_something_else_is_treated_as_a_citizen() -> None:
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
    assert desk.shown.notice is ComposeNotice.RESUMED


async def test_a_text_that_begins_like_a_command_is_told_why_it_cannot_be_taken() -> None:
    desk = Desk(1)
    assert await desk.commands("foo") is None
    await desk.commands("broadcast")
    assert await desk.commands("demain")
    assert desk.shown
    assert desk.shown.notice is ComposeNotice.COMMAND
    assert not desk.draft().aside


async def test_the_opt_out_button_of_the_preview_keeps_the_draft_open() -> None:
    desk = Desk(1)
    await desk.reviews()
    assert await desk.presses(callback_data.NEWS_OFF) is None
    assert not desk.draft().aside


async def test_stop_deletes_the_draft_and_nothing_else() -> None:
    desk = Desk(1)
    assert await desk.commands("stop") is None
    await desk.reviews()
    assert await desk.commands("stop")
    assert ADMIN not in desk.repository.drafts
    assert desk.shown == ShowDraft(None, notice=ComposeNotice.CANCELLED)


async def test_an_unreadable_draft_is_replaced() -> None:
    desk = Desk(1)
    desk.repository.drafts[ADMIN] = "0:old"
    await desk.commands("broadcast")
    assert desk.draft().state == AskingMessage()


# --- steering ----------------------------------------------------------------------------------------------------


async def test_the_list_shows_all_broadcasts() -> None:
    desk = Desk()
    desk.repository.has(BroadcastStatus.DONE)
    change = await desk.commands("broadcasts")
    assert change
    assert change.queued[0].message == Message("list [1] None fr")


async def test_the_list_begins_with_active_broadcasts_and_has_pages() -> None:
    desk = Desk()
    for number in range(1, LISTED + 5):
        desk.repository.has(BroadcastStatus.DONE, number=number)
    desk.repository.has(BroadcastStatus.PAUSED, number=2)
    change = await desk.commands("broadcasts")
    assert change
    assert change.queued[0].message == Message("list [2, 12, 11, 10, 9, 8, 7, 6] 2.-6 fr")
    change = await desk.presses(encode_command(6, BroadcastCommand.OLDER, "2."), message=88)
    assert change
    assert change.queued[0].message == Message("list [5, 4, 3, 1] None fr")
    assert change.queued[0].target == 88


async def test_a_command_button_acts_and_its_message_shows_the_progress() -> None:
    desk = Desk()
    desk.repository.has(BroadcastStatus.PAUSED)
    assert await desk.presses(encode_command(1, BroadcastCommand.STOP), message=88) == Change()
    assert desk.repository.broadcasts[1].status is BroadcastStatus.STOPPED
    assert desk.repository.broadcasts[1].history[-1].who == "Ibrahima"
    assert desk.repository.shown[1, ADMIN].message_id == 88
    await desk.broadcasts.stop(5)


@pytest.mark.parametrize(
    "action",
    [
        encode_command(1, BroadcastCommand.SEE),
        encode_command(1, "nonsense"),
        encode_command(1, ""),
        encode_compose(1, 7, ComposeAction.GO),
    ],
)
async def test_a_button_without_a_command_shows_the_progress(action: str) -> None:
    desk = Desk()
    desk.repository.has(BroadcastStatus.DONE)
    assert await desk.presses(action) == Change()
    assert desk.repository.broadcasts[1].status is BroadcastStatus.DONE
    assert desk.repository.shown[1, ADMIN].message_id == PRESSED


async def test_a_recall_asks_first() -> None:
    desk = Desk()
    desk.repository.has(BroadcastStatus.DONE, RecipientCounts(((RecipientStatus.SENT, 2),)))
    change = await desk.presses(encode_command(1, BroadcastCommand.RECALL))
    assert change
    assert (change.queued[0].message, change.queued[0].target) == (Message("recall?"), PRESSED)
    assert desk.repository.broadcasts[1].status is BroadcastStatus.DONE


@pytest.mark.parametrize("command", [BroadcastCommand.RECALL, BroadcastCommand.OLDER])
async def test_a_progress_message_that_becomes_another_screen_is_no_longer_updated(command: BroadcastCommand) -> None:
    desk = Desk()
    desk.repository.has(BroadcastStatus.DONE, RecipientCounts(((RecipientStatus.SENT, 2),)))
    await desk.presses(encode_command(1, BroadcastCommand.SEE))
    await desk.presses(encode_command(1, command))
    assert desk.repository.shown[1, ADMIN].message_id == NOWHERE


async def test_the_report_is_sent_on_request() -> None:
    desk = Desk(1)
    desk.repository.has(BroadcastStatus.DONE)
    assert await desk.presses(encode_command(1, BroadcastCommand.REPORT)) == Change()
    assert [chat for chat, _, _ in desk.sender.documents] == [ADMIN]


async def test_a_forged_button_is_called_stale() -> None:
    desk = Desk(1)
    for action in (encode_command(99, BroadcastCommand.STOP), encode_compose(99, 1, ComposeAction.GO)):
        assert await desk.presses(action)
        assert desk.shown == ShowDraft(None, notice=ComposeNotice.STALE)


async def test_a_forged_button_leaves_the_draft_as_it_is() -> None:
    desk = Desk(1)
    await desk.commands("broadcast")
    await desk.types("Bonjour")
    await desk.presses(encode_command(99, BroadcastCommand.STOP))
    assert desk.draft().state == ChoosingVersions()
