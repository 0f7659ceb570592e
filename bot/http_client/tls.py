"""The certificate authorities that we trust: one TLS context for both HTTP clients, so that one setting serves both."""

import ssl
from functools import cache

import httpx


@cache
def tls_context() -> ssl.SSLContext:
    """The context with certifi's authorities, or those that `SSL_CERT_FILE` or `SSL_CERT_DIR` name.

    aiohttp's default are those of the operating system; small images and macOS have none.
    """
    return httpx.create_ssl_context()
