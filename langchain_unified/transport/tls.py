"""One TLS context for all clients of an HTTP package.

Reading the certificates of all authorities takes some 20 ms (httpx 0.28 and httpx2
2.16, 2026-11-26), and each HTTP client would do it twice.
"""

from __future__ import annotations

import os
import ssl
from collections.abc import Mapping
from functools import lru_cache
from types import ModuleType
from typing import Any

_SETTINGS = ("cert", "trust_env", "verify")


def tls_context(http: ModuleType, options: Mapping[str, Any]) -> ssl.SSLContext:
    """Return the context that an HTTP package makes of `verify`, `cert`, `trust_env`.

    What it makes by default, of the certificates that `SSL_CERT_FILE` and
    `SSL_CERT_DIR` name, is made once.

    Args:
        http: The module `httpx` or `httpx2`.
        options: Arguments of `http.HTTPTransport`; others are not read.
    """
    given = {name: options[name] for name in _SETTINGS if name in options}
    if given.get("verify", True) is not True or given.get("cert") is not None:
        context: ssl.SSLContext = http.create_ssl_context(**given)
        return context
    environment = (os.environ.get("SSL_CERT_FILE"), os.environ.get("SSL_CERT_DIR"))
    return _default(http, environment, trust_env=bool(given.get("trust_env", True)))


@lru_cache(maxsize=8)
def _default(
    http: ModuleType,
    environment: tuple[str | None, str | None],  # noqa: ARG001 - part of the key
    *,
    trust_env: bool,
) -> ssl.SSLContext:
    context: ssl.SSLContext = http.create_ssl_context(trust_env=trust_env)
    return context
