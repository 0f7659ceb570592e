"""The switches of the chat page: each sets one fault of the stand-in for moncreneau, through its control calls."""

from typing import Any

import httpx

FAULTS: dict[str, dict[str, Any]] = {
    "no_credits": {
        "kind": "error_code",
        "code": "INSUFFICIENT_CREDITS",
        "match": {"method": "POST", "path": "/appointments"},
    },
    "down": {"kind": "error_code", "code": "SERVICE_UNAVAILABLE"},
    "slow": {"kind": "delay", "seconds": 6.0},
    "rate_limited": {"kind": "rate_limit", "seconds": 20.0},
    "slot_taken": {
        "kind": "error_code",
        "code": "SLOT_NOT_AVAILABLE",
        "match": {"method": "POST", "path": "/appointments"},
        "times": 1,
    },
}
"""The fault of each switch, as the control call `POST /__sandbox/faults` of that stand-in takes it."""

PARTS_OF_A_FAULT = ("kind", "code", "method", "path", "times")
SECONDS = 5.0


async def read_switches(moncreneau_url: str) -> dict[str, bool]:
    """Return which switches are on; a fault that has occurred as often as it should is off.

    Raises `ConnectionError` if the stand-in for moncreneau does not answer.
    """
    faults = (await _request(moncreneau_url, "GET")).json()["faults"]
    active = [each for each in faults if each["times"] is None or each["fired"] < each["times"]]
    return {name: any(_is(each, fault) for each in active) for name, fault in FAULTS.items()}


async def set_switches(moncreneau_url: str, switches: dict[str, bool]) -> dict[str, bool]:
    """Turn exactly these switches on; all other faults end. Raises `ValueError` for an unknown switch."""
    if unknown := switches.keys() - FAULTS.keys():
        raise ValueError(f"unknown {sorted(unknown)}; known are: {' '.join(FAULTS)}")
    await _request(moncreneau_url, "DELETE")
    # A delay comes first: the stand-in goes on to the next fault after a delay, and stops at any other.
    faults = sorted(
        (FAULTS[name] for name, is_on in switches.items() if is_on), key=lambda each: each["kind"] != "delay"
    )
    await _request(moncreneau_url, "POST", faults)
    return await read_switches(moncreneau_url)


def _is(active: dict[str, Any], fault: dict[str, Any]) -> bool:
    flat = {"times": None, "code": None, "method": None, "path": ""} | fault | fault.get("match", {})
    return all(active[part] == flat[part] for part in PARTS_OF_A_FAULT)


async def _request(moncreneau_url: str, method: str, body: Any = None) -> httpx.Response:
    try:
        async with httpx.AsyncClient(timeout=SECONDS) as http:
            answer = await http.request(method, f"{moncreneau_url}/__sandbox/faults", json=body)
            answer.raise_for_status()
    except httpx.HTTPError as error:
        raise ConnectionError(f"the stand-in for moncreneau does not answer: {error}") from error
    return answer
