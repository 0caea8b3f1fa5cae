"""Lists, tuples and `patternProperties` in the form that an API supports."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from langchain_unified.schemas.notes import Notes, UnsayableError
from langchain_unified.schemas.walking import distinct
from langchain_unified.schemas.words import described


def with_lists(node: dict[str, Any], place: str, notes: Notes) -> dict[str, Any]:
    """Write a tuple as a list of any of its item types, if tuples are not supported."""
    kinds = node.get("prefixItems")
    if kinds is None:
        if "items" not in node and notes.wire.items:
            raise UnsayableError(place, "array of anything")
        return node
    if notes.takes("prefixItems"):
        if node.get("items") is False:
            node.pop("items")
            node["maxItems"] = min(node.get("maxItems", len(kinds)), len(kinds))
        return node
    del node["prefixItems"]
    rest = node.pop("items", None)
    if rest is False:
        node["maxItems"] = min(node.get("maxItems", len(kinds)), len(kinds))
    more = [rest] if isinstance(rest, Mapping) else []
    every = distinct([*kinds, *more])
    node["items"] = every[0] if len(every) == 1 else {"anyOf": every}
    if len(every) == 1:
        notes.say("prefixItems", place, "items")
    else:
        notes.lose("prefixItems", place, "one kind for each place")
    return node


def with_patterns(node: dict[str, Any], place: str, notes: Notes) -> dict[str, Any]:
    """Write `patternProperties` as `additionalProperties`."""
    patterns = node.get("patternProperties")
    if not patterns or notes.takes("patternProperties"):
        return node
    if notes.wire.closed:
        raise UnsayableError(place, "object with keys of any name")
    del node["patternProperties"]
    rest = node.get("additionalProperties")
    limited = bool(rest) and isinstance(rest, Mapping)
    kinds = [*patterns.values(), *([rest] if limited else ())]
    if rest is False or limited:
        one = kinds[0] if len(kinds) == 1 else {"anyOf": kinds}
        node["additionalProperties"] = one
    elif rest is None:
        node["additionalProperties"] = True
    notes.lose("patternProperties", place, list(patterns))
    node["description"] = described(node, [("the names of keys match", list(patterns))])
    return node
