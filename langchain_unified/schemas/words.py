"""Unsupported schema keywords: rewritten, or added to the description."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from langchain_unified.schemas.notes import Notes

_HARMLESS: dict[str, tuple[Any, ...]] = {
    "additionalProperties": (True, {}),
    "minItems": (0,),
    "minLength": (0,),
    "minProperties": (0,),
    "unevaluatedProperties": (True, {}, False),
    "uniqueItems": (False,),
}
"""Values of words that forbid nothing, or nothing more than the rest does."""

_KNOWN = frozenset(
    {
        "additionalItems",
        "contains",
        "contentEncoding",
        "contentMediaType",
        "dependencies",
        "dependentRequired",
        "dependentSchemas",
        "else",
        "exclusiveMaximum",
        "exclusiveMinimum",
        "format",
        "if",
        "maxContains",
        "maxItems",
        "maxLength",
        "maxProperties",
        "maximum",
        "minContains",
        "minItems",
        "minLength",
        "minProperties",
        "minimum",
        "multipleOf",
        "not",
        "oneOf",
        "pattern",
        "patternProperties",
        "prefixItems",
        "propertyNames",
        "then",
        "unevaluatedItems",
        "uniqueItems",
    }
)
"""Words of JSON Schema that forbid something; any other word forbids nothing."""

_LOOKS_AROUND = re.compile(r"\(\?(?:=|!|<=|<!)")
_EXCLUSIVE = (("exclusiveMinimum", "minimum", 1), ("exclusiveMaximum", "maximum", -1))


def with_known_words(node: dict[str, Any], place: str, notes: Notes) -> dict[str, Any]:
    """Move keywords that the API does not support to the description."""
    node = _bounds(node, place, notes)
    untold = []
    unlisted = notes.wire.unlisted
    for word in [w for w in node if w in unlisted or _refuses(w, node[w], notes)]:
        value = node[word] if word in unlisted else node.pop(word)
        if word not in _KNOWN or value in _HARMLESS.get(word, ()):
            continue
        notes.lose(word, place, value)
        untold.append((word, value))
    if untold:
        node["description"] = described(node, untold)
    return node


def _refuses(word: str, value: Any, notes: Notes) -> bool:
    wire = notes.wire
    if word not in (wire.keywords or ()):
        return True
    if word == "default":
        return value is None and wire.required  # openai's strict helper drops it, too
    if word == "format":
        return wire.formats is not None and value not in wire.formats
    if word == "pattern":
        return not wire.look_around and bool(_LOOKS_AROUND.search(str(value)))
    if word == "minItems" and wire.items_at_most is not None:
        return bool(value > wire.items_at_most)
    return False


def _bounds(node: dict[str, Any], place: str, notes: Notes) -> dict[str, Any]:
    """Say that a whole number is more than 2 as that it is 3 at least."""
    words = notes.wire.keywords or ()
    for word, other, step in _EXCLUSIVE:
        limit = node.get(word)
        whole = node.get("type") == "integer" and isinstance(limit, int)
        if word in words or not whole or other in node or other not in words:
            continue
        node[other] = node.pop(word) + step
        notes.say(word, place, other)
    return node


def described(node: Mapping[str, Any], untold: list[tuple[str, Any]]) -> str:
    """Return a description with the constraints that the API cannot express."""
    told = "; ".join(
        f"{word}: {json.dumps(value, ensure_ascii=False, default=str)}"
        for word, value in untold
    )
    said = str(node.get("description") or "")
    return f"{said} ({told})" if said else f"({told})"
