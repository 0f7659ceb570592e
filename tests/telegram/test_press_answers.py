"""Presses are answered at once, and no chat uses up the connections that messages need."""

import asyncio

from bot.telegram.press_answers import AT_ONCE, PER_CHAT, PressAnswers


class HeldBot:
    """Answers that end when the test says so."""

    def __init__(self) -> None:
        self.under_way: list[str] = []
        self.sent: list[str] = []
        self.open = asyncio.Event()

    async def answer(self, query_id: str) -> None:
        self.under_way.append(query_id)
        await self.open.wait()
        self.sent.append(query_id)


async def begun() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_a_chat_that_presses_thousands_of_times_takes_two_connections() -> None:
    bot = HeldBot()
    answers = PressAnswers(bot.answer)
    for number in range(4000):
        answers.soon(7, f"flood {number}")
    answers.soon(8, "other")
    await begun()
    assert bot.under_way == ["flood 0", "flood 1", "other"]


async def test_a_chat_that_pressed_too_often_is_answered_again_once_its_answers_are_sent() -> None:
    bot = HeldBot()
    answers = PressAnswers(bot.answer)
    for number in range(PER_CHAT + 1):
        answers.soon(7, str(number))
    bot.open.set()
    await begun()
    answers.soon(7, "later")
    await begun()
    assert bot.sent == ["0", "1", "later"]


async def test_all_together_leave_connections_to_messages() -> None:
    bot = HeldBot()
    answers = PressAnswers(bot.answer)
    for chat in range(100):
        answers.soon(chat, str(chat))
    await begun()
    assert len(bot.under_way) == AT_ONCE
    bot.open.set()
    await begun()
    assert len(bot.sent) == 100
