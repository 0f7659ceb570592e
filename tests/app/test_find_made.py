"""Finding the appointment that an order made, despite changes by the API, and never one of somebody else."""

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from bot.app.attempt import UnclearError, find_made
from bot.app.ports import Need, WriteOutcome
from bot.core.model import Appointment, AppointmentStatus, Order
from tests.app.fakes import FakeMoncreneau, ScriptedError

PLACED = datetime(2026, 3, 1, 8, 0)  # noqa: DTZ001 — office time
AT = PLACED + timedelta(days=1, hours=1)
ORDER = Order(5, AT, "Jean-Marie N'Diaye", "telegram:7")
MADE = Appointment(100, 5, AT, "Jean-Marie N'Diaye", owner="telegram:7", created_at=PLACED + timedelta(seconds=2))
REWRITTEN = replace(MADE, name="Jean-Marie N&#039;Diaye")
STRANGERS = replace(MADE, id=99, owner="telegram:8")


def service(*appointments: Appointment, tells_owner: bool = True, filters: bool = True) -> FakeMoncreneau:
    return FakeMoncreneau(books={each.id: each for each in appointments}, tells_owner=tells_owner, filters=filters)


async def find(api: FakeMoncreneau, others: Collection[int] = (), order: Order = ORDER) -> Appointment | None:
    async def made_by_others(found: Collection[int]) -> frozenset[int]:
        return frozenset(found) & frozenset(others)

    return await find_made(order, PLACED, api, made_by_others, Need.SETTLE)


@pytest.mark.parametrize(
    "made",
    [
        MADE,
        REWRITTEN,
        replace(MADE, name=""),
        replace(MADE, name="JEAN-MARIE N'DIAYE"),
        replace(MADE, at=AT.replace(second=1)),
        replace(MADE, worker_id=42),
        replace(MADE, at=AT + timedelta(minutes=30)),
        replace(MADE, at=AT + timedelta(days=1), name=""),
    ],
    ids=str,
)
async def test_with_owners_an_appointment_is_recognised_despite_changes(
    made: Appointment,
) -> None:
    assert await find(service(made)) == made


@pytest.mark.parametrize(
    "other",
    [
        replace(MADE, department_id=8),
        replace(MADE, status=AppointmentStatus.CANCELLED),
        replace(MADE, at=AT + timedelta(minutes=30), created_at=PLACED - timedelta(hours=2)),
        replace(MADE, at=AT + timedelta(minutes=30), created_at=None),
        STRANGERS,
    ],
    ids=str,
)
async def test_appointments_of_another_department_owner_or_status_are_not_recognised(
    other: Appointment,
) -> None:
    assert await find(service(other, filters=False)) is None


async def test_an_appointment_with_another_member_of_staff_is_not_recognised() -> None:
    order = replace(ORDER, worker_id=42)
    assert await find(service(replace(MADE, worker_id=43)), order=order) is None
    assert await find(service(replace(MADE, worker_id=42)), order=order)
    assert await find(service(MADE), order=order), "not told, so not another"


async def test_an_appointment_made_by_another_attempt_is_not_recognised() -> None:
    assert await find(service(MADE), {MADE.id}) is None
    second = replace(REWRITTEN, id=101)
    assert await find(service(MADE, second), {MADE.id}) == second


async def test_of_several_candidates_the_nearest_to_the_order_is_taken() -> None:
    moved, renamed = replace(MADE, id=103, at=AT + timedelta(hours=1)), replace(REWRITTEN, id=102)
    assert await find(service(moved, renamed, MADE)) == MADE
    assert await find(service(moved, renamed)) == renamed
    newer = replace(MADE, id=104)
    assert await find(service(MADE, newer)) == newer


async def test_without_owners_the_exact_name_in_a_filtered_list_is_recognised() -> None:
    found = await find(service(MADE, STRANGERS, tells_owner=False))
    assert found is not None
    assert found.id == MADE.id


async def test_without_owners_another_name_leaves_it_unclear() -> None:
    with pytest.raises(UnclearError):
        await find(service(REWRITTEN, tells_owner=False))
    assert await find(service(REWRITTEN, tells_owner=False), {REWRITTEN.id}) is None, "known to be another's"


async def test_a_namesake_in_an_unfiltered_list_leaves_it_unclear() -> None:
    with pytest.raises(UnclearError):
        await find(service(STRANGERS, tells_owner=False, filters=False))
    with pytest.raises(UnclearError):
        await find(service(STRANGERS, MADE, tells_owner=False, filters=False))


async def test_an_unfiltered_list_without_the_slot_shows_that_nothing_was_made() -> None:
    elsewhere = replace(STRANGERS, at=AT + timedelta(minutes=30))
    assert await find(service(elsewhere, tells_owner=False, filters=False)) is None


async def test_unreadable_entries_leave_it_unclear() -> None:
    unreadable = ScriptedError(WriteOutcome.UNKNOWN)
    unreadable.seen = (MADE,)
    here = service()
    here.reads.extend([unreadable, unreadable])
    assert await find(here) == MADE
    with pytest.raises(ScriptedError):
        await find(here, {MADE.id})


async def test_the_lookup_fails_while_it_is_unknown_whether_the_list_is_filtered() -> None:
    here = service(MADE, tells_owner=False)
    here.reads.extend([None, ScriptedError(WriteOutcome.UNKNOWN)])
    with pytest.raises(ScriptedError):
        await find(here)
    partly = ScriptedError(WriteOutcome.UNKNOWN)
    partly.seen = (replace(MADE, owner=None),)
    here.reads.extend([None, partly])
    with pytest.raises(UnclearError):
        await find(here)
