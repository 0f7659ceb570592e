"""A trouble of the whole organisation is told once when it begins and once when it is over."""

from bot.core.health import OperatorIssue
from bot.core.model import FailureCode
from bot.moncreneau.errors import (
    DEPARTMENT_ACCESS_DENIED,
    Conflict,
    NoAccess,
    NotFound,
    OutOfCredits,
)
from bot.moncreneau.incidents import OpenIssues

CREDITS, ACCESS = OperatorIssue(FailureCode.OUT_OF_CREDITS), OperatorIssue(FailureCode.NO_ACCESS)


def test_many_citizens_who_meet_the_same_trouble_make_one_notice() -> None:
    notices: list[tuple[OperatorIssue, bool]] = []
    verdict = OpenIssues(lambda issue, present: notices.append((issue, present)))
    for _ in range(5):
        verdict.failed("book", OutOfCredits())
    assert verdict.open_issues == {CREDITS}
    verdict.worked("book")
    verdict.worked("book")
    assert notices == [(CREDITS, True), (CREDITS, False)]


def test_what_another_operation_can_do_does_not_end_it() -> None:
    verdict = OpenIssues()
    verdict.failed("book", NoAccess())
    verdict.worked("departments")
    assert verdict.open_issues == {ACCESS}
    verdict.worked("book")
    assert not verdict.open_issues


def test_a_citizens_own_trouble_is_none_of_the_operators() -> None:
    verdict = OpenIssues()
    verdict.failed("book", Conflict())
    verdict.failed("availability", NotFound(), 5)
    assert not verdict.open_issues


def test_a_trouble_of_an_earlier_process_is_not_told_again_but_its_end_is() -> None:
    notices: list[tuple[OperatorIssue, bool]] = []
    earlier = OpenIssues()
    earlier.failed("book", OutOfCredits())
    verdict = OpenIssues(lambda issue, present: notices.append((issue, present)))
    verdict.restore(earlier.met())
    verdict.failed("book", OutOfCredits())
    assert notices == []
    verdict.worked("book")
    assert notices == [(CREDITS, False)]


def test_a_department_that_is_denied_is_a_trouble_of_that_department_alone_until_it_works_there() -> None:
    notices: list[tuple[OperatorIssue, bool]] = []
    verdict = OpenIssues(lambda issue, present: notices.append((issue, present)))
    for _ in range(3):
        verdict.failed("availability", NoAccess(DEPARTMENT_ACCESS_DENIED), 5)
    verdict.failed("book", NoAccess(DEPARTMENT_ACCESS_DENIED), 8)
    verdict.worked("availability", 8)
    assert verdict.open_issues == {OperatorIssue(FailureCode.NO_ACCESS, 5), OperatorIssue(FailureCode.NO_ACCESS, 8)}
    verdict.worked("availability", 5)
    verdict.worked("book", 8)
    passports, cards = OperatorIssue(FailureCode.NO_ACCESS, 5), OperatorIssue(FailureCode.NO_ACCESS, 8)
    assert notices == [(passports, True), (cards, True), (passports, False), (cards, False)]


def test_a_denial_that_does_not_say_of_which_department_is_a_trouble_all_the_same() -> None:
    verdict = OpenIssues()
    verdict.failed("cancel", NoAccess(DEPARTMENT_ACCESS_DENIED))
    assert verdict.open_issues == {ACCESS}
