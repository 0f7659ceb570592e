"""A session as versioned JSON and back. Knows every state by its `kind`; knows nothing of where the JSON is kept."""

from functools import cache

from pydantic import TypeAdapter, ValidationError

from bot.core.session import Session

VERSION = 1
"""Raise it when a stored session can no longer be read as it is, and say in `read_session` what becomes of old ones."""


@cache
def _adapter() -> TypeAdapter[Session]:
    return TypeAdapter(Session)


def write_session(session: Session) -> str:
    """The session as JSON, led by its version."""
    return f"{VERSION}:{_adapter().dump_json(session).decode()}"


def read_session(text: str) -> Session | None:
    """The session, or None where the text is of another version or not a session at all."""
    version, _, body = text.partition(":")
    if version != str(VERSION):
        return None
    try:
        return _adapter().validate_json(body)
    except ValidationError:
        return None
