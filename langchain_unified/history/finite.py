"""Numbers that JSON does not support: NaN and infinities."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from langchain_core.messages import AIMessage, BaseMessage

STRUCTURED_ARGUMENTS = frozenset({"api_chat", "generate_content", "messages"})
"""Endpoints on which a tool call's arguments are an object, not a text."""


def is_finite(value: Any) -> bool:
    """Tell whether a value contains neither NaN nor an infinity."""
    if isinstance(value, float):
        return math.isfinite(value)
    if isinstance(value, Mapping):
        return all(map(is_finite, value.values()))
    if isinstance(value, (list, tuple)):
        return all(map(is_finite, value))
    return True


def with_finite_arguments(messages: Sequence[BaseMessage]) -> list[BaseMessage]:
    """Return messages with NaN and infinities in tool calls written as text."""
    return [_finite_call(message) for message in messages]


def _finite_call(message: BaseMessage) -> BaseMessage:
    if not isinstance(message, AIMessage):
        return message
    if all(is_finite(call["args"]) for call in message.tool_calls):
        return message
    calls = [{**call, "args": _finite(call["args"])} for call in message.tool_calls]
    return message.model_copy(update={"tool_calls": calls})


def _finite(value: Any) -> Any:
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else f"{'-' if value < 0 else ''}Infinity"
    if isinstance(value, Mapping):
        return {key: _finite(item) for key, item in value.items()}
    return (
        [_finite(item) for item in value] if isinstance(value, (list, tuple)) else value
    )
