"""Who has which role: the admins, and the staff of departments. The settings say it, until a restart."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Self

NOTHING = frozenset[int]()


@dataclass(frozen=True, slots=True)
class Roles:
    """`admins` are Telegram user ids; `staff` has the departments of each member of staff, by user id.

    A private chat has the id of its user. Somebody may have both roles.
    """

    admins: frozenset[int] = NOTHING
    staff: Mapping[int, frozenset[int]] = field(default_factory=dict)

    @classmethod
    def of(cls, admins: Iterable[int], staff: Iterable[tuple[int, int]]) -> Self:
        """The roles by the settings; `staff` are departments, each with a user."""
        departments: dict[int, frozenset[int]] = {}
        for department, user in staff:
            departments[user] = departments.get(user, NOTHING) | {department}
        return cls(frozenset(admins), departments)

    @property
    def people(self) -> frozenset[int]:
        """Everybody who has a role."""
        return self.admins | self.staff.keys()

    def departments_of(self, user_id: int) -> frozenset[int]:
        """The departments whose staff this user is."""
        return self.staff.get(user_id, NOTHING)

    def staff_of(self, department_id: int) -> tuple[int, ...]:
        """The staff of a department."""
        return tuple(sorted(user for user, departments in self.staff.items() if department_id in departments))

    @property
    def staffed(self) -> tuple[int, ...]:
        """The departments that have staff."""
        return tuple(sorted(frozenset().union(*self.staff.values())))
