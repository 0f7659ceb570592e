"""The moncreneau API over HTTP: a typed client, its errors, its caches and its hourly quota.

`gateway.Gateway` is the way in; it obeys `bot.app.ports.Moncreneau`. Nothing in here knows Telegram or SQL.
"""
