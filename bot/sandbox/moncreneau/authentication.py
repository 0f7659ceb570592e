"""Authentication by the `X-API-Key` header, and the scopes of a key.

It must not know how many requests a key has made.
"""

from bot.sandbox.moncreneau.config import ApiKey, MoncreneauSandbox
from bot.sandbox.moncreneau.errors import ApiError


class ApiKeys:
    """The keys that the service has issued."""

    def __init__(self, config: MoncreneauSandbox) -> None:
        self._keys = {key.token: key for key in config.keys}
        self._clock = config.clock

    def authenticate(self, token: str | None) -> ApiKey:
        """Return the key with this token. Raises ApiError (401) if there is none or it has expired."""
        if not token:
            raise ApiError("MISSING_API_KEY", "The X-API-Key header is missing")
        if not token.startswith("mk_"):
            raise ApiError("INVALID_TOKEN_FORMAT", "An API key begins with mk_")
        key = self._keys.get(token)
        if key is None:
            raise ApiError("INVALID_API_KEY", "The API key is not valid")
        if key.expires is not None and key.expires <= self._clock():
            raise ApiError("EXPIRED_API_KEY", "The API key has expired")
        return key


def require_scope(key: ApiKey, scope: str) -> None:
    """Raise ApiError (403) if the key lacks the scope."""
    if scope not in key.scopes:
        raise ApiError("INSUFFICIENT_SCOPE", f"The API key lacks the scope {scope}", details={"required": scope})
