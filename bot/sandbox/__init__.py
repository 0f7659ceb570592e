"""Stand-ins for the two services outside, so that everything runs with no account and no network.

Nothing in the bot imports this package but the command line; the bot reaches a stand-in over HTTP, through its
settings, and cannot tell that it is one.
"""
