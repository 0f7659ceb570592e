"""Acts out a fault: the false answer that a request gets, or none at all.

It must not know whether the service acted before.
"""

import math

from starlette.responses import HTMLResponse, Response

from bot.sandbox.moncreneau.errors import STATUS_BY_CODE, Refusal
from bot.sandbox.moncreneau.faults import Fault

_PROXY_PAGE = "<html><head><title>{0}</title></head><body><center><h1>{0}</h1></center><hr>nginx</body></html>"
_CUT_OFF = '{"id": 12345, "departmentId": 5, "dateTime": "2026-01-2'
_TOO_MANY = 429


def false_answer(fault: Fault) -> Response:
    """Return what a fault answers; a fault that drops the connection has no answer and must not come here."""
    match fault.kind:
        case "html":
            # What a proxy in front of the service sends when it cannot reach it.
            status = fault.status or 502
            return HTMLResponse(fault.body or _PROXY_PAGE.format(f"{status} Bad Gateway"), status)
        case "garbage":
            return Response(fault.body or _CUT_OFF, fault.status or 200, media_type="application/json")
        case "rate_limit":
            return _refusal(fault, fault.code or "RATE_LIMIT_EXCEEDED", fault.message or "Rate limit exceeded")
        case "error_code":
            code = fault.code or "INTERNAL_SERVER_ERROR"
            return _refusal(fault, code, fault.message or f"Injected {code}")
        case _:
            status = fault.status or 500
            code = "SERVICE_UNAVAILABLE" if status == STATUS_BY_CODE["SERVICE_UNAVAILABLE"] else "INTERNAL_SERVER_ERROR"
            if fault.body is not None:
                return Response(fault.body, status, media_type="text/plain")
            return _refusal(fault, fault.code or code, fault.message or f"Injected status {status}", status)


def _refusal(fault: Fault, code: str, message: str, status: int | None = None) -> Response:
    refusal = Refusal(code, message, status=fault.status or status)
    headers = {"Retry-After": str(math.ceil(fault.seconds))} if refusal.status == _TOO_MANY else None
    return refusal.response(headers)
