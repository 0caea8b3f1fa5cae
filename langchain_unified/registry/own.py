"""What users lay over the shipped rows: models, names and servers of their own."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from langchain_unified.errors import InvalidParameterError
from langchain_unified.registry.hosts import Host, hosts_in, names_of
from langchain_unified.registry.layers import DEFAULT_PROVIDER
from langchain_unified.runtime import Bounded
from langchain_unified.settings import nearest
from langchain_unified.types import ModelConfig

if TYPE_CHECKING:
    from langchain_unified.registry.catalog import Catalog

_LONGEST_LIST = 8_192
LONGEST_NAME = 512
"""Longest model name, in characters; longer ones are no names but somebody's text."""


class OwnRows:
    """The part of a registry that its user writes."""

    _catalog: Catalog
    resolved: Bounded[tuple[object, ...], ModelConfig]
    today: Callable[[], date]

    def register(self, model: str, **facts: Any) -> None:
        """Add a model, or state facts about a known one.

        What is stated is added to what was stated before, and holds for the model's
        snapshots and fine-tunes too. It wins over shipped and discovered facts; what
        a server refuses later wins over it, until `forget` is called.

        Args:
            model: The model's name.
            **facts: The keys of a `[models]` table: `family`, `limits`, `parameters`,
                `same_as` (the facts of another model, as an Azure deployment has
                them), `provider` and so on.

        Raises:
            RegistryError: If a key or word is unknown, a type is wrong, a limit is
                impossible or a reference leads nowhere or in a circle; nothing is
                changed then.

        Example:
            >>> from langchain_unified.registry import Registry
            >>> registry = Registry()
            >>> registry.register("acme-1", provider="openai", family="classic")
            >>> registry.resolve("acme-1").family
            'classic'
        """
        self._catalog.register(check_name(model), facts, self.today())
        self.resolved = Bounded()

    @property
    def servers(self) -> Mapping[str, Host]:
        """The servers of the user's own by name; see `add_server`."""
        return self._catalog.hosts

    def servers_with(
        self, providers: Mapping[str, Mapping[str, Any]]
    ) -> dict[str, Host]:
        """Return the servers of the user's own by name, and those of a model's own.

        Args:
            providers: Connection settings by provider id or name of a server.

        Raises:
            InvalidParameterError: If a server makes no sense.
        """
        return hosts_in(providers, self.servers, self._catalog.checked_host)

    @property
    def prefixes(self) -> set[str]:
        """Ids of providers, and what else stands before the names of their models."""
        return self._catalog.prefixes

    def check_prefix(self, config: ModelConfig, servers: Iterable[Host] = ()) -> None:
        """Refuse a name that nobody knows and that begins with a slip.

        Of OpenAI's own names only those of fine-tunes have a colon, so `vlm:qwen3` is
        no model there: the prompt was meant for the server `vllm`.

        Args:
            config: What is known about the model.
            servers: Servers that the user named.

        Raises:
            InvalidParameterError: If the name was meant for another provider or server.
        """
        prefix, colon, rest = config.model.partition(":")
        if not colon or config.server or config.provider != DEFAULT_PROVIDER:
            return
        known = self.prefixes | {server.name for server in servers}
        near = nearest(prefix.casefold(), known)
        if near and not rest.startswith("ft-"):
            accepted = f"did you mean '{near}:{rest}'?"
            raise InvalidParameterError("model", config.model, accepted)

    def add_server(
        self,
        name: str,
        base_url: str,
        *,
        key_env: str | Iterable[str] = (),
        profile: str = "",
        prices: str = "",
    ) -> None:
        """Add a server of the user's own that speaks OpenAI's wire.

        Its models are called `<name>:<model>`, by every chat model of the registry,
        beside those of providers. What follows the name is sent to the letter.

        Args:
            name: What to call it.
            base_url: Where it is, for example `http://localhost:8000/v1`.
            key_env: Environment variables that can hold its key, the stronger first;
                none for a server without keys.
            profile: Name of a server of `data/servers.toml`; what the name or the
                address tells if left out.
            prices: Provider at whose list prices it bills, for a gateway; a server of
                one's own bills nobody's, only what rows say with `price`.

        Raises:
            InvalidParameterError: If the name is a provider's, the address is none or
                the profile is unknown.

        Example:
            >>> from langchain_unified.registry import Registry
            >>> registry = Registry()
            >>> registry.add_server("vllm", "http://localhost:8000/v1")
            >>> registry.resolve("vllm:Qwen/Qwen3-8B").model
            'Qwen/Qwen3-8B'
        """
        host = Host(name, base_url, profile, names_of(key_env), prices)
        self._catalog.add_host(host)
        self.resolved = Bounded()

    def unregister(self, model: str) -> None:
        """Take back all that was registered about a model, or an alias.

        Args:
            model: The model's name as `register` took it, or the alias.

        Raises:
            RegistryError: If nothing was registered about it, or another row has its
                facts from it by `same_as`.

        Example:
            >>> from langchain_unified.registry import Registry
            >>> registry = Registry()
            >>> registry.register("acme-1", provider="openai", family="classic")
            >>> registry.unregister("acme-1")
            >>> registry.own()
            {}
        """
        self._catalog.unregister(check_name(model))
        self.resolved = Bounded()

    def own(self) -> dict[str, dict[str, Any]]:
        """Return the rows of the user's own, as they are merged.

        Names begin with that of the provider or server: `provider:model`.

        Example:
            >>> from langchain_unified.registry import Registry
            >>> registry = Registry()
            >>> registry.register("acme-1", provider="openai", family="classic")
            >>> registry.register("acme-1", limits={"output": 4_096})
            >>> registry.own()["openai:acme-1"]["limits"]
            {'output': 4096}
        """
        return {
            name: {**own.merged, "provider": provider}
            for provider, name, own in self._catalog.own()
        }

    def aliases(self) -> dict[str, str]:
        """Return what names of the user's own stand for, by their lower case."""
        return dict(self._catalog.lookup.aliases)

    def alias(self, name: str, target: str) -> None:
        """Let a name of the user's own stand for a model; the model's name is sent.

        Args:
            name: The new name, in any case.
            target: Any spelling of a model, or another alias.

        Raises:
            RegistryError: If the name would come to stand for itself.
            InvalidParameterError: If no call could mean the name, or the target is a
                policy and no model.
        """
        self._catalog.alias(check_name(name), check_name(target))
        self.resolved = Bounded()

    def load(self, path: str | Path) -> None:
        """Add the rows and aliases of a TOML file of the user's own.

        Raises:
            RegistryError: If the file cannot be read.
        """
        self._catalog.load(path, self.today())
        self.resolved = Bounded()


def check_name(model: object) -> str:
    """Return a model name, or raise `InvalidParameterError` if it is none."""
    if not isinstance(model, str) or not model.strip():
        accepted = "give the name of a model, for example 'openai:<model>'."
        raise InvalidParameterError("model", model, accepted)
    longest = _LONGEST_LIST if model.startswith("auto:") else LONGEST_NAME
    if len(model) > longest or not model.isprintable():
        shown = f"{model[:40]}..." if len(model) > longest else model
        accepted = (
            f"a model name has at most {longest} printable characters; this one "
            f"has {len(model)} characters."
        )
        raise InvalidParameterError("model", shown, accepted)
    return model
