"""Updates go to the bot's webhook by the rules of Telegram's own server: order, retries, replies, refusals."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from bot.sandbox.serving import serving
from bot.sandbox.telegram import TelegramSandbox, create_app
from bot.sandbox.telegram.updates import MEMBERSHIPS, PRESSES, queue_of
from tests.sandbox.telegram.conftest import AISSATOU, MAMADOU, NOON, Telegram

MARKUP = {"inline_keyboard": [[{"text": "A", "callback_data": "a"}]]}
DAY = 86_400


@dataclass
class Receiver:
    """The bot's end of the webhook: keeps what arrives, and answers as the test says, 200 by default."""

    url: str = ""
    updates: list[dict[str, Any]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    responses: deque[Response] = field(default_factory=deque)
    arrivals: asyncio.Queue[dict[str, Any]] = field(default_factory=asyncio.Queue)
    gate: asyncio.Event = field(default_factory=asyncio.Event)
    at_once: int = 0
    most_at_once: int = 0

    async def receive(self, request: Request) -> Response:
        update = await request.json()
        self.updates.append(update)
        self.headers.append(dict(request.headers))
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        self.arrivals.put_nowait(update)
        await self.gate.wait()
        self.at_once -= 1
        return self.responses.popleft() if self.responses else Response()

    async def next(self) -> dict[str, Any]:
        """Wait for the next delivery."""
        return await self.arrivals.get()


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    made = Receiver()
    made.gate.set()
    app = Starlette(routes=[Route("/hook", made.receive, methods=["POST"])])
    async with serving(app) as url:
        made.url = f"{url}/hook"
        yield made


async def info(telegram: Telegram) -> dict[str, Any]:
    return dict(await telegram.result("getWebhookInfo"))


async def deliveries(telegram: Telegram) -> list[dict[str, Any]]:
    return list((await telegram.control("webhook", method="GET"))["deliveries"])


async def until_tried(telegram: Telegram, times: int) -> list[dict[str, Any]]:
    """Wait until that many deliveries have ended."""
    while len(found := await deliveries(telegram)) < times:
        pass
    return found


async def until_delivered(telegram: Telegram) -> None:
    while (await info(telegram))["pending_update_count"]:
        pass


async def working(telegram: Telegram, receiver: Receiver, **settings: Any) -> None:
    """Set the webhook and let one delivery succeed, after which Telegram uses several connections."""
    await telegram.result("setWebhook", url=receiver.url, **settings)
    await telegram.say(AISSATOU, "first")
    await receiver.next()
    await until_delivered(telegram)


async def test_an_update_is_posted_as_json_with_the_secret_token(telegram: Telegram, receiver: Receiver) -> None:
    await telegram.result("setWebhook", url=receiver.url, secret_token="s3cret_-")
    said = await telegram.control(f"chats/{AISSATOU}/say", {"text": "héllo"})
    assert await receiver.next() == said
    await until_delivered(telegram)
    headers = receiver.headers[0]
    assert (headers["content-type"], headers["x-telegram-bot-api-secret-token"]) == ("application/json", "s3cret_-")
    assert (await telegram.control("updates", method="GET"))["confirmed"] == 2  # /start by polling, and this one
    log = await deliveries(telegram)
    assert log == [{"update_id": said["update_id"], "queue": AISSATOU, "at": NOON, "status": 200}]


async def test_messages_of_a_chat_come_in_order_and_presses_and_other_chats_at_the_same_time(
    telegram: Telegram, receiver: Receiver
) -> None:
    await telegram.result("sendMessage", chat_id=AISSATOU, text="x", reply_markup=MARKUP)
    await working(telegram, receiver)
    receiver.gate.clear()
    await telegram.say(AISSATOU, "one")
    await telegram.say(AISSATOU, "two")
    await telegram.control(f"chats/{AISSATOU}/press", {"data": "a"})
    await telegram.control(f"chats/{AISSATOU}/press", {"data": "a"})
    await telegram.say(MAMADOU, "three")
    held = [await receiver.next() for _ in range(3)]
    assert [each.get("message", {}).get("text", "press") for each in held] == ["one", "press", "three"]
    assert receiver.arrivals.empty()
    receiver.gate.set()
    rest = [await receiver.next() for _ in range(2)]
    assert sorted(each.get("message", {}).get("text", "press") for each in rest) == ["press", "two"]


async def test_max_connections_limits_what_is_sent_at_the_same_time(telegram: Telegram, receiver: Receiver) -> None:
    await working(telegram, receiver, max_connections=2)
    receiver.gate.clear()
    for chat in (AISSATOU, MAMADOU, 1_000_103, 1_000_104):
        await telegram.say(chat, "x")
    for _ in range(2):
        await receiver.next()
    await telegram.result("getMe")
    receiver.gate.set()
    await until_delivered(telegram)
    assert (len(receiver.updates), receiver.most_at_once) == (5, 2)


async def test_there_is_one_connection_until_a_delivery_has_succeeded(telegram: Telegram, receiver: Receiver) -> None:
    receiver.gate.clear()
    await telegram.result("setWebhook", url=receiver.url)
    await telegram.say(AISSATOU, "one")
    await telegram.say(MAMADOU, "two")
    await receiver.next()
    await telegram.result("getMe")
    receiver.gate.set()
    await until_delivered(telegram)
    assert (len(receiver.updates), receiver.most_at_once) == (2, 1)


async def test_a_failed_delivery_is_repeated_at_once_and_then_after_2_4_and_8_seconds(
    telegram: Telegram, receiver: Receiver
) -> None:
    receiver.responses.extend(Response(status_code=503) for _ in range(5))
    await telegram.result("setWebhook", url=receiver.url)
    said = await telegram.say(AISSATOU, "x")
    for tries, wait in ((2, 2), (3, 4), (4, 8), (5, 16)):
        await until_tried(telegram, tries)
        await telegram.control("clock", {"advance": wait})
    await until_delivered(telegram)
    log = await deliveries(telegram)
    assert [each["at"] - NOON for each in log] == [0, 0, 2, 6, 14, 30]
    assert [each["status"] for each in log] == [503] * 5 + [200]
    assert {each["message"]["message_id"] for each in receiver.updates} == {said["message_id"]}


async def test_the_webhook_can_say_when_to_try_again(telegram: Telegram, receiver: Receiver) -> None:
    receiver.responses.append(Response(status_code=503, headers={"retry-after": "5"}))
    await telegram.result("setWebhook", url=receiver.url)
    await telegram.say(AISSATOU, "x")
    await until_tried(telegram, 1)
    await telegram.control("clock", {"advance": 5})
    await until_delivered(telegram)
    assert [each["at"] - NOON for each in await deliveries(telegram)] == [0, 5]


async def test_a_later_update_of_the_chat_waits_for_one_that_failed(telegram: Telegram, receiver: Receiver) -> None:
    receiver.responses.append(Response(status_code=500, headers={"retry-after": "60"}))
    await telegram.result("setWebhook", url=receiver.url)
    await telegram.say(AISSATOU, "one")
    await until_tried(telegram, 1)
    await telegram.say(AISSATOU, "two")
    await telegram.say(MAMADOU, "three")
    await until_tried(telegram, 2)
    await telegram.control("clock", {"advance": 60})
    await until_delivered(telegram)
    assert [each["message"]["text"] for each in receiver.updates] == ["one", "three", "one", "two"]


async def test_an_update_is_dropped_when_it_would_be_too_old_at_the_next_try(
    telegram: Telegram, receiver: Receiver
) -> None:
    await telegram.result("sendMessage", chat_id=AISSATOU, text="x", reply_markup=MARKUP)
    receiver.responses.append(Response(status_code=503, headers={"retry-after": "200"}))
    await telegram.result("setWebhook", url=receiver.url)
    await telegram.control(f"chats/{AISSATOU}/press", {"data": "a"})
    await until_delivered(telegram)
    assert len(receiver.updates) == 1
    assert (await telegram.control("updates", method="GET"))["expired"] == 1


async def test_a_webhook_that_does_not_answer_is_reported(telegram: Telegram) -> None:
    await telegram.result("setWebhook", url="http://127.0.0.1:1/hook")
    await telegram.say(AISSATOU, "x")
    await until_tried(telegram, 1)
    found = await info(telegram)
    assert (found["pending_update_count"], found["last_error_message"]) == (1, "Connection refused")
    assert (found["last_error_date"], found["max_connections"], found["ip_address"]) == (NOON, 40, "127.0.0.1")


async def test_a_wrong_response_is_reported(telegram: Telegram, receiver: Receiver) -> None:
    receiver.responses.append(Response(status_code=302, headers={"location": "/elsewhere"}))
    await telegram.result("setWebhook", url=receiver.url)
    await telegram.say(AISSATOU, "x")
    await until_tried(telegram, 1)
    assert (await info(telegram))["last_error_message"] == "Wrong response from the webhook: 302 Found"


async def test_a_method_in_the_response_is_run(telegram: Telegram, receiver: Receiver) -> None:
    await telegram.result("sendMessage", chat_id=AISSATOU, text="x", reply_markup=MARKUP)
    receiver.responses.append(JSONResponse({"method": "sendMessage", "chat_id": AISSATOU, "text": "hello"}))
    await telegram.result("setWebhook", url=receiver.url)
    await telegram.say(AISSATOU, "x")
    await until_called(telegram, "sendMessage", 2)
    transcript = await telegram.control(f"chats/{AISSATOU}", method="GET")
    assert transcript["messages"][-1]["message"]["text"] == "hello"
    log = await telegram.control("calls/log", method="GET")
    assert [each["client"] for each in log if each["method"] == "sendMessage"][-1] == "webhook"


async def test_a_press_can_be_answered_in_the_response_as_a_form(telegram: Telegram, receiver: Receiver) -> None:
    await telegram.result("sendMessage", chat_id=AISSATOU, text="x", reply_markup=MARKUP)
    await working(telegram, receiver)
    receiver.gate.clear()
    press = (await telegram.control(f"chats/{AISSATOU}/press", {"data": "a"}))["callback_query"]["id"]
    form = f"method=answerCallbackQuery&callback_query_id={press}"
    receiver.responses.append(Response(form, media_type="application/x-www-form-urlencoded"))
    receiver.gate.set()
    await until_called(telegram, "answerCallbackQuery", 1)
    assert "query is too old" in await telegram.refusal("answerCallbackQuery", callback_query_id=press)


@pytest.mark.parametrize("method", ["getMe", "setWebhook", "deleteWebhook", "close", "logOut", ""])
async def test_other_methods_in_the_response_are_ignored(telegram: Telegram, receiver: Receiver, method: str) -> None:
    receiver.responses.extend([JSONResponse({"method": method}), Response("not JSON", media_type="application/json")])
    await telegram.result("setWebhook", url=receiver.url)
    await telegram.control("calls", method="DELETE")
    await telegram.say(AISSATOU, "one")
    await telegram.say(AISSATOU, "two")
    for _ in range(2):
        await receiver.next()
    await until_delivered(telegram)
    log = await telegram.control("calls/log", method="GET")
    assert {each["method"] for each in log} == {"getWebhookInfo"}
    assert (await info(telegram))["url"] == receiver.url


async def test_a_refused_method_in_the_response_fails_silently(telegram: Telegram, receiver: Receiver) -> None:
    receiver.responses.append(JSONResponse({"method": "sendMessage", "chat_id": 5, "text": "hello"}))
    await telegram.result("setWebhook", url=receiver.url)
    await telegram.say(AISSATOU, "x")
    await until_called(telegram, "sendMessage", 1)
    assert (await telegram.control("calls", method="GET"))["methods"]["sendMessage"] == {"400": 1}
    assert (await info(telegram))["pending_update_count"] == 0


async def test_410_for_23_hours_removes_the_webhook(telegram: Telegram, receiver: Receiver) -> None:
    receiver.responses.extend(Response(status_code=410) for _ in range(20))
    await telegram.result("setWebhook", url=receiver.url)
    await telegram.say(AISSATOU, "x")
    await until_tried(telegram, 2)
    await telegram.control("clock", {"advance": 23 * 3600 + 1})
    while (await info(telegram))["url"]:
        pass
    assert [update["message"]["text"] for update in await telegram.updates()] == ["x"]


async def test_deleting_the_webhook_keeps_what_waits_and_what_is_on_the_way(
    telegram: Telegram, receiver: Receiver
) -> None:
    receiver.gate.clear()
    await telegram.result("setWebhook", url=receiver.url)
    await telegram.say(AISSATOU, "one")
    await telegram.say(AISSATOU, "two")
    await receiver.next()
    await telegram.result("deleteWebhook")
    assert [update["message"]["text"] for update in await telegram.updates()] == ["one", "two"]
    receiver.gate.set()
    assert await telegram.updates()


async def test_setting_the_same_webhook_again_interrupts_nothing(telegram: Telegram, receiver: Receiver) -> None:
    receiver.gate.clear()
    await telegram.result("setWebhook", url=receiver.url, secret_token="a")
    await telegram.say(AISSATOU, "one")
    await receiver.next()
    await telegram.result("setWebhook", url=receiver.url, secret_token="a", allowed_updates=["message"])
    receiver.gate.set()
    await until_delivered(telegram)
    assert len(receiver.updates) == 1
    assert (await info(telegram))["allowed_updates"] == ["message"]
    await telegram.result("setWebhook", url=receiver.url, secret_token="b", drop_pending_updates=True)
    await telegram.say(AISSATOU, "two")
    await receiver.next()
    assert [each["x-telegram-bot-api-secret-token"] for each in receiver.headers] == ["a", "b"]


async def test_setting_a_webhook_ends_a_long_poll(telegram: Telegram, receiver: Receiver) -> None:
    poll = asyncio.create_task(telegram.call("getUpdates", timeout=50))
    while not (await telegram.control("updates", method="GET"))["polled"]:
        pass
    await telegram.result("setWebhook", url=receiver.url)
    refused = await poll
    assert (refused["error_code"], refused["description"]) == (409, "Conflict: terminated by setWebhook request")


async def test_a_lost_answer_makes_telegram_deliver_twice(telegram: Telegram, receiver: Receiver) -> None:
    await telegram.control("faults", [{"method": "webhook", "kind": "drop_after", "times": 1}])
    await telegram.result("setWebhook", url=receiver.url)
    await telegram.say(AISSATOU, "x")
    first, second = await receiver.next(), await receiver.next()
    assert first == second
    await until_delivered(telegram)


async def test_a_fault_can_delay_or_prevent_the_deliveries_to_one_chat(telegram: Telegram, receiver: Receiver) -> None:
    await working(telegram, receiver)
    faults = [
        {"method": "webhook", "kind": "drop_before", "chat_id": AISSATOU, "times": 1},
        {"method": "webhook", "kind": "delay", "seconds": 0.01, "times": 1},
    ]
    await telegram.control("faults", faults)
    await telegram.say(AISSATOU, "x")
    await receiver.next()
    await until_delivered(telegram)
    assert [each["status"] for each in await deliveries(telegram)] == [200, 0, 200]


async def test_a_fixed_address_is_used_instead_of_the_resolved_one(telegram: Telegram, receiver: Receiver) -> None:
    port = httpx.URL(receiver.url).port
    address = f"http://name.invalid:{port}/hook"
    assert "Failed to resolve host" in await telegram.refusal("setWebhook", url=address)
    await telegram.result("setWebhook", url=address, ip_address="127.0.0.1")
    await telegram.say(AISSATOU, "x")
    await receiver.next()
    assert receiver.headers[0]["host"] == f"name.invalid:{port}"


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ({"url": "ftp://127.0.0.1/hook"}, "invalid webhook URL specified"),
        ({"url": "http://[::1/hook"}, "invalid webhook URL specified"),
        ({"url": "http://127.0.0.1/hook", "secret_token": "no spaces"}, "secret token contains unallowed characters"),
        ({"url": "http://127.0.0.1/hook", "secret_token": "x" * 257}, "secret token is too long"),
        ({"url": "http://127.0.0.1/hook", "ip_address": "here"}, "bad webhook: Invalid IP address specified"),
        ({"url": "http://127.0.0.1/hook", "certificate": "attach://x"}, "the sandbox takes no certificate"),
    ],
)
async def test_wrong_settings_of_a_webhook_are_refused(
    telegram: Telegram, settings: dict[str, Any], reason: str
) -> None:
    assert reason in await telegram.refusal("setWebhook", **settings)


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("http://8.8.8.8/hook", "An HTTPS URL must be provided for webhook"),
        ("https://8.8.8.8:8080/hook", "Webhook can be set up only on ports 80, 88, 443 or 8443"),
        ("https://10.0.0.1/hook", "IP address 10.0.0.1 is reserved"),
        ("127.0.0.1/hook", "IP address 127.0.0.1 is reserved"),
    ],
)
async def test_without_local_mode_a_webhook_must_be_public_and_https(url: str, reason: str) -> None:
    config = TelegramSandbox(is_local=False)
    async with serving(create_app(config)) as base, httpx.AsyncClient() as http:
        answer = await http.post(f"{base}/bot{config.token}/setWebhook", json={"url": url})
    assert answer.json()["description"] == f"Bad Request: bad webhook: {reason}"


