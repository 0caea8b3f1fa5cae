"""Servers that users name: a name, an address and a key of their own, and rows."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from langchain_unified.connection.servers import plain_url
from langchain_unified.errors import InvalidParameterError
from langchain_unified.settings import did_you_mean

LIKE = "openai"
"""The wire that a user's server speaks."""

NO_KEY = "no-key"
"""Sent as the key of a server that has none: OpenAI's SDK insists on one."""

_NAME = re.compile(r"[a-z][a-z0-9_.-]*")


class Host(NamedTuple):
    """A server that the user named; its models are called `name:model`.

    Attributes:
        name: What the user calls it, in lower case.
        base_url: Where it is called.
        profile: Name of what is known about its make; empty for what its own name or
            its address says.
        key_env: Environment variables that can hold its key.
        prices: Provider at whose list prices it bills; empty for none.

    Example:
        >>> Host("vllm", "http://localhost:8000/v1").address
        'http://localhost:8000/v1'
    """

    name: str
    base_url: str
    profile: str = ""
    key_env: tuple[str, ...] = ()
    prices: str = ""

    def __repr__(self) -> str:
        """Leave credentials in the address out."""
        return f"Host({self.name!r}, {self.address!r}, {self.profile!r})"

    @property
    def address(self) -> str:
        """The URL without credentials, query and trailing slash."""
        return plain_url(self.base_url)

    @property
    def prefix(self) -> str:
        """What stands before the names of its models."""
        return f"{self.name}:"

    def key(self) -> str | None:
        """Return its key from the environment; `None` if it has one and it is unset.

        A key of another provider is never sent in its place.
        """
        if not self.key_env:
            return NO_KEY
        return next(filter(None, map(os.environ.get, self.key_env)), None)


def check_host(
    host: Host, taken: Iterable[str], profiles: Iterable[str], where: str = "servers"
) -> Host:
    """Return a server, if it can be told from everything else.

    Args:
        host: The server.
        taken: Ids and prefixes of providers.
        profiles: Names of what is known about servers of other makes.
        where: What named it, for error messages.

    Raises:
        InvalidParameterError: If its name is no name or a provider's, its address
            no address, or its profile unknown.
    """
    if not _NAME.fullmatch(host.name):
        accepted = "give a name of letters, digits, '-', '_' and '.'."
        raise InvalidParameterError(where, host.name, accepted)
    if host.name in {*taken, "auto", "ft"}:
        accepted = "this is the name of a provider; give the server another name."
        raise InvalidParameterError(where, host.name, accepted)
    where = f"{where}.{host.name}"
    if not host.base_url.startswith(("http://", "https://")):
        accepted = 'give an address, for example "http://localhost:8000/v1".'
        raise InvalidParameterError(f"{where}.base_url", host.base_url, accepted)
    known = tuple(profiles)
    if host.profile and host.profile not in known:
        accepted = f"{did_you_mean(host.profile, known)} Known: {', '.join(known)}."
        raise InvalidParameterError(f"{where}.profile", host.profile, accepted.lstrip())
    return host


def check_like(where: str, like: Any) -> None:
    """Refuse a server that speaks another wire than OpenAI's.

    Raises:
        InvalidParameterError: If it does.
    """
    if like != LIKE:
        accepted = f"a server of your own must be like {LIKE!r}."
        raise InvalidParameterError(f"{where}.like", like, accepted)


def names_of(variables: str | Iterable[str]) -> tuple[str, ...]:
    """Return the names of environment variables, given as one or as several."""
    return (variables,) if isinstance(variables, str) else tuple(variables)


def hosts_in(
    providers: Mapping[str, Mapping[str, Any]],
    shared: Mapping[str, Host],
    check: Callable[[Host, str], Host],
) -> dict[str, Host]:
    """Return every server by name: shared ones, and those of a model's `providers`.

    Args:
        providers: Connection settings by provider id or name of a server.
        shared: The servers that the registry knows.
        check: Returns a server that makes sense; gets what named it too.

    Raises:
        InvalidParameterError: If one makes no sense.
    """
    hosts = dict(shared)
    for name, settings in providers.items():
        known = hosts.get(name)
        if known is None and "like" not in settings:
            continue
        check_like(f"providers.{name}", settings.get("like", LIKE))
        stated = {key: settings[key] for key in _STATED if settings.get(key)}
        if "key_env" in stated:
            stated["key_env"] = names_of(stated["key_env"])
        host = (known or Host(name, ""))._replace(**stated)
        hosts[name] = check(host, "providers")
    return hosts


_STATED = ("base_url", "profile", "key_env", "prices")
"""What `providers` can say about a server."""
