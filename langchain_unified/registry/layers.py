"""What is laid over the shipped rows: discovered rows, then the user's own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from langchain_unified.registry.build import Stratum
from langchain_unified.registry.schema import ModelRow, SourceRow
from langchain_unified.types import EMPTY, Layer

_ABOUT = ("source", "checked", "confidence")
DEFAULT_PROVIDER = "openai"
"""The provider of names that name none, and of whatever speaks its API elsewhere."""


class Patch(NamedTuple):
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
    sources: Mapping[str, SourceRow] = EMPTY

    @property
    def names(self) -> dict[str, str]:
        """Every name the row answers to, as written, by its lower case."""
        dated = (f"{self.model}-{suffix}" for suffix in self.row.snapshots)
        names = (self.model, *self.row.aliases, *dated)
        return {name.casefold(): name for name in names}

    @property
    def keys(self) -> tuple[str, ...]:
        """Every name the row answers to, in lower case."""
        return tuple(self.names)

    def is_like(self, other: Patch) -> bool:
        """Tell whether facts of two rows have the same origin and source."""
        return self.origin == other.origin and all(
            getattr(self.row, name) == getattr(other.row, name) for name in _ABOUT
        )

    def merged(self, later: Patch) -> Patch:
        """Return this row with what a later one of the same origin states."""
        stated = later.row.model_dump(exclude_unset=True)
        row = _merged(self.row.model_dump(exclude_unset=True), stated)
        shape = type(later.row)
        sources = {**self.sources, **later.sources}
        return self._replace(row=shape.model_validate(row), sources=sources)


class Owned(NamedTuple):
    """The user's own rows of one model, weakest first.

    Attributes:
        model: The model's name as its first row writes it.
        patches: The rows; a later one wins fact by fact.
    """

    model: str
    patches: tuple[Patch, ...]

    def stated(self, fact: str) -> Any:
        """Return what the last row that states a fact says."""
        said = (getattr(patch.row, fact) for patch in reversed(self.patches))
        return next((value for value in said if value is not None), None)

    @property
    def merged(self) -> dict[str, Any]:
        """What all the rows state, as the keys of a `[models]` table."""
        stated: dict[str, Any] = {}
        for patch in self.patches:
            stated = _merged(stated, patch.row.model_dump(exclude_unset=True))
        return stated

    def spelling(self, key: str) -> str | None:
        """Return a name of the model as written; `None` if it is not one of its."""
        found = (patch.names.get(key) for patch in self.patches)
        return next(filter(None, found), None)


class Layers:
    """Discovered rows by provider and server, and the user's own by provider.

    Changes replace or add entries one by one and never rebuild what is there, so
    that thousands of rows can be added one after the other.
    """

    def __init__(self) -> None:
        """Start with nothing laid over the shipped rows."""
        self._own: dict[tuple[str, str], Owned] = {}
        self._keys: dict[str, dict[str, tuple[str, str]]] = {}
        self._discovered: dict[tuple[str, str], dict[str, Patch]] = {}

    def copy(self) -> Layers:
        """Return the same rows; changes to these do not change those."""
        copied = Layers()
        copied.restore(self)
        return copied

    def restore(self, other: Layers) -> None:
        """Take over the rows of another object."""
        self._own = dict(other._own)
        self._keys = {key: dict(named) for key, named in other._keys.items()}
        self._discovered = dict(other._discovered)

    def register(self, patch: Patch) -> None:
        """Lay a row of the user's own over everything else, its earlier rows too."""
        place = (patch.provider, patch.model.casefold())
        before = self._own.get(place)
        patches = before.patches if before else ()
        if patches and patches[-1].is_like(patch):
            patches = (*patches[:-1], patches[-1].merged(patch))
        else:
            patches = (*patches, patch)
        self._set(place, patches)

    def unregister(self, provider: str, key: str) -> bool:
        """Take every row of a model away; tell whether there was one."""
        place = self.place(provider, key)
        if place is None:
            return False
        self._set(place, ())
        return True

    def drop(self, origin: str) -> None:
        """Take away the rows of one origin, such as a file that is read again."""
        for place, owned in list(self._own.items()):
            kept = tuple(p for p in owned.patches if p.origin != origin)
            if len(kept) < len(owned.patches):
                self._set(place, kept)

    def _set(self, place: tuple[str, str], patches: tuple[Patch, ...]) -> None:
        provider = place[0]
        before = self._own.pop(place, None)
        for patch in before.patches if before else ():
            for key in patch.keys:
                named = self._keys.get(key, {})
                if named.get(provider) == place:
                    del named[provider]
                if not named:
                    self._keys.pop(key, None)
        if patches:
            self._own[place] = Owned(patches[0].model, patches)
        for patch in patches:
            for key in patch.keys:
                named = self._keys.setdefault(key, {})
                named.pop(provider, None)
                named[provider] = place

    def discover(self, provider: str, server: str, patches: list[Patch]) -> None:
        """Replace what was discovered at a server."""
        found = {key: patch for patch in patches for key in patch.keys}
        self._discovered[_scope(provider, server)] = found

    @property
    def has_own(self) -> bool:
        """Whether the user has any row of their own."""
        return bool(self._own)

    def owner(self, key: str) -> str | None:
        """Return the provider of the user's own row of a name, the last if several."""
        return next(reversed(self._keys.get(key, {})), None)

    def place(self, provider: str, key: str) -> tuple[str, str] | None:
        """Return where the user's own rows of a name are kept."""
        return self._keys.get(key, {}).get(provider)

    def own(self, provider: str, key: str) -> Owned | None:
        """Return the user's own rows of a name."""
        place = self.place(provider, key)
        return self._own[place] if place else None

    def discovered(self, provider: str, server: str = "") -> tuple[str, ...]:
        """Return the names found at a server."""
        found = self._discovered.get(_scope(provider, server), {})
        return tuple(dict.fromkeys(patch.model for patch in found.values()))

    def registered(self) -> Iterator[tuple[str, Owned]]:
        """Yield provider and rows of each of the user's own models."""
        for (provider, _), owned in list(self._own.items()):
            yield provider, owned

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
        places = dict.fromkeys(self.place(provider, key) for key in keys)
        for place in filter(None, places):
            for patch in self._own[place].patches:
                yield _stratum("override", patch)


def _scope(provider: str, server: str) -> tuple[str, str]:
    """Return what a list holds for: compatible servers are told apart by their URL."""
    return provider, server if provider == DEFAULT_PROVIDER else ""


def _stratum(layer: Layer, patch: Patch) -> Stratum:
    place = f"model {patch.model}"
    return Stratum(layer, patch.row, place, patch.origin, patch.sources)


def _merged(earlier: dict[str, Any], later: Mapping[str, Any]) -> dict[str, Any]:
    """Return two tables as one, key by key; a list replaces a list."""
    merged = dict(earlier)
    for key, value in later.items():
        before = merged.get(key)
        if isinstance(before, dict) and isinstance(value, dict):
            merged[key] = _merged(before, value)
        else:
            merged[key] = value
    return merged
