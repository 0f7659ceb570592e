"""The stand-in for the moncreneau API: strict, persistent, and able to misbehave on request."""

from bot.sandbox.moncreneau.app import create_app
from bot.sandbox.moncreneau.config import DEMO_KEY, Key, MoncreneauSandbox
from bot.sandbox.moncreneau.departments import Department, Organization, Worker, default_world

__all__ = [
    "DEMO_KEY",
    "Department",
    "Key",
    "MoncreneauSandbox",
    "Organization",
    "Worker",
    "create_app",
    "default_world",
]
