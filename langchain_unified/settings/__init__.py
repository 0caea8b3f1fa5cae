"""Settings: one table of what a chat model and its calls can be given, looked up.

The rows are those of `table`, of fields that subclasses of the chat model add, and of
`[parameters]` in installed provider packages.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from functools import lru_cache
from typing import Any, get_args, get_type_hints

from pydantic import BaseModel

from langchain_unified.data.installed import installed
from langchain_unified.errors import RegistryError
from langchain_unified.settings.row import TYPES, Connects, Setting, Shown
from langchain_unified.settings.table import Further, Settings
from langchain_unified.types import Importance

__all__ = ["Connects", "Setting", "Settings", "Shown"]

CARRIED_METADATA = "request_metadata"
"""Carries the setting `metadata` through `invoke`: langchain-core 1.8 hands its own
argument of that name on beside a call's keywords, which fails (2026-11-27)."""

PARAMETERS = "params"
"""What a setting fills in an invocation that is asked of the model."""


@lru_cache(maxsize=1)
def table() -> dict[str, Setting]:
    """Return every setting of calls by its canonical name."""
    own = {row.name: row for kind in _kinds(Settings) for _, row in rows_of(kind)}
    for name, hint in get_type_hints(Further, include_extras=True).items():
        annotation, marked = get_args(hint)
        row = marked.completed(name, annotation)
        own[row.name] = row
    taken = {word for one in own.values() for word in (one.name, *one.aliases)}
    for package in installed():
        # The registry says why it leaves out a file that cannot be read.
        with suppress(AttributeError, KeyError, RegistryError, TypeError):
            rows = package.table.get("parameters") or {}
            new = {name: row for name, row in rows.items() if name not in taken}
            own |= {name: _stated(name, row) for name, row in new.items()}
    return own


def forget_table() -> None:
    """Read the table anew: a class has more settings, or a package is there."""
    for kept in (
        table,
        settings,
        canonical_names,
        spellings,
        shown_names,
        names_without,
    ):
        kept.cache_clear()


def _kinds(kind: type[BaseModel]) -> Iterator[type[BaseModel]]:
    """Yield a class and the classes below it."""
    yield kind
    for below in kind.__subclasses__():
        yield from _kinds(below)


def rows_of(kind: type[BaseModel]) -> Iterator[tuple[str, Setting]]:
    """Yield the fields of a class that are settings of calls, with their rows."""
    for name, field in kind.model_fields.items():
        for row in field.metadata:
            if isinstance(row, Setting):
                yield name, row.completed(name, field.annotation, field.alias)


_OF_PACKAGES = {
    "importance": str,
    "type": str,
    "instead": str,
    "ordered": bool,
    "nullable": bool,
    "min": float,
    "max": float,
    "aliases": tuple,
    "values": tuple,
    "neutral": tuple,
    "words": tuple,
    "parts": dict,
}
"""What a package can state about a setting of its own, and the form of each."""


def _stated(name: str, stated: Mapping[str, Any]) -> Setting:
    """Return the row that a package states in TOML."""
    if not stated.keys() <= _OF_PACKAGES.keys() or stated.get("type") not in TYPES:
        msg = f"[parameters] {name}: known keys are {sorted(_OF_PACKAGES)}"
        raise RegistryError(msg)
    told = {key: _OF_PACKAGES[key](value) for key, value in stated.items()}
    return Setting(**told).completed(name, None)


@lru_cache(maxsize=1)
def settings() -> dict[str, Setting]:
    """Return what can be asked of a model by canonical name, packages' last."""
    return {name: row for name, row in table().items() if row.fills == PARAMETERS}


@lru_cache(maxsize=1)
def canonical_names() -> dict[str, str]:
    """Return the canonical name of what can be asked, by every accepted spelling."""
    return _names(settings())


@lru_cache(maxsize=1)
def spellings() -> dict[str, str]:
    """Return the canonical name of every setting of calls, by each spelling."""
    return _names(table())


def _names(rows: Mapping[str, Setting]) -> dict[str, str]:
    names: dict[str, str] = {}
    for row in rows.values():
        for spelling in (row.name, *row.aliases):
            names.setdefault(spelling, row.name)
    return names


@lru_cache(maxsize=1)
def shown_names() -> frozenset[str]:
    """Return the keywords whose values may stand in an error, by every spelling."""
    rows = table()
    found = {name for name, of in spellings().items() if rows[of].shown}
    own = Settings.model_fields.items()
    marks = ((name, mark) for name, field in own for mark in field.metadata)
    return frozenset(found | {name for name, mark in marks if isinstance(mark, Shown)})


@lru_cache
def names_without(mark: str) -> frozenset[str]:
    """Return the settings of which the table denies something.

    Args:
        mark: An attribute of `Setting` that is true or false.
    """
    return frozenset(name for name, row in table().items() if not getattr(row, mark))


def shared_keywords() -> tuple[str, ...]:
    """Return the keywords that belong to the provider of the constructor's model."""
    return tuple(
        field.alias or name
        for name, field in Settings.model_fields.items()
        if any(isinstance(mark, Connects) for mark in field.metadata)
    )


def importance(parameter: str) -> Importance:
    """Tell whether a setting may be dropped with a record or never silently."""
    setting = settings().get(parameter.partition(".")[0])
    return setting.importance if setting else "guarantee"


def is_neutral(parameter: str, value: Any) -> bool:
    """Tell whether a value asks for nothing, so that leaving it out loses nothing."""
    setting = settings().get(parameter)
    return setting is not None and value in setting.neutral


def takes_null(parameter: str) -> bool:
    """Tell whether OpenAI takes null for a setting."""
    setting = settings().get(parameter)
    return setting is not None and setting.nullable


def nearest_word(parameter: str, word: Any, legal: Iterable[Any]) -> Any:
    """Return the legal word nearest to one of a setting whose words have an order.

    Returns:
        `None` if none is near: one of the two is unknown. A tie goes to the later.

    Example:
        >>> nearest_word("reasoning_effort", "max", ["low", "high"])
        'high'
    """
    setting = settings().get(parameter)
    order = setting.words if setting and setting.ordered else ()
    if word not in order:
        return None
    at = order.index(word)
    return min(
        (one for one in legal if one in order),
        key=lambda one: (abs(order.index(one) - at), -order.index(one)),
        default=None,
    )


def nearest(name: str, known: Iterable[str]) -> str | None:
    """Return the known name most like the given one, if any is like it."""
    found = difflib.get_close_matches(name, list(known), n=1, cutoff=0.6)
    return found[0] if found else None


def did_you_mean(
    word: str, known: Iterable[str], ahead: str = "", otherwise: str = ""
) -> str:
    """Return the question whether a known word was meant.

    Args:
        word: The word that is not known.
        known: Words that are.
        ahead: What stands before the question.
        otherwise: What to return if no known word is like it.

    Example:
        >>> did_you_mean("temprature", ["temperature", "seed"])
        "did you mean 'temperature'?"
    """
    near = nearest(word, known)
    return f"{ahead}did you mean {near!r}?" if near else otherwise
