"""Which way a broadcast may go on: the one table of its statuses and of what admins may ask in each.

The buttons under a broadcast are made from this table, and what is pressed is judged by it: a button of yesterday
that asks what no longer makes sense changes nothing. Knows nothing of how any of it is done.

In which order admins see the broadcasts: under way, to come (the next one first), then the past, the newest first.

A page ends at a place, and the next one begins after that place, whatever has become of the broadcast that stood there.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bot.broadcast.model import Broadcast, Deed, Fate, Status
from bot.core.dates import night_of


class Verb(StrEnum):
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


MOVES: dict[tuple[Status, Verb], tuple[Status, Deed]] = {
    (Status.SCHEDULED, Verb.START): (Status.RUNNING, Deed.STARTED),
    (Status.SCHEDULED, Verb.STOP): (Status.STOPPED, Deed.STOPPED),
    (Status.PREPARING, Verb.STOP): (Status.STOPPED, Deed.STOPPED),
    (Status.RUNNING, Verb.PAUSE): (Status.PAUSED, Deed.PAUSED),
    (Status.RUNNING, Verb.STOP): (Status.STOPPED, Deed.STOPPED),
    (Status.RUNNING, Verb.NIGHT): (Status.RUNNING, Deed.INSISTED),
    (Status.PAUSED, Verb.RESUME): (Status.RUNNING, Deed.RESUMED),
    (Status.PAUSED, Verb.STOP): (Status.STOPPED, Deed.STOPPED),
    (Status.PAUSED, Verb.RESEND): (Status.PAUSED, Deed.RESENT),
    (Status.STOPPED, Verb.RESEND): (Status.RUNNING, Deed.RESENT),
    (Status.DONE, Verb.RESEND): (Status.RUNNING, Deed.RESENT),
    (Status.RECALLED, Verb.RESEND): (Status.RUNNING, Deed.RESENT),
    (Status.DONE, Verb.REALLY_RECALL): (Status.RECALLING, Deed.RECALLED),
    (Status.STOPPED, Verb.REALLY_RECALL): (Status.RECALLING, Deed.RECALLED),
}
"""What leads from where to where, and what it is called in the history."""

ENDED = frozenset({Status.STOPPED, Status.DONE, Status.RECALLED})
"""Nothing more happens by itself."""


def move(broadcast: Broadcast, verb: Verb) -> tuple[Status, Deed] | None:
    """Where this broadcast goes when `verb` is asked; None where that makes no sense now."""
    figures = broadcast.figures
    # One that was stopped before it came to those who are asked for again: they still are.
    unknown = figures.of(Fate.UNKNOWN) or (broadcast.status in ENDED and figures.of(Fate.AGAIN))
    if (verb is Verb.RESEND and not unknown) or (verb is Verb.REALLY_RECALL and not figures.of(Fate.SENT)):
        return None
    return MOVES.get((broadcast.status, verb))


def whose_turn(broadcast: Broadcast) -> frozenset[Fate]:
    """Who gets it while it runs. One that was stopped goes on to those alone for whom an admin asked again."""
    stopped = any(each.deed is Deed.STOPPED for each in broadcast.history)
    return frozenset({Fate.AGAIN} if stopped else {Fate.PENDING, Fate.AGAIN})


def nights_of(broadcast: Broadcast) -> frozenset[datetime]:
    """The nights (by the morning that ends each) in which it may go on: those for which an admin insisted."""
    insisted = [each.at for each in broadcast.history if each.deed is Deed.INSISTED]
    if broadcast.plan.at_night:
        confirmed = next((each.at for each in broadcast.history if each.deed is Deed.CONFIRMED), None)
        insisted += [at for at in (broadcast.plan.starts or confirmed,) if at]
    return frozenset(night for night in map(night_of, insisted) if night)


UNPAID = (Status.PAUSED, Deed.UNPAID)
"""Where a running broadcast goes when Telegram refuses to send because it cannot be paid."""


def next_status(broadcast: Broadcast) -> Status:
    """What a broadcast becomes when it did all that its status asks for; the same status where an admin must act."""
    match broadcast.status:
        case Status.PREPARING:
            return Status.SCHEDULED if broadcast.plan.starts else Status.RUNNING
        case Status.SCHEDULED:
            return Status.RUNNING
        case Status.RUNNING:
            return Status.STOPPED if broadcast.figures.of(Fate.PENDING) else Status.DONE
        case Status.RECALLING:
            return Status.RECALLED
        case _:
            return broadcast.status


def offered(broadcast: Broadcast, *, resting: bool) -> tuple[Verb, ...]:
    """The buttons that make sense now. `resting`: it waits for the morning. Recalling is asked twice."""
    verbs = (Verb.START, Verb.PAUSE, Verb.RESUME, Verb.NIGHT, Verb.STOP, Verb.RESEND, Verb.REALLY_RECALL)
    moves = [verb for verb in verbs if move(broadcast, verb) and (verb is not Verb.NIGHT or resting)]
    if broadcast.status in ENDED:
        moves.append(Verb.REPORT)
    return tuple(Verb.RECALL if verb is Verb.REALLY_RECALL else verb for verb in moves)


UNDER_WAY, TO_COME, PAST = 0, 1, 2


@dataclass(frozen=True, slots=True)
class Place:
    """Where a broadcast stands in the list. `starts` is office time as text that sorts, for those to come."""

    rank: int
    starts: str
    number: int

    @property
    def key(self) -> tuple[int, str, int]:
        """What the list is sorted by."""
        return self.rank, self.starts, -self.number


def place_of(broadcast: Broadcast) -> Place:
    """Where it stands now."""
    number, starts = broadcast.plan.number, broadcast.plan.starts
    if broadcast.status in ENDED:
        return Place(PAST, "", number)
    if broadcast.status is Status.SCHEDULED and starts:
        return Place(TO_COME, starts.isoformat(timespec="minutes"), number)
    return Place(UNDER_WAY, "", number)


def write_place(place: Place) -> str:
    """What a button says of it beside the number."""
    return f"{place.rank}.{place.starts}"


def read_place(number: int, text: str) -> Place:
    """The reverse; what cannot be read is a place in the past."""
    rank, _, starts = text.partition(".")
    return Place(int(rank), starts, number) if rank in {"0", "1", "2"} else Place(PAST, "", number)
