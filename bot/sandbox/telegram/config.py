"""The settings of the stand-in: its token, its people, its rate limits. Plain values; nothing here uses them."""

import time
from collections.abc import Callable
from dataclasses import dataclass

TOKEN = "7000000001:" + "S4ndb0x" * 5
"""The token of the demo. It has the shape of a real one and is worth nothing elsewhere."""

ADMIN_ID = 900_001
STAFF_ID = 1_000_103
"""Who is staff of a department in the demo."""
DAY = 86_400


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody with a phone. `language_code` is the language of the phone; Telegram leaves it out for some people."""

    id: int
    first_name: str
    last_name: str | None = None
    language_code: str | None = "fr"
    username: str | None = None


@dataclass(frozen=True, slots=True)
class RateLimits:
    """Telegram's published limits as token buckets: each has a refill rate and, where named, a burst."""

    all_chats_per_second: float = 30
    paid_per_second: float = 1000
    chat_per_second: float = 1
    chat_burst: float = 5
    group_per_minute: float = 20
    edits_per_second: float = 2
    edits_burst: float = 20


PEOPLE = (
    Person(1_000_101, "Aïssatou", "Bah", "fr", "aissatou_bah"),
    Person(1_000_102, "Mamadou", "Diallo", "fr"),
    Person(STAFF_ID, "Fatoumata", None, "fr"),
    Person(1_000_104, "Sarah", "Cole", "en", "sarahcole"),
    Person(ADMIN_ID, "Ibrahima", "Camara (admin)", "fr", "ibrahima_admin"),
)


@dataclass(frozen=True, slots=True)
class TelegramSandbox:
    """The settings of one stand-in. `limits=None` turns rate limits off; `clock` returns seconds since the epoch."""

    token: str = TOKEN
    bot_name: str = "Moncréneau"
    bot_username: str | None = "moncreneau_sandbox_bot"
    people: tuple[Person, ...] = PEOPLE
    limits: RateLimits | None = RateLimits()
    seed: int = 0
    moncreneau_url: str | None = None
    """The base URL of the stand-in for moncreneau; without it the chat page has no switches and no ledger."""
    is_local: bool = True
    """As the option --local of Telegram's own server: a webhook may be plain HTTP, on any port and any address."""
    clock: Callable[[], float] = time.time
    press_lives_seconds: float = 150
    update_lives_seconds: float = DAY
