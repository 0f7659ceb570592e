"""The reckoning: what was confirmed and seen against what the office has in its ledger. Equal, or said how not."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from tests.e2e.applicant import Applicant, Wish

Json = dict[str, Any]


@dataclass(slots=True)
class Reckoning:
    """The outcome, in numbers and in sentences."""

    bookings: int = 0
    cancellings: int = 0
    given_up: int = 0
    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    duplicates: int = 0

    @property
    def faults(self) -> list[str]:
        """Everything that is not as it must be."""
        return [*self.lost, *self.doubled, *self.wrong]


def reckon(applicants: Iterable[Applicant], ledger: Json, credits_before: int) -> Reckoning:
    """Compare."""
    found = Reckoning()
    every: list[Json] = ledger["appointments"]
    for applicant in applicants:
        owner = f"telegram:{applicant.phone.chat_id}"
        theirs = [each for each in every if each["externalUserId"] == owner]
        for wish in applicant.wishes:
            _compare(found, wish, [each for each in theirs if each["name"] == wish.name])
        names = {wish.name for wish in applicant.wishes}
        found.wrong += [f"{owner}: nobody asked for {each}" for each in theirs if each["name"] not in names]
        seen = {wish.ticket for wish in applicant.wishes if wish.ticket and not wish.cancelled}
        kept = {each["id"] for each in theirs if each["status"] == "SCHEDULED"}
        if seen != kept:
            found.wrong.append(f"{owner}: has the tickets {sorted(seen)}, the office has {sorted(kept)}")
    spent = credits_before - ledger["credits"]
    refunds = sum(each["status"] == "CANCELLED" for each in every)
    if spent != len(every) - refunds or spent != found.bookings - found.cancellings:
        found.wrong.append(f"{spent} credits spent on {len(every)} bookings with {refunds} refunds")
    return found


def _compare(found: Reckoning, wish: Wish, made: list[Json]) -> None:
    found.bookings += wish.ticket is not None
    found.cancellings += wish.cancelled
    found.given_up += wish.gave_up and wish.ticket is None
    if len(made) > 1:
        found.doubled.append(f"{wish} was booked {len(made)} times")
    if wish.ticket is None:
        if made:
            found.lost.append(f"{wish}: the office has {made}, the applicant has no ticket")
        elif wish.confirmed and not wish.gave_up:
            found.lost.append(f"{wish} was confirmed and never booked")
        return
    entry = next((each for each in made if each["id"] == wish.ticket), None)
    if entry is None:
        found.lost.append(f"{wish}: the office knows nothing of the ticket")
        return
    if wish.told_of_nothing:
        found.wrong.append(f"{wish} was said not to be booked")
    if not wish.confirmed:
        found.wrong.append(f"{wish} was booked and never confirmed")
    if entry["qrCode"] != wish.link:
        found.wrong.append(f"{wish}: the link should be {entry['qrCode']}")
    expected = "CANCELLED" if wish.cancelled else "SCHEDULED"
    if entry["status"] != expected or (wish.cancelled and not wish.cancel_confirmed):
        found.wrong.append(f"{wish}: should be {expected}, the office has {entry}")


async def count_duplicates(applicants: Iterable[Applicant]) -> int:
    """How often a ticket, its picture or the word of a cancelling stands on a phone once more than needed."""
    extra = 0
    for applicant in applicants:
        words = applicant.words
        seen: Counter[tuple[str, int | None]] = Counter()
        for shown in await applicant.phone.look(everything=True):
            for key in ("ticket.booked", "cancelled.title", "qr.title"):
                if words.says(shown.text, key):
                    seen[key, words.number_in(shown.text)] += 1
        extra += sum(seen.values()) - len(seen)
    return extra
