"""Judges of what is sent: OpenAI's strict subset, and the types of the SDKs.

Nothing here reads the package's own facts: the subset is written from OpenAI's guide to
structured outputs, openai-agents PR 1884 and livekit/agents#5302, the words Gemini
takes from google-genai's docstring of `response_json_schema`, those of Claude from
anthropic's `transform_schema` (all read 2026-11-27).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

from anthropic import transform_schema
from google.genai import types
from openai.types.chat import completion_create_params as chat_params
from openai.types.responses import response_create_params as responses_params
from pydantic import TypeAdapter

OPENAI_NAME = re.compile(r"[a-zA-Z0-9_-]{1,64}")
GEMINI_NAME = re.compile(r"[a-zA-Z_][a-zA-Z0-9_.:-]{0,63}")
CLAUDE_NAME = re.compile(r"[a-zA-Z0-9_-]{1,128}")

_NOT_STRICT = frozenset(
    {
        "allOf",
        "contains",
        "dependentRequired",
        "dependentSchemas",
        "else",
        "if",
        "maxLength",
        "minLength",
        "not",
        "oneOf",
        "patternProperties",
        "prefixItems",
        "propertyNames",
        "then",
        "unevaluatedProperties",
        "uniqueItems",
    }
)
_STRICT_FORMATS = frozenset(
    "date-time time date duration email hostname ipv4 ipv6 uuid".split()  # noqa: SIM905
)
_GEMINI = frozenset(
    "$anchor $defs $id $ref additionalProperties anyOf default description enum format "  # noqa: SIM905
    "items maxItems maximum minItems minimum oneOf prefixItems properties "
    "propertyOrdering required title type".split()
)
_GEMINI_TOOL = _GEMINI | {"maxLength", "minLength", "pattern", "uniqueItems"}
_GEMINI_ANSWER = _GEMINI | {"pattern"}
_NO_ROOT = ("anyOf", "oneOf", "allOf", "enum", "not")
_NAMED = ("properties", "$defs", "definitions", "patternProperties")
_SINGLE = ("items", "additionalProperties", "not", "if", "then", "else", "contains")
_LISTED = ("anyOf", "oneOf", "allOf", "prefixItems")


def nodes(schema: Any, path: str = "#") -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield every schema inside a schema, with its place."""
    if not isinstance(schema, Mapping):
        return
    yield path, schema
    for word in _NAMED:
        for name, one in (schema.get(word) or {}).items():
            yield from nodes(one, f"{path}/{word}/{name}")
    for word in _SINGLE:
        yield from nodes(schema.get(word), f"{path}/{word}")
    for word in _LISTED:
        for n, one in enumerate(schema.get(word) or ()):
            yield from nodes(one, f"{path}/{word}/{n}")


def openai_problems(schema: Any, *, strict: bool) -> list[str]:
    """Return what OpenAI refuses of a schema."""
    if schema is None:
        return []
    if not isinstance(schema, Mapping) or schema.get("type") != "object":
        return ["the root is no object"]
    problems = [f"{word} at the root" for word in _NO_ROOT if word in schema]
    for path, node in nodes(schema):
        kinds = node.get("type")
        kinds = kinds if isinstance(kinds, list) else [kinds]
        if "array" in kinds and "items" not in node:
            problems.append(f"array without items at {path}")
        if strict:
            problems += [f"{told} at {path}" for told in _strict_problems(node)]
    return problems


def _strict_problems(node: Mapping[str, Any]) -> Iterator[str]:
    yield from sorted(_NOT_STRICT & node.keys())
    if not {"$ref", "type", "anyOf"} & node.keys():
        yield "no type"
    if "$ref" in node and node.keys() - {"$ref", "$defs"}:
        yield "something beside $ref"
    if node.get("format", "date") not in _STRICT_FORMATS:
        yield f"format {node['format']}"
    if re.search(r"\(\?(=|!|<=|<!)", str(node.get("pattern", ""))):
        yield "a pattern that looks around"
    if node.get("type") == "object" or "properties" in node:
        if node.get("additionalProperties") is not False:
            yield "an open object"
        if set(node.get("required") or ()) != set(node.get("properties") or ()):
            yield "a key that is not required"


def gemini_problems(schema: Any, *, is_tool: bool) -> list[str]:
    """Return what Gemini does not take of a schema, as documented or as recorded."""
    taken = _GEMINI_TOOL if is_tool else _GEMINI_ANSWER
    return [
        f"{word} at {path}"
        for path, node in nodes(schema)
        for word in [*(node.keys() - taken), *_beside_reference(node)]
    ]


def _beside_reference(node: Mapping[str, Any]) -> list[str]:
    others = [word for word in node if not word.startswith("$")]
    return [f"{word} beside $ref" for word in others] if "$ref" in node else []


def claude_problems(schema: Any, *, is_tool: bool) -> list[str]:
    """Return what Claude does not take of a schema."""
    if schema.get("type") != "object":
        return ["the root is no object"]
    if is_tool:
        return [word for word in ("anyOf", "oneOf", "allOf") if word in schema]
    # What the SDK would still change is what the API does not take.
    changed = transform_schema(dict(schema))
    return [] if _bare(changed) == _bare(schema) else [f"{schema} becomes {changed}"]


def _bare(schema: Any) -> Any:
    """Leave out what says nothing: the type of an enum."""
    if isinstance(schema, list):
        return [_bare(one) for one in schema]
    if not isinstance(schema, Mapping):
        return schema
    implied = "enum" in schema or "const" in schema
    return {
        key: _bare(value)
        for key, value in schema.items()
        if not (key == "type" and implied and isinstance(value, (str, list)))
    }


def openai_request(body: Mapping[str, Any], *, responses: bool) -> None:
    """Check a request against the types of the openai package.

    Raises:
        ValidationError: If it does not fit.
    """
    told = {key: value for key, value in body.items() if key != "stream"}
    _openai_adapter(responses=responses).validate_python(told)


@lru_cache(maxsize=2)
def _openai_adapter(*, responses: bool) -> TypeAdapter[Any]:
    if responses:
        return TypeAdapter(responses_params.ResponseCreateParamsNonStreaming)
    return TypeAdapter(chat_params.CompletionCreateParamsNonStreaming)


def gemini_request(body: Mapping[str, Any]) -> None:
    """Check a request against the types of google-genai, which take no unknown key.

    Raises:
        ValidationError: If it does not fit.
    """
    types.GenerationConfig.model_validate(dict(body.get("generationConfig") or {}))
    for tool in body.get("tools") or ():
        types.Tool.model_validate(tool)
    if "toolConfig" in body:
        types.ToolConfig.model_validate(body["toolConfig"])
