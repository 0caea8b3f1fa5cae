"""Arguments of tool calls, read as the tool's schema says.

langchain-ollama takes every string argument that holds JSON for an object or list that
was written as text (1.1.0, `_parse_arguments_from_tool_call`, read 2026-11-27), so that
the content of a JSON file arrives as an object. Arguments given as one JSON text it
leaves alone; that is how they are handed to it here.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any


def with_typed_arguments(
    part: dict[str, Any], tools: Sequence[Mapping[str, Any]]
) -> dict[str, Any]:
    """Return a part of an answer with the arguments of its calls as JSON text.

    Args:
        part: One line of the answer.
        tools: The tools of the request, in OpenAI's form.
    """
    message = part.get("message")
    calls = message.get("tool_calls") if isinstance(message, Mapping) else None
    for call in calls or ():
        function = call.get("function") if isinstance(call, Mapping) else None
        if not isinstance(function, dict):
            continue
        schema = _parameters(tools, function.get("name"))
        given = function.get("arguments")
        if schema is not None and isinstance(given, dict):
            typed = _typed(given, schema, str(function["name"]))
            function["arguments"] = json.dumps(typed, ensure_ascii=False)
    return part


def _parameters(tools: Sequence[Mapping[str, Any]], name: Any) -> Any:
    for tool in tools:
        function = tool.get("function")
        if isinstance(function, Mapping) and function.get("name") == name:
            return function.get("parameters")
    return None


def _typed(
    given: Mapping[str, Any], schema: Mapping[str, Any], name: str
) -> dict[str, Any]:
    """Read text as JSON where the schema has an object or a list, and no text."""
    properties = schema.get("properties") or {}
    found: dict[str, Any] = {}
    for key, value in given.items():
        if key == "functionName" and value == name and key not in properties:
            continue
        # An argument the schema does not name is read as langchain-ollama does.
        told = isinstance(value, str) and not _is_text(_of(key, schema), schema)
        found[key] = _parsed(value) if told else value
    return found


def _of(key: str, schema: Mapping[str, Any]) -> Any:
    """Return the schema of an argument, which may have any name or one of a pattern."""
    properties = schema.get("properties") or {}
    if key in properties:
        return properties[key]
    for pattern, one in (schema.get("patternProperties") or {}).items():
        if _matches(pattern, key):
            return one
    return schema.get("additionalProperties")


def _matches(pattern: str, key: str) -> bool:
    """Tell whether a name matches; a pattern that Python cannot read matches none."""
    try:
        return re.search(pattern, key) is not None
    except re.error:
        return False


def _is_text(schema: Any, root: Mapping[str, Any]) -> bool:
    """Tell whether a schema allows text."""
    if not isinstance(schema, Mapping):
        return False
    reference = str(schema.get("$ref") or "")
    if reference.startswith("#/$defs/"):
        return _is_text(root.get("$defs", {}).get(reference[8:]), {})
    for word in ("anyOf", "oneOf"):
        if word in schema:
            return any(_is_text(one, root) for one in schema[word])
    kind = schema.get("type")
    if kind is None:
        return any(isinstance(one, str) for one in schema.get("enum", ()))
    return kind == "string" or (isinstance(kind, list) and "string" in kind)


def _parsed(text: str) -> Any:
    try:
        value = json.loads(text)
    except ValueError:
        return text
    return value if isinstance(value, (dict, list)) else text
