"""The status and the alerts that admins read, in both languages."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from bot.core.health import (
    ApiHealth,
    BotIssue,
    ChatLimit,
    HealthReport,
    OperatorIssue,
    PlaceAlertHealth,
    ReminderHealth,
    ReplicaHealth,
    Role,
    UpdatesHealth,
    WebhookHealth,
)
from bot.core.model import FailureCode
from bot.i18n import Translators
from bot.operations.views import alert, status
from bot.views.message import CONAKRY

NOW = datetime(2026, 3, 2, 14, 30, tzinfo=UTC)
T = Translators.load()
CREDITS, ACCESS = OperatorIssue(FailureCode.OUT_OF_CREDITS), OperatorIssue(FailureCode.NO_ACCESS)
PASSPORTS = OperatorIssue(FailureCode.NO_ACCESS, 5)
API = ApiHealth(
    reachable=True,
    heard=datetime(2026, 3, 2, 14, 29, tzinfo=UTC),
    limit=1000,
    remaining=640,
    reset=datetime(2026, 3, 2, 15, 0, tzinfo=UTC),
    hits=97,
    misses=3,
    booked=200,
    lost_races=3,
    slot_age=8.4,
    last_error="503 SERVICE_UNAVAILABLE",
    last_error_at=datetime(2026, 3, 2, 9, 5, tzinfo=UTC),
)
FINE = HealthReport(
    at=NOW,
    since=NOW - timedelta(days=3, hours=4, minutes=12, seconds=59),
    api=API,
    requests_today=325,
    booked_today=300,
    inbox=1,
    outbox=2,
    attempts=3,
    set_aside=4,
    telegram=True,
    database=True,
)


def named(department_id: int) -> str:
    return f"Passeports & Co ({department_id})"


def shown(condition: HealthReport, locale: str = "fr", zone: str = "Africa/Conakry") -> str:
    return status(condition, T.get(locale), CONAKRY, ZoneInfo(zone), named).text.replace("\u00a0", " ")


def test_the_status_explains_every_figure() -> None:
    assert shown(FINE).splitlines() == [
        "📊 <b>État du bot</b>",
        "",
        "✅ L’API moncreneau répond.",
        "Dernière réponse : lun. 2 mars à 14:29",
        "Requêtes restantes cette heure : <b>640</b> sur 1000, renouvelées à 15:00 (heure de Conakry)",
        "",
        "Âge des horaires montrés : <b>8 s</b> (médiane)",
        "Horaires pris juste avant la confirmation : <b>0,02</b> par réservation (refus : 3, réservations : 200)",
        "",
        "Lectures servies par le cache : <b>97 %</b> sur 100",
        "Requêtes par réservation aujourd’hui : <b>1,08</b> (requêtes : 325, réservations : 300)",
        "",
        "En attente de traitement : 1",
        "En attente d’envoi : 2",
        "Réservations, déplacements et annulations en attente de réponse : 3",
        "Messages mis de côté après une erreur de notre part : 4",
        "",
        "✅ Telegram répond.",
        "✅ La base de données accepte les écritures.",
        "",
        "Dernière erreur de l’API : <code>503 SERVICE_UNAVAILABLE</code>, lun. 2 mars à 09:05",
        "En marche depuis 3 j 4 h 12 min",
    ]


def test_in_english_too_with_its_own_numbers() -> None:
    text = shown(FINE, "en")
    assert "<b>1.08</b> (requests: 325, bookings: 300)" in text
    assert "Last error of the API: <code>503 SERVICE_UNAVAILABLE</code>, Mon 2 Mar at 09:05" in text


def test_chats_that_have_waited_for_long_are_counted() -> None:
    assert "⚠️ 1 discussion attend un message depuis plus de 10 minutes" in shown(replace(FINE, stalled=1))
    assert "⚠️ 2 chats have been waiting for a message for over 10 minutes" in shown(replace(FINE, stalled=2), "en")


def test_the_status_shows_office_time() -> None:
    assert "renouvelées à 16:00" in shown(FINE, zone="Africa/Lagos")
    assert "10:05" in shown(FINE, zone="Africa/Lagos")


def test_unknown_values_are_shown_as_unknown() -> None:
    text = shown(replace(FINE, api=ApiHealth(reachable=True), booked_today=0))
    assert "Âge des horaires" not in text
    assert "\n\n\n" not in text
    assert "Requêtes restantes cette heure : pas encore connues" in text
    assert "Lectures servies par le cache : aucune lecture jusqu’ici" in text
    assert "aujourd’hui : encore aucune réservation (requêtes : 325)" in text
    assert "Dernière erreur de l’API : aucune depuis le démarrage" in text


def test_the_status_says_when_the_api_was_last_asked() -> None:
    text = shown(replace(FINE, api=replace(API, heard=NOW - timedelta(minutes=20))), "en")
    assert "answered when it was last asked" in text
    assert "Last answer: Mon 2 Mar at 14:10" in text
    assert "Last answer: none since the start" in shown(replace(FINE, api=ApiHealth(reachable=True)), "en")


def test_an_api_that_reads_but_does_not_book_is_shown_as_such() -> None:
    text = shown(replace(FINE, api=replace(API, accepts=False)), "en")
    assert "✅ The moncreneau API answers." in text
    assert "⚠️ It does not accept bookings or cancellations at the moment" in text


def test_the_status_highlights_failures() -> None:
    api = replace(
        API,
        reachable=False,
        remaining=None,
        blocked_until=datetime(2026, 3, 2, 14, 45, tzinfo=UTC),
        open_issues=frozenset({CREDITS, ACCESS, PASSPORTS}),
    )
    text = shown(replace(FINE, api=api, telegram=False, database=False), "en")
    for words in (
        "⚠️ The moncreneau API does not answer.",
        "⚠️ <b>The moncreneau API refuses our key (401 or 403).</b>",
        "⚠️ <b>The moncreneau API refuses our key for one department: Passeports &amp; Co (5).</b>",
        "⚠️ <b>The moncreneau credits are used up: nothing can be booked.</b>",
        "<b>0</b> of 1000",
        "nothing is sent before Mon 2 Mar at 14:45 (Conakry time)",
        "⚠️ Telegram does not answer.",
        "⚠️ The database does not accept writes.",
    ):
        assert words in text


@pytest.mark.parametrize("issue", [CREDITS, ACCESS, PASSPORTS, OperatorIssue(BotIssue.LATE_UPDATES)])
@pytest.mark.parametrize("locale", T.supported)
def test_an_alert_says_what_to_do_and_the_all_clear_that_it_works_again(issue: OperatorIssue, locale: str) -> None:
    begins, over = (alert(issue, T.get(locale), named, present=present).text for present in (True, False))
    assert begins.startswith("⚠️ ")
    assert len(begins.splitlines()) == 2
    assert over.startswith("✅ ")


def test_webhooks_stand_there_where_they_are_received() -> None:
    assert "webhook" not in shown(FINE).lower()
    never = replace(FINE, webhooks=WebhookHealth(last=None, refused=0, set_aside=0))
    assert "Aucun webhook" in shown(never)
    assert "refusés" not in shown(never)
    some = replace(FINE, webhooks=WebhookHealth(last=NOW, refused=2, set_aside=1))
    assert "Dernier webhook de moncreneau : lun. 2 mars à 14:30" in shown(some)
    assert "⚠️ Webhooks refusés (signature) : 2 · mis de côté : 1" in shown(some)


def test_updates_stand_there_where_they_come_by_webhook() -> None:
    assert "Telegram :" not in shown(FINE)
    never = replace(FINE, updates=UpdatesHealth(last=None, refused=0, postponed=0))
    assert "Aucun message de Telegram" in shown(never)
    assert "refusées" not in shown(never)
    assert "n’arrive pas à livrer" not in shown(never)
    some = replace(FINE, updates=UpdatesHealth(last=NOW, refused=2, postponed=1, can_deliver=False))
    assert "⚠️ Telegram n’arrive pas à livrer les messages des citoyens" in shown(some)
    assert "Dernier message de Telegram : lun. 2 mars à 14:30" in shown(some)
    assert "⚠️ Requêtes refusées à l’adresse du webhook : 2 · remises à plus tard : 1" in shown(some)


def test_the_status_tells_how_long_the_oldest_update_waits() -> None:
    assert "La plus ancienne attend depuis 12 s" in shown(replace(FINE, oldest_update=12.4))
    for age in (None, 0.0, 0.9):
        assert "La plus ancienne" not in shown(replace(FINE, oldest_update=age))


def test_the_status_tells_of_reminders() -> None:
    words = shown(replace(FINE, reminders=ReminderHealth(due=3, late=1, sent=9, dropped=2, coming=4)))
    assert "Rappels à envoyer maintenant : 3 · en retard : 1 · abandonnés car dépassés : 2" in words


def test_the_status_tells_of_alerts_for_earlier_places() -> None:
    words = shown(replace(FINE, place_alerts=PlaceAlertHealth(open=12, sent=5)))
    assert "Alertes de places plus tôt : 12 en cours · 5 messages envoyés" in words.replace("\u00a0", " ")


def test_moves_stand_there_by_outcome() -> None:
    assert "déplacés" not in shown(FINE)
    words = shown(replace(FINE, moves={"moved": 5, "both": 1, "slot_taken": 2, "withdrawn": 1}))
    assert "Rendez-vous déplacés : 5 · ancien non annulé : 1 · non déplacés : 3" in words.replace("\u00a0", " ")


def test_limits_that_single_people_reached_stand_there_by_cause() -> None:
    assert "🚦" not in shown(FINE)
    reached = replace(FINE, limits_reached={ChatLimit.READINGS: 2, ChatLimit.PER_DAY: 7})
    assert shown(reached).split("🚦 ")[1].splitlines()[:3] == [
        "Limites atteintes par une même personne depuis le démarrage :",
        "• trop de réservations en un jour : 7",
        "• trop de consultations d’horaires : 2",
    ]


LEADER = ReplicaHealth(
    role=Role.LEADER,
    replica="vm1-812-9f3a",
    leader="vm1-812-9f3a",
    since=datetime(2026, 3, 1, 22, 5, tzinfo=UTC),
    epoch=7,
    lease_age=1.4,
    takeovers=2,
    standbys=1,
)


LED = {
    "fr": "est le processus principal depuis dim. 1er mars à 22:05 (époque 7, dernier signe de vie il y a 1 s)\n"
    "1 autre processus est en réserve\nFins brutales du processus principal\xa0: 2",
    "en": "leads since Sun 1 Mar at 22:05 (epoch 7; last sign of life 1 s ago)\n"
    "1 other process stands by\nSudden ends of the process that led: 2",
}


@pytest.mark.parametrize("locale", LED)
def test_the_status_says_who_leads_and_who_stands_by(locale: str) -> None:
    found = status(replace(FINE, replica=LEADER), T.get(locale), CONAKRY, ZoneInfo("Africa/Conakry"), named).text
    assert f"👑 vm1-812-9f3a {LED[locale]}" in found


def test_the_status_says_if_no_process_stands_by_and_nothing_on_sqlite() -> None:
    alone = replace(LEADER, standbys=0, takeovers=0)
    found = status(replace(FINE, replica=alone), T.get("en"), CONAKRY, ZoneInfo("Africa/Conakry"), named).text
    assert "No other process stands by." in found
    assert "Sudden ends" not in found
    assert "👑" not in status(FINE, T.get("en"), CONAKRY, ZoneInfo("Africa/Conakry"), named).text
