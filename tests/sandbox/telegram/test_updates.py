"""Updates are delivered until an offset confirms them or they expire, to one poller at a time."""

import asyncio

from tests.sandbox.telegram.conftest import AISSATOU, Telegram


async def test_an_update_is_delivered_again_until_an_offset_above_it_confirms_it(telegram: Telegram) -> None:
    for text in ("one", "two", "three"):
        await telegram.say(AISSATOU, text)
    first = await telegram.updates()
    again = await telegram.updates()
    assert [update["message"]["text"] for update in first] == ["one", "two", "three"]
    assert again == first
    rest = await telegram.updates(first[1]["update_id"] + 1)
    assert [update["message"]["text"] for update in rest] == ["three"]
    counters = await telegram.control("updates", method="GET")
    assert (counters["pending"], counters["confirmed"]) == (1, 3)


async def test_a_batch_has_at_most_limit_updates_and_limit_is_from_1_to_100(telegram: Telegram) -> None:
    for text in ("one", "two", "three"):
        await telegram.say(AISSATOU, text)
    assert len(await telegram.updates(limit=2)) == 2
    assert "limit must be" in await telegram.refusal("getUpdates", limit=101)
    assert "limit must be" in await telegram.refusal("getUpdates", limit=0)


async def test_a_negative_offset_keeps_only_the_newest_updates(telegram: Telegram) -> None:
    for text in ("one", "two", "three"):
        await telegram.say(AISSATOU, text)
    assert [update["message"]["text"] for update in await telegram.updates(-1)] == ["three"]
    assert [update["message"]["text"] for update in await telegram.updates()] == ["three"]


async def test_a_long_poll_ends_when_an_update_arrives(telegram: Telegram) -> None:
    poll = asyncio.create_task(telegram.updates(timeout=50))
    await until_polled(telegram)
    await telegram.say(AISSATOU, "hello")
    assert [update["message"]["text"] for update in await poll] == ["hello"]


async def test_a_second_poller_ends_the_first_one_with_409(telegram: Telegram) -> None:
    older = asyncio.create_task(telegram.call("getUpdates", timeout=50))
    await until_polled(telegram)
    newer = asyncio.create_task(telegram.updates(timeout=50))
    refused = await older
    assert refused["error_code"] == 409
    assert refused["description"].startswith("Conflict: terminated by other getUpdates request")
    await telegram.say(AISSATOU, "hello")
    assert len(await newer) == 1


async def test_a_killed_poller_causes_no_conflict(telegram: Telegram) -> None:
    killed = asyncio.create_task(telegram.call("getUpdates", timeout=50))
    await until_polled(telegram)
    killed.cancel()
    while (await telegram.control("updates", method="GET"))["polled"]:
        pass
    await telegram.say(AISSATOU, "hello")
    assert len(await telegram.updates()) == 1
    calls = await telegram.control("calls", method="GET")
    assert "409" not in calls["methods"]["getUpdates"]


async def test_a_webhook_and_polling_exclude_each_other(telegram: Telegram) -> None:
    address = "http://127.0.0.1:1/hook"
    await telegram.result("setWebhook", url=address)
    assert (await telegram.call("getUpdates"))["error_code"] == 409
    await telegram.say(AISSATOU, "hello")
    info = await telegram.result("getWebhookInfo")
    assert (info["url"], info["pending_update_count"]) == (address, 1)
    await telegram.result("deleteWebhook", drop_pending_updates=True)
    assert await telegram.updates() == []


async def test_updates_older_than_a_day_and_presses_older_than_150_seconds_are_dropped(telegram: Telegram) -> None:
    markup = {"inline_keyboard": [[{"text": "A", "callback_data": "a"}]]}
    await telegram.result("sendMessage", chat_id=AISSATOU, text="x", reply_markup=markup)
    await telegram.say(AISSATOU, "hello")
    await telegram.control(f"chats/{AISSATOU}/press", {"label": "A"})
    assert len(await telegram.updates()) == 2
    await telegram.control("clock", {"advance": 151})
    assert [list(update)[1] for update in await telegram.updates()] == ["message"]
    await telegram.control("clock", {"advance": 86400})
    assert await telegram.updates() == []


async def test_kinds_outside_allowed_updates_are_not_delivered(telegram: Telegram) -> None:
    await telegram.updates(allowed_updates=["message"])
    await telegram.control(f"chats/{AISSATOU}/block")
    await telegram.say(AISSATOU, "/start")
    assert [list(update)[1] for update in await telegram.updates()] == ["message"]


async def test_a_press_sent_again_has_a_new_update_id_and_the_same_content(telegram: Telegram) -> None:
    markup = {"inline_keyboard": [[{"text": "A", "callback_data": "a"}]]}
    await telegram.result("sendMessage", chat_id=AISSATOU, text="x", reply_markup=markup)
    await telegram.control(f"chats/{AISSATOU}/press", {"label": "A"})
    await telegram.control(f"chats/{AISSATOU}/resend")
    first, second = await telegram.updates()
    assert second["update_id"] > first["update_id"]
    assert second["callback_query"]["data"] == first["callback_query"]["data"]
    assert second["callback_query"]["message"] == first["callback_query"]["message"]


async def test_any_update_can_be_injected_even_an_invalid_one(telegram: Telegram) -> None:
    await telegram.control("updates", [{"update_id": 5, "message": {"nonsense": True}}, {"poll": 3}])
    injected = await telegram.updates()
    assert injected[0] == {"update_id": 5, "message": {"nonsense": True}}
    assert injected[1]["poll"] == 3


async def test_photos_stickers_and_edits_arrive_as_telegram_sends_them(telegram: Telegram) -> None:
    for kind in ("photo", "sticker", "voice", "document", "location", "poll"):
        await telegram.control(f"chats/{AISSATOU}/{kind}", {})
    said = await telegram.say(AISSATOU, "one")
    await telegram.control(f"chats/{AISSATOU}/edit", {"message_id": said["message_id"], "text": "two"})
    updates = await telegram.updates()
    kinds = [list(update["message"])[-1] for update in updates[:6]]
    assert kinds == ["photo", "sticker", "voice", "document", "location", "poll"]
    assert updates[-1]["edited_message"]["text"] == "two"


async def until_polled(telegram: Telegram) -> None:
    while not (await telegram.control("updates", method="GET"))["polled"]:
        pass
