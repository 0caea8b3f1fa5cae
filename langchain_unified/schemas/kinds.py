"""Types, constants and enums in the form that an API supports."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from langchain_unified.schemas.notes import Notes, UnsayableError
from langchain_unified.schemas.words import described

_WORDS_OF = {
    "object": {
        "additionalProperties",
        "maxProperties",
        "minProperties",
        "patternProperties",
        "properties",
        "propertyNames",
        "required",
        "unevaluatedProperties",
    },
    "array": {
        "additionalItems",
        "contains",
        "items",
        "maxContains",
        "maxItems",
        "minContains",
        "minItems",
        "prefixItems",
        "unevaluatedItems",
        "uniqueItems",
    },
    "string": {"format", "pattern", "minLength", "maxLength"},
    "number": {
        "exclusiveMaximum",
        "exclusiveMinimum",
        "maximum",
        "minimum",
        "multipleOf",
    },
}
_TYPES: dict[type, str] = {
    bool: "boolean",
    int: "integer",
    float: "number",
    str: "string",
    type(None): "null",
    dict: "object",
    list: "array",
}


def with_constants(node: dict[str, Any], place: str, notes: Notes) -> dict[str, Any]:
    """Write constants and enums with the types that the API supports."""
    allowed, taken = notes.wire.enum_types, notes.wire.keywords or ()
    if "const" in node and "const" not in taken:
        node["enum"] = [node.pop("const")]
        notes.say("const", place, "enum")
    values = node.get("enum", [node["const"]] if "const" in node else [])
    if allowed is None or all(type_of(value) in allowed for value in values):
        return node
    told = [value for value in values if type_of(value) in allowed]
    types = [type_of(value) for value in values]
    others = list(dict.fromkeys(kind for kind in types if kind not in allowed))
    kinds: list[Any] = [{"type": kind} for kind in others]
    if "object" in others and notes.wire.closed:
        raise UnsayableError(place, "enum of objects")
    lost = [v for v in values if type_of(v) not in {*allowed, "null"}]
    node.pop("const", None)
    node.pop("enum", None)
    node.pop("type", None)
    if lost:
        notes.lose("enum", place, lost)
        node["description"] = described(node, [("enum", values)])
    branches = [{"enum": told}, *kinds] if told else kinds
    return {**node, "anyOf": branches} if len(branches) > 1 else {**node, **branches[0]}


def with_type(node: dict[str, Any], place: str, notes: Notes) -> dict[str, Any]:
    """Add the type that a schema implies."""
    if "type" in node:
        return node
    values = node.get("enum", [node["const"]] if "const" in node else None)
    if values is not None:
        kinds = list(dict.fromkeys(map(type_of, values)))
        node["type"] = kinds[0] if len(kinds) == 1 else kinds
        return node
    kind = implied_type(node)
    if kind is not None:
        return {"type": kind, **node}
    if notes.wire.typed:
        raise UnsayableError(place, "value of any type")
    return node


def implied_type(node: Mapping[str, Any]) -> str | None:
    """Return the implied type of a schema without `type`; `None` for any type."""
    for kind, words in _WORDS_OF.items():
        if words & node.keys():
            return kind
    return None


_CHOICES = frozenset({"$ref", "allOf", "anyOf", "const", "oneOf"})
"""Words that say on their own whether null is allowed."""


def or_null(node: dict[str, Any]) -> dict[str, Any]:
    """Return a schema that allows null as well."""
    if "enum" in node and None not in node["enum"]:
        node["enum"] = [*node["enum"], None]
    kind = node.get("type")
    if isinstance(kind, str) and not _CHOICES & node.keys():
        return {**node, "type": [kind, "null"]}
    if "anyOf" in node and kind is None:
        return {**node, "anyOf": [*node["anyOf"], {"type": "null"}]}
    named = isinstance(kind, list) and "null" in kind
    return node if named else {"anyOf": [node, {"type": "null"}]}


def one_type_each(node: Mapping[str, Any]) -> dict[str, Any]:
    """Return an `anyOf` of schemas with one type each."""
    notes = {k: v for k, v in node.items() if k in ("description", "title")}
    branches = []
    for kind in node["type"]:
        words = _WORDS_OF.get("number" if kind == "integer" else kind, set())
        branches.append({"type": kind, **{k: v for k, v in node.items() if k in words}})
    return {"anyOf": branches, **notes}


def type_of(value: Any) -> str:
    """Return the type of a JSON value in the words of JSON Schema."""
    return _TYPES.get(type(value), "object")
