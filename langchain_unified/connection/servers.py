"""Where calls are really sent: one notion of a server for everything that asks.

`Connection.server` is a `Server`. Names, rules, endpoints, lessons, limits and records
all read it, so that what is sent to and what is planned for is the same place.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from langchain_unified.data.connections import (
    ConnectionFacts,
    connection_facts,
    facts_of,
)
from langchain_unified.exports import loaded

_PORTS = {"http": 80, "https": 443}


class Server(NamedTuple):
    """Where the calls of a connection are sent.

    Attributes:
        provider: Provider id of the connection.
        address: URL without credentials, query and trailing slash; empty if unknown.
        is_usual: Whether it is the address that the provider's SDK uses by default.
        is_own: Whether the provider itself answers there, under any of its host names.

    Example:
        >>> Server.at("openai", "http://localhost:8000/v1/").key
        'http://localhost:8000/v1'
        >>> Server.at("openai", None).key
        ''
    """

    provider: str
    address: str
    is_usual: bool = True
    is_own: bool = True

    @classmethod
    def at(cls, provider: str, url: object) -> Server:
        """Return the server behind a base URL; `None` is the provider's usual one."""
        facts = facts_of(provider)
        address = plain_url(url) or facts.address
        is_usual = address == facts.address
        host = urlsplit(address).hostname or ""
        own = [host == one or host.endswith(f".{one}") for one in facts.domains]
        return cls(provider, address, is_usual, is_usual or not own or any(own))

    @property
    def key(self) -> str:
        """What lessons, limits and lists are kept under; empty for the usual server."""
        return "" if self.is_usual else self.address


class Place(NamedTuple):
    """Where the calls of a connection go, as the provider tells.

    Attributes:
        url: The address that was given; `None` for the provider's usual one.
        platform: Which of the provider's platforms it is, if it has more than one.
        has_account: Whether calls there need no key: the machine has an account.
    """

    url: Any = None
    platform: str = ""
    has_account: bool = False


def plain_url(url: object) -> str:
    """Return a URL without credentials, query, default port and trailing slash.

    Example:
        >>> plain_url("https://Host:443/v1/?key=1")
        'https://host/v1'
    """
    text = str(url).strip() if url else ""
    parts = urlsplit(text if "://" in text else f"http://{text}")
    try:
        host, port = parts.hostname, parts.port
    except ValueError:
        return text
    if not text or not host:
        return text
    host = f"[{host}]" if ":" in host else host
    shown = f":{port}" if port is not None and port != _PORTS.get(parts.scheme) else ""
    return f"{parts.scheme}://{host}{shown}{parts.path.rstrip('/')}"


def place_of(provider: str, get: Callable[[str], Any]) -> Place:
    """Return where the calls of a provider go.

    Args:
        provider: Provider id.
        get: Returns a connection setting, `None` if it is not set.
    """
    facts = facts_of(provider)
    url = _given_url(facts, get)
    if not facts.place:
        return Place(url)
    place: Place = loaded(facts.place)(get, url)
    return place


def server_of(provider: str, get: Callable[[str], Any]) -> Server:
    """Return the server that a provider is called at; see `place_of`."""
    return Server.at(provider, place_of(provider, get).url)


def owned_keywords() -> dict[str, tuple[str, str]]:
    """Return provider and setting of each constructor keyword that one provider has."""
    return {
        keyword: (provider, setting)
        for provider, facts in connection_facts().items()
        for keyword, setting in facts.keywords.items()
    }


def user_configured(
    providers: Mapping[str, Mapping[str, Any]], owned: Mapping[str, Any]
) -> frozenset[str]:
    """Return the providers that the user set up, beside OpenAI.

    Args:
        providers: Connection settings by provider id.
        owned: A value by provider of each keyword that belongs to it alone.
    """
    named = {name for name, settings in providers.items() if settings}
    named |= {provider for provider, value in owned.items() if value is not None}
    for provider, facts in connection_facts().items():
        if any(map(os.environ.get, facts.url_env)):
            named.add(provider)
    return frozenset(named - {"openai"})


def _given_url(facts: ConnectionFacts, get: Callable[[str], Any]) -> Any:
    """Return the address that was given; a client handed in has its own."""
    for name in ("root_client", "root_async_client"):
        url = getattr(get(name), "base_url", None)
        # A client that a test made up may have no real address.
        if url is not None and str(url).startswith("http"):
            return url
    in_environment = filter(None, map(os.environ.get, facts.url_env))
    return get("base_url") or next(in_environment, None)
