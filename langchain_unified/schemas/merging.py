"""Combined schemas: what all of them require, and the objects that any allows."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from langchain_unified.schemas.walking import same

NOTES = frozenset(
    {
        "$comment",
        "$id",
        "$schema",
        "default",
        "deprecated",
        "description",
        "discriminator",
        "example",
        "examples",
        "readOnly",
        "title",
        "writeOnly",
    }
)
"""Words that say something about a value and forbid none."""


def both(first: Mapping[str, Any], second: Mapping[str, Any]) -> dict[str, Any]:
    """Return one schema that requires what two schemas require.

    Where two words cannot be joined both are kept under `allOf`.
    """
    found = dict(first)
    rest: dict[str, Any] = {}
    for word, value in second.items():
        if word not in found:
            found[word] = value
        elif word not in NOTES and not same(found[word], value):
            joined = _joined(word, found[word], value)
            if joined is None:
                rest[word] = value
            else:
                found[word] = joined
    if rest:
        found["allOf"] = [*found.get("allOf", ()), rest]
    return found


def _joined(word: str, first: Any, second: Any) -> Any:
    """Return what two values of a word come to, `None` if that cannot be said."""
    if word in _JOINED:
        return _JOINED[word](first, second)
    if word == "items" and isinstance(first, Mapping) and isinstance(second, Mapping):
        return {"allOf": [first, second]}
    return None


def _by_name(first: Mapping[str, Any], second: Mapping[str, Any]) -> Any:
    return {**first, **{k: _part(first, k, v) for k, v in second.items()}}


def _names(first: Sequence[str], second: Sequence[str]) -> Any:
    return list(dict.fromkeys([*first, *second]))


def _common(first: Sequence[Any], second: Sequence[Any]) -> Any:
    return [one for one in first if any(same(one, two) for two in second)] or None


def _part(first: Mapping[str, Any], name: str, value: Any) -> Any:
    if name not in first or same(first[name], value) or first[name] is True:
        return value
    return first[name] if value is True else {"allOf": [first[name], value]}


def _type(first: Any, second: Any) -> Any:
    ones = first if isinstance(first, list) else [first]
    others = second if isinstance(second, list) else [second]
    common = [kind for kind in ones if kind in others]
    if "integer" in {*ones, *others} and {"number"} & {*ones, *others}:
        common += [] if "integer" in common else ["integer"]
    if not common:
        return None
    return common[0] if len(common) == 1 else common


def _list(first: Sequence[Any], second: Sequence[Any]) -> Any:
    return [*first, *second]


_JOINED: dict[str, Callable[[Any, Any], Any]] = {
    "$defs": _by_name,
    "allOf": _list,
    "definitions": _by_name,
    "enum": _common,
    "exclusiveMaximum": min,
    "exclusiveMinimum": max,
    "maxItems": min,
    "maxLength": min,
    "maxProperties": min,
    "maximum": min,
    "minItems": max,
    "minLength": max,
    "minProperties": max,
    "minimum": max,
    "patternProperties": _by_name,
    "properties": _by_name,
    "required": _names,
    "type": _type,
}


def is_object(schema: Any) -> bool:
    """Tell whether a schema is of objects, though it may not say so."""
    if not isinstance(schema, Mapping):
        return False
    if "type" in schema:
        return bool(schema["type"] == "object")
    return any(word in schema for word in _OF_OBJECTS)


_OF_OBJECTS = ("properties", "additionalProperties", "patternProperties", "required")


def any_object(
    members: Sequence[Mapping[str, Any]], resolved: Callable[[Any], Any]
) -> dict[str, Any]:
    """Return one object that allows what any of several objects allows.

    Args:
        members: Schemas of objects.
        resolved: Returns what a schema refers to.
    """
    kinds: dict[str, list[Any]] = {}
    for member in members:
        for name, value in (member.get("properties") or {}).items():
            seen = kinds.setdefault(name, [])
            if not any(same(resolved(value), resolved(one)) for one in seen):
                seen.append(value)
    required = [set(member.get("required") or ()) for member in members]
    common = set.intersection(*required) if required else set()
    found: dict[str, Any] = {
        "type": "object",
        "properties": {
            name: values[0] if len(values) == 1 else {"anyOf": values}
            for name, values in kinds.items()
        },
        "required": [name for name in kinds if name in common],
    }
    open_to = [member.get("additionalProperties", True) for member in members]
    if all(one is False for one in open_to):
        found["additionalProperties"] = False
    return found
