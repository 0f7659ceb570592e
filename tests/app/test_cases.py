"""What a confirmed attempt asks for, and what counts as its work."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from bot.app.cases import BOOKINGS, Case, chat_of, made_by, owner_of
from bot.app.records import AttemptKind, StoredAttempt
from bot.core.flows import Attempt
from bot.core.model import Appointment, Department, Draft, Order, Status

AT = datetime(2026, 1, 26, 14, 30)  # noqa: DTZ001 — office time
ORDER = Order(department_id=5, at=AT, name="Aïssatou Bah", owner="telegram:7")
MADE = Appointment(id=1, department_id=5, at=AT, name="Aïssatou Bah")


def case(draft: Draft) -> Case:
    body = BOOKINGS.dump_json(Attempt(3, draft, AT)).decode()
    return Case(StoredAttempt(7, 3, AttemptKind.BOOK, body), uncertain=False)


def test_a_booking_asks_for_what_was_confirmed_in_the_name_of_its_chat() -> None:
    assert case(Draft(Department(5, "Passport"), at=AT, name="Aïssatou Bah")).order() == ORDER
    assert owner_of(7) == "telegram:7"


@pytest.mark.parametrize(
    ("owner", "chat_id"),
    [("telegram:7", 7), ("telegram:-7", -7), ("telegram:", None), ("telegram:x", None), ("7", None), ("sms:7", None)],
)
def test_the_name_of_a_chat_leads_back_to_it(owner: str, chat_id: int | None) -> None:
    assert chat_of(owner) == chat_id


def test_a_booking_without_a_time_or_a_name_is_a_mistake_of_ours() -> None:
    with pytest.raises(ValueError, match="without a time or a name"):
        case(Draft(Department(5, "Passport"), at=AT)).order()


def test_its_end_is_recorded_under_its_chat_and_number() -> None:
    end = case(Draft(Department(5, "Passport"))).settled("booked", 12345)
    assert (end.chat_id, end.number, end.outcome, end.appointment_id) == (7, 3, "booked", 12345)


def test_a_name_that_reads_the_same_is_the_same() -> None:
    assert made_by(ORDER, replace(MADE, name="aissatou  bah"))


@pytest.mark.parametrize(
    "other",
    [
        replace(MADE, department_id=8),
        replace(MADE, at=AT + timedelta(minutes=30)),
        replace(MADE, name="Fatoumata Bah"),
        replace(MADE, status=Status.CANCELLED),
    ],
)
def test_another_department_time_or_name_is_not_its_work_nor_is_a_cancelled_one(other: Appointment) -> None:
    assert not made_by(ORDER, other)
