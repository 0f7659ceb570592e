"""The stand-in applies Telegram's rate limits, and faults on request."""

import asyncio

import httpx
import pytest

from tests.sandbox.telegram.conftest import AISSATOU, MAMADOU, NOON, Telegram


async def test_a_chat_accepts_a_burst_of_five_and_then_one_message_a_second(limited_telegram: Telegram) -> None:
    for _ in range(5):
        await limited_telegram.result("sendMessage", chat_id=AISSATOU, text="x")
    refused = await limited_telegram.call("sendMessage", chat_id=AISSATOU, text="x")
    assert refused == {
        "ok": False,
        "error_code": 429,
        "description": "Too Many Requests: retry after 1",
        "parameters": {"retry_after": 1},
    }
    await limited_telegram.control("clock", {"advance": 1})
    await limited_telegram.result("sendMessage", chat_id=AISSATOU, text="x")
    assert (await limited_telegram.call("sendMessage", chat_id=AISSATOU, text="x"))["error_code"] == 429


async def test_all_chats_together_accept_thirty_messages_a_second_unless_paid(limited_telegram: Telegram) -> None:
    people = await limited_telegram.control("users", {"first_name": "Moussa", "count": 40, "started": True})
    chats = range(people["first_id"], people["last_id"] + 1)
    codes = [(await limited_telegram.call("sendMessage", chat_id=chat, text="x")).get("error_code") for chat in chats]
    assert codes == [None] * 30 + [429] * 10
    await limited_telegram.result("sendMessage", chat_id=chats[-1], text="x", allow_paid_broadcast=True)


async def test_a_group_accepts_twenty_messages_a_minute(limited_telegram: Telegram) -> None:
    group = await limited_telegram.control("chats", {"type": "group", "title": "La famille"})
    for _ in range(20):
        await limited_telegram.result("sendMessage", chat_id=group["id"], text="x")
    refused = await limited_telegram.call("sendMessage", chat_id=group["id"], text="x")
    assert refused["parameters"] == {"retry_after": 3}


async def test_edits_have_a_rate_limit_of_their_own(limited_telegram: Telegram) -> None:
    sent = await limited_telegram.result("sendMessage", chat_id=AISSATOU, text="x")
    to = {"chat_id": AISSATOU, "message_id": sent["message_id"]}
    for number in range(20):
        await limited_telegram.result("editMessageText", **to, text=str(number))
    assert (await limited_telegram.call("editMessageText", **to, text="x"))["error_code"] == 429


async def test_rate_limits_can_be_turned_off_and_changed(limited_telegram: Telegram) -> None:
    await limited_telegram.control("limits", {"enabled": False})
    for _ in range(60):
        await limited_telegram.result("sendMessage", chat_id=AISSATOU, text="x")
    await limited_telegram.control("limits", {"chat_burst": 1})
    await limited_telegram.result("sendMessage", chat_id=AISSATOU, text="x")
    assert (await limited_telegram.call("sendMessage", chat_id=AISSATOU, text="x"))["error_code"] == 429


async def test_a_flood_fault_for_one_chat_gives_retry_after_and_spares_other_chats(telegram: Telegram) -> None:
    await telegram.say(MAMADOU, "/start")
    rule = {"match": {"method": "sendMessage", "chat_id": AISSATOU}, "kind": "flood", "retry_after": 7, "times": 1}
    await telegram.control("faults", [rule])
    await telegram.result("sendMessage", chat_id=MAMADOU, text="x")
    flooded = await telegram.call("sendMessage", chat_id=AISSATOU, text="x")
    assert flooded["parameters"] == {"retry_after": 7}
    await telegram.result("sendMessage", chat_id=AISSATOU, text="x")
    assert (await telegram.control("faults", method="GET"))[0]["hits"] == 1


@pytest.mark.parametrize(("kind", "delivered"), [("drop_before", 0), ("drop_after", 1)])
async def test_a_connection_drops_before_or_after_the_method_ran(telegram: Telegram, kind: str, delivered: int) -> None:
    await telegram.control("faults", [{"match": {"method": "sendMessage"}, "kind": kind}])
    with pytest.raises(httpx.RemoteProtocolError):
        await telegram.call("sendMessage", chat_id=AISSATOU, text="x")
    chat = await telegram.control(f"chats/{AISSATOU}", method="GET")
    assert sum(entry["by_bot"] for entry in chat["messages"]) == delivered
    await telegram.control("faults", method="DELETE")
    await telegram.result("sendMessage", chat_id=AISSATOU, text="x")


@pytest.mark.parametrize(("kind", "delivered"), [("hang_before", 0), ("hang_after", 1)])
async def test_a_call_hangs_until_the_client_gives_up(telegram: Telegram, kind: str, delivered: int) -> None:
    await telegram.control("faults", [{"match": {"method": "sendMessage"}, "kind": kind}])
    call = asyncio.create_task(telegram.call("sendMessage", chat_id=AISSATOU, text="x"))
    while (await telegram.control("faults", method="GET"))[0]["hits"] == 0:
        pass
    assert (await telegram.result("getMe"))["is_bot"]
    assert not call.done()
    call.cancel()
    while "sendMessage" not in (await telegram.control("calls", method="GET"))["methods"]:
        pass
    calls = await telegram.control("calls", method="GET")
    assert calls["methods"]["sendMessage"] == {"0": 1}
    chat = await telegram.control(f"chats/{AISSATOU}", method="GET")
    assert sum(entry["by_bot"] for entry in chat["messages"]) == delivered


