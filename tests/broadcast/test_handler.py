"""The admins' handler: events go into the composer, its effects are carried out, each answer is one change."""

import json
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

import pytest

from bot.app.records import Change, Delivery, DeliveryIds, Kind
from bot.app.roles import Roles
from bot.app.updates import FromCitizen
from bot.broadcast.callback_data import ComposeAction, encode_command, encode_compose
from bot.broadcast.compose_states import (
    AskingMessage,
    ChoosingDepartment,
    ChoosingVersions,
    ComposeDraft,
    ComposeNotice,
    ConfirmingSend,
    Reviewing,
    ShowDraft,
    read_draft,
)
from bot.broadcast.handler import LISTED, BroadcastHandler, BroadcastViews
from bot.broadcast.lifecycle import BroadcastCommand, ListCursor, encode_cursor
from bot.broadcast.model import BroadcastSnapshot, BroadcastStatus, Content, Media, RecipientCounts, RecipientStatus
from bot.broadcast.ports import NOWHERE
from bot.broadcast.progress import ProgressMessages
from bot.broadcast.recaller import Recaller
from bot.broadcast.report import Reporter
from bot.broadcast.runner import BroadcastRunner
from bot.broadcast.sender import SendLoop
from bot.broadcast.views import ClosedDay
from bot.core import callback_data
from bot.core.events import CitizenEvent, Commanded, Pressed, SentSomething, Typed
from bot.core.model import Department
from bot.views.message import Message
from tests.app.fakes import FakeMoncreneau, refused
from tests.app.virtual_clock import in_no_time
from tests.broadcast.fakes import DAY, Clock, FakeBroadcasts, FakeRecipients, FakeSender, SharedLimits
from tests.core.examples import DOWN

ADMIN = 900
STAFF, COLLEAGUE = 901, 902
PRESSED = 70
CHRISTMAS, YESTERDAY = date(2026, 12, 25), DAY.date() - timedelta(days=1)


