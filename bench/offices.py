"""The offices of a simulation: the moncreneau stand-in, what it was asked, who took which slot, and the strangers.

All measures of a scenario come from here or from the citizens' screens; the bot is not asked.
"""

import asyncio
import json
import random
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from math import inf
from typing import Any

import httpx
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bot.sandbox.moncreneau import DEMO_KEY, ApiKey, Department, Organization
from bot.sandbox.moncreneau.departments import weekdays

HORIZON = 60
"""Days ahead that the bot offers."""
STRANGERS_KEYS = tuple(ApiKey(f"mk_sandbox_counter_{number}") for number in range(20))
"""The keys with which people at the counters book: so many that none runs out of requests."""
HOUR = 3600.0
CREATED = 201
SLOT_TAKEN = 409


def departments(count: int, *, rare: bool = False) -> tuple[Department, ...]:
    """So many public offices, all alike: 14 slots a working day, or if they are `rare` a single one a week."""
    city = Organization(1, "Ville de Conakry")
    hours = weekdays(("08:00", "12:00"), ("13:00", "16:00"))
    if rare:
        hours = {"friday": (("09:00", "09:30"),)}
    return tuple(
        Department(100 + number, f"Guichet {number:02}", city, opening_hours=hours) for number in range(1, count + 1)
    )


@dataclass(frozen=True, slots=True)
class Request:
    """A request as the API saw it: when (seconds), with which key, what it asked for and what was answered."""

    at: float
    key: str
    method: str
    path: str
    body: dict[str, Any]
    status: int
    answer: dict[str, Any]

    @property
    def endpoint(self) -> str:
        """The name under which it is counted: `GET availability`."""
        parts = self.path.strip("/").split("/")
        return f"{self.method} {parts[-1] if parts[-1].isalpha() else parts[0]}"


class Recorder:
    """Middleware that notes every request to the API.

    `latency`: seconds of real time that the bot's own requests take, half of them before the API acts, half after.
    """

    def __init__(self, app: ASGIApp, requests: list[Request], clock: Callable[[], float], latency: float = 0.0) -> None:
        self._app = app
        self._requests = requests
        self._clock = clock
        self._latency = latency

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See ASGI."""
        if scope["type"] != "http" or not scope["path"].startswith("/api/v1/"):
            await self._app(scope, receive, send)
            return
        key = dict(scope["headers"]).get(b"x-api-key", b"").decode()
        pause = self._latency / 2 if key == DEMO_KEY else 0.0
        sent, received, status = bytearray(), bytearray(), 0

        async def receiving() -> Message:
            message = await receive()
            sent.extend(message.get("body", b""))
            return message

        async def sending(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                await asyncio.sleep(pause)
            received.extend(message.get("body", b""))
            await send(message)

        await asyncio.sleep(pause)
        at = self._clock()
        await self._app(scope, receiving, sending)
        method, path = scope["method"], scope["path"].removeprefix("/api/v1")
        answer = {} if method == "GET" else _json(received)
        self._requests.append(Request(at, key, method, path, _json(sent), status, answer))


def _json(data: bytearray) -> dict[str, Any]:
    return json.loads(data) if data else {}


Slot = tuple[int, datetime]
"""A department's number and a time."""


@dataclass(slots=True)
class Holding:
    """One place of a slot: the appointment's number, who made it, and from when to when it was held (seconds)."""

    number: int
    owner: str
    """The bot's name for its citizen; "" for a stranger."""
    taken: float
    freed: float = inf


@dataclass(slots=True)
class Book:
    """Who held which slot when, computed from the recorded requests."""

    places: int
    holdings: dict[Slot, list[Holding]] = field(default_factory=dict)

    @classmethod
    def of(cls, requests: list[Request], places: int) -> "Book":
        """The book after these requests, with so many places a slot."""
        book = cls(places)
        by_number: dict[int, Holding] = {}
        for request in requests:
            if request.method == "POST" and request.status == CREATED:
                slot = (request.body["departmentId"], datetime.fromisoformat(request.body["dateTime"]))
                holding = Holding(request.answer["id"], request.body.get("externalUserId", ""), request.at)
                book.holdings.setdefault(slot, []).append(holding)
                by_number[holding.number] = holding
            elif request.method == "DELETE" and request.status < CREATED + 100:
                by_number[int(request.path.rpartition("/")[2])].freed = request.at
        return book

    def holders(self, slot: Slot, at: float) -> list[Holding]:
        """Those who held a place of the slot at this moment, in the order in which they took it."""
        return [each for each in self.holdings.get(slot, ()) if each.taken <= at < each.freed]

    def kept(self) -> dict[int, Holding]:
        """The appointments of the bot's citizens at the end, by number."""
        every = (each for holdings in self.holdings.values() for each in holdings)
        return {each.number: each for each in every if each.owner and each.freed == inf}

    def is_free(self, slot: Slot, at: float) -> bool:
        """Whether the slot had a place left at this moment."""
        return len(self.holders(slot, at)) < self.places


