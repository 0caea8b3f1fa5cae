"""What is known about servers of other makes, by their address."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

from langchain_unified.data import read_toml
from langchain_unified.registry.build import Stratum
from langchain_unified.registry.loader import validated
from langchain_unified.registry.schema import FactsRow, ServerRow, ServersFile
from langchain_unified.types import EMPTY

_ORIGIN = "servers.toml"
_HERE = frozenset({"localhost", "127.0.0.1", "::1", "0.0.0.0"})  # noqa: S104 - read


@lru_cache(maxsize=1)
def server_profiles() -> ServersFile:
    """Return the profiles of servers, by name."""
    return validated(ServersFile, read_toml(_ORIGIN), _ORIGIN)


@lru_cache(maxsize=256)
def profile_name(address: str) -> str:
    """Return the name of a server's profile; empty if none is known.

    Args:
        address: Where the server is called.

    Example:
        >>> profile_name("https://api.deepseek.com/v1"), profile_name("http://a/v1")
        ('deepseek', '')
    """
    parts = urlsplit(address)
    host = parts.hostname or ""
    for name, row in server_profiles().profiles.items():
        if any(host == known or host.endswith(f".{known}") for known in row.hosts):
            return name
        if host in _HERE and parts.port in row.ports:
            return name
    return ""


def shown_make(headers: Mapping[str, str], body: Mapping[str, Any]) -> str:
    """Return the profile of the server that gave an answer; empty if nothing tells.

    Args:
        headers: Headers of the answer.
        body: The answer, or the first event of a stream.

    Example:
        >>> shown_make({}, {"system_fingerprint": "fp_ollama"})
        'ollama'
    """
    mark = body.get("system_fingerprint")
    for name, row in server_profiles().profiles.items():
        shown = row.shows
        by_name = any(h in headers for h in shown.headers)
        by_name = by_name or any(key in body for key in shown.keys)
        if by_name or (mark is not None and mark == shown.fingerprint):
            return name
    return ""


def server_row(address: str, profile: str = "") -> ServerRow | None:
    """Return the profile of a server; `None` if none is known.

    Args:
        address: Where the server is called; empty for the provider's own.
        profile: Name of the profile; the address tells it if left out.
    """
    name = profile or (profile_name(address) if address else "")
    return server_profiles().profiles[name] if name else None


def server_strata(address: str, profile: str = "") -> tuple[Stratum, ...]:
    """Return what a server lays over the rules of a model, the weakest first.

    Args:
        address: Where the server is called; empty for the provider's own.
        profile: Name of the profile; the address tells it if left out.
    """
    if not address:
        return ()
    file, name = server_profiles(), profile or profile_name(address)
    row = server_row(address, profile)
    rows: list[tuple[FactsRow, str]]
    rows = [] if row is not None and row.passes_on else [(file.elsewhere, "elsewhere")]
    if row is not None:
        rows.append((row, f"server {name}"))
    sources = file.sources or EMPTY
    return tuple(Stratum("shipped", one, at, _ORIGIN, sources) for one, at in rows)
