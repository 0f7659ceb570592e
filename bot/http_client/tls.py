"""Whom we trust in TLS: the same for both HTTP clients, so that one setting serves both. Knows nothing else of them."""

import ssl
from functools import cache

import httpx


@cache
def tls_context() -> ssl.SSLContext:
    """The one context: certifi's authorities, or those that `SSL_CERT_FILE` or `SSL_CERT_DIR` name.

    aiohttp by itself would ask the operating system, which in small images and on macOS knows none.
    """
    return httpx.create_ssl_context()
