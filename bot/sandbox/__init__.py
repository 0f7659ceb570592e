"""Stand-ins for Telegram and for the moncreneau API, so that everything runs with no account and no network.

The bot reaches them over HTTP, through its settings, and cannot tell them from the real services. Only the command
line imports this package. It must not import anything else of the bot.
"""
