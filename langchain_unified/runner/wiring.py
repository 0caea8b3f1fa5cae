"""The servers that a chat model can call: who the user set up, where, with what."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from langchain_unified import connection
from langchain_unified.connection import SHARED, Connection
from langchain_unified.connection.servers import owned_keywords, user_configured
from langchain_unified.data.connections import facts_of
from langchain_unified.learning import Lessons
from langchain_unified.registry import Registry, default_registry
from langchain_unified.registry.billing import Billing, billing_of
from langchain_unified.registry.hosts import LIKE, Host
from langchain_unified.runner.clients import connected as client_settings
from langchain_unified.runtime import Runtime, runtime
from langchain_unified.settings.environment import URL_WHEN_MADE, from_environment
from langchain_unified.shims.base import ProviderShim
from langchain_unified.shims.loading import connect
from langchain_unified.types import CallPlan, ModelConfig

_OF_HOSTS = frozenset({"key_env", "like", "prices", "profile"})
"""What `providers` says about a server, and not about a connection to it."""


_OF_STREAMS = ("stream_chunk_timeout", "include_response_headers")
"""Fields of the model that hold on each of its connections to such servers."""


class Wiring:
    """The registry and the connections of one chat model, made when first needed.

    Args:
        fields: The model's fields by name.
        clients: SDK clients that the constructor was given, by keyword.

    Attributes:
        registry: What is known about models.
        lessons: Where lessons are kept: in the registry, or the runtime of the model.
        deployments: Model by deployment, of every provider.
        shims: What plans are sent with, by provider id or name of a server.
        runtime: Where clients are kept, and whatever else models share.
    """

    __slots__ = (
        "_billing",
        "_clients",
        "_configured",
        "_connections",
        "_fields",
        "_hosts",
        "_platforms",
        "deployments",
        "lessons",
        "registry",
        "runtime",
        "shims",
    )

    def __init__(self, fields: Mapping[str, Any], clients: Mapping[str, Any]) -> None:
        """Start with no connection."""
        self._fields, self._clients = fields, clients
        own: Runtime | None = fields.get("runtime")
        self.runtime = runtime if own is None else own
        self.registry: Registry = fields.get("registry") or default_registry()
        is_apart = fields.get("registry") is None and self.runtime is not runtime
        self.lessons = self.runtime[Lessons] if is_apart else self.registry.lessons
        self.deployments = connection.deployments_of(fields["providers"])
        self.shims: dict[str, ProviderShim] = {}
        self._billing: tuple[object, Billing] | None = None
        self._connections: dict[str, Connection] = {}
        self._configured: frozenset[str] | None = None
        self._hosts: tuple[object, tuple[Host, ...]] | None = None
        self._platforms: dict[str, str] | None = None

    def hosts(self) -> dict[str, Host]:
        """Return the servers that the user named, here or in the registry."""
        return self.registry.servers_with(self._fields["providers"])

    def named_servers(self) -> tuple[Host, ...]:
        """Return the servers that the user named; those of the registry can change."""
        shared = self.registry.servers
        if self._hosts is None or self._hosts[0] is not shared:
            found = tuple(self.hosts().values())
            for moved in {*(self._hosts or ("", ()))[1]}.difference(found):
                self._connections.pop(moved.name, None)
                self.shims.pop(moved.name, None)
            self._hosts = shared, found
        return self._hosts[1]

    def configured(self) -> frozenset[str]:
        """Return the providers that the user set up, beside OpenAI."""
        if self._configured is None:
            owned = {
                owner: value
                for keyword, (owner, _) in owned_keywords().items()
                if (value := self._fields.get(keyword)) is not None
            }
            named = user_configured(self._fields["providers"], owned)
            self._configured = named.difference(self.hosts())
        return self._configured

    def billing(self) -> Billing:
        """Return who bills for calls to servers of the user's own."""
        hosts = self.named_servers()
        if self._billing is None or self._billing[0] is not hosts:
            called = {"openai", *self.configured(), *(host.name for host in hosts)}
            budgeted = self._fields["budget_usd"] is not None
            found = billing_of(map(self.connected, called), budgeted=budgeted)
            stated = [provider for _, provider in found if provider]
            connection.check_ids(stated, self.registry.files, where="prices")
            self._billing = hosts, found
        return self._billing[1]

    def platforms(self) -> dict[str, str]:
        """Return where models are served, by provider; see `Invocation`."""
        if self._platforms is None:
            server = self.connected("openai").server
            own = {} if server.is_own else {"openai": server.address}
            self._platforms = {**connection.platforms(self.connected), **own}
        return self._platforms

    def url(self, provider: str) -> str | None:
        """Return where a provider is called; `None` for its usual server."""
        return self.connected(provider).server.key or None

    def connected(self, provider: str) -> Connection:
        """Return the connection of a provider, or of a named server."""
        found = self._connections.get(provider)
        if found is None:
            found = self._connections[provider] = self.connection(provider)
        return found

    def connection(self, provider: str) -> Connection:
        """Return the connection settings of a provider, or of a named server."""
        host = self.hosts().get(provider)
        if host is not None:
            return self._host_connection(host)
        fields = self._fields
        settings = {
            setting: fields.get(keyword)
            for keyword, (owner, setting) in owned_keywords().items()
            if owner == provider
        }
        if provider == "openai":
            settings = self._with_shared(settings)
        settings |= fields["providers"].get(provider, {})
        return Connection(provider, settings)

    def _with_shared(self, own: dict[str, Any]) -> dict[str, Any]:
        """Return OpenAI's settings with shared keywords and the clients given."""
        fields = self._fields
        shared = {name: fields[name] for name in SHARED if name in fields}
        always = {name: fields[name] for name in _OF_STREAMS}
        settings = {**own, **shared, **client_settings(self._clients), **always}
        if not (settings.get("base_url") or self._clients):
            settings["base_url"] = self._url_when_made()
        return settings

    def _url_when_made(self) -> str | None:
        """Return OpenAI's base URL of the environment that the model was made in.

        `ChatOpenAI` keeps it: a variable that changes later moves no model to another
        server. `None` if it has not changed since.
        """
        facts = facts_of("openai")
        now = from_environment(*facts.url_env)
        then = self._fields.get(URL_WHEN_MADE, now)
        return None if then == now else then or facts.address

    def _host_connection(self, host: Host) -> Connection:
        """Return the settings of a named server: its own, and nobody else's."""
        own = self._fields["providers"].get(host.name, {})
        settings = {
            "base_url": host.base_url,
            **{name: self._fields[name] for name in _OF_STREAMS},
            **{k: v for k, v in own.items() if k not in _OF_HOSTS},
        }
        if not settings.get("api_key"):
            settings["api_key"] = connection.as_secret("api_key", host.key())
        return Connection(LIKE, settings, host.name, host.key_env)

    def is_enabled(self, config: ModelConfig) -> bool:
        """Tell whether the provider of a model is switched on by itself."""
        return self.registry.files[config.provider].provider.enabled

    def seen(self, provider: str) -> str:
        """Return the make of a server as its answers showed it; empty so far."""
        shim = self.shims.get(provider)
        return "" if shim is None else shim.connection.seen

    def shim(self, plan: CallPlan) -> ProviderShim:
        """Return what a plan is sent with."""
        name = plan.config.connection
        shim = self.shims.get(name)
        if shim is None:
            shim = self.shims[name] = connect(self.connected(name), self.runtime)
        return shim

    def close(self) -> None:
        """Close the connections of this model's clients."""
        for shim in self.shims.values():
            shim.close()

    async def aclose(self) -> None:
        """Close the connections of this model's clients; see `close`."""
        for shim in self.shims.values():
            await shim.aclose()
