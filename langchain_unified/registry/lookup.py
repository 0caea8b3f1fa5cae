"""From a name to the rows that speak about it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import NamedTuple

from langchain_unified.data.installed import shipped_ids
from langchain_unified.errors import RegistryError
from langchain_unified.registry.build import Found, Stratum, shipped
from langchain_unified.registry.families import Families
from langchain_unified.registry.layers import DEFAULT_PROVIDER, Layers, Owned
from langchain_unified.registry.makes import server_row, server_strata
from langchain_unified.registry.names import (
    OWN,
    Name,
    Place,
    hosted_name,
    is_part,
    known_names,
    read_name,
    shorter_names,
)
from langchain_unified.registry.schema import ModelRow, ProviderFile
from langchain_unified.types import Match


class Named(NamedTuple):
    """The user's own rows that a name leads to, and the name that led there."""

    provider: str
    key: str
    owned: Owned


class Lookup:
    """The shipped rows by name, and the layers above them.

    Args:
        files: Provider files by provider id.
        layers: What is laid over the shipped rows.

    Attributes:
        rows: Provider and model of each shipped name, in lower case.
        aliases: What names of the user's own stand for, by their lower case.
    """

    def __init__(self, files: Mapping[str, ProviderFile], layers: Layers) -> None:
        """Index the rows of the files."""
        self._files, self._layers = files, layers
        self.aliases: dict[str, str] = {}
        self._prefixes = {
            prefix: file.provider.id
            for file in reversed(list(files.values()))
            for prefix in (*file.provider.prefixes, file.provider.id)
        }
        self._groups = _by_precedence(files)
        self.rows = {
            key: (provider, model)
            for provider, file in reversed(list(files.items()))
            for model in file.models
            for key in _keys(model, file.models[model])
        }

    def alias(self, name: str, target: str) -> None:
        """Let a name stand for another.

        Raises:
            RegistryError: If it would come to stand for itself.
        """
        key = _plain(name)
        if key in self.follow(target):
            message = (
                f"aliases: {name!r} would be an alias of itself, through {target!r}."
            )
            raise RegistryError(message)
        self.aliases[key] = target

    def follow(self, model: str) -> list[object]:
        """Return what a name leads to, by aliases and `same_as`, step by step.

        A step is the plain name of an alias, or provider and name of an own row.
        """
        steps: list[object] = []
        following: str | None = model
        while following is not None and _plain(following) not in steps:
            steps.append(_plain(following))
            target = self.aliases.get(_plain(following))
            if target is None and (named := self._named(self.read(following), OWN)):
                steps.append(self._layers.place(named.provider, named.key))
                target = named.owned.stated("same_as")
            following = target
        return steps

    def unalias(self, name: str) -> bool:
        """Forget what a name stands for; tell whether it stood for anything."""
        return self.aliases.pop(_plain(name), None) is not None

    def target(self, model: str) -> str:
        """Return the name that a name stands for, however many steps away."""
        seen = model
        while (target := self.aliases.get(_plain(seen))) is not None:
            seen = target
        return seen

    def read(self, model: str, place: Place = OWN) -> Name:
        """Take a name apart, the user's own aliases followed."""
        if place.host:
            return hosted_name(model, DEFAULT_PROVIDER)
        name = read_name(self.target(model), self._prefixes, place)
        if name.provider is None:
            name = name._replace(provider=self._owner(name, place))
        return name

    def _owner(self, name: Name, place: Place) -> str | None:
        """Return the provider of the user's own rows of a bare name.

        Beside a server of the user's, a name means another provider only if its row
        says so or the user set that provider up.
        """
        for key in _own_keys(name, place):
            owner = self._layers.owner(key)
            if owner is None:
                continue
            own = self._layers.own(owner, key)
            said = own is not None and own.stated("provider") is not None
            known = owner in {DEFAULT_PROVIDER, *place.configured}
            return owner if said or known or not place.server else None
        return None

    def find(
        self, model: str, provider: str | None, place: Place, today: date
    ) -> Found:
        """Return the rows that speak about a name on a day."""
        name = self.read(model, place)
        found = self._laid_over(name, provider, place)
        return self._rerouted(found, today)

    def match(self, model: str, place: Place) -> Match:
        """Return how a name finds its row, without collecting what the rows say."""
        name = self.read(model, place)
        if self._named(name, place):
            return self._laid_over(name, None, place).match
        return self._shipped(name, None, place).match

    def behind(self, name: Name, deployments: Mapping[str, str]) -> str | None:
        """Return the model behind a deployment; `None` for the name of a model."""
        row = self._files[name.provider].provider if name.provider else None
        if row is None or row.rules_of is None:
            return None
        owner = row.rules_of
        own = self._layers.own(row.id, name.key)
        same = own.stated("same_as") if own else None
        if same is not None:
            return str(same) if ":" in same else f"{owner}:{same}"
        parts = [
            key
            for key, (provider, _) in self.rows.items()
            if provider == owner and is_part(key, name.key)
        ]
        model = deployments.get(name.wire) or max(parts, key=len, default=name.key)
        return model if ":" in model else f"{owner}:{model}"

    def with_own(self, found: Found, name: Name) -> Found:
        """Return the rows behind a deployment, the user's own about it laid over."""
        own = self._layers.own(name.provider or "", name.key)
        if own is None:
            return found
        above = self._layers.strata(name.provider or "", (name.key,), "")
        stated = tuple(stratum for stratum in above if stratum.layer == "override")
        return found._replace(
            family=own.stated("family") or found.family,
            match="exact",
            rows=(*found.rows, *stated),
        )

    def _laid_over(self, name: Name, provider: str | None, place: Place) -> Found:
        """Return shipped rows, then those of the server, discovered and own ones."""
        named = self._named(name, place)
        target = named.owned.stated("same_as") if named else None
        if named and target:
            below = self._below(target, named, place)
            found = self._laid_over(below, provider, place._replace(stated=True))
            return self._same(found, named, name, place)
        found = self._shipped(name, provider, place)
        unknown = found.match == "fallback"
        if named and _is_nearer(found, named):
            named = None
        keys = [found.canonical.casefold(), name.key]
        if named:
            keys += [named.key]
            found = _as_named(found, named, name, place.host)
        owner = found.file.provider.id
        server = place.server if owner == DEFAULT_PROVIDER else ""
        above = self._layers.strata(owner, tuple(dict.fromkeys(keys)), place.server)
        rows = (*found.rows, *server_strata(server, place.profile), *above)
        row = server_row(server, place.profile) if server else None
        passes_on = row is not None and row.passes_on
        meant = self._meant(name) if server and unknown else ""
        found = found._replace(rows=rows, server=server, passes_on=passes_on)
        return found._replace(could_mean=meant) if meant else found

    def _below(self, target: str, named: Named, place: Place) -> Name:
        """Return the name of the model that another is `same_as`."""
        if place.host and not target.casefold().startswith(f"{place.host}:"):
            return self.read(target)._replace(provider=named.provider)
        bare = target[len(place.host) + 1 :] if place.host else target
        return self.read(bare, place)._replace(provider=named.provider)

    def _same(self, found: Found, named: Named, name: Name, place: Place) -> Found:
        """Return the rows of another model with those of one that is like it."""
        keys = tuple(dict.fromkeys((named.key, name.key)))
        above = self._layers.strata(named.provider, keys, place.server)
        found = found._replace(match="fallback", rows=(*found.rows, *above))
        like = found.canonical  # by which prices are listed
        return _as_named(found, named, name, place.host)._replace(canonical=like)

    def _named(self, name: Name, place: Place) -> Named | None:
        """Return the user's own rows of a name, of a snapshot's or fine-tune's base."""
        if not self._layers.has_own:
            return None
        for key in _own_keys(name, place):
            provider = name.provider or DEFAULT_PROVIDER
            owned = self._layers.own(provider, key)
            if owned is not None:
                return Named(provider, key, owned)
        return None

    def _shipped(self, name: Name, provider: str | None, place: Place) -> Found:
        if place.server and name.provider in {None, DEFAULT_PROVIDER}:
            return self._configured(name, place) or self._elsewhere(name, place)
        found = self._by_row(name) or self._by_family(name)
        return found or self._by_fallback(name, provider or DEFAULT_PROVIDER)

    def _configured(self, name: Name, place: Place) -> Found | None:
        """Return a bare name's rows of another provider that the user set up."""
        if name.provider is not None or "/" in name.wire:
            return None
        found = self._by_row(name) or self._by_family(name)
        known = found is not None and found.file.provider.id in place.configured
        return found if known else None

    def _elsewhere(self, name: Name, place: Place) -> Found:
        """Return what holds for a name on the user's own server, sent to the letter.

        A model of OpenAI's keeps its rules, whatever the server calls it; so does what
        a known family's name begins. What only looks like one may be anything, and so
        may every name on a server that is known to have models of its own.
        """
        file = self._files[DEFAULT_PROVIDER]
        here = Name(DEFAULT_PROVIDER, name.wire, name.key, name.fine_tuned)
        server = server_row(place.server, place.profile)
        is_own = bool(server and server.own_models) and not place.stated
        keys = () if is_own else known_names(name.key)
        rows = [self._by_row(here._replace(key=key)) for key in keys]
        for found in (*rows, self._by_family(here) if keys else None):
            if found is not None and _is_served(found, name.key):
                return found._replace(wire=name.wire)
        family = file.provider.compatible_family or file.provider.fallback_family
        return Found(file, name.wire, family, family, "fallback")

    def _meant(self, name: Name) -> str:
        """Return how a model of another provider is written that a name looks like."""
        for key in known_names(name.key):
            other = Name(None, key, key, name.fine_tuned)
            found = self._by_row(other) or self._by_family(other)
            if found is not None and found.file.provider.id != DEFAULT_PROVIDER:
                return f"{found.file.provider.id}:{key}"
        return ""

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
        """Return the family whose prefix fits best, a shipped one if any fits."""
        for families in self._groups:
            best = families.best(name.key, name.provider)
            if best is not None:
                provider, family = best
                file = self._files[provider]
                return Found(file, name.wire, family, family, "family")
        return None

    def _by_fallback(self, name: Name, provider: str) -> Found:
        file = self._files[name.provider or provider]
        family = file.provider.fallback_family
        return Found(file, name.wire, family, family, "fallback")

    def _rerouted(self, found: Found, today: date) -> Found:
        """Apply the rules of the model that answers from a given day on."""
        rows = (stratum.row for stratum in reversed(found.rows))
        named = (row.served_by for row in rows if isinstance(row, ModelRow))
        served = next(filter(None, named), None)
        if served is None or today < served.since:
            return found
        provider = found.file.provider.id
        name = self.read(served.model)._replace(provider=provider)
        effective = self._laid_over(name, provider, OWN)
        own = (s if s.layer == "override" else _only_dates(s) for s in found.rows)
        return effective._replace(
            wire=found.wire,
            canonical=found.canonical,
            match=found.match,
            rows=(*effective.rows, *own),
            server=found.server,
        )