async def test_a_fault_of_one_method_spares_the_others(telegram: Telegram) -> None:
    photo = await telegram.control(f"chats/{AISSATOU}/photo", {})
    sent = {"chat_id": AISSATOU, "photo": photo["message"]["photo"][0]["file_id"]}
    await telegram.control("faults", [{"kind": "status", "status": 500, "method": "sendPhoto"}])
    for _ in range(3):
        assert (await telegram.call("sendPhoto", **sent))["error_code"] == 500
    await telegram.result("sendMessage", chat_id=AISSATOU, text="x")


async def test_a_429_says_in_a_header_too_how_long_to_wait(telegram: Telegram) -> None:
    await telegram.control("faults", [{"kind": "flood", "method": "editMessageText", "retry_after": 30}])
    url = f"{telegram.url}/bot{telegram.token}"
    answer = await telegram.http.post(
        f"{url}/editMessageText", json={"chat_id": AISSATOU, "message_id": 1, "text": "x"}
    )
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "30")
    assert "retry-after" not in (await telegram.http.post(f"{url}/getMe")).headers


async def test_a_server_error_is_json_or_the_html_of_a_proxy(telegram: Telegram) -> None:
    faults = [{"kind": "html", "status": 502, "times": 1}, {"kind": "status", "status": 500, "times": 1}]
    await telegram.control("faults", faults)
    page = await telegram.http.get(f"{telegram.url}/bot{telegram.token}/getMe")
    assert (page.status_code, page.headers["content-type"]) == (502, "text/html")
    assert (await telegram.call("getMe"))["description"] == "Internal Server Error"
    await telegram.result("getMe")


async def test_a_delayed_call_is_still_answered(telegram: Telegram) -> None:
    await telegram.control("faults", [{"kind": "delay", "seconds": 0.01}])
    assert await telegram.result("getMe")


async def test_the_same_seed_gives_the_same_faults(telegram: Telegram) -> None:
    rule = {"kind": "blocked", "probability": 0.5}

    async def outcomes() -> list[bool]:
        await telegram.control("faults", {"seed": 7, "faults": [rule]})
        return [(await telegram.call("sendMessage", chat_id=AISSATOU, text="x"))["ok"] for _ in range(12)]

    first = await outcomes()
    assert first == await outcomes()
    assert set(first) == {True, False}


async def test_an_invalid_fault_is_refused_with_a_reason(telegram: Telegram) -> None:
    for rule, reason in (
        ({"kind": "sulk"}, "kind must be one of"),
        ({"kind": "delay", "second": 1}, "second"),
        ({"kind": "delay", "method": "sendTelepathy"}, "there is no method sendTelepathy"),
    ):
        answer = await telegram.http.post(f"{telegram.url}/__sandbox/faults", json=[rule])
        assert answer.status_code == 400
        assert reason in answer.json()["error"]


async def test_calls_are_counted_by_method_and_status(telegram: Telegram) -> None:
    await telegram.control("calls", method="DELETE")
    await telegram.result("getMe")
    await telegram.refusal("sendMessage", chat_id=AISSATOU, text="")
    calls = await telegram.control("calls", method="GET")
    assert calls == {"total": 2, "methods": {"getMe": {"200": 1}, "sendMessage": {"400": 1}}, "rate_limited": 0}


async def test_the_log_of_calls_has_time_sender_and_chat(telegram: Telegram) -> None:
    await telegram.control("calls", method="DELETE")
    await telegram.result("sendMessage", chat_id=AISSATOU, text="x")
    await telegram.control("clock", {"advance": 2})
    await telegram.refusal("sendMessage", chat_id=MAMADOU, text="x")
    first, second = await telegram.control("calls/log", method="GET")
    assert (first["at"], first["method"], first["status"], first["chat_id"]) == (NOON, "sendMessage", 200, AISSATOU)
    assert (second["at"], second["status"], second["chat_id"]) == (NOON + 2, 400, MAMADOU)
    assert first["client"] == second["client"]  # one connection
    assert first["client"].startswith("127.0.0.1:")
    assert await telegram.control(f"calls/log?after={first['number']}", method="GET") == [second]


async def test_the_transcript_keeps_every_edit_and_deletion(telegram: Telegram) -> None:
    sent = await telegram.result("sendMessage", chat_id=AISSATOU, text="one")
    to = {"chat_id": AISSATOU, "message_id": sent["message_id"]}
    await telegram.result("editMessageText", **to, text="two")
    await telegram.result("editMessageText", **to, text="three")
    await telegram.result("deleteMessage", **to)
    last = (await telegram.control(f"chats/{AISSATOU}", method="GET"))["messages"][-1]
    assert [version["message"]["text"] for version in last["history"]] == ["one", "two"]
    assert last["message"]["text"] == "three"
    assert last["deleted_at"] is not None
