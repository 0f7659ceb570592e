"""A transport for the client that stays fast when many citizens book at once; must not know what is sent.

httpx's own pool looks at every connection for every request (encode/httpx#3215). This one is Rust's reqwest under
httpx's seam, set up to behave as the client expects: no redirects (the key would travel along), connections given up
before the service closes them, its own limit on connecting (through httpx's seam only the sum of the limits arrives).
"""

from datetime import timedelta

import httpx
from pyreqwest.client import ClientBuilder
from pyreqwest.compatibility.httpx import HttpxTransport

_IDLE = timedelta(seconds=15)


def fast_transport(connect: float = 5.0) -> httpx.AsyncBaseTransport:
    """A transport to hand to `Gateway(transport=...)`, which closes it. `connect` is a limit in seconds."""
    limit = timedelta(seconds=connect)
    builder = ClientBuilder().follow_redirects(enable=False).referer(enable=False)
    builder = builder.max_connections(64).pool_timeout(limit)
    return HttpxTransport(builder.connect_timeout(limit).pool_idle_timeout(_IDLE).pool_max_idle_per_host(16).build())
