"""An operator issue is reported once when it begins and once when it is over."""

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


def test_an_operator_issue_met_by_many_citizens_is_reported_once() -> None:
    notices: list[tuple[OperatorIssue, bool]] = []
    issues = OpenIssues(lambda issue, present: notices.append((issue, present)))
    for _ in range(5):
        issues.failed("book", OutOfCredits())
    assert issues.open_issues == {CREDITS}
    issues.worked("book")
    issues.worked("book")
    assert notices == [(CREDITS, True), (CREDITS, False)]


def test_success_of_another_operation_does_not_end_an_issue() -> None:
    issues = OpenIssues()
    issues.failed("book", NoAccess())
    issues.worked("departments")
    assert issues.open_issues == {ACCESS}
    issues.worked("book")
    assert not issues.open_issues


def test_a_citizens_own_failure_is_not_an_operator_issue() -> None:
    issues = OpenIssues()
    issues.failed("book", Conflict())
    issues.failed("availability", NotFound(), 5)
    assert not issues.open_issues


def test_an_issue_of_an_earlier_process_is_not_reported_again_but_its_end_is() -> None:
    notices: list[tuple[OperatorIssue, bool]] = []
    earlier = OpenIssues()
    earlier.failed("book", OutOfCredits())
    issues = OpenIssues(lambda issue, present: notices.append((issue, present)))
    issues.restore(earlier.met())
    issues.failed("book", OutOfCredits())
    assert notices == []
    issues.worked("book")
    assert notices == [(CREDITS, False)]


def test_a_denied_department_is_an_issue_of_that_department_until_it_works() -> None:
    notices: list[tuple[OperatorIssue, bool]] = []
    issues = OpenIssues(lambda issue, present: notices.append((issue, present)))
    for _ in range(3):
        issues.failed("availability", NoAccess(DEPARTMENT_ACCESS_DENIED), 5)
    issues.failed("book", NoAccess(DEPARTMENT_ACCESS_DENIED), 8)
    issues.worked("availability", 8)
    assert issues.open_issues == {OperatorIssue(FailureCode.NO_ACCESS, 5), OperatorIssue(FailureCode.NO_ACCESS, 8)}
    issues.worked("availability", 5)
    issues.worked("book", 8)
    passports, cards = OperatorIssue(FailureCode.NO_ACCESS, 5), OperatorIssue(FailureCode.NO_ACCESS, 8)
    assert notices == [(passports, True), (cards, True), (passports, False), (cards, False)]


def test_a_denial_without_a_department_is_an_issue_too() -> None:
    issues = OpenIssues()
    issues.failed("cancel", NoAccess(DEPARTMENT_ACCESS_DENIED))
    assert issues.open_issues == {ACCESS}
