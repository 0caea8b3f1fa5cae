"""Recursive merging of request objects, and the values that it replaces."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

_UNDERSCORE = re.compile(r"_([a-z0-9])")
# Keys below these are the user's own (properties, labels), not fields of the API.
_FREE = frozenset(
    {"args", "labels", "metadata", "parametersJsonSchema", "responseJsonSchema"}
)


def merged(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """Return two objects merged recursively; the second takes precedence.

    Example:
        >>> merged({"a": {"b": 1, "c": 2}}, {"a": {"c": 3}})
        {'a': {'b': 1, 'c': 3}}
    """
    found = dict(below)
    for key, value in above.items():
        held = found.get(key)
        if isinstance(held, Mapping) and _joins(held, value):
            found[key] = merged(held, value)
        else:
            found[key] = value
    return found


def replaced(
    below: Mapping[str, Any], above: Mapping[str, Any], path: str = ""
) -> Iterator[tuple[str, Any, Any]]:
    """Yield dotted path, old and new value of every field that `merged` replaces.

    Example:
        >>> list(replaced({"a": {"b": 1, "c": 2}}, {"a": {"c": 3}}))
        [('a.c', 2, 3)]
    """
    for key, value in above.items():
        if key not in below:
            continue
        place, held = f"{path}{key}", below[key]
        if isinstance(held, Mapping) and _joins(held, value):
            yield from replaced(held, value, f"{place}.")
        elif held != value:
            yield place, held, value


def _joins(held: Mapping[str, Any], value: Any) -> bool:
    """Tell whether two objects are of one kind; others replace each other.

    `{"type": "adaptive"}` is another kind of thinking than `{"type": "enabled"}`, and
    the fields of the one do not go with the other.
    """
    if not isinstance(value, Mapping):
        return False
    kinds = held.get("type"), value.get("type")
    return None in kinds or kinds[0] == kinds[1]


def in_camel_case(value: Any) -> Any:
    """Return an object with the field names of Google's REST API, at every depth.

    The API takes `top_k` as well as `topK` (protobuf's JSON form), but not both.

    Example:
        >>> in_camel_case({"generation_config": {"top_k": 5}})
        {'generationConfig': {'topK': 5}}
    """
    if isinstance(value, (list, tuple)):
        return [in_camel_case(item) for item in value]
    if not isinstance(value, Mapping):
        return value
    named = {camel(str(key)): item for key, item in value.items()}
    return {k: v if k in _FREE else in_camel_case(v) for k, v in named.items()}


def camel(name: str) -> str:
    """Return a field name in camel case.

    Example:
        >>> camel("include_server_side_tool_invocations")
        'includeServerSideToolInvocations'
    """
    return _UNDERSCORE.sub(lambda found: found.group(1).upper(), name)
