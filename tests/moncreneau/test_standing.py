"""A trouble of the whole organisation is told once when it begins and once when it is over."""

from bot.core.model import Problem
from bot.moncreneau.standing import Standing


def test_many_citizens_who_meet_the_same_trouble_make_one_notice() -> None:
    notices: list[tuple[Problem, bool]] = []
    standing = Standing(lambda problem, present: notices.append((problem, present)))
    for _ in range(5):
        standing.failed("book", Problem.OUT_OF_CREDITS)
    assert standing.problems == {Problem.OUT_OF_CREDITS}
    standing.worked("book")
    standing.worked("book")
    assert notices == [(Problem.OUT_OF_CREDITS, True), (Problem.OUT_OF_CREDITS, False)]


def test_what_another_operation_can_do_does_not_end_it() -> None:
    standing = Standing()
    standing.failed("book", Problem.NO_ACCESS)
    standing.worked("departments")
    assert standing.problems == {Problem.NO_ACCESS}
    standing.worked("book")
    assert not standing.problems


def test_a_citizens_own_trouble_is_none_of_the_operators() -> None:
    standing = Standing()
    standing.failed("book", Problem.SLOT_TAKEN)
    assert not standing.problems


def test_a_trouble_of_an_earlier_process_is_not_told_again_but_its_end_is() -> None:
    notices: list[tuple[Problem, bool]] = []
    earlier = Standing()
    earlier.failed("book", Problem.OUT_OF_CREDITS)
    standing = Standing(lambda problem, present: notices.append((problem, present)))
    standing.restore(earlier.met())
    standing.failed("book", Problem.OUT_OF_CREDITS)
    assert notices == []
    standing.worked("book")
    assert notices == [(Problem.OUT_OF_CREDITS, False)]
