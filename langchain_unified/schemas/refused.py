"""Schemas that a server refused in strict mode, known again by what was sent."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from hashlib import sha256
from typing import Any

STRICT = "strict_schemas"
"""The feature a model lacks in a call whose schemas all go without strict mode."""

_DIGEST = 16
_BESIDE = frozenset({"title", "description"})
_SCHEMAS = ("schema", "parameters")


def refused_schema(schema: Mapping[str, Any]) -> str:
    """Return the feature a model lacks that refused a schema in strict mode.

    Args:
        schema: The schema as it was sent.
    """
    bare = {key: value for key, value in schema.items() if key not in _BESIDE}
    told = json.dumps(bare, sort_keys=True, default=str)
    return f"strict_schema:{sha256(told.encode()).hexdigest()[:_DIGEST]}"


def is_refused(schema: Mapping[str, Any], features: Mapping[str, Any]) -> bool:
    """Tell whether a schema, or any in this call, was refused in strict mode."""
    if not features.get(STRICT, True):
        return True
    known = any(name.startswith("strict_schema:") for name in features)
    return known and refused_schema(schema) in features


def strict_schemas(body: Any) -> Iterator[tuple[Any, Mapping[str, Any]]]:
    """Yield the names and the schemas of a request that are said to be strict."""
    if isinstance(body, (list, tuple)):
        for item in body:
            yield from strict_schemas(item)
    if not isinstance(body, Mapping):
        return
    schema = next((body[key] for key in _SCHEMAS if key in body), None)
    if body.get("strict") is True:
        yield body.get("name"), schema if isinstance(schema, Mapping) else {}
        return
    for value in body.values():
        yield from strict_schemas(value)
