"""Compares what citizens read about their appointments with the API's ledger and with what the office did.

Every version of every message counts as read. A message that no text of the catalogues explains says nothing.
"""

import re
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

from tests.e2e.words import Words

Json = dict[str, Any]
STANDS, CANCELLED, COMPLETED, NO_SHOW = "SCHEDULED", "CANCELLED", "COMPLETED", "NO_SHOW"
SHOWN_TICKETS = 6
"""The newest messages with a ticket are kept true (docs/guarantees.md)."""
ON_ITS_WAY = 0.3
"""Seconds for which a request may arrive after the bot was killed."""
AT_THAT_MOMENT = 1.0
"""Seconds: a message that is being sent when its appointment changes is not edited (docs/guarantees.md)."""
_ENDS = ("ticket.cancelled", "cancelled.title", "news.cancelled_by_office", "news.cancelled")
_STANDING = (
    "ticket.booked",
    "ticket.title",
    "news.moved",
    "news.made",
    "moving.booked",
    "reminder.question",
    "reminder.question_for",
    "reminder.coming",
    "qr.title",
)
_QUESTIONS = ("cancel.question", "cancel.question_for")
_NEWS = ("news.cancelled_by_office", "news.cancelled", "news.moved", "news.made")
_LINE = re.compile(r"• (\d\d:\d\d) · .* · (.+)")


@dataclass(frozen=True, slots=True)
class Told:
    """What a version of a message says of an appointment; `at` is its time, if it says that it stands."""

    since: float
    number: int
    status: str
    at: datetime | None
    message: int
    text: str

    def agrees(self, entry: Json) -> bool:
        """Whether the ledger says the same."""
        return self.status == entry["status"] and (
            self.status != STANDS or self.at == datetime.fromisoformat(entry["dateTime"])
        )


