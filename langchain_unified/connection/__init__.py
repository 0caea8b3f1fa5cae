"""Connection settings: which belong to which provider, and how they identify a client.

A setting belongs to one provider and is never handed to another: `openai_*` to OpenAI,
`google_*` to Gemini, `api_key`, `base_url` and the like to the provider of the
constructor's model, `providers={...}` to the provider it names.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from pydantic import SecretStr

from langchain_unified.connection.servers import Place, Server, place_of
from langchain_unified.data.connections import connection_facts, facts_of
from langchain_unified.data.installed import shipped_ids
from langchain_unified.errors import (
    InvalidParameterError,
    UnknownParameterError,
    shown_name,
)
from langchain_unified.settings import did_you_mean, nearest, shared_keywords

SHARED = shared_keywords()
"""Constructor keywords that belong to the provider of the constructor's model."""

_COMMON = frozenset(
    {
        *SHARED,
        "api_version",
        "client_args",
        "client_options",
        "deployments",
        "key_env",
        "include_response_headers",
        "like",
        "prices",
        "profile",
        "root_async_client",
        "root_client",
        "stream_chunk_timeout",
    }
)


def known_settings() -> frozenset[str]:
    """Return what `providers={"<id>": {...}}` may set."""
    own = (
        {*facts.settings, *facts.keywords.values()}
        for provider, facts in connection_facts().items()
        if provider in shipped_ids()
    )
    return _COMMON.union(*own)


class Connection:
    """The settings of one provider; equal settings share one client.

    Args:
        provider: Provider id.
        settings: Settings by name; a key is a `SecretStr` or a callable.
        name: What the user calls the server; empty for the provider's own connection.
        key_env: Environment variables that can hold the key of a named server.

    Attributes:
        provider: Provider id.
        name: What the user calls the server; no key, address or organization of the
            provider in the environment is meant for it.
        key_env: Environment variables that can hold the key of a named server.
        place: Where its calls go, as the provider tells.
        server: Where its calls are really sent.
        seen: Name of the make of server that its first answer showed; empty for none.
        looked: Whether an answer has been looked at for it.
    """

    __slots__ = (
        "_key",
        "_settings",
        "key_env",
        "looked",
        "name",
        "place",
        "provider",
        "seen",
        "server",
    )

    def __init__(
        self,
        provider: str,
        settings: Mapping[str, Any],
        name: str = "",
        key_env: tuple[str, ...] = (),
    ) -> None:
        """Keep the settings and work out what makes them equal."""
        self.provider, self.name, self.key_env = provider, name, key_env
        self._settings = {k: v for k, v in settings.items() if v is not None}
        pairs = ((name, _identity(v)) for name, v in self._settings.items())
        around = _surroundings("" if name else provider)
        self._key = (provider, name, frozenset(pairs), around)
        self.place: Place = place_of(provider, self._settings.get)
        self.server: Server = Server.at(provider, self.place.url)
        self.seen, self.looked = "", False  # set by the shim that has the clients

    @property
    def address(self) -> str:
        """The URL its calls are really sent to; see `Server`."""
        return self.server.address

    def get(self, setting: str, default: Any = None) -> Any:
        """Return a setting."""
        return self._settings.get(setting, default)

    def secret(self, setting: str = "api_key") -> str | Callable[[], Any] | None:
        """Return a key in clear, or the callable that makes it."""
        value = self._settings.get(setting)
        return value.get_secret_value() if isinstance(value, SecretStr) else value

    def key(self, *variables: str) -> str | None:
        """Return the key to send: the one given, else one of the environment.

        Args:
            *variables: Environment variables that can hold it, the stronger first.

        Returns:
            `None` if there is no such provider.

        Example:
            >>> Connection("acme", {"api_key": "secret"}).key("ACME_API_KEY")
            'secret'
        """
        given = self.secret()
        found = given() if callable(given) else given
        return found or next(filter(None, map(os.environ.get, variables)), None)

    @property
    def surroundings(self) -> tuple[str | None, ...]:
        """What the SDKs read from the environment, as it was when this was made."""
        found: tuple[str | None, ...] = self._key[3]
        return found if any(found) else ()

    def __eq__(self, other: object) -> bool:
        """Tell whether two connections can share a client."""
        return isinstance(other, Connection) and self._key == other._key

    def __hash__(self) -> int:
        """Hash the identity of the settings."""
        return hash(self._key)

    def __repr__(self) -> str:
        """Name the settings, never their values."""
        return f"Connection({self.provider!r}, {sorted(self._settings)})"


def _surroundings(provider: str) -> tuple[str | None, ...]:
    """Return what the SDKs read from the environment when a client is made."""
    names = (*facts_of(provider).read_by_sdk, *_READ_BY_ALL)
    return tuple(os.environ.get(name) for name in names)


