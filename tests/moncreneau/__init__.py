"""The moncreneau client, mirror of bot/moncreneau."""
