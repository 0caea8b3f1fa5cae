"""Tool calls: arguments from JSON text to dictionaries."""

from __future__ import annotations

import json
from json import JSONDecodeError
from typing import Any

from langchain_core.messages import InvalidToolCall, ToolCall
from langchain_core.messages.tool import invalid_tool_call, tool_call
from langchain_core.output_parsers.openai_tools import (
    make_invalid_tool_call,
    parse_tool_call,
)

from langchain_unified.shims.openai.call_pieces import (
    CUSTOM_INPUT,
    arguments_text,
)


def parse_chat_calls(
    calls: list[dict[str, Any]],
) -> tuple[list[ToolCall], list[InvalidToolCall]]:
    """Parse the `tool_calls` of a chat message.

    Args:
        calls: The wire objects.

    Returns:
        The calls, and those whose arguments are no JSON.
    """
    parsed: list[ToolCall] = []
    invalid: list[InvalidToolCall] = []
    for call in calls:
        _add_chat(call, parsed, invalid)
    return parsed, invalid


def parse_response_calls(
    items: list[dict[str, Any]],
) -> tuple[list[ToolCall], list[InvalidToolCall]]:
    """Parse the tool calls among the output items of a Responses answer."""
    parsed: list[ToolCall] = []
    invalid: list[InvalidToolCall] = []
    for item in items:
        if item.get("type") == "custom_tool_call":
            _add_custom(item, item.get("call_id"), parsed, invalid)
        elif item.get("type") == "function_call":
            _add_function(item, parsed, invalid)
    return parsed, invalid


def _add_chat(
    call: dict[str, Any], parsed: list[ToolCall], invalid: list[InvalidToolCall]
) -> None:
    try:
        found: Any = parse_tool_call(call)
    except Exception as error:  # noqa: BLE001
        invalid.append(make_invalid_tool_call(call, str(error)))
        return
    if isinstance(found["args"], dict):
        parsed.append(found)
    else:
        invalid.append(make_invalid_tool_call(call, _NO_OBJECT))


def is_cut(item: dict[str, Any]) -> bool:
    """Tell whether an output item of Responses ended before it was whole."""
    return item.get("status") == "incomplete"


def custom_arguments(item: dict[str, Any]) -> str:
    """Return the free text of a custom tool call as JSON arguments.

    A bracket that fits nothing ends those of a call that was cut off: free text does
    not show that some of it is missing.
    """
    told = json.dumps({CUSTOM_INPUT: item.get("input")})
    return f"{told[:-1]}]" if is_cut(item) else told


def _add_custom(
    call: dict[str, Any],
    call_id: str | None,
    parsed: list[ToolCall],
    invalid: list[InvalidToolCall],
) -> None:
    name, text = call.get("name") or "", call.get("input")
    if is_cut(call):
        error = "The call was cut off before it was whole."
        invalid.append(invalid_tool_call(name=name, args=text, id=call_id, error=error))
        return
    parsed.append(tool_call(name=name, args={CUSTOM_INPUT: text}, id=call_id))


def _add_function(
    item: dict[str, Any], parsed: list[ToolCall], invalid: list[InvalidToolCall]
) -> None:
    name, text = item.get("name") or "", arguments_text(item.get("arguments"))
    nothing = "" if is_cut(item) else "{}"
    try:
        args = json.loads(text or nothing, strict=False)
        problem = None if isinstance(args, dict) else _NO_OBJECT
    except (JSONDecodeError, RecursionError) as error:
        args, problem = {}, str(error)
    call_id = item.get("call_id")
    if problem is None:
        parsed.append(tool_call(name=name, args=args, id=call_id))
    else:
        invalid.append(
            invalid_tool_call(name=name, args=text, id=call_id, error=problem)
        )


_NO_OBJECT = "The arguments are JSON, and no object."
