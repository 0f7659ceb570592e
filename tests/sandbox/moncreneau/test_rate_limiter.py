"""The hourly budget of a key, told on every answer."""

import pytest

from tests.sandbox.moncreneau.client import MONDAY, Desk, desk, refusal

HEADERS = ("x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset")


async def test_an_answer_tells_the_limit_what_remains_and_when_it_begins_anew(office: Desk) -> None:
    await office.get("/departments")
    answer = await office.get("/departments")
    assert [int(answer.headers[name]) for name in HEADERS] == [1000, 998, int(MONDAY.timestamp()) + 3600]


async def test_refusals_tell_it_too(office: Desk) -> None:
    answers = [
        await office.get("/departments", key=None),
        await office.get("/departments", key="mk_unheard_of"),
        await office.get("/nothing"),
        await office.call("PUT", "/appointments"),
        await office.book(name=""),
        await office.cancel(1),
    ]
    assert all(answer.headers.keys() >= set(HEADERS) for answer in answers)


async def test_a_request_without_a_good_key_costs_nobody_anything(office: Desk) -> None:
    for _ in range(3):
        await office.get("/departments", key="mk_unheard_of")
    assert (await office.get("/departments")).headers["x-ratelimit-remaining"] == "999"


async def test_past_the_limit_a_key_waits_for_the_rest_of_its_hour() -> None:
    async with desk(rate_limit=2) as office:
        office_answers = [await office.get("/departments") for _ in range(2)]
        assert [answer.status_code for answer in office_answers] == [200, 200]
        office.clock.advance(minutes=59, seconds=30)
        refused = await office.get("/departments")
        assert refusal(refused) == (429, "RATE_LIMIT_EXCEEDED")
        assert (refused.headers["retry-after"], refused.headers["x-ratelimit-remaining"]) == ("30", "0")
        assert (await office.get("/departments", key="mk_sandbox_read_only_key")).status_code == 200
        office.clock.advance(seconds=30)
        assert (await office.get("/departments")).status_code == 200


async def test_a_booking_past_the_limit_books_nothing() -> None:
    async with desk(rate_limit=0) as office:
        assert (await office.book()).status_code == 429
        assert (await office.ledger())["appointments"] == []


async def test_the_limit_and_what_remains_can_be_set(office: Desk) -> None:
    set_to = await office.control("POST", "/ratelimit", {"limit": 50, "windowSeconds": 60, "remaining": 1})
    assert set_to.json() == {"limit": 50, "remaining": 1, "reset": int(MONDAY.timestamp()) + 60}
    assert [(await office.get("/departments")).status_code for _ in range(2)] == [200, 429]
    office.clock.advance(seconds=60)
    assert (await office.get("/departments")).headers["x-ratelimit-remaining"] == "49"


@pytest.mark.parametrize("body", [{"limit": -1}, {"limit": True}, {"rest": 1}, {"key": 1}, [], "x"])
async def test_a_limit_that_makes_no_sense_is_refused(office: Desk, body: object) -> None:
    assert (await office.control("POST", "/ratelimit", body)).status_code == 400
    assert (await office.get("/departments")).headers["x-ratelimit-limit"] == "1000"
