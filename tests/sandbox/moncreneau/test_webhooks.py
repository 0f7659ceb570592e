"""Webhooks: which events are sent, how they are signed, when they are tried again, and their faults."""

import asyncio
import hashlib
import hmac
import socket
from collections.abc import Callable
from random import Random
from typing import Any

import pytest

from bot.sandbox.moncreneau import MoncreneauSandbox
from bot.sandbox.moncreneau.store import Appointment
from bot.sandbox.moncreneau.webhooks import SCHEDULE, Webhooks
from tests.sandbox.moncreneau.client import MONDAY, SLOT, ApiClient, error_of, open_sandbox
from tests.sandbox.moncreneau.receiver import DROP, Receiver

SECRET = "s3cret"


def signature(body: bytes, secret: str = SECRET) -> str:
    return hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


async def deliveries(api: ApiClient) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await api.control("GET", "/webhooks")).json()["deliveries"]
    return found


async def until(api: ApiClient, holds: Callable[[list[dict[str, Any]]], bool]) -> list[dict[str, Any]]:
    """Ask for the deliveries until this holds; the test's own time limit ends what never comes."""
    while not holds(found := await deliveries(api)):
        pass
    return found


async def fault(api: ApiClient, kind: str, **fields: Any) -> None:
    answer = await api.control("POST", "/webhooks/faults", [{"kind": kind} | fields])
    assert answer.status_code == 201, answer.text


# --- what is sent


async def test_a_booking_by_a_client_of_the_api_is_told(webhook_api: ApiClient, receiver: Receiver) -> None:
    booked = (await webhook_api.book(externalUserId="telegram:7", name="Aïssatou N'Diaye")).json()
    event = (await receiver.next()).event
    assert event.pop("id").startswith("evt_")
    assert event == {"type": "appointment.created", "created": "2026-03-02T09:10:00", "data": {"object": booked}}


async def test_a_cancellation_by_a_client_of_the_api_is_told(webhook_api: ApiClient, receiver: Receiver) -> None:
    await webhook_api.book()
    created = await receiver.next()
    await webhook_api.cancel(12345)
    cancelled = await receiver.next()
    assert cancelled.event["type"] == "appointment.cancelled"
    assert cancelled.object == created.object | {
        "status": "CANCELLED",
        "cancelledAt": "2026-03-02T09:10:00",
        "cancelledBy": "api",
        "cancelReason": None,
        "creditsRefunded": 1,
    }


async def test_changes_by_the_office_send_webhooks(webhook_api: ApiClient, receiver: Receiver) -> None:
    for hour in ("08:00", "08:30", "09:00"):
        body = {"chat": 7, "departmentId": 5, "dateTime": f"2026-03-04T{hour}:00", "name": "Hawa"}
        await webhook_api.control("POST", "/appointments", body)
        assert (await receiver.next()).object["externalUserId"] == "telegram:7"
    await webhook_api.office(12345, "move", dateTime="2026-03-05T08:30:00")
    moved = await receiver.next()
    assert moved.event["type"] == "appointment.updated"
    assert moved.object["dateTime"] == "2026-03-05T08:30:00"
    assert moved.object["changes"] == {"dateTime": {"from": "2026-03-04T08:00:00", "to": "2026-03-05T08:30:00"}}
    await webhook_api.office(12345, "cancel", reason="Grève", by="Mme Diallo")
    cancelled = (await receiver.next()).object
    assert (cancelled["cancelReason"], cancelled["cancelledBy"]) == ("Grève", "Mme Diallo")
    await webhook_api.office(12346, "validate")
    validated = await receiver.next()
    assert (validated.event["type"], validated.object["status"]) == ("appointment.validated", "COMPLETED")
    await webhook_api.office(12347, "no-show")
    missed = await receiver.next()
    assert missed.event["type"] == "appointment.updated"
    assert missed.object["changes"] == {"status": {"from": "SCHEDULED", "to": "NO_SHOW"}}


async def test_a_change_without_effect_sends_no_webhook(webhook_api: ApiClient) -> None:
    await webhook_api.book()
    await webhook_api.control("POST", "/appointments/12345/status", {"status": "SCHEDULED"})
    await webhook_api.book(name="")
    assert [each["type"] for each in await deliveries(webhook_api)] == ["appointment.created"]


