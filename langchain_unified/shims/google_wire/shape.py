"""Gemini's answers in the content shape of the package."""

from __future__ import annotations

from typing import TypeVar

from langchain_core.messages import BaseMessage
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult

from langchain_unified.content import NATIVE, flatten
from langchain_unified.types import CallPlan

Answer = TypeVar("Answer", ChatGeneration, ChatGenerationChunk)


def shape_result(plan: CallPlan, result: ChatResult) -> ChatResult:
    """Return a whole answer with text as `str` content."""
    for generation in result.generations:
        _shape(plan, generation.message)
    return result


def shape_piece(plan: CallPlan, chunk: ChatGenerationChunk) -> ChatGenerationChunk:
    """Return a streamed piece with text as `str` content."""
    _shape(plan, chunk.message)
    return chunk


def _shape(plan: CallPlan, message: BaseMessage) -> None:
    """Keep in `content` what a string can hold, and the rest beside it.

    The `function_call` that langchain-google-genai 4.4.2 leaves in
    `additional_kwargs` repeats the first tool call; other providers refuse it.
    """
    del plan
    message.additional_kwargs.pop("function_call", None)
    message.content, native = flatten(message.content)
    if native is not None:
        message.additional_kwargs[NATIVE] = native
