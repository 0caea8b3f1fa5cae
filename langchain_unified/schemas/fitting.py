"""A schema adapted to an API: unchanged, rewritten, weakened, or not supported.

The steps are in rooms of their own: `roots` gives the schema a root that the wire
takes, `subset` brings it within the words the wire knows.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from langchain_unified.schemas.dialects import modern
from langchain_unified.schemas.notes import Loss, Rewriting, UnsayableError
from langchain_unified.schemas.roots import Root, rooted
from langchain_unified.schemas.subset import Subset
from langchain_unified.schemas.walking import contains_itself, mapped
from langchain_unified.schemas.wires import AS_IT_IS, Form, Wire

__all__ = ["Fit", "Loss", "Rewriting", "UnsayableError", "fit"]


class Fit(NamedTuple):
    """A schema adapted to an API, and the changes made to it.

    Attributes:
        schema: What is sent.
        wire: The wire it is for.
        rewritten: What was said in other words with the same meaning.
        weakened: What the wire cannot enforce; it is told to the model in words.
        wrapped: The key under which the answer stands, if its root is no object.
        nulls: Whether a null stands for a key that is missing.
        required: The keys that may be missing and have to be given on this wire.
    """

    schema: dict[str, Any]
    wire: Wire
    rewritten: tuple[Rewriting, ...] = ()
    weakened: tuple[Loss, ...] = ()
    wrapped: str | None = None
    nulls: bool = False
    required: tuple[str, ...] = ()


def fit(
    schema: Mapping[str, Any], wire: Wire, form: Form, *, nulls: bool = False
) -> Fit:
    """Return a schema adapted to an API.

    Args:
        schema: JSON Schema of an answer, or of a tool's arguments.
        wire: The wire it is sent on.
        form: What the schema is of.
        nulls: Whether a null may stand for a key that may be missing, on wires that
            require every key; else the model has to give every value.

    Raises:
        UnsayableError: If the wire has no words for it; the error names the place.

    Example:
        >>> from langchain_unified.schemas.wires import wire_of
        >>> wire = wire_of("chat", "answer", strict=True)
        >>> fit({"type": "object", "properties": {}}, wire, "answer").schema
        {'type': 'object', 'properties': {}, 'required': [], \
'additionalProperties': False}
    """
    told = schema if wire == AS_IT_IS else modern(schema)
    root = rooted(told, form) if wire.root == "object" else Root(dict(told))
    if told is not schema:
        root = root._replace(rewritten=(_AS_TODAY, *root.rewritten))
    if wire.keywords is not None:
        return _within(root, wire, nulls=nulls)
    sent = root.schema
    if wire.items:
        sent = _with_items(sent)
    lost = list(root.weakened)
    if wire.root_keywords is not None:
        lost += [
            Loss(word, "", value)
            for word, value in sent.items()
            if word not in wire.root_keywords and _says(word, value)
        ]
    return Fit(sent, wire, root.rewritten, tuple(lost), root.wrapped)


_AS_TODAY = Rewriting("an older dialect", "", "JSON Schema 2020-12")


def _says(word: str, value: Any) -> bool:
    return word == "patternProperties" or (
        word == "additionalProperties" and isinstance(value, Mapping)
    )


def _within(root: Root, wire: Wire, *, nulls: bool) -> Fit:
    """Bring a schema within the words of a wire.

    Raises:
        UnsayableError: If the wire has no words for it.
    """
    if wire.required and not nulls and root.weakened:
        raise UnsayableError("", "choice of objects")
    if not wire.recursive and contains_itself(root.schema):
        raise UnsayableError("", "schema that contains itself")
    subset = Subset(wire, root.schema, nulls=nulls)
    told = subset.rewritten_schema()
    return Fit(
        told,
        wire,
        (*root.rewritten, *subset.rewritings),
        (*root.weakened, *subset.losses),
        root.wrapped,
        subset.nulls_stand_for_missing,
        tuple(subset.newly_required),
    )


def _with_items(schema: Any) -> Any:
    """Have every array say what its items are.

    "array schema missing items" is what OpenAI answers to one that does not.
    """
    if not isinstance(schema, Mapping):
        return schema
    found = mapped(schema, lambda part, _, __: _with_items(part))
    kind = found.get("type")
    if kind == "array" or (isinstance(kind, list) and "array" in kind):
        first = found.get("prefixItems") or [{}]
        found.setdefault("items", first[0] if len(first) == 1 else {"anyOf": first})
    return found
