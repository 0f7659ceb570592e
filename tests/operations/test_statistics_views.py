"""The statistics that admins read: in words, in both languages, and as a file."""

import csv
import io
from datetime import date, timedelta

from bot.core.rating import DepartmentRatings
from bot.core.statistics import Count, Counted
from bot.i18n import Translators
from bot.operations.statistics_views import csv_file, statistics

T = Translators.load()
TODAY = date(2026, 3, 4)
MONDAY = date(2026, 3, 2)
COUNTS = (
    Count(MONDAY, 5, Counted.BOOKED, 12),
    Count(MONDAY, 5, Counted.CANCELLED, 2),
    Count(MONDAY, 5, Counted.CANCELLED_BY_OFFICE, 1),
    Count(MONDAY, 6, Counted.BOOKED, 1),
    Count(MONDAY - timedelta(days=3), 5, Counted.NO_SHOW, 3),
    Count(MONDAY - timedelta(days=30), 7, Counted.BOOKED, 9),
)


def named(department_id: int) -> str:
    return {5: "Passeports", 6: "=Légalisation <1>"}.get(department_id, f"Service {department_id}")


def shown(*counts: Count, locale: str = "fr") -> list[str]:
    text = statistics(counts, (), TODAY, T.get(locale), named).text
    return text.replace("\u00a0", " ").splitlines()


def test_this_week_and_the_last_one_are_told_in_words() -> None:
    assert shown(*COUNTS) == [
        "📈 <b>Statistiques</b>",
        "",
        "<b>Cette semaine</b> (depuis lun. 2 mars)",
        "Rendez-vous pris : 13",
        "Annulés par les citoyens : 2",
        "Annulés par les services : 1",
        "",
        "<b>La semaine dernière</b> (depuis lun. 23 févr.)",
        "Absences : 3",
        "",
        "<b>Par service, ces deux semaines</b>",
        "Passeports : pris 12, déplacés 0, annulés 3, absences 3",
        "=Légalisation &lt;1&gt; : pris 1, déplacés 0, annulés 0, absences 0",
    ]


def test_what_citizens_said_after_their_visits_is_counted_by_department() -> None:
    rated = (DepartmentRatings(5, (7, 2, 1, 0, 1)), DepartmentRatings(6, (0, 5, 0, 0, 0)))
    french, english = (statistics((), rated, TODAY, T.get(each), named).text for each in ("fr", "en"))
    assert french.replace("\u00a0", " ").splitlines()[-3:] == [
        "<b>Avis après une visite, depuis 12 semaines</b>",
        "Passeports : 7 très bien, 2 bien, 1 moyen, 0 mauvais, 1 très mauvais",
        "=Légalisation &lt;1&gt; : 0 très bien, 5 bien, 0 moyen, 0 mauvais, 0 très mauvais",
    ]
    assert "Passeports: 7 very good, 2 good, 1 fair, 0 poor, 1 very poor" in english


def test_an_office_without_any_figures_reads_that_there_are_none() -> None:
    assert shown(locale="en") == [
        "📈 <b>Statistics</b>",
        "",
        "<b>This week</b> (since Mon 2 Mar)",
        "Nothing so far.",
        "",
        "<b>Last week</b> (since Mon 23 Feb)",
        "Nothing so far.",
    ]


def test_a_ministry_with_many_departments_gets_a_message_that_telegram_takes() -> None:
    many = [Count(MONDAY, number, what, 10**6) for number in range(100) for what in Counted]
    lines = shown(*many)
    assert lines[-1] == "Et 92 autres services, dans le fichier."
    rated = [DepartmentRatings(number, (10**6,) * 5) for number in range(100)]
    text = statistics(many, rated, TODAY, T.get("fr"), lambda number: f"{number}" * 100).text
    assert text.count("très mauvais") == 8
    assert len(text) < 4096


def test_the_file_has_all_weeks_and_no_formula() -> None:
    text = csv_file(COUNTS, named).decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text)))
    assert [(row["week"], row["department_id"], row["department"], row["booked"]) for row in rows] == [
        ("2026-03-02", "5", "Passeports", "12"),
        ("2026-03-02", "6", "'=Légalisation <1>", "1"),
        ("2026-02-23", "5", "Passeports", "0"),
        ("2026-01-26", "7", "Service 7", "9"),
    ]
    assert [rows[2][each] for each in ("no_show", "cancelled", "lost_race")] == ["3", "0", "0"]
