"""Messages made ready for the model of the call, as the plan decided."""

from __future__ import annotations

from typing import Any

from langchain_core.messages import BaseMessage, HumanMessage, SystemMessage

from langchain_unified.types import CallPlan


def prepared(plan: CallPlan, messages: list[BaseMessage]) -> list[BaseMessage]:
    """Return the messages with system text where the plan wants it."""
    if plan.add_system is not None:
        messages = [SystemMessage(plan.add_system), *messages]
    if plan.system_role is None:
        return folded(messages)
    return messages


def folded(messages: list[BaseMessage]) -> list[BaseMessage]:
    """Return the messages with all system text at the head of the first user turn."""
    system = [m for m in messages if isinstance(m, SystemMessage)]
    others = [m for m in messages if not isinstance(m, SystemMessage)]
    if not system:
        return messages
    text = "\n\n".join(message.text for message in system)
    for at, message in enumerate(others):
        if isinstance(message, HumanMessage):
            joined = message.model_copy(update={"content": _headed(text, message)})
            return [*others[:at], joined, *others[at + 1 :]]
    return [HumanMessage(text), *others]


def _headed(text: str, message: HumanMessage) -> Any:
    if isinstance(message.content, str):
        return f"{text}\n\n{message.content}"
    return [{"type": "text", "text": text}, *message.content]
