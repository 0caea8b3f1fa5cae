"""Answers brought back from the words of a wire into what the user's schema means."""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from langchain_unified.schemas.walking import definition

_MOST_STEPS = 64
"""References followed before a schema is taken for one without end."""


class Reading(NamedTuple):
    """How an answer is read back.

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
    """Return how the answer of a call is read, from its record."""
    told = record.get("reading") if isinstance(record, Mapping) else None
    if not isinstance(told, Mapping):
        return AS_IT_CAME
    return Reading(
        told.get("wrapped"), bool(told.get("nulls")), bool(told.get("checked"))
    )


def readings(
    found: Any, schema: Mapping[str, Any] | None, reading: Reading
) -> Iterator[Any]:
    """Yield what an answer may stand for, the likeliest first.

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
    """Return a value without the nulls that stand for keys that are missing.

    A null goes where the key may be missing and its schema allows no null.

    Example:
        >>> schema = {"type": "object", "properties": {"age": {"type": "integer"}}}
        >>> without_nulls({"age": None}, schema)
        {}
    """
    return _bare(value, schema, schema)


def _bare(value: Any, schema: Any, root: Mapping[str, Any]) -> Any:
    if isinstance(value, list):
        parts = [_all(schema, root, n) for n in range(len(value))]
        return [
            _through(one, kinds, root) for one, kinds in zip(value, parts, strict=True)
        ]
    if not isinstance(value, dict):
        return value
    kinds = [kind for kind in _objects(schema, root) if _can_be(kind, value, root)]
    if not kinds:
        return value
    found = {}
    for key, one in value.items():
        parts = [kind["properties"][key] for kind in kinds if key in kind["properties"]]
        required = all(key in kind.get("required", ()) for kind in kinds)
        stands = one is None and not required and parts
        if stands and not any(_allows_null(part, root) for part in parts):
            continue
        found[key] = _through(one, parts, root)
    return found


def _through(value: Any, kinds: list[Any], root: Mapping[str, Any]) -> Any:
    for kind in kinds:
        bare = _bare(value, kind, root)
        if bare != value:
            return bare
    return value


def _objects(schema: Any, root: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return the schemas with properties that a value may be an object of."""
    return [
        {"properties": {}, **one}
        for one in _branches(schema, root)
        if "properties" in one
    ]


def _can_be(
    kind: Mapping[str, Any], value: Mapping[str, Any], root: Mapping[str, Any]
) -> bool:
    """Tell whether a value may be an object of a kind: its keys, and its constants."""
    properties = kind["properties"]
    missing = any(key not in value for key in kind.get("required", ()))
    if missing or any(key not in properties for key in value):
        return False
    for key, one in value.items():
        for part in _branches(properties[key], root):
            if "const" in part and one is not None and part["const"] != one:
                return False
    return True


def _all(schema: Any, root: Mapping[str, Any], n: int) -> list[Any]:
    """Return the schemas of the item at a place of a list."""
    found = []
    for one in _branches(schema, root):
        first = one.get("prefixItems") or []
        item = first[n] if n < len(first) else one.get("items")
        found += [item] if isinstance(item, Mapping) else []
    return found


def _branches(schema: Any, root: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return what a schema may stand for, references and choices followed."""
    found: list[Mapping[str, Any]] = []
    pending, steps = [schema], 0
    while pending and steps < _MOST_STEPS:
        steps += 1
        one = pending.pop()
        if not isinstance(one, Mapping):
            continue
        found.append(one)
        for word in ("anyOf", "oneOf", "allOf"):
            pending += one.get(word, ())
        reference = one.get("$ref")
        if isinstance(reference, str) and reference.startswith("#"):
            pending.append(_target(root, reference))
    return found


def _target(root: Mapping[str, Any], reference: str) -> Any:
    try:
        return definition(root, reference)
    except (KeyError, IndexError, ValueError, TypeError):
        return None


def _allows_null(schema: Any, root: Mapping[str, Any]) -> bool:
    for one in _branches(schema, root):
        kind = one.get("type")
        kinds = kind if isinstance(kind, list) else [kind]
        if "null" in kinds or None in one.get("enum", ()):
            return True
        if one.get("const", 0) is None or one.get("nullable") is True:
            return True
        if not _SAYS_WHAT & one.keys():
            return True
    return schema is True


_SAYS_WHAT = frozenset({"$ref", "type", "enum", "const", "anyOf", "oneOf", "allOf"})


def violation(value: Any, schema: Mapping[str, Any]) -> str | None:
    """Return how a value breaks a schema, `None` if it does not.

    Args:
        value: A JSON value.
        schema: The user's schema.
    """
    # jsonschema has no types of its own.
    jsonschema: Any = importlib.import_module("jsonschema")
    latest = jsonschema.Draft202012Validator
    checks = jsonschema.validators.validator_for(schema, default=latest)(schema)
    first = next(iter(checks.iter_errors(value)), None)
    if first is None:
        return None
    place = ".".join(str(step) for step in first.absolute_path)
    return f"{place}: {first.message}" if place else str(first.message)
