"""The handler of `/broadcast`, `/broadcasts`, `/closed` and their buttons, for admins and for staff.

`AdminRouter` keeps everybody else out. Staff write to the citizens of their own departments only, and see what they
sent themselves: each request is limited by the roles of today, and so is a draft that was begun before.

Runs the composer: events go into `composer.step`, its effects are carried out here. The draft is written in the
transaction that marks the update as done, so that a kill loses nothing and does nothing twice. Knows no texts, no
Telegram and no SQL.
"""

import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from bot.app.play import play
from bot.app.ports import ApiError, Moncreneau
from bot.app.records import Change, Delivery, DeliveryIds, Kind
from bot.app.roles import Roles
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
from bot.broadcast.composer import limited, step
from bot.broadcast.lifecycle import QUESTIONS, BroadcastCommand, ListCursor, cursor_of, decode_cursor, transition
from bot.broadcast.model import Audience, BroadcastSnapshot, Content, DayVisitors, Plan, Version, department_of
from bot.broadcast.ports import (
    Admin,
    BroadcastRepository,
    BroadcastSender,
    OwnBroadcasts,
    ProgressMessage,
    RecipientRepository,
)
from bot.broadcast.progress import ProgressMessages
from bot.broadcast.report import Reporter
from bot.broadcast.runner import BroadcastRunner
from bot.broadcast.views import ClosedDay
from bot.core import callback_data as core_callback_data
from bot.core.dates import read_day
from bot.core.events import CitizenEvent, Commanded, Pressed, Typed
from bot.core.model import Department
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
    closed_days: Callable[[tuple[ClosedDay, ...], date | None, str], Message]
    """The day is the one that was asked for; None: all that are announced as closed."""
    no_day: Callable[[str], Message]


