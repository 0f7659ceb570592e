"""The switches of the chat page set faults of the stand-in for moncreneau, which then answers accordingly."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from bot.sandbox.moncreneau import DEMO_KEY, MoncreneauSandbox
from bot.sandbox.moncreneau import create_app as moncreneau_app
from bot.sandbox.serving import serving
from bot.sandbox.telegram import TelegramSandbox, create_app
from bot.sandbox.telegram.fault_switches import FAULTS

ALL_OFF = dict.fromkeys(FAULTS, False)


@pytest.fixture
async def moncreneau() -> AsyncIterator[httpx.AsyncClient]:
    async with (
        serving(moncreneau_app(MoncreneauSandbox())) as url,
        httpx.AsyncClient(base_url=url, headers={"X-API-Key": DEMO_KEY}) as http,
    ):
        yield http


@pytest.fixture
async def page(moncreneau: httpx.AsyncClient) -> AsyncIterator[httpx.AsyncClient]:
    config = TelegramSandbox(moncreneau_url=str(moncreneau.base_url).rstrip("/"))
    async with serving(create_app(config)) as url, httpx.AsyncClient(base_url=f"{url}/__sandbox") as http:
        yield http


async def turn(page: httpx.AsyncClient, **switches: bool) -> Any:
    answer = await page.put("/switches", json=switches)
    assert answer.is_success, answer.text
    return answer.json()


async def error_code(moncreneau: httpx.AsyncClient, method: str = "GET", path: str = "/departments") -> tuple[int, str]:
    body = {"departmentId": 5, "dateTime": "2099-01-01T08:00:00", "name": "Aïssatou Bah"} if method == "POST" else None
    answer = await moncreneau.request(method, f"/api/v1{path}", json=body)
    return answer.status_code, answer.json()["error"]["code"] if answer.is_error else ""


async def test_every_switch_is_off_at_first(page: httpx.AsyncClient) -> None:
    assert (await page.get("/switches")).json() == ALL_OFF


@pytest.mark.parametrize(
    ("switch", "request_line", "expected"),
    [
        ("down", "GET /departments", (503, "SERVICE_UNAVAILABLE")),
        ("rate_limited", "GET /departments", (429, "RATE_LIMIT_EXCEEDED")),
        ("no_credits", "POST /appointments", (402, "INSUFFICIENT_CREDITS")),
        ("slot_taken", "POST /appointments", (409, "SLOT_NOT_AVAILABLE")),
    ],
)
async def test_a_switch_makes_the_service_refuse(
    page: httpx.AsyncClient, moncreneau: httpx.AsyncClient, switch: str, request_line: str, expected: tuple[int, str]
) -> None:
    assert await turn(page, **{switch: True}) == ALL_OFF | {switch: True}
    assert await error_code(moncreneau, *request_line.split()) == expected
    assert await turn(page, **{switch: False}) == ALL_OFF
    assert await error_code(moncreneau) == (200, "")


async def test_a_slot_is_taken_once_and_then_the_switch_is_off(
    page: httpx.AsyncClient, moncreneau: httpx.AsyncClient
) -> None:
    await turn(page, slot_taken=True)
    assert await error_code(moncreneau, "POST", "/appointments") == (409, "SLOT_NOT_AVAILABLE")
    assert (await page.get("/switches")).json() == ALL_OFF


async def test_a_slow_service_can_fail_as_well(page: httpx.AsyncClient, moncreneau: httpx.AsyncClient) -> None:
    assert await turn(page, down=True, slow=True) == ALL_OFF | {"down": True, "slow": True}
    faults = (await moncreneau.get("/__sandbox/faults")).json()["faults"]
    assert [each["kind"] for each in faults] == ["delay", "error_code"]


async def test_switches_replace_faults_that_were_set_by_hand(
    page: httpx.AsyncClient, moncreneau: httpx.AsyncClient
) -> None:
    await moncreneau.post("/__sandbox/faults", json=[{"kind": "status", "status": 500}])
    await turn(page, down=False)
    assert await error_code(moncreneau) == (200, "")


async def test_an_unknown_switch_is_refused(page: httpx.AsyncClient) -> None:
    answer = await page.put("/switches", json={"rain": True})
    assert (answer.status_code, "unknown ['rain']" in answer.json()["error"]) == (400, True)


async def test_without_the_stand_in_for_moncreneau_there_are_no_switches() -> None:
    async with serving(create_app()) as url, httpx.AsyncClient() as http:
        assert (await http.get(f"{url}/__sandbox/switches")).status_code == 404


async def test_a_stand_in_that_does_not_answer_is_reported() -> None:
    config = TelegramSandbox(moncreneau_url="http://127.0.0.1:1")
    async with serving(create_app(config)) as url, httpx.AsyncClient() as http:
        answer = await http.get(f"{url}/__sandbox/switches")
    assert (answer.status_code, "does not answer" in answer.json()["error"]) == (502, True)
