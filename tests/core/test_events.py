"""Events are frozen past participles, each with the moment at which it happened."""

from dataclasses import FrozenInstanceError

import pytest

from bot.core import events
from bot.core.events import CitizenEvent, Commanded, Event, Pressed, SentSomething, Typed
from tests.core.examples import NOW


def test_an_event_is_frozen() -> None:
    event = Typed(at=NOW, text="Bah")
    with pytest.raises(FrozenInstanceError):
        event.text = "Sow"  # type: ignore[misc]


def test_only_what_a_citizen_did_tells_of_their_phone() -> None:
    theirs = {each for each in vars(events).values() if isinstance(each, type) and issubclass(each, CitizenEvent)}
    assert theirs == {CitizenEvent, Pressed, Commanded, Typed, SentSomething}
    assert all(issubclass(each, Event) for each in theirs)
