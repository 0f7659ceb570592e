"""An admin who composes a broadcast, for tests: events go into `composer.step`, effects are played in memory."""

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from bot.broadcast.callback_data import ComposeAction
from bot.broadcast.compose_states import (
    ComposeDraft,
    ComposeEvent,
    ComposeNotice,
    ComposerOpened,
    ComposerPressed,
    ComposeState,
    CountRecipients,
    DepartmentsLoaded,
    Launch,
    LoadDepartments,
    MessageReceived,
    PreviewRefused,
    RecipientsCounted,
    SendPreview,
    ShowDraft,
)
from bot.broadcast.composer import limited, step
from bot.broadcast.model import Content, DayVisitors, Media
from bot.core.model import Department, Failure
from tests.core.examples import DEPARTMENTS

MORNING = datetime.fromisoformat("2026-01-20T10:00")
HELLO = Content(Media.TEXT, "Hello", look='{"entities": []}')
BONJOUR = Content(Media.TEXT, "Bonjour *à tous* <b>!</b>")
PHOTO = Content(Media.PHOTO, "Fermé demain", "photo-1")
MESSAGE = 70


@dataclass
class Composer:
    """`reaches` is the size of every audience; `refusal` is why Telegram refuses previews (None: it shows them)."""

    at: datetime = MORNING
    reaches: int = 250
    refusal: str | None = None
    offices: tuple[Department, ...] = DEPARTMENTS
    failure: Failure | None = None
    locales: tuple[str, ...] = ("fr", "en")
    within: tuple[Department, ...] | None = None
    draft: ComposeDraft | None = None
    shown: ShowDraft | None = None
    previews: list[SendPreview] = field(default_factory=list)
    launched: list[Launch] = field(default_factory=list)

    def happens(self, event: ComposeEvent) -> "Composer":
        """Play it to its end, as the handler does."""
        waiting, later = [event], list[ComposeEvent]()
        while waiting or later:
            known = limited(self.draft, self.within) if self.draft else None
            self.draft, effects = step(known, waiting.pop() if waiting else later.pop())
            for effect in effects:
                match effect:
                    case ShowDraft():
                        self.shown = effect
                    case LoadDepartments(message=number):
                        found = () if self.failure else self.offices
                        waiting.append(
                            DepartmentsLoaded(at=self.at, message=number, departments=found, failure=self.failure)
                        )
                    case CountRecipients():
                        waiting.append(
                            RecipientsCounted(
                                at=self.at,
                                count=self.reaches,
                                seconds=self.reaches / 25,
                                then=effect.then,
                                message=effect.message,
                                confirmed=effect.confirmed,
                            )
                        )
                    case SendPreview():
                        self.previews.append(effect)
                        if self.refusal is not None:
                            later.append(PreviewRefused(at=self.at, reason=self.refusal))
                    case Launch():
                        self.launched.append(effect)
        return self

    def calls(self) -> "Composer":
        """`/broadcast`"""
        return self.happens(ComposerOpened(at=self.at, number=4, locales=self.locales, within=self.within))

    def taps_closed_day(self, department: Department, day: date) -> "Composer":
        """The button of a closed day."""
        audience = DayVisitors(department.id, department.name, day, day)
        opened = ComposerOpened(at=self.at, number=4, locales=self.locales, within=self.within, audience=audience)
        return self.happens(opened)

    def sends(self, content: Content | ComposeNotice, text: str = "") -> "Composer":
        """A message with this content."""
        words = content.text if isinstance(content, Content) else text
        return self.happens(MessageReceived(at=self.at, text=words, content=content))

    def types(self, text: str) -> "Composer":
        """A text."""
        return self.sends(Content(Media.TEXT, text))

    def presses_button(self, action: ComposeAction, value: str = "", turn: int | None = None) -> "Composer":
        """Press a button of the present state, or of an earlier turn."""
        present = self.draft.turn if self.draft else 0
        number = present if turn is None else turn
        return self.happens(ComposerPressed(at=self.at, turn=number, action=action, value=value, message=MESSAGE))

    def later(self, **span: float) -> "Composer":
        """Time goes by."""
        self.at += timedelta(**span)
        return self

    def reviews(self) -> "Composer":
        """The shortest way to the review: one message to everybody."""
        return self.calls().sends(BONJOUR).presses_button(ComposeAction.ONE).presses_button(ComposeAction.EVERYONE)

    def stands(self) -> ComposeState:
        """The state of the draft."""
        assert self.draft
        return self.draft.state

    @property
    def notice(self) -> ComposeNotice | None:
        """The notice that was shown last."""
        assert self.shown
        return self.shown.notice
