"""Every error of the contract's table can be provoked; it has its envelope and its status."""

from datetime import UTC, datetime

import pytest

from bot.sandbox.moncreneau import ApiKey
from bot.sandbox.moncreneau.errors import STATUS_BY_CODE
from tests.sandbox.moncreneau.client import ApiClient, error_of, open_sandbox


@pytest.mark.parametrize("code", STATUS_BY_CODE)
async def test_every_code_can_be_injected(api: ApiClient, code: str) -> None:
    await api.inject("error_code", code=code)
    answer = await api.get("/departments")
    assert error_of(answer) == (STATUS_BY_CODE[code], code)
    assert ("retry-after" in answer.headers) is (answer.status_code == 429)


async def test_an_injected_code_can_have_another_status(api: ApiClient) -> None:
    await api.inject("error_code", code="INVALID_DATE_TIME", status=422)
    assert error_of(await api.book()) == (422, "INVALID_DATE_TIME")


@pytest.mark.parametrize(
    ("key", "code"),
    [
        (None, "MISSING_API_KEY"),
        ("", "MISSING_API_KEY"),
        ("sk_live_something", "INVALID_TOKEN_FORMAT"),
        ("mk_unheard_of", "INVALID_API_KEY"),
        ("mk_sandbox_expired_key", "EXPIRED_API_KEY"),
    ],
)
async def test_a_request_without_a_valid_key_is_refused(api: ApiClient, key: str | None, code: str) -> None:
    assert error_of(await api.get("/departments", key=key)) == (401, code)


async def test_a_key_expires_at_its_time() -> None:
    async with open_sandbox(keys=(ApiKey("mk_brief", expires=datetime(2026, 3, 2, 10, tzinfo=UTC)),)) as api:
        assert (await api.get("/departments", key="mk_brief")).status_code == 200
        api.clock.advance(hours=1)
        assert error_of(await api.get("/departments", key="mk_brief")) == (401, "EXPIRED_API_KEY")


async def test_a_read_only_key_can_neither_book_nor_cancel(api: ApiClient) -> None:
    reader = "mk_sandbox_read_only_key"
    number = (await api.book()).json()["id"]
    assert (await api.get(f"/appointments/{number}", key=reader)).status_code == 200
    assert error_of(await api.book(key=reader)) == (403, "INSUFFICIENT_SCOPE")
    assert error_of(await api.cancel(number, key=reader)) == (403, "INSUFFICIENT_SCOPE")


async def test_a_create_only_key_cannot_read() -> None:
    async with open_sandbox(keys=(ApiKey("mk_writer", scopes=frozenset({"appointments:create"})),)) as api:
        assert (await api.book(key="mk_writer")).status_code == 201
        for path in ("/departments", "/departments/5", "/appointments", "/appointments/12345"):
            assert error_of(await api.get(path, key="mk_writer")) == (403, "INSUFFICIENT_SCOPE")


async def test_a_key_of_one_organization_sees_nothing_of_another() -> None:
    async with open_sandbox(keys=(ApiKey("mk_city", organization_id=2), ApiKey("mk_state", organization_id=1))) as api:
        assert (await api.book(key="mk_state")).status_code == 201
        shown = (await api.get("/departments", key="mk_city")).json()
        assert {department["organization"]["id"] for department in shown} == {2}
        assert error_of(await api.get("/departments/5", key="mk_city")) == (403, "ORGANIZATION_MISMATCH")
        assert error_of(await api.book(key="mk_city")) == (403, "ORGANIZATION_MISMATCH")
        assert error_of(await api.get("/appointments/12345", key="mk_city")) == (404, "APPOINTMENT_NOT_FOUND")
        assert (await api.get("/appointments", key="mk_city")).json()["content"] == []


async def test_an_unknown_path_or_id_is_not_found(api: ApiClient) -> None:
    span = {"startDate": "2026-03-03", "endDate": "2026-03-03"}
    assert error_of(await api.get("/departments/77")) == (404, "DEPARTMENT_NOT_FOUND")
    assert error_of(await api.get("/departments/77/availability", **span)) == (404, "DEPARTMENT_NOT_FOUND")
    assert error_of(await api.book(departmentId=77)) == (404, "DEPARTMENT_NOT_FOUND")
    assert error_of(await api.get("/appointments/1")) == (404, "APPOINTMENT_NOT_FOUND")
    assert error_of(await api.cancel(-1)) == (404, "APPOINTMENT_NOT_FOUND")
    assert error_of(await api.get("/nothing")) == (404, "NOT_FOUND")
    assert error_of(await api.call("PUT", "/appointments")) == (405, "METHOD_NOT_ALLOWED")


async def test_an_inactive_department_takes_no_appointments(api: ApiClient) -> None:
    span = {"startDate": "2026-03-03", "endDate": "2026-03-03"}
    assert error_of(await api.book(departmentId=11)) == (403, "DEPARTMENT_ACCESS_DENIED")
    assert error_of(await api.get("/departments/11/availability", **span)) == (403, "DEPARTMENT_ACCESS_DENIED")
