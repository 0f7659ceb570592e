"""Which way a broadcast may go on: the one table of its statuses and of what admins may ask in each.

The buttons under a broadcast are made from this table, and what is pressed is judged by it: a button of yesterday
that asks what no longer makes sense changes nothing. Knows nothing of how any of it is done.

In which order admins see the broadcasts: under way, to come (the next one first), then the past, the newest first.

A page ends at a place, and the next one begins after that place, whatever has become of the broadcast that stood there.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bot.broadcast.model import AdminAction, Broadcast, BroadcastStatus, RecipientStatus
from bot.core.dates import night_of


class BroadcastCommand(StrEnum):
    """What a button under a broadcast asks; short, for it travels with the button."""

    SEE = "see"
    OLDER = "older"
    START = "start"
    PAUSE = "pause"
    RESUME = "resume"
    STOP = "stop"
    NIGHT = "night"
    RESEND = "again"
    RECALL = "recall"
    REALLY_RECALL = "recalling"
    REPORT = "csv"


MOVES: dict[tuple[BroadcastStatus, BroadcastCommand], tuple[BroadcastStatus, AdminAction]] = {
    (BroadcastStatus.SCHEDULED, BroadcastCommand.START): (BroadcastStatus.RUNNING, AdminAction.STARTED),
    (BroadcastStatus.SCHEDULED, BroadcastCommand.STOP): (BroadcastStatus.STOPPED, AdminAction.STOPPED),
    (BroadcastStatus.PREPARING, BroadcastCommand.STOP): (BroadcastStatus.STOPPED, AdminAction.STOPPED),
    (BroadcastStatus.RUNNING, BroadcastCommand.PAUSE): (BroadcastStatus.PAUSED, AdminAction.PAUSED),
    (BroadcastStatus.RUNNING, BroadcastCommand.STOP): (BroadcastStatus.STOPPED, AdminAction.STOPPED),
    (BroadcastStatus.RUNNING, BroadcastCommand.NIGHT): (BroadcastStatus.RUNNING, AdminAction.INSISTED),
    (BroadcastStatus.PAUSED, BroadcastCommand.RESUME): (BroadcastStatus.RUNNING, AdminAction.RESUMED),
    (BroadcastStatus.PAUSED, BroadcastCommand.STOP): (BroadcastStatus.STOPPED, AdminAction.STOPPED),
    (BroadcastStatus.PAUSED, BroadcastCommand.RESEND): (BroadcastStatus.PAUSED, AdminAction.RESENT),
    (BroadcastStatus.STOPPED, BroadcastCommand.RESEND): (BroadcastStatus.RUNNING, AdminAction.RESENT),
    (BroadcastStatus.DONE, BroadcastCommand.RESEND): (BroadcastStatus.RUNNING, AdminAction.RESENT),
    (BroadcastStatus.RECALLED, BroadcastCommand.RESEND): (BroadcastStatus.RUNNING, AdminAction.RESENT),
    (BroadcastStatus.DONE, BroadcastCommand.REALLY_RECALL): (BroadcastStatus.RECALLING, AdminAction.RECALLED),
    (BroadcastStatus.STOPPED, BroadcastCommand.REALLY_RECALL): (BroadcastStatus.RECALLING, AdminAction.RECALLED),
}
"""What leads from where to where, and what it is called in the history."""

ENDED = frozenset({BroadcastStatus.STOPPED, BroadcastStatus.DONE, BroadcastStatus.RECALLED})
"""Nothing more happens by itself."""


def move(broadcast: Broadcast, verb: BroadcastCommand) -> tuple[BroadcastStatus, AdminAction] | None:
    """Where this broadcast goes when `verb` is asked; None where that makes no sense now."""
    figures = broadcast.figures
    # One that was stopped before it came to those who are asked for again: they still are.
    unknown = figures.of(RecipientStatus.UNKNOWN) or (broadcast.status in ENDED and figures.of(RecipientStatus.AGAIN))
    if (verb is BroadcastCommand.RESEND and not unknown) or (
        verb is BroadcastCommand.REALLY_RECALL and not figures.of(RecipientStatus.SENT)
    ):
        return None
    return MOVES.get((broadcast.status, verb))


def statuses_to_process(broadcast: Broadcast) -> frozenset[RecipientStatus]:
    """Who gets it while it runs. One that was stopped goes on to those alone for whom an admin asked again."""
    stopped = any(each.action is AdminAction.STOPPED for each in broadcast.history)
    return frozenset({RecipientStatus.AGAIN} if stopped else {RecipientStatus.PENDING, RecipientStatus.AGAIN})


def night_rest_ends(broadcast: Broadcast) -> frozenset[datetime]:
    """The nights (by the morning that ends each) in which it may go on: those for which an admin insisted."""
    insisted = [each.at for each in broadcast.history if each.action is AdminAction.INSISTED]
    if broadcast.plan.at_night:
        confirmed = next((each.at for each in broadcast.history if each.action is AdminAction.CONFIRMED), None)
        insisted += [at for at in (broadcast.plan.starts or confirmed,) if at]
    return frozenset(night for night in map(night_of, insisted) if night)


UNPAID = (BroadcastStatus.PAUSED, AdminAction.UNPAID)
"""Where a running broadcast goes when Telegram refuses to send because it cannot be paid."""


def next_status(broadcast: Broadcast) -> BroadcastStatus:
    """What a broadcast becomes when it did all that its status asks for; the same status where an admin must act."""
    match broadcast.status:
        case BroadcastStatus.PREPARING:
            return BroadcastStatus.SCHEDULED if broadcast.plan.starts else BroadcastStatus.RUNNING
        case BroadcastStatus.SCHEDULED:
            return BroadcastStatus.RUNNING
        case BroadcastStatus.RUNNING:
            return BroadcastStatus.STOPPED if broadcast.figures.of(RecipientStatus.PENDING) else BroadcastStatus.DONE
        case BroadcastStatus.RECALLING:
            return BroadcastStatus.RECALLED
        case _:
            return broadcast.status


def available_commands(broadcast: Broadcast, *, resting: bool) -> tuple[BroadcastCommand, ...]:
    """The buttons that make sense now. `resting`: it waits for the morning. Recalling is asked twice."""
    verbs = (
        BroadcastCommand.START,
        BroadcastCommand.PAUSE,
        BroadcastCommand.RESUME,
        BroadcastCommand.NIGHT,
        BroadcastCommand.STOP,
        BroadcastCommand.RESEND,
        BroadcastCommand.REALLY_RECALL,
    )
    moves = [verb for verb in verbs if move(broadcast, verb) and (verb is not BroadcastCommand.NIGHT or resting)]
    if broadcast.status in ENDED:
        moves.append(BroadcastCommand.REPORT)
    return tuple(BroadcastCommand.RECALL if verb is BroadcastCommand.REALLY_RECALL else verb for verb in moves)


UNDER_WAY, TO_COME, PAST = 0, 1, 2


@dataclass(frozen=True, slots=True)
class ListCursor:
    """Where a broadcast stands in the list. `starts` is office time as text that sorts, for those to come."""

    rank: int
    starts: str
    number: int

    @property
    def key(self) -> tuple[int, str, int]:
        """What the list is sorted by."""
        return self.rank, self.starts, -self.number


def cursor_of(broadcast: Broadcast) -> ListCursor:
    """Where it stands now."""
    number, starts = broadcast.plan.number, broadcast.plan.starts
    if broadcast.status in ENDED:
        return ListCursor(PAST, "", number)
    if broadcast.status is BroadcastStatus.SCHEDULED and starts:
        return ListCursor(TO_COME, starts.isoformat(timespec="minutes"), number)
    return ListCursor(UNDER_WAY, "", number)


def encode_cursor(place: ListCursor) -> str:
    """What a button says of it beside the number."""
    return f"{place.rank}.{place.starts}"


def decode_cursor(number: int, text: str) -> ListCursor:
    """The reverse; what cannot be read is a place in the past."""
    rank, _, starts = text.partition(".")
    return ListCursor(int(rank), starts, number) if rank in {"0", "1", "2"} else ListCursor(PAST, "", number)
