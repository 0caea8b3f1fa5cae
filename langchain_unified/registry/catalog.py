"""Everything the registry holds: provider files, the layers above them, and names."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

from langchain_unified.errors import InvalidParameterError
from langchain_unified.registry.build import Found, build_config
from langchain_unified.registry.layers import Layers, Patch
from langchain_unified.registry.lookup import Lookup
from langchain_unified.registry.names import OWN, Name, Place
from langchain_unified.registry.overrides import (
    checked_patch,
    read_overrides,
    read_row,
)
from langchain_unified.registry.packages import load_installed
from langchain_unified.registry.schema import OverrideRow, ProviderFile, RankRow
from langchain_unified.types import Lifecycle, ModelConfig

Row = tuple[str, str]
"""Provider and name of a model's row."""


class Catalog:
    """The rows of all providers and the layers above them; reads no clock.

    Args:
        files: Provider files by provider id; the shipped ones if left out.

    Attributes:
        files: Provider files by provider id.
    """

    def __init__(self, files: Mapping[str, ProviderFile] | None = None) -> None:
        """Index the rows of the files."""
        self.files = dict(load_installed() if files is None else files)
        self._layers = Layers()
        self._lookup = Lookup(self.files, self._layers)

    def find(
        self, model: str, provider: str | None, place: Place, today: date
    ) -> Found:
        """Return the rows that speak about a name on a day."""
        return self._lookup.find(model, provider, place, today)

    def behind(
        self,
        model: str,
        place: Place,
        deployments: Mapping[str, str],
        today: date,
    ) -> tuple[Name, str | None]:
        """Return a name taken apart, and the model behind it if it is a deployment."""
        name = self._lookup.read(model, place)
        if deployments and name.provider is None and name.wire in deployments:
            name = self._as_deployment(name, today)
        return name, self._lookup.behind(name, deployments)

    def config(self, found: Found, deployment: Name | None = None) -> ModelConfig:
        """Merge the rows that speak about a model, or about a deployment of it."""
        if deployment is None:
            return build_config(found)
        return _deployed(build_config(_as_asked(found)), deployment)

    def register(self, model: str, facts: Mapping[str, Any], today: date) -> None:
        """Lay a row given in code over the others.

        Raises:
            RegistryError: If a key is unknown, a type is wrong or a reference leads
                nowhere.
        """
        origin = "registry.register"
        self._add(model, read_row(model, facts, origin), origin, {}, today)

    def load(self, path: str | Path, today: date) -> None:
        """Lay the rows and aliases of a file of the user's own over the others.

        Raises:
            RegistryError: If the file cannot be read.
        """
        read = read_overrides(path)
        for model, row in read.models.items():
            self._add(model, row, str(path), read.sources, today)
        for name, target in read.aliases.items():
            self.alias(name, target)

    def alias(self, name: str, target: str) -> None:
        """Let a name stand for another."""
        self._lookup.alias(name, target)

    def discover(self, provider: str, server: str, patches: list[Patch]) -> None:
        """Replace what was discovered at a server."""
        self._layers.discover(provider, server, patches)

    def discovered(self, provider: str, server: str) -> tuple[str, ...]:
        """Return the names found at a server."""
        return self._layers.discovered(provider, server)

    def rows(self) -> Iterator[Row]:
        """Yield every name of a model, shipped or the user's own."""
        shipped = self._lookup.rows
        for key, (provider, _) in shipped.items():
            yield provider, key
        for provider, model in self._layers.registered():
            if model.casefold() not in shipped:
                yield provider, model

    def rankable(self) -> list[Row]:
        """Return the models whose rows may state a rank."""
        named = [
            (provider, model)
            for provider, file in self.files.items()
            for model, row in file.models.items()
            if row.rank is not None
        ]
        return list(dict.fromkeys([*named, *self._layers.registered()]))

    def rank(self, model: str, today: date) -> RankRow | None:
        """Return where a model stands among its peers, if a row says so."""
        for stratum in reversed(self.find(model, None, OWN, today).rows):
            rank: RankRow | None = getattr(stratum.row, "rank", None)
            if rank is not None:
                return rank
        return None

    def _as_deployment(self, name: Name, today: date) -> Name:
        """Return the name of a deployment, if no model has that name."""
        files = self.files.items()
        owners = [owner for owner, file in files if file.provider.rules_of is not None]
        if not owners or self.find(name.wire, None, OWN, today).match != "fallback":
            return name
        return replace(name, provider=owners[0])

    def _add(
        self,
        model: str,
        row: OverrideRow,
        origin: str,
        sources: Mapping[str, Any],
        today: date,
    ) -> None:
        name = self._lookup.read(model)
        provider = row.provider or name.provider
        if provider is None:
            provider = self.find(model, None, OWN, today).file.provider.id
        file = self.files.get(provider)
        if file is None:
            known = ", ".join(self.files)
            raise InvalidParameterError("provider", provider, f"known: {known}.")
        bare = name.wire if name.provider else model
        self._layers.register(checked_patch(file, bare, row, origin, sources))


def _as_asked(found: Found) -> Found:
    """Return the rules of a deployment whose name tells no model: nothing held back.

    It may run any model, and the server says what that takes, as for other servers.
    """
    family = found.file.provider.compatible_family
    if found.match != "fallback" or family is None:
        return found
    return replace(found, canonical=family, family=family)


def _deployed(config: ModelConfig, name: Name) -> ModelConfig:
    """Return what is known about a deployment of a model.

    Azure retires models on days of its own, and a deployment's successor is whatever
    its user deploys, so the model's days are not the deployment's
    (learn.microsoft.com, Azure OpenAI model retirements, read 2026-11-26).
    """
    owner = name.provider or config.provider
    return config._replace(model=name.wire, provider=owner, lifecycle=Lifecycle())
