"""Response schemas, converted from any supported type to JSON Schema."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from functools import cached_property
from types import UnionType
from typing import Any, get_origin

from langchain_core.utils.function_calling import convert_to_openai_function
from langchain_core.utils.pydantic import is_basemodel_subclass
from pydantic import TypeAdapter
from pydantic.errors import PydanticUserError
from typing_extensions import is_typeddict

from langchain_unified.errors import InvalidParameterError
from langchain_unified.schemas.typed_dicts import has_optional_keys, typed_dict_schema
from langchain_unified.schemas.walking import contains_itself, mapped

METHODS = ("json_schema", "function_calling", "json_mode")
"""How structured output can be asked for, best first."""


@dataclass(frozen=True, eq=False)
class Structure:
    """The schema of a response; adapted to an API when the model is known.

    Attributes:
        target: What the user gave: a class, a `TypedDict`, a dataclass or a schema.
        name: Name of the schema on the wire.
        description: What it is, for the model.
        schema: JSON Schema of the answer, as the user means it; `None` for any JSON
            object.
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
        return self.checks_itself

    @property
    def checks_itself(self) -> bool:
        """Whether the target checks answers: a schema or a `TypedDict` does not."""
        target = self.target
        is_class = isinstance(target, type) and not is_typeddict(target)
        return is_class or _is_type(target)

    @property
    def adapter(self) -> TypeAdapter[Any]:
        """What checks answers against the target, where that is no pydantic class."""
        return TypeAdapter(self.target)

    def as_response_format(
        self, *, strict: bool, schema: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        """Return OpenAI's response format.

        Args:
            strict: Whether the answer must match to the letter.
            schema: The schema in the words of the wire; the structure's own if `None`.
        """
        told = dict((self.schema or {}) if schema is None else schema)
        body = {"name": self.name, "description": self.description, "schema": told}
        if _is_pydantic_2(self.target):
            del body["description"]
        else:
            body["schema"] = undescribed(told)
        kept = {name: value for name, value in body.items() if value}
        return {"type": "json_schema", "json_schema": {**kept, "strict": strict}}

    def as_tool(self, parameters: Mapping[str, Any]) -> dict[str, Any]:
        """Return OpenAI's function tool.

        Args:
            parameters: The schema in the words of the wire.
        """
        function = {
            "name": self.name,
            "description": self.description,
            "parameters": undescribed(parameters),
        }
        strict = {} if self.strict is None else {"strict": self.strict}
        return {"type": "function", "function": {**function, **strict}}

    def as_traced(self) -> Any:
        """Return what a trace shows: a tool, which langchain-core converts any time."""
        if self.schema is None:
            return self.target
        function = {"name": self.name, "description": self.description}
        parameters = undescribed(self.parameters)
        return {"type": "function", "function": {**function, "parameters": parameters}}

    @cached_property
    def parameters(self) -> Mapping[str, Any]:
        """The schema as tools have it: without references and titles if it can be."""
        return _plain_parameters(self.target) or self.schema or {}


def read_structure(
    target: Any, *, method: str | None = None, strict: bool | None = None
) -> Structure:
    """Read the schema given to `with_structured_output`.

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
    if method == "json_mode" and strict is not None:
        accepted = "it cannot be used with method='json_mode', which has no schema."
        raise InvalidParameterError("strict", strict, accepted)
    if target is None:
        if method != "json_mode":
            accepted = "give a schema; only method='json_mode' works without one."
            raise InvalidParameterError("schema", target, accepted)
        return Structure(None, "answer", "", None, method, strict)
    function = _function(target)
    given = function.get("strict") if isinstance(target, Mapping) else None
    schema = function.get("parameters")
    return Structure(
        target=target,
        name=function.get("name") or "answer",
        description=function.get("description", ""),
        schema={"type": "object", "properties": {}} if schema is None else schema,
        method=method,
        strict=given if strict is None else strict,
    )


def _function(target: Any) -> dict[str, Any]:
    try:
        return _read(target)
    except (ValueError, TypeError, KeyError, PydanticUserError) as error:
        raise _refused(target) from error


def _read(target: Any) -> dict[str, Any]:
    if isinstance(target, Mapping):
        return _described(target)
    if dataclasses.is_dataclass(target) and isinstance(target, type):
        schema = TypeAdapter(target).json_schema()
        described = _first_line(target)
        return {**_named(target.__name__, schema), "description": described}
    if _is_pydantic_2(target):
        return _named(target.__name__, _rooted(target.model_json_schema()))
    if is_typeddict(target) and has_optional_keys(target):
        return _named(target.__name__, typed_dict_schema(target))
    if _is_type(target):
        return _of_type(target)
    return convert_to_openai_function(target)


def _refused(target: Any) -> InvalidParameterError:
    accepted = "give a pydantic class, a TypedDict, a dataclass or a JSON Schema."
    return InvalidParameterError("schema", target, accepted)


def _is_type(target: Any) -> bool:
    """Tell a type that is no class with fields: a list, a choice, an enumeration."""
    if isinstance(target, type) and issubclass(target, Enum):
        return True
    return get_origin(target) is not None or isinstance(target, UnionType)


def _of_type(target: Any) -> dict[str, Any]:
    schema = TypeAdapter(target).json_schema()
    return _named(getattr(target, "__name__", None) or "answer", schema)


def _named(name: str, schema: Mapping[str, Any]) -> dict[str, Any]:
    described = schema.get("description", "")
    return {"name": name, "description": described, "parameters": schema}


def undescribed(schema: Mapping[str, Any]) -> dict[str, Any]:
    """Remove the name and description, which are sent beside the schema."""
    return {k: v for k, v in schema.items() if k not in {"title", "description"}}


def _plain_parameters(target: Any) -> Mapping[str, Any] | None:
    """Return a class's parameters without references and titles, as tools have them.

    `None` for what needs its references: classes that contain themselves.
    """
    if not _is_pydantic_2(target) or contains_itself(target.model_json_schema()):
        return None
    try:
        return convert_to_openai_function(target).get("parameters")
    except TypeError:  # langchain-core 1.8 takes a key "$ref" for a reference
        return None


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
    if _is_function(target) or not any(word in target for word in _WORDS):
        return convert_to_openai_function(dict(target))
    return {
        "name": target.get("title") or "answer",
        "description": target.get("description", ""),
        "parameters": dict(target),
    }


def _is_function(target: Mapping[str, Any]) -> bool:
    named = "name" in target and {"parameters", "input_schema"} & target.keys()
    return bool(named) or "toolSpec" in target


_WORDS = (
    "type",
    "properties",
    "$defs",
    "$ref",
    "enum",
    "const",
    "anyOf",
    "oneOf",
    "allOf",
)
"""Words one of which a JSON Schema has."""


def _is_pydantic_2(target: Any) -> bool:
    return (
        isinstance(target, type)
        and is_basemodel_subclass(target)
        and hasattr(target, "model_json_schema")
    )


def _first_line(target: type) -> str:
    text = (target.__doc__ or "").strip().partition("\n")[0]
    return "" if text.startswith(f"{target.__name__}(") else text


def without_titles(schema: Any) -> Any:
    """Return a schema without the titles that pydantic derives from names."""
    if not isinstance(schema, Mapping):
        return schema
    found = mapped(schema, lambda part, _, __: without_titles(part))
    if isinstance(found.get("title"), str):
        del found["title"]
    return found
