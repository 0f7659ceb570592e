"""Effects are frozen imperatives; a screen that replaces nothing is a new message."""

from dataclasses import FrozenInstanceError

import pytest

from bot.core.effects import Effect, LoadSlots, Show
from bot.core.screens import Menu


def test_an_effect_is_frozen() -> None:
    effect = LoadSlots(1)
    with pytest.raises(FrozenInstanceError):
        effect.department_id = 2  # type: ignore[misc]


def test_a_screen_that_replaces_nothing_is_a_new_message_without_a_remark() -> None:
    assert Show(Menu(), 1) == Show(Menu(), 1, message=None, notice=None)


def test_an_effect_has_a_name_of_its_own() -> None:
    names = [each.__name__ for each in Effect.__args__]
    assert len(names) == len(set(names))
