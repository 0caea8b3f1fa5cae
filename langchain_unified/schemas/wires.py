"""The JSON Schema keywords that each API supports, from `data/schemas.toml`."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Literal, NamedTuple

from langchain_unified.data import read_toml

Form = Literal["answer", "tool"]
"""What a schema is of: the answer, or the arguments of a tool."""


class Wire(NamedTuple):
    """The JSON Schema keywords that an API supports.

    Attributes:
        name: Its name in `data/schemas.toml`.
        source: Where its facts are written down.
        root: `object` if the root must be an object without combinators, else `any`.
        closed: Whether every object lists its keys and allows no others.
        required: Whether every key is required.
        recursive: Whether a schema may contain itself.
        required_cycles: Whether a key may be required that leads back to itself.
        lone_refs: Whether nothing may stand beside `$ref`.
        typed: Whether every schema has a type, a `$ref` or `anyOf`.
        one_type: Whether a type is one word, not a list.
        items: Whether an array has to say what its items are.
        keywords: The words that are taken; `None` for all.
        unlisted: The words that are taken and in no documentation, so that nobody
            knows whether they are enforced; they are sent, and told in words as well.
        formats: The formats that are taken; `None` for all.
        look_around: Whether a pattern may look ahead or behind.
        enum_types: The types of the values of an enum; `None` for all.
        items_at_most: The largest `minItems` taken.
        depth: Most levels of nesting.
        properties: Most properties of all objects together.
        enum_values: Most values of all enums together.
        root_keywords: The words the server reads at the root; `None` for all.
    """

    name: str
    source: str
    root: Literal["object", "any"] = "any"
    closed: bool = False
    required: bool = False
    recursive: bool = True
    required_cycles: bool = True
    lone_refs: bool = False
    typed: bool = False
    one_type: bool = False
    items: bool = False
    keywords: frozenset[str] | None = None
    unlisted: frozenset[str] = frozenset()
    formats: frozenset[str] | None = None
    look_around: bool = True
    enum_types: frozenset[str] | None = None
    items_at_most: int | None = None
    depth: int | None = None
    properties: int | None = None
    enum_values: int | None = None
    root_keywords: frozenset[str] | None = None


AS_IT_IS = Wire("as_it_is", "the server of the user's choice")
"""A wire of which nothing is known: schemas are sent as they are."""


def wire_of(endpoint: str, form: Form, *, strict: bool = False) -> Wire:
    """Return the wire of an endpoint.

    Args:
        endpoint: For example `chat`; one that is not known takes everything.
        form: What the schema is of.
        strict: Whether the answer must match to the letter; of no effect where the
            endpoint has no strict mode.
    """
    names = facts()["endpoints"].get(endpoint)
    if names is None:
        return AS_IT_IS
    return _wire(names.get(f"strict_{form}", names[form]) if strict else names[form])


def has_strict(endpoint: str, form: Form) -> bool:
    """Tell whether an endpoint has a strict mode that can be turned on and off."""
    return f"strict_{form}" in facts()["endpoints"].get(endpoint, {})


@lru_cache(maxsize=1)
def facts() -> dict[str, Any]:
    """Return the tables of `data/schemas.toml`."""
    return read_toml("schemas.toml")


def tool_marks() -> list[str]:
    """Return the keys beside `function` that some providers allow on a tool."""
    marks: list[str] = facts()["tool_marks"]["keys"]
    return marks


@lru_cache(maxsize=16)
def _wire(name: str) -> Wire:
    table = dict(facts()["wires"][name])
    base = table.pop("inherits", None)
    told = {**(facts()["wires"][base] if base else {}), **table}
    told["source"] = facts()["sources"][told["source"]]
    lists = {k: frozenset(v) for k, v in told.items() if isinstance(v, list)}
    return Wire(name, **{**told, **lists})
