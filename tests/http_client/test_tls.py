"""The certificate authorities that the clients trust. tests/http_client/test_failures.py has whole handshakes."""

import pytest

from bot.http_client.tls import tls_context


def test_the_tls_context_is_created_once_and_trusts_certifis_authorities(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    monkeypatch.delenv("SSL_CERT_DIR", raising=False)
    tls_context.cache_clear()
    assert tls_context() is tls_context()
    assert tls_context().cert_store_stats()["x509_ca"] > 50
