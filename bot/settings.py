"""Typed settings from the environment and `.env`. One error names all that are missing or wrong.

Secrets never appear in a repr. Must not know what the settings are used for.
"""

import re
import stat
from collections.abc import Iterator, Mapping
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from pydantic import Field, PrivateAttr, SecretStr, ValidationError, ValidationInfo, field_validator
from pydantic_settings import (
    BaseSettings,
    DotEnvSettingsSource,
    EnvSettingsSource,
    NoDecode,
    SettingsConfigDict,
)

from bot.i18n import available

DATABASES = ("sqlite", "sqlite+aiosqlite", "postgresql", "postgres", "postgresql+psycopg", "postgresql+asyncpg")
CONTACT = 300
"""Longest `CONTACT`, in characters."""

ENV_FILE = ".env"
TOKEN = re.compile(r"\d+:[A-Za-z0-9_-]+", re.ASCII)
"""A bot token: the bot's id and a secret. It is part of every URL, so no other characters are allowed."""
TRUSTED = re.compile(r"(\d{1,16})\s*:\s*(\d{1,9})", re.ASCII)
TELEGRAM_HOST = "api.telegram.org"
TELEGRAM_PORTS = frozenset({443, 80, 88, 8443})
"""The ports to which Telegram's own servers send updates (Bot API, `setWebhook`)."""
STAFF = re.compile(r"(\d{1,16})\s*:\s*(\d{1,16})", re.ASCII)
LARGEST_ID = 2**52
"""The largest id of a Telegram user (Bot API, `User.id`)."""


class SettingsError(Exception):
    """Some settings are missing or wrong; the message names each on a line of its own."""