def _by_precedence(files: Mapping[str, ProviderFile]) -> list[Families]:
    """Return shipped families before others: a package claims no names of theirs."""
    shipped = [file for id_, file in files.items() if id_ in shipped_ids()]
    others = [file for id_, file in files.items() if id_ not in shipped_ids()]
    return [Families(shipped), Families(others)]


def _plain(name: str) -> str:
    return name.strip().casefold()


def _own_keys(name: Name, place: Place) -> Iterator[str]:
    """Yield what a name's own rows may be kept under, the most special first."""
    keys = [name.wire.casefold(), name.key, *shorter_names(name.key)]
    if place.host:
        yield from (f"{place.host}:{key}" for key in keys)
    yield from keys
    if place.server:
        yield from known_names(name.key)


def _is_nearer(found: Found, named: Named) -> bool:
    """Tell whether a shipped row is about the very name, and an own one is not."""
    here = found.wire.casefold() == named.key
    is_row = found.match in {"exact", "alias"} and not here
    return is_row and named.owned.spelling(found.canonical.casefold()) is None


def _as_named(found: Found, named: Named, name: Name, host: str = "") -> Found:
    """Return rows under the name that the user's own row gives them."""
    unknown = found.match in {"family", "fallback"}
    prefix = f"{host}:" if host and named.key.startswith(f"{host}:") else ""
    exact = named.key == prefix + name.wire.casefold()
    spelling = named.owned.spelling(named.key) if exact else None
    spelling = spelling[len(prefix) :] if spelling else None
    listed = exact and named.key.startswith(named.owned.model.casefold())
    match: Match = "exact" if listed else "alias" if exact else "snapshot"
    return found._replace(
        wire=(spelling or name.wire) if unknown else found.wire,
        canonical=named.owned.model if unknown else found.canonical,
        family=named.owned.stated("family") or found.family,
        match=match if unknown or exact else found.match,
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
        cited=row.cited,
        released=row.released,
        deprecated=row.deprecated,
        shutdown=row.shutdown,
        replacement=row.replacement,
        replacement_with=row.replacement_with,
        served_by=row.served_by,
    )
    return stratum._replace(row=kept)


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
