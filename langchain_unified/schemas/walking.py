"""Traversal of a JSON Schema: its parts, references and cycles."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

NAMED = (
    "properties",
    "$defs",
    "definitions",
    "patternProperties",
    "dependentSchemas",
)
"""Words under which schemas stand by name."""

LISTED = ("anyOf", "oneOf", "allOf", "prefixItems")
"""Words under which schemas stand in a list."""

SINGLE = (
    "items",
    "additionalProperties",
    "additionalItems",
    "contains",
    "else",
    "if",
    "not",
    "propertyNames",
    "then",
    "unevaluatedItems",
    "unevaluatedProperties",
)
"""Words under which one schema stands."""

_DEFINITIONS = ("$defs", "definitions")


def same(first: Any, second: Any) -> bool:
    """Tell whether two JSON values are equal; unlike in Python, true is not 1."""
    return first == second and _written(first) == _written(second)


def _written(value: Any) -> str:
    return json.dumps(value, sort_keys=True, default=str)


def distinct(values: Iterable[Any]) -> list[Any]:
    """Return JSON values without duplicates."""
    return list({_written(value): value for value in values}.values())


def mapped(
    schema: Mapping[str, Any], change: Callable[[Any, str, str], Any]
) -> dict[str, Any]:
    """Return a schema with each of its parts changed.

    Args:
        schema: A schema.
        change: Takes a part, the word it stands under, and its name or number there.
    """
    found = dict(schema)
    for word, value in schema.items():
        if word in NAMED and isinstance(value, Mapping):
            found[word] = {name: change(v, word, name) for name, v in value.items()}
        elif word in {*LISTED, "items"} and isinstance(value, (list, tuple)):
            found[word] = [change(v, word, str(n)) for n, v in enumerate(value)]
        elif word in SINGLE and isinstance(value, Mapping):
            found[word] = change(value, word, "")
    return found


def nodes(schema: Any) -> Iterator[Mapping[str, Any]]:
    """Yield every schema inside a schema, itself first."""
    if not isinstance(schema, Mapping):
        return
    parts: list[Any] = []

    def note(part: Any, word: str, name: str) -> Any:
        del word, name
        parts.append(part)
        return part

    yield schema
    mapped(schema, note)
    for part in parts:
        yield from nodes(part)


def references(schema: Any) -> set[str]:
    """Return every `$ref` inside a schema."""
    return {node["$ref"] for node in nodes(schema) if isinstance(node.get("$ref"), str)}


def definition(root: Mapping[str, Any], reference: str) -> Any:
    """Return the target of a reference within the same document.

    Raises:
        KeyError: If there is no such place.
    """
    found: Any = root
    for step in reference.removeprefix("#").strip("/").split("/"):
        if step:
            name = step.replace("~1", "/").replace("~0", "~")
            found = found[int(name)] if isinstance(found, list) else found[name]
    return found


def cyclic(root: Mapping[str, Any]) -> frozenset[str]:
    """Return the references that are part of a cycle."""
    leads_to: dict[str, set[str]] = {}
    pending = list(references(root))
    while pending:
        reference = pending.pop()
        if reference not in leads_to:
            leads_to[reference] = references(target_of(root, reference))
            pending += leads_to[reference]
    for _ in leads_to:
        for reached in leads_to.values():
            reached.update(*(leads_to[one] for one in tuple(reached)))
    return frozenset(ref for ref, reached in leads_to.items() if ref in reached)


def target_of(root: Mapping[str, Any], reference: Any) -> Any:
    """Return the target of a reference; `None` if missing or in another document."""
    try:
        return definition(root, reference) if reference.startswith("#") else None
    except (AttributeError, KeyError, IndexError, ValueError, TypeError):
        return None


def contains_itself(schema: Mapping[str, Any]) -> bool:
    """Tell whether a definition is recursive."""
    return bool(cyclic(schema))


def with_definitions(schema: Mapping[str, Any]) -> dict[str, Any]:
    """Return a schema in which every reference is to an entry of `$defs` at the root.

    A reference to another place of the document is given an entry of its own.
    """
    rest = {key: value for key, value in schema.items() if key not in _DEFINITIONS}
    named: dict[str, str] = {}
    definitions: dict[str, Any] = {}

    def moved(part: Any, word: str = "", name: str = "") -> Any:
        del word, name
        if not isinstance(part, Mapping):
            return part
        found = mapped(part, moved)
        reference = part.get("$ref")
        if isinstance(reference, str) and reference.startswith("#"):
            found["$ref"] = f"#/$defs/{entry(reference)}"
        return found

    def entry(reference: str) -> str:
        if reference not in named:
            name = _free(_name(reference), definitions)
            named[reference] = name
            definitions[name] = {}
            target = target_of(schema, reference)
            if isinstance(target, Mapping) and target is schema:
                target = rest
            definitions[name] = {} if target is None else moved(target)
        return named[reference]

    found = moved(rest)
    return {**found, "$defs": definitions} if definitions else found


def _name(reference: str) -> str:
    last = reference.rpartition("/")[2]
    kept = "".join(c if c.isalnum() or c in "-_." else "_" for c in last.strip("#"))
    return kept or "root"


def _free(name: str, taken: Mapping[str, Any]) -> str:
    found, n = name, 1
    while found in taken:
        n += 1
        found = f"{name}_{n}"
    return found
