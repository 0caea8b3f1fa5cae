"""Running a plan: send it, do on the client what the model refuses, keep a record.

The four faces (sync, async, stream, astream) start from the same plan and share every
step but the sending.
"""

from __future__ import annotations

import asyncio
from collections.abc import (
    AsyncGenerator,
    AsyncIterator,
    Callable,
    Generator,
    Iterator,
)
from contextlib import aclosing, closing
from typing import Any

from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage
from langchain_core.messages.ai import add_usage
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult
from langchain_core.runnables.config import get_executor_for_config

from langchain_unified.attempts import Attempts
from langchain_unified.shims import ProviderShim
from langchain_unified.stopping import StopCutter, cut_message
from langchain_unified.types import CallPlan

_NEVER = "attempts end by returning or raising"
RECORD = "unified"
"""The key of the record in `response_metadata`."""


Connect = Callable[[CallPlan], ProviderShim]
"""Returns the shim a plan is sent with."""


def generate(
    attempts: Attempts, connect: Connect, messages: list[BaseMessage]
) -> ChatResult:
    """Send the plan and return the whole answer; learn from refusals."""
    for attempt in attempts:
        with attempt as plan:
            return _generate(plan, connect(plan), messages)
    raise AssertionError(_NEVER)


async def agenerate(
    attempts: Attempts, connect: Connect, messages: list[BaseMessage]
) -> ChatResult:
    """Send the plan and return the whole answer; learn from refusals."""
    for attempt in attempts:
        async with attempt as plan:
            return await _agenerate(plan, connect(plan), messages)
    raise AssertionError(_NEVER)


def stream(
    attempts: Attempts, connect: Connect, messages: list[BaseMessage]
) -> Iterator[ChatGenerationChunk]:
    """Send the plan and yield the answer in pieces; learn before the first."""
    for attempt in attempts:
        with attempt as plan:
            with closing(_stream(plan, connect(plan), messages)) as pieces:
                for piece in pieces:
                    attempt.commit()
                    yield piece
            return


async def astream(
    attempts: Attempts, connect: Connect, messages: list[BaseMessage]
) -> AsyncIterator[ChatGenerationChunk]:
    """Send the plan and yield the answer in pieces; learn before the first."""
    for attempt in attempts:
        async with attempt as plan:
            async with aclosing(_astream(plan, connect(plan), messages)) as pieces:
                async for piece in pieces:
                    attempt.commit()
                    yield piece
            return


def _generate(
    plan: CallPlan, shim: ProviderShim, messages: list[BaseMessage]
) -> ChatResult:
    if plan.calls == 1:
        return _finished(plan, [shim.generate(plan, messages)])
    with get_executor_for_config({"max_concurrency": plan.calls}) as executor:
        sent = [
            executor.submit(shim.generate, plan, messages) for _ in range(plan.calls)
        ]
        return _finished(plan, [future.result() for future in sent])


async def _agenerate(
    plan: CallPlan, shim: ProviderShim, messages: list[BaseMessage]
) -> ChatResult:
    if plan.calls == 1:
        return _finished(plan, [await shim.agenerate(plan, messages)])
    sent = (shim.agenerate(plan, messages) for _ in range(plan.calls))
    return _finished(plan, await asyncio.gather(*sent))


def _stream(
    plan: CallPlan, shim: ProviderShim, messages: list[BaseMessage]
) -> Generator[ChatGenerationChunk]:
    if not plan.stream:
        yield _in_one_piece(_generate(plan, shim, messages))
        return
    pieces = Pieces(plan)
    with closing(shim.stream(plan, messages)) as chunks:
        for chunk in chunks:
            yield pieces.feed(chunk)
            if pieces.done:
                break
    yield from pieces.rest()


async def _astream(
    plan: CallPlan, shim: ProviderShim, messages: list[BaseMessage]
) -> AsyncGenerator[ChatGenerationChunk]:
    if not plan.stream:
        yield _in_one_piece(await _agenerate(plan, shim, messages))
        return
    pieces = Pieces(plan)
    async with aclosing(shim.astream(plan, messages)) as chunks:
        async for chunk in chunks:
            yield pieces.feed(chunk)
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

    def feed(self, chunk: ChatGenerationChunk) -> ChatGenerationChunk:
        """Return what can be passed on of a piece."""
        if not self._recorded:
            self._recorded = True
            chunk.message.response_metadata[RECORD] = self._plan.record()
        return chunk if self._cutter is None else self._cutter.feed(chunk)

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


def _in_one_piece(result: ChatResult) -> ChatGenerationChunk:
    """Give a whole answer as the only piece of a stream."""
    generation: ChatGeneration = result.generations[0]
    fields = generation.message.model_dump(exclude={"type"})
    info = {**(result.llm_output or {}), **(generation.generation_info or {})}
    info.pop("token_usage", None)
    return ChatGenerationChunk(
        message=AIMessageChunk(**fields, chunk_position="last"),
        generation_info=info or None,
    )
