"""The moncreneau API over HTTP: a typed client, its errors, its memory and its hourly budget.

`gateway.Gateway` is the way in; it obeys `bot.app.ports.Moncreneau`. Nothing in here knows Telegram or SQL.
"""
