"""The life of a broadcast: the transition table of its statuses, and its place in the list that admins see.

Buttons are made from the table and presses are judged by it, so a stale button changes nothing. The list shows active
broadcasts first, then scheduled ones (the next first), then ended ones (the newest first). Pure.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bot.broadcast.model import AdminAction, Broadcast, BroadcastStatus, RecipientStatus
from bot.core.dates import night_of


class BroadcastCommand(StrEnum):
    """The command of a button under a broadcast. The values are sent in callback data: keep them short and stable."""

    SEE = "see"
    OLDER = "older"
    START = "start"
    REALLY_START = "starting"
    PAUSE = "pause"
    RESUME = "resume"
    STOP = "stop"
    REALLY_STOP = "stopping"
    NIGHT = "night"
    RESEND = "again"
    RECALL = "recall"
    REALLY_RECALL = "recalling"
    REPORT = "csv"


TRANSITIONS: dict[tuple[BroadcastStatus, BroadcastCommand], tuple[BroadcastStatus, AdminAction]] = {
    (BroadcastStatus.SCHEDULED, BroadcastCommand.REALLY_START): (BroadcastStatus.RUNNING, AdminAction.STARTED),
    (BroadcastStatus.SCHEDULED, BroadcastCommand.REALLY_STOP): (BroadcastStatus.STOPPED, AdminAction.STOPPED),
    (BroadcastStatus.PREPARING, BroadcastCommand.REALLY_STOP): (BroadcastStatus.STOPPED, AdminAction.STOPPED),
    (BroadcastStatus.RUNNING, BroadcastCommand.PAUSE): (BroadcastStatus.PAUSED, AdminAction.PAUSED),
    (BroadcastStatus.RUNNING, BroadcastCommand.REALLY_STOP): (BroadcastStatus.STOPPED, AdminAction.STOPPED),
    (BroadcastStatus.RUNNING, BroadcastCommand.NIGHT): (BroadcastStatus.RUNNING, AdminAction.INSISTED),
    (BroadcastStatus.PAUSED, BroadcastCommand.RESUME): (BroadcastStatus.RUNNING, AdminAction.RESUMED),
    (BroadcastStatus.PAUSED, BroadcastCommand.REALLY_STOP): (BroadcastStatus.STOPPED, AdminAction.STOPPED),
    (BroadcastStatus.PAUSED, BroadcastCommand.RESEND): (BroadcastStatus.PAUSED, AdminAction.RESENT),
    (BroadcastStatus.STOPPED, BroadcastCommand.RESEND): (BroadcastStatus.RUNNING, AdminAction.RESENT),
    (BroadcastStatus.DONE, BroadcastCommand.RESEND): (BroadcastStatus.RUNNING, AdminAction.RESENT),
    (BroadcastStatus.RECALLED, BroadcastCommand.RESEND): (BroadcastStatus.RUNNING, AdminAction.RESENT),
    (BroadcastStatus.DONE, BroadcastCommand.REALLY_RECALL): (BroadcastStatus.RECALLING, AdminAction.RECALLED),
    (BroadcastStatus.STOPPED, BroadcastCommand.REALLY_RECALL): (BroadcastStatus.RECALLING, AdminAction.RECALLED),
}
"""(status, command) to (next status, entry of the history)."""

QUESTIONS = {
    BroadcastCommand.START: BroadcastCommand.REALLY_START,
    BroadcastCommand.STOP: BroadcastCommand.REALLY_STOP,
    BroadcastCommand.RECALL: BroadcastCommand.REALLY_RECALL,
}
"""Commands that ask first, and the command that a yes gives."""
ENDED = frozenset({BroadcastStatus.STOPPED, BroadcastStatus.DONE, BroadcastStatus.RECALLED})
"""Nothing more happens without an admin."""


def transition(broadcast: Broadcast, command: BroadcastCommand) -> tuple[BroadcastStatus, AdminAction] | None:
    """The next status when an admin gives `command`; None if it does not apply now."""
    counts = broadcast.counts
    # A resend that was stopped before its end can be asked for again.
    unknown = counts.of(RecipientStatus.UNKNOWN) or (broadcast.status in ENDED and counts.of(RecipientStatus.AGAIN))
    if (command is BroadcastCommand.RESEND and not unknown) or (
        command is BroadcastCommand.REALLY_RECALL and not counts.of(RecipientStatus.SENT)
    ):
        return None
    return TRANSITIONS.get((broadcast.status, command))


def statuses_to_process(broadcast: Broadcast) -> frozenset[RecipientStatus]:
    """Which recipients it is sent to. Once stopped, only those for whom an admin asked again."""
    stopped = any(each.action is AdminAction.STOPPED for each in broadcast.history)
    return frozenset({RecipientStatus.AGAIN} if stopped else {RecipientStatus.PENDING, RecipientStatus.AGAIN})


def nights_allowed(broadcast: Broadcast) -> frozenset[datetime]:
    """The nights (each by its end) in which an admin allowed sending."""
    insisted = [each.at for each in broadcast.history if each.action is AdminAction.INSISTED]
    if broadcast.plan.at_night:
        confirmed = next((each.at for each in broadcast.history if each.action is AdminAction.CONFIRMED), None)
        insisted += [at for at in (broadcast.plan.starts or confirmed,) if at]
    return frozenset(night for night in map(night_of, insisted) if night)


def listed_at(broadcast: Broadcast) -> datetime | None:
    """When its recipients were listed, if only those get it who are booked; None if they need not be."""
    if not broadcast.plan.is_for_booked:
        return None
    return next((each.at for each in broadcast.history if each.action is AdminAction.CONFIRMED), None)


UNDER_WAY, TO_COME, PAST = 0, 1, 2
"""Ranks of the list. They travel in callback data."""
UNPAID = (BroadcastStatus.PAUSED, AdminAction.UNPAID)
"""The transition of a paid broadcast that Telegram refuses to send for lack of Stars."""


def is_unpaid(broadcast: Broadcast) -> bool:
    """Whether it is paused because the bot has too few Stars, and nobody resumed it since."""
    latest = broadcast.history[-1].action if broadcast.history else None
    return (broadcast.status, latest) == UNPAID


def next_status(broadcast: Broadcast) -> BroadcastStatus:
    """The status after the work of the present one is done; the same status if an admin must act."""
    match broadcast.status:
        case BroadcastStatus.PREPARING:
            return BroadcastStatus.SCHEDULED if broadcast.plan.starts else BroadcastStatus.RUNNING
        case BroadcastStatus.SCHEDULED:
            return BroadcastStatus.RUNNING
        case BroadcastStatus.RUNNING:
            return BroadcastStatus.STOPPED if broadcast.counts.of(RecipientStatus.PENDING) else BroadcastStatus.DONE
        case BroadcastStatus.RECALLING:
            return BroadcastStatus.RECALLED
        case _:
            return broadcast.status


def available_commands(broadcast: Broadcast, *, night_pause: bool) -> tuple[BroadcastCommand, ...]:
    """The commands that apply now. `night_pause`: it waits for the end of the night."""
    offered = (
        BroadcastCommand.START,
        BroadcastCommand.PAUSE,
        BroadcastCommand.RESUME,
        BroadcastCommand.NIGHT,
        BroadcastCommand.STOP,
        BroadcastCommand.RESEND,
        BroadcastCommand.RECALL,
    )
    apply = [
        command
        for command in offered
        if transition(broadcast, QUESTIONS.get(command, command))
        and (command is not BroadcastCommand.NIGHT or night_pause)
    ]
    return (*apply, BroadcastCommand.REPORT) if broadcast.status in ENDED else tuple(apply)


@dataclass(frozen=True, slots=True)
class ListCursor:
    """A place in the list. `starts` (scheduled ones only) is office time as sortable text."""

    rank: int
    starts: str
    number: int

    @property
    def key(self) -> tuple[int, str, int]:
        """The sort key."""
        return self.rank, self.starts, -self.number


def cursor_of(broadcast: Broadcast) -> ListCursor:
    """Its present place."""
    number, starts = broadcast.plan.number, broadcast.plan.starts
    if broadcast.status in ENDED:
        return ListCursor(PAST, "", number)
    if broadcast.status is BroadcastStatus.SCHEDULED and starts:
        return ListCursor(TO_COME, starts.isoformat(timespec="minutes"), number)
    return ListCursor(UNDER_WAY, "", number)


def encode_cursor(cursor: ListCursor) -> str:
    """The part of a button's callback data beside the number."""
    return f"{cursor.rank}.{cursor.starts}"


def decode_cursor(number: int, text: str) -> ListCursor:
    """The reverse; unreadable text is a place among the ended ones."""
    rank, _, starts = text.partition(".")
    return ListCursor(int(rank), starts, number) if rank in {"0", "1", "2"} else ListCursor(PAST, "", number)