async def test_created_can_be_unix_seconds(webhook_api: ApiClient, receiver: Receiver) -> None:
    await webhook_api.control("POST", "/webhooks", {"createdAs": "unix"})
    await webhook_api.book()
    assert (await receiver.next()).event["created"] == int(MONDAY.timestamp())


async def test_without_an_address_nothing_is_sent_or_kept(api: ApiClient) -> None:
    await api.book()
    assert await deliveries(api) == []


# --- how it is signed


async def test_the_headers_of_the_documentation(webhook_api: ApiClient, receiver: Receiver) -> None:
    await webhook_api.book(name="Aïssatou")
    got = await receiver.next()
    assert got.headers["x-moncreneau-event"] == "appointment.created"
    assert got.headers["x-moncreneau-signature"] == f"sha256={signature(got.body)}"
    assert got.headers["content-type"] == "application/json"
    assert "x-webhook-signature" not in got.headers
    assert "Aïssatou".encode() in got.body


async def test_the_headers_of_the_sdks(webhook_api: ApiClient, receiver: Receiver) -> None:
    await webhook_api.control("POST", "/webhooks", {"style": "sdk", "secret": "other"})
    await webhook_api.book()
    got = await receiver.next()
    assert got.headers["x-webhook-signature"] == signature(got.body, "other")
    assert not any(name.startswith("x-moncreneau") for name in got.headers)


# --- when it is tried again


async def test_a_delivery_is_tried_again_until_it_is_accepted(webhook_api: ApiClient, receiver: Receiver) -> None:
    receiver.answers = [503, 302, DROP]
    await webhook_api.book()
    bodies = {got.body for got in await receiver.take(4)}
    assert len(bodies) == 1
    (delivery,) = await until(webhook_api, lambda found: found[0]["state"] == "delivered")
    assert [attempt.isdigit() for attempt in delivery["attempts"]] == [True, True, False, True]
    assert delivery["attempts"][::3] == ["503", "204"]


async def test_a_delivery_is_given_up_after_ten_attempts(webhook_api: ApiClient, receiver: Receiver) -> None:
    receiver.status = 500
    await webhook_api.book()
    (delivery,) = await until(webhook_api, lambda found: found[0]["state"] == "failed")
    assert delivery["attempts"] == ["500"] * 10


async def test_attempts_follow_the_schedule_times_the_factor() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        closed = taken.getsockname()[1]
    pauses: list[float] = []
    given_up = asyncio.Event()

    async def sleep(seconds: float) -> None:
        pauses.append(seconds)
        if len(pauses) == len(SCHEDULE):
            given_up.set()

    config = MoncreneauSandbox(webhook_url=f"http://127.0.0.1:{closed}/", webhook_time_factor=0.5)
    webhooks = Webhooks(config, Random(0), sleep)  # noqa: S311 — no fault draws from it
    at = MONDAY.replace(tzinfo=None)
    webhooks.publish(None, Appointment(1, 5, at, "Hawa", "SCHEDULED", None, None, "mk_x", at, at))
    await given_up.wait()
    hours = (2, 5, 10, 14, 20, 24)
    assert pauses == [0, 2.5, 150, 900, *(hour * 1800 for hour in hours)]
    await webhooks.aclose()


async def test_an_attempt_without_an_answer_times_out(webhook_api: ApiClient, receiver: Receiver) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"http://127.0.0.1:{silent.getsockname()[1]}/"
        await webhook_api.control("POST", "/webhooks", {"url": address, "timeoutSeconds": 0.5, "timeFactor": 0.001})
        await webhook_api.book()
        await until(webhook_api, lambda found: found[0]["attempts"] != [])
        await webhook_api.control("POST", "/webhooks", {"url": receiver.url, "timeoutSeconds": 15})
        await receiver.next()
    (delivery,) = await until(webhook_api, lambda found: found[0]["state"] == "delivered")
    assert delivery["attempts"][0] == "ReadTimeout"


