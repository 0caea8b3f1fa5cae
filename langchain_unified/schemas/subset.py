"""A schema rewritten with the keywords that an API supports.

What the wire has other words for is rewritten; what it cannot enforce is left out, put
on record and told to the model in the description; what would forbid the very answer
wanted, such as an object that may have no keys, is not said at all.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from langchain_unified.schemas.kinds import (
    one_type_each,
    or_null,
    with_constants,
    with_type,
)
from langchain_unified.schemas.lists import with_lists, with_patterns
from langchain_unified.schemas.merging import NOTES, both
from langchain_unified.schemas.notes import Loss, Notes, Rewriting, UnsayableError
from langchain_unified.schemas.nulls import allows_null
from langchain_unified.schemas.sizes import check_size
from langchain_unified.schemas.walking import (
    cyclic,
    definition,
    distinct,
    mapped,
    references,
    with_definitions,
)
from langchain_unified.schemas.wires import Wire
from langchain_unified.schemas.words import described, with_known_words

_MOST_STEPS = 8
"""References that lead to references, followed one after the other."""


class Subset:
    """Rewrites a schema for an API.

    Attributes:
        nulls_stand_for_missing: Whether a null was allowed for a key that may be
            missing.
        newly_required: The keys that may be missing, and are required without a null.
    """

    def __init__(self, wire: Wire, root: Mapping[str, Any], *, nulls: bool) -> None:
        """Start with a root that the wire takes."""
        self._notes = Notes(wire)
        self.nulls_stand_for_missing = False
        self.newly_required: list[str] = []
        self._wire, self._nulls = wire, nulls
        self._root = with_definitions(root)
        self._cyclic = cyclic(self._root)
        self._used: dict[str, Any] = {}
        self._pending: list[str] = []

    @property
    def losses(self) -> list[Loss]:
        """What the wire cannot enforce."""
        return self._notes.losses

    @property
    def rewritings(self) -> list[Rewriting]:
        """What was said in other words."""
        return self._notes.rewritings

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
        check_size(told, self._wire)
        return told

    def _node(self, given: Any, place: str) -> Any:
        if not isinstance(given, Mapping):
            return self._anything(given, place)
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
        node = with_known_words(node, place, self._notes)
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

    def _anything(self, given: object, place: str) -> dict[str, Any]:
        if given is not True:
            raise UnsayableError(place, "value that may never be there")
        if self._wire.typed:
            raise UnsayableError(place, "value of any type")
        return {}

    def _plain(self, node: dict[str, Any], place: str) -> dict[str, Any]:
        """Say `nullable`, a word of OpenAPI, as a type; leave definitions out."""
        node.pop("$defs", None)
        node.pop("definitions", None)
        if node.pop("nullable", None) is True:
            node = or_null(node)
            self._notes.say("nullable", place, "the type null")
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
            for word, value in node.items():
                self._notes.lose(word, place, value)
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
        members = node.pop("allOf")
        only = members[0] if len(members) == 1 else None
        if isinstance(only, Mapping) and "$ref" in only and not node.keys() - NOTES:
            return {**only, **node}
        found = node
        for given in members:
            found = self._merged(found, self._followed(given, place), place)
        self._notes.say("allOf", place, "one schema")
        return found

    def _followed(self, given: Any, place: str) -> Mapping[str, Any]:
        """Return what a part of several says, its references and parts put in place."""
        member = dict(given) if isinstance(given, Mapping) else {}
        for _ in range(_MOST_STEPS):
            if "$ref" in member:
                reference = member.pop("$ref")
                if reference in self._cyclic:
                    break
                member = self._merged(member, definition(self._root, reference), place)
            elif "allOf" in member:
                parts = member.pop("allOf")
                for part in parts:
                    member = self._merged(member, self._followed(part, place), place)
            else:
                return member
        raise UnsayableError(place, "schema of several that contains itself")

    def _merged(
        self, first: Mapping[str, Any], second: Any, place: str
    ) -> dict[str, Any]:
        """Return what two schemas say together; what one schema cannot say is lost."""
        own = second.get("allOf") if isinstance(second, Mapping) else None
        told = {k: v for k, v in second.items() if k != "allOf"} if own else second
        found = both(first, told if isinstance(told, Mapping) else {})
        for one in found.pop("allOf", ()):
            for word, value in one.items():
                self._notes.lose(word, place, value)
        return {**found, "allOf": own} if own else found

    def _union(self, node: dict[str, Any], place: str) -> dict[str, Any]:
        """Say `anyOf` for `oneOf`."""
        discriminator = node.pop("discriminator", None)
        if "oneOf" not in node:
            return node
        members = node.pop("oneOf")
        if "anyOf" in node:
            self._notes.lose("oneOf", place, members)
            return node
        if discriminator is not None or self._apart(members):
            self._notes.say("oneOf", place, "anyOf")
        else:
            self._notes.lose("oneOf", place, "exactly one of them")
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
        whole = [_with_shared(shared, branch) for branch in node["anyOf"]]
        branches = [self._node(branch, place) for branch in whole]
        if shared:
            self._notes.say("anyOf", place, "whole branches")
        nothing = node.get("default") is None and self._wire.required
        if "default" in node and not nothing and self._notes.takes("default"):
            notes["default"] = node["default"]
        return {"anyOf": distinct(branches), **notes}

    # One value

    def _value(self, node: dict[str, Any], place: str) -> dict[str, Any]:
        node = with_constants(node, place, self._notes)
        if "anyOf" in node:
            return node
        node = with_type(node, place, self._notes)
        kinds = node.get("type")
        if self._wire.one_type and isinstance(kinds, list):
            return self._with_one_type(node, place)
        kinds = kinds if isinstance(kinds, list) else [kinds]
        if "array" in kinds:
            node = with_lists(node, place, self._notes)
        if "object" in kinds:
            node = self._object(node, place)
        return node

    def _with_one_type(self, node: dict[str, Any], place: str) -> dict[str, Any]:
        if "enum" in node:
            del node["type"]
            return node
        self._notes.say("type", place, "anyOf")
        return one_type_each(node)

    def _object(self, node: dict[str, Any], place: str) -> dict[str, Any]:
        node = with_patterns(node, place, self._notes)
        extra = node.get("additionalProperties")
        if node.pop("unevaluatedProperties", None) is False and extra is None:
            node["additionalProperties"] = extra = False
        if not self._wire.required_cycles:
            node = self._without_required_cycles(node, place)
        if not self._wire.closed:
            return node
        if _has_other_keys(node):
            raise UnsayableError(place, "object with keys of any name")
        node["properties"] = dict(node.get("properties", {}))
        if self._wire.required:
            self._require(node, node["properties"], place)
        node["additionalProperties"] = False
        return node

    def _without_required_cycles(
        self, node: dict[str, Any], place: str
    ) -> dict[str, Any]:
        """Require no key that leads back to where it stands."""
        properties = node.get("properties") or {}
        names = [
            name
            for name in node.get("required") or ()
            if references(properties.get(name)) & self._cyclic
        ]
        if not names:
            return node
        self._notes.lose("required", place, names)
        kept = [name for name in node["required"] if name not in names]
        told = described(node, [("required", names)])
        return {**node, "required": kept, "description": told}

    def _require(
        self, node: dict[str, Any], properties: dict[str, Any], place: str
    ) -> None:
        """Require every key; null stands for one that may be missing.

        Raises:
            UnsayableError: If a key would have to be given that has no end.
        """
        optional = set(properties) - set(node.get("required", ()))
        for name, part in tuple(properties.items()):
            if name not in optional or allows_null(part, self._root):
                continue
            told = f"{place}.{name}" if place else name
            if self._nulls:
                self.nulls_stand_for_missing = True
                self._notes.say("optional", told, "null")
                properties[name] = {"anyOf": [part, {"type": "null"}]}
            elif references(part) & self._cyclic and not _may_be_empty(part):
                raise UnsayableError(told, "optional key that leads back to itself")
            else:
                self.newly_required.append(told)
        node["required"] = list(dict.fromkeys([*node.get("required", ()), *properties]))


def _with_shared(shared: Mapping[str, Any], branch: Any) -> Any:
    """Return a branch of a choice with what stands beside all of them."""
    if not shared or not isinstance(branch, Mapping):
        return branch
    return {"allOf": [shared, branch]} if "$ref" in branch else both(shared, branch)


def _has_other_keys(node: Mapping[str, Any]) -> bool:
    """Tell whether an object may, or must, have keys that it does not list."""
    extra = node.get("additionalProperties")
    is_open = "properties" not in node and extra is not False
    missing = _required(node) - set(node.get("properties", ()))
    return is_open or bool(missing) or extra not in (None, False)


def _required(node: Mapping[str, Any]) -> set[str]:
    """Return the keys that an object must have, always or under a condition."""
    found = set(node.get("required", ()))
    for key, others in (node.get("dependentRequired") or {}).items():
        found |= {key, *others}
    parts = [node.get("then"), node.get("else")]
    parts += (node.get("dependentSchemas") or {}).values()
    for part in parts:
        if isinstance(part, Mapping):
            found |= {*part.get("required", ()), *part.get("properties", ())}
    return found


def _may_be_empty(schema: Any) -> bool:
    """Tell whether a list may end here."""
    kind = schema.get("type") if isinstance(schema, Mapping) else None
    return kind == "array" and not schema.get("minItems")
