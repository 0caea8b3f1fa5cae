"""Response schemas of the Messages API, which takes a part of JSON Schema."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from langchain_unified.planner.draft import Draft, put_path
from langchain_unified.schemas import contains_itself

_NAMED = ("properties", "$defs", "definitions")
_LISTED = ("anyOf", "oneOf", "allOf", "prefixItems")
_SAYS_WHAT = ("$ref", "type", "enum", "const", "anyOf", "oneOf", "allOf")


def render_format(draft: Draft, asked: Mapping[str, Any]) -> None:
    """Send a response schema as `output_config.format`.

    Raises:
        UnsupportedError: If the schema says more than the format can.
    """
    schema = (asked.get("json_schema") or {}).get("schema") or {}
    lacking = misfit(schema)
    if lacking is not None:
        reason = f"its response format has no {lacking}; give a tool instead."
        raise draft.refusal("response_format", asked, reason)
    name = put_schema(draft, schema)
    draft.note(
        "response_format",
        "translated",
        requested=asked.get("type"),
        sent=name,
        reason="Anthropic takes a JSON schema as the format of its output.",
    )


def put_schema(draft: Draft, schema: Mapping[str, Any]) -> str:
    """Put a response schema into the body; return the name of the field."""
    name = draft.mapping.rules["response_format"].name
    form = {"type": "json_schema", "schema": with_single_types(schema)}
    put_path(draft.body, name, form)
    return name


def fits(schema: Mapping[str, Any] | None) -> bool:
    """Tell whether a response format can say what a schema says."""
    return misfit(schema or {}) is None


def misfit(schema: Mapping[str, Any]) -> str | None:
    """Return what a schema has that no response format of Claude can say.

    Every object lists its keys: anthropic 2.12.0 `transform_schema` closes it, whatever
    was asked for (read 2026-11-26). No schema contains itself: reported by
    LangSchema 0.7.1 of Anthropic's documentation (2026-11-26).
    """
    if contains_itself(schema):
        return "schema that contains itself"
    return _misfit(schema)


def _misfit(schema: Any) -> str | None:
    if not isinstance(schema, Mapping):
        return "value of any type"
    if schema.get("additionalProperties") or _is_open(schema):
        return "object with keys of any name"
    if not any(key in schema for key in _SAYS_WHAT):
        return "value of any type"
    inner = [v for key in _NAMED for v in (schema.get(key) or {}).values()]
    inner += [v for key in _LISTED for v in schema.get(key) or ()]
    if "items" in schema:
        inner.append(schema["items"])
    return next(filter(None, map(_misfit, inner)), None)


def _is_open(schema: Mapping[str, Any]) -> bool:
    is_object = "object" in _types(schema)
    closed = schema.get("additionalProperties") is False
    return is_object and "properties" not in schema and not closed


def _types(schema: Mapping[str, Any]) -> list[Any]:
    kind = schema.get("type")
    return list(kind) if isinstance(kind, (list, tuple)) else [kind]


def with_single_types(schema: Any) -> Any:
    """Return a schema in which a choice of types is a choice of schemas.

    Example:
        >>> with_single_types({"type": ["string", "null"]})
        {'anyOf': [{'type': 'string'}, {'type': 'null'}]}
    """
    if isinstance(schema, (list, tuple)):
        return [with_single_types(item) for item in schema]
    if not isinstance(schema, Mapping):
        return schema
    rest = {
        key: {name: with_single_types(v) for name, v in value.items()}
        if key in _NAMED and isinstance(value, Mapping)
        else value
        if key in {"enum", "const", "default", "type", "required", "examples"}
        else with_single_types(value)
        for key, value in schema.items()
    }
    if not isinstance(rest.get("type"), (list, tuple)) or "enum" in rest:
        return rest
    kinds, told = rest.pop("type"), rest.pop("description", None)
    choice: dict[str, Any] = {"anyOf": [_of_type(kind, rest) for kind in kinds]}
    return choice if told is None else {**choice, "description": told}


_KEYS_OF = {
    "object": {"properties", "required", "additionalProperties"},
    "array": {"items", "minItems", "maxItems", "prefixItems", "uniqueItems"},
    "string": {"format", "pattern", "minLength", "maxLength"},
    "number": {"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"},
}


def _of_type(kind: str, rest: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a schema says about values of one of its types."""
    own = _KEYS_OF.get("number" if kind == "integer" else kind, set())
    return {"type": kind, **{k: v for k, v in rest.items() if k in own}}
