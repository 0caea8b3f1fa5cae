"""Response schemas: from whatever the user gives to JSON Schema, strict if asked."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from langchain_core.utils.function_calling import convert_to_openai_function
from langchain_core.utils.pydantic import is_basemodel_subclass
from pydantic import TypeAdapter
from typing_extensions import is_typeddict

from langchain_unified.errors import InvalidParameterError

METHODS = ("json_schema", "function_calling", "json_mode")
"""How structured output can be asked for, best first."""


@dataclass(frozen=True, eq=False)
class Structure:
    """The form an answer must have; put on the wire when the model is known.

    Attributes:
        target: What the user gave: a class, a `TypedDict`, a dataclass or a schema.
        name: Name of the schema on the wire.
        description: What it is, for the model.
        schema: JSON Schema of the answer; `None` for any JSON object.
        method: How the user wants it asked for; `None` for the best the model can do.
        strict: Whether the answer must match to the letter; `None` for the default.
    """

    target: Any
    name: str
    description: str
    schema: Mapping[str, Any] | None
    method: str | None = None
    strict: bool | None = None

    def __repr__(self) -> str:
        """Describe the structure by what it asks for, for traces and cache keys."""
        asked = (self.name, self.schema, self.method, self.strict)
        return f"Structure{asked!r}"

    @property
    def strict_by_default(self) -> bool:
        """A class is made strict; a `TypedDict` or schema is sent as it was written."""
        return isinstance(self.target, type) and not is_typeddict(self.target)

    def as_response_format(self, *, strict: bool) -> dict[str, Any]:
        """Return OpenAI's response format."""
        schema = strict_schema(self.schema or {}) if strict else dict(self.schema or {})
        body = {"name": self.name, "description": self.description, "schema": schema}
        if _is_pydantic_2(self.target):
            del body["description"]
        else:
            body["schema"] = _undescribed(schema)
        kept = {name: value for name, value in body.items() if value}
        return {"type": "json_schema", "json_schema": {**kept, "strict": strict}}

    def as_tool(self) -> dict[str, Any]:
        """Return OpenAI's function tool."""
        schema = _undescribed(_plain_parameters(self.target) or self.schema or {})
        if self.strict:
            schema = strict_schema(schema)
        function = {
            "name": self.name,
            "description": self.description,
            "parameters": schema,
        }
        strict = {} if self.strict is None else {"strict": self.strict}
        return {"type": "function", "function": {**function, **strict}}


def read_structure(
    target: Any, *, method: str | None = None, strict: bool | None = None
) -> Structure:
    """Read what `with_structured_output` was given.

    Args:
        target: A pydantic class, a `TypedDict`, a dataclass, a JSON Schema, or
            OpenAI's response format or function.
        method: `json_schema`, `function_calling`, `json_mode` or `None`.
        strict: Whether the answer must match to the letter.

    Raises:
        InvalidParameterError: If it is none of these, or missing where it is needed.
    """
    if method is not None and method not in METHODS:
        accepted = f"give one of {', '.join(map(repr, METHODS))}, or None."
        raise InvalidParameterError("method", method, accepted)
    if target is None:
        if method != "json_mode":
            accepted = "give a schema; only method='json_mode' does without."
            raise InvalidParameterError("schema", target, accepted)
        return Structure(None, "answer", "", None, method, strict)
    function = _function(target)
    given = function.get("strict") if isinstance(target, Mapping) else None
    return Structure(
        target=target,
        name=function["name"],
        description=function.get("description", ""),
        schema=function.get("parameters") or {"type": "object", "properties": {}},
        method=method,
        strict=given if strict is None else strict,
    )


def _function(target: Any) -> dict[str, Any]:
    if isinstance(target, Mapping):
        return _described(target)
    if dataclasses.is_dataclass(target) and isinstance(target, type):
        schema = TypeAdapter(target).json_schema()
        return {
            "name": target.__name__,
            "description": _first_line(target),
            "parameters": schema,
        }
    if _is_pydantic_2(target):
        schema = _rooted(target.model_json_schema())
        return {
            "name": target.__name__,
            "description": schema.get("description", ""),
            "parameters": schema,
        }
    try:
        return convert_to_openai_function(target)
    except (ValueError, TypeError) as error:
        accepted = "give a pydantic class, a TypedDict, a dataclass or a JSON Schema."
        raise InvalidParameterError("schema", target, accepted) from error


