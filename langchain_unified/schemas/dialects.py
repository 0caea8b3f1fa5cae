"""Older dialects of JSON Schema, OpenAPI's and Google's, converted to 2020-12.

OpenAI and Anthropic check what they are sent against JSON Schema 2020-12: `[{"type":
"string"}] is not of type 'object', 'boolean'` answers OpenAI to the list that `items`
was until 2019, "input_schema: JSON schema is invalid. It must match JSON Schema draft
2020-12" Anthropic (public issues, 2024 to 2026).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from langchain_unified.schemas.kinds import or_null
from langchain_unified.schemas.walking import mapped

_EXCLUSIVE = (("exclusiveMinimum", "minimum"), ("exclusiveMaximum", "maximum"))


def modern(schema: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a schema in JSON Schema 2020-12, or the same one if it is already.

    Example:
        >>> modern({"type": "ARRAY", "items": [{"type": "string"}]})
        {'type': 'array', 'prefixItems': [{'type': 'string'}]}
    """
    found: dict[str, Any] = _node(schema)
    if found == schema:
        return schema
    found.pop("$schema", None)
    return found


def _node(given: Any) -> Any:
    if not isinstance(given, Mapping):
        return given
    node = mapped(given, lambda part, _, __: _node(part))
    if node.get("nullable") is True:  # OpenAPI 3.0 and Google
        del node["nullable"]
        node = or_null(node)
    kind = node.get("type")
    if isinstance(kind, str) and kind.isupper():
        node["type"] = kind.lower()
    if isinstance(node.get("items"), (list, tuple)):
        node["prefixItems"] = list(node.pop("items"))
        if "additionalItems" in node:
            node["items"] = node.pop("additionalItems")
    _give_limits(node)
    return node


def _give_limits(node: dict[str, Any]) -> None:
    """Draft 4 says of `minimum` that it is exclusive, later ones give the number."""
    for word, limit in _EXCLUSIVE:
        flag = node.get(word)
        if isinstance(flag, bool):
            del node[word]
            if flag and limit in node:
                node[word] = node.pop(limit)
