"""Who may ask: the `X-API-Key` header, and what a key's scopes allow.

It must not know how often a key has asked.
"""

from bot.sandbox.moncreneau.config import Key, MoncreneauSandbox
from bot.sandbox.moncreneau.errors import Refusal


class Keys:
    """The keys that the service has handed out."""

    def __init__(self, config: MoncreneauSandbox) -> None:
        self._keys = {key.token: key for key in config.keys}
        self._clock = config.clock

    def admit(self, token: str | None) -> Key:
        """Return the key of a request, or raise the refusal that fits."""
        if not token:
            raise Refusal("MISSING_API_KEY", "The X-API-Key header is missing")
        if not token.startswith("mk_"):
            raise Refusal("INVALID_TOKEN_FORMAT", "An API key begins with mk_")
        key = self._keys.get(token)
        if key is None:
            raise Refusal("INVALID_API_KEY", "The API key is not valid")
        if key.expires is not None and key.expires <= self._clock():
            raise Refusal("EXPIRED_API_KEY", "The API key has expired")
        return key


def require(key: Key, scope: str) -> None:
    """Raise the refusal of a key without the scope."""
    if scope not in key.scopes:
        raise Refusal("INSUFFICIENT_SCOPE", f"The API key lacks the scope {scope}", details={"required": scope})
