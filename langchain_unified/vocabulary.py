"""The settings a user can give: canonical names, aliases, types and importance.

Read once from `data/parameters.toml` and from the `[parameters]` of installed provider
packages; holds no provider knowledge.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from contextlib import suppress
from functools import lru_cache
from types import MappingProxyType
from typing import Any, NamedTuple

from langchain_unified.data import read_toml
from langchain_unified.data.installed import installed
from langchain_unified.errors import (
    InvalidParameterError,
    InvalidTypeError,
    RegistryError,
    shown_value,
)
from langchain_unified.types import Importance

_TYPES: dict[str, tuple[type, ...]] = {
    "number": (int, float),
    "integer": (int,),
    "boolean": (bool,),
    "string": (str,),
    "object": (Mapping,),
    "list": (list, tuple),
    "strings": (str, list, tuple),
    "any": (object,),
}
_WORDS = {
    "number": "a number",
    "integer": "an integer",
    "boolean": "true or false",
    "string": "a string",
    "object": "a mapping",
    "list": "a list",
    "strings": "a string or a list of strings",
}


class Setting(NamedTuple):
    """One setting: what it is called and which values any model could take."""

    name: str
    type: str
    importance: Importance
    aliases: tuple[str, ...] = ()
    min: float | None = None
    max: float | None = None
    values: tuple[Any, ...] | None = None
    neutral: tuple[Any, ...] = ()
    nullable: bool = False
    words: tuple[str, ...] = ()
    ordered: bool = True
    parts: Mapping[str, str] = MappingProxyType({})
    instead: str = ""

    def knows(self, word: Any) -> bool:
        """Tell whether a word is known, or the setting takes no words that may be new.

        Example:
            >>> settings()["service_tier"].knows("flex")
            True
            >>> settings()["service_tier"].knows("of-tomorrow")
            False
        """
        return not self.words or not isinstance(word, str) or word in self.words

    def check(self, value: Any, *, model: str | None = None) -> Any:
        """Return the value, or raise `InvalidParameterError` if no model takes it."""
        if self.type == "integer" and isinstance(value, float) and value.is_integer():
            value = int(value)
        if not isinstance(value, _TYPES[self.type]) or self._is_stray_boolean(value):
            raise InvalidTypeError(
                self.name,
                shown_value(value),
                f"give {_WORDS[self.type]}.",
                model=model,
            )
        if self.values is not None and value not in self.values:
            listed = ", ".join(repr(item) for item in self.values)
            raise InvalidParameterError(
                self.name, shown_value(value), f"give one of {listed}.", model=model
            )
        if isinstance(value, (int, float)) and self.type in {"number", "integer"}:
            self._check_range(value, model)
        return [value] if self.type == "strings" and isinstance(value, str) else value

    def _is_stray_boolean(self, value: Any) -> bool:
        return isinstance(value, bool) and self.type in {"number", "integer"}

    def _check_range(self, value: float, model: str | None) -> None:
        low, high = self.min, self.max
        if (low is not None and not value >= low) or (
            high is not None and not value <= high
        ):
            raise InvalidParameterError(
                self.name, value, f"give {range_words(low, high)}.", model=model
            )


def range_words(low: float | None, high: float | None) -> str:
    """Return a numeric range in words, for error messages."""
    if low is None:
        return f"a value of at most {high:g}"
    if high is None:
        return f"a value of at least {low:g}"
    return f"a value from {low:g} to {high:g}"


@lru_cache(maxsize=1)
def settings() -> dict[str, Setting]:
    """Return every setting by its canonical name, those of installed packages last."""
    rows = read_toml("parameters.toml")["parameters"]
    own = {name: _setting(name, row) for name, row in rows.items()}
    taken = {word for one in own.values() for word in (one.name, *one.aliases)}
    for package in installed():
        # The registry says why it leaves out a file that cannot be read.
        with suppress(AttributeError, KeyError, RegistryError, TypeError):
            rows = package.table.get("parameters") or {}
            new = {name: row for name, row in rows.items() if name not in taken}
            own |= {name: _setting(name, row) for name, row in new.items()}
    return own


def _setting(name: str, row: dict[str, Any]) -> Setting:
    known = {
        "type",
        "importance",
        "instead",
        "aliases",
        "min",
        "max",
        "values",
        "neutral",
        "nullable",
        "ordered",
        "parts",
        "words",
    }
    if not set(row) <= known or row.get("type") not in _TYPES:
        msg = f"parameters.toml: {name}: known keys are {sorted(known)}"
        raise RegistryError(msg)
    values = row.get("values")
    return Setting(
        name=name,
        type=row["type"],
        importance=row["importance"],
        aliases=tuple(row.get("aliases", ())),
        min=row.get("min"),
        max=row.get("max"),
        values=tuple(values) if values else None,
        neutral=tuple(row.get("neutral", ())),
        nullable=row.get("nullable", False),
        words=tuple(row.get("words", ())),
        ordered=row.get("ordered", True),
        instead=row.get("instead", ""),
        parts=MappingProxyType(dict(row.get("parts", {}))),
    )


@lru_cache(maxsize=1)
def canonical_names() -> dict[str, str]:
    """Return the canonical name by every accepted spelling."""
    names: dict[str, str] = {}
    for setting in settings().values():
        for spelling in (setting.name, *setting.aliases):
            names.setdefault(spelling, setting.name)
    return names


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
