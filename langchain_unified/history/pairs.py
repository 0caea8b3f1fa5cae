"""Tool calls directly followed by their results, as every API requires.

OpenAI, Gemini and Anthropic refuse a result without its call, a call without its
result, and anything between the two (gemini_parameters.md, c 14 and 15;
openai_parameters.md, b). A result without a call is told as a user's turn, since its
text must not get lost; a call without a result gets one that says so.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Sequence

from langchain_core.messages import (
    AIMessage,
    BaseMessage,
    HumanMessage,
    ToolCall,
    ToolMessage,
)

UNANSWERED = "No result: this call was not carried out."
"""What stands for the result of a call that has none."""


def paired(messages: Sequence[BaseMessage]) -> list[BaseMessage]:
    """Return the messages with each call's result right after its message.

    Args:
        messages: Messages whose calls all have an id.
    """
    results: dict[str, deque[int]] = defaultdict(deque)
    for position, message in enumerate(messages):
        if isinstance(message, ToolMessage):
            results[message.tool_call_id].append(position)
    used: set[int] = set()
    found: list[BaseMessage] = []
    for position, message in enumerate(messages):
        if position in used:
            continue
        if isinstance(message, ToolMessage) and not is_item(message):
            found.append(told(message))
            continue
        found.append(message)
        if isinstance(message, AIMessage):
            for call in message.tool_calls:
                at = _next(results[call["id"] or ""], position)
                used |= set() if at is None else {at}
                found.append(_unanswered(call) if at is None else messages[at])
    return found


def is_item(message: ToolMessage) -> bool:
    """Tell whether a result belongs to a Responses item other than a function call."""
    return str(message.additional_kwargs.get("type", "")).endswith("_call_output")


def told(message: ToolMessage) -> HumanMessage:
    """Return a tool result without its call as a user message."""
    tool = f" of {message.name}" if message.name else ""
    head = f"Result{tool} (tool call {message.tool_call_id}):"
    if isinstance(message.content, str):
        return HumanMessage(f"{head}\n{message.content}")
    return HumanMessage([{"type": "text", "text": head}, *message.content])


def _next(positions: deque[int], after: int) -> int | None:
    """Take the first result that comes after its call."""
    while positions:
        first = positions.popleft()
        if first > after:
            return first
    return None


def _unanswered(call: ToolCall) -> ToolMessage:
    return ToolMessage(
        UNANSWERED, tool_call_id=call["id"], name=call["name"], status="error"
    )