_READ_BY_ALL = (
    "ALL_PROXY",
    "HTTPS_PROXY",
    "HTTP_PROXY",
    "NO_PROXY",
    "SSL_CERT_DIR",
    "SSL_CERT_FILE",
    "all_proxy",
    "http_proxy",
    "https_proxy",
    "no_proxy",
)


def _identity(value: Any) -> Any:
    if isinstance(value, SecretStr):
        return ("secret", value.get_secret_value())
    if isinstance(value, Mapping):
        return frozenset((key, _identity(item)) for key, item in value.items())
    if isinstance(value, (list, tuple)):
        return tuple(_identity(item) for item in value)
    try:
        hash(value)
    except TypeError:
        return ("object", id(value))
    return value


def checked_providers(given: Any) -> dict[str, dict[str, Any]]:
    """Check `providers={...}` and wrap its keys as secrets.

    Raises:
        UnknownParameterError: If a setting does not exist.
        InvalidParameterError: If a value is of the wrong type.
    """
    checked: dict[str, dict[str, Any]] = {}
    if given and not isinstance(given, Mapping):
        accepted = (
            'give a dictionary of settings by provider, for example {"openai": {...}}.'
        )
        raise InvalidParameterError("providers", "**********", accepted)
    for named, settings in dict(given or {}).items():
        provider = named.casefold() if isinstance(named, str) else named
        where = f"providers[{shown_name(str(provider))!r}]"
        if not isinstance(settings, Mapping):
            accepted = 'give a dictionary of settings, for example {"api_key": "..."}.'
            raise InvalidParameterError(where, "**********", accepted)
        known = known_settings().union(facts_of(str(provider)).settings)
        for name, value in settings.items():
            if name not in known:
                raise UnknownParameterError(name, nearest(name, known), where=where)
            _check_type(f"{where}[{name!r}]", name, value)
        if provider in checked:
            raise InvalidParameterError(
                "providers", named, "it was given twice; remove one."
            )
        if "key_env" in settings and "like" not in settings:
            accepted = 'it is for a server of your own; add "like": "openai".'
            raise InvalidParameterError(where, "key_env", accepted)
        checked[provider] = {k: as_secret(k, v) for k, v in settings.items()}
    return checked


def check_ids(provider_ids: Iterable[str], known: Iterable[str], *, where: str) -> None:
    """Refuse ids of providers that do not exist.

    Raises:
        InvalidParameterError: If there is one; the message names the nearest.
    """
    names = tuple(known)
    for name in provider_ids:
        if name not in names:
            hint = did_you_mean(
                str(name), names, otherwise="there is no such provider."
            )
            accepted = f"{hint} Providers: {', '.join(sorted(names))}."
            raise InvalidParameterError(where, shown_name(str(name)), accepted)


def deployments_of(providers: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
    """Return the model behind each deployment of every provider."""
    return {
        name: model
        for settings in providers.values()
        for name, model in (settings.get("deployments") or {}).items()
    }


_TEXTS = frozenset(
    {
        "api_version",
        "base_url",
        "location",
        "organization",
        "prices",
        "profile",
        "project",
    }
)
_MAPPINGS = frozenset(
    {"client_args", "client_options", "default_headers", "default_query", "deployments"}
)


def _check_type(where: str, name: str, value: Any) -> None:
    """Refuse a setting of the wrong type; the value of a secret is never shown."""
    if value is None:
        return
    is_text = name in _TEXTS or name.endswith("_endpoint")
    if is_text and not isinstance(value, str):
        raise InvalidParameterError(where, "**********", "give a string.")
    if name in _MAPPINGS and not isinstance(value, Mapping):
        raise InvalidParameterError(where, "**********", "give a dictionary.")
    if name == "key_env" and not all(isinstance(one, str) for one in value):
        raise InvalidParameterError(where, "**********", "give a name, or a list.")
    if name.endswith("_token_provider") and not callable(value):
        raise InvalidParameterError(where, "**********", "give a callable.")
    if _is_secret(name) and not (
        isinstance(value, (str, SecretStr)) or callable(value)
    ):
        accepted = "give a string, a SecretStr or a callable."
        raise InvalidParameterError(where, "**********", accepted)


def _is_secret(name: str) -> bool:
    return name.endswith(("api_key", "token"))


def as_secret(name: str, value: Any) -> Any:
    """Wrap a key or token given as text."""
    return SecretStr(value) if _is_secret(name) and isinstance(value, str) else value


def platforms(connected: Callable[[str], Connection]) -> dict[str, str]:
    """Return where models are served, by provider with more than one place.

    Args:
        connected: Returns the connection of a provider.
    """
    places = {
        provider: connected(provider).place.platform
        for provider, facts in connection_facts().items()
        if facts.place
    }
    return {provider: platform for provider, platform in places.items() if platform}
