"""Whose call it is: the server really called, the credentials, the tenant.

Lessons, breakers and places under `max_concurrency` belong to a scope, so that what
happens to one tenant touches no other.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from hashlib import sha256
from typing import Any, NamedTuple

_IDENTIFYING = re.compile(
    r"auth|key|token|secret|cookie|credential|password|session|tenant|account|user"
    r"|organi[sz]ation|project|customer",
    re.IGNORECASE,
)
"""Headers and query parameters that say whose call it is. Those that change with every
call (`x-request-id`) do not: every call would stand alone, and nothing be learned."""

_DIGEST = 24


class Scope(NamedTuple):
    """Whose call it is.

    Attributes:
        server: Address of the server; empty for the provider's own.
        credentials: A digest of everything that identifies the caller to the server;
            empty if there is nothing.
        tenant: What the call gives as `tenant`.
        is_known: Whether the credentials are known before the call is sent. Those an
            asynchronous callable makes are not: nothing is remembered about such a
            call, for the next may be another tenant's.
    """

    server: str = ""
    credentials: str = ""
    tenant: str = ""
    is_known: bool = True


def digest(parts: Mapping[str, Any]) -> str:
    """Return a digest that tells credentials apart and does not reveal them.

    Args:
        parts: Credentials by name; empty ones do not count.

    Example:
        >>> digest({"key": ""}), len(digest({"key": "sk-1"}))
        ('', 24)
    """
    known = sorted((name, str(value)) for name, value in parts.items() if value)
    if not known:
        return ""
    return sha256(repr(known).encode("utf-8", "surrogatepass")).hexdigest()[:_DIGEST]


def identifying(values: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return the headers, or query parameters, that say whose call it is.

    Example:
        >>> identifying({"Authorization": "Bearer x", "X-Request-Id": "1"})
        {'authorization': 'Bearer x'}
    """
    return {
        str(name).lower(): value
        for name, value in (values or {}).items()
        if _IDENTIFYING.search(str(name))
    }
