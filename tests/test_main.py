"""The command line: its commands and exit codes."""

import pytest

from bot.__main__ import WRONG_SETTINGS, main
from bot.settings import Settings

SECRETS = {"TELEGRAM_BOT_TOKEN": "1:sandbox", "MONCRENEAU_API_KEY": "mk_sandbox"}


@pytest.fixture(autouse=True)
def _called_as_a_module(monkeypatch: pytest.MonkeyPatch) -> None:
    # pytest-xdist's processes are called otherwise, and help names the command as it was called.
    monkeypatch.setattr("sys.argv", ["/somewhere/bot/__main__.py"])


@pytest.fixture
def no_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: object) -> None:
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.chdir(str(tmp_path))


@pytest.mark.parametrize("arguments", [[], ["fly"], ["run", "--fast"], ["demo", "--telegram-port", "many"]])
def test_unknown_arguments_are_explained(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        main(arguments)
    assert end.value.code == 2
    assert "usage: python -m bot" in capsys.readouterr().err


@pytest.mark.parametrize("command", ["run", "demo", "sandbox", "check", "copy-database"])
def test_every_command_has_its_help(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        main([command, "--help"])
    assert end.value.code == 0
    assert f"usage: python -m bot {command}" in capsys.readouterr().out


@pytest.mark.usefixtures("no_settings")
def test_missing_settings_end_the_process_before_anything_begins(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run"]) == WRONG_SETTINGS
    said = capsys.readouterr().err
    assert "TELEGRAM_BOT_TOKEN is required" in said
    assert "MONCRENEAU_API_KEY is required" in said


@pytest.mark.usefixtures("no_settings")
@pytest.mark.parametrize("seconds", ["soon", "nan", "1e99"])
def test_a_wrong_clock_offset_ends_the_process_with_one_line(
    seconds: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, value in {**SECRETS, "BOT_CLOCK_AHEAD": seconds}.items():
        monkeypatch.setenv(name, value)
    assert main(["run"]) == WRONG_SETTINGS
    assert capsys.readouterr().err.endswith("settings:\n  BOT_CLOCK_AHEAD: must be a number of seconds\n")
