"""From a name to the rows that speak about it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date

from langchain_unified.registry.build import Found, Stratum, shipped
from langchain_unified.registry.layers import DEFAULT_PROVIDER, Layers, Patch
from langchain_unified.registry.makes import server_stratum
from langchain_unified.registry.names import (
    OWN,
    Name,
    Place,
    is_part,
    known_names,
    read_name,
    shorter_names,
)
from langchain_unified.registry.schema import ModelRow, ProviderFile
from langchain_unified.types import Match


class Lookup:
    """The shipped rows by name, and the layers above them.

    Args:
        files: Provider files by provider id.
        layers: What is laid over the shipped rows.

    Attributes:
        rows: Provider and model of each shipped name, in lower case.
    """

    def __init__(self, files: Mapping[str, ProviderFile], layers: Layers) -> None:
        """Index the rows of the files."""
        self._files, self._layers = files, layers
        self._aliases: dict[str, str] = {}
        self._prefixes = {
            prefix: file.provider.id
            for file in files.values()
            for prefix in (*file.provider.prefixes, file.provider.id)
        }
        self.rows = {
            key: (provider, model)
            for provider, file in reversed(list(files.items()))
            for model in file.models
            for key in _keys(model, file.models[model])
        }

    def alias(self, name: str, target: str) -> None:
        """Let a name stand for another."""
        self._aliases[name.casefold()] = target

    def read(self, model: str, place: Place = OWN) -> Name:
        """Take a name apart, the user's own aliases followed."""
        target = self._aliases.get(model.strip().casefold(), model)
        name = read_name(target, self._prefixes, place)
        if name.provider is None:
            name = replace(name, provider=self._layers.owner(name.key))
        return name

    def find(
        self, model: str, provider: str | None, place: Place, today: date
    ) -> Found:
        """Return the rows that speak about a name on a day."""
        name = self.read(model, place)
        found = self._laid_over(name, provider, place)
        return self._rerouted(found, today)

    def behind(self, name: Name, deployments: Mapping[str, str]) -> str | None:
        """Return the model behind a deployment; `None` for the name of a model."""
        row = self._files[name.provider].provider if name.provider else None
        if row is None or row.rules_of is None:
            return None
        owner = row.rules_of
        parts = [
            key
            for key, (provider, _) in self.rows.items()
            if provider == owner and is_part(key, name.key)
        ]
        model = deployments.get(name.wire) or max(parts, key=len, default=name.key)
        return model if ":" in model else f"{owner}:{model}"

    def _laid_over(self, name: Name, provider: str | None, place: Place) -> Found:
        own = self._layers.own(name.provider or "", name.key)
        if own is None:
            found = self._shipped(name, provider, place)
        else:
            found = self._owned(own, name, place)
        keys = tuple(dict.fromkeys((found.canonical.casefold(), name.key)))
        owner = found.file.provider.id
        above = self._layers.strata(owner, keys, place.server)
        server = place.server if owner == DEFAULT_PROVIDER else ""
        rows = (*found.rows, *server_stratum(server), *above)
        return replace(found, rows=rows, server=server)

    def _owned(self, own: Patch, name: Name, place: Place) -> Found:
        """Return the rows below a row of the user's own."""
        target = own.row.same_as
        below = self.read(target, place) if target else name
        below = replace(below, provider=own.provider, wire=name.wire)
        found = self._shipped(below, own.provider, place)
        unknown = found.match in {"family", "fallback"}
        named = own.model if name.key == own.model.casefold() else name.wire
        return replace(
            found,
            wire=named if unknown or target else found.wire,
            canonical=own.model if unknown or target else found.canonical,
            family=own.row.family or found.family,
            match="exact",
        )

    def _shipped(self, name: Name, provider: str | None, place: Place) -> Found:
        if place.server and name.provider in {None, DEFAULT_PROVIDER}:
            return self._configured(name, place) or self._elsewhere(name)
        return (
            self._by_row(name)
            or self._by_family(name)
            or self._by_fallback(name, provider or DEFAULT_PROVIDER)
        )

    def _configured(self, name: Name, place: Place) -> Found | None:
        """Return a bare name's rows of another provider that the user set up."""
        if name.provider is not None or "/" in name.wire:
            return None
        found = self._by_row(name) or self._by_family(name)
        known = found is not None and found.file.provider.id in place.configured
        return found if known else None

    def _elsewhere(self, name: Name) -> Found:
        """Return what holds for a name on the user's own server, sent to the letter.

        A model of OpenAI's keeps its rules, whatever the server calls it; so does what
        a known family's name begins. What only looks like one may be anything.
        """
        file = self._files[DEFAULT_PROVIDER]
        here = replace(name, provider=DEFAULT_PROVIDER)
        rows = [self._by_row(replace(here, key=key)) for key in known_names(name.key)]
        for found in (*rows, self._by_family(here)):
            if found is not None and _is_served(found, name.key):
                return replace(found, wire=name.wire)
        family = file.provider.compatible_family or file.provider.fallback_family
        return Found(file, name.wire, family, family, "fallback")

    def _by_row(self, name: Name) -> Found | None:
        for key in (name.key, *shorter_names(name.key)):
            provider, canonical = self.rows.get(key, (None, None))
            if provider is None or canonical is None:
                continue
            if name.provider in {None, provider}:
                match = _match(name, key, canonical)
                wire = name.wire if match == "snapshot" else key
                return self._found(provider, canonical, _wire(name, wire), match)
        return None

    def _found(self, provider: str, canonical: str, wire: str, match: Match) -> Found:
        file = self._files[provider]
        row = file.models[canonical]
        facts = file.models[row.same_as] if row.same_as else row
        family = facts.family or row.family or file.provider.fallback_family
        place = f"model {row.same_as or canonical}"
        rows: tuple[Stratum, ...] = (shipped(file, facts, place),)
        return Found(file, wire, canonical, family, match, rows)

    def _by_family(self, name: Name) -> Found | None:
        best = max(
            (
                (len(prefix), provider, family)
                for provider, file in self._files.items()
                if name.provider == provider
                or (name.provider is None and not file.provider.prefix_only)
                for family, row in file.families.items()
                for prefix in row.prefixes
                if name.key.startswith(prefix)
            ),
            default=None,
        )
        if best is None:
            return None
        _, provider, family = best
        return Found(self._files[provider], name.wire, family, family, "family")

    def _by_fallback(self, name: Name, provider: str) -> Found:
        file = self._files[name.provider or provider]
        family = file.provider.fallback_family
        return Found(file, name.wire, family, family, "fallback")

    def _rerouted(self, found: Found, today: date) -> Found:
        """Apply the rules of the model that answers from a given day on."""
        served = next(
            (
                stratum.row.served_by
                for stratum in reversed(found.rows)
                if isinstance(stratum.row, ModelRow) and stratum.row.served_by
            ),
            None,
        )
        if served is None or today < served.since:
            return found
        provider = found.file.provider.id
        effective = self._found(provider, served.model, found.wire, found.match)
        dates = tuple(_only_dates(stratum) for stratum in found.rows)
        return replace(
            effective, canonical=found.canonical, rows=(*effective.rows, *dates)
        )


