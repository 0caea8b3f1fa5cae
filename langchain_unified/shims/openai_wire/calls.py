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

CUSTOM_INPUT = "__arg1"
"""Argument name under which LangChain keeps the free text of a custom tool call."""


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
        if custom := call.get("custom"):
            parsed.append(_custom(custom, call.get("id")))
            continue
        try:
            parsed.append(parse_tool_call(call))  # type: ignore[arg-type]
        except Exception as error:  # noqa: BLE001
            invalid.append(make_invalid_tool_call(call, str(error)))
    return parsed, invalid


def parse_response_calls(
    items: list[dict[str, Any]],
) -> tuple[list[ToolCall], list[InvalidToolCall]]:
    """Parse the tool calls among the output items of a Responses answer."""
    parsed: list[ToolCall] = []
    invalid: list[InvalidToolCall] = []
    for item in items:
        if item.get("type") == "custom_tool_call":
            parsed.append(_custom(item, item.get("call_id")))
        elif item.get("type") == "function_call":
            _add_function(item, parsed, invalid)
    return parsed, invalid


def custom_arguments(item: dict[str, Any]) -> str:
    """Return the free text of a custom tool call as JSON arguments."""
    return json.dumps({CUSTOM_INPUT: item.get("input")})


def _custom(call: dict[str, Any], call_id: str | None) -> ToolCall:
    args = {CUSTOM_INPUT: call.get("input")}
    return tool_call(name=call.get("name") or "", args=args, id=call_id)


def _add_function(
    item: dict[str, Any], parsed: list[ToolCall], invalid: list[InvalidToolCall]
) -> None:
    name, text = item.get("name") or "", item.get("arguments")
    try:
        args = json.loads(text or "{}", strict=False)
    except (JSONDecodeError, RecursionError) as error:
        call_id = item.get("call_id")
        invalid.append(
            invalid_tool_call(name=name, args=text, id=call_id, error=str(error))
        )
    else:
        parsed.append(tool_call(name=name, args=args, id=item.get("call_id")))
