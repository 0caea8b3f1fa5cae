"""JSON Schemas of tools and response formats, with the strict rules."""

from __future__ import annotations

from typing import Any, NoReturn

from langchain_unified.testing.errors import refuse
from langchain_unified.testing.json_schema import LISTED, NAMED, problem_in
from langchain_unified.testing.rules import load_fields

_REQUIRED = (
    "'required' is required to be supplied and to be an array including every key in "
    "properties"
)


def check_function_schema(schema: dict[str, Any], name: str, param: str) -> None:
    """Refuse parameters that are not an object, and arrays without items."""
    subject = f"function '{name}'"
    code = "invalid_function_parameters"
    check_keywords(schema, subject, param, code)
    if schema and schema.get("type") != "object":
        _invalid(subject, _not_object(schema), param, code)
    for path, node in _nodes(schema, ()):
        if node.get("type") == "array" and not {"items", "prefixItems"} & set(node):
            text = f"In context={path}, array schema missing items."
            _invalid(subject, text, param, code)


def check_strict_schema(
    schema: dict[str, Any], subject: str, param: str, code: str | None = None
) -> None:
    """Refuse a schema that breaks the rules of `strict: true`.

    Args:
        schema: The schema.
        subject: What it belongs to, such as `response_format 'Answer'`.
        param: Parameter named in the error.
        code: Code of the error.

    Raises:
        RefusalError: If an object allows other properties or leaves one optional, or a
            keyword is not permitted.
    """
    check_keywords(schema, subject, param, code)
    if schema.get("type") != "object" and "$ref" not in schema:
        _invalid(subject, _not_object(schema), param, code)
    for path, node in _nodes(schema, ()):
        problem = _strict_problem(node)
        if problem:
            _invalid(subject, f"In context={path}, {problem}", param, code)


def check_keywords(
    schema: Any, subject: str, param: str, code: str | None = None
) -> None:
    """Refuse what is no JSON Schema at all."""
    problem = problem_in(schema)
    if problem is not None:
        _invalid(subject, problem, param, code)


def _not_object(schema: dict[str, Any]) -> str:
    kind = schema.get("type")
    return (
        f"schema must be a JSON Schema of 'type: \"object\"', got 'type: \"{kind}\"'."
    )


def _strict_problem(node: dict[str, Any]) -> str | None:
    siblings = sorted(set(node) - {"$ref", "$defs", "definitions"})
    if "$ref" in node and siblings:
        return f"$ref cannot have keywords {set(siblings[:1])}."
    if node.get("type") == "object" or "properties" in node:
        problem = _object_problem(node)
        if problem:
            return problem
    if node.get("type") == "array" and "items" not in node:
        return "array schema missing items."
    refused = load_fields("openai")["strict_refused_keywords"]
    keyword = next((key for key in node if key in refused), None)
    return f"'{keyword}' is not permitted." if keyword else None


def _object_problem(node: dict[str, Any]) -> str | None:
    if node.get("additionalProperties") is not False:
        return "'additionalProperties' is required to be supplied and to be false."
    properties = node.get("properties") or {}
    required = node.get("required") or []
    missing = [key for key in properties if key not in required]
    extra = [key for key in required if key not in properties]
    if properties and not required:
        return f"{_REQUIRED}."
    if missing:
        return f"{_REQUIRED}. Missing '{missing[0]}'."
    return f"{_REQUIRED}. Extra required key '{extra[0]}' supplied." if extra else None


def _nodes(
    schema: Any, path: tuple[str, ...]
) -> list[tuple[tuple[str, ...], dict[str, Any]]]:
    """List every schema inside a schema with its place."""
    if not isinstance(schema, dict):
        return []
    found = [(path, schema)]
    for group in NAMED:
        for name, sub in (schema.get(group) or {}).items():
            found += _nodes(sub, (*path, group, name))
    if isinstance(schema.get("items"), dict):
        found += _nodes(schema["items"], (*path, "items"))
    for group in LISTED:
        for index, sub in enumerate(schema.get(group) or []):
            found += _nodes(sub, (*path, group, str(index)))
    return found


def _invalid(subject: str, text: str, param: str, code: str | None) -> NoReturn:
    refuse(f"Invalid schema for {subject}: {text}", param=param, code=code)