class Settings(BaseSettings):
    """The settings. docs/operating.md, section *Settings*, explains each."""

    model_config = SettingsConfigDict(
        # Accepts a byte order mark, because Windows writes one.
        env_file=ENV_FILE,
        env_file_encoding="utf-8-sig",
        env_ignore_empty=True,
        extra="ignore",
        hide_input_in_errors=True,
        frozen=True,
    )

    telegram_bot_token: SecretStr = Field(min_length=1)
    telegram_api_url: str = f"https://{TELEGRAM_HOST}"
    moncreneau_api_key: SecretStr = Field(min_length=1)
    moncreneau_api_url: str = "https://mc-prd.duckdns.org/api/v1"
    database_url: str = Field(default="sqlite+aiosqlite:///moncreneau-bot.db", repr=False)  # may hold a password
    admin_ids: Annotated[frozenset[int], NoDecode] = frozenset()
    default_locale: str = "fr"
    # Validated although it is a default, so that a machine without time zone data gets a clear error.
    timezone: ZoneInfo = Field(default="Africa/Conakry", validate_default=True)
    booking_horizon_days: int = Field(default=60, ge=1, le=366)
    telegram_rate: float = Field(default=30.0, ge=0, allow_inf_nan=False)
    telegram_chat_rate: float = Field(default=1.0, ge=0, allow_inf_nan=False)
    broadcast_rate: float = Field(default=25.0, ge=0, allow_inf_nan=False)
    paid_broadcast_rate: float = Field(default=0.0, ge=0, le=1000)
    max_open: int = Field(default=5, ge=0)
    max_bookings_per_day: int = Field(default=5, ge=0)
    max_moves: int = Field(default=2, ge=0)
    trusted_ids: Annotated[Mapping[int, int], NoDecode] = {}
    staff: Annotated[frozenset[tuple[int, int]], NoDecode] = frozenset()
    staff_names: bool = False
    chats_at_once: int = Field(default=512, ge=1)
    api_reserve: float = Field(default=0.10, ge=0, lt=1)
    http_host: str = "127.0.0.1"
    http_port: int | None = Field(default=None, ge=1, le=65535)
    public_url: str | None = None
    telegram_webhook: bool = False
    moncreneau_webhook_secret: SecretStr | None = Field(default=None, repr=False)
    departments_file: Path | None = None
    log_level: str = "INFO"
    contact: str | None = Field(default=None, max_length=CONTACT)
    _contacts: dict[str, str] = PrivateAttr(default_factory=dict)

    @property
    def contacts(self) -> dict[str, str]:
        """The contact line by locale, for languages that have their own (`CONTACT_FR`)."""
        return self._contacts

    def contact_in(self, locale: str) -> str:
        """The contact line in a language, as plain text: whom citizens can ask. Empty if there is none."""
        return self._contacts.get(locale) or self.contact or ""

    @field_validator("telegram_api_url", "moncreneau_api_url", "public_url")
    @classmethod
    def _address(cls, value: str | None) -> str | None:
        if value is None:
            return None
        if not value.startswith(("http://", "https://")):
            raise ValueError("must begin with http:// or https://")
        if not _is_address(value):
            raise ValueError("must be an address such as https://host/path or http://host:8081")
        return value.rstrip("/")

    @field_validator("telegram_webhook")
    @classmethod
    def _telegram_webhook(cls, value: bool, info: ValidationInfo) -> bool:  # noqa: FBT001 — pydantic's own
        """What Telegram needs to deliver updates (Bot API, `setWebhook`). A setting that is wrong itself is named."""
        if not value or not {"telegram_api_url", "http_port", "public_url"} <= info.data.keys():
            return value
        if info.data["http_port"] is None:
            raise ValueError("needs HTTP_PORT, too: updates arrive on that port")
        if (url := info.data["public_url"]) is None:
            raise ValueError("needs PUBLIC_URL, too: Telegram sends updates to that address")
        parts = urlsplit(url)
        if parts.scheme != "https" and not _is_loopback(parts.hostname or ""):
            raise ValueError("needs a PUBLIC_URL that begins with https://; Telegram sends updates to no other")
        of_telegram = urlsplit(info.data["telegram_api_url"]).hostname == TELEGRAM_HOST
        if of_telegram and (parts.port or (443 if parts.scheme == "https" else 80)) not in TELEGRAM_PORTS:
            raise ValueError("needs a PUBLIC_URL with port 443, 80, 88 or 8443; Telegram sends updates to no other")
        return value

    @field_validator("moncreneau_webhook_secret")
    @classmethod
    def _webhook_secret(cls, value: SecretStr | None, info: ValidationInfo) -> SecretStr | None:
        if value and value.get_secret_value().strip(", ") and info.data.get("http_port", 0) is None:
            raise ValueError("needs HTTP_PORT, too: webhooks arrive on that port")
        return value

    @property
    def webhook_secrets(self) -> tuple[str, ...]:
        """The secrets of moncreneau's webhooks, the newest first; none: they are not received."""
        given = self.moncreneau_webhook_secret
        parts = given.get_secret_value().split(",") if given else ()
        return tuple(part.strip() for part in parts if part.strip())

    @field_validator("telegram_bot_token", "moncreneau_api_key", mode="before")
    @classmethod
    def _secret(cls, value: Any) -> Any:
        return value.strip() if isinstance(value, str) else value

    @field_validator("telegram_bot_token")
    @classmethod
    def _token(cls, value: SecretStr) -> SecretStr:
        if not TOKEN.fullmatch(value.get_secret_value()):
            raise ValueError("is not a bot token; BotFather gives one (it looks like 123456:ABC…)")
        return value

    @field_validator("moncreneau_api_key")
    @classmethod
    def _api_key(cls, value: SecretStr) -> SecretStr:
        key = value.get_secret_value()
        if not key.isascii() or not key.isprintable() or " " in key:
            raise ValueError("holds characters that no key has; copy it again from the moncreneau dashboard")
        return value

    @field_validator("database_url")
    @classmethod
    def _database(cls, value: str) -> str:
        scheme, _, rest = value.strip().partition("://")
        if scheme not in DATABASES:
            raise ValueError(
                "must look like sqlite+aiosqlite:///moncreneau-bot.db or postgresql://user:password@host/database"
            )
        path = rest.partition("?")[0].removeprefix("/")
        if scheme.startswith("sqlite") and (not rest.startswith("/") or not path or path.startswith((":", "file:"))):
            raise ValueError("must name a file, such as sqlite+aiosqlite:///moncreneau-bot.db; memory keeps nothing")
        return value.strip()

    @field_validator("default_locale")
    @classmethod
    def _locale(cls, value: str) -> str:
        if value not in available():
            raise ValueError(f"must be one of {', '.join(available())}")
        return value

    @field_validator("admin_ids", mode="before")
    @classmethod
    def _ids(cls, value: Any) -> Any:
        if not isinstance(value, str):
            return value
        ids = [each.strip() for each in value.replace(";", ",").split(",") if each.strip()]
        if not all(re.fullmatch(r"\d{1,16}", each, re.ASCII) and 0 < int(each) <= LARGEST_ID for each in ids):
            raise ValueError("must be Telegram user ids (numbers), separated by commas")
        return frozenset(map(int, ids))

    @field_validator("timezone", mode="before")
    @classmethod
    def _zone(cls, value: Any) -> Any:
        if not isinstance(value, str):
            return value
        try:
            return ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            if not available_timezones():
                raise ValueError(
                    "this machine has no time zone data; install it: apt-get install tzdata, or pip install tzdata"
                ) from None
            raise ValueError("must be a zone such as Africa/Conakry") from None

    @field_validator("trusted_ids", mode="before")
    @classmethod
    def _trusted(cls, value: Any) -> Any:
        if not isinstance(value, str):
            return value
        pairs = [each.strip() for each in value.replace(";", ",").split(",") if each.strip()]
        found = {int(each[1]): int(each[2]) for pair in pairs if (each := TRUSTED.fullmatch(pair))}
        if len(found) < len(pairs) or not all(0 < chat <= LARGEST_ID for chat in found):
            raise ValueError("must be Telegram user ids, each once, with their limits, such as 123456:50,234567:0")
        return found

    @field_validator("staff", mode="before")
    @classmethod
    def _staff(cls, value: Any) -> Any:
        if not isinstance(value, str):
            return value
        pairs = [each.strip() for each in value.replace(";", ",").split(",") if each.strip()]
        found = {(int(each[1]), int(each[2])) for pair in pairs if (each := STAFF.fullmatch(pair))}
        if len(found) < len(pairs) or not all(department > 0 and 0 < chat <= LARGEST_ID for department, chat in found):
            raise ValueError(
                "must be department:chat, each once, such as 5:123456,5:234567; only private chats, so no negative ids"
            )
        return frozenset(found)

    @field_validator("log_level")
    @classmethod
    def _level(cls, value: str) -> str:
        if value.upper() not in {"DEBUG", "INFO", "WARNING", "ERROR"}:
            raise ValueError("must be DEBUG, INFO, WARNING or ERROR")
        return value.upper()


