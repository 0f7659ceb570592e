"""The admins' handler: `/broadcast`, `/broadcasts` and their buttons. `AdminRouter` keeps everybody else out.

Runs the composer: events go into `composer.step`, its effects are carried out here. The draft is written in the
transaction that marks the update as done, so that a kill loses nothing and does nothing twice. Knows no texts, no
Telegram and no SQL.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from bot.app.ports import ApiError, FloodedError, MessageRefusedError, Moncreneau, NotSentError, SendError
from bot.app.records import Change, Delivery, Kind, Urgency
from bot.app.turn import DeliveryIds
from bot.app.updates import FromCitizen
from bot.broadcast import callback_data
from bot.broadcast.compose_states import (
    ComposeDraft,
    ComposeEvent,
    ComposeNotice,
    ComposerOpened,
    ComposerPressed,
    CountRecipients,
    DepartmentsLoaded,
    Launch,
    LoadDepartments,
    MessageReceived,
    PreviewFailed,
    RecipientsCounted,
    SendPreview,
    ShowDraft,
    read_draft,
    write_draft,
)
from bot.broadcast.composer import step
from bot.broadcast.direct_sends import DirectSends
from bot.broadcast.lifecycle import BroadcastCommand, ListCursor, cursor_of, decode_cursor
from bot.broadcast.model import BroadcastSnapshot, Content, Plan, Version
from bot.broadcast.ports import Admin, BroadcastRepository, BroadcastSender, ProgressMessage, RecipientRepository
from bot.broadcast.progress import ProgressMessages
from bot.broadcast.report import Reporter
from bot.broadcast.runner import BroadcastRunner
from bot.core import callback_data as core_callback_data
from bot.core.events import CitizenEvent, Commanded, Pressed, Typed
from bot.views.bot_profile import ADMIN, EXTRA, USUAL
from bot.views.message import Message

LISTED = 8
COMMANDS = frozenset({*USUAL, *EXTRA, *ADMIN})
"""Any other text that begins with a slash is meant for the draft, and must be told why it cannot be taken."""
PREVIEW_TRIES, PREVIEW_PAUSE = 3, 1.0


@dataclass(frozen=True, slots=True)
class BroadcastViews:
    """How to draw things; the language is the last argument."""

    state: Callable[[ShowDraft, str], Message]
    listing: Callable[[tuple[BroadcastSnapshot, ...], ListCursor | None, str], Message]
    """The cursor is where the next page begins, if there is one."""
    recalling: Callable[[BroadcastSnapshot, str], Message]


@dataclass(frozen=True, slots=True)
class _Request:
    """What an admin did, and who and where they are."""

    chat_id: int
    event: CitizenEvent
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
        direct_sends: DirectSends,
        offices: Moncreneau,
        broadcasts: BroadcastRunner,
        progress: ProgressMessages,
        reporter: Reporter,
        views: BroadcastViews,
        locales: tuple[str, ...],
        locale_of: Callable[[int], Awaitable[str | None]],
        read_content: Callable[[Mapping[str, Any]], Content | ComposeNotice],
    ) -> None:
        self._repository = repository
        self._recipients = recipients
        self._sender = sender
        self._direct_sends = direct_sends
        self._offices = offices
        self._broadcasts = broadcasts
        self._progress = progress
        self._reporter = reporter
        self._views = views
        self._locales = locales
        self._locale_of = locale_of
        self._read_content = read_content
        self._ids = DeliveryIds()

    async def handle(self, chat_id: int, inbound: FromCitizen) -> Change | None:
        """See `AdminHandler`."""
        event = inbound.event
        text = await self._repository.draft(chat_id)
        draft = read_draft(text) if text else None
        locale = await self._locale_of(chat_id) or event.language
        request = _Request(chat_id, event, locale, Admin(inbound.user_id, event.profile or str(inbound.user_id)))
        match event:
            case Commanded(name="broadcast"):
                number = draft.number if draft else await self._repository.next_number()
                return await self._play(
                    request, draft, ComposerOpened(at=event.at, number=number, locales=self._locales)
                )
            case Commanded(name="broadcasts"):
                return self._say(request, await self._listed(locale))
            case Commanded(name="stop") if draft and not draft.aside:
                return self._answer(request, None, ShowDraft(None, notice=ComposeNotice.CANCELLED))
            case Pressed(action=action, screen=None) if asked := callback_data.decode(action):
                return await self._pressed(request, event, draft, asked)
            case Commanded(name=name) if draft and not draft.aside and name not in COMMANDS:
                return await self._play(
                    request, draft, MessageReceived(at=event.at, text="", content=ComposeNotice.COMMAND)
                )
            case Commanded() | Pressed():
                await self._aside(chat_id, draft, event)
                return None
            case _ if draft and not draft.aside:
                words = event.text if isinstance(event, Typed) else ""
                sent = MessageReceived(at=event.at, text=words, content=self._read_content(inbound.raw))
                return await self._play(request, draft, sent)
            case _:
                return None

    async def _aside(self, chat_id: int, draft: ComposeDraft | None, event: CitizenEvent) -> None:
        """The admin does something else now, so the next text is not for the draft, which stays."""
        about_preview = isinstance(event, Pressed) and event.action in {
            core_callback_data.NEWS_ON,
            core_callback_data.NEWS_OFF,
        }
        if draft and not draft.aside and not about_preview:
            await self._repository.write(self._repository.keep_draft(chat_id, write_draft(replace(draft, aside=True))))

    # --- the composer --------------------------------------------------------------------------------------------

    async def _play(self, request: _Request, draft: ComposeDraft | None, event: ComposeEvent) -> Change:
        """Play an event to its end; of several states on the way, the last one is shown."""
        shown: ShowDraft | None = None
        waiting: list[ComposeEvent] = [event]
        while waiting:
            draft, effects = step(draft, waiting.pop())
            for effect in effects:
                match effect:
                    case ShowDraft():
                        shown = effect
                    case LoadDepartments(message=message):
                        waiting.append(await self._read_offices(request, message))
                    case CountRecipients():
                        waiting.append(await self._count(request, effect))
                    case SendPreview(versions=versions):
                        waiting.extend(await self._preview(request, versions))
                    case Launch():
                        await self._launch(request, effect)
        return self._answer(request, draft, shown)

    async def _count(self, request: _Request, effect: CountRecipients) -> RecipientsCounted:
        at, count = request.event.at, await self._recipients.count(effect.audience, request.event.at)
        seconds = self._broadcasts.seconds_for(count)
        return RecipientsCounted(
            at=at, count=count, seconds=seconds, then=effect.then, message=effect.message, confirmed=effect.confirmed
        )

    async def _read_offices(self, request: _Request, message: int) -> DepartmentsLoaded:
        try:
            found = await self._offices.departments()
        except ApiError as error:
            return DepartmentsLoaded(at=request.event.at, message=message, failure=error.failure)
        return DepartmentsLoaded(at=request.event.at, message=message, departments=found)

    async def _preview(self, request: _Request, versions: tuple[Version, ...]) -> tuple[PreviewFailed, ...]:
        """Send what citizens will get, the way they will get it. Nothing comes back when that went well."""
        for version in versions:
            prepared = self._sender.prepared(version.content, version.locale or request.locale)
            for _ in range(PREVIEW_TRIES):
                await self._direct_sends.turn(request.chat_id, Urgency.INTERACTIVE)
                try:
                    await self._sender.send(prepared, request.chat_id)
                except FloodedError as flood:
                    self._direct_sends.flooded(request.chat_id, flood.retry_after)
                except NotSentError:
                    await asyncio.sleep(PREVIEW_PAUSE)
                except MessageRefusedError as error:
                    return (PreviewFailed(at=request.event.at, reason=str(error)[:200]),)
                except SendError:
                    return (PreviewFailed(at=request.event.at),)
                else:
                    self._direct_sends.went()
                    break
            else:
                return (PreviewFailed(at=request.event.at),)
        return ()

    async def _launch(self, request: _Request, effect: Launch) -> None:
        draft = effect.draft
        if draft.audience is None:
            return
        plan = Plan(draft.number, draft.versions, draft.audience, effect.starts, at_night=draft.night is not None)
        await self._broadcasts.launch(
            plan, request.admin, ProgressMessage(draft.number, request.chat_id, effect.message, request.locale)
        )
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

    async def _listed(self, locale: str, after: ListCursor | None = None) -> Message:
        """A page of the list."""
        found = await self._broadcasts.listed(LISTED + 1, after)
        last = cursor_of(found[LISTED - 1].broadcast) if len(found) > LISTED else None
        return self._views.listing(found[:LISTED], last, locale)

    # --- commands to a broadcast ---------------------------------------------------------------------------------

    async def _pressed(
        self, request: _Request, event: Pressed, draft: ComposeDraft | None, asked: tuple[int, int | None, str, str]
    ) -> Change:
        number, turn, ask, value = asked
        if turn is not None and draft and draft.number == number:
            pressed = ComposerPressed(at=event.at, turn=turn, action=ask, value=value, message=event.message)
            return await self._play(request, draft, pressed)
        snapshot = await self._broadcasts.snapshot(number)
        if snapshot is None:
            return self._answer(request, draft, ShowDraft(draft, notice=ComposeNotice.STALE))
        if turn is None and ask in {BroadcastCommand.OLDER, BroadcastCommand.RECALL}:
            await self._progress.clear_progress_message(request.chat_id, event.message)
        if turn is None and ask == BroadcastCommand.OLDER:
            return self._say(request, await self._listed(request.locale, decode_cursor(number, value)), event.message)
        if turn is None and ask == BroadcastCommand.RECALL:
            return self._say(request, self._views.recalling(snapshot, request.locale), event.message)
        if turn is None and ask == BroadcastCommand.REPORT:
            await self._reporter.send(number, request.chat_id, request.locale)
            return Change()
        if turn is None and ask in frozenset(BroadcastCommand):
            await self._broadcasts.apply(number, BroadcastCommand(ask), request.admin)
        # Whatever was asked, by a button of today or of yesterday: this message shows the truth from now on.
        await self._progress.put(ProgressMessage(number, request.chat_id, event.message, request.locale))
        return Change()
