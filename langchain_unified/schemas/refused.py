"""Schemas that a server rejected in strict mode, identified by what was sent."""

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
    """Return the name under which a schema rejected in strict mode is remembered.

    Args:
        schema: The schema as it was sent.
    """
    bare = {key: value for key, value in schema.items() if key not in _BESIDE}
    told = json.dumps(bare, sort_keys=True, default=str)
    return f"strict_schema:{sha256(told.encode()).hexdigest()[:_DIGEST]}"


def is_refused(schema: Mapping[str, Any], features: Mapping[str, Any]) -> bool:
    """Tell whether a schema, or any in this call, was rejected in strict mode."""
    if not features.get(STRICT, True):
        return True
    known = any(name.startswith("strict_schema:") for name in features)
    return known and refused_schema(schema) in features


def strict_schemas(body: Any) -> Iterator[tuple[Any, Mapping[str, Any]]]:
    """Yield the names and schemas of a request that are marked as strict."""
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