async def test_a_webhook_can_be_set_once_a_second(limited_telegram: Telegram, receiver: Receiver) -> None:
    await limited_telegram.result("setWebhook", url=receiver.url)
    refused = await limited_telegram.call("setWebhook", url=receiver.url)
    assert (refused["error_code"], refused["parameters"]) == (429, {"retry_after": 1})
    await limited_telegram.control("clock", {"advance": 1})
    await limited_telegram.result("setWebhook", url=receiver.url)


@pytest.mark.parametrize(
    ("update", "queue"),
    [
        ({"message": {"chat": {"id": 7}}}, 7),
        ({"edited_message": {"chat": {"id": 7}}}, 7),
        ({"callback_query": {"from": {"id": 7}, "message": {"chat": {"id": -9}}}}, 7 + PRESSES),
        ({"my_chat_member": {"chat": {"id": 7}}}, 7 + MEMBERSHIPS),
    ],
)
def test_an_update_has_the_queue_of_its_chat_or_user(update: dict[str, Any], queue: int) -> None:
    assert queue_of({"update_id": 1, **update}) == queue


@pytest.mark.parametrize("content", [{"poll": 3}, {"message": []}, {"message": {"chat": {"id": "x"}}}, {}])
def test_any_other_update_has_a_queue_of_its_own(content: dict[str, Any]) -> None:
    assert queue_of({"update_id": 1, **content}) != queue_of({"update_id": 2, **content})


async def until_called(telegram: Telegram, method: str, times: int) -> None:
    while sum((await telegram.control("calls", method="GET"))["methods"].get(method, {}).values()) < times:
        pass
