"""Function declarations and the config around them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from langchain_unified.testing.errors import google_refuse
from langchain_unified.testing.json_schema import problem_in

if TYPE_CHECKING:
    from langchain_unified.testing.gemini_api.call import GeminiCall

_REQUEST = "* GenerateContentRequest"
_NAME = re.compile(r"^[a-zA-Z_][\w.:-]{0,127}$")
_SEARCH = {"googleSearch", "googleSearchRetrieval"}
NAME_RULE = (
    "Invalid function name. Must start with a letter or an underscore. Must be "
    "alphameric (a-z, A-Z, 0-9), underscores (_), dots (.), colons (:), or dashes (-), "
    "with a maximum length of 128."
)


def check_tools(call: GeminiCall) -> None:
    """Refuse tools the model does not take, and malformed declarations."""
    if not call.body.get("tools"):
        return
    if not call.rules.tools and not _searches_only(call):
        google_refuse(f"Function calling is not enabled for {call.this_model}")
    for index, tool in enumerate(call.body["tools"]):
        seen: set[str] = set()
        for number, declared in enumerate(tool.get("functionDeclarations") or []):
            path = f"tools[{index}].function_declarations[{number}]"
            _check_declaration(declared, path, seen)


_ALLOWED = f"{_REQUEST}.tool_config.function_calling_config.allowed_function_names"


def check_tool_config(call: GeminiCall) -> None:
    """Refuse a function calling config without declarations, or with other names."""
    config = (call.body.get("toolConfig") or {}).get("functionCallingConfig")
    if config is None:
        return
    if not call.body.get("tools"):
        google_refuse("Function calling config is set without function_declarations")
    if config.get("mode") == "ANY" and not call.rules.forced_tools:
        google_refuse(f"Function calling mode ANY is not enabled for {call.this_model}")
    allowed = config.get("allowedFunctionNames") or []
    if allowed and config.get("mode") not in ("ANY", "VALIDATED"):
        google_refuse(
            "Allowed function names can only be set when function calling mode is ANY."
        )
    known = [declared["name"] for declared in call.declarations]
    for name in allowed:
        if name not in known:
            google_refuse(f"{_ALLOWED}: function '{name}' is not declared.\n")


def check_response_schema(call: GeminiCall) -> None:
    """Refuse an array without items in the response schema."""
    schema = call.config.get("responseSchema")
    if schema is not None:
        check_schema(schema, "generation_config.response_schema")
    _check_json_schema(call.config.get("responseJsonSchema"), "generation_config")


def check_schema(schema: dict[str, Any], path: str) -> None:
    """Refuse arrays without items anywhere in a schema."""
    if str(schema.get("type", "")).upper() == "ARRAY" and "items" not in schema:
        google_refuse(f"{_REQUEST}.{path}.items: missing field.\n")
    for name, sub in (schema.get("properties") or {}).items():
        check_schema(sub, f"{path}.properties[{name}]")
    if "items" in schema:
        check_schema(schema["items"], f"{path}.items")
    for index, sub in enumerate(schema.get("anyOf") or []):
        check_schema(sub, f"{path}.any_of[{index}]")


def _check_json_schema(schema: Any, path: str) -> None:
    problem = None if schema is None else problem_in(schema)
    if problem is not None:
        google_refuse(f"Invalid JSON schema at '{path}': {problem}")


def _searches_only(call: GeminiCall) -> bool:
    """Tell whether the tools are those of a model that takes a search alone."""
    kinds = {kind for tool in call.body["tools"] for kind in tool}
    return call.rules.search and kinds <= _SEARCH


def _check_declaration(declared: dict[str, Any], path: str, seen: set[str]) -> None:
    name = declared.get("name") or ""
    if not _NAME.match(name):
        google_refuse(f"{_REQUEST}.{path}.name: {NAME_RULE}\n")
    if name in seen:
        google_refuse(f"Duplicate function declaration found: {name}")
    seen.add(name)
    if "parameters" in declared:
        check_schema(declared["parameters"], f"{path}.parameters")
    _check_json_schema(declared.get("parametersJsonSchema"), path)
