"""The rate limit of a key and its headers."""

import pytest

from tests.sandbox.moncreneau.client import MONDAY, ApiClient, error_of, open_sandbox

HEADERS = ("x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset")


async def test_every_answer_has_the_limit_the_remainder_and_the_reset_time(api: ApiClient) -> None:
    await api.get("/departments")
    answer = await api.get("/departments")
    assert [int(answer.headers[name]) for name in HEADERS] == [1000, 998, int(MONDAY.timestamp()) + 3600]


async def test_errors_carry_the_rate_limit_headers_too(api: ApiClient) -> None:
    answers = [
        await api.get("/departments", key=None),
        await api.get("/departments", key="mk_unheard_of"),
        await api.get("/nothing"),
        await api.call("PUT", "/appointments"),
        await api.book(name=""),
        await api.cancel(1),
    ]
    assert all(answer.headers.keys() >= set(HEADERS) for answer in answers)


async def test_a_request_without_a_valid_key_is_not_counted(api: ApiClient) -> None:
    for _ in range(3):
        await api.get("/departments", key="mk_unheard_of")
    assert (await api.get("/departments")).headers["x-ratelimit-remaining"] == "999"


async def test_past_the_limit_a_key_must_wait_for_its_next_window() -> None:
    async with open_sandbox(rate_limit=2) as api:
        office_answers = [await api.get("/departments") for _ in range(2)]
        assert [answer.status_code for answer in office_answers] == [200, 200]
        api.clock.advance(minutes=59, seconds=30)
        refused = await api.get("/departments")
        assert error_of(refused) == (429, "RATE_LIMIT_EXCEEDED")
        assert (refused.headers["retry-after"], refused.headers["x-ratelimit-remaining"]) == ("30", "0")
        assert (await api.get("/departments", key="mk_sandbox_read_only_key")).status_code == 200
        api.clock.advance(seconds=30)
        assert (await api.get("/departments")).status_code == 200


async def test_a_booking_past_the_limit_books_nothing() -> None:
    async with open_sandbox(rate_limit=0) as api:
        assert (await api.book()).status_code == 429
        assert (await api.ledger())["appointments"] == []


async def test_the_limit_and_the_remainder_can_be_set(api: ApiClient) -> None:
    set_to = await api.control("POST", "/ratelimit", {"limit": 50, "windowSeconds": 60, "remaining": 1})
    assert set_to.json() == {"limit": 50, "remaining": 1, "reset": int(MONDAY.timestamp()) + 60}
    assert [(await api.get("/departments")).status_code for _ in range(2)] == [200, 429]
    api.clock.advance(seconds=60)
    assert (await api.get("/departments")).headers["x-ratelimit-remaining"] == "49"


@pytest.mark.parametrize("body", [{"limit": -1}, {"limit": True}, {"rest": 1}, {"key": 1}, [], "x"])
async def test_an_invalid_limit_is_refused(api: ApiClient, body: object) -> None:
    assert (await api.control("POST", "/ratelimit", body)).status_code == 400
    assert (await api.get("/departments")).headers["x-ratelimit-limit"] == "1000"