def _is_served(found: Found, key: str) -> bool:
    """Tell whether rows can hold for a name on the user's own server.

    What OpenAI serves on no chat endpoint may be a chat model elsewhere, and the
    family of what is still to come is a guess about OpenAI alone.
    """
    if found.match == "family":
        prefixes = found.file.families[found.family].prefixes
        guessed = found.family == found.file.provider.fallback_family
        if guessed or not any(key.startswith(f"{prefix}-") for prefix in prefixes):
            return False
    stated = [s.row.features or {} for s in found.strata]
    return not any(features.get(name) for features in stated for name in _UNREACHED)


_UNREACHED = ("not_chat", "live_only", "unserved")


def _only_dates(stratum: Stratum) -> Stratum:
    """Keep the life of the name that was asked for."""
    row = stratum.row
    if not isinstance(row, ModelRow):
        return stratum
    kept = ModelRow(
        source=row.source,
        released=row.released,
        deprecated=row.deprecated,
        shutdown=row.shutdown,
        replacement=row.replacement,
        served_by=row.served_by,
    )
    return replace(stratum, row=kept)


def _keys(model: str, row: ModelRow) -> Iterator[str]:
    yield model.casefold()
    yield from (alias.casefold() for alias in row.aliases)
    yield from (f"{model}-{suffix}".casefold() for suffix in row.snapshots)


def _match(name: Name, key: str, canonical: str) -> Match:
    if name.fine_tuned or key != name.key:
        return "snapshot"
    return "exact" if key.startswith(canonical.casefold()) else "alias"


def _wire(name: Name, wire: str) -> str:
    """Keep a fine-tune's name as written."""
    return name.wire if name.fine_tuned else wire