class HandlerSetup:
    """A handler on fakes; `shown` is the state that was drawn last."""

    def __init__(self, *chats: int, roles: Roles | None = None) -> None:
        self.recipients, self.sender = FakeRecipients.of(*chats), FakeSender()
        self.repository = FakeBroadcasts(recipients=self.recipients)
        self.api = FakeMoncreneau(offices=(Department(5, "Passeports"),))
        self.shown: ShowDraft | None = None
        self.closed: tuple[ClosedDay, ...] = ()
        self.who = ADMIN
        self.roles = roles or Roles.of({ADMIN}, {(5, STAFF), (8, COLLEAGUE), (5, COLLEAGUE)})
        self.drawn: list[str] = []
        self.touched: list[int] = []
        self.queued: list[Delivery] = []
        limits, clock, ids = SharedLimits(self.sender), Clock(), DeliveryIds()
        reporter = Reporter(
            self.repository,
            admins={ADMIN},
            locale_of=self._locale,
            caption=lambda *_: Message("caption"),
            commit=self._commit,
            ids=ids,
        )
        self.broadcasts = BroadcastRunner(
            self.repository,
            self.recipients,
            self.sender,
            SendLoop(
                self.recipients,
                self.sender,
                limits.throttle(),
                limits.chat_limiter,
                on_left=self.touched.append,
                office_time=clock,
            ),
            Recaller(self.recipients, self.sender, limits.throttle(), limits.chat_limiter),
            office_time=clock,
            locales=("fr", "en"),
            rate=25.0,
            changed=self.touched.append,
            ended=reporter.ended,
        )
        progress = ProgressMessages(
            self.repository,
            lambda chat, _broadcast: chat in {ADMIN, STAFF},
            lambda *_: Message("progress"),
            draw_left=lambda *_: Message("left"),
            snapshot=self.broadcasts.snapshot,
            moving=self.broadcasts.moving,
            accept=self.queued.extend,
            ids=ids,
        )
        self.handler = BroadcastHandler(
            repository=self.repository,
            recipients=self.recipients,
            sender=self.sender,
            api=self.api,
            broadcasts=self.broadcasts,
            progress=progress,
            reporter=reporter,
            views=BroadcastViews(
                self._draw_state,
                self._draw_list,
                self._draw_question,
                self._draw_closed,
                lambda _: Message("which day?"),
            ),
            locales=("fr", "en"),
            locale_of=self._locale,
            read_content=self._content,
            ids=ids,
            roles=self.roles,
            known_departments=lambda: self.api.offices,
            announced_closures=lambda: {5: frozenset({CHRISTMAS, YESTERDAY}), 8: frozenset({CHRISTMAS})},
        )

    def _draw_closed(self, found: tuple[ClosedDay, ...], day: date | None, _locale: str) -> Message:
        self.closed = found
        return Message(f"closed {day}")

    async def _commit(self, change: Change) -> None:
        self.queued.extend(change.queued)

    async def _locale(self, chat_id: int) -> str | None:
        return "fr" if chat_id == ADMIN else None

    @staticmethod
    def _content(raw: Mapping[str, Any]) -> Content | ComposeNotice:
        return Content(Media.TEXT, raw["text"]) if "text" in raw else ComposeNotice.UNSUPPORTED

    def _draw_state(self, show: ShowDraft, locale: str) -> Message:
        self.shown = show
        return Message(f"state {locale}")

    def _draw_list(self, snapshots: tuple[BroadcastSnapshot, ...], last: ListCursor | None, locale: str) -> Message:
        behind = last and f"{encode_cursor(last)}-{last.number}"
        return Message(f"list {[each.broadcast.plan.number for each in snapshots]} {behind} {locale}")

    def _draw_question(self, _snapshot: BroadcastSnapshot, command: BroadcastCommand, _locale: str) -> Message:
        return Message(f"{command}?")

    async def does(self, event: CitizenEvent, **raw: Any) -> Change | None:
        """An admin does something; what it changes is stored."""
        change = await self.handler.handle(self.who, FromCitizen(event, self.who, raw))
        self.stores(change)
        return change

    @staticmethod
    def stores(change: Change | None) -> None:
        """Write what a change writes."""
        for work in change.works if change else ():
            work(None)

    async def commands(self, name: str, argument: str = "") -> Change | None:
        return await self.does(Commanded(at=DAY, name=name, argument=argument, profile="Ibrahima"))

    async def types(self, text: str) -> Change | None:
        return await self.does(Typed(at=DAY, text=text), text=text)

    async def presses(self, action: str, message: int = PRESSED) -> Change | None:
        return await self.does(Pressed(at=DAY, screen=None, action=action, message=message, profile="Ibrahima"))

    async def presses_button(self, action: ComposeAction, value: str = "") -> Change | None:
        draft = self.draft()
        return await self.presses(encode_compose(draft.number, draft.turn, action, value))

    def draft(self) -> ComposeDraft:
        """As it is stored."""
        draft = read_draft(self.repository.drafts[self.who])
        assert draft
        return draft

    async def reviews(self) -> Change:
        """The shortest way to the review."""
        await self.commands("broadcast")
        await self.types("Bonjour")
        await self.presses_button(ComposeAction.ONE)
        change = await self.presses_button(ComposeAction.EVERYONE)
        assert change
        return change


async def test_the_command_begins_a_draft_that_is_stored_with_the_answer() -> None:
    here = HandlerSetup(1, 2)
    change = await here.commands("broadcast")
    assert change
    (answer,) = change.queued
    assert (answer.kind, answer.chat_id, answer.message) == (Kind.SEND, ADMIN, Message("state fr"))
    assert here.draft().state == AskingMessage()


async def test_the_command_again_uses_up_no_number() -> None:
    here = HandlerSetup(1)
    await here.commands("broadcast")
    await here.commands("broadcast")
    assert here.draft().number == here.repository.numbers_given == 1


async def test_a_press_edits_the_pressed_message() -> None:
    here = HandlerSetup(1)
    await here.commands("broadcast")
    await here.types("Bonjour")
    change = await here.presses_button(ComposeAction.ONE)
    assert change
    assert (change.queued[0].kind, change.queued[0].target) == (Kind.EDIT, PRESSED)


async def test_the_preview_is_queued_before_the_review() -> None:
    here = HandlerSetup(1, 2, 3)
    change = await here.reviews()
    preview, review = change.queued
    assert (preview.kind, preview.chat_id) == (Kind.PREPARED, ADMIN)
    assert json.loads(preview.prepared or "") == ["sendMessage", {"text": "Bonjour", "locale": "fr"}]
    assert (review.kind, review.message) == (Kind.SEND, Message("state fr"))
    assert preview.id < review.id
    assert (here.draft().state, here.draft().count) == (Reviewing(), 3)


