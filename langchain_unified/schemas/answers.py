"""Responses converted back from an API's schema to the user's schema."""

from __future__ import annotations

import importlib
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from langchain_unified.schemas.dialects import modern
from langchain_unified.schemas.merging import both
from langchain_unified.schemas.nulls import allows_null
from langchain_unified.schemas.walking import target_of

_MOST_STEPS = 16
"""References and parts followed before a schema is taken for one without end."""

_MOST_KINDS = 64
"""What a schema may stand for at most; the rest of a larger choice is not looked at."""

_COMBINATORS = frozenset({"$defs", "$ref", "allOf", "anyOf", "definitions", "oneOf"})


class Reading(NamedTuple):
    """How a response is converted to the user's schema.

    Attributes:
        wrapped: The key under which it stands, if its root is no object.
        nulls: Whether a null stands for a key that is missing.
        checked: Whether the client checks what the wire could not enforce.
    """

    wrapped: str | None = None
    nulls: bool = False
    checked: bool = False

    def as_dict(self) -> dict[str, Any]:
        """Return what is not the default, for the record of a call."""
        return {name: v for name, v in self._asdict().items() if v}


AS_IT_CAME = Reading()


def reading_of(record: Any) -> Reading:
    """Return how the response of a call is converted, from its record."""
    told = record.get("reading") if isinstance(record, Mapping) else None
    if not isinstance(told, Mapping):
        return AS_IT_CAME
    nulls, checked = bool(told.get("nulls")), bool(told.get("checked"))
    return Reading(told.get("wrapped"), nulls, checked)


def readings(
    found: Any, schema: Mapping[str, Any] | None, reading: Reading
) -> Iterator[Any]:
    """Yield the possible values of a response, the most likely first.

    Args:
        found: The JSON value of the answer.
        schema: The user's schema.
        reading: How the answer was asked for.
    """
    wrapped = reading.wrapped
    if wrapped and isinstance(found, Mapping) and wrapped in found:
        yield from _without_nulls_first(found[wrapped], schema, reading)
        if len(found) > 1:
            yield found
        return
    yield from _without_nulls_first(found, schema, reading)


def _without_nulls_first(
    found: Any, schema: Mapping[str, Any] | None, reading: Reading
) -> Iterator[Any]:
    if reading.nulls and schema is not None:
        bare = without_nulls(found, schema)
        yield bare
        if bare == found:
            return
    yield found


def without_nulls(value: Any, schema: Mapping[str, Any]) -> Any:
    """Return a value without the nulls that represent missing keys.

    A null goes where the key may be missing and its schema allows no null.

    Example:
        >>> schema = {"type": "object", "properties": {"age": {"type": "integer"}}}
        >>> without_nulls({"age": None}, schema)
        {}
    """
    return _bare(value, schema, schema)


def _bare(value: Any, schema: Any, root: Mapping[str, Any]) -> Any:
    if isinstance(value, list):
        kinds = _alternatives(schema, root)
        return [
            _through(one, [_item(kind, n) for kind in kinds], root)
            for n, one in enumerate(value)
        ]
    if not isinstance(value, dict):
        return value
    kinds = [k for k in _alternatives(schema, root) if _can_be(k, value, root)]
    return {
        key: _through(one, [_member(kind, key) for kind in kinds], root)
        for key, one in value.items()
        if one is not None or not _stands_for_missing(kinds, key, root)
    }


def _stands_for_missing(
    kinds: Sequence[Mapping[str, Any]], key: str, root: Mapping[str, Any]
) -> bool:
    """Tell whether null says that an optional key is not there."""
    if not any(_may_be_missing(kind, key) for kind in kinds):
        return False
    parts = [_member(kind, key) for kind in kinds]
    return not any(allows_null(part, root) for part in parts if part is not None)


def _through(value: Any, kinds: list[Any], root: Mapping[str, Any]) -> Any:
    for kind in kinds:
        bare = _bare(value, kind, root)
        if bare != value:
            return bare
    return value


