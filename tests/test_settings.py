"""Settings: typed, from the environment or `.env`, and every mistake named at once without a secret in it."""

from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from bot.settings import DATABASES, Settings, SettingsError, read_settings
from bot.storage.engines import address

SECRETS = {"telegram_bot_token": "1:secret", "moncreneau_api_key": "mk_secret"}
NAMES = [name.upper() for name in Settings.model_fields]


@pytest.fixture(autouse=True)
def empty_world(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No environment, no `.env`."""
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)


def test_two_secrets_are_enough() -> None:
    settings = read_settings(**SECRETS)
    assert settings.telegram_api_url == "https://api.telegram.org"
    assert settings.moncreneau_api_url == "https://mc-prd.duckdns.org/api/v1"
    assert settings.database_url == "sqlite+aiosqlite:///moncreneau-bot.db"
    assert settings.admin_ids == frozenset()
    assert (settings.default_locale, settings.timezone) == ("fr", ZoneInfo("Africa/Conakry"))
    assert settings.booking_horizon_days == 60


def test_the_environment_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TELEGRAM_BOT_TOKEN", "2:env")
    monkeypatch.setenv("MONCRENEAU_API_KEY", "mk_env")
    monkeypatch.setenv("ADMIN_IDS", " 1, 2;3 ,")
    monkeypatch.setenv("TIMEZONE", "Europe/Paris")
    monkeypatch.setenv("TELEGRAM_API_URL", "http://127.0.0.1:8081/")
    monkeypatch.setenv("LOG_LEVEL", "debug")
    settings = read_settings()
    assert settings.telegram_bot_token.get_secret_value() == "2:env"
    assert settings.admin_ids == {1, 2, 3}
    assert settings.timezone == ZoneInfo("Europe/Paris")
    assert settings.telegram_api_url == "http://127.0.0.1:8081"
    assert settings.log_level == "DEBUG"


def test_a_file_is_read_and_the_environment_goes_before_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("TELEGRAM_BOT_TOKEN=3:file\nMONCRENEAU_API_KEY=mk_file\nSOMETHING_ELSE=1\n")
    monkeypatch.setenv("MONCRENEAU_API_KEY", "mk_env")
    settings = read_settings()
    assert settings.telegram_bot_token.get_secret_value() == "3:file"
    assert settings.moncreneau_api_key.get_secret_value() == "mk_env"


def test_all_that_is_missing_is_named_at_once() -> None:
    with pytest.raises(SettingsError) as error:
        read_settings()
    assert str(error.value).splitlines() == [
        "settings:",
        "  TELEGRAM_BOT_TOKEN is required; set it in the environment or in .env",
        "  MONCRENEAU_API_KEY is required; set it in the environment or in .env",
    ]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("telegram_api_url", "api.telegram.org"),
        ("moncreneau_api_url", "file:///etc/passwd"),
        ("admin_ids", "12,Ibrahima"),
        ("timezone", "Guinea"),
        ("timezone", "../../etc/passwd"),
        ("booking_horizon_days", "400"),
        ("database_url", "bot.db"),
        ("database_url", "mysql://bot:geheim@host/bot"),
        ("database_url", "sqlite+pysqlcipher:///bot.db"),
        ("telegram_rate", "-1"),
        ("chats_at_once", "0"),
        ("api_reserve", "1"),
        ("http_port", "70000"),
        ("log_level", "LOUD"),
    ],
)
def test_what_is_wrong_is_named(name: str, value: str) -> None:
    with pytest.raises(SettingsError) as error:
        read_settings(**SECRETS, **{name: value})
    (line,) = str(error.value).splitlines()[1:]
    assert line.startswith(f"  {name.upper()}: ")


@pytest.mark.parametrize("scheme", DATABASES)
def test_a_database_is_named_by_either_kind_whatever_its_driver(scheme: str) -> None:
    url = f"{scheme}://bot:geheim@host/bot"
    assert read_settings(**SECRETS, database_url=f" {url}\n").database_url == url
    assert address(url).get_backend_name() in scheme.replace("postgres", "postgresql")


def test_a_database_of_another_kind_is_refused_with_what_is_accepted() -> None:
    with pytest.raises(SettingsError, match=r"DATABASE_URL: must look like sqlite.* or postgresql://") as error:
        read_settings(**SECRETS, database_url="oracle://bot:geheim@host/bot")
    assert "geheim" not in str(error.value)


def test_no_secret_is_ever_shown() -> None:
    settings = read_settings(**SECRETS, database_url="postgresql://bot:secret@host/bot")
    assert "secret" not in repr(settings).replace("SecretStr", "")
    with pytest.raises(SettingsError) as error:
        read_settings(**{**SECRETS, "log_level": "mk_secret_in_the_wrong_place"})
    assert "wrong_place" not in str(error.value)
