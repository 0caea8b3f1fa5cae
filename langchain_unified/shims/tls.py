"""One TLS context for all clients of an HTTP library.

Reading the certificates of all authorities takes some 20 ms (httpx 0.28 and httpx2
2.16, 2026-11-26), and each HTTP client would do it twice.
"""

from __future__ import annotations

import os
import ssl
from functools import lru_cache
from types import ModuleType


def tls_context(http: ModuleType) -> ssl.SSLContext:
    """Return the context that a library makes by default, made once.

    Args:
        http: The module `httpx` or `httpx2`.
    """
    environment = (os.environ.get("SSL_CERT_FILE"), os.environ.get("SSL_CERT_DIR"))
    return _made(http, environment)


@lru_cache(maxsize=8)
def _made(
    http: ModuleType,
    environment: tuple[str | None, str | None],  # noqa: ARG001 - part of the key
) -> ssl.SSLContext:
    context: ssl.SSLContext = http.create_ssl_context()
    return context