async def test_media_is_read_by_the_content_reader() -> None:
    here = HandlerSetup(1)
    await here.commands("broadcast")
    await here.does(SentSomething(at=DAY), sticker={})
    assert here.shown
    assert here.shown.notice is ComposeNotice.UNSUPPORTED


async def test_a_refused_preview_asks_for_the_message_again_with_the_reason() -> None:
    here = HandlerSetup(1)
    await here.reviews()
    change = await here.handler.preview_refused(ADMIN, "Bad Request: wrong file identifier", DAY)
    here.stores(change)
    assert here.draft().state == AskingMessage()
    assert here.shown
    assert (here.shown.notice, here.shown.reason) == (ComposeNotice.REFUSED, "Bad Request: wrong file identifier")
    assert [each.kind for each in change.queued] == [Kind.SEND]


async def test_a_preview_refused_after_the_draft_was_deleted_changes_nothing() -> None:
    assert await HandlerSetup(1).handler.preview_refused(ADMIN, "Bad Request", DAY) == Change()


async def test_departments_are_loaded_when_asked_for() -> None:
    here = HandlerSetup(1)
    await here.commands("broadcast")
    await here.types("Bonjour")
    await here.presses_button(ComposeAction.ONE)
    here.api.reads.append(refused(DOWN.code))
    await here.presses_button(ComposeAction.DEPARTMENT)
    assert here.draft().state == ChoosingDepartment(failure=DOWN)
    await here.presses_button(ComposeAction.RETRY)
    assert here.draft().state == ChoosingDepartment(here.api.offices)


@in_no_time
async def test_confirming_launches_it_and_the_message_becomes_its_progress_message() -> None:
    here = HandlerSetup(1, 2)
    await here.reviews()
    await here.presses_button(ComposeAction.NOW)
    assert here.draft().state == ConfirmingSend()
    action = encode_compose(here.draft().number, here.draft().turn, ComposeAction.GO)
    change = await here.presses(action)
    assert change
    assert change.queued == ()
    assert ADMIN not in here.repository.drafts
    assert here.repository.shown[1, ADMIN].message_id == PRESSED
    again = await here.presses(action)
    assert again == Change()
    assert len(here.repository.broadcasts) == 1
    await here.broadcasts.stop(5)


# --- aside -------------------------------------------------------------------------------------------------------


async def test_an_admin_who_does_something_else_is_treated_as_a_citizen() -> None:
    here = HandlerSetup(1)
    assert await here.commands("book") is None
    assert await here.types("Bonjour") is None
    await here.commands("broadcast")
    assert await here.commands("book") is None
    assert here.draft().aside
    assert await here.types("Aïssatou") is None
    assert await here.presses(callback_data.BOOK) is None
    await here.commands("broadcast")
    assert not here.draft().aside
    assert here.shown
    assert here.shown.notice is ComposeNotice.RESUMED


async def test_a_text_that_begins_like_a_command_is_told_why_it_cannot_be_taken() -> None:
    here = HandlerSetup(1)
    assert await here.commands("foo") is None
    await here.commands("broadcast")
    assert await here.commands("demain")
    assert here.shown
    assert here.shown.notice is ComposeNotice.COMMAND
    assert not here.draft().aside


async def test_the_opt_out_button_of_the_preview_keeps_the_draft_open() -> None:
    here = HandlerSetup(1)
    await here.reviews()
    assert await here.presses(callback_data.NEWS_OFF) is None
    assert not here.draft().aside


async def test_stop_deletes_the_draft_and_nothing_else() -> None:
    here = HandlerSetup(1)
    assert await here.commands("stop") is None
    await here.reviews()
    assert await here.commands("stop")
    assert ADMIN not in here.repository.drafts
    assert here.shown == ShowDraft(None, notice=ComposeNotice.CANCELLED)


async def test_an_unreadable_draft_is_replaced() -> None:
    here = HandlerSetup(1)
    here.repository.drafts[ADMIN] = "0:old"
    await here.commands("broadcast")
    assert here.draft().state == AskingMessage()


# --- steering ----------------------------------------------------------------------------------------------------


async def test_the_list_shows_all_broadcasts() -> None:
    here = HandlerSetup()
    here.repository.has(BroadcastStatus.DONE)
    change = await here.commands("broadcasts")
    assert change
    assert change.queued[0].message == Message("list [1] None fr")


