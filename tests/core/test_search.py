"""Departments are found by what people type."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.model import Department
from bot.core.search import matching, words_of

PASSPORTS = Department(1, "Service des Passeports", "Ministère", description="Demande et renouvellement")
STATE = Department(2, "Archives de l’État", "Ministère", description="Extraits d’actes")
WORKS = Department(3, "Œuvres sociales", "Ville")
BIRTHS = Department(4, "État civil – Kaloum", "Ville", description="Naissances, mariages, décès")
LICENCES = Department(5, "Permis\u2011Conduire", "Ville", description="Carte\u200bs grises")
ALL = (PASSPORTS, STATE, WORKS, BIRTHS, LICENCES)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("passeport", PASSPORTS),
        ("PASSEPORTS", PASSPORTS),
        ("l'etat archives", STATE),
        ("l’état archive", STATE),
        ("oeuvres", WORKS),
        ("œuvre", WORKS),
        ("naissance", BIRTHS),
        ("mariage", BIRTHS),
        ("carte", LICENCES),
        ("permis conduire", LICENCES),
        ("permis-conduire", LICENCES),
        ("pass\u200beport", PASSPORTS),
        ("je voudrais un passeport svp", PASSPORTS),
    ],
)
def test_a_word_of_the_name_or_the_description_finds_a_department(query: str, found: Department) -> None:
    assert matching(ALL, query) == (found,)


@pytest.mark.parametrize("query", ["zzz", "je veux", "!!", "\u200b"])
def test_an_unmatched_query_finds_nothing(query: str) -> None:
    assert matching(ALL, query) == ()


def test_no_query_finds_everything_by_organisation() -> None:
    assert matching(ALL, " ") == ALL
    assert matching((WORKS, PASSPORTS), "") == (PASSPORTS, WORKS)


@given(st.text())
def test_searching_never_raises(query: str) -> None:
    assert set(matching(ALL, query)) <= set(ALL)
    assert all(len(word) > 0 for word in words_of(query))
