"""The command line: its commands and exit codes."""

import pytest

from bot.__main__ import WRONG_SETTINGS, main
from bot.settings import Settings


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


@pytest.mark.parametrize("command", ["run", "demo", "sandbox", "check"])
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
