"""Whether a webhook is the service's own, and what it says."""

import hashlib
import hmac
import json
from datetime import UTC, datetime
from typing import Any

import pytest

from bot.app.records import StoredWebhook
from bot.app.webhook_worker import UnreadableWebhookError
from bot.core.model import AppointmentStatus
from bot.moncreneau import webhooks

BODY = '{"id":"evt_1","name":"Aïssatou"}'.encode()
SECRETS = ("newest", "older")
RECEIVED = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
OBJECT = {
    "id": 12345,
    "departmentId": 5,
    "dateTime": "2026-03-05T10:00:00",
    "status": "SCHEDULED",
    "name": "Aïssatou Bah",
    "externalUserId": "telegram:7",
}


def signature(secret: str, body: bytes = BODY) -> str:
    return hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


@pytest.mark.parametrize("secret", SECRETS)
def test_both_headers_and_every_secret_are_accepted(secret: str) -> None:
    assert webhooks.is_signed({"x-moncreneau-signature": f"sha256={signature(secret)}"}, BODY, SECRETS)
    assert webhooks.is_signed({"x-webhook-signature": signature(secret).upper()}, BODY, SECRETS)


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"x-moncreneau-signature": ""},
        {"x-moncreneau-signature": "sha256="},
        {"x-moncreneau-signature": f"sha256={signature('wrong')}"},
        {"x-moncreneau-signature": f"sha256={signature('newest', b'other bytes')}"},
        {"x-webhook-signature": "é" * 64},
        {"x-webhook-signature": "\udce9"},
        {"x-other": signature("newest")},
    ],
)
def test_other_signatures_are_refused(headers: dict[str, str]) -> None:
    assert not webhooks.is_signed(headers, BODY, SECRETS)


def test_without_a_secret_no_signature_is_accepted() -> None:
    assert not webhooks.is_signed({"x-webhook-signature": signature("")}, BODY, ())


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b'{"id": 5}', b'{"id": ""}', b'{"id": "\\u0000"}', b"{}", b"\xff", b"[" * 60_000]
)
def test_an_event_without_a_usable_id_is_named_by_its_bytes(body: bytes) -> None:
    assert webhooks.event_id(body) == hashlib.sha256(body).hexdigest()


def test_an_event_is_named_by_its_id() -> None:
    assert webhooks.event_id(BODY) == "evt_1"
    assert webhooks.event_id(json.dumps({"id": "e" * 129}).encode()) != "e" * 129


def read(said: Any = OBJECT, type_: str = "appointment.updated", created: Any = "2026-03-02T07:45:10") -> Any:
    body = json.dumps({"id": "evt_1", "type": type_, "created": created, "data": {"object": said}})
    return webhooks.read(StoredWebhook("evt_1", body, RECEIVED.timestamp()), UTC)


@pytest.mark.parametrize("created", ["2026-03-02T07:45:10", "2026-03-02T07:45:10Z", 1772437510, 1772437510000])
def test_an_event_has_the_appointments_state_and_time(created: Any) -> None:
    report = read(created=created)
    assert (report.appointment_id, report.owner, report.is_new) == (12345, "telegram:7", False)
    assert report.created == datetime.fromisoformat("2026-03-02T07:45:10")
    assert (report.appointment.status, report.appointment.name) == (AppointmentStatus.SCHEDULED, "Aïssatou Bah")


@pytest.mark.parametrize("created", [None, "soon", "2026-03-02T09:00:01", "2126-03-02T08:00:00"])
def test_a_webhook_without_a_possible_time_names_its_appointment_only(created: str | None) -> None:
    report = read(created=created)
    assert report.appointment is None, "nobody knows whether it is older than what is known"
    assert report.created == datetime.fromisoformat("2026-03-02T08:00:00")


@pytest.mark.parametrize("missing", ["departmentId", "dateTime", "status"])
def test_an_incomplete_webhook_names_its_appointment_only(missing: str) -> None:
    report = read({name: value for name, value in OBJECT.items() if name != missing})
    assert (report.appointment_id, report.appointment) == (12345, None)


def test_only_a_cancellation_by_the_office_has_a_canceller() -> None:
    assert read(OBJECT | {"cancelledBy": "ORGANIZATION"}).by_office is True
    assert read(OBJECT | {"cancelledBy": "api"}).by_office is None
    assert read().by_office is None


def test_the_reason_is_one_short_line_that_can_be_seen() -> None:
    assert read(OBJECT | {"cancelReason": "Grève\n\u202egénérale \u0000"}).reason == "Grève générale"
    long = read(OBJECT | {"cancelReason": "x" * 1000}).reason
    assert (len(long), long[-1]) == (300, "…")
    assert read(OBJECT | {"cancelReason": {"a": 1}}).reason == ""


def test_a_webhook_of_type_created_says_that_the_appointment_is_new() -> None:
    assert read(type_="appointment.created").is_new


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ("", "unreadable"),
        ("<html>", "unreadable"),
        ("[]", "unreadable"),
        ("[" * 60_000, "unreadable"),
        ('{"type": ["appointment.created"], "data": {"object": {"id": 1}}}', "unknown type"),
        ('{"type": "appointment.created"}', "unreadable"),
        ('{"type": "invoice.paid", "data": {"object": {"id": 1}}}', "unknown type"),
        ('{"type": "appointment.created", "data": {"object": {}}}', "no appointment"),
        ('{"type": "appointment.created", "data": {"object": "x"}}', "no appointment"),
    ],
)
def test_a_body_that_is_not_an_appointment_event_is_unreadable(body: str, why: str) -> None:
    with pytest.raises(UnreadableWebhookError, match=why):
        webhooks.read(StoredWebhook("evt_1", body, 0.0), UTC)
