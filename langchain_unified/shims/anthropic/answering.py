"""The response of an answer tool, as text for the caller."""

from __future__ import annotations

import json
from typing import Any

from langchain_core.messages import AIMessage, AIMessageChunk
from langchain_core.outputs import ChatGenerationChunk, ChatResult

from langchain_unified.types import CallPlan

_CALLED, _WHOLE = frozenset({"tool_use", "tool_calls"}), "end_turn"


def as_text(plan: CallPlan, result: ChatResult) -> ChatResult:
    """Return a response with the arguments of the answer tool as its text.

    Args:
        plan: The plan of the call; one that asks by no tool changes nothing.
        result: The answer.
    """
    if plan.answer_tool is not None:
        for generation in result.generations:
            if isinstance(generation.message, AIMessage):
                _put_answer(generation.message, plan.answer_tool)
    return result


def _put_answer(message: AIMessage, answer_tool: str) -> None:
    """Make the input of the answering call the text of a message."""
    said = [call for call in message.tool_calls if call["name"] == answer_tool]
    if not said:
        return
    message.tool_calls = [call for call in message.tool_calls if call not in said]
    message.content = json.dumps(said[0]["args"], ensure_ascii=False)
    if not message.tool_calls:
        _end(message)


class TextPieces:
    """The chunks of a response, with the arguments of the answer tool as text."""

    def __init__(self, plan: CallPlan) -> None:
        """Start before the first piece."""
        self._name = plan.answer_tool
        self._at: set[object] = set()
        self._others = False

    def feed(self, chunk: ChatGenerationChunk) -> ChatGenerationChunk:
        """Return a piece with what belongs to the answering call as text."""
        message = chunk.message
        if self._name is None or not isinstance(message, AIMessageChunk):
            return chunk
        calls = message.tool_call_chunks
        self._at |= {one["index"] for one in calls if one["name"] == self._name}
        said = [call for call in calls if call["index"] in self._at]
        if said:
            message = _with_text(message, said)
        self._others = self._others or len(said) < len(calls)
        if self._at and not self._others:
            _end(message)
        return ChatGenerationChunk(
            message=message, generation_info=chunk.generation_info
        )


def _with_text(message: AIMessageChunk, said: list[Any]) -> AIMessageChunk:
    """Return a piece with the input of the answering call as its text."""
    rest = [call for call in message.tool_call_chunks if call not in said]
    text = "".join(call["args"] or "" for call in said)
    fields = {**dict(message), "tool_call_chunks": rest, "tool_calls": []}
    return AIMessageChunk(**{**fields, "content": text})


def _end(message: AIMessage) -> None:
    """Say that the answer is whole: nobody is to run its call."""
    told = message.response_metadata
    for key in ("stop_reason", "finish_reason"):
        if told.get(key) in _CALLED:
            told[key] = _WHOLE
