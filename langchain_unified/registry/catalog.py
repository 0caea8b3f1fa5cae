"""Everything the registry holds: provider files, the layers above them, and names."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any

from langchain_unified.connection import check_ids
from langchain_unified.errors import (
    InvalidParameterError,
    RegistryError,
    UnifiedError,
)
from langchain_unified.registry.build import Found, build_config
from langchain_unified.registry.hosts import Host, check_host, check_like, names_of
from langchain_unified.registry.layers import DEFAULT_PROVIDER, Layers, Owned, Patch
from langchain_unified.registry.lookup import Lookup
from langchain_unified.registry.makes import server_profiles
from langchain_unified.registry.names import OWN, Name, Place
from langchain_unified.registry.overrides import (
    checked_patch,
    read_overrides,
    read_row,
)
from langchain_unified.registry.packages import load_installed
from langchain_unified.registry.schema import (
    OverrideFile,
    OverrideRow,
    ProviderFile,
    RankRow,
)
from langchain_unified.runtime import Bounded
from langchain_unified.settings import did_you_mean
from langchain_unified.types import Lifecycle, ModelConfig

_MOST_MERGED = 2_048

State = tuple[Layers, dict[str, str], Mapping[str, Host], Mapping[str, OverrideFile]]
"""What the user laid over the provider files."""

Row = tuple[str, str]
"""Provider and name of a model's row."""


