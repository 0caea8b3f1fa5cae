"""Claude's answers in the content shape of the package."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from langchain_core.messages import BaseMessage
from langchain_core.outputs import ChatGenerationChunk, ChatResult

from langchain_unified.content import flatten, keep_native
from langchain_unified.types import CallPlan

_INPUT = "input_json_delta"
_REFUSAL = "refusal"


def shape_result(plan: CallPlan, result: ChatResult) -> ChatResult:
    """Return a whole answer with text as `str` content."""
    told = result.llm_output or {}
    for generation in result.generations:
        _note_finish(generation.message, told)
        _shape(plan, generation.message, frozenset())
    return result


class Pieces:
    """Shapes the pieces of one stream."""

    def __init__(self, plan: CallPlan) -> None:
        """Start before the first piece."""
        self._plan = plan
        self._server_tools: set[Any] = set()

    def shape(self, chunk: ChatGenerationChunk) -> ChatGenerationChunk:
        """Return a streamed piece with text as `str` content."""
        message = chunk.message
        _note_finish(message, message.response_metadata)
        if isinstance(message.content, list):
            self._server_tools |= {
                block.get("index")
                for block in message.content
                if isinstance(block, dict) and _is_server_tool(block)
            }
        _shape(self._plan, message, self._server_tools)
        if self._plan.output_version == "v1" and message.content == "":
            # langchain-core 1.7.2 makes an empty text block of an empty string, which
            # then takes in the block that streams first (seen 2026-11-26).
            message.content = []
        return chunk


def _note_finish(message: BaseMessage, told: Mapping[str, Any]) -> None:
    """Say why the answer ended, and that it was refused, where other providers do."""
    reason = told.get("stop_reason")
    if reason:
        message.response_metadata["finish_reason"] = reason
    if reason == _REFUSAL:
        details = told.get("stop_details")
        why = details.get("explanation") if isinstance(details, Mapping) else None
        message.additional_kwargs[_REFUSAL] = why or "Claude stopped the response."


def _shape(
    plan: CallPlan, message: BaseMessage, server_tools: frozenset[Any] | set[Any]
) -> None:
    """Keep in `content` what a string can hold, and the rest beside it.

    Tool calls are in `tool_calls`, from where langchain-anthropic writes them back.
    Where standard blocks are asked for, LangChain makes them of the native ones.

    Args:
        plan: The plan of the call.
        message: The answer, or a piece of it.
        server_tools: Indexes of the blocks that call a tool of the server's, whose
            input comes in pieces and stands nowhere else.
    """
    if plan.output_version == "v1":
        return
    content = message.content
    if isinstance(content, list):
        content = [block for block in content if not _is_call(block, server_tools)]
    message.content, native = flatten(content)
    if native is not None:
        keep_native(message, native)


def _is_call(block: Any, server_tools: frozenset[Any] | set[Any]) -> bool:
    """Tell a client's tool call, or a piece of its input."""
    if not isinstance(block, dict):
        return False
    if block.get("type") == _INPUT:
        return block.get("index") not in server_tools
    return block.get("type") == "tool_use" and not block.get("caller")


def _is_server_tool(block: Mapping[str, Any]) -> bool:
    """Tell a call of a server's tool; a client's call with a caller belongs to one."""
    kind = str(block.get("type"))
    if kind == "tool_use":
        return bool(block.get("caller"))
    return kind.endswith("tool_use")
