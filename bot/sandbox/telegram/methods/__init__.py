"""The methods of the Bot API that the sandbox speaks, found by their names in lower case."""

from bot.sandbox.telegram.methods import callback_queries, chats, editing, files, profile, sending, updates
from bot.sandbox.telegram.methods.common import Method

METHODS: dict[str, Method] = {
    each.name.lower(): each
    for module in (updates, sending, editing, files, callback_queries, chats, profile)
    for each in module.METHODS
}
