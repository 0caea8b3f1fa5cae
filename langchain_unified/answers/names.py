"""Tool names in answers: what the wire called them, as the caller calls them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage

from langchain_unified.content import kept_blocks
from langchain_unified.history.reading import CALLS
from langchain_unified.types import CallPlan


def own_names(plan: CallPlan) -> Mapping[str, str]:
    """Return the caller's name of each tool that has another on the wire."""
    return {sent: own for own, sent in plan.tool_names.items() if sent != own}


def restore_names(message: BaseMessage, own: Mapping[str, str]) -> None:
    """Give the calls of an answer, or of a piece of one, the caller's names.

    Args:
        message: The answer; it is changed.
        own: The caller's name by the name on the wire.
    """
    for call in _calls_in(message) if own else ():
        name = own.get(str(call.get("name")))
        if name is not None:
            call["name"] = name


def _calls_in(message: BaseMessage) -> list[Any]:
    """Return the calls of an answer, in every place where it has them."""
    if not isinstance(message, AIMessage):
        return []
    calls: list[Any] = [*message.tool_calls, *message.invalid_tool_calls]
    if isinstance(message, AIMessageChunk):
        calls += message.tool_call_chunks
    content = message.content if isinstance(message.content, list) else []
    native = kept_blocks(message)
    blocks = [*content, *(native if isinstance(native, list) else ())]
    calls += [b for b in blocks if isinstance(b, dict) and b.get("type") in CALLS]
    for call in message.additional_kwargs.get("tool_calls") or ():
        inner = call.get("function") if isinstance(call, dict) else None
        calls += [inner] if isinstance(inner, dict) else []
    return calls
