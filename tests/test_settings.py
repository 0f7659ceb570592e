"""Settings: typed, from the environment or `.env`, and every mistake named at once without a secret in it."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from bot.settings import DATABASES, Settings, SettingsError, exposures, read_settings
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
    assert (settings.max_open, settings.max_bookings_per_day, dict(settings.trusted_ids)) == (5, 5, {})
    assert settings.max_moves == 2
    assert (settings.default_locale, settings.timezone) == ("fr", ZoneInfo("Africa/Conakry"))
    assert settings.booking_horizon_days == 60


def test_the_environment_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TELEGRAM_BOT_TOKEN", "2:env")
    monkeypatch.setenv("MONCRENEAU_API_KEY", "mk_env")
    monkeypatch.setenv("ADMIN_IDS", " 1, 2;3 ,")
    monkeypatch.setenv("TRUSTED_IDS", " 4:50; 5:0,")
    monkeypatch.setenv("STAFF", "5:900, 5:901;6:900,")
    monkeypatch.setenv("STAFF_NAMES", "true")
    monkeypatch.setenv("TIMEZONE", "Europe/Paris")
    monkeypatch.setenv("TELEGRAM_API_URL", "http://127.0.0.1:8081/")
    monkeypatch.setenv("LOG_LEVEL", "debug")
    settings = read_settings()
    assert settings.telegram_bot_token.get_secret_value() == "2:env"
    assert settings.admin_ids == {1, 2, 3}
    assert settings.trusted_ids == {4: 50, 5: 0}
    assert settings.staff == {(5, 900), (5, 901), (6, 900)}
    assert settings.staff_names
    assert settings.timezone == ZoneInfo("Europe/Paris")
    assert settings.telegram_api_url == "http://127.0.0.1:8081"
    assert settings.log_level == "DEBUG"


def test_a_file_is_read_and_the_environment_goes_before_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("TELEGRAM_BOT_TOKEN=3:file\nMONCRENEAU_API_KEY=mk_file\nSOMETHING_ELSE=1\n")
    monkeypatch.setenv("MONCRENEAU_API_KEY", "mk_env")
    settings = read_settings()
    assert settings.telegram_bot_token.get_secret_value() == "3:file"
    assert settings.moncreneau_api_key.get_secret_value() == "mk_env"


def test_whom_citizens_can_ask_may_be_said_in_each_language(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text(
        "CONTACT=t.me/x\nCONTACT_FR=appelez le 620\nCONTACT_EN=from the file\nCONTACT_XX=?\n"
    )
    monkeypatch.setenv("CONTACT_EN", " call 620 ")
    settings = read_settings(**SECRETS)
    assert [settings.contact_in(locale) for locale in ("fr", "en", "ff")] == ["appelez le 620", "call 620", "t.me/x"]
    assert read_settings(**SECRETS, _env_file=None, contact="").contact_in("fr") == ""


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
        ("public_url", "bot.example.gn"),
        ("admin_ids", "12,Ibrahima"),
        ("trusted_ids", "12"),
        ("trusted_ids", "-1:5"),
        ("staff", "5"),
        ("staff", "Passeports:12"),
        ("staff", "5:-1001234567"),
        ("staff", "5:12,5:12"),
        ("staff", "0:12"),
        ("staff_names", "perhaps"),
        ("trusted_ids", "12:-1"),
        ("trusted_ids", "12:5,12:9"),
        ("trusted_ids", "1_2:5"),
        ("trusted_ids", "0:5"),
        ("trusted_ids", "4503599627370497:5"),
        ("max_open", -1),
        ("max_moves", -1),
        ("timezone", "Guinea"),
        ("timezone", "../../etc/passwd"),
        ("booking_horizon_days", "400"),
        ("database_url", "bot.db"),
        ("database_url", "mysql://bot:geheim@host/bot"),
        ("database_url", "sqlite+pysqlcipher:///bot.db"),
        ("telegram_bot_token", "hello"),
        ("telegram_bot_token", "12:secret/../x"),
        ("telegram_bot_token", ":secret"),
        ("moncreneau_api_key", "clé"),
        ("moncreneau_api_key", "mk two"),
        ("telegram_api_url", "http://[::1"),
        ("telegram_api_url", "http://host:port"),
        ("telegram_api_url", "http://host:0"),
        ("moncreneau_api_url", "http://host:99999/api"),
        ("moncreneau_api_url", "https://"),
        ("moncreneau_api_url", "https://two words/api"),
        ("moncreneau_api_url", "https://a..b/api"),
        ("moncreneau_api_url", "https://host/api?key=1"),
        ("admin_ids", "-100123"),
        ("admin_ids", "99999999999999999"),
        ("database_url", "sqlite+aiosqlite:///:memory:"),
        ("database_url", "sqlite+aiosqlite://"),
        ("database_url", "sqlite:///"),
        ("database_url", "sqlite://bot.db"),
        ("database_url", "sqlite:///file:bot.db?mode=memory&uri=true"),
        ("telegram_rate", "-1"),
        ("telegram_rate", "inf"),
        ("telegram_chat_rate", "nan"),
        ("broadcast_rate", "inf"),
        ("paid_broadcast_rate", "inf"),
        ("api_reserve", "nan"),
        ("chats_at_once", "0"),
        ("api_reserve", "1"),
        ("http_port", "70000"),
        ("log_level", "LOUD"),
    ],
)
def test_every_wrong_setting_is_named(name: str, value: str) -> None:
    with pytest.raises(SettingsError) as error:
        read_settings(**{**SECRETS, name: value})
    (line,) = str(error.value).splitlines()[1:]
    assert line.startswith(f"  {name.upper()}: ")


@pytest.mark.parametrize("value", ["", " , "])
def test_without_a_webhook_secret_no_port_is_needed(value: str) -> None:
    assert read_settings(**SECRETS, moncreneau_webhook_secret=value).webhook_secrets == ()


def test_a_webhook_secret_without_a_port_is_refused_with_both_names() -> None:
    with pytest.raises(SettingsError, match="MONCRENEAU_WEBHOOK_SECRET: needs HTTP_PORT") as error:
        read_settings(**SECRETS, moncreneau_webhook_secret="whsec_x")
    assert "whsec_x" not in str(error.value)


def test_several_webhook_secrets_are_separated_by_commas_and_never_shown() -> None:
    found = read_settings(**SECRETS, http_port=8080, moncreneau_webhook_secret=" new ,old,")
    assert found.webhook_secrets == ("new", "old")
    assert "old" not in repr(found)


WEBHOOK: dict[str, Any] = {"telegram_webhook": "1", "http_port": 8080, "public_url": "https://bot.gn"}


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"public_url": "https://bot.gn:8443/moncreneau/"},
        {"public_url": "http://127.0.0.1:88"},
        {"public_url": "https://bot.gn:9000", "telegram_api_url": "http://127.0.0.1:8081"},
        {"public_url": "http://localhost:9000", "telegram_api_url": "https://botapi.gn"},
        {"telegram_webhook": "0", "public_url": None, "http_port": None},
    ],
)
def test_telegram_can_send_updates_to_these_addresses(given: dict[str, Any]) -> None:
    settings = WEBHOOK | given
    assert read_settings(**SECRETS, **settings).telegram_webhook is (settings["telegram_webhook"] == "1")


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"http_port": None}, "TELEGRAM_WEBHOOK: needs HTTP_PORT, too"),
        ({"public_url": None}, "TELEGRAM_WEBHOOK: needs PUBLIC_URL, too"),
        ({"public_url": "http://bot.gn"}, "TELEGRAM_WEBHOOK: needs a PUBLIC_URL that begins with https://"),
        ({"public_url": "https://bot.gn:9000"}, "TELEGRAM_WEBHOOK: needs a PUBLIC_URL with port 443, 80, 88 or 8443"),
        ({"public_url": "bot.gn"}, "PUBLIC_URL: must begin with http:// or https://"),
        ({"http_port": 0}, "HTTP_PORT: "),
        ({"telegram_webhook": "perhaps"}, "TELEGRAM_WEBHOOK: "),
    ],
)
def test_an_address_to_which_telegram_cannot_send_updates_is_one_clear_line(given: dict[str, Any], words: str) -> None:
    with pytest.raises(SettingsError) as error:
        read_settings(**SECRETS, **(WEBHOOK | given))
    (line,) = str(error.value).splitlines()[1:]
    assert words in line


@pytest.mark.parametrize("scheme", DATABASES)
def test_a_database_is_named_by_either_kind_whatever_its_driver(scheme: str) -> None:
    url = f"{scheme}:///bot.db" if scheme.startswith("sqlite") else f"{scheme}://bot:geheim@host/bot"
    assert read_settings(**SECRETS, database_url=f" {url}\n").database_url == url
    assert address(url).get_backend_name() in scheme.replace("postgres", "postgresql")


def test_a_database_of_another_kind_is_refused_with_what_is_accepted() -> None:
    with pytest.raises(SettingsError, match=r"DATABASE_URL: must look like sqlite.* or postgresql://") as error:
        read_settings(**SECRETS, database_url="oracle://bot:geheim@host/bot")
    assert "geheim" not in str(error.value)


@pytest.mark.parametrize("url", ["http://127.0.0.1:8081", "http://[::1]:8081/x", "https://é.gn/api/v1"])
def test_an_address_of_a_setting_is_not_changed(url: str) -> None:
    assert read_settings(**SECRETS, telegram_api_url=url).telegram_api_url == url


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "latin-1"])
def test_a_file_in_another_encoding_is_named(tmp_path: Path, encoding: str) -> None:
    text = "# Clés du bot\nTELEGRAM_BOT_TOKEN=3:file\nMONCRENEAU_API_KEY=mk_file\n"
    (tmp_path / ".env").write_text(text, encoding=encoding)
    with pytest.raises(SettingsError, match=r"^settings:\n  \.env: must be text in UTF-8; .*$"):
        read_settings()


def test_a_byte_order_mark_as_windows_writes_it_does_no_harm(tmp_path: Path) -> None:
    text = "TELEGRAM_BOT_TOKEN=3:file\nMONCRENEAU_API_KEY=mk_file\n"
    (tmp_path / ".env").write_text(text, encoding="utf-8-sig")
    assert read_settings().telegram_bot_token.get_secret_value() == "3:file"


def test_a_file_that_may_not_be_read_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / ".env"
    file.touch()

    def refused(_file: Path) -> bytes:
        raise PermissionError(13, "Permission denied")  # these tests may run as root, who may read everything

    monkeypatch.setattr(Path, "read_bytes", refused)
    with pytest.raises(SettingsError, match=r"\.env: cannot be read: Permission denied$"):
        read_settings()


def test_a_machine_without_time_zone_data_is_told_to_install_it() -> None:
    code = "from bot.settings import read_settings; read_settings()"
    environment = {"TELEGRAM_BOT_TOKEN": "1:x", "MONCRENEAU_API_KEY": "mk", "PYTHONTZPATH": "/nowhere"}
    done = subprocess.run(  # noqa: S603 — our own code
        [sys.executable, "-c", f"import sys; sys.modules['tzdata'] = None\n{code}"],
        env={"PATH": os.environ["PATH"], **environment, "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr.endswith(
        "TIMEZONE: this machine has no time zone data; install it: apt-get install tzdata, or pip install tzdata\n"
    )


def test_a_settings_file_that_others_may_read_is_an_exposure(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    settings = read_settings(**SECRETS)
    assert list(exposures(settings, file)) == []
    file.touch(0o600)
    assert list(exposures(settings, file)) == []
    file.chmod(0o640)
    ((words, advice),) = exposures(settings, file)
    assert words == f"{file} can be read by other users of this machine"
    assert advice == f"chmod 600 {file}"


@pytest.mark.parametrize(
    ("url", "exposed"),
    [
        ("http://127.0.0.1:8081", False),
        ("http://[::1]", False),
        ("http://localhost:8081", False),
        ("https://api.example", False),
        ("http://api.example", True),
        ("http://10.0.0.1", True),
    ],
)
def test_plain_http_is_an_exposure_unless_it_stays_on_the_machine(tmp_path: Path, url: str, *, exposed: bool) -> None:
    settings = read_settings(**SECRETS, telegram_api_url=url)
    assert bool(list(exposures(settings, tmp_path / "none"))) == exposed


def test_no_secret_is_ever_shown() -> None:
    settings = read_settings(**SECRETS, database_url="postgresql://bot:secret@host/bot")
    assert "secret" not in repr(settings).replace("SecretStr", "")
    with pytest.raises(SettingsError) as error:
        read_settings(**{**SECRETS, "log_level": "mk_secret_in_the_wrong_place"})
    assert "wrong_place" not in str(error.value)