async def test_410_disables_the_endpoint_until_it_is_set_again(webhook_api: ApiClient, receiver: Receiver) -> None:
    receiver.answers = [410]
    await webhook_api.book()
    await until(webhook_api, lambda found: found[0]["state"] == "disabled")
    assert (await webhook_api.control("GET", "/webhooks")).json()["disabled"] is True
    await webhook_api.cancel(12345)
    assert len(await deliveries(webhook_api)) == 1
    assert (await webhook_api.control("POST", "/webhooks", {"url": receiver.url})).json()["disabled"] is False
    await receiver.next()
    await webhook_api.book()
    assert (await receiver.next()).event["type"] == "appointment.created"
    assert receiver.is_empty


async def test_a_disabled_endpoint_gets_no_further_attempt(webhook_api: ApiClient, receiver: Receiver) -> None:
    receiver.answers = [410]
    await fault(webhook_api, "reorder", count=2)
    await webhook_api.book()
    await webhook_api.cancel(12345)
    await until(webhook_api, lambda found: {each["state"] for each in found} == {"disabled"})
    assert [each["attempts"] for each in await deliveries(webhook_api)] == [[], ["410"]]


@pytest.mark.parametrize("url", ["ftp://127.0.0.1/", "http://", "nonsense", "http://127.0.0.1:port/"])
async def test_every_delivery_to_an_invalid_address_fails(webhook_api: ApiClient, url: str) -> None:
    await webhook_api.control("POST", "/webhooks", {"url": url})
    await webhook_api.book()
    (delivery,) = await until(webhook_api, lambda found: found[0]["state"] == "failed")
    assert set(delivery["attempts"]) <= {"UnsupportedProtocol", "InvalidURL"}


async def test_the_end_of_the_service_waits_for_no_retry(receiver: Receiver, caplog: pytest.LogCaptureFixture) -> None:
    receiver.status = 500
    async with open_sandbox(webhook_url=receiver.url) as api:
        await api.book()
        await until(api, lambda found: found[0]["attempts"] == ["500"])
    assert not caplog.records


# --- faults


async def test_an_event_can_be_sent_several_times(webhook_api: ApiClient, receiver: Receiver) -> None:
    await fault(webhook_api, "duplicate", count=3, times=1)
    await webhook_api.book()
    assert len({got.body for got in await receiver.take(3)}) == 1
    await webhook_api.cancel(12345)
    assert (await receiver.next()).event["type"] == "appointment.cancelled"
    assert receiver.is_empty


async def test_an_event_can_be_lost(webhook_api: ApiClient, receiver: Receiver) -> None:
    await fault(webhook_api, "drop", match={"type": "appointment.created"})
    await webhook_api.book()
    await webhook_api.cancel(12345)
    assert (await receiver.next()).event["type"] == "appointment.cancelled"
    assert (await deliveries(webhook_api))[0]["state"] == "dropped"


async def test_events_can_arrive_in_reverse_order(webhook_api: ApiClient, receiver: Receiver) -> None:
    await fault(webhook_api, "reorder", count=3)
    await webhook_api.book()
    await webhook_api.office(12345, "move", dateTime="2026-03-05T08:30:00")
    assert [each["state"] for each in await deliveries(webhook_api)] == ["held", "held"]
    assert receiver.is_empty
    await webhook_api.office(12345, "cancel")
    types = [got.event["type"].partition(".")[2] for got in await receiver.take(3)]
    assert types == ["cancelled", "updated", "created"]


async def test_events_are_shuffled_the_same_way_for_the_same_seed(receiver: Receiver) -> None:
    runs = []
    for seed in (3, 3, 4):
        async with open_sandbox(webhook_url=receiver.url, seed=seed, capacity=9) as api:
            await fault(api, "shuffle", count=8)
            for _ in range(8):
                await api.book()
            runs.append([got.object["id"] for got in await receiver.take(8)])
    assert runs[0] == runs[1] != runs[2]
    assert sorted(runs[0]) == list(range(12345, 12353)) != runs[0]


async def test_the_end_of_faults_sends_what_they_held_back(webhook_api: ApiClient, receiver: Receiver) -> None:
    await fault(webhook_api, "shuffle", count=100)
    await webhook_api.book()
    await webhook_api.cancel(12345)
    assert (await webhook_api.control("DELETE", "/webhooks/faults")).status_code == 204
    types = [got.event["type"] for got in await receiver.take(2)]
    assert types == ["appointment.created", "appointment.cancelled"]
    assert (await webhook_api.control("GET", "/webhooks")).json()["faults"] == []