class Catalog:
    """The rows of all providers and the layers above them; reads no clock.

    Args:
        files: Provider files by provider id; the shipped ones if left out.

    Attributes:
        files: Provider files by provider id.
        lookup: The rows by name.
        hosts: Servers that the user named, by name.
    """

    def __init__(self, files: Mapping[str, ProviderFile] | None = None) -> None:
        """Index the rows of the files."""
        self.files = dict(load_installed() if files is None else files)
        self._layers = Layers()
        self.lookup = Lookup(self.files, self._layers)
        self.hosts: Mapping[str, Host] = {}
        self._files_read: Mapping[str, OverrideFile] = {}
        self._merged: Bounded[object, tuple[Found, ModelConfig]] = Bounded(_MOST_MERGED)

    @property
    def state(self) -> State:
        """The layers above the provider files, aliases, servers and files read."""
        return self._layers, self.lookup.aliases, self.hosts, self._files_read

    @state.setter
    def state(self, rows: State) -> None:
        layers, aliases, self.hosts, self._files_read = rows
        self._layers.restore(layers)
        self.lookup.aliases = dict(aliases)
        self._merged = Bounded(_MOST_MERGED)

    @property
    def prefixes(self) -> set[str]:
        """Ids of providers, and what else stands before the names of their models."""
        rows = [file.provider for file in self.files.values()]
        return {prefix for row in rows for prefix in (row.id, *row.prefixes)}

    def add_host(self, host: Host) -> None:
        """Take over a server that the user named."""
        named = self.checked_host(host._replace(name=host.name.casefold()), "servers")
        self.hosts = {**self.hosts, named.name: named}
        self._merged = Bounded(_MOST_MERGED)

    def checked_host(self, host: Host, where: str) -> Host:
        """Return a server that the user named, if it makes sense.

        Raises:
            InvalidParameterError: If it does not.
        """
        if host.prices:
            check_ids((host.prices,), self.files, where=f"{where}.{host.name}.prices")
        return check_host(host, self.prefixes, server_profiles().profiles, where)

    def hosted(self, model: str, hosts: Mapping[str, Host]) -> tuple[Place, str] | None:
        """Return the named server that a name stands for a model of, and its name."""
        if not hosts:
            return None
        prefix, colon, bare = self.lookup.target(model).strip().partition(":")
        host = hosts.get(prefix.casefold()) if colon and bare else None
        if host is None:
            return None
        names = server_profiles().profiles
        profile = host.profile or (host.name if host.name in names else "")
        return Place(host.address, frozenset(), host.name, profile), bare

    def locate(
        self,
        model: str,
        provider: str | None,
        place: Place,
        *,
        hosts: Mapping[str, Host],
        deployments: Mapping[str, str],
        today: date,
    ) -> tuple[Found, Name | None]:
        """Return the rows that speak about a name on a day.

        Returns:
            The rows, and the name if it is that of a deployment: they are then those
            of the model behind it.
        """
        hosted = self.hosted(model, hosts)
        if hosted is not None:
            found = self.lookup.find(hosted[1], None, hosted[0], today)
            return found._replace(host=hosted[0].host), None
        name = self.lookup.read(model, place)
        if deployments and name.provider is None and name.wire in deployments:
            name = self._as_deployment(name, today)
        behind = self.lookup.behind(name, deployments)
        if behind is None:
            return self.lookup.find(model, provider, place, today), None
        # A deployment is not called where OpenAI's own models are.
        return self.lookup.find(behind, provider, OWN, today), name

    def config(self, found: Found, deployment: Name | None = None) -> ModelConfig:
        """Merge the rows that speak about a model, or about a deployment of it."""
        built = self._built(self.with_deployment(found, deployment))
        return built if deployment is None else _deployed(built, deployment)

    def with_deployment(self, found: Found, deployment: Name | None) -> Found:
        """Return the rows of a model, those of a deployment of it laid over."""
        if deployment is None:
            return found
        return self.lookup.with_own(_as_asked(found), deployment)

    def _built(self, found: Found) -> ModelConfig:
        """Return what rows come to; models of the same rows share all but their name.

        Of 20,000 unknown names each had 21 kB of rules of its own (2026-11-27).
        """
        rows = tuple(id(stratum.row) for stratum in found.rows)
        about = (found.canonical, found.family, found.match, found.could_mean)
        key = (found.file.provider.id, found.server, *about, rows)
        kept = self._merged.find(key)
        if kept is None:
            kept = found, build_config(found)  # the rows live as long as their ids
            self._merged.put(key, kept)
        config = kept[1]
        if config.model != found.wire:
            config = config._replace(model=found.wire)
        return config

    def register(self, model: str, facts: Mapping[str, Any], today: date) -> None:
        """Lay a row given in code over the others.

        Raises:
            RegistryError: If a key is unknown, a type is wrong or a reference leads
                nowhere.
        """
        origin = "registry.register"
        row = read_row(model, facts, origin)
        self._layers.register(self._patch(model, row, origin, {}, today))
        self._merged = Bounded(_MOST_MERGED)

    def load(self, path: str | Path, today: date) -> None:
        """Lay the rows and aliases of a file of the user's own over the others.

        A file that was read before is read anew: what it no longer says is forgotten.

        Raises:
            RegistryError: If the file cannot be read; nothing is changed then.
        """
        read, origin = read_overrides(path), str(path)
        before = self._layers.copy(), dict(self.lookup.aliases), *self.state[2:]
        self._layers.drop(origin)
        try:
            self._forget(self._files_read.get(origin))
            for name, host in read.servers.items():
                check_like(f"servers.{name}", host.like)
                about = host.profile, names_of(host.key_env), host.prices
                self.add_host(Host(name, host.base_url, *about))
            for model, row in _in_order(read.models, origin):
                patch = self._patch(model, row, origin, read.sources, today)
                self._layers.register(patch)
            for name, target in read.aliases.items():
                self.alias(name, target)
            self._files_read = {**self._files_read, origin: read}
        except UnifiedError:
            self.state = before
            raise
        finally:
            self._merged = Bounded(_MOST_MERGED)

    def _forget(self, read: OverrideFile | None) -> None:
        """Take the aliases and servers of a file away that was read before."""
        if read is None:
            return
        for name, target in read.aliases.items():
            if self.lookup.aliases.get(name.strip().casefold()) == target:
                self.lookup.unalias(name)
        gone = {name.casefold() for name in read.servers}
        self.hosts = {k: v for k, v in self.hosts.items() if k not in gone}

    def unregister(self, model: str) -> None:
        """Take the user's own rows of a model away, or an alias.

        Raises:
            RegistryError: If there are none, or another row is `same_as` this one.
        """
        if self.lookup.unalias(model):
            return
        name = self.lookup.read(model)
        place = self._place_of(name.provider or DEFAULT_PROVIDER, name.wire)
        if place is None:
            known = [own.model for _, _, own in self.own()]
            hint = did_you_mean(name.key, known, "; ", ".")
            message = f"There is no row of your own for {model!r}{hint}"
            raise RegistryError(message)
        users = [
            own.model
            for _, _, own in self.own()
            if own.stated("same_as") and place in self.lookup.follow(own.model)[2:]
        ]
        if users:
            message = (
                f"{users[0]!r} is defined as same_as {model!r}; unregister it first."
            )
            raise RegistryError(message)
        self._layers.unregister(*place)
        self._merged = Bounded(_MOST_MERGED)

    def _place_of(self, provider: str, model: str) -> tuple[str, str] | None:
        """Return where own rows are kept, of a server's model also by its bare name."""
        prefixes = ("", *(host.prefix for host in self.hosts.values()))
        keys = [prefix + model.casefold() for prefix in prefixes]
        places = [self._layers.place(provider, key) for key in keys]
        found = list(filter(None, places))
        return places[0] or (found[0] if len(found) == 1 else None)

    def own(self) -> Iterator[tuple[str, str, Owned]]:
        """Yield the rows of each of the user's own models.

        Yields:
            Provider or name of the server, the name that begins with it, and the rows.
        """
        for provider, own in self._layers.registered():
            hosted = self.hosted(own.model, self.hosts)
            name = own.model if hosted else f"{provider}:{own.model}"
            yield (hosted[0].host if hosted else provider), name, own

    def alias(self, name: str, target: str) -> None:
        """Let a name stand for another.

        Raises:
            RegistryError: If it would come to stand for itself.
            InvalidParameterError: If no call could mean it, or the target is no model.
        """
        for given in (name, target):
            _check_own_name(given)
        self.lookup.alias(name, target)

    def discover(self, provider: str, server: str, patches: list[Patch]) -> None:
        """Replace what was discovered at a server."""
        self._layers.discover(provider, server, patches)
        self._merged = Bounded(_MOST_MERGED)

    def discovered(self, provider: str, server: str) -> tuple[str, ...]:
        """Return the names found at a server."""
        return self._layers.discovered(provider, server)

    def rows(self) -> Iterator[Row]:
        """Yield every name of a model, shipped or the user's own."""
        shipped = self.lookup.rows
        for key, (provider, _) in shipped.items():
            yield provider, key
        for provider, own in self._layers.registered():
            if shipped.get(own.model.casefold(), ("",))[0] != provider:
                yield provider, own.model

    def rankable(self) -> list[Row]:
        """Return the models whose rows may state a rank."""
        named = [
            (provider, model)
            for provider, file in self.files.items()
            for model, row in file.models.items()
            if row.rank is not None
        ]
        own = ((provider, own.model) for provider, own in self._layers.registered())
        return list(dict.fromkeys([*named, *own]))

    def rank(self, model: str, today: date) -> RankRow | None:
        """Return where a model stands among its peers, if a row says so."""
        for stratum in reversed(self.lookup.find(model, None, OWN, today).rows):
            rank: RankRow | None = getattr(stratum.row, "rank", None)
            if rank is not None:
                return rank
        return None

    def _as_deployment(self, name: Name, today: date) -> Name:
        """Return the name of a deployment, if no model has that name."""
        files = self.files.items()
        owners = [owner for owner, file in files if file.provider.rules_of is not None]
        found = self.lookup.find(name.wire, None, OWN, today)
        if not owners or found.match != "fallback":
            return name
        return name._replace(provider=owners[0])

    def _patch(
        self,
        model: str,
        row: OverrideRow,
        origin: str,
        sources: Mapping[str, Any],
        today: date,
    ) -> Patch:
        """Return a row as it is laid over the others, once all it says makes sense."""
        name = self.lookup.read(model)
        host = self.hosts.get((row.provider or "").casefold())
        if host is not None:
            model = host.prefix + model.removeprefix(host.prefix)
            row = row.model_copy(update={"provider": DEFAULT_PROVIDER})
            name = self.lookup.read(model)
        provider = row.provider or name.provider or self._provider(model, row, today)
        check_ids([provider], [*self.files, *self.hosts], where="provider")
        file = self.files[provider]
        bare = name.wire if name.provider else model.strip()
        _check_own_name(bare)
        self._check_target(row, (provider, bare.casefold()), origin, today)
        rules = self.files.get(file.provider.rules_of or "", file)
        patch = checked_patch(rules, bare, row, origin, sources)
        return patch._replace(provider=provider)

    def _provider(self, model: str, row: OverrideRow, today: date) -> str:
        """Return the provider of a row that names none."""
        if self.hosted(model, self.hosts):
            return DEFAULT_PROVIDER
        asked = row.same_as or model
        return self.lookup.find(asked, None, OWN, today).file.provider.id

    def _check_target(
        self, row: OverrideRow, place: tuple[str, str], origin: str, today: date
    ) -> None:
        """Refuse references that lead nowhere, in a circle or to another provider."""
        served_by = row.served_by.model if row.served_by else None
        for fact, target in (("same_as", row.same_as), ("served_by", served_by)):
            problem = target and self._problem_of(target, place, today)
            if problem:
                where = f"{origin} cannot be read:\n  models.{place[1]}.{fact}"
                message = f"{where}: {problem}"
                raise RegistryError(message)

    def _problem_of(self, target: str, place: tuple[str, str], today: date) -> str:
        """Return why a row may not refer to a model; empty if it may."""
        if place in self.lookup.follow(target) or target.casefold() == place[1]:
            return f"{target!r} leads back to {place[1]!r}."
        found = self.lookup.find(target, None, OWN, today)
        if found.match in {"family", "fallback"}:
            return f"there is no model {target!r}{self._nearest_model(target)}"
        owner, rules = found.file.provider.id, self.files.get(place[0])
        if rules and owner not in {place[0], rules.provider.rules_of}:
            return f"{target!r} is a model of {owner!r}."
        return ""

    def _nearest_model(self, model: str) -> str:
        own = (own.model.casefold() for _, _, own in self.own())
        return did_you_mean(model.casefold(), [*self.lookup.rows, *own], "; ", ".")