@dataclass(frozen=True, slots=True)
class _Request:
    """The admin or member of staff of an update, with the chat, the office time and the language.

    `within` are the departments to whose citizens a member of staff may write; None: an admin may write to everybody.
    """

    chat_id: int
    at: datetime
    locale: str
    admin: Admin
    within: tuple[Department, ...] | None = None

    @property
    def own(self) -> OwnBroadcasts | None:
        """The broadcasts that a member of staff sees; None: an admin sees all."""
        if self.within is None:
            return None
        return OwnBroadcasts(self.admin.user_id, frozenset(each.id for each in self.within))

    def staff_of(self, audience: Audience) -> int | None:
        """The department whose staff writes to this audience; None for an admin. Raises if it is not one of theirs."""
        if self.within is None:
            return None
        department = department_of(audience)
        if department is None or department not in {each.id for each in self.within}:
            raise PermissionError("staff may write to the citizens of their own departments only")
        return department


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
        roles: Roles,
        known_departments: Callable[[], tuple[Department, ...]],
        announced_closures: Callable[[], Mapping[int, frozenset[date]]],
    ) -> None:
        self._roles = roles
        self._known_departments = known_departments
        self._announced_closures = announced_closures
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
        locale = await self._locale_of(chat_id) or event.language
        admin = Admin(inbound.user_id, event.profile or str(inbound.user_id))
        request = _Request(chat_id, event.at, locale, admin, self._within(inbound.user_id))
        draft = await self._draft(request)
        match event:
            case Commanded(name="broadcast"):
                return await self._open(request, draft)
            case Commanded(name="broadcasts"):
                return self._say(request, await self._listed(request))
            case Commanded(name="closed", argument=argument):
                await self._put_aside(chat_id, draft, event)
                return self._say(request, await self._closed(request, argument.strip()))
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
        if chat_id not in self._roles.people:
            return Change()
        locale = await self._locale_of(chat_id) or ""
        request = _Request(chat_id, at, locale, Admin(chat_id, ""), self._within(chat_id))
        draft = await self._draft(request)
        if draft is None:
            return Change()
        return await self._play(request, draft, PreviewRefused(at=at, reason=reason[:200]))

    def _within(self, user_id: int) -> tuple[Department, ...] | None:
        """The departments to whose citizens somebody may write, by name; None: everybody."""
        if user_id in self._roles.admins:
            return None
        names = self._departments_by_id()
        return tuple(names.get(each) or Department(each, "") for each in sorted(self._roles.departments_of(user_id)))

    def _departments_by_id(self) -> dict[int, Department]:
        return {each.id: Department(each.id, each.name) for each in self._known_departments()}

    async def _draft(self, request: _Request) -> ComposeDraft | None:
        """The stored draft, limited to what its author may do now."""
        text = await self._repository.draft(request.chat_id)
        draft = read_draft(text) if text else None
        return limited(draft, request.within) if draft else None

    async def _open(self, request: _Request, draft: ComposeDraft | None, audience: Audience | None = None) -> Change:
        number = draft.number if draft else await self._repository.next_number()
        opened = ComposerOpened(
            at=request.at, number=number, locales=self._locales, within=request.within, audience=audience
        )
        return await self._play(request, draft, opened)

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
        count = await self._recipients.count(effect.audience, request.at, request.staff_of(effect.audience))
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
        plan = Plan(
            draft.number,
            draft.versions,
            draft.audience,
            effect.starts,
            at_night=draft.night is not None,
            department_id=request.staff_of(draft.audience),
        )
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

    async def _listed(self, request: _Request, after: ListCursor | None = None) -> Message:
        """A page of the list; staff see their own."""
        found = await self._broadcasts.listed(LISTED + 1, after, request.own)
        last = cursor_of(found[LISTED - 1].broadcast) if len(found) > LISTED else None
        return self._views.listing(found[:LISTED], last, request.locale)

    # --- closed days ---------------------------------------------------------------------------------------------

    async def _closed(self, request: _Request, argument: str) -> Message:
        """The days that are announced as closed and have citizens booked; with a day, who is booked then."""
        today = request.at.date()
        day = read_day(argument, today) if argument else None
        if argument and day is None:
            return self._views.no_day(request.locale)
        announced = {
            (department, each)
            for department, days in self._announced_closures().items()
            for each in days
            if each >= today
        }
        booked = {
            each: await self._recipients.booked_on(each) for each in ({day} if day else {each for _, each in announced})
        }
        names, allowed = self._departments_by_id(), self._allowed(request)
        found = [
            ClosedDay(department, names[department].name if department in names else "", each, count)
            for each, counts in booked.items()
            for department, count in counts.items()
            if (day or (department, each) in announced) and (allowed is None or department in allowed)
        ]
        found.sort(key=lambda each: (each.day, each.name, each.department_id))
        return self._views.closed_days(tuple(found), day, request.locale)

    @staticmethod
    def _allowed(request: _Request) -> frozenset[int] | None:
        return None if request.within is None else frozenset(each.id for each in request.within)

    async def _announce_closure(self, request: _Request, draft: ComposeDraft | None, value: str) -> Change:
        """Begin an announcement to those who are booked with a department on a day."""
        found, allowed = callback_data.decode_closed(value), self._allowed(request)
        if found is None or (allowed is not None and found[0] not in allowed):
            return self._answer(request, draft, ShowDraft(draft, notice=ComposeNotice.STALE))
        department_id, day = found
        department = self._departments_by_id().get(department_id) or Department(department_id, "")
        return await self._open(request, draft, DayVisitors(department.id, department.name, day, day))

    # --- commands to a broadcast, once it is confirmed -------------------------------------------------------------

    async def _pressed(
        self, request: _Request, event: Pressed, draft: ComposeDraft | None, decoded: tuple[int, int | None, str, str]
    ) -> Change:
        number, turn, action, value = decoded
        if turn is None and action == callback_data.CLOSED:
            return await self._announce_closure(request, draft, value)
        if turn is not None and draft and draft.number == number:
            pressed = ComposerPressed(at=event.at, turn=turn, action=action, value=value, message=event.message)
            return await self._play(request, draft, pressed)
        is_own = request.own is None or await self._repository.is_own(number, request.own)
        snapshot = await self._broadcasts.snapshot(number) if is_own else None
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
            return self._say(request, await self._listed(request, decode_cursor(number, value)), message_id)
        if command in QUESTIONS and transition(snapshot.broadcast, QUESTIONS[command]):
            await self._progress.clear(request.chat_id, message_id)
            return self._say(request, self._views.question(snapshot, command, request.locale), message_id)
        if command is BroadcastCommand.REPORT and request.within is None:
            return Change(queued=await self._reporter.requested(number, request.chat_id, request.locale))
        if command and command is not BroadcastCommand.REPORT:
            await self._broadcasts.apply(number, command, request.admin)
        # Also for a stale or forged button: the message shows the present status from now on.
        await self._progress.put(ProgressMessage(number, request.chat_id, message_id, request.locale))
        return Change()
