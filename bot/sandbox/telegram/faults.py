"""Faults on request: which call fails, how, and how often. Knows nothing of how a call is answered.

Probabilities use a seeded generator, so a failed run can be repeated.
"""

import random
from dataclasses import asdict, dataclass
from typing import Any, Literal, get_args

FaultKind = Literal[
    "delay", "status", "html", "drop_before", "drop_after", "hang_before", "hang_after", "flood", "blocked"
]
"""`before` and `after` tell whether the method has run. A hang gives no response and keeps the connection open."""


@dataclass(slots=True)
class Fault:
    """One rule. `method` and `chat_id` of `None` match every call; `times` of `None` means without end."""

    kind: FaultKind
    method: str | None = None
    chat_id: int | None = None
    probability: float = 1.0
    times: int | None = None
    skip: int = 0
    seconds: float = 1.0
    status: int = 502
    retry_after: int = 5
    hits: int = 0

    def matches(self, method: str, chat_id: int | None) -> bool:
        """Tell whether the rule applies to this call and is not used up."""
        return (
            (self.times is None or self.hits < self.times)
            and (self.method is None or self.method.lower() == method)
            and (self.chat_id is None or self.chat_id == chat_id)
        )


class Faults:
    """The rules in force, tried in the order in which they were added."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)  # noqa: S311 — repeatable on purpose
        self.rules: list[Fault] = []

    def add(self, rule: dict[str, Any]) -> None:
        """Add a rule from its JSON form; raises `ValueError` that says what is wrong with it."""
        fields = dict(rule)
        fields |= fields.pop("match", {})
        if fields.get("kind") not in get_args(FaultKind):
            raise ValueError(f"kind must be one of {', '.join(get_args(FaultKind))}")
        try:
            self.rules.append(Fault(**fields))
        except TypeError as error:
            raise ValueError(str(error)) from error

    def clear(self, seed: int | None = None) -> None:
        """Remove all rules, and with `seed` restart the random generator."""
        self.rules.clear()
        if seed is not None:
            self._random.seed(seed)

    def pick(self, method: str, chat_id: int | None) -> Fault | None:
        """Return the first rule that hits this call, and count the hit."""
        for rule in self.rules:
            if not rule.matches(method, chat_id):
                continue
            if rule.skip > 0:
                rule.skip -= 1
                continue
            if rule.probability >= 1 or self._random.random() < rule.probability:
                rule.hits += 1
                return rule
        return None

    def as_json(self) -> list[dict[str, Any]]:
        """Return the rules, each with the number of calls that it hit."""
        return [asdict(rule) for rule in self.rules]
