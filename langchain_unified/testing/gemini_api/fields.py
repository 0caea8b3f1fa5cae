"""Parsing a request the way the API's protocol buffers do."""

from __future__ import annotations

import math
import re
from typing import Any, NoReturn

from langchain_unified.testing.errors import google_refuse
from langchain_unified.testing.rules import load_fields

_HUMP = re.compile(r"(?<!^)(?=[A-Z])")
_SNAKE = re.compile(r"_([a-z])")
_OF_USERS = frozenset(
    {"args", "response", "parameters", "parametersJsonSchema", "responseJsonSchema"}
)
_PROTO = {
    "string": "TYPE_STRING",
    "bool": "TYPE_BOOL",
    "integer": "TYPE_INT32",
    "number": "TYPE_FLOAT",
    "object": "type.googleapis.com/google.protobuf.Struct",
}


def parse_message(
    value: Any, kind: str, path: str = "", *, vertex: bool = False
) -> dict[str, Any]:
    """Check a JSON object against a message type and spell its keys in camelCase.

    Args:
        value: The object; snake_case keys are accepted, nulls are dropped.
        kind: Message type, such as `GenerateContentRequest`.
        path: Place of the object, such as `contents[0].parts[1]`.
        vertex: Whether the request is for Vertex, which knows more keys.

    Returns:
        The object with known keys only.

    Raises:
        RefusalError: If a key is unknown or a value has a wrong type.
    """
    if not isinstance(value, dict):
        _invalid_value(value, path, kind)
    fields = load_fields("google_genai")
    known = {**fields[kind], **(fields["vertex"].get(kind, {}) if vertex else {})}
    parsed = {}
    for key, entry in value.items():
        name = camel(key)
        if name not in known:
            unknown_name(key, path)
        if entry is not None:
            where = f"{path}.{snake(name)}" if path else snake(name)
            parsed[name] = _parse(entry, known[name], where, vertex=vertex)
    return parsed


def with_camel_keys(value: Any) -> Any:
    """Spell the keys of a request in camelCase, without those that are the user's."""
    if isinstance(value, list):
        return [with_camel_keys(item) for item in value]
    if not isinstance(value, dict):
        return value
    return {
        camel(key): entry if camel(key) in _OF_USERS else with_camel_keys(entry)
        for key, entry in value.items()
    }


def unknown_name(name: str, path: str) -> NoReturn:
    """Refuse a key the API does not know."""
    place = f" at '{path}'" if path else ""
    text = f'Invalid JSON payload received. Unknown name "{name}"{place}: '
    violation = {"description": text + "Cannot find field."}
    if path:
        violation = {"field": path, **violation}
    _bad_request(text + "Cannot find field.", violation)


def camel(name: str) -> str:
    """Spell a key in camelCase."""
    return _SNAKE.sub(lambda found: found[1].upper(), name)


def snake(name: str) -> str:
    """Spell a key in snake_case."""
    return _HUMP.sub("_", name).lower()


def _parse(value: Any, kind: str, path: str, *, vertex: bool) -> Any:
    if kind == "any":
        return value
    if kind.startswith("["):
        values = value if isinstance(value, list) else [value]
        return [
            _parse(item, kind[1:], f"{path}[{index}]", vertex=vertex)
            for index, item in enumerate(values)
        ]
    if kind.startswith("{"):
        if not isinstance(value, dict):
            _invalid_value(value, path, kind[1:])
        return {
            name: parse_message(item, kind[1:], f"{path}[{name}]", vertex=vertex)
            for name, item in value.items()
        }
    if kind.startswith("enum "):
        return _parse_enum(value, kind, path)
    if kind in _PROTO:
        return _parse_scalar(value, kind, path)
    return parse_message(value, kind, path, vertex=vertex)


def _parse_enum(value: Any, kind: str, path: str) -> Any:
    if str(value).upper() not in kind.split()[1:]:
        _invalid_value(value, path, "TYPE_ENUM")
    return str(value).upper()


def _parse_scalar(value: Any, kind: str, path: str) -> Any:
    numeric = isinstance(value, (int, float)) and not isinstance(value, bool)
    numeric = numeric and math.isfinite(value)
    fits = {
        "string": isinstance(value, str),
        "bool": isinstance(value, bool),
        "integer": numeric and value == int(value),
        "number": numeric,
        "object": isinstance(value, dict),
    }
    if not fits[kind]:
        if kind in ("integer", "number") and isinstance(value, str):
            return _parse_number(value, kind, path)
        _invalid_value(value, path, _PROTO[kind])
    return value


def _parse_number(value: str, kind: str, path: str) -> float:
    try:
        return int(value) if kind == "integer" else float(value)
    except ValueError:
        _invalid_value(value, path, _PROTO[kind])


def _invalid_value(value: Any, path: str, kind: str) -> NoReturn:
    shown = f'"{value}"' if isinstance(value, str) else value
    text = f"Invalid value at '{path}' ({kind}), {shown}"
    _bad_request(text, {"field": path, "description": text})


def _bad_request(text: str, violation: dict[str, str]) -> NoReturn:
    details = {
        "@type": "type.googleapis.com/google.rpc.BadRequest",
        "fieldViolations": [violation],
    }
    google_refuse(text, details=[details])