def _undescribed(schema: Mapping[str, Any]) -> dict[str, Any]:
    """Leave out what stands beside the schema already."""
    return {k: v for k, v in schema.items() if k not in {"title", "description"}}


def _plain_parameters(target: Any) -> Mapping[str, Any] | None:
    """Return a class's parameters without references and titles, as tools have them.

    `None` for what needs its references: classes that contain themselves.
    """
    if not _is_pydantic_2(target) or contains_itself(target.model_json_schema()):
        return None
    return convert_to_openai_function(target).get("parameters")


def contains_itself(schema: Mapping[str, Any]) -> bool:
    """Tell whether a definition leads back to itself."""
    definitions = schema.get("$defs", {})
    leads_to = {
        name: {other for other in definitions if f'"#/$defs/{other}"' in text}
        for name, text in ((n, json.dumps(d)) for n, d in definitions.items())
    }
    for _ in definitions:
        for reached in leads_to.values():
            reached.update(*(leads_to[name] for name in tuple(reached)))
    return any(name in reached for name, reached in leads_to.items())


def _rooted(schema: dict[str, Any]) -> dict[str, Any]:
    """Return a schema that starts with its object, not with a reference to it.

    Pydantic refers to a class that contains itself; OpenAI wants an object first.
    """
    reference = schema.get("$ref", "")
    if not reference.startswith("#/$defs/"):
        return schema
    rest = {key: value for key, value in schema.items() if key != "$ref"}
    return {**schema["$defs"][reference.removeprefix("#/$defs/")], **rest}


def _described(target: Mapping[str, Any]) -> dict[str, Any]:
    inner = target.get("json_schema")
    if isinstance(inner, Mapping):
        target = inner
    if "schema" in target and "name" in target:
        rest = {k: v for k, v in target.items() if k != "schema"}
        return {**rest, "parameters": target["schema"]}
    if "properties" in target or "$defs" in target or "anyOf" in target:
        return {
            "name": _wire_name(target.get("title", "answer")),
            "description": target.get("description", ""),
            "parameters": dict(target),
        }
    return convert_to_openai_function(dict(target))


def _wire_name(title: str) -> str:
    """OpenAI takes letters, digits, dashes and underscores, 64 at most."""
    kept = "".join(c if c.isalnum() or c in "-_" else "_" for c in title)
    return kept[:64] or "answer"


def _is_pydantic_2(target: Any) -> bool:
    return (
        isinstance(target, type)
        and is_basemodel_subclass(target)
        and hasattr(target, "model_json_schema")
    )


def _first_line(target: type) -> str:
    text = (target.__doc__ or "").strip().partition("\n")[0]
    return "" if text.startswith(f"{target.__name__}(") else text


def strict_schema(schema: Mapping[str, Any]) -> dict[str, Any]:
    """Return a schema as OpenAI's strict mode wants it.

    Every object names all its properties as required and allows no others; defaults
    go, since the model must give every value (OpenAI, Structured Outputs guide:
    supported schemas, read 2026-11-23). A schema that is strict already is unchanged.

    Example:
        >>> strict_schema({"type": "object", "properties": {"a": {"type": "string"}}})
        {'type': 'object', 'properties': {'a': {'type': 'string'}}, \
'required': ['a'], 'additionalProperties': False}
    """
    strict = {key: _strict_value(key, value) for key, value in schema.items()}
    strict.pop("default", None)
    if "$ref" in strict:
        return {"$ref": strict["$ref"]}
    if "prefixItems" in strict:
        _as_list(strict)
    if strict.get("type") == "object" or "properties" in strict:
        strict.setdefault("properties", {})
        strict["required"] = list(strict["properties"])
        strict["additionalProperties"] = False
    return strict


def _as_list(schema: dict[str, Any]) -> None:
    """Describe a tuple as a list of its items' types; strict mode has no tuples."""
    kinds = schema.pop("prefixItems")
    distinct = [kind for at, kind in enumerate(kinds) if kind not in kinds[:at]]
    schema["items"] = distinct[0] if len(distinct) == 1 else {"anyOf": distinct}


def _strict_value(key: str, value: Any) -> Any:
    if key in {"properties", "$defs", "definitions"} and isinstance(value, Mapping):
        return {name: strict_schema(inner) for name, inner in value.items()}
    if isinstance(value, Mapping) and key not in {"enum", "const", "default"}:
        return strict_schema(value)
    if isinstance(value, list) and key in {"anyOf", "allOf", "oneOf", "prefixItems"}:
        return [strict_schema(inner) for inner in value]
    return value
