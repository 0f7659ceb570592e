"""The baseline of `bench.load`: an echo bot on python-telegram-bot with default settings and no state."""

import os
from typing import Any

from telegram import InlineKeyboardButton, InlineKeyboardMarkup, Update
from telegram.ext import Application, CallbackQueryHandler, ContextTypes, MessageHandler, filters

BUTTONS = InlineKeyboardMarkup([[InlineKeyboardButton("Next", callback_data="*.x:1")]])
"""Its data is that of a ticket's button, so that each message is the answer to every step (`bench.closed_loop`)."""


async def say(update: Update, _context: ContextTypes.DEFAULT_TYPE) -> None:
    """Answer a text with a text and a button."""
    if update.effective_message:
        await update.effective_message.reply_text("…", reply_markup=BUTTONS)


async def press(update: Update, _context: ContextTypes.DEFAULT_TYPE) -> None:
    """Answer a press by an edit, as every bot does."""
    if query := update.callback_query:
        await query.answer()
        await query.edit_message_text("…", reply_markup=BUTTONS)


def main() -> None:
    """Poll until the process ends."""
    base = os.environ["TELEGRAM_API_URL"]
    app: Application[Any, Any, Any, Any, Any, Any] = (
        Application.builder().token(os.environ["TELEGRAM_BOT_TOKEN"]).base_url(f"{base}/bot").build()
    )
    app.add_handler(MessageHandler(filters.ALL, say))
    app.add_handler(CallbackQueryHandler(press))
    app.run_polling()


if __name__ == "__main__":
    main()
