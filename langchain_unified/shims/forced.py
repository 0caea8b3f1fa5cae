"""A forced tool call that the model wrote as JSON text, turned back into a call."""

from __future__ import annotations

import json
import uuid
from typing import Any

from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage
from langchain_core.messages.tool import (
    ToolCallChunk,
    invalid_tool_call,
    tool_call,
    tool_call_chunk,
)
from langchain_core.outputs import ChatGenerationChunk, ChatResult

from langchain_unified.planner.forced import CALL
from langchain_unified.types import CallPlan

_WHOLE = frozenset({"stop", "end_turn"})
_LAST = 1_000
"""Index of the call among the blocks of an answer: after all that comes before it."""

_NO_CALL = "The text is not a tool call."


def as_call(plan: CallPlan, result: ChatResult) -> ChatResult:
    """Return a whole answer with its text as the call it stands for.

    Args:
        plan: The plan of the call; one that forces no call so changes nothing.
        result: The answer.
    """
    if not plan.call_as_text:
        return result
    for generation in result.generations:
        message = generation.message
        text = _take_text(message)
        if text and isinstance(message, AIMessage):
            _put_call(plan, message, text)
            _end_with_call(message, generation.generation_info)
    return result


def _put_call(plan: CallPlan, message: AIMessage, text: str) -> None:
    name, args = _read(plan, text)
    if isinstance(args, dict) and name in plan.call_as_text:
        message.tool_calls = [tool_call(name=name, args=args, id=_new_id())]
    else:
        message.invalid_tool_calls = [
            invalid_tool_call(name=name, args=text, id=_new_id(), error=_NO_CALL)
        ]


def _read(plan: CallPlan, text: str) -> tuple[str | None, Any]:
    """Return the name and the arguments that a text says; one tool needs no name."""
    try:
        said = json.loads(text, strict=False)
    except ValueError:
        said = None
    if len(plan.call_as_text) == 1:
        return plan.call_as_text[0], said
    call = said.get(CALL) if isinstance(said, dict) else None
    if not isinstance(call, dict):
        return None, None
    return call.get("name"), call.get("arguments")


class CallPieces:
    """The streamed pieces of one answer, its text as pieces of a call.

    The arguments of an only tool are passed on as they come; where the text names one
    of several tools, the call is given when the text is whole.
    """

    def __init__(self, plan: CallPlan) -> None:
        """Start before the first piece."""
        self._plan, self._id = plan, _new_id()
        self._text = ""

    def feed(self, chunk: ChatGenerationChunk) -> ChatGenerationChunk:
        """Return a piece with its text as a piece of the call."""
        message = chunk.message
        if not self._plan.call_as_text or not isinstance(message, AIMessageChunk):
            return chunk
        piece = _take_text(message)
        made = self._piece(piece, last=message.chunk_position == "last")
        if self._text:
            _end_with_call(message, chunk.generation_info)
        if made is not None:
            fields: dict[str, Any] = dict(message)
            fields["tool_call_chunks"] = [made]
            message = AIMessageChunk(**{**fields, "tool_calls": []})
        return ChatGenerationChunk(
            message=message, generation_info=chunk.generation_info
        )

    def _piece(self, piece: str, *, last: bool) -> ToolCallChunk | None:
        first, self._text = not self._text, self._text + piece
        if len(self._plan.call_as_text) == 1:
            name = self._plan.call_as_text[0] if first else None
            call_id = self._id if first else None
            made = tool_call_chunk(name=name, args=piece, id=call_id, index=_LAST)
            return made if piece else None
        if not last or not self._text:
            return None
        name, args = _read(self._plan, self._text)
        # Text that is no call is given as a JSON string, which no arguments are, so
        # that langchain-core takes it for an invalid call.
        said = json.dumps(args if name else self._text, ensure_ascii=False)
        return tool_call_chunk(name=name, args=said, id=self._id, index=_LAST)


def _end_with_call(message: BaseMessage, info: dict[str, Any] | None) -> None:
    for place in (message.response_metadata, info or {}):
        if place.get("finish_reason") in _WHOLE:
            place["finish_reason"] = "tool_calls"


def _take_text(message: BaseMessage) -> str:
    """Take the text out of a message and return it."""
    text = str(message.text)
    content = message.content
    message.content = "" if isinstance(content, str) else _without_text(content)
    return text


def _without_text(content: list[Any]) -> list[Any]:
    return [
        block
        for block in content
        if not isinstance(block, str) and block.get("type") != "text"
    ]


def _new_id() -> str:
    return f"call_{uuid.uuid4().hex}"
