"""Who has which role."""

from bot.app.roles import Roles


def test_somebody_may_be_staff_of_several_departments_and_an_admin_too() -> None:
    roles = Roles.of([900], [(5, 901), (6, 901), (5, 900), (5, 902)])
    assert roles.people == {900, 901, 902}
    assert roles.departments_of(901) == {5, 6}
    assert roles.departments_of(900) == {5}
    assert roles.departments_of(77) == frozenset()
    assert roles.staff_of(5) == (900, 901, 902)
    assert roles.staffed == (5, 6)


def test_without_settings_nobody_has_a_role() -> None:
    roles = Roles.of([], [])
    assert (roles.people, roles.staffed) == (frozenset(), ())
