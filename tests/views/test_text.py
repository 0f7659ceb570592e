"""The lines that describe an appointment."""

from bot.core.model import (
    Department,
    Draft,
    Worker,
)
from bot.i18n import Safe
from bot.views.message import CONAKRY
from bot.views.text import draft_facts, lines, moment, paragraphs, worker_name
from tests.core.examples import DRAFT, FULL, HALF_PAST_TWO
from tests.views.pages import EN, FR


def test_missing_details_take_no_line() -> None:
    assert lines(Safe("a"), None, Safe("b")) == "a\nb"
    assert paragraphs(None, Safe("a"), Safe("b")) == "a\n\nb"


def test_only_what_was_chosen_is_said() -> None:
    assert draft_facts(FR, DRAFT, CONAKRY).count("\n") == 1
    assert draft_facts(FR, FULL, CONAKRY).count("\n") == 3
    assert draft_facts(FR, Draft(Department(1, "Visas")), CONAKRY) == "🏢 Service\u00a0: <b>Visas</b>"


def test_a_member_of_staff_has_a_name_or_a_number() -> None:
    assert worker_name(EN, Worker(3, "Dr Bah")) == "Dr Bah"
    assert worker_name(EN, Worker(3, "")) == "Staff member 3"


def test_a_moment_in_a_sentence() -> None:
    assert moment(FR, HALF_PAST_TWO) == "dim. 25 janv. à 14:30"
