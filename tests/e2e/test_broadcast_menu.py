"""The admins' command menu is visible to admins only, and removed from former ones."""

from collections.abc import AsyncIterator, Awaitable
from pathlib import Path

import pytest

from bot.sandbox.telegram.config import ADMIN_ID
from tests.e2e.admin import Admin, citizens
from tests.e2e.running_bot import RunningBot, running_bot
from tests.e2e.waiting import eventually


@pytest.fixture
async def bot(tmp_path: Path) -> AsyncIterator[RunningBot]:
    async with running_bot(tmp_path) as each:
        yield each


@pytest.fixture
async def admin(bot: RunningBot) -> Admin:
    return Admin(bot.services.telegram, wait_until_idle=bot.wait_until_idle)


async def commands(bot: RunningBot, chat_id: int) -> set[str]:
    """The commands in the menu of a chat."""
    answer = await bot.services.telegram.get(f"/__sandbox/page/{chat_id}")
    return {each["command"] for each in answer.json()["bot"]["commands"]}


async def test_a_former_admin_has_the_commands_of_everybody(bot: RunningBot, admin: Admin) -> None:
    (citizen,) = await citizens(bot, 1)
    await admin.says("/start")
    await eventually("the admin's menu is set", lambda: _has(commands(bot, ADMIN_ID), "broadcast"), within=60)
    await bot.stop()
    await bot.start(admin_ids=frozenset({1}))
    plain = await commands(bot, citizen.chat_id)

    async def same() -> bool:
        return await commands(bot, ADMIN_ID) == plain

    await eventually("the menu is that of everybody", same)
    unknown = await admin.says("/nonsense")
    assert (await admin.says("/broadcast")).text == unknown.text


async def test_a_former_admins_menu_is_removed_after_a_restart_too(bot: RunningBot, admin: Admin) -> None:
    (citizen,) = await citizens(bot, 1)
    await admin.says("/start")
    await eventually("the admin's menu is set", lambda: _has(commands(bot, ADMIN_ID), "broadcast"), within=60)
    fault = {"kind": "html", "method": "deleteMyCommands", "times": 1000}
    (await bot.services.telegram.post("/__sandbox/faults", json=fault)).raise_for_status()
    for others in ({1}, {2}):
        await bot.stop()
        await bot.start(admin_ids=frozenset(others))
        await bot.wait_until_idle()
    assert "broadcast" in await commands(bot, ADMIN_ID)
    await bot.services.telegram.delete("/__sandbox/faults")
    plain = await commands(bot, citizen.chat_id)

    async def same() -> bool:
        return await commands(bot, ADMIN_ID) == plain

    await eventually("the menu is that of everybody", same, within=60)


async def test_the_commands_are_in_the_menu_of_admins_alone(bot: RunningBot, admin: Admin) -> None:
    (citizen,) = await citizens(bot, 1)
    await admin.says("/start")

    await eventually("the admin's menu is set", lambda: _has(commands(bot, ADMIN_ID), "broadcast"), within=60)
    assert "broadcast" not in await commands(bot, citizen.chat_id)
    assert "announcements" in await commands(bot, citizen.chat_id)


async def _has(menu: Awaitable[set[str]], command: str) -> bool:
    return command in await menu


async def test_an_admin_has_the_menu_right_after_the_first_message_however_late_it_comes(
    bot: RunningBot, admin: Admin
) -> None:
    async def is_held_back() -> bool:
        """After four tries of three calls the next one is eight seconds away."""
        return (await bot.services.calls()).get("setMyCommands", {}).get("400", 0) >= 12

    await eventually("the menu could not be set yet", is_held_back, within=60)
    await admin.says("/start")
    await eventually("the admin's menu is set", lambda: _has(commands(bot, ADMIN_ID), "broadcast"), within=5)


async def test_the_help_of_admins_lists_their_commands_and_that_of_citizens_does_not(
    bot: RunningBot, admin: Admin
) -> None:
    citizen = await bot.citizen()
    assert "/broadcast" in (await admin.says("/help")).text
    assert "/broadcast" not in (await citizen.says("/help")).text