def _may_be_missing(kind: Mapping[str, Any], key: str) -> bool:
    named = key in (kind.get("properties") or ())
    return named and key not in (kind.get("required") or ())


def _member(kind: Mapping[str, Any], key: str) -> Any:
    """Return the schema of a key of an object."""
    properties = kind.get("properties") or {}
    return properties[key] if key in properties else kind.get("additionalProperties")


def _item(kind: Mapping[str, Any], n: int) -> Any:
    """Return the schema of the item at a place of a list."""
    first = kind.get("prefixItems") or []
    return first[n] if n < len(first) else kind.get("items")


def _can_be(
    kind: Mapping[str, Any], value: Mapping[str, Any], root: Mapping[str, Any]
) -> bool:
    """Tell whether a value may be an object of a kind: its keys, and its constants."""
    properties = kind.get("properties") or {}
    missing = any(key not in value for key in kind.get("required") or ())
    closed = not kind.get("additionalProperties")
    if missing or (closed and any(key not in properties for key in value)):
        return False
    for key, one in value.items():
        parts = _alternatives(properties.get(key), root)
        constant = parts and all("const" in part for part in parts)
        if constant and one is not None and one not in [p["const"] for p in parts]:
            return False
    return True


def _alternatives(
    schema: Any, root: Mapping[str, Any], steps: int = 0
) -> list[Mapping[str, Any]]:
    """Return what a schema may stand for: references and parts put in place."""
    if not isinstance(schema, Mapping) or steps > _MOST_STEPS:
        return []
    parts: list[list[Mapping[str, Any]]] = []
    reference = schema.get("$ref")
    if isinstance(reference, str) and reference.startswith("#"):
        parts.append(_alternatives(target_of(root, reference), root, steps + 1))
    parts += [_alternatives(one, root, steps + 1) for one in schema.get("allOf") or ()]
    for word in ("anyOf", "oneOf"):
        if word in schema:
            choices = [_alternatives(one, root, steps + 1) for one in schema[word]]
            parts.append([one for choice in choices for one in choice])
    bare = {key: value for key, value in schema.items() if key not in _COMBINATORS}
    return _combined(bare, parts)


def _combined(
    bare: Mapping[str, Any], parts: Sequence[Sequence[Mapping[str, Any]]]
) -> list[Mapping[str, Any]]:
    """Return what a schema comes to with one option of each of its parts."""
    found = [bare]
    for options in parts:
        joined = [both(one, other) for one in found for other in options]
        found = [*joined[:_MOST_KINDS]]
    return found


_UNREADABLE = (AttributeError, TypeError, re.error)
"""What jsonschema raises for a schema of the wrong shape, and for a pattern of a
language that is not Python's."""


def _unresolvable() -> type[Exception]:
    """Return the error for a reference to another document."""
    referencing: Any = importlib.import_module("referencing.exceptions")
    found: type[Exception] = referencing.Unresolvable
    return found


def violation(value: Any, schema: Mapping[str, Any]) -> str | None:
    """Return how a value violates a schema; `None` if it does not, or if unknown.

    Args:
        value: A JSON value.
        schema: The user's schema.
    """
    # jsonschema has no types of its own.
    jsonschema: Any = importlib.import_module("jsonschema")
    told, latest = modern(schema), jsonschema.Draft202012Validator
    kind = jsonschema.validators.validator_for(told, default=latest)
    # Without a registry jsonschema 4 downloads what a reference names.
    known = importlib.import_module("jsonschema_specifications").REGISTRY
    try:
        first = next(iter(kind(told, registry=known).iter_errors(value)), None)
    except (*_UNREADABLE, jsonschema.exceptions.UnknownType, _unresolvable()):
        return None  # a schema that cannot be read says nothing of the answer
    return None if first is None else _told(first)


def _told(problem: Any) -> str:
    place = ".".join(str(step) for step in problem.absolute_path)
    return f"{place}: {problem.message}" if place else str(problem.message)
