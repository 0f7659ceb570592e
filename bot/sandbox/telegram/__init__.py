"""A stand-in for the Telegram Bot API with a chat page, so that the bot runs without an account and without a network.

It knows nothing of the bot: the two meet over HTTP only, as with the real service.
"""

from bot.sandbox.telegram.app import create_app
from bot.sandbox.telegram.config import Person, RateLimits, TelegramSandbox

__all__ = ["Person", "RateLimits", "TelegramSandbox", "create_app"]
