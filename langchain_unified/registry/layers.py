"""What is laid over the shipped rows: discovered rows, then the user's own."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from langchain_unified.registry.build import Stratum
from langchain_unified.registry.schema import ModelRow, SourceRow
from langchain_unified.types import EMPTY, Layer

DEFAULT_PROVIDER = "openai"
"""The provider of names that name none, and of whatever speaks its API elsewhere."""


@dataclass(frozen=True, slots=True)
class Patch:
    """A row of a layer above the shipped ones.

    Attributes:
        provider: Provider id.
        model: The model's name as written.
        row: What it states.
        origin: Where it comes from, for people.
        sources: Texts of the sources the row cites by key.
    """

    provider: str
    model: str
    row: ModelRow
    origin: str
    sources: Mapping[str, SourceRow] = field(default_factory=lambda: EMPTY)

    @property
    def keys(self) -> tuple[str, ...]:
        """Every name the row answers to, in lower case."""
        dated = (f"{self.model}-{suffix}" for suffix in self.row.snapshots)
        names = (self.model, *self.row.aliases, *dated)
        return tuple(name.casefold() for name in names)


class Layers:
    """Discovered rows by provider and server, and the user's own by provider.

    Changes replace or add entries one by one and never rebuild what is there, so
    that thousands of rows can be added one after the other.
    """

    def __init__(self) -> None:
        """Start with nothing laid over the shipped rows."""
        self._own: dict[tuple[str, str], Patch] = {}
        self._owners: dict[str, str] = {}
        self._discovered: dict[tuple[str, str], dict[str, Patch]] = {}

    def register(self, patch: Patch) -> None:
        """Lay a row of the user's own over everything else."""
        for key in patch.keys:
            self._own[(patch.provider, key)] = patch
            self._owners[key] = patch.provider

    def discover(self, provider: str, server: str, patches: list[Patch]) -> None:
        """Replace what was discovered at a server."""
        found = {key: patch for patch in patches for key in patch.keys}
        self._discovered[_scope(provider, server)] = found

    def owner(self, key: str) -> str | None:
        """Return the provider of the user's own row of a name."""
        return self._owners.get(key)

    def own(self, provider: str, key: str) -> Patch | None:
        """Return the user's own row of a name."""
        return self._own.get((provider, key))

    def discovered(self, provider: str, server: str = "") -> tuple[str, ...]:
        """Return the names found at a server."""
        found = self._discovered.get(_scope(provider, server), {})
        return tuple(dict.fromkeys(patch.model for patch in found.values()))

    def registered(self) -> Iterator[tuple[str, str]]:
        """Yield provider and name of the user's own rows."""
        for (provider, _), patch in list(self._own.items()):
            yield provider, patch.model

    def strata(
        self, provider: str, keys: tuple[str, ...], server: str
    ) -> Iterator[Stratum]:
        """Yield the rows laid over a model, weakest first.

        Args:
            provider: Provider id.
            keys: The names of the model, the most general first.
            server: Base URL of the call; empty for the provider's own.
        """
        discovered = self._discovered.get(_scope(provider, server), {})
        for key in keys:
            if key in discovered:
                yield _stratum("discovered", discovered[key])
        for patch in _once(self._own.get((provider, key)) for key in keys):
            yield _stratum("override", patch)


def _scope(provider: str, server: str) -> tuple[str, str]:
    """Return what a list holds for: compatible servers are told apart by their URL."""
    return provider, server if provider == DEFAULT_PROVIDER else ""


def _once(patches: Iterable[Patch | None]) -> list[Patch]:
    """Return each row once: a model's names can lead to the same one."""
    return list({id(patch): patch for patch in patches if patch is not None}.values())


def _stratum(layer: Layer, patch: Patch) -> Stratum:
    return Stratum(
        layer,
        patch.row,
        f"model {patch.model}",
        patch.origin,
        patch.sources,
    )
