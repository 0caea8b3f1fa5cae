"""A schema brought within the words of one wire.

What the wire has other words for is rewritten; what it cannot enforce is left out, put
on record and told to the model in the description; what would forbid the very answer
wanted, such as an object that may have no keys, is not said at all.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from langchain_unified.schemas.merging import NOTES, both
from langchain_unified.schemas.walking import (
    cyclic,
    definition,
    mapped,
    with_definitions,
)
from langchain_unified.schemas.wires import Wire

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
_WORDS_OF = {
    "object": {"properties", "required", "additionalProperties"},
    "array": {"items", "minItems", "maxItems", "prefixItems", "uniqueItems"},
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


class Loss(NamedTuple):
    """Something a wire cannot enforce.

    Attributes:
        word: The word of JSON Schema.
        place: The field it is said of; empty for the root.
        value: What was said.
    """

    word: str
    place: str
    value: Any


class Rewriting(NamedTuple):
    """Something said in other words with the same meaning.

    Attributes:
        word: The word of JSON Schema.
        place: The field it is said of; empty for the root.
        sent: What is said instead.
    """

    word: str
    place: str
    sent: str


class UnsayableError(ValueError):
    """A wire has no words for a schema.

    Attributes:
        place: The field in the way; empty for the root.
        what: What it is.
    """

    def __init__(self, place: str, what: str) -> None:
        """Keep both."""
        self.place, self.what = place, what
        article = "an" if what[0] in "aeiou" else "a"
        super().__init__(f"{place or 'the root'} is {article} {what}")


class Subset:
    """Rewrites one schema for one wire.

    Attributes:
        losses: What the wire cannot enforce.
        rewritings: What was said in other words.
        nulls_stand_for_missing: Whether a null was allowed for a key that may be
            missing.
    """

    def __init__(self, wire: Wire, root: Mapping[str, Any], *, nulls: bool) -> None:
        """Start with a root that the wire takes."""
        self.losses: list[Loss] = []
        self.rewritings: list[Rewriting] = []
        self.nulls_stand_for_missing = False
        self._wire, self._nulls = wire, nulls
        self._root = with_definitions(root)
        self._cyclic = cyclic(self._root)
        self._used: dict[str, Any] = {}
        self._pending: list[str] = []

    def rewritten_schema(self) -> dict[str, Any]:
        """Return the schema in the words of the wire.

        Raises:
            UnsayableError: If it has no words for it.
        """
        rest = {key: value for key, value in self._root.items() if key != "$defs"}
        told: dict[str, Any] = self._node(rest, "")
        while self._pending:
            name = self._pending.pop()
            self._used[name] = self._node(self._root["$defs"][name], name)
        if self._used:
            ordered = [name for name in self._root["$defs"] if name in self._used]
            told["$defs"] = {name: self._used[name] for name in ordered}
        _check_size(told, self._wire)
        return told

    def _node(self, given: Any, place: str) -> Any:
        if not isinstance(given, Mapping):
            return self._anything(place) if given is True else {"not": {}}
        node = self._plain(dict(given), place)
        if "$ref" in node:
            return self._reference(node, place)
        if "allOf" in node:
            return self._node(self._joined(node, place), place)
        node = self._union(node, place)
        if "anyOf" not in node:
            node = self._value(node, place)
        if "anyOf" in node:
            return self._choice(node, place)
        node = self._worded(node, place)
        return mapped(
            node, lambda part, word, name: self._part(part, word, name, place)
        )

    def _part(self, part: Any, word: str, name: str, place: str) -> Any:
        inner = {"properties": name, "items": "[]", "prefixItems": "[]"}.get(word, "")
        if inner == "[]":
            return self._node(part, place + "[]")
        return self._node(
            part, f"{place}.{inner}" if place and inner else inner or place
        )

    def _anything(self, place: str) -> dict[str, Any]:
        if self._wire.typed:
            raise UnsayableError(place, "value of any type")
        return {}

    def _plain(self, node: dict[str, Any], place: str) -> dict[str, Any]:
        """Say in JSON Schema of today what older and other dialects say."""
        node.pop("$defs", None)
        node.pop("definitions", None)
        kind = node.get("type")
        if isinstance(kind, str) and kind.isupper():
            node["type"] = kind.lower()
        if node.pop("nullable", None) is True:
            node = _or_null(node)
            self.rewritings.append(Rewriting("nullable", place, "the type null"))
        if isinstance(node.get("items"), (list, tuple)):
            node["prefixItems"] = list(node.pop("items"))
            if "additionalItems" in node:
                node["items"] = node.pop("additionalItems")
        return node

    # References and unions

    def _reference(self, node: dict[str, Any], place: str) -> Any:
        reference = node.pop("$ref")
        name = str(reference).removeprefix("#/$defs/")
        if name not in self._root.get("$defs", {}):
            raise UnsayableError(place, f"reference to {reference}")
        if not node.keys() - NOTES:
            return self._lone_reference(reference, name, node)
        if reference in self._cyclic:
            self.losses += [Loss(word, place, v) for word, v in node.items()]
            return self._lone_reference(reference, name, {})
        return self._node(both(node, self._root["$defs"][name]), place)

    def _lone_reference(
        self, reference: str, name: str, notes: Mapping[str, Any]
    ) -> Any:
        if name not in self._used:
            self._used[name] = {}
            self._pending.append(name)
        kept = {key: notes[key] for key in ("description", "title") if key in notes}
        return {"anyOf": [{"$ref": reference}], **kept} if kept else {"$ref": reference}

    def _joined(self, node: dict[str, Any], place: str) -> dict[str, Any]:
        """Return one schema for all of several."""
        members, found = node.pop("allOf"), node
        for given in members:
            member, seen = given, 0
            while isinstance(member, Mapping) and "$ref" in member:
                reference = member["$ref"]
                seen += 1
                if len(members) == 1 and not node.keys() - NOTES:
                    return {**member, **node}
                if reference in self._cyclic or seen > _MOST_STEPS:
                    raise UnsayableError(
                        place, "schema of several that contains itself"
                    )
                rest = {key: value for key, value in member.items() if key != "$ref"}
                member = both(rest, definition(self._root, reference))
            before = found.pop("allOf", [])
            found = both(found, member if isinstance(member, Mapping) else {})
            left = found.pop("allOf", [])
            self.losses += [Loss(w, place, v) for one in left for w, v in one.items()]
            if before:
                found["allOf"] = before
        self.rewritings.append(Rewriting("allOf", place, "one schema"))
        return found

    def _union(self, node: dict[str, Any], place: str) -> dict[str, Any]:
        """Say `anyOf` for `oneOf`."""
        discriminator = node.pop("discriminator", None)
        if "oneOf" not in node:
            return node
        members = node.pop("oneOf")
        if "anyOf" in node:
            self.losses.append(Loss("oneOf", place, members))
            return node
        if discriminator is not None or self._apart(members):
            self.rewritings.append(Rewriting("oneOf", place, "anyOf"))
        else:
            self.losses.append(Loss("oneOf", place, "exactly one of them"))
        return {**node, "anyOf": members}

    def _apart(self, members: list[Any]) -> bool:
        """Tell whether no value fits two of the members, by their types."""
        kinds = [m.get("type") if isinstance(m, Mapping) else None for m in members]
        plain = [kind for kind in kinds if isinstance(kind, str)]
        numbers = {"integer", "number"} <= set(plain)
        return len(set(plain)) == len(members) and not numbers

    def _choice(self, node: dict[str, Any], place: str) -> dict[str, Any]:
        """Return a choice whose branches say everything themselves."""
        notes = {k: v for k, v in node.items() if k in ("description", "title")}
        shared = {k: v for k, v in node.items() if k != "anyOf" and k not in NOTES}
        branches = []
        for given in node["anyOf"]:
            branch = given
            if shared and isinstance(given, Mapping):
                branch = (
                    both(shared, given)
                    if "$ref" not in given
                    else {"allOf": [shared, given]}
                )
            told = self._node(branch, place)
            if told not in branches:
                branches.append(told)
        if shared:
            self.rewritings.append(Rewriting("anyOf", place, "whole branches"))
        if "default" in node and "default" in (self._wire.keywords or ()):
            notes["default"] = node["default"]
        return {"anyOf": branches, **notes}

    # One value

    def _value(self, node: dict[str, Any], place: str) -> dict[str, Any]:
        node = self._constant(node, place)
        if "anyOf" in node:
            return node
        node = self._typed(node, place)
        if self._wire.one_type and isinstance(node.get("type"), list):
            if "enum" in node:
                del node["type"]
                return node
            self.rewritings.append(Rewriting("type", place, "anyOf"))
            return _one_type_each(node)
        kinds = node.get("type")
        kinds = kinds if isinstance(kinds, list) else [kinds]
        if "array" in kinds:
            node = self._tuple(node, place)
        if "object" in kinds:
            node = self._object(node, place)
        return node

    def _constant(self, node: dict[str, Any], place: str) -> dict[str, Any]:
        """Say constants and enums of the types the wire takes."""
        allowed, taken = self._wire.enum_types, self._wire.keywords or ()
        if "const" in node and "const" not in taken:
            node["enum"] = [node.pop("const")]
            self.rewritings.append(Rewriting("const", place, "enum"))
        values = node.get("enum", [node["const"]] if "const" in node else [])
        if allowed is None or all(_type_of(value) in allowed for value in values):
            return node
        told = [value for value in values if _type_of(value) in allowed]
        others = list(dict.fromkeys(_type_of(v) for v in values if v not in told))
        kinds: list[Any] = [{"type": kind} for kind in others]
        if "object" in others and self._wire.closed:
            raise UnsayableError(place, "enum of objects")
        lost = [v for v in values if _type_of(v) not in {*allowed, "null"}]
        node.pop("const", None)
        node.pop("enum", None)
        node.pop("type", None)
        if lost:
            self.losses.append(Loss("enum", place, lost))
            node["description"] = _described(node, [("enum", values)])
        branches = [{"enum": told}, *kinds] if told else kinds
        return (
            {**node, "anyOf": branches}
            if len(branches) > 1
            else {**node, **branches[0]}
        )

    def _typed(self, node: dict[str, Any], place: str) -> dict[str, Any]:
        """Give a schema the type it implies."""
        if "type" in node:
            return node
        values = node.get("enum", [node["const"]] if "const" in node else None)
        if values is not None:
            kinds = list(dict.fromkeys(map(_type_of, values)))
            node["type"] = kinds[0] if len(kinds) == 1 else kinds
            return node
        for kind, words in _WORDS_OF.items():
            if words & node.keys() or (
                kind == "object" and "patternProperties" in node
            ):
                return {"type": kind, **node}
        if self._wire.typed:
            raise UnsayableError(place, "value of any type")
        return node

    def _tuple(self, node: dict[str, Any], place: str) -> dict[str, Any]:
        """Say a tuple as a list of any of its kinds, where there are no tuples."""
        kinds = node.get("prefixItems")
        if kinds is None:
            if "items" not in node and self._wire.items:
                raise UnsayableError(place, "array of anything")
            return node
        if "prefixItems" in (self._wire.keywords or ()):
            if node.get("items") is False:
                node.pop("items")
                node["maxItems"] = min(node.get("maxItems", len(kinds)), len(kinds))
            return node
        del node["prefixItems"]
        rest = node.pop("items", None)
        if rest is False:
            node["maxItems"] = min(node.get("maxItems", len(kinds)), len(kinds))
        more = [rest] if isinstance(rest, Mapping) else []
        every = [one for n, one in enumerate(kinds) if one not in kinds[:n]] + more
        node["items"] = every[0] if len(every) == 1 else {"anyOf": every}
        if len(every) == 1:
            self.rewritings.append(Rewriting("prefixItems", place, "items"))
        else:
            self.losses.append(Loss("prefixItems", place, "one kind for each place"))
        return node

    def _object(self, node: dict[str, Any], place: str) -> dict[str, Any]:
        node = self._patterned(node, place)
        extra = node.get("additionalProperties")
        if node.pop("unevaluatedProperties", None) is False and extra is None:
            node["additionalProperties"] = extra = False
        if not self._wire.closed:
            return node
        is_open = "properties" not in node and extra is not False
        missing = set(node.get("required", ())) - set(node.get("properties", ()))
        if is_open or missing or extra not in (None, False):
            raise UnsayableError(place, "object with keys of any name")
        properties = dict(node.get("properties", {}))
        node["properties"] = properties
        if self._wire.required:
            self._require(node, properties, place)
        node["additionalProperties"] = False
        return node

    def _require(
        self, node: dict[str, Any], properties: dict[str, Any], place: str
    ) -> None:
        """Require every key; null stands for one that may be missing."""
        optional = set(properties) - set(node.get("required", ()))
        for name, part in tuple(properties.items()):
            if name not in optional or not self._nulls:
                continue
            if not self._allows_null(part):
                self.nulls_stand_for_missing = True
                told = f"{place}.{name}" if place else name
                self.rewritings.append(Rewriting("optional", told, "null"))
                properties[name] = {"anyOf": [part, {"type": "null"}]}
        node["required"] = list(properties)

    def _allows_null(self, given: Any, seen: int = 0) -> bool:
        if not isinstance(given, Mapping) or seen > _MOST_STEPS:
            return given is True
        if "$ref" in given:
            name = str(given["$ref"]).removeprefix("#/$defs/")
            target = self._root.get("$defs", {}).get(name)
            return self._allows_null(target, seen + 1)
        for word in ("anyOf", "oneOf"):
            if word in given:
                return any(self._allows_null(one, seen + 1) for one in given[word])
        if "enum" in given or "const" in given:
            return None in given.get("enum", [given.get("const", 0)])
        kind = given.get("type")
        return (
            kind is None
            or kind == "null"
            or (isinstance(kind, list) and "null" in kind)
        )

    def _patterned(self, node: dict[str, Any], place: str) -> dict[str, Any]:
        """Say what keys of a pattern hold as what any other key holds."""
        patterns = node.get("patternProperties")
        if not patterns or "patternProperties" in (self._wire.keywords or ()):
            return node
        if self._wire.closed:
            raise UnsayableError(place, "object with keys of any name")
        del node["patternProperties"]
        rest = node.get("additionalProperties")
        kinds = list(patterns.values())
        if isinstance(rest, Mapping) and rest:
            kinds.append(rest)
        if rest is False or (isinstance(rest, Mapping) and rest):
            one = kinds[0] if len(kinds) == 1 else {"anyOf": kinds}
            node["additionalProperties"] = one
        self.losses.append(Loss("patternProperties", place, list(patterns)))
        told = [("the names of keys match", list(patterns))]
        node["description"] = _described(node, told)
        return node

    # Words

    def _worded(self, node: dict[str, Any], place: str) -> dict[str, Any]:
        """Leave out the words the wire does not know; tell them in the description."""
        node = self._bounds(node, place)
        untold = []
        for word in [word for word in node if self._refuses(word, node[word])]:
            value = node.pop(word)
            if word not in _KNOWN or value in _HARMLESS.get(word, ()):
                continue
            self.losses.append(Loss(word, place, value))
            untold.append((word, value))
        if untold:
            node["description"] = _described(node, untold)
        return node

    def _refuses(self, word: str, value: Any) -> bool:
        wire = self._wire
        if word not in (wire.keywords or ()):
            return True
        if word == "format":
            return wire.formats is not None and value not in wire.formats
        if word == "pattern":
            return not wire.look_around and bool(_LOOKS_AROUND.search(str(value)))
        if word == "minItems" and wire.items_at_most is not None:
            return bool(value > wire.items_at_most)
        return False

    def _bounds(self, node: dict[str, Any], place: str) -> dict[str, Any]:
        """Say that a whole number is more than 2 as that it is 3 at least."""
        words = self._wire.keywords or ()
        for word, other, step in _EXCLUSIVE:
            limit = node.get(word)
            whole = node.get("type") == "integer" and isinstance(limit, int)
            if word in words or not whole or other in node or other not in words:
                continue
            node[other] = node.pop(word) + step
            self.rewritings.append(Rewriting(word, place, other))
        return node


_MOST_STEPS = 8
_EXCLUSIVE = (("exclusiveMinimum", "minimum", 1), ("exclusiveMaximum", "maximum", -1))


def _or_null(node: dict[str, Any]) -> dict[str, Any]:
    if "enum" in node and None not in node["enum"]:
        node["enum"] = [*node["enum"], None]
    kind = node.get("type")
    if isinstance(kind, str):
        return {**node, "type": [kind, "null"]}
    if "anyOf" in node:
        return {**node, "anyOf": [*node["anyOf"], {"type": "null"}]}
    return {"anyOf": [node, {"type": "null"}]} if kind is None else node


def _one_type_each(node: Mapping[str, Any]) -> dict[str, Any]:
    """Return a choice of schemas, each of one type."""
    notes = {k: v for k, v in node.items() if k in ("description", "title")}
    branches = []
    for kind in node["type"]:
        words = _WORDS_OF.get("number" if kind == "integer" else kind, set())
        branches.append({"type": kind, **{k: v for k, v in node.items() if k in words}})
    return {"anyOf": branches, **notes}


def _type_of(value: Any) -> str:
    return _TYPES.get(type(value), "object")


def _described(node: Mapping[str, Any], untold: list[tuple[str, Any]]) -> str:
    """Return a description with what the wire has no words for."""
    told = "; ".join(
        f"{word}: {json.dumps(value, ensure_ascii=False, default=str)}"
        for word, value in untold
    )
    said = str(node.get("description") or "")
    return f"{said} ({told})" if said else f"({told})"


def _check_size(schema: Mapping[str, Any], wire: Wire) -> None:
    """Refuse a schema that is larger or deeper than the wire takes.

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

    def count(part: Any, word: str, name: str) -> Any:
        nonlocal properties, values, deepest
        del name
        found = _size(part, 0 if word == "$defs" else inner)
        properties, values = properties + found[0], values + found[1]
        deepest = max(deepest, found[2])
        return part

    mapped(schema, count)
    return properties, values, deepest
