"""What a chat looks like from outside, for tests and the page: every message, how it looked before, when it went."""

from typing import Any

from bot.sandbox.telegram.chats import Chat, Kept


def transcript(chat: Chat, after: int = 0) -> dict[str, Any]:
    """Return the chat with the messages numbered above `after`, oldest first, deleted ones included and marked."""
    return {
        "chat": chat.as_json(),
        "started": chat.started,
        "blocked": chat.blocked,
        "keyboard": chat.keyboard,
        "messages": [_message(kept) for number, kept in chat.messages.items() if number > after],
    }


def _message(kept: Kept) -> dict[str, Any]:
    return {
        "message": kept.message,
        "by_bot": kept.by_bot,
        "shown_since": kept.shown_since,
        "deleted_at": kept.deleted_at,
        "history": [{"at": version.at, "message": version.message} for version in kept.history],
    }
