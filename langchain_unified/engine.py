"""Running a plan: send it, do on the client what the model refuses, keep a record.

The four faces (sync, async, stream, astream) start from the same plan and share every
step but the sending.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import aclosing, closing
from typing import Any

from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage
from langchain_core.messages.ai import add_usage
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult
from langchain_core.runnables.config import get_executor_for_config

from langchain_unified.shims import ProviderShim
from langchain_unified.stopping import StopCutter, cut_message
from langchain_unified.types import CallPlan

RECORD = "unified"
"""The key of the record in `response_metadata`."""


def generate(
    plan: CallPlan, shim: ProviderShim, messages: list[BaseMessage]
) -> ChatResult:
    """Send the plan and return the whole answer."""
    if plan.calls == 1:
        return _finished(plan, [shim.generate(plan, messages)])
    with get_executor_for_config({"max_concurrency": plan.calls}) as executor:
        sent = [
            executor.submit(shim.generate, plan, messages) for _ in range(plan.calls)
        ]
        return _finished(plan, [future.result() for future in sent])


async def agenerate(
    plan: CallPlan, shim: ProviderShim, messages: list[BaseMessage]
) -> ChatResult:
    """Send the plan and return the whole answer."""
    if plan.calls == 1:
        return _finished(plan, [await shim.agenerate(plan, messages)])
    sent = (shim.agenerate(plan, messages) for _ in range(plan.calls))
    return _finished(plan, await asyncio.gather(*sent))


def stream(
    plan: CallPlan, shim: ProviderShim, messages: list[BaseMessage]
) -> Iterator[ChatGenerationChunk]:
    """Send the plan and yield the answer in pieces."""
    if not plan.stream:
        yield from _in_one_piece(generate(plan, shim, messages))
        return
    pieces = Pieces(plan)
    with closing(shim.stream(plan, messages)) as chunks:  # type: ignore[type-var]
        for chunk in chunks:
            yield from pieces.feed(chunk)
            if pieces.done:
                break
    yield from pieces.rest()


async def astream(
    plan: CallPlan, shim: ProviderShim, messages: list[BaseMessage]
) -> AsyncIterator[ChatGenerationChunk]:
    """Send the plan and yield the answer in pieces."""
    if not plan.stream:
        for piece in _in_one_piece(await agenerate(plan, shim, messages)):
            yield piece
        return
    pieces = Pieces(plan)
    async with aclosing(shim.astream(plan, messages)) as chunks:  # type: ignore[type-var]
        async for chunk in chunks:
            for piece in pieces.feed(chunk):
                yield piece
            if pieces.done:
                break
    for piece in pieces.rest():
        yield piece


class Pieces:
    """The streamed pieces of one answer: the record on the first, stop strings cut."""

    def __init__(self, plan: CallPlan) -> None:
        """Start before the first piece."""
        self._plan = plan
        self._recorded = False
        self._cutter = StopCutter(plan.stop) if plan.stop else None

    @property
    def done(self) -> bool:
        """Whether a stop string ended the answer."""
        return self._cutter is not None and self._cutter.done

    def feed(self, chunk: ChatGenerationChunk) -> Iterator[ChatGenerationChunk]:
        """Yield what can be passed on of a piece."""
        if not self._recorded:
            self._recorded = True
            chunk.message.response_metadata[RECORD] = self._plan.record()
        if self._cutter is None:
            yield chunk
        else:
            yield self._cutter.feed(chunk)

    def rest(self) -> Iterator[ChatGenerationChunk]:
        """Yield text held back because it could have begun a stop string."""
        if self._cutter is not None:
            yield from self._cutter.rest()


def _finished(plan: CallPlan, results: list[ChatResult]) -> ChatResult:
    result = results[0] if len(results) == 1 else _merged(results)
    record = plan.record()
    for generation in result.generations:
        if plan.stop:
            cut_message(generation, plan.stop)
        generation.message.response_metadata[RECORD] = record
    return result


def _merged(results: list[ChatResult]) -> ChatResult:
    """Make one result of several answers; usage is summed as the API does for `n`."""
    generations = [g for result in results for g in result.generations]
    usage = None
    for generation in generations:
        if isinstance(generation.message, AIMessage):
            usage = add_usage(usage, generation.message.usage_metadata)
    for generation in generations:
        if isinstance(generation.message, AIMessage) and usage is not None:
            generation.message.usage_metadata = usage
    outputs = [result.llm_output or {} for result in results]
    totals = _summed([output.get("token_usage") or {} for output in outputs])
    merged = {**outputs[0], **({"token_usage": totals} if totals else {})}
    return ChatResult(generations=generations, llm_output=merged)


def _summed(usages: list[dict[str, Any]]) -> dict[str, Any]:
    totals: dict[str, Any] = {}
    for usage in usages:
        for key, value in usage.items():
            if isinstance(value, dict):
                totals[key] = _summed([totals.get(key) or {}, value])
            elif isinstance(value, (int, float)):
                totals[key] = totals.get(key, 0) + value
    return totals


def _in_one_piece(result: ChatResult) -> Iterator[ChatGenerationChunk]:
    """Give a whole answer as the only piece of a stream."""
    generation: ChatGeneration = result.generations[0]
    fields = generation.message.model_dump(exclude={"type"})
    info = {**(result.llm_output or {}), **(generation.generation_info or {})}
    info.pop("token_usage", None)
    yield ChatGenerationChunk(
        message=AIMessageChunk(**fields, chunk_position="last"),
        generation_info=info or None,
    )
