"""The admins' handler: `/broadcast`, `/broadcasts` and their buttons. `AdminRouter` keeps everybody else out.

Runs the composer: events go into `composer.step`, its effects are carried out here. The draft is written in the
transaction that marks the update as done, so that a kill loses nothing and does nothing twice. Knows no texts, no
Telegram and no SQL.
"""

import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from bot.app.play import play
from bot.app.ports import ApiError, Moncreneau
from bot.app.records import Change, Delivery, DeliveryIds, Kind
from bot.app.updates import FromCitizen
from bot.broadcast import callback_data
from bot.broadcast.compose_states import (
    ComposeDraft,
    ComposeEffect,
    ComposeEvent,
    ComposeNotice,
    ComposerOpened,
    ComposerPressed,
    CountRecipients,
    DepartmentsLoaded,
    Launch,
    LoadDepartments,
    MessageReceived,
    PreviewRefused,
    RecipientsCounted,
    SendPreview,
    ShowDraft,
    read_draft,
    write_draft,
)
from bot.broadcast.composer import step
from bot.broadcast.lifecycle import QUESTIONS, BroadcastCommand, ListCursor, cursor_of, decode_cursor, transition
from bot.broadcast.model import BroadcastSnapshot, Content, Plan, Version
from bot.broadcast.ports import Admin, BroadcastRepository, BroadcastSender, ProgressMessage, RecipientRepository
from bot.broadcast.progress import ProgressMessages
from bot.broadcast.report import Reporter
from bot.broadcast.runner import BroadcastRunner
from bot.core import callback_data as core_callback_data
from bot.core.events import CitizenEvent, Commanded, Pressed, Typed
from bot.views.bot_profile import BUILT
from bot.views.message import Message

LISTED = 8
"""Broadcasts on a page of the list."""


@dataclass(frozen=True, slots=True)
class BroadcastViews:
    """How to draw things; the language is the last argument."""

    state: Callable[[ShowDraft, str], Message]
    listing: Callable[[tuple[BroadcastSnapshot, ...], ListCursor | None, str], Message]
    """The cursor is where the next page begins, if there is one."""
    question: Callable[[BroadcastSnapshot, BroadcastCommand, str], Message]


@dataclass(frozen=True, slots=True)
class _Request:
    """The admin of an update, with the chat, the office time and the language."""

    chat_id: int
    at: datetime
    locale: str
    admin: Admin


