"""Names as they are written in Guinea are accepted; others are refused, each with its reason."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.names import MAX_LENGTH, first_name, fold, read_name, suggestions
from bot.core.states import Notice


@pytest.mark.parametrize(
    "name",
    [
        "Aïssatou Bah",
        "N'Diaye",
        "N’Diaye",
        "Mamadou-Saliou Diallo",
        "M. Camara",
        "Jo",
        "ߖߊ߬ߓߌ",  # N'Ko
        "𞤀𞤣𞤤𞤢𞤥",  # Adlam
        "محمد",
        "Ɓeydiɗo",
    ],
)
def test_a_name_as_it_is_written_passes(name: str) -> None:
    assert read_name(name) == unicodedata.normalize("NFC", name)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", Notice.NAME_EMPTY),
        ("  \n\t ", Notice.NAME_EMPTY),
        ("\u200b\u202e", Notice.NAME_EMPTY),
        ("A", Notice.NAME_SHORT),
        ("- '", Notice.NAME_SHORT),
        ("a" * 101, Notice.NAME_LONG),
        ("x" * 200, Notice.NAME_LONG),
        ("Fatoumata Binta 2", Notice.NAME_DIGITS),
        ("Bah ٢", Notice.NAME_DIGITS),
        ("<b>Bah</b>", Notice.NAME_SIGNS),
        ("Bah 😀", Notice.NAME_SIGNS),
        ("a@b", Notice.NAME_SIGNS),
    ],
)
def test_an_invalid_name_is_refused_with_a_reason(text: str, reason: Notice) -> None:
    assert read_name(text) is reason


def test_a_name_of_a_hundred_characters_passes() -> None:
    assert read_name("a" * MAX_LENGTH) == "a" * MAX_LENGTH


def test_spaces_and_line_breaks_become_one_space() -> None:
    assert read_name("  Aïssatou\n\nBah \u2028 Sow ") == "Aïssatou Bah Sow"


def test_invisible_marks_are_dropped() -> None:
    assert read_name("Bah\u202e\u200f\u0007 Sow") == "Bah Sow"


def test_decomposed_accents_are_composed() -> None:
    assert read_name("Ai\u0308ssatou") == "Aïssatou"


@given(st.text())
def test_a_good_name_stays_as_it_is(text: str) -> None:
    name = read_name(text)
    assert isinstance(name, Notice) or read_name(name) == name


def test_suggestions_are_good_names_once_each_in_their_order() -> None:
    assert suggestions(None, "Bah Sow", "", "😀", " Bah  Sow ", "Camara") == ("Bah Sow", "Camara")
    assert suggestions("Bah Sow", profile="Fanta Bah") == ("Bah Sow", "Fanta Bah")


@pytest.mark.parametrize("profile", ["Fanta", "", "  ", "😀", "Fanta 2"])
def test_a_profile_without_a_first_and_a_last_name_is_not_offered(profile: str) -> None:
    assert suggestions("Sow", profile=profile) == ("Sow",)


def test_people_are_greeted_by_their_first_name() -> None:
    assert first_name("Aïssatou Bah") == first_name(" Aïssatou ") == "Aïssatou"
    assert first_name("  ") == first_name("😀🔥") == first_name("007 Bah") == ""


def test_folding_forgets_accents_case_and_doubled_spaces() -> None:
    assert fold("  État  CIVIL ") == "etat civil"
