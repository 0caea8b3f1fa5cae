"""Schema roots: an object if the API requires one, whatever the schema's root is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from langchain_unified.schemas.merging import NOTES, any_object, both, is_object
from langchain_unified.schemas.notes import Loss, Rewriting, UnsayableError
from langchain_unified.schemas.walking import (
    cyclic,
    nodes,
    references,
    target_of,
    with_definitions,
)
from langchain_unified.schemas.wires import Form

WRAPS = ("value", "answer", "result", "wrapped_answer")
"""Keys under which an answer may stand whose root is no object; the first is taken that
the schema has no key of."""

_NO_OBJECT = "schema of something else than an object"
_COMBINATORS = ("anyOf", "oneOf", "allOf", "enum", "const", "not")
_UNIONS = ("anyOf", "oneOf")


class Root(NamedTuple):
    """A schema with the required root, and how it was changed.

    Attributes:
        schema: The schema.
        rewritten: What was said in other words.
        weakened: What the new root does not say.
        wrapped: The key under which the old root stands, if it does.
    """

    schema: dict[str, Any]
    rewritten: tuple[Rewriting, ...] = ()
    weakened: tuple[Loss, ...] = ()
    wrapped: str | None = None


def rooted(schema: Mapping[str, Any], form: Form) -> Root:
    """Return a schema whose root is an object without combinators.

    Args:
        schema: Any schema.
        form: An answer may be put under a key; the arguments of a tool may not, so
            that a union of objects is made one object that allows all of them.

    Raises:
        UnsayableError: If the arguments of a tool are no object.
    """
    told = _opened(schema)
    if form == "tool":
        told = _never_null(told)
    plain = not any(word in told for word in _COMBINATORS)
    if is_object(told) and plain:
        same = told is schema or told == schema
        rewritten = () if same else (Rewriting("the root", "", "an object"),)
        told = told if "type" in told else {"type": "object", **told}
        if form == "tool" and "properties" not in told:
            told = {**told, **_OPEN, **told}
            rewritten = (_ANY_KEYS,)
        return Root(dict(told), rewritten)
    if form == "tool" and not told.keys() - NOTES:
        return Root({**told, "type": "object", **_OPEN}, (_ANY_KEYS,))
    if form == "tool":
        return _as_object(told)
    return _wrapped(schema)


_OPEN: Mapping[str, Any] = {"properties": {}, "additionalProperties": True}
"""What an object without a word on its keys means: OpenAI wants `properties`, and that
alone would be taken for a function without arguments."""


_ANY_KEYS = Rewriting("the root", "", "an object of any keys")


def _never_null(schema: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return arguments as an object alone: a call always has some, if only `{}`."""
    kind = schema.get("type")
    rest = {key: value for key, value in schema.items() if key != "nullable"}
    if isinstance(kind, list) and "object" in kind:
        return {**rest, "type": "object"}
    return rest


def _opened(schema: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a root that says itself what it referred to, or said in parts."""
    told: Mapping[str, Any] = schema
    for _ in range(_MOST_STEPS):
        reference = told.get("$ref")
        if isinstance(reference, str) and reference.startswith("#/"):
            rest = {key: value for key, value in told.items() if key != "$ref"}
            target = target_of(schema, reference)
            if not isinstance(target, Mapping):
                return told
            told = both(rest, target)
        elif "allOf" in told:
            members = [_followed(schema, one) for one in told["allOf"]]
            if not all(isinstance(one, Mapping) for one in members):
                return told
            rest = {key: value for key, value in told.items() if key != "allOf"}
            for member in members:
                rest = both(rest, member)
            if rest.get("allOf"):
                return told
            told = rest
        else:
            break
    return told


_MOST_STEPS = 8
"""References that lead to references, followed one after the other."""


def _followed(root: Mapping[str, Any], schema: Any) -> Any:
    """Return what a schema refers to; one that refers to nothing is itself."""
    for _ in range(_MOST_STEPS):
        reference = schema.get("$ref") if isinstance(schema, Mapping) else None
        if not isinstance(reference, str) or not reference.startswith("#/"):
            break
        rest = {key: value for key, value in schema.items() if key != "$ref"}
        target = target_of(root, reference)
        schema = both(rest, target) if isinstance(target, Mapping) else target
    return schema


def _wrapped(schema: Mapping[str, Any]) -> Root:
    """Put a schema under a key of an object."""
    inner = with_definitions(schema) if references(schema) else dict(schema)
    definitions = inner.pop("$defs", None)
    taken = {name for node in nodes(schema) for name in node.get("properties") or ()}
    key = next((one for one in WRAPS if one not in taken), WRAPS[-1])
    told: dict[str, Any] = {
        "type": "object",
        "properties": {key: inner},
        "required": [key],
        "additionalProperties": False,
    }
    if definitions:
        told["$defs"] = definitions
    how = Rewriting("the root", "", f"an object with the key {key!r}")
    return Root(told, (how,), (), key)


def _as_object(schema: Mapping[str, Any]) -> Root:
    """Return one object for a union of objects; the rest is told in words.

    Raises:
        UnsayableError: If some of it is no object.
    """
    rest = {key: v for key, v in schema.items() if key not in _COMBINATORS}
    lost = [Loss("not", "", schema["not"])] if "not" in schema else []
    for word in (word for word in (*_UNIONS, "allOf") if word in schema):
        members = [_followed(schema, one) for one in schema[word]]
        members = [one for one in members if one != {"type": "null"}]
        if word != "allOf" and len(members) == 1:
            rest = both(rest, members[0]) if isinstance(members[0], Mapping) else rest
            continue
        kinds = [_opened({**one, "$defs": schema.get("$defs", {})}) for one in members]
        if not all(is_object(one) or _says_nothing(one) for one in kinds):
            raise UnsayableError("", _NO_OBJECT)
        joined = any_object(kinds, lambda one: _followed(schema, one))
        rest = _united(rest, joined)
        choices = _choices(kinds)
        lost.append(Loss(word, "", choices))
        if choices:
            said = rest.get("description")
            told = f"Give {choices}."
            rest["description"] = f"{said} {told}" if said else told
    if {"enum", "const"} & schema.keys() or not (is_object(rest) or lost):
        raise UnsayableError("", _NO_OBJECT)
    rest = {"type": "object", **rest}
    rest.setdefault("properties", {})
    if cyclic(rest):
        rest = with_definitions(rest)
    return Root(rest, (), tuple(lost))


def _says_nothing(schema: Mapping[str, Any]) -> bool:
    return not schema.keys() - NOTES - {"$defs"} or "required" in schema


def _united(base: Mapping[str, Any], joined: Mapping[str, Any]) -> dict[str, Any]:
    """Return what all branches share together with what some of them allow."""
    found = both(base, {k: v for k, v in joined.items() if k != "required"})
    names = dict.fromkeys([*base.get("required", ()), *joined["required"]])
    if names:
        found["required"] = list(names)
    return found


def _choices(kinds: list[Mapping[str, Any]]) -> str:
    """Return the keys that go together, for a person and for the model."""
    named = (kind.get("required") or kind.get("properties") for kind in kinds)
    told = [" and ".join(map(str, names)) for names in named if names]
    return "; or ".join(dict.fromkeys(told))