async def test_a_held_event_that_is_refused_is_tried_again(webhook_api: ApiClient, receiver: Receiver) -> None:
    receiver.answers = [500]
    await fault(webhook_api, "reorder", count=2)
    await webhook_api.book()
    await webhook_api.cancel(12345)
    assert len({got.body for got in await receiver.take(3)}) == 2
    await until(webhook_api, lambda found: all(each["state"] == "delivered" for each in found))


async def test_an_event_can_be_late(webhook_api: ApiClient, receiver: Receiver) -> None:
    await fault(webhook_api, "delay", seconds=3600, match={"appointmentId": 12345})
    await webhook_api.book()
    await webhook_api.book()
    assert (await receiver.next()).object["id"] == 12346
    assert receiver.is_empty


@pytest.mark.parametrize(("fields", "secret"), [({}, "whsec_wrong"), ({"secret": "last year's"}, "last year's")])
async def test_an_attempt_can_be_signed_with_a_wrong_or_old_secret(
    webhook_api: ApiClient, receiver: Receiver, fields: dict[str, str], secret: str
) -> None:
    receiver.answers = [401]
    await fault(webhook_api, "wrong_secret", times=1, **fields)
    await webhook_api.book()
    wrong, right = await receiver.take(2)
    assert wrong.headers["x-moncreneau-signature"] == f"sha256={signature(wrong.body, secret)}"
    assert right.headers["x-moncreneau-signature"] == f"sha256={signature(right.body)}"


@pytest.mark.parametrize("kind", ["truncate", "html"])
async def test_a_body_that_is_unreadable_is_signed_as_it_is_sent(
    webhook_api: ApiClient, receiver: Receiver, kind: str
) -> None:
    await fault(webhook_api, kind, times=1)
    await webhook_api.book()
    got = await receiver.next()
    assert got.headers["x-moncreneau-signature"] == f"sha256={signature(got.body)}"
    with pytest.raises(ValueError, match="line 1 column"):
        _ = got.event


async def test_an_event_can_be_replayed_by_hand(webhook_api: ApiClient, receiver: Receiver) -> None:
    await webhook_api.book()
    first = await receiver.next()
    webhook_api.clock.advance(days=1)
    answer = await webhook_api.control("POST", f"/webhooks/{first.event['id']}/replay")
    assert (answer.status_code, answer.json()["event"]) == (202, first.event["id"])
    again = await receiver.next()
    assert (again.body, again.headers["x-moncreneau-signature"]) == (
        first.body,
        first.headers["x-moncreneau-signature"],
    )
    assert error_of(await webhook_api.control("POST", "/webhooks/evt_none/replay")) == (404, "NOT_FOUND")


async def test_an_event_is_replayed_after_a_day_times_the_factor(webhook_api: ApiClient, receiver: Receiver) -> None:
    await fault(webhook_api, "replay", times=1)
    await webhook_api.book()
    assert len({got.body for got in await receiver.take(2)}) == 1


@pytest.mark.parametrize(
    "wrong",
    [
        {"kind": "explode"},
        {"kind": "duplicate", "count": 0},
        {"kind": "drop", "match": {"path": "/"}},
        {"kind": "drop", "match": {"appointmentId": "x"}},
        {"kind": "wrong_secret", "secret": None},
        {"kind": "delay", "seconds": "1"},
        {},
        "drop",
    ],
)
async def test_one_invalid_fault_of_webhooks_injects_none(api: ApiClient, wrong: object) -> None:
    assert (await api.control("POST", "/webhooks/faults", [{"kind": "drop"}, wrong])).status_code == 400
    assert (await api.control("GET", "/webhooks")).json()["faults"] == []


@pytest.mark.parametrize(
    "body", [{"style": "stripe"}, {"secret": None}, {"timeFactor": -1}, {"url": 1}, {"colour": "red"}, []]
)
async def test_an_invalid_endpoint_changes_nothing(api: ApiClient, body: object) -> None:
    before = (await api.control("GET", "/webhooks")).json()
    assert (await api.control("POST", "/webhooks", body)).status_code == 400
    assert (await api.control("GET", "/webhooks")).json() == before
    assert SLOT not in str(before)
