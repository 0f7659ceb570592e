"""An admin who composes, for tests: what they do goes into the core, and the shell's part is played plainly."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bot.broadcast.callback_data import Ask
from bot.broadcast.compose_states import (
    Called,
    Count,
    Counted,
    Draft,
    Happening,
    Launch,
    OfficesRead,
    Preview,
    PreviewFailed,
    Pushed,
    ReadOffices,
    Remark,
    Sent,
    Show,
    Stage,
)
from bot.broadcast.composer import step
from bot.broadcast.model import Content, Media
from bot.core.model import Department, Trouble
from tests.core.examples import DEPARTMENTS

MORNING = datetime.fromisoformat("2026-01-20T10:00")
HELLO = Content(Media.TEXT, "Hello", look='{"entities": []}')
BONJOUR = Content(Media.TEXT, "Bonjour *à tous* <b>!</b>")
PHOTO = Content(Media.PHOTO, "Fermé demain", "photo-1")
MESSAGE = 70


@dataclass
class Composer:
    """`audience` is how many everything reaches; `refusal` what Telegram says to previews (None: it takes them)."""

    at: datetime = MORNING
    reaches: int = 250
    refusal: str | None = None
    offices: tuple[Department, ...] = DEPARTMENTS
    trouble: Trouble | None = None
    locales: tuple[str, ...] = ("fr", "en")
    draft: Draft | None = None
    shown: Show | None = None
    previews: list[Preview] = field(default_factory=list)
    launched: list[Launch] = field(default_factory=list)

    def happens(self, happening: Happening) -> "Composer":
        """Play it to its end, as the desk does."""
        waiting = [happening]
        while waiting:
            self.draft, wishes = step(self.draft, waiting.pop())
            for wish in wishes:
                match wish:
                    case Show():
                        self.shown = wish
                    case ReadOffices(message=number):
                        found = () if self.trouble else self.offices
                        waiting.append(OfficesRead(at=self.at, message=number, departments=found, trouble=self.trouble))
                    case Count():
                        waiting.append(
                            Counted(
                                at=self.at,
                                count=self.reaches,
                                seconds=self.reaches / 25,
                                then=wish.then,
                                message=wish.message,
                                confirmed=wish.confirmed,
                            )
                        )
                    case Preview():
                        self.previews.append(wish)
                        if self.refusal is not None:
                            waiting.append(PreviewFailed(at=self.at, reason=self.refusal))
                    case Launch():
                        self.launched.append(wish)
        return self

    def calls(self) -> "Composer":
        """`/broadcast`"""
        return self.happens(Called(at=self.at, number=4, locales=self.locales))

    def sends(self, content: Content | Remark, text: str = "") -> "Composer":
        """A message with this content."""
        words = content.text if isinstance(content, Content) else text
        return self.happens(Sent(at=self.at, text=words, content=content))

    def types(self, text: str) -> "Composer":
        """A text."""
        return self.sends(Content(Media.TEXT, text))

    def pushes(self, ask: Ask, value: str = "", turn: int | None = None) -> "Composer":
        """A button of the present stage, or of an earlier one."""
        present = self.draft.turn if self.draft else 0
        number = present if turn is None else turn
        return self.happens(Pushed(at=self.at, turn=number, ask=ask, value=value, message=MESSAGE))

    def later(self, **span: float) -> "Composer":
        """Time goes by."""
        self.at += timedelta(**span)
        return self

    def reviews(self) -> "Composer":
        """The shortest way to the review: one message for everybody, to everybody."""
        return self.calls().sends(BONJOUR).pushes(Ask.ONE).pushes(Ask.EVERYONE)

    def stands(self) -> Stage:
        """Where the draft stands."""
        assert self.draft
        return self.draft.stage

    @property
    def remark(self) -> Remark | None:
        """What stood above the stage that was shown last."""
        assert self.shown
        return self.shown.remark
