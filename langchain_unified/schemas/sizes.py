"""How large and how deep a schema is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from langchain_unified.schemas.notes import UnsayableError
from langchain_unified.schemas.walking import mapped
from langchain_unified.schemas.wires import Wire


def check_size(schema: Mapping[str, Any], wire: Wire) -> None:
    """Reject a schema that is larger or deeper than the API supports.

    Raises:
        UnsayableError: If it is.
    """
    properties, values, depth = _size(schema)
    for what, size, most in (
        ("properties", properties, wire.properties),
        ("values of enums", values, wire.enum_values),
        ("levels", depth, wire.depth),
    ):
        if most is not None and size > most:
            raise UnsayableError(
                "", f"object of {size} {what}, of which {most} are taken"
            )


def _size(schema: Any, depth: int = 0) -> tuple[int, int, int]:
    """Return the number of properties, of enum values and of levels."""
    if not isinstance(schema, Mapping):
        return 0, 0, depth
    properties = len(schema.get("properties") or ())
    values = len(schema.get("enum") or ())
    deepest = inner = depth + ("properties" in schema or "items" in schema)

    def count(part: Any, word: str, _: str) -> Any:
        nonlocal properties, values, deepest
        found = _size(part, 0 if word == "$defs" else inner)
        properties, values = properties + found[0], values + found[1]
        deepest = max(deepest, found[2])
        return part

    mapped(schema, count)
    return properties, values, deepest