def _check_own_name(model: str) -> None:
    """Refuse a name that no call could mean a row by."""
    word, colon, rest = model.casefold().partition(":")
    if word.strip() in {"", "auto"} or (colon and not rest.strip()):
        accepted = "give the name of a model."
        raise InvalidParameterError("model", model, accepted)


def _in_order(
    rows: Mapping[str, OverrideRow], origin: str
) -> Iterator[tuple[str, OverrideRow]]:
    """Yield rows, each after those of the same file that it refers to.

    Raises:
        RegistryError: If rows refer to each other in a circle.
    """
    waiting = dict(rows)
    while waiting:
        names = {model.casefold() for model in waiting}
        ready = {
            model: row
            for model, row in waiting.items()
            if not {target.casefold() for target in _targets(row)} & names
        }
        if not ready:
            circle = ", ".join(sorted(waiting))
            message = f"{origin} cannot be read: same_as leads in a circle: {circle}."
            raise RegistryError(message)
        yield from ready.items()
        waiting = {model: row for model, row in waiting.items() if model not in ready}


def _targets(row: OverrideRow) -> list[str]:
    served = row.served_by.model if row.served_by else None
    return [target for target in (row.same_as, served) if target]


def _as_asked(found: Found) -> Found:
    """Return the rules of a deployment whose name tells no model: nothing held back.

    It may run any model, and the server says what that takes, as for other servers.
    """
    family = found.file.provider.compatible_family
    if found.match != "fallback" or family is None:
        return found
    return found._replace(canonical=family, family=family)


def _deployed(config: ModelConfig, name: Name) -> ModelConfig:
    """Return what is known about a deployment of a model.

    Azure retires models on days of its own, and a deployment's successor is whatever
    its user deploys, so the model's days are not the deployment's
    (learn.microsoft.com, Azure OpenAI model retirements, read 2026-11-26).
    """
    owner = name.provider or config.provider
    return config._replace(
        model=name.wire, provider=owner, lifecycle=Lifecycle(), billed_as=owner
    )
