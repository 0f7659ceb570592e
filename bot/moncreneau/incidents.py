"""What stands that only the operator can mend: no credits, no access; must not know whom to tell.

Many citizens meet the same trouble; the operator wants one notice when it begins and one when it is over. What one
operation cannot do another may (a key without the scope to create reads well), so a trouble ends only when the
operation that met it works again, and where it was one department's, only when it works there.
"""

from collections.abc import Callable, Iterable, Mapping

from bot.core.health import Concern
from bot.core.model import Problem
from bot.moncreneau.errors import DepartmentAccessDenied, MoncreneauError

_WATCHED = frozenset({Problem.OUT_OF_CREDITS, Problem.NO_ACCESS})


class Standing:
    """`on_change(concern, present)` is called once when a trouble begins and once when it is over."""

    def __init__(self, on_change: Callable[[Concern, bool], None] | None = None) -> None:
        self._on_change = on_change or (lambda _concern, _present: None)
        self._met: dict[Concern, set[str]] = {}

    @property
    def concerns(self) -> frozenset[Concern]:
        """What stands."""
        return frozenset(self._met)

    def met(self) -> dict[Concern, frozenset[str]]:
        """What stands, with the operations that met it."""
        return {concern: frozenset(operations) for concern, operations in self._met.items()}

    def restore(self, kept: Mapping[Concern, Iterable[str]]) -> None:
        """Take over what an earlier process met; nobody is told of it again."""
        for concern, operations in kept.items():
            self._met.setdefault(concern, set()).update(operations)

    def failed(self, operation: str, error: MoncreneauError, department_id: int | None = None) -> None:
        """Tell that an operation met an error; the department where it was about one."""
        if isinstance(error, DepartmentAccessDenied):
            concern = Concern(Problem.NO_ACCESS, department_id)
        elif error.problem in _WATCHED:
            concern = Concern(error.problem)
        else:
            return
        if concern not in self._met:
            self._met[concern] = set()
            self._on_change(concern, True)  # noqa: FBT003 — a callback's second and last argument
        self._met[concern].add(operation)

    def worked(self, operation: str, department_id: int | None = None) -> None:
        """Tell that an operation worked."""
        for concern, operations in list(self._met.items()):
            if concern.department_id in {None, department_id}:
                operations.discard(operation)
            if not operations:
                del self._met[concern]
                self._on_change(concern, False)  # noqa: FBT003 — as above
