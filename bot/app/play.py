"""The loop that plays an event on a pure state machine. The conversation and the composer of broadcasts share it.

A step takes a state and an event and returns the next state with its effects. Running an effect may result in another
event.
"""

from collections.abc import Awaitable, Callable
from typing import TypeVar

State = TypeVar("State")
Event = TypeVar("Event")
Effect = TypeVar("Effect")


async def play(
    step: Callable[[State, Event], tuple[State, tuple[Effect, ...]]],
    state: State,
    event: Event,
    run: Callable[[State, Effect], Awaitable[Event | None]],
) -> State:
    """Play `event` to its end: each effect is run and its resulting event played next. Returns the last state."""
    waiting = [event]
    while waiting:
        state, effects = step(state, waiting.pop())
        answers = [await run(state, effect) for effect in effects]
        waiting.extend(answer for answer in answers if answer is not None)
    return state
