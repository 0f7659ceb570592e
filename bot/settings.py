"""Typed settings from the environment and `.env`. Whatever is missing or wrong is named at once, all of it.

Secrets never show in a repr. Knows nothing of what the settings are used for.
"""

from typing import Annotated, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from bot.i18n import available

DATABASES = ("sqlite", "sqlite+aiosqlite", "postgresql", "postgres", "postgresql+psycopg", "postgresql+asyncpg")


class SettingsError(Exception):
    """Some settings are missing or wrong; the message names each on a line of its own."""


class Settings(BaseSettings):
    """What an operator can choose. docs/operating.md, section *Settings*, explains each."""

    model_config = SettingsConfigDict(
        env_file=".env", env_ignore_empty=True, extra="ignore", hide_input_in_errors=True, frozen=True
    )

    telegram_bot_token: SecretStr = Field(min_length=1)
    telegram_api_url: str = "https://api.telegram.org"
    moncreneau_api_key: SecretStr = Field(min_length=1)
    moncreneau_api_url: str = "https://mc-prd.duckdns.org/api/v1"
    database_url: str = Field(default="sqlite+aiosqlite:///moncreneau-bot.db", repr=False)  # may hold a password
    admin_ids: Annotated[frozenset[int], NoDecode] = frozenset()
    default_locale: str = "fr"
    timezone: ZoneInfo = ZoneInfo("Africa/Conakry")
    booking_horizon_days: int = Field(default=60, ge=1, le=366)
    telegram_rate: float = Field(default=30.0, ge=0)
    telegram_chat_rate: float = Field(default=1.0, ge=0)
    broadcast_rate: float = Field(default=25.0, ge=0)
    paid_broadcast_rate: float = Field(default=0.0, ge=0, le=1000)
    chats_at_once: int = Field(default=512, ge=1)
    api_reserve: float = Field(default=0.10, ge=0, lt=1)
    http_host: str = "127.0.0.1"
    http_port: int | None = Field(default=None, ge=1, le=65535)
    log_level: str = "INFO"

    @field_validator("telegram_api_url", "moncreneau_api_url")
    @classmethod
    def _address(cls, value: str) -> str:
        if not value.startswith(("http://", "https://")):
            raise ValueError("must begin with http:// or https://")
        return value.rstrip("/")

    @field_validator("telegram_bot_token", "moncreneau_api_key", mode="before")
    @classmethod
    def _secret(cls, value: Any) -> Any:
        return value.strip() if isinstance(value, str) else value

    @field_validator("database_url")
    @classmethod
    def _database(cls, value: str) -> str:
        if value.strip().partition("://")[0] not in DATABASES:
            raise ValueError(
                "must look like sqlite+aiosqlite:///moncreneau-bot.db or postgresql://user:password@host/database"
            )
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
        try:
            return frozenset(int(each) for each in value.replace(";", ",").split(",") if each.strip())
        except ValueError:
            raise ValueError("must be Telegram user ids (numbers), separated by commas") from None

    @field_validator("timezone", mode="before")
    @classmethod
    def _zone(cls, value: Any) -> Any:
        if not isinstance(value, str):
            return value
        try:
            return ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise ValueError("must be a zone such as Africa/Conakry") from None

    @field_validator("log_level")
    @classmethod
    def _level(cls, value: str) -> str:
        if value.upper() not in {"DEBUG", "INFO", "WARNING", "ERROR"}:
            raise ValueError("must be DEBUG, INFO, WARNING or ERROR")
        return value.upper()


def read_settings(**given: Any) -> Settings:
    """The settings, those `given` before those of the environment. Raises `SettingsError` naming all that is wrong."""
    try:
        return Settings(**given)
    except ValidationError as error:
        lines = [_line(each["loc"], each["type"], each["msg"]) for each in error.errors()]
        raise SettingsError("\n".join(["settings:", *lines])) from None


def _line(place: tuple[int | str, ...], kind: str, message: str) -> str:
    name = str(place[0]).upper() if place else "?"
    if kind in {"missing", "too_short"}:
        return f"  {name} is required; set it in the environment or in .env"
    return f"  {name}: {message.removeprefix('Value error, ')}"
