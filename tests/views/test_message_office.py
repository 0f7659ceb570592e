"""Whose hours these are."""

import pytest

from bot.views.message import CONAKRY, Office


@pytest.mark.parametrize(
    ("zone", "city"),
    [("Africa/Conakry", "Conakry"), ("America/Port_of_Spain", "Port of Spain"), ("UTC", "UTC"), ("A/B/C_D", "C D")],
)
def test_the_city_is_read_from_the_zones_name(zone: str, city: str) -> None:
    assert Office.of_zone(zone).city == city


def test_the_horizon_is_a_setting() -> None:
    assert Office.of_zone("Africa/Conakry", 90) == Office("Conakry", 90)
    assert Office("Conakry", 60) == CONAKRY
