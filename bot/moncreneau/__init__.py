"""The moncreneau API over HTTP: a typed client, its errors, its caches and its hourly quota.

The entry point is `gateway.Gateway`; it obeys `bot.app.ports.Moncreneau`. Nothing in here knows Telegram or SQL.
"""
