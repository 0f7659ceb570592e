"""Every error of the contract's table can be had, in its envelope and with its status."""

from datetime import UTC, datetime

import pytest

from bot.sandbox.moncreneau import Key
from bot.sandbox.moncreneau.errors import STATUS_BY_CODE
from tests.sandbox.moncreneau.client import Desk, desk, refusal


@pytest.mark.parametrize("code", STATUS_BY_CODE)
async def test_every_code_can_be_injected(office: Desk, code: str) -> None:
    await office.inject("error_code", code=code)
    answer = await office.get("/departments")
    assert refusal(answer) == (STATUS_BY_CODE[code], code)
    assert ("retry-after" in answer.headers) is (answer.status_code == 429)


async def test_an_injected_code_may_come_with_the_other_status_of_its_family(office: Desk) -> None:
    await office.inject("error_code", code="INVALID_DATE_TIME", status=422)
    assert refusal(await office.book()) == (422, "INVALID_DATE_TIME")


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
async def test_a_request_without_a_good_key_is_refused(office: Desk, key: str | None, code: str) -> None:
    assert refusal(await office.get("/departments", key=key)) == (401, code)


async def test_a_key_expires_at_its_moment() -> None:
    async with desk(keys=(Key("mk_brief", expires=datetime(2026, 3, 2, 10, tzinfo=UTC)),)) as office:
        assert (await office.get("/departments", key="mk_brief")).status_code == 200
        office.clock.advance(hours=1)
        assert refusal(await office.get("/departments", key="mk_brief")) == (401, "EXPIRED_API_KEY")


async def test_a_key_that_may_only_read_neither_books_nor_cancels(office: Desk) -> None:
    reader = "mk_sandbox_read_only_key"
    number = (await office.book()).json()["id"]
    assert (await office.get(f"/appointments/{number}", key=reader)).status_code == 200
    assert refusal(await office.book(key=reader)) == (403, "INSUFFICIENT_SCOPE")
    assert refusal(await office.cancel(number, key=reader)) == (403, "INSUFFICIENT_SCOPE")


async def test_a_key_that_may_only_book_reads_nothing() -> None:
    async with desk(keys=(Key("mk_writer", scopes=frozenset({"appointments:create"})),)) as office:
        assert (await office.book(key="mk_writer")).status_code == 201
        for path in ("/departments", "/departments/5", "/appointments", "/appointments/12345"):
            assert refusal(await office.get(path, key="mk_writer")) == (403, "INSUFFICIENT_SCOPE")


async def test_a_key_of_one_organization_sees_nothing_of_another() -> None:
    async with desk(keys=(Key("mk_city", organization_id=2), Key("mk_state", organization_id=1))) as office:
        assert (await office.book(key="mk_state")).status_code == 201
        shown = (await office.get("/departments", key="mk_city")).json()
        assert {department["organization"]["id"] for department in shown} == {2}
        assert refusal(await office.get("/departments/5", key="mk_city")) == (403, "ORGANIZATION_MISMATCH")
        assert refusal(await office.book(key="mk_city")) == (403, "ORGANIZATION_MISMATCH")
        assert refusal(await office.get("/appointments/12345", key="mk_city")) == (404, "APPOINTMENT_NOT_FOUND")
        assert (await office.get("/appointments", key="mk_city")).json()["content"] == []


async def test_what_does_not_exist_is_not_found(office: Desk) -> None:
    span = {"startDate": "2026-03-03", "endDate": "2026-03-03"}
    assert refusal(await office.get("/departments/77")) == (404, "DEPARTMENT_NOT_FOUND")
    assert refusal(await office.get("/departments/77/availability", **span)) == (404, "DEPARTMENT_NOT_FOUND")
    assert refusal(await office.book(departmentId=77)) == (404, "DEPARTMENT_NOT_FOUND")
    assert refusal(await office.get("/appointments/1")) == (404, "APPOINTMENT_NOT_FOUND")
    assert refusal(await office.cancel(-1)) == (404, "APPOINTMENT_NOT_FOUND")
    assert refusal(await office.get("/nothing")) == (404, "NOT_FOUND")
    assert refusal(await office.call("PUT", "/appointments")) == (405, "METHOD_NOT_ALLOWED")


async def test_an_inactive_department_takes_no_appointments(office: Desk) -> None:
    span = {"startDate": "2026-03-03", "endDate": "2026-03-03"}
    assert refusal(await office.book(departmentId=11)) == (403, "DEPARTMENT_ACCESS_DENIED")
    assert refusal(await office.get("/departments/11/availability", **span)) == (403, "DEPARTMENT_ACCESS_DENIED")
