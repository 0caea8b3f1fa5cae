"""Whether a value is a JSON Schema at all."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

NAMED = ("properties", "$defs", "definitions")
"""Keywords that hold schemas by name."""

LISTED = ("anyOf", "oneOf", "allOf", "prefixItems")
"""Keywords that hold a list of schemas."""

_NUMBERS = (
    *("minimum", "maximum", "multipleOf"),
    *("minItems", "maxItems", "minLength", "maxLength"),
)
_TYPES: dict[str, tuple[type | tuple[type, ...], str]] = {
    **dict.fromkeys(NAMED, (dict, "object")),
    **dict.fromkeys((*LISTED, "enum", "required"), (list, "array")),
    **dict.fromkeys(_NUMBERS, ((int, float), "number")),
    **dict.fromkeys(("pattern", "$ref", "format", "description"), (str, "string")),
    "type": ((str, list), "string"),
}
_OF_TEXTS = ("required", "type")


def problem_in(schema: Any) -> str | None:
    """Return what makes a value no JSON Schema, or None if it is one.

    Args:
        schema: The value.

    Example:
        >>> problem_in({"type": "object", "required": "city"})
        "'city' is not of type 'array'."
    """
    if isinstance(schema, bool):
        return None
    if not isinstance(schema, dict):
        return f"{schema!r} is not of type 'object', 'boolean'."
    for keyword, (types, name) in _TYPES.items():
        value = schema.get(keyword)
        if keyword in schema and not _is_a(value, types):
            return f"{value!r} is not of type '{name}'."
    for keyword in _OF_TEXTS:
        for value in schema.get(keyword) or []:
            if not isinstance(value, str):
                return f"{value!r} is not of type 'string'."
    return next(filter(None, map(problem_in, _inner(schema))), None)


def _is_a(value: Any, types: type | tuple[type, ...]) -> bool:
    """Tell whether a value has a type; null is what some libraries write for none."""
    return value is None or (isinstance(value, types) and not isinstance(value, bool))


def _inner(schema: dict[str, Any]) -> Iterator[Any]:
    for group in NAMED:
        yield from (schema.get(group) or {}).values()
    for group in LISTED:
        yield from schema.get(group) or []
    for single in ("items", "additionalProperties"):
        if schema.get(single) is not None:
            yield schema[single]
