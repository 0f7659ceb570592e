"""The stand-in keeps the contract, judged by the vendor's own SDK as its client."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from moncreneau import Moncreneau, MoncreneauError  # type: ignore[import-untyped]

from bot.sandbox.moncreneau import DEMO_KEY, MoncreneauSandbox, create_app
from bot.sandbox.serving import serving_in_thread

MONDAY = datetime(2026, 3, 2, 9, 10, tzinfo=UTC)
SLOT = "2026-03-03T10:00:00"


@pytest.fixture
def url() -> Iterator[str]:
    with serving_in_thread(create_app(MoncreneauSandbox(clock=lambda: MONDAY))) as base:
        yield base


@pytest.fixture
def sdk(url: str) -> Iterator[Any]:
    with_key = Clients(url)
    yield with_key(DEMO_KEY)
    with_key.close()


@pytest.fixture
def clients(url: str) -> Iterator["Clients"]:
    made = Clients(url)
    yield made
    made.close()


class Clients:
    """Makes SDK clients with other keys, and closes their connections, which the SDK itself never does."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._made: list[Any] = []

    def __call__(self, key: str) -> Any:
        self._made.append(Moncreneau(key, f"{self._url}/api/v1"))
        return self._made[-1]

    def close(self) -> None:
        for client in self._made:
            client.appointments.http.session.close()


def refused(error: pytest.ExceptionInfo[Any]) -> tuple[int, str]:
    return error.value.status_code, error.value.code


def test_departments_are_listed_and_retrieved(sdk: Any) -> None:
    listed = sdk.departments.list()
    assert {5, 8} <= {department["id"] for department in listed}
    assert sdk.departments.retrieve(5) == next(department for department in listed if department["id"] == 5)


def test_availability_leads_to_an_appointment(sdk: Any) -> None:
    availability = sdk.departments.get_availability(5, "2026-03-02", "2026-03-06")
    assert availability["departmentId"] == 5
    slot = next(slot for day in availability["availability"] for slot in day["slots"] if slot["available"])
    assert sdk.appointments.create(5, slot["dateTime"], "Jean Dupont")["dateTime"] == slot["dateTime"]


def test_an_appointment_is_created_retrieved_and_cancelled(sdk: Any) -> None:
    created = sdk.appointments.create(
        department_id=10, date_time=SLOT, name="Jean Dupont", external_user_id="telegram:1", worker_id=42
    )
    assert (created["status"], created["externalUserId"], created["creditsConsumed"]) == ("SCHEDULED", "telegram:1", 1)
    assert sdk.appointments.retrieve(created["id"]) == created
    sdk.appointments.cancel(created["id"])
    assert sdk.appointments.retrieve(created["id"])["status"] == "CANCELLED"


def test_appointments_are_listed_with_every_filter(sdk: Any) -> None:
    mine = sdk.appointments.create(5, SLOT, "Jean Dupont", external_user_id="telegram:1")
    other = sdk.appointments.create(8, "2026-03-05T10:00:00", "Hawa Camara", external_user_id="telegram:2")
    sdk.appointments.cancel(other["id"])

    def found(**filters: Any) -> list[int]:
        page: dict[str, Any] = sdk.appointments.list(**filters)
        assert page.keys() == {"content", "page", "size", "totalElements", "totalPages", "last"}
        return [appointment["id"] for appointment in page["content"]]

    assert found() == [mine["id"], other["id"]]
    assert found(page=1, size=1) == [other["id"]]
    assert found(status="CANCELLED") == [other["id"]]
    assert found(department_id="5") == [mine["id"]]
    assert found(external_user_id="telegram:1") == [mine["id"]]
    assert found(start_date="2026-03-04") == [other["id"]]
    assert found(end_date="2026-03-04") == [mine["id"]]
    everything = {"status": "SCHEDULED", "department_id": "5", "external_user_id": "telegram:1"}
    assert found(**everything, start_date="2026-03-03", end_date="2026-03-03") == [mine["id"]]


@pytest.mark.parametrize(
    ("key", "code"),
    [
        ("YOUR_API_KEY", "INVALID_TOKEN_FORMAT"),
        ("mk_unheard_of", "INVALID_API_KEY"),
        ("mk_sandbox_expired_key", "EXPIRED_API_KEY"),
    ],
)
def test_a_wrong_key_is_401(clients: Clients, key: str, code: str) -> None:
    with pytest.raises(MoncreneauError) as error:
        clients(key).departments.list()
    assert refused(error) == (401, code)


def test_no_credits_is_402_in_the_words_of_the_quick_start(url: str, sdk: Any) -> None:
    httpx.post(f"{url}/__sandbox/credits", json={"credits": 0})
    with pytest.raises(MoncreneauError) as error:
        sdk.appointments.create(5, SLOT, "Jean Dupont")
    assert refused(error) == (402, "INSUFFICIENT_CREDITS")
    assert error.value.message == "Your organization has 0 credits remaining"


def test_a_key_without_the_scope_is_403(clients: Clients) -> None:
    with pytest.raises(MoncreneauError) as error:
        clients("mk_sandbox_read_only_key").appointments.create(5, SLOT, "Jean Dupont")
    assert refused(error) == (403, "INSUFFICIENT_SCOPE")


def test_an_unknown_id_is_404(sdk: Any) -> None:
    for ask in (sdk.appointments.retrieve, sdk.appointments.cancel):
        with pytest.raises(MoncreneauError) as error:
            ask(1)
        assert refused(error) == (404, "APPOINTMENT_NOT_FOUND")
    with pytest.raises(MoncreneauError) as error:
        sdk.departments.retrieve(77)
    assert refused(error) == (404, "DEPARTMENT_NOT_FOUND")


def test_a_full_slot_is_409(sdk: Any) -> None:
    with pytest.raises(MoncreneauError) as error:
        sdk.appointments.create(24, SLOT, "Jean Dupont")
    assert refused(error) == (409, "SLOT_NOT_AVAILABLE")


def test_a_missing_worker_is_400_and_named_in_the_details(sdk: Any) -> None:
    with pytest.raises(MoncreneauError) as error:
        sdk.appointments.create(10, SLOT, "Jean Dupont")
    assert refused(error) == (400, "MISSING_REQUIRED_FIELD")
    assert error.value.details == {"fields": {"workerId": "is required by this department"}}


def test_requests_beyond_the_hourly_limit_are_answered_429(url: str, sdk: Any) -> None:
    httpx.post(f"{url}/__sandbox/ratelimit", json={"remaining": 1})
    sdk.departments.list()
    with pytest.raises(MoncreneauError) as error:
        sdk.departments.list()
    assert refused(error) == (429, "RATE_LIMIT_EXCEEDED")
