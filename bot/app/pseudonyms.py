"""Pseudonyms: what stands for a chat in the little that is kept after its data was erased.

A pseudonym is a keyed hash. Chat ids have ten digits, so without a key anybody who has the database could try them
all. The key is therefore not in the database: it is derived from the bot's token, which every installation has, keeps
secret, and need not set up a second time. A bot that gets a new token no longer recognises the chats erased before.
"""

import hashlib
import secrets

PURPOSE = b"moncreneau-bot: pseudonyms of erased chats"
_SMALLEST = 2**62


class Pseudonyms:
    """The pseudonyms by one secret. Without a secret they cannot be recognised after this process has ended."""

    def __init__(self, secret: str = "") -> None:
        material = secret.encode() or secrets.token_bytes(32)
        self._key = hashlib.blake2b(PURPOSE, key=hashlib.sha256(material).digest(), digest_size=32).digest()

    def of(self, chat_id: int) -> int:
        """The pseudonym of a chat: a number of 64 bits that no chat has, since ids have at most 52 (Bot API, `Chat`).

        It is negative, like the ids of groups, which have no data here.
        """
        digest = hashlib.blake2b(str(chat_id).encode(), key=self._key, digest_size=8).digest()
        return -(_SMALLEST + int.from_bytes(digest) % _SMALLEST)


def is_pseudonym(number: int) -> bool:
    """Whether this number in place of a chat id is a pseudonym."""
    return number <= -_SMALLEST
