"""The offices' own counters in the simulation: the bot knows nothing of who books there."""

import httpx

from bench.citizens import Citizen
from bot.moncreneau.gateway import Gateway

KEY = "mk_sandbox_counter"
"""The key with which people at the counters book."""
PLACES = 2
"""How many citizens a slot of the stand-in takes."""


class Counters:
    """The offices' own counters, where strangers book all places of a slot before a citizen can confirm it."""

    def __init__(self, url: str, gateway: Gateway) -> None:
        self._url = url
        self._gateway = gateway
        self.asked = 0

    def forestall(self, citizen: Citizen) -> None:
        """Take what this citizen is about to confirm."""
        citizen.before_confirming = None
        choices = self._gateway._slots._choices._choices  # noqa: SLF001 — what else knows it is the phone's text
        if chosen := choices.get(f"telegram:{citizen.chat_id}"):
            for letter in "AB"[:PLACES]:
                order = {"departmentId": chosen[0], "dateTime": chosen[1].isoformat(), "name": f"Au guichet {letter}"}
                httpx.post(f"{self._url}/api/v1/appointments", json=order, headers={"X-API-Key": KEY})
                self.asked += 1