class BroadcastHandler:
    """See `AdminHandler`."""

    def __init__(  # noqa: PLR0913 — its collaborators
        self,
        *,
        repository: BroadcastRepository,
        recipients: RecipientRepository,
        sender: BroadcastSender,
        api: Moncreneau,
        broadcasts: BroadcastRunner,
        progress: ProgressMessages,
        reporter: Reporter,
        views: BroadcastViews,
        locales: tuple[str, ...],
        locale_of: Callable[[int], Awaitable[str | None]],
        read_content: Callable[[Mapping[str, Any]], Content | ComposeNotice],
        ids: DeliveryIds,
    ) -> None:
        self._repository = repository
        self._recipients = recipients
        self._sender = sender
        self._api = api
        self._broadcasts = broadcasts
        self._progress = progress
        self._reporter = reporter
        self._views = views
        self._locales = locales
        self._locale_of = locale_of
        self._read_content = read_content
        self._ids = ids

    async def handle(self, chat_id: int, inbound: FromCitizen) -> Change | None:
        """See `AdminHandler`."""
        event = inbound.event
        draft = await self._draft(chat_id)
        locale = await self._locale_of(chat_id) or event.language
        admin = Admin(inbound.user_id, event.profile or str(inbound.user_id))
        request = _Request(chat_id, event.at, locale, admin)
        match event:
            case Commanded(name="broadcast"):
                number = draft.number if draft else await self._repository.next_number()
                opened = ComposerOpened(at=event.at, number=number, locales=self._locales)
                return await self._play(request, draft, opened)
            case Commanded(name="broadcasts"):
                return self._say(request, await self._listed(locale))
            case Commanded(name="stop") if draft and not draft.aside:
                return self._answer(request, None, ShowDraft(None, notice=ComposeNotice.CANCELLED))
            case Pressed(action=data, screen=None) if decoded := callback_data.decode(data):
                return await self._pressed(request, event, draft, decoded)
            case Commanded(name=name) if draft and not draft.aside and name not in BUILT:  # meant for the draft
                refused = MessageReceived(at=event.at, text="", content=ComposeNotice.COMMAND)
                return await self._play(request, draft, refused)
            case Commanded() | Pressed():
                await self._put_aside(chat_id, draft, event)
                return None
            case _ if draft and not draft.aside:
                text = event.text if isinstance(event, Typed) else ""
                received = MessageReceived(at=event.at, text=text, content=self._read_content(inbound.raw))
                return await self._play(request, draft, received)
            case _:
                return None

    async def preview_refused(self, chat_id: int, reason: str, at: datetime) -> Change:
        """The change if Telegram refuses the preview of an admin's message: the draft goes back to the message."""
        draft = await self._draft(chat_id)
        if draft is None:
            return Change()
        request = _Request(chat_id, at, await self._locale_of(chat_id) or "", Admin(chat_id, ""))
        return await self._play(request, draft, PreviewRefused(at=at, reason=reason[:200]))

    async def _draft(self, chat_id: int) -> ComposeDraft | None:
        text = await self._repository.draft(chat_id)
        return read_draft(text) if text else None

    async def _put_aside(self, chat_id: int, draft: ComposeDraft | None, event: CitizenEvent) -> None:
        """The admin does something else now, so the next text is not for the draft, which stays."""
        about_preview = isinstance(event, Pressed) and event.action in {
            core_callback_data.NEWS_ON,
            core_callback_data.NEWS_OFF,
        }
        if draft and not draft.aside and not about_preview:
            await self._repository.write(self._repository.keep_draft(chat_id, write_draft(replace(draft, aside=True))))

    # --- the composer --------------------------------------------------------------------------------------------

    async def _play(self, request: _Request, draft: ComposeDraft | None, event: ComposeEvent) -> Change:
        """Play an event to its end; of several states in between, only the last one is shown."""
        shown: ShowDraft | None = None
        previews: tuple[Delivery, ...] = ()

        async def run(_draft: ComposeDraft | None, effect: ComposeEffect) -> ComposeEvent | None:
            nonlocal shown, previews
            match effect:
                case ShowDraft():
                    shown = effect
                case LoadDepartments(message=message):
                    return await self._load_departments(request, message)
                case CountRecipients():
                    return await self._count(request, effect)
                case SendPreview(versions=versions):
                    previews = tuple(self._preview(request, each) for each in versions)
                case Launch():
                    await self._launch(request, effect)
            return None

        draft = await play(step, draft, event, run)
        change = self._answer(request, draft, shown)
        return replace(change, queued=(*previews, *change.queued))

    async def _count(self, request: _Request, effect: CountRecipients) -> RecipientsCounted:
        count = await self._recipients.count(effect.audience, request.at)
        return RecipientsCounted(
            at=request.at,
            count=count,
            seconds=self._broadcasts.seconds_for(count),
            then=effect.then,
            message=effect.message,
            confirmed=effect.confirmed,
        )

    async def _load_departments(self, request: _Request, message: int) -> DepartmentsLoaded:
        try:
            found = await self._api.departments()
        except ApiError as error:
            return DepartmentsLoaded(at=request.at, message=message, failure=error.failure)
        return DepartmentsLoaded(at=request.at, message=message, departments=found)

    def _preview(self, request: _Request, version: Version) -> Delivery:
        """The message as citizens will get it."""
        prepared = json.dumps(self._sender.prepared(version.content, version.locale or request.locale))
        return Delivery(self._ids.next(), request.chat_id, Kind.PREPARED, Message(""), prepared=prepared)

    async def _launch(self, request: _Request, effect: Launch) -> None:
        draft = effect.draft
        if draft.audience is None:
            return
        plan = Plan(draft.number, draft.versions, draft.audience, effect.starts, at_night=draft.night is not None)
        progress = ProgressMessage(draft.number, request.chat_id, effect.message, request.locale)
        await self._broadcasts.launch(plan, request.admin, progress)
        self._progress.touch(draft.number)

    def _answer(self, request: _Request, draft: ComposeDraft | None, shown: ShowDraft | None) -> Change:
        kept = self._repository.keep_draft(request.chat_id, write_draft(draft) if draft else None)
        if shown is None:
            return Change(works=(kept,))
        message = self._views.state(shown, request.locale)
        return replace(self._say(request, message, shown.message), works=(kept,))

    def _say(self, request: _Request, message: Message, target: int | None = None) -> Change:
        kind = Kind.SEND if target is None else Kind.EDIT
        return Change(queued=(Delivery(self._ids.next(), request.chat_id, kind, message, target=target),))

    # --- commands to a broadcast ---------------------------------------------------------------------------------

    async def _listed(self, locale: str, after: ListCursor | None = None) -> Message:
        """A page of the list."""
        found = await self._broadcasts.listed(LISTED + 1, after)
        last = cursor_of(found[LISTED - 1].broadcast) if len(found) > LISTED else None
        return self._views.listing(found[:LISTED], last, locale)

    async def _pressed(
        self, request: _Request, event: Pressed, draft: ComposeDraft | None, decoded: tuple[int, int | None, str, str]
    ) -> Change:
        number, turn, action, value = decoded
        if turn is not None and draft and draft.number == number:
            pressed = ComposerPressed(at=event.at, turn=turn, action=action, value=value, message=event.message)
            return await self._play(request, draft, pressed)
        snapshot = await self._broadcasts.snapshot(number)
        if snapshot is None:
            return self._answer(request, draft, ShowDraft(draft, notice=ComposeNotice.STALE))
        command = BroadcastCommand(action) if turn is None and action in frozenset(BroadcastCommand) else None
        return await self._command(request, event.message, snapshot, (command, value))

    async def _command(
        self,
        request: _Request,
        message_id: int,
        snapshot: BroadcastSnapshot,
        decoded: tuple[BroadcastCommand | None, str],
    ) -> Change:
        number, (command, value) = snapshot.broadcast.plan.number, decoded
        if command is BroadcastCommand.OLDER:
            await self._progress.clear(request.chat_id, message_id)
            return self._say(request, await self._listed(request.locale, decode_cursor(number, value)), message_id)
        if command in QUESTIONS and transition(snapshot.broadcast, QUESTIONS[command]):
            await self._progress.clear(request.chat_id, message_id)
            return self._say(request, self._views.question(snapshot, command, request.locale), message_id)
        if command is BroadcastCommand.REPORT:
            return Change(queued=await self._reporter.requested(number, request.chat_id, request.locale))
        if command:
            await self._broadcasts.apply(number, command, request.admin)
        # Also for a stale or forged button: the message shows the present status from now on.
        await self._progress.put(ProgressMessage(number, request.chat_id, message_id, request.locale))
        return Change()
