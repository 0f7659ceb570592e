"""Which troubles of the whole organisation stand at present: no credits, no access; must not know whom to tell.

Many citizens meet the same trouble; the operator wants one notice when it begins and one when it is over. What one
operation cannot do another may (a key without the scope to create reads well), so a trouble ends only when the
operation that met it works again.
"""

from collections.abc import Callable, Iterable, Mapping

from bot.core.model import Problem

_WATCHED = frozenset({Problem.OUT_OF_CREDITS, Problem.NO_ACCESS})


class Standing:
    """`on_change(problem, present)` is called once when a trouble begins and once when it is over."""

    def __init__(self, on_change: Callable[[Problem, bool], None] | None = None) -> None:
        self._on_change = on_change or (lambda _problem, _present: None)
        self._met: dict[Problem, set[str]] = {}

    @property
    def problems(self) -> frozenset[Problem]:
        """The troubles that stand."""
        return frozenset(self._met)

    def met(self) -> dict[Problem, frozenset[str]]:
        """The troubles that stand, with the operations that met them."""
        return {problem: frozenset(operations) for problem, operations in self._met.items()}

    def restore(self, kept: Mapping[Problem, Iterable[str]]) -> None:
        """Take over what an earlier process met; nobody is told of it again."""
        for problem, operations in kept.items():
            self._met.setdefault(problem, set()).update(operations)

    def failed(self, operation: str, problem: Problem) -> None:
        """Tell that an operation met a problem."""
        if problem in _WATCHED:
            if problem not in self._met:
                self._met[problem] = set()
                self._on_change(problem, True)  # noqa: FBT003 — a callback's second and last argument
            self._met[problem].add(operation)

    def worked(self, operation: str) -> None:
        """Tell that an operation worked."""
        for problem, operations in list(self._met.items()):
            operations.discard(operation)
            if not operations:
                del self._met[problem]
                self._on_change(problem, False)  # noqa: FBT003 — as above
