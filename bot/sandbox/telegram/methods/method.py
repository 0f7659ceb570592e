"""What a method of the Bot API is to the sandbox: a name, the parameters that it may have, and what it does."""

from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple

from bot.sandbox.telegram.params import Params
from bot.sandbox.telegram.world import World

Handler = Callable[[World, Params], Any] | Callable[[World, Params], Awaitable[Any]]


class Method(NamedTuple):
    """A handler returns the `result`; it raises `TelegramError` to refuse. One that waits is `slow` and a coroutine."""

    name: str
    parameters: frozenset[str]
    handler: Handler
    slow: bool = False


def method(name: str, handler: Handler, parameters: str = "", *, slow: bool = False) -> Method:
    """Make a method from a line of parameter names."""
    return Method(name, frozenset(parameters.split()), handler, slow)
