"""A client of the stand-in for its tests: requests in one line, and a clock that moves only when told."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

from bot.sandbox.moncreneau import DEMO_KEY, MoncreneauSandbox, create_app
from bot.sandbox.serving import serving

MONDAY = datetime(2026, 3, 2, 9, 10, tzinfo=UTC)
"""The time of the tests, unless they move the clock."""
SLOT = "2026-03-03T10:00:00"
"""A free slot of the passport office, on Tuesday."""


@dataclass
class Clock:
    """A clock that a test moves by hand."""

    now: datetime = MONDAY

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **span: float) -> None:
        self.now += timedelta(**span)


class ApiClient:
    """Calls one stand-in over loopback HTTP."""

    def __init__(self, http: httpx.AsyncClient, clock: Clock) -> None:
        self.http = http
        self.clock = clock

    async def call(self, method: str, path: str, *, key: str | None = DEMO_KEY, **how: Any) -> httpx.Response:
        headers = {} if key is None else {"X-API-Key": key}
        return await self.http.request(method, f"/api/v1{path}", headers=headers | how.pop("headers", {}), **how)

    async def get(self, path: str, *, key: str | None = DEMO_KEY, **params: Any) -> httpx.Response:
        return await self.call("GET", path, key=key, params=params)

    async def book(self, *, key: str | None = DEMO_KEY, **fields: Any) -> httpx.Response:
        body = {"departmentId": 5, "dateTime": SLOT, "name": "Aïssatou Bah"} | fields
        return await self.call("POST", "/appointments", key=key, json=body)

    async def cancel(self, number: int, *, key: str | None = DEMO_KEY) -> httpx.Response:
        return await self.call("DELETE", f"/appointments/{number}", key=key)

    async def slots(self, department: int, first: str, last: str | None = None) -> dict[str, dict[str, bool]]:
        """Return day → hour → free."""
        answer = await self.get(f"/departments/{department}/availability", startDate=first, endDate=last or first)
        assert answer.status_code == 200, answer.text
        return {
            day["date"]: {slot["time"]: slot["available"] for slot in day["slots"]}
            for day in answer.json()["availability"]
        }

    async def control(self, method: str, path: str, body: Any = None) -> httpx.Response:
        return await self.http.request(method, f"/__sandbox{path}", json=body)

    async def office(self, appointment: int, action: str, **body: Any) -> httpx.Response:
        """Do to an appointment what the staff can do."""
        return await self.control("POST", f"/appointments/{appointment}/{action}", body)

    async def ledger(self) -> dict[str, Any]:
        data: dict[str, Any] = (await self.control("GET", "/ledger")).json()
        return data

    async def inject(self, kind: str, method: str | None = None, path: str | None = None, **fault: Any) -> None:
        match = {name: value for name, value in (("method", method), ("path", path)) if value is not None}
        answer = await self.control("POST", "/faults", [{"kind": kind, "match": match} | fault])
        assert answer.status_code == 201, answer.text


def error_of(answer: httpx.Response) -> tuple[int, str]:
    """Return what a error_of says, having looked at its envelope."""
    error = answer.json()["error"]
    assert error.keys() <= {"code", "message", "details"}
    assert error["message"]
    return answer.status_code, error["code"]


@asynccontextmanager
async def open_sandbox(**settings: Any) -> AsyncIterator[ApiClient]:
    """Serve a stand-in with these settings; its clock shows MONDAY."""
    clock = settings.setdefault("clock", Clock())
    async with serving(create_app(MoncreneauSandbox(**settings))) as url, httpx.AsyncClient(base_url=url) as http:
        yield ApiClient(http, clock)
