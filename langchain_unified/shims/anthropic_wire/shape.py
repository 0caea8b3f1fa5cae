"""Claude's answers in the content shape of the package."""

from __future__ import annotations

from typing import Any

from langchain_core.messages import BaseMessage
from langchain_core.outputs import ChatGenerationChunk, ChatResult

from langchain_unified.content import flatten, keep_native
from langchain_unified.types import CallPlan

_CALLS = frozenset({"tool_use", "input_json_delta"})


def shape_result(plan: CallPlan, result: ChatResult) -> ChatResult:
    """Return a whole answer with text as `str` content."""
    reason = (result.llm_output or {}).get("stop_reason")
    for generation in result.generations:
        _note_finish(generation.message, reason)
        _shape(plan, generation.message)
    return result


def shape_piece(plan: CallPlan, chunk: ChatGenerationChunk) -> ChatGenerationChunk:
    """Return a streamed piece with text as `str` content."""
    _note_finish(chunk.message, chunk.message.response_metadata.get("stop_reason"))
    _shape(plan, chunk.message)
    if plan.output_version == "v1" and chunk.message.content == "":
        # langchain-core 1.7.2 makes an empty text block of an empty string, which then
        # takes in the block that streams first (seen 2026-11-26).
        chunk.message.content = []
    return chunk


def _note_finish(message: BaseMessage, reason: str | None) -> None:
    """Say why the answer ended where the other providers do."""
    if reason:
        message.response_metadata["finish_reason"] = reason


def _shape(plan: CallPlan, message: BaseMessage) -> None:
    """Keep in `content` what a string can hold, and the rest beside it.

    Tool calls are in `tool_calls`, from where langchain-anthropic writes them back.
    Where standard blocks are asked for, LangChain makes them of the native ones.
    """
    if plan.output_version == "v1":
        return
    content = message.content
    if isinstance(content, list):
        content = [block for block in content if not _is_call(block)]
    message.content, native = flatten(content)
    if native is not None:
        keep_native(message, native)


def _is_call(block: Any) -> bool:
    """Tell a client's tool call; one with a caller belongs to a server tool."""
    return (
        isinstance(block, dict)
        and block.get("type") in _CALLS
        and not block.get("caller")
    )