@dataclass(slots=True)
class Offices:
    """A request to the API. `delay` is how long after a request its answer reaches the bot, in seconds."""

    delay: float
    requests: list[Request] = field(default_factory=list)
    _reads: dict[int, list[float]] = field(default_factory=dict)

    @property
    def bots(self) -> list[Request]:
        """The bot's own requests."""
        return [each for each in self.requests if each.key == DEMO_KEY]

    def counts(self) -> Counter[str]:
        """How often the bot asked for what."""
        return Counter(each.endpoint for each in self.bots)

    def age(self, department: int, at: float) -> float:
        """How old the newest reading of a department was that had reached the bot at this moment, in seconds."""
        if not self._reads:
            for each in self.bots:
                if each.path.endswith("/availability"):
                    self._reads.setdefault(int(each.path.split("/")[2]), []).append(each.at)
        reads = self._reads.get(department, [])
        number = bisect_right(reads, at - self.delay + 1e-6)
        return at - reads[number - 1] if number else inf

    def resets(self) -> list[float]:
        """When the bot's quota started again, or will: an hour after the first request of each window."""
        found: list[float] = []
        for each in self.bots:
            if not found or each.at >= found[-1]:
                found.append(each.at + HOUR)
        return found

    def refusals(self) -> Iterator[tuple[float, Slot]]:
        """The slots that the API refused to the bot because they were taken, and when the bot knew."""
        for each in self.bots:
            if each.method == "POST" and each.status == SLOT_TAKEN:
                slot = (each.body["departmentId"], datetime.fromisoformat(each.body["dateTime"]))
                yield each.at + self.delay, slot


class Strangers:
    """People at the offices' counters, of whom the bot knows nothing. They ask at once, with their own keys."""

    def __init__(
        self,
        client: httpx.AsyncClient,
        today: date,
        chance: random.Random,
        working: Callable[[], AbstractContextManager[None]] = nullcontext,
    ) -> None:
        self._client = client
        self._today = today
        self._chance = chance
        self._working = working
        self._turn = 0

    async def free(self, department: int, days: int = HORIZON) -> list[datetime]:
        """The slots that are free now, up to so many days ahead."""
        dates = {"startDate": self._today.isoformat(), "endDate": (self._today + timedelta(days=days)).isoformat()}
        with self._working():
            answer = await self._client.get(
                f"/api/v1/departments/{department}/availability", params=dates, headers=self._headers()
            )
        found = answer.raise_for_status().json()["availability"]
        return [datetime.fromisoformat(slot["dateTime"]) for day in found for slot in day["slots"] if slot["available"]]

    async def take(self, department: int, at: datetime) -> bool:
        """Take one place of a slot; returns whether it was free."""
        order = {"departmentId": department, "dateTime": at.isoformat(), "name": "Au guichet"}
        with self._working():
            answer = await self._client.post("/api/v1/appointments", json=order, headers=self._headers())
        return answer.status_code == CREATED

    async def take_earliest(self, department: int, count: int = 1) -> None:
        """Take the earliest slots."""
        for at in (await self.free(department))[:count]:
            await self.take(department, at)

    async def take_any(self, department: int, days: int = 10) -> None:
        """Take any slot within so many days."""
        if found := await self.free(department, days):
            await self.take(department, self._chance.choice(found))

    async def take_all_but(self, department: int, left: int) -> None:
        """Take all places of all slots but the earliest ones."""
        for at in (await self.free(department, HORIZON + 2))[left:]:
            while await self.take(department, at):
                pass

    def _headers(self) -> dict[str, str]:
        self._turn += 1
        return {"X-API-Key": STRANGERS_KEYS[self._turn % len(STRANGERS_KEYS)].token}
