"""The stand-in for the moncreneau API: strict, persistent, and able to misbehave on request."""

from bot.sandbox.moncreneau.app import create_app
from bot.sandbox.moncreneau.config import DEMO_KEY, DEMO_KEYS, ApiKey, MoncreneauSandbox
from bot.sandbox.moncreneau.departments import (
    Department,
    Hours,
    Organization,
    Worker,
    default_departments,
    french_departments,
    large_organization,
)

__all__ = [
    "DEMO_KEY",
    "DEMO_KEYS",
    "ApiKey",
    "Department",
    "Hours",
    "MoncreneauSandbox",
    "Organization",
    "Worker",
    "create_app",
    "default_departments",
    "french_departments",
    "large_organization",
]
