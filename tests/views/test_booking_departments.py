"""The department, and the member of staff if one must be named."""

from dataclasses import replace

from bot.core import callback_data
from bot.core.model import (
    Department,
    Draft,
    Worker,
)
from bot.core.states import ChoosingDepartment, ChoosingWorker, TypingWorker
from bot.views.render import render
from tests.core.examples import COURT, DEPARTMENTS, HOSPITAL, IDENTITY, PASSPORTS, STATES
from tests.views import telegram
from tests.views.pages import EN, FR
from tests.views.telegram import labels, plain


def test_the_first_button_is_the_first_department() -> None:
    assert telegram.actions(render(ChoosingDepartment(DEPARTMENTS), FR))[0] == "d:4"


MANY = tuple(Department(n, f"Service {n}", f"Ministère {n % 3}") for n in range(1, 13))


def test_the_departments_of_one_organisation_are_shown_with_the_way_to_all() -> None:
    chosen = render(ChoosingDepartment(MANY, organization="Ministère 1"), FR)
    assert telegram.actions(chosen) == ["d:1", "d:4", "d:7", "d:10", callback_data.EVERYTHING, callback_data.LEAVE]
    assert "🏛 Ministère 1" in plain(chosen.text)


def test_with_one_organisation_it_is_named_once() -> None:
    text = plain(render(ChoosingDepartment((PASSPORTS, IDENTITY)), FR).text)
    assert text.count("Ministère de la Sécurité") == 1
    assert "•" not in text


def test_without_organisations_there_is_no_heading() -> None:
    assert "🏛" not in render(ChoosingDepartment((Department(1, "Passeports"), Department(2, "Visas", "  "))), FR).text


def test_departments_of_one_name_are_told_apart_by_their_organisation() -> None:
    twins = (Department(1, "Accueil", "Kaloum"), Department(2, "Accueil", "Ratoma"), Department(3, "Accueil"))
    found = labels(render(ChoosingDepartment(twins), FR))
    assert found[:3] == ["1. Accueil", "2. Accueil", "3. Accueil"]
    text = plain(render(ChoosingDepartment(twins), FR).text).replace("\u00a0", " ")
    assert "1. Accueil : Service n° 3\n2. Accueil : Kaloum\n3. Accueil : Ratoma" in text


def test_departments_of_one_name_in_one_organisation_are_told_apart_by_their_number() -> None:
    twins = (Department(1, "Accueil", "Kaloum"), Department(2, "Accueil", "Kaloum"))
    text = plain(render(ChoosingDepartment(twins), EN).text)
    assert "1. Accueil: Department 1\n2. Accueil: Department 2" in text.replace("\u00a0", " ")


def test_a_long_name_is_cut_in_the_middle() -> None:
    long = Department(1, "Direction nationale de l’état civil de Kaloum")
    assert labels(render(ChoosingDepartment((long,)), FR))[0] == "Direction natio…de Kaloum"


def test_eight_departments_a_page() -> None:
    many = tuple(Department(n, f"Service {n:02}") for n in range(1, 21))
    first = render(ChoosingDepartment(many), FR)
    assert telegram.actions(first)[:8] == [f"d:{n}" for n in range(1, 9)]
    assert "Page 1 sur 3" in first.text
    last = render(ChoosingDepartment(many, page=2), EN)
    assert labels(last)[:5] == ["Service 17", "Service 18", "Service 19", "Service 20", "◀️ Previous"]
    assert "Page 3 of 3" in last.text


def test_a_typed_word_is_offered_where_there_is_something_to_search() -> None:
    assert "écrire un mot" in render(ChoosingDepartment(MANY), FR).text
    assert "écrire un mot" not in render(ChoosingDepartment((PASSPORTS,)), FR).text


def test_a_search_is_shown_with_the_way_back_to_everything() -> None:
    message = render(ChoosingDepartment(DEPARTMENTS, query="PASSEPORT"), FR)
    assert "« PASSEPORT »" in plain(message.text).replace("\u00a0", " ")
    assert telegram.actions(message) == ["d:1", callback_data.EVERYTHING, callback_data.LEAVE]


def test_a_search_is_escaped() -> None:
    assert "&lt;b&gt;" in render(ChoosingDepartment(DEPARTMENTS, query="<b>"), FR).text


def test_a_search_that_finds_nothing_says_so() -> None:
    message = render(ChoosingDepartment(DEPARTMENTS, query="zzz"), EN)
    assert "Search: “zzz”" in message.text
    assert telegram.actions(message) == [callback_data.EVERYTHING, callback_data.LEAVE]


def test_no_departments_can_be_asked_for_again() -> None:
    message = render(STATES["no departments"], FR)
    assert "Aucun service" in message.text
    assert telegram.actions(message) == [callback_data.RETRY, callback_data.LEAVE]


def test_a_department_without_a_name_has_its_number() -> None:
    for blank in (" \n", "\u202e", "\u3164\u200b"):
        nameless = (Department(9, blank), Department(10, "Visas"))
        assert labels(render(ChoosingDepartment(nameless), FR))[:2] == ["Service n° 9", "Visas"]


def test_the_staff_is_listed_by_name_or_number() -> None:
    staff = replace(HOSPITAL, workers=(Worker(11, "Dr Bah"), Worker(12, "")))
    message = render(ChoosingWorker(Draft(staff)), EN)
    assert labels(message) == ["Dr Bah", "Staff member 12", "⬅️ Back", "✖️ Quit"]
    assert "Consultations" in message.text


def test_the_number_of_a_staff_member_is_typed() -> None:
    message = render(TypingWorker(Draft(COURT)), FR)
    assert "numéro de l’agent" in message.text
    assert telegram.actions(message) == [callback_data.BACK, callback_data.LEAVE]
