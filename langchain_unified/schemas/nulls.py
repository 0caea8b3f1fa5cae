"""Whether a schema allows null, which represents a missing key in strict mode."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from langchain_unified.schemas.kinds import implied_type
from langchain_unified.schemas.walking import target_of

_MOST_STEPS = 16
"""References and parts followed before a schema is taken for one without end."""


def allows_null(schema: Any, root: Mapping[str, Any], steps: int = 0) -> bool:
    """Tell whether null fits a schema.

    Args:
        schema: A schema, or a part of one.
        root: The document that references are to.
        steps: How many references and parts led here.

    Example:
        >>> word = {"type": ["string", "null"]}
        >>> allows_null({"anyOf": [word, {"type": "null"}]}, {})
        True
        >>> allows_null({"oneOf": [word, {"type": "null"}]}, {})
        False
    """
    if not isinstance(schema, Mapping) or steps > _MOST_STEPS:
        return schema is True
    if schema.get("nullable") is True:
        return True

    def fits(part: Any) -> bool:
        return allows_null(part, root, steps + 1)

    return (
        _is_of_null(schema)
        and ("$ref" not in schema or fits(target_of(root, schema["$ref"])))
        and all(map(fits, schema.get("allOf", ())))
        and ("anyOf" not in schema or any(map(fits, schema["anyOf"])))
        and ("oneOf" not in schema or sum(map(fits, schema["oneOf"])) == 1)
        and ("not" not in schema or not fits(schema["not"]))
        and _follows(schema, fits)
    )


def _follows(schema: Mapping[str, Any], fits: Any) -> bool:
    """Tell whether null fits what is said under a condition."""
    if "if" not in schema:
        return True
    word = "then" if fits(schema["if"]) else "else"
    return word not in schema or fits(schema[word])


_COMBINATORS = frozenset({"$ref", "allOf", "anyOf", "if", "not", "oneOf"})


def _is_of_null(schema: Mapping[str, Any]) -> bool:
    """Tell whether null is of the type and among the values a schema has itself."""
    if "enum" in schema and None not in schema["enum"]:
        return False
    if "const" in schema and schema["const"] is not None:
        return False
    kind = schema.get("type")
    if kind is None and not _COMBINATORS & schema.keys():
        kind = implied_type(schema)
    return kind is None or "null" in (kind if isinstance(kind, list) else [kind])
