"""Citizens in closed loop: each takes the next step of a booking when the bot's answer to the last one has arrived.

The six steps: `/start`, first organisation, first department, earliest slot, a typed name, *confirm*; then from the
beginning. From the second booking on the name is known, and the typed one takes its place. The answer to a step is the
message that offers the next one; after *confirm* it is the ticket.
Measured are steps per second and the time from a step to its answer.
"""

import asyncio
import re
import time
from dataclasses import dataclass, field

from bench.bot_api_server import NO_BUTTONS, BotApiServer, SentMessage, message_update, press_update

START, ORGANIZATION, DEPARTMENT, EARLIEST, NAME, CONFIRM = range(6)
STEPS = 6
TYPED_NAME = "Aissatou Bah"
FIRST_CHAT = 1000
NEWCOMER = 900_000_000
FLOODER = 800_000_000
BUTTON = re.compile(r'"callback_data": ?"((?:[^"\\]|\\.)*)"')
TICKET_BUTTON = ".x:"
"""In the data of the button that cancels an appointment."""


@dataclass(slots=True)
class LoopingCitizen:
    """Somebody who books, over and over."""

    chat: int
    step: int = -1
    is_waiting: bool = False
    asked_at: float = 0.0
    shown: SentMessage | None = None


@dataclass(slots=True)
class Measure:
    """The measures between two moments."""

    began: float
    ended: float = 0.0
    latencies: list[float] = field(default_factory=list)
    """Seconds from each step to its answer."""
    bookings: int = 0
    stalls: int = 0
    """Citizens who waited too long and started again."""

    @property
    def steps_per_second(self) -> float:
        """Answered steps per second."""
        return len(self.latencies) / max(self.ended - self.began, 1e-9)

    def percentile(self, share: float) -> float:
        """Milliseconds within which that share of the steps was answered."""
        ordered = sorted(self.latencies)
        return 1000 * ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else float("nan")


class ClosedLoop:
    """All citizens, and the server through which they reach the bot. `latency` of the Bot API is in seconds."""

    def __init__(self, citizens: int, latency: float = 0.0) -> None:
        self.server = BotApiServer(self._answered, latency)
        self.measure: Measure | None = None
        self.unmeasured_chat: int | None = None
        self._citizens = {FIRST_CHAT + each: LoopingCitizen(FIRST_CHAT + each) for each in range(citizens)}
        self._is_running = False
        self._newcomer: asyncio.Future[None] | None = None
        self._newcomers = 0

    def start(self) -> None:
        """Let every citizen take their first step."""
        if not self._is_running:
            self._is_running = True
            for citizen in self._citizens.values():
                self._next(citizen)

    def stop(self) -> None:
        """Let nobody take another step."""
        self._is_running = False

    def press_often(self, times: int) -> None:
        """Let one chat that is not measured press a button so often at once, as a script would."""
        shown = SentMessage(FLOODER, 1, '"Menu"', NO_BUTTONS, is_picture=False)
        for _ in range(times):
            self.server.push(press_update(shown, "1.retry"))

    async def ask_as_newcomer(self) -> float:
        """Send one `/start` from a chat that the bot does not know; returns the seconds until its answer."""
        self._newcomer = asyncio.get_running_loop().create_future()
        self._newcomers += 1
        began = time.perf_counter()
        self.server.push(message_update(NEWCOMER + self._newcomers, 1, "/start"))
        await asyncio.wait_for(self._newcomer, 10)
        return time.perf_counter() - began

    def restart_stalled(self, patience: float) -> None:
        """Let those who have waited for longer than this (seconds) start again."""
        now = time.perf_counter()
        for citizen in self._citizens.values():
            if citizen.is_waiting and now - citizen.asked_at > patience:
                citizen.step, citizen.is_waiting = -1, False
                if self.measure:
                    self.measure.stalls += 1
                self._next(citizen)

    def _next(self, citizen: LoopingCitizen) -> None:
        if not self._is_running:
            return
        citizen.step = (citizen.step + 1) % STEPS
        citizen.is_waiting, citizen.asked_at = True, time.perf_counter()
        if citizen.step in {START, NAME}:
            text = "/start" if citizen.step == START else TYPED_NAME
            self.server.push(message_update(citizen.chat, self.server.new_message(), text))
        else:
            assert citizen.shown
            self.server.push(press_update(citizen.shown, BUTTON.findall(citizen.shown.markup)[0]))

    def _answered(self, message: SentMessage) -> None:
        citizen = self._citizens.get(message.chat)
        if citizen is None:
            if self._newcomer and not self._newcomer.done():
                self._newcomer.set_result(None)
            return
        if not citizen.is_waiting or not _is_answer(citizen.step, message):
            return
        citizen.shown, citizen.is_waiting = message, False
        if self.measure and not self.measure.ended and citizen.chat != self.unmeasured_chat:
            self.measure.latencies.append(time.perf_counter() - citizen.asked_at)
            self.measure.bookings += citizen.step == CONFIRM
        self._next(citizen)


def _is_answer(step: int, message: SentMessage) -> bool:
    """Whether the next step can be taken on it: not on a picture, *being confirmed*, or *your ticket is below*."""
    buttons = BUTTON.findall(message.markup)
    if step == CONFIRM:
        return any(TICKET_BUTTON in each for each in buttons)
    return not message.is_picture and (step == EARLIEST or bool(buttons))
