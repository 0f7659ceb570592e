"""The methods of the Bot API that the sandbox speaks, found by their names in lower case."""

from bot.sandbox.telegram.method import Method
from bot.sandbox.telegram.methods import buttons, chats, editing, media, profile, receiving, sending

METHODS: dict[str, Method] = {
    each.name.lower(): each
    for module in (receiving, sending, editing, media, buttons, chats, profile)
    for each in module.METHODS
}
