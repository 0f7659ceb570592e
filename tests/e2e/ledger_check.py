"""Compares what citizens confirmed and were told with the API's ledger."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from tests.e2e.patient_citizen import PatientCitizen, WantedBooking

Json = dict[str, Any]


@dataclass(slots=True)
class LedgerCheck:
    """The result: counts, and a sentence for every difference."""

    bookings: int = 0
    cancellings: int = 0
    moves: int = 0
    given_up: int = 0
    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    duplicates: int = 0

    @property
    def faults(self) -> list[str]:
        """Every difference."""
        return [*self.lost, *self.doubled, *self.wrong]


def check_ledger(citizens: Iterable[PatientCitizen], ledger: Json, credits_before: int) -> LedgerCheck:
    """Compare the bookings of these citizens with the ledger, and the credits that were spent."""
    found = LedgerCheck()
    every: list[Json] = ledger["appointments"]
    for citizen in citizens:
        owner = f"telegram:{citizen.phone.chat_id}"
        theirs = [each for each in every if each["externalUserId"] == owner]
        for booking in citizen.bookings:
            _compare(found, booking, [each for each in theirs if each["name"] == booking.name])
        names = {booking.name for booking in citizen.bookings}
        found.wrong += [f"{owner}: nobody asked for {each}" for each in theirs if each["name"] not in names]
        seen = {booking.ticket for booking in citizen.bookings if booking.ticket and not booking.cancelled}
        kept = {each["id"] for each in theirs if each["status"] == "SCHEDULED"}
        if seen != kept:
            found.wrong.append(f"{owner}: has the tickets {sorted(seen)}, the office has {sorted(kept)}")
    spent = credits_before - ledger["credits"]
    refunds = sum(each["status"] == "CANCELLED" for each in every)
    if spent != len(every) - refunds or spent != found.bookings - found.cancellings:
        found.wrong.append(f"{spent} credits spent on {len(every)} bookings with {refunds} refunds")
    return found


def _compare(found: LedgerCheck, booking: WantedBooking, made: list[Json]) -> None:
    found.bookings += booking.ticket is not None
    found.cancellings += booking.cancelled
    found.moves += len(booking.replaced)
    found.given_up += booking.gave_up and booking.ticket is None
    if len(made) > 1 + len(booking.replaced):
        found.doubled.append(f"{booking} was booked {len(made)} times")
    if booking.ticket is None:
        if made:
            found.lost.append(f"{booking}: the office has {made}, the citizen has no ticket")
        elif booking.confirmed and not booking.gave_up:
            found.lost.append(f"{booking} was confirmed and never booked")
        return
    entry = next((each for each in made if each["id"] == booking.ticket), None)
    if entry is None:
        found.lost.append(f"{booking}: the office knows nothing of the ticket")
        return
    kept = [each["id"] for each in made if each["id"] in booking.replaced and each["status"] != "CANCELLED"]
    found.wrong += [f"{booking}: {number} still stands" for number in kept]
    if booking.told_not_booked:
        found.wrong.append(f"{booking} was said not to be booked")
    if not booking.confirmed:
        found.wrong.append(f"{booking} was booked and never confirmed")
    if entry["qrCode"] != booking.link:
        found.wrong.append(f"{booking}: the link should be {entry['qrCode']}")
    expected = "CANCELLED" if booking.cancelled else "SCHEDULED"
    if entry["status"] != expected or (booking.cancelled and not booking.cancel_confirmed):
        found.wrong.append(f"{booking}: should be {expected}, the office has {entry}")


async def count_duplicates(citizens: Iterable[PatientCitizen]) -> int:
    """How many tickets, pictures and notices of cancelling are on the phones more than once."""
    extra = 0
    for citizen in citizens:
        words = citizen.words
        seen: Counter[tuple[str, int | None]] = Counter()
        for shown in await citizen.phone.look(everything=True):
            for key in ("ticket.booked", "cancelled.title", "qr.title"):
                if words.says(shown.text, key):
                    seen[key, words.number_in(shown.text)] += 1
        extra += sum(seen.values()) - len(seen)
    return extra
