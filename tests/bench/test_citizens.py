"""What the simulated citizens read on their screens."""

from datetime import datetime

from bench.citizens import Screen


def test_a_summary_names_the_slot_that_will_be_booked_not_the_one_that_was_asked_for() -> None:
    text = (
        "ℹ️ Quelqu’un d’autre vient de choisir mer. 11 mars à 08:30. Voici l’heure libre la plus proche.\n"
        "📅 jeudi 12 mars 2026 à 09:30 (heure de Conakry)\nVérifiez, puis confirmez"
    )
    assert Screen(1, text, ()).slot() == datetime(2026, 3, 12, 9, 30)  # noqa: DTZ001 — office time
