"""The departments file: what it tells in each language, and the line or key of each mistake."""

from datetime import date
from pathlib import Path

import pytest

from bot.departments_file import LARGEST, read_details
from bot.settings import SettingsError

LOCALES = ("en", "fr")
EXAMPLE = """
[5]
address = "Almamya, Kaloum"
phone = " +224 620 00 00 00 "
pin = [9.5092, -13.7122]
closed = ["2026-12-25", 2027-01-01]

[5.fr]
before = "Le timbre fiscal se paie avant le rendez-vous."
bring = ["Ancien passeport", "Extrait de naissance"]
landmark = "En face de la poste"

[5.en]
bring = []
address = "Almamya, Kaloum district"

[8]
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "departments.toml"


def mistakes(file: Path, text: str) -> list[str]:
    file.write_text(text, encoding="utf-8")
    with pytest.raises(SettingsError) as error:
        read_details(file, LOCALES, "fr")
    head, *lines = str(error.value).splitlines()
    assert head == "settings:"
    prefix = f"  DEPARTMENTS_FILE: {file}: "
    assert all(line.startswith(prefix) for line in lines)
    return [line.removeprefix(prefix) for line in lines]


def test_it_tells_of_each_department_in_each_language(file: Path) -> None:
    file.write_text(EXAMPLE, encoding="utf-8-sig")
    found = read_details(file, LOCALES, "fr")
    french, english = found["fr"][5], found["en"][5]
    assert french.bring == ("Ancien passeport", "Extrait de naissance")
    assert french.before == "Le timbre fiscal se paie avant le rendez-vous."
    assert (french.address, french.landmark, french.phone) == (
        "Almamya, Kaloum",
        "En face de la poste",
        "+224 620 00 00 00",
    )
    assert french.pin == (9.5092, -13.7122)
    assert french.closed == {date(2026, 12, 25), date(2027, 1, 1)}
    assert not found["fr"][8].has_words
    assert english.address == "Almamya, Kaloum district", "its own words win"
    assert english.bring == (), "an empty list is an answer"
    assert english.landmark == "En face de la poste", "better in French than not at all"


@pytest.mark.parametrize(
    ("text", "mistake"),
    [
        ("[5", "is not TOML: "),
        ("[5]\nphone = 620\n", "5.phone: must be text, in quotes"),
        ("[5.fr]\nbring = 'Passeport'\n", "5.fr.bring: must be a list, in brackets"),
        ("[5.fr]\nbring = ['Passeport', '']\n", "5.fr.bring.1: must not be empty"),
        ("[5.fr]\nbring = ['Passeport', '\\u200b ']\n".replace("'", '"'), "5.fr.bring.1: must not be empty"),
        (f"[5.fr]\nbring = {['x'] * 16}\n", "5.fr.bring: has too many items"),
        ("[5.words.fr]\nbring = []\n", "5.words: is no key here"),
        ("[5]\nadress = 'Kaloum'\n", "5.adress: is no key here"),
        ("[5.de]\nbring = []\n", "5.de: is no key here"),
        ("[5.fr]\nbrings = []\n", "5.fr.brings: is no key here"),
        ("[5]\nfr = 'Passeport'\n", "5.fr: must be a table of a language"),
        ("[5]\naddress = 'x'\npin = [9.5]\n", "5.pin.1: is missing"),
        ("[5]\naddress = 'x'\npin = [95, 0]\n", "5.pin.0: "),
        ("[5]\npin = [9.5, -13.7]\n", "5: pin needs an address or a landmark, too"),
        ("[5]\naddress = 'x'\npin = [9, -13, 2]\n", "5.pin: has too many items"),
        ("[5]\naddress = 'x'\npin = [true, -13]\n", "5.pin.0: must be a number of degrees"),
        ("[5]\naddress = 'x'\npin = ['9.5', -13]\n", "5.pin.0: must be a number of degrees"),
        ("[5]\naddress = 'x'\npin = [nan, -13]\n", "5.pin.0: "),
        ("[5]\nclosed = ['2026-13-25']\n", "5.closed.0: must be a day such as"),
        ("[5]\nclosed = ['25/12/2026']\n", "5.closed.0: must be a day such as"),
        ("[5]\nclosed = ['0']\n", "5.closed.0: must be a day such as"),
        ("[5]\nclosed = [1798156800]\n", "5.closed.0: must be a day such as"),
        ("[5]\nclosed = [2026-12-25T00:00:00]\n", "5.closed.0: must be a day such as"),
        ("[5]\nclosed = '2026-12-25'\n", "5.closed: must be a list, in brackets"),
        ("[passeports]\n", "passeports: must be a table named by the number of a department"),
        ("5 = 'x'\n", "5: must be a table named by the number"),
        ("[05]\n", "05: must be a table named by the number"),
        ("[0]\n", "0: must be a table named by the number"),
        (f"a = {'[' * 5000}", "is not TOML that can be read: too many brackets"),
        (f"[5]\naddress = {'1' * 5000}\n", "is not TOML: "),
        (f"[5]\naddress = '{'x' * 121}'\n", "5.address: String should have at most 120"),
    ],
)
def test_a_mistake_is_named_by_its_key(file: Path, text: str, mistake: str) -> None:
    (line,) = mistakes(file, text)
    assert line.startswith(mistake)


def test_what_is_no_toml_is_named_by_its_line(file: Path) -> None:
    (line,) = mistakes(file, "[5]\naddress = 'Kaloum'\nphone = 620 00\n")
    assert "at line 3" in line


def test_all_mistakes_are_named_at_once(file: Path) -> None:
    found = mistakes(file, "[5]\nphone = 1\npins = 2\n[x]\n[8]\naddress = 3\n")
    assert [line.partition(":")[0] for line in found] == ["5.phone", "5.pins", "x", "8.address"]


def test_text_is_on_one_line_and_without_what_nobody_sees(file: Path) -> None:
    file.write_text("[5]\naddress = ' Kaloum\\n\\nAlmamya'\nphone = '224\\n620'\n".replace("'", '"'))
    found = read_details(file, LOCALES, "fr")["fr"][5]
    assert (found.address, found.phone) == ("Kaloum Almamya", "224 620")
    file.write_text('[5]\naddress = "Kaloum\\u202e \\u0007 Almamya"\n')
    assert read_details(file, LOCALES, "fr")["fr"][5].address == "Kaloum Almamya"


def test_a_landmark_is_words_enough_for_a_pin(file: Path) -> None:
    file.write_text("[5]\npin = [9.5, -13]\n[5.fr]\nlandmark = 'En face de la poste'\n")
    assert read_details(file, LOCALES, "fr")["fr"][5].pin == (9.5, -13.0)


def test_a_file_that_cannot_be_read_is_named_with_the_cause(file: Path) -> None:
    for prepare, cause in (
        (lambda: None, "cannot be read: No such file"),
        (lambda: file.write_bytes("é".encode("latin-1")), "must be text in UTF-8"),
        (lambda: file.write_bytes(b"#" * (LARGEST + 1)), "has more than"),
    ):
        prepare()
        with pytest.raises(SettingsError, match=cause):
            read_details(file, LOCALES, "fr")


def test_the_demos_own_file_is_right() -> None:
    found = read_details(Path("bot/sandbox/departments.toml"), LOCALES, "fr")
    assert {number for number, each in found["fr"].items() if each.bring and each.pin} == {5, 21}
