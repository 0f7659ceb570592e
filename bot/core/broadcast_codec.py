"""A confirmed broadcast's plan as versioned JSON and back. Knows nothing of where the JSON is kept."""

from functools import cache

from pydantic import TypeAdapter

from bot.broadcast.model import Plan

VERSION = 1
"""Raise it when a stored plan can no longer be read as it is, and teach `read_plan` the versions before."""


@cache
def _adapter() -> TypeAdapter[Plan]:
    return TypeAdapter(Plan)


def write_plan(plan: Plan) -> str:
    """The plan as JSON, led by its version."""
    return f"{VERSION}:{_adapter().dump_json(plan).decode()}"


def read_plan(text: str) -> Plan:
    """The plan. Raises `ValueError` where the text is none: what was confirmed must not get lost silently."""
    version, _, body = text.partition(":")
    if version != str(VERSION):
        raise ValueError(f"a plan of version {version}")
    return _adapter().validate_json(body)
