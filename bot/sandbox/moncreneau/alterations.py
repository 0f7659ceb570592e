"""How a request is carried out while alterations are in force: the service works, but not as the contract says.

Each method gives back what it was given where no alteration concerns it. It must not know when a fault strikes.
"""

import html
import json
import unicodedata
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from starlette.types import Message, Send

from bot.sandbox.moncreneau.faults import Fault
from bot.sandbox.moncreneau.schemas import page_json
from bot.sandbox.moncreneau.store import Appointment

_PAGING = ("page", "size")


class Alterations:
    """The alterations of one request."""

    def __init__(self, faults: Sequence[Fault] = ()) -> None:
        self._faults = faults

    def stored(self, appointment: Appointment) -> Appointment:
        """Return the appointment that is stored instead of this one (`store`)."""
        for fault in self._of("store"):
            at = appointment.at + timedelta(minutes=fault.minutes)
            appointment = replace(appointment, at=at, name=_stored_name(appointment.name or "", fault.name))
        return appointment

    def query(self, values: dict[str, str]) -> dict[str, str]:
        """Return the query of a list without the filters that are ignored (`ignore_filters`)."""
        for fault in self._of("ignore_filters"):
            ignored = values.keys() - _PAGING if fault.filters is None else set(fault.filters)
            values = {name: value for name, value in values.items() if name not in ignored}
        return values

    def listed(self, found: list[Appointment], now: datetime) -> list[Appointment]:
        """Return what a list shows: nothing that is too new (`stale`)."""
        for fault in self._of("stale"):
            found = [each for each in found if now - each.created_at >= timedelta(seconds=fault.seconds)]
        return found

    def page_size(self, size: int) -> int:
        """Return how many appointments a page holds (`pages`)."""
        return min([size, *(fault.size for fault in self._of("pages") if fault.size is not None)])

    def page(self, content: list[dict[str, Any]], page: int, size: int, total: int) -> Any:
        """Return a page in the form that is in force (`pages`), else in the contract's."""
        data = page_json(content, page, size, total)
        match next((fault.form for fault in self._of("pages") if fault.form is not None), None):
            case "spring":
                # How Spring Data 3.3 and later serialise a page.
                numbers = {"size": size, "number": page, "totalElements": total, "totalPages": data["totalPages"]}
                return {"content": content, "page": numbers}
            case "content":
                return {"content": content}
            case "list":
                return content
            case _:
                return data

    def rewriting(self, send: Send) -> Send:
        """Return what sends a JSON answer with renamed and replaced fields (`rewrite`)."""
        faults = self._of("rewrite")
        if not faults:
            return send
        start: Message = {}
        body = bytearray()

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                start.update(message)
                return
            body.extend(message.get("body", b""))
            if message.get("more_body", False):
                return
            text = bytes(body)
            for fault in faults:
                text = _rewritten(text, fault)
            headers = [pair for pair in start["headers"] if pair[0] != b"content-length"]
            await send({**start, "headers": [*headers, (b"content-length", b"%d" % len(text))]})
            await send({"type": "http.response.body", "body": text})

        return sending

    def _of(self, kind: str) -> list[Fault]:
        return [fault for fault in self._faults if fault.kind == kind]


def _stored_name(name: str, form: str | None) -> str | None:
    match form:
        case "escaped":
            # As PHP's htmlspecialchars and many templates write an apostrophe.
            return html.escape(name).replace("&#x27;", "&#039;")
        case "null":
            return None
        case "upper":
            return name.upper()
        case "ascii":
            return unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
        case _:
            return name


def _rewritten(text: bytes, fault: Fault) -> bytes:
    try:
        data = json.loads(text)
    except ValueError:
        return text
    data = _renamed(data, fault)
    return json.dumps(data if fault.wrap is None else {fault.wrap: data}).encode()


def _renamed(data: Any, fault: Fault) -> Any:
    if isinstance(data, list):
        return [_renamed(each, fault) for each in data]
    if not isinstance(data, dict):
        return data
    renamed = {}
    for name, value in data.items():
        new_name = fault.rename.get(name, name)
        if new_name is not None:
            renamed[new_name] = fault.replace[name] if name in fault.replace else _renamed(value, fault)
    return renamed