def read_settings(**given: Any) -> Settings:
    """Read the settings; `given` values replace those of the environment. Raises `SettingsError`."""
    file = Path(given.get("_env_file", ENV_FILE) or "")
    try:
        if file.is_file() and b"\0" in file.read_bytes():
            raise SettingsError(f"settings:\n  {file}: must be text in UTF-8; this looks like UTF-16")
        settings = Settings(**given)
        settings.contacts.update(_contacts(file))
    except UnicodeDecodeError:
        raise SettingsError(f"settings:\n  {file}: must be text in UTF-8; save it in that encoding") from None
    except OSError as error:
        raise SettingsError(f"settings:\n  {file}: cannot be read: {error.strerror}") from None
    except ValidationError as error:
        lines = [_line(each["loc"], each["type"], each["msg"]) for each in error.errors()]
        raise SettingsError("\n".join(["settings:", *lines])) from None
    else:
        return settings


def _contacts(file: Path) -> dict[str, str]:
    """The settings `CONTACT_FR` and the like, one per language. The environment replaces the file."""
    found: dict[str, str] = {}
    sources = [EnvSettingsSource(Settings)]
    if file.is_file():
        sources.insert(0, DotEnvSettingsSource(Settings, env_file=file))
    for source in sources:
        for locale in available():
            if words := (source.env_vars.get(f"contact_{locale.lower()}") or "").strip():
                found[locale] = words[:CONTACT]
    return found


def exposures(settings: Settings, file: Path = Path(ENV_FILE)) -> Iterator[tuple[str, str]]:
    """Secrets that others can read, on the disk or on the network: each with the next step."""
    if file.is_file() and file.stat().st_mode & (stat.S_IRGRP | stat.S_IROTH):
        yield f"{file} can be read by other users of this machine", f"chmod 600 {file}"
    for name in ("telegram_api_url", "moncreneau_api_url"):
        parts = urlsplit(getattr(settings, name))
        if parts.scheme == "http" and not _is_loopback(parts.hostname or ""):
            advice = "use https://, or make sure that nobody listens on the way"
            yield f"{name.upper()} is plain http: secrets and names travel unencrypted", advice


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _is_address(value: str) -> bool:
    """Whether an HTTP client can use it."""
    try:
        parts = urlsplit(value)
        host, port = parts.hostname or "", parts.port
        host.encode("idna")
    except ValueError:
        return False
    return bool(host) and port != 0 and not (parts.query or parts.fragment or re.search(r"[\s\x00-\x1f\\]", value))


def _line(place: tuple[int | str, ...], kind: str, message: str) -> str:
    name = str(place[0]).upper() if place else "?"
    if kind in {"missing", "too_short"}:
        return f"  {name} is required; set it in the environment or in {ENV_FILE}"
    return f"  {name}: {message.removeprefix('Value error, ')}"