async def test_the_list_begins_with_active_broadcasts_and_has_pages() -> None:
    here = HandlerSetup()
    for number in range(1, LISTED + 5):
        here.repository.has(BroadcastStatus.DONE, number=number)
    here.repository.has(BroadcastStatus.PAUSED, number=2)
    change = await here.commands("broadcasts")
    assert change
    assert change.queued[0].message == Message("list [2, 12, 11, 10, 9, 8, 7, 6] 2.-6 fr")
    change = await here.presses(encode_command(6, BroadcastCommand.OLDER, "2."), message=88)
    assert change
    assert change.queued[0].message == Message("list [5, 4, 3, 1] None fr")
    assert change.queued[0].target == 88


async def test_a_command_button_acts_and_its_message_shows_the_progress() -> None:
    here = HandlerSetup()
    here.repository.has(BroadcastStatus.PAUSED)
    assert await here.presses(encode_command(1, BroadcastCommand.REALLY_STOP), message=88) == Change()
    assert here.repository.broadcasts[1].status is BroadcastStatus.STOPPED
    assert here.repository.broadcasts[1].history[-1].who == "Ibrahima"
    assert here.repository.shown[1, ADMIN].message_id == 88
    await here.broadcasts.stop(5)


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
    here = HandlerSetup()
    here.repository.has(BroadcastStatus.DONE)
    assert await here.presses(action) == Change()
    assert here.repository.broadcasts[1].status is BroadcastStatus.DONE
    assert here.repository.shown[1, ADMIN].message_id == PRESSED


@pytest.mark.parametrize(
    ("status", "command"),
    [
        (BroadcastStatus.DONE, BroadcastCommand.RECALL),
        (BroadcastStatus.PAUSED, BroadcastCommand.STOP),
        (BroadcastStatus.SCHEDULED, BroadcastCommand.START),
    ],
)
async def test_recalling_stopping_and_starting_early_ask_first(
    status: BroadcastStatus, command: BroadcastCommand
) -> None:
    here = HandlerSetup()
    here.repository.has(status, RecipientCounts(((RecipientStatus.SENT, 2),)))
    change = await here.presses(encode_command(1, command))
    assert change
    assert (change.queued[0].message, change.queued[0].target) == (Message(f"{command}?"), PRESSED)
    assert here.repository.broadcasts[1].status is status


async def test_a_question_that_no_longer_applies_is_not_asked() -> None:
    here = HandlerSetup()
    here.repository.has(BroadcastStatus.DONE)
    assert await here.presses(encode_command(1, BroadcastCommand.STOP)) == Change()
    assert here.repository.shown[1, ADMIN].message_id == PRESSED


@pytest.mark.parametrize("command", [BroadcastCommand.RECALL, BroadcastCommand.OLDER])
async def test_a_progress_message_that_becomes_another_screen_is_no_longer_updated(command: BroadcastCommand) -> None:
    here = HandlerSetup()
    here.repository.has(BroadcastStatus.DONE, RecipientCounts(((RecipientStatus.SENT, 2),)))
    await here.presses(encode_command(1, BroadcastCommand.SEE))
    await here.presses(encode_command(1, command))
    assert here.repository.shown[1, ADMIN].message_id == NOWHERE


async def test_the_report_is_sent_on_request() -> None:
    here = HandlerSetup(1)
    here.repository.has(BroadcastStatus.DONE)
    change = await here.presses(encode_command(1, BroadcastCommand.REPORT))
    assert change
    assert [(each.chat_id, each.document) for each in change.queued] == [(ADMIN, "broadcast-1.csv")]


async def test_a_forged_button_is_called_stale() -> None:
    here = HandlerSetup(1)
    for action in (encode_command(99, BroadcastCommand.STOP), encode_compose(99, 1, ComposeAction.GO)):
        assert await here.presses(action)
        assert here.shown == ShowDraft(None, notice=ComposeNotice.STALE)


async def test_a_forged_button_leaves_the_draft_as_it_is() -> None:
    here = HandlerSetup(1)
    await here.commands("broadcast")
    await here.types("Bonjour")
    await here.presses(encode_command(99, BroadcastCommand.STOP))
    assert here.draft().state == ChoosingVersions()
