"""The hierarchy of errors is consistent."""

import re

from bot.app.ports import ApiError
from bot.moncreneau import errors


def kinds() -> list[type[errors.MoncreneauError]]:
    found = [errors.MoncreneauError]
    for kind in found:
        found += kind.__subclasses__()
    return found


def test_the_tree_in_the_docstring_names_every_error_there_is() -> None:
    named = set(re.findall(r"\b[A-Z]\w+\b", errors.__doc__ or ""))
    assert errors.NoTicket in kinds()
    assert {kind.__name__ for kind in kinds()} - {"MoncreneauError"} <= named


def test_every_error_has_an_outcome_and_a_failure_code() -> None:
    for kind in kinds():
        error = kind(retry_after=3)
        assert isinstance(error, ApiError)
        assert error.failure.code is kind.failure_code
        assert error.retry_after == 3
        assert not error.code
        assert str(error) == error.words, "an operator reads it"
        assert kind.__name__ not in str(kind(status=500))


def test_refused_and_unsent_requests_were_not_carried_out() -> None:
    assert {kind.outcome.value for kind in kinds() if issubclass(kind, errors.Refused)} == {"refused"}
    assert {kind.outcome.value for kind in kinds() if issubclass(kind, errors.NotSent)} == {"not sent"}
    assert {kind.outcome.value for kind in kinds() if issubclass(kind, errors.Unsure)} == {"unknown", "accepted"}
