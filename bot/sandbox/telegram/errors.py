"""The Bot API's refusals. The descriptions are the real service's; if the sandbox is stricter, the text says so."""

import math
from typing import Any


class TelegramError(Exception):
    """A refusal: an HTTP status, which is also `error_code`, a description, and `retry_after` seconds for a 429."""

    def __init__(self, code: int, description: str, parameters: dict[str, Any] | None = None) -> None:
        super().__init__(description)
        self.code = code
        self.description = description
        self.parameters = parameters

    def answer(self) -> dict[str, Any]:
        """Return the body of the response."""
        body: dict[str, Any] = {"ok": False, "error_code": self.code, "description": self.description}
        if self.parameters:
            body["parameters"] = self.parameters
        return body


def bad_request(what: str) -> TelegramError:
    """400: the request is wrong and repeating it does not help."""
    return TelegramError(400, f"Bad Request: {what}")


def forbidden(what: str) -> TelegramError:
    """403: the person does not accept messages from the bot."""
    return TelegramError(403, f"Forbidden: {what}")


def conflict(what: str) -> TelegramError:
    """409: another client or a webhook receives the updates."""
    return TelegramError(409, f"Conflict: {what}")


def too_many_requests(seconds: float) -> TelegramError:
    """429: wait that many seconds, rounded up, at least one."""
    wait = max(1, math.ceil(seconds))
    return TelegramError(429, f"Too Many Requests: retry after {wait}", {"retry_after": wait})
