"""What can be chosen about the stand-in before it starts: its token, its people, its limits.

Pure values; it must not know how any of them is used.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass

TOKEN = "7000000001:" + "S4ndb0x" * 5
"""The token of the demonstration; shaped like a real one and worth nothing anywhere else."""

ADMIN_ID = 900_001
DAY = 86_400


@dataclass(frozen=True, slots=True)
class Citizen:
    """Somebody with a phone. `language_code` is what the phone is set to; Telegram leaves it out for some people."""

    id: int
    first_name: str
    last_name: str | None = None
    language_code: str | None = "fr"
    username: str | None = None


@dataclass(frozen=True, slots=True)
class RateLimits:
    """Telegram's published figures; each is the refill rate of a bucket, and the bursts are how much a bucket holds."""

    all_chats_per_second: float = 30
    paid_per_second: float = 1000
    chat_per_second: float = 1
    chat_burst: float = 5
    group_per_minute: float = 20
    edits_per_second: float = 2
    edits_burst: float = 20


PEOPLE = (
    Citizen(1_000_101, "Aïssatou", "Bah", "fr", "aissatou_bah"),
    Citizen(1_000_102, "Mamadou", "Diallo", "fr"),
    Citizen(1_000_103, "Fatoumata", None, "fr"),
    Citizen(1_000_104, "Sarah", "Cole", "en", "sarahcole"),
    Citizen(ADMIN_ID, "Ibrahima", "Camara (admin)", "fr", "ibrahima_admin"),
)


@dataclass(frozen=True, slots=True)
class TelegramSandbox:
    """The stand-in's settings. `limits=None` switches the rate limits off; `clock` gives seconds since the epoch."""

    token: str = TOKEN
    bot_name: str = "Moncréneau"
    bot_username: str = "moncreneau_sandbox_bot"
    people: tuple[Citizen, ...] = PEOPLE
    limits: RateLimits | None = RateLimits()
    seed: int = 0
    ledger_url: str | None = None
    clock: Callable[[], float] = time.time
    press_lives_seconds: float = 150
    update_lives_seconds: float = DAY
