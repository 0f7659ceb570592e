"""A trouble of the whole organisation is told once when it begins and once when it is over."""

from bot.core.health import Concern
from bot.core.model import Problem
from bot.moncreneau.errors import (
    DepartmentAccessDenied,
    DepartmentNotFound,
    InsufficientCredits,
    InsufficientScope,
    SlotNotAvailable,
)
from bot.moncreneau.incidents import Standing

CREDITS, ACCESS = Concern(Problem.OUT_OF_CREDITS), Concern(Problem.NO_ACCESS)


def test_many_citizens_who_meet_the_same_trouble_make_one_notice() -> None:
    notices: list[tuple[Concern, bool]] = []
    standing = Standing(lambda concern, present: notices.append((concern, present)))
    for _ in range(5):
        standing.failed("book", InsufficientCredits())
    assert standing.concerns == {CREDITS}
    standing.worked("book")
    standing.worked("book")
    assert notices == [(CREDITS, True), (CREDITS, False)]


def test_what_another_operation_can_do_does_not_end_it() -> None:
    standing = Standing()
    standing.failed("book", InsufficientScope())
    standing.worked("departments")
    assert standing.concerns == {ACCESS}
    standing.worked("book")
    assert not standing.concerns


def test_a_citizens_own_trouble_is_none_of_the_operators() -> None:
    standing = Standing()
    standing.failed("book", SlotNotAvailable())
    standing.failed("availability", DepartmentNotFound(), 5)
    assert not standing.concerns


def test_a_trouble_of_an_earlier_process_is_not_told_again_but_its_end_is() -> None:
    notices: list[tuple[Concern, bool]] = []
    earlier = Standing()
    earlier.failed("book", InsufficientCredits())
    standing = Standing(lambda concern, present: notices.append((concern, present)))
    standing.restore(earlier.met())
    standing.failed("book", InsufficientCredits())
    assert notices == []
    standing.worked("book")
    assert notices == [(CREDITS, False)]


def test_a_department_that_is_denied_is_a_trouble_of_that_department_alone_until_it_works_there() -> None:
    notices: list[tuple[Concern, bool]] = []
    standing = Standing(lambda concern, present: notices.append((concern, present)))
    for _ in range(3):
        standing.failed("availability", DepartmentAccessDenied(), 5)
    standing.failed("book", DepartmentAccessDenied(), 8)
    standing.worked("availability", 8)
    assert standing.concerns == {Concern(Problem.NO_ACCESS, 5), Concern(Problem.NO_ACCESS, 8)}
    standing.worked("availability", 5)
    standing.worked("book", 8)
    passports, cards = Concern(Problem.NO_ACCESS, 5), Concern(Problem.NO_ACCESS, 8)
    assert notices == [(passports, True), (cards, True), (passports, False), (cards, False)]


def test_a_denial_that_does_not_say_of_which_department_is_a_trouble_all_the_same() -> None:
    standing = Standing()
    standing.failed("cancel", DepartmentAccessDenied())
    assert standing.concerns == {ACCESS}