@dataclass(slots=True)
class OfficeLog:
    """What the office did: the times of each appointment before it was moved, and the number of moves."""

    before: defaultdict[int, list[datetime]] = field(default_factory=lambda: defaultdict(list))
    changes: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a run left behind. `kills` are the times of kills, `unreported` the appointments with a lost webhook."""

    ledger: list[Json]
    office: OfficeLog
    kills: list[float]
    unreported: Collection[int]
    now: datetime


@dataclass(slots=True)
class OfficeCheck:
    """A sentence for every difference, by its kind, and counts."""

    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    untold: list[str] = field(default_factory=list)
    untrue: list[str] = field(default_factory=list)
    too_many: list[str] = field(default_factory=list)
    too_late: int = 0
    """Appointments whose lost webhook could not be made up for before they were over."""
    news: int = 0
    reminders: int = 0
    moves: int = 0
    duplicates: int = 0

    @property
    def faults(self) -> list[str]:
        """Every difference."""
        kinds = ("lost", "doubled", "untold", "untrue", "too_many")
        return [f"{kind}: {each}" for kind in kinds for each in getattr(self, kind)]


class ChatCheck:
    """The check of one chat."""

    def __init__(self, found: OfficeCheck, chat_id: int, words: Words, messages: list[Json], seen: Evidence) -> None:
        self._found = found
        self._chat_id = chat_id
        self._words = words
        self._seen = seen
        self._ledger = {each["id"]: each for each in seen.ledger if each["externalUserId"] == f"telegram:{chat_id}"}
        self._messages = [each for each in messages if each["by_bot"]]
        self._asked: set[int] = set()
        """The appointments that the citizen was asked about whether to cancel them."""
        self._told = sorted(self._all_told(), key=lambda each: (each.since, each.message))
        self._by_number: defaultdict[int, list[Told]] = defaultdict(list)
        for each in self._told:
            self._by_number[each.number].append(each)

    def run(self) -> None:
        """Make all checks."""
        for number, entry in self._ledger.items():
            self._check_last_word(number, entry)
            self._check_shown(number, entry)
        self._found.untrue += [
            f"{self._chat_id}: told of {each}, which the ledger does not have"
            for each in {*self._by_number} - {*self._ledger}
        ]
        self._check_names()
        self._check_messages()

    # --- what stands -------------------------------------------------------------------------------------------------

    def _check_last_word(self, number: int, entry: Json) -> None:
        told = self._by_number[number]
        if not told and entry["cancelledBy"] == "organization":
            return  # cancelled before the citizen heard of it: it makes no difference to them
        if not told:
            kind = self._found.untold if entry["key"] == "office" else self._found.lost
            # What the office made, and no webhook told, is only in the list (docs/guarantees.md).
            is_unheard = entry["key"] == "office" and entry["id"] in self._seen.unreported
            if not is_unheard and not self._is_too_late(entry):
                kind.append(f"{self._name(entry)}: nothing was told")
        elif entry["status"] in {STANDS, CANCELLED}:
            if not told[-1].agrees(entry) and not self._is_too_late(entry):
                self._found.untold.append(f"{self._name(entry)}: told last: {_in_short(told[-1])}")
        elif told[-1].status == CANCELLED:
            self._found.untrue.append(f"{self._name(entry)}: told last: {_in_short(told[-1])}")

    def _is_too_late(self, entry: Json) -> bool:
        is_over = datetime.fromisoformat(entry["dateTime"]) < self._seen.now
        is_late = is_over and entry["id"] in self._seen.unreported
        self._found.too_late += is_late
        return is_late

    def _check_shown(self, number: int, entry: Json) -> None:
        """The messages on the phone that show the appointment must not contradict the ledger."""
        if entry["status"] not in {STANDS, CANCELLED} or datetime.fromisoformat(entry["dateTime"]) < self._seen.now:
            return
        told = self._by_number[number]
        last = {each.message: each for each in told if told[-1].since - each.since > AT_THAT_MOMENT}
        shown = [
            each["message"]["message_id"]
            for each in self._messages
            if not each["deleted_at"] and not self._is_first_copy(each)
        ]
        for message in [each for each in shown if each in last][-SHOWN_TICKETS:]:
            shows = last[message]
            is_notice = self._words.begins(shows.text, "news.moved")  # followed by another one
            if shows.text == self._text_now(message) and not shows.agrees(entry) and not is_notice:
                self._found.untrue.append(f"{self._name(entry)}: still on the phone: {_in_short(shows)}")

    def _is_first_copy(self, stored: Json) -> bool:
        """Whether the bot was killed between sending this and noting its number, and sent it again."""
        sent, first = _versions(stored)[0]
        for other in self._messages:
            again, message = _versions(other)[0]
            if (
                again > sent
                and _text(message) == _text(first)
                and _kills_before(self._seen, sent) != _kills_before(self._seen, again)
            ):
                return True
        return False

    def _text_now(self, message: int) -> str:
        return next(_text(each["message"]) for each in self._messages if each["message"]["message_id"] == message)

    def _check_names(self) -> None:
        """Every name is booked once, and moved along: at rest one appointment of a name stands, or none by intent."""
        chains: defaultdict[str, list[Json]] = defaultdict(list)
        for entry in self._ledger.values():
            chains[entry["name"]].append(entry)
        for name, chain in chains.items():
            standing = [each["id"] for each in chain if each["status"] == STANDS]
            if len(standing) > 1 and not self._was_told_of_both(standing):
                self._found.doubled.append(f"{self._chat_id}: {name} has {standing}")
            for old, new in pairwise(chain):
                self._found.moves += 1
                if old["cancelledBy"] == "api" and new["createdAt"] > old["cancelledAt"] and new["key"] != "office":
                    self._found.lost.append(f"{self._name(old)}: was cancelled before {self._name(new)} was booked")
            last = chain[-1]
            if last["cancelledBy"] == "api" and last["id"] not in self._asked:
                self._found.lost.append(f"{self._name(last)}: was cancelled, and nothing replaces it")

    def _was_told_of_both(self, numbers: list[int]) -> bool:
        both = [
            _text(each["message"]) for each in self._messages if self._words.says(_text(each["message"]), "move.both")
        ]
        return any(all(f" {number}" in text for number in numbers) for text in both)

    # --- what was told -----------------------------------------------------------------------------------------------

    def _check_messages(self) -> None:
        sent: defaultdict[str, list[float]] = defaultdict(list)
        for each in self._messages:
            since, first = _versions(each)[0]
            text = _text(first)
            if any(self._words.begins(text, key) for key in (*_NEWS, "news.validated")) or text.startswith("🔔"):
                sent[text].append(since)
            if text.startswith("🔔"):
                self._check_reminder(since, text, each["message"]["message_id"])
        for text, times in sent.items():
            self._found.duplicates += len(times) - 1
            for one, two in pairwise(times):
                if _kills_before(self._seen, one) == _kills_before(self._seen, two):
                    self._found.too_many.append(f"{self._chat_id}: twice without a kill between: {text!r}")
        self._check_news(sent)

    def _check_news(self, sent: Mapping[str, list[float]]) -> None:
        counts: defaultdict[int, Counter[str]] = defaultdict(Counter)
        validated = 0
        for text in sent:
            number, key = self._words.number_in(text), next((k for k in _NEWS if self._words.says(text, k)), "")
            validated += self._words.begins(text, "news.validated")
            if number and key:
                counts[number][key.removesuffix("_by_office")] += 1
                self._found.news += 1
        for number, entry in self._ledger.items():
            most = {
                "news.cancelled": entry["cancelledBy"] == "organization",
                "news.moved": len(self._seen.office.before[number]),
                # One that the bot asked for is news only if it gave the attempt up before it was found.
                "news.made": entry["key"] == "office" or not self._has_ticket(number),
            }
            for key, count in counts[number].items():
                if count > most[key]:
                    self._found.too_many.append(f"{self._name(entry)}: {key} {count} times, {most[key]} changes")
        completed = [each for each in self._ledger.values() if each["status"] == COMPLETED]
        if validated > len(completed):  # fewer where a list told it first
            self._found.too_many.append(
                f"{self._chat_id}: {validated} times told that they came, {len(completed)} times noted"
            )
        self._found.news += validated

    def _has_ticket(self, number: int) -> bool:
        return any(self._words.says(each.text, "ticket.booked") for each in self._by_number[number])

    def _check_reminder(self, since: float, text: str, message: int) -> None:
        """A reminder agrees with what the citizen was told last before it, by day and before the start."""
        self._found.reminders += 1
        moment = datetime.fromtimestamp(since, UTC).replace(tzinfo=None)
        if not 7 <= moment.hour < 21:
            self._found.untrue.append(f"{self._chat_id}: reminded at {moment}: {text!r}")
        number = self._words.number_in(text)
        if number is None:
            self._check_list(since, text)
            return
        at = self._moment_in(number, text)
        before = self._last_before(number, since, message)
        if at is None or at < moment or before is None or (before.status, before.at) != (STANDS, at):
            self._found.untrue.append(
                f"{self._chat_id}: reminded at {moment}: {text!r}, after {before and _in_short(before)}"
            )

    def _check_list(self, since: float, text: str) -> None:
        for time, name in _LINE.findall(text):
            for number, entry in self._ledger.items():
                before = self._last_before(number, since, 0)
                if entry["name"] == name and before and before.status == STANDS and f"{before.at:%H:%M}" == time:
                    break
            else:
                self._found.untrue.append(f"{self._chat_id}: reminded of what does not stand: {time} {name}: {text!r}")

    def _last_before(self, number: int, since: float, message: int) -> Told | None:
        told = [each for each in self._by_number[number] if each.since < since and each.message != message]
        return told[-1] if told else None

    # --- reading -----------------------------------------------------------------------------------------------------

    def _all_told(self) -> Iterable[Told]:
        for each in self._messages:
            for since, message in _versions(each):
                text = _text(message)
                number, status = self._words.number_in(text), self._status(text)
                if number is not None and any(self._words.says(text, key) for key in _QUESTIONS):
                    self._asked.add(number)
                if number is not None and status:
                    at = self._moment_in(number, text) if status == STANDS else None
                    yield Told(since, number, status, at, message["message_id"], text)

    def _status(self, text: str) -> str:
        words = self._words
        if any(words.says(text, key) for key in _ENDS) or words.begins(text, "ticket.moved_to"):
            return CANCELLED
        for status in (COMPLETED, NO_SHOW, CANCELLED):
            if words.plain("fact.status", status=words.plain(f"status.{status}")) in text:
                return status
        return STANDS if any(words.says(text, key) for key in _STANDING) else ""

    def _moment_in(self, number: int, text: str) -> datetime | None:
        """The time in the text, of those that the appointment ever had."""
        entry = self._ledger.get(number)
        times = [*self._seen.office.before[number], *([datetime.fromisoformat(entry["dateTime"])] if entry else [])]
        return next((each for each in times if self._words.has_moment(text, each)), None)

    def _name(self, entry: Json) -> str:
        made, over = f"made {entry['createdAt'][8:]}", f"cancelled {entry['cancelledAt']} by {entry['cancelledBy']}"
        facts = (entry["status"], entry["dateTime"], made, over, entry["name"], f"by {entry['key'][:6]}")
        moved = f"moved from {[f'{each:%d. %H:%M}' for each in self._seen.office.before[entry['id']]]}"
        lost = "a webhook of it was lost" if entry["id"] in self._seen.unreported else ""
        return f"{self._chat_id}: {entry['id']} {' '.join(str(each) for each in (*facts, moved, lost))}"


def _kills_before(seen: Evidence, moment: float) -> int:
    # What was on its way when the bot was killed arrives a moment later.
    return bisect_left(seen.kills, moment - ON_ITS_WAY)


def _versions(stored: Json) -> list[tuple[float, Json]]:
    """When the message began to look so, and how; oldest first."""
    return [*((each["at"], each["message"]) for each in stored["history"]), (stored["shown_since"], stored["message"])]


def _text(message: Json) -> str:
    return message.get("text") or message.get("caption") or ""


def _in_short(told: Told) -> str:
    at = datetime.fromtimestamp(told.since, UTC)
    return f"{told.status} {told.at} in message {told.message} of {at:%d. %H:%M:%S}: {told.text[:60]!r}"
