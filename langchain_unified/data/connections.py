"""Where providers are called, as each says of itself.

Ours say it in `shims/<provider>/connection.toml`, another package in the table
`[provider.connection]` of its rows, in the same words.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from importlib.resources import files
from typing import Any, NamedTuple

from langchain_unified.data import read_file
from langchain_unified.data.installed import installed
from langchain_unified.types import EMPTY


class ConnectionFacts(NamedTuple):
    """Where a provider is called, and what decides it.

    Attributes:
        address: The address that its SDK calls by default; empty if there is none.
        domains: Domains whose hosts are the provider's own; empty for any host.
        url_env: Environment variables that hold an address, the stronger first.
        read_by_sdk: Environment variables that its SDK reads when a client is made.
        keywords: Connection setting by the constructor keyword that means it.
        settings: Connection settings that only this provider has.
        credentials: Settings, beside `api_key`, that give access.
        listed_as: Names of the provider in lists of prices, the first asked first.
        file_hosts: Hosts of files that its servers alone can read by their address.
        place: Name of the function that tells where calls go; see
            `langchain_unified.connection.Place`. Empty where an address says it all.
        responses_since: First API version that serves Responses, where versions differ.
    """

    address: str = ""
    domains: tuple[str, ...] = ()
    url_env: tuple[str, ...] = ()
    read_by_sdk: tuple[str, ...] = ()
    keywords: Mapping[str, str] = EMPTY
    settings: tuple[str, ...] = ()
    credentials: tuple[str, ...] = ()
    listed_as: tuple[str, ...] = ()
    file_hosts: tuple[str, ...] = ()
    place: str = ""
    responses_since: str = ""


UNKNOWN = ConnectionFacts()
"""What is known of a provider that says nothing."""


def facts_of(provider: str) -> ConnectionFacts:
    """Return what a provider says of its connections."""
    found = connection_facts() if installed() else _shipped()
    return found.get(provider, UNKNOWN)


def connection_facts() -> Mapping[str, ConnectionFacts]:
    """Return what every provider says of its connections, by id."""
    found = installed()
    if not found:
        return _shipped()
    return {**_shipped(), **{one.provider: _of_rows(one.table) for one in found}}


def file_hosts() -> list[str]:
    """Return hosts of files that only one provider's servers can read."""
    return [host for facts in connection_facts().values() for host in facts.file_hosts]


@lru_cache(maxsize=1)
def _shipped() -> Mapping[str, ConnectionFacts]:
    """Return what the providers of this package say of their connections."""
    found = {}
    for folder in files("langchain_unified").joinpath("shims").iterdir():
        file = folder.joinpath("connection.toml")
        if file.is_file():
            found[folder.name] = _facts(read_file(file))
    return found


def _of_rows(table: Mapping[str, Any]) -> ConnectionFacts:
    provider = table.get("provider", {})
    told = provider.get("connection", {})
    return _facts({"settings": provider.get("settings", []), **told})


def _facts(told: Mapping[str, Any]) -> ConnectionFacts:
    known: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value
        for name, value in told.items()
        if name in ConnectionFacts._fields
    }
    return ConnectionFacts(**known)
