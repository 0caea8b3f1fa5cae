"""A tool call forced by a response format, where `tool_choice` cannot force one.

The model is held to a JSON schema that only a call of one of the tools fits, and the
text it writes is that call. A forced choice asks for at least one call, and one it is.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from langchain_unified.planner.choices import Choice
from langchain_unified.planner.draft import Draft

CALL = "call"
"""The key under which the text holds its call, if there is a choice of tools."""

_NO_ARGUMENTS = {"type": "object", "properties": {}}


def can_be_written(draft: Draft) -> bool:
    """Tell whether the response format is free to describe a tool call."""
    taken = draft.wanted.get("response_format")
    return draft.config.supports("structured_output") and not taken


def write_call(
    draft: Draft, tools: Sequence[Mapping[str, Any]], choice: Choice
) -> dict[str, Any]:
    """Request the response as a call of one of the chosen tools.

    Args:
        draft: The plan being made; it is told how to read the answer.
        tools: Function tools in OpenAI's form.
        choice: A tool choice that forces a call.

    Returns:
        The JSON schema of the answer.
    """
    functions = {tool["function"]["name"]: tool["function"] for tool in tools}
    names = choice.names or tuple(functions)
    chosen = [functions[name] for name in names]
    draft.call_as_text = names
    draft.emulations += 1
    draft.wanted.pop("parallel_tool_calls", None)
    draft.note(
        "tool_choice",
        "emulated",
        requested=choice.told,
        sent=draft.mapping.rules["response_format"].name,
        reason="no tool choice forces a call here; the form of the answer does.",
        source=draft.source("tool_choice"),
    )
    return _parameters(chosen[0]) if len(chosen) == 1 else _one_of(chosen)


def instructions(tools: Sequence[Mapping[str, Any]], names: Sequence[str]) -> str:
    """Return instructions to call one of the tools, with their schemas."""
    chosen = [
        tool["function"] for tool in tools if tool["function"]["name"] in set(names)
    ]
    told = "\n".join(json.dumps(function, ensure_ascii=False) for function in chosen)
    return f"{request_of(names)}\n{told}"


def request_of(names: Sequence[str]) -> str:
    """Return instructions to call one of the named tools."""
    if len(names) == 1:
        return (
            f"Call the tool {names[0]} now: answer with the JSON object of its "
            "arguments, and nothing else."
        )
    form = f'{{"{CALL}": {{"name": ..., "arguments": {{...}}}}}}'
    return (
        f"Call one of the tools {', '.join(names)} now: answer with one JSON object of "
        f"the form {form}, and nothing else."
    )


def _parameters(function: Mapping[str, Any]) -> dict[str, Any]:
    return {**_NO_ARGUMENTS, **(function.get("parameters") or {})}


def _one_of(functions: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return a schema of an object that holds a call of any of the functions."""
    definitions = {
        f"arguments_{at}": _moved(_parameters(function), f"#/$defs/arguments_{at}/")
        for at, function in enumerate(functions)
    }
    calls = [
        _closed({"name": {"const": function["name"]}, "arguments": _reference(key)})
        for key, function in zip(definitions, functions, strict=True)
    ]
    return {**_closed({CALL: {"anyOf": calls}}), "$defs": definitions}


def _closed(properties: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def _reference(key: str) -> dict[str, Any]:
    return {"$ref": f"#/$defs/{key}"}


def _moved(schema: Any, place: str) -> Any:
    """Return a schema whose references hold at another place of a document."""
    if isinstance(schema, list):
        return [_moved(item, place) for item in schema]
    if not isinstance(schema, Mapping):
        return schema
    return {
        key: place + value.removeprefix("#/")
        if key == "$ref" and isinstance(value, str) and value.startswith("#/")
        else _moved(value, place)
        for key, value in schema.items()
    }
