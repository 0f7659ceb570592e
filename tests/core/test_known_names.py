"""Which names a chat remembers, which of them is the default, and which goes first."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given as drawn
from hypothesis import strategies as st

from bot.core import known_names
from bot.core.known_names import MOST, KnownName, KnownNames
from bot.core.names import fold
from tests.core.examples import NOW, known

FAMILY = ("Aïssatou Bah", "Fatou Camara", "Ibrahima Sow", "Mariama Diallo", "Sékou Touré", "Kadiatou Barry", "Bob")
bookings = st.lists(st.tuples(st.sampled_from(FAMILY), st.booleans()), max_size=20)


def after(*booked: tuple[str, bool]) -> KnownNames:
    """What is remembered after these bookings, an hour apart: the name, and whether it was said to be a relative's."""
    names: KnownNames = ()
    for hours, (name, is_relative) in enumerate(booked):
        names = known_names.remember(names, name, NOW + timedelta(hours=hours), is_relative=is_relative)
    return names


def test_the_default_is_the_first_name_that_was_booked() -> None:
    assert known_names.default(()) is None
    assert known_names.default(after(("Aïssatou Bah", False), ("Fatou Camara", False))) == "Aïssatou Bah"


def test_a_relatives_name_is_never_the_default() -> None:
    assert known_names.default(after(("Fatou Camara", True))) is None
    assert known_names.default(after(("Fatou Camara", True), ("Aïssatou Bah", False))) == "Aïssatou Bah"


def test_whose_a_name_is_does_not_change() -> None:
    assert known_names.default(after(("Aïssatou Bah", False), ("AISSATOU BAH", True))) == "AISSATOU BAH"
    mixed = after(("Fatou Camara", True), ("Aïssatou Bah", False), ("Fatou Camara", False))
    assert known_names.default(mixed) == "Aïssatou Bah"


def test_the_same_name_in_another_spelling_is_the_same_name_and_its_last_spelling_counts() -> None:
    assert [each.name for each in after(("Sekou Toure", False), ("Sékou Touré", False))] == ["Sékou Touré"]


def test_the_default_is_offered_first_and_then_the_name_that_was_used_last() -> None:
    names = after(("Aïssatou Bah", False), ("Fatou Camara", True), ("Ibrahima Sow", True))
    assert known_names.offered(names) == ("Aïssatou Bah", "Ibrahima Sow", "Fatou Camara")
    used = known_names.use(names, "fatou camara", NOW + timedelta(days=1))
    assert known_names.offered(used) == ("Aïssatou Bah", "Fatou Camara", "Ibrahima Sow")


def test_of_too_many_names_the_least_recently_used_goes_but_not_the_default() -> None:
    relatives = [(name, True) for name in FAMILY[1:6]]
    names = [each.name for each in after(("Aïssatou Bah", False), *relatives)]
    assert names == ["Aïssatou Bah", *FAMILY[2:6]]
    again = [each.name for each in after(("Aïssatou Bah", False), *relatives[:4], relatives[0], relatives[4])]
    assert again == ["Aïssatou Bah", "Fatou Camara", "Mariama Diallo", "Sékou Touré", "Kadiatou Barry"]


def test_a_use_of_a_name_that_is_not_remembered_changes_nothing() -> None:
    names = known("Aïssatou Bah")
    assert known_names.use(names, "Bob", NOW) == names
    assert known_names.use(names, "", NOW) == names


def test_a_name_is_forgotten_by_its_mark_which_stays_the_same() -> None:
    names = known("Aïssatou Bah", "Fatou Camara")
    mark = names[1].mark
    assert KnownName("FATOU CAMARA", NOW + timedelta(days=9)).mark == mark
    assert known_names.without(names, mark) == names[:1]
    assert known_names.without(names[:1], mark) == names[:1]


def test_names_go_a_while_after_their_last_use() -> None:
    old, new = known("Aïssatou Bah", used=NOW - timedelta(days=400)), known("Fatou Camara", used=NOW)
    assert known_names.since(old + new, NOW, timedelta(days=365)) == new


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        ((), False),
        (("Aïssatou Bah", None, ""), False),
        (("Aïssatou Bah", "AISSATOU  BAH"), False),
        (("Aïssatou Bah", "Fatou"), True),
    ],
)
def test_names_of_two_persons_are_several(names: tuple[str | None, ...], *, expected: bool) -> None:
    assert known_names.are_several(names) is expected


@drawn(bookings)
def test_whatever_is_booked_the_rules_hold(booked: list[tuple[str, bool]]) -> None:
    names = after(*booked)
    assert len(names) <= MOST
    assert len({fold(each.name) for each in names}) == len(names)
    first = dict(reversed(booked))
    default = known_names.default(names)
    assert default in {name for name, is_relative in first.items() if not is_relative} or default is None
    if booked:
        assert booked[-1][0] in {each.name for each in names}, "the one that was just booked is remembered"
    last_use = {name: hours for hours, (name, _) in enumerate(booked)}
    lost = [hours for name, hours in last_use.items() if name not in {each.name for each in names}]
    kept = [last_use[each.name] for each in names if each.name != default]
    assert max(lost, default=-1) < min(kept, default=len(booked)), "the least recently used went"


@drawn(bookings, st.tuples(st.sampled_from(FAMILY), st.booleans()))
def test_a_booking_never_replaces_the_default(booked: list[tuple[str, bool]], then: tuple[str, bool]) -> None:
    before = known_names.default(after(*booked))
    assert before is None or known_names.default(after(*booked, then)) == before


@drawn(bookings)
def test_the_first_own_name_stays_the_default_whoever_else_is_booked_for(booked: list[tuple[str, bool]]) -> None:
    names = after(("Aïssatou Bah", False), *booked)
    assert known_names.default(names) == "Aïssatou Bah"


def test_a_use_is_counted_at_its_time() -> None:
    later = datetime.fromisoformat("2026-05-01T08:00")
    assert known_names.use(known("Bob"), "bob", later)[0].used == later
