"""Running a plan: send it, do on the client what the model refuses, keep a record.

The four faces (sync, async, stream, astream) start from the same plan and share every
step but the sending.
"""

from __future__ import annotations

import asyncio
from collections.abc import (
    AsyncGenerator,
    AsyncIterator,
    Awaitable,
    Callable,
    Generator,
    Iterator,
    Mapping,
    Sequence,
)
from contextlib import aclosing, closing
from typing import Any, TypeVar

import anyio
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage
from langchain_core.messages.ai import UsageMetadata, add_usage
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult
from langchain_core.runnables.config import get_executor_for_config

from langchain_unified.attempts import Attempts
from langchain_unified.cost import cost_usd
from langchain_unified.errors import MalformedResponseError
from langchain_unified.finish import ALWAYS_SAY, normalise
from langchain_unified.reliability.closing import Owned, owned
from langchain_unified.reliability.exchange import Exchange, taken, too_late
from langchain_unified.reliability.limits import limits
from langchain_unified.shims import ProviderShim
from langchain_unified.stopping import StopCutter, cut_message
from langchain_unified.types import CallPlan

_GRACE = 0.1
"""Seconds for the HTTP library to notice first: cancelled in a TLS handshake, httpcore
1.0.9 leaves the socket open (read 2026-11-23)."""

_NEVER = "attempts end by returning or raising"
Answer = TypeVar("Answer")
RECORD = "unified"
"""The key of the record in `response_metadata`."""

COST = "cost_usd"
"""The key of the cost in the record."""


Connect = Callable[[CallPlan], ProviderShim]
"""Returns the shim a plan is sent with."""


def generate(
    attempts: Attempts, connect: Connect, messages: list[BaseMessage]
) -> ChatResult:
    """Send the plan and return the whole answer; try again where it is worth it."""
    for attempt in attempts:
        with attempt as plan:
            exchange = taken()
            with closing(exchange), exchange:
                result = _generate(plan, connect(plan), messages)
            attempts.paid(_cost(result.generations[0]))
            return _noted(result, exchange)
    raise AssertionError(_NEVER)


async def agenerate(
    attempts: Attempts, connect: Connect, messages: list[BaseMessage]
) -> ChatResult:
    """Send the plan and return the whole answer; try again where it is worth it."""
    for attempt in attempts:
        async with attempt as plan:
            exchange = taken()
            async with aclosing(exchange):
                with exchange:
                    sending = _agenerate(plan, connect(plan), messages)
                    result = await in_time(sending, exchange.remaining())
            attempts.paid(_cost(result.generations[0]))
            return _noted(result, exchange)
    raise AssertionError(_NEVER)


def stream(
    attempts: Attempts, connect: Connect, messages: list[BaseMessage]
) -> Iterator[ChatGenerationChunk]:
    """Send the plan and yield the answer in pieces; try again before the first."""
    for attempt in attempts:
        with attempt as plan:
            exchange, opening = taken(), Opening()
            with closing(exchange), exchange:
                pieces = _stream(plan, connect(plan), messages)
            with closing(exchange), closing(pieces):
                for piece in _watched(pieces, exchange):
                    attempts.paid(_cost(piece))
                    for one in opening.passed(piece):
                        attempt.commit()
                        yield one
                yield from opening.rest()
            return


async def astream(
    attempts: Attempts, connect: Connect, messages: list[BaseMessage]
) -> AsyncGenerator[ChatGenerationChunk, None]:
    """Send the plan and yield the answer in pieces; try again before the first."""
    for attempt in attempts:
        async with attempt as plan:
            exchange, opening = taken(), Opening()
            with exchange:
                given = _astream(plan, connect(plan), messages)
            async with aclosing(exchange), owned(given) as pieces:
                async for piece in _awatched(pieces, exchange):
                    attempts.paid(_cost(piece))
                    for one in opening.passed(piece):
                        attempt.commit()
                        yield one
                for one in opening.rest():
                    yield one
            return


def _watched(
    pieces: Generator[ChatGenerationChunk], exchange: Exchange
) -> Iterator[ChatGenerationChunk]:
    """Yield pieces within the deadline; what comes between belongs to the caller."""
    while True:
        with exchange:
            piece = next(pieces, None)
        if piece is None:
            return
        exchange.check()
        yield _signed(piece, exchange)


async def _awatched(
    pieces: Owned[ChatGenerationChunk], exchange: Exchange
) -> AsyncIterator[ChatGenerationChunk]:
    """Yield pieces within the deadline; what comes between belongs to the caller."""
    while True:
        with exchange:
            wait = exchange.patience(streamed=True)
            piece = await in_time(_next(pieces), wait)
        if piece is None:
            return
        yield _signed(piece, exchange)


async def _next(
    pieces: Owned[ChatGenerationChunk],
) -> ChatGenerationChunk | None:
    try:
        return await pieces.__anext__()
    except StopAsyncIteration:
        return None


async def in_time(sending: Awaitable[Answer], seconds: float | None) -> Answer:
    """Wait for an answer.

    Args:
        sending: What gives it.
        seconds: Most seconds to wait; `None` for no limit.

    Raises:
        ProviderTimeoutError: If it does not come in time.
    """
    if seconds is None:
        return await sending
    try:
        with anyio.fail_after(seconds + _GRACE):
            return await sending
    except TimeoutError as error:
        raise too_late() from error


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
    async with owned(shim.astream(plan, messages)) as chunks:
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
        self._priced = False
        self._usages: list[Mapping[str, Any]] = []
        self._calls = False
        self._ended = self._spoke = False
        self._cutter = StopCutter(plan.stop) if plan.stop else None

    @property
    def done(self) -> bool:
        """Whether a stop string ended the answer."""
        return self._cutter is not None and self._cutter.done

    def feed(self, chunk: ChatGenerationChunk) -> ChatGenerationChunk:
        """Return what can be passed on of a piece."""
        message = chunk.message
        if not self._recorded:
            self._recorded = True
            message.response_metadata[RECORD] = self._plan.record()
        self._spoke = self._spoke or says_something(chunk)
        self._calls = self._calls or bool(getattr(message, "tool_call_chunks", None))
        reason = normalise(message, chunk.generation_info, calls=self._calls)
        self._ended = self._ended or reason is not None
        if isinstance(message, AIMessageChunk) and message.usage_metadata:
            self._usages.append(message.usage_metadata)
        fed = chunk if self._cutter is None else self._cutter.feed(chunk)
        return self._with_cost(fed)

    def _with_cost(self, chunk: ChatGenerationChunk) -> ChatGenerationChunk:
        """Put the cost on the last piece; pieces merge, so it is on no other."""
        message = chunk.message
        if not self._priced and getattr(message, "chunk_position", None) == "last":
            self._priced = True
            known = message.response_metadata.get(RECORD, {})
            cost = cost_usd(self._plan.config, self._usage())
            message.response_metadata[RECORD] = {**known, COST: cost}
        return chunk

    def _usage(self) -> Mapping[str, Any] | None:
        """Return what the pieces count together."""
        return _summed(self._usages) if self._usages else None

    def rest(self) -> Iterator[ChatGenerationChunk]:
        """Yield text held back because it could have begun a stop string.

        Raises:
            MalformedResponseError: If the stream broke off, or said nothing at all.
        """
        if self._cutter is not None:
            yield from map(self._with_cost, self._cutter.rest())
        if self._usages and not self._priced:
            last = AIMessageChunk(content="", chunk_position="last")
            yield self._with_cost(ChatGenerationChunk(message=last))
        if self.done or self._ended:
            return
        if self._plan.provider in ALWAYS_SAY or not self._spoke:
            message = "The stream ended before the answer was complete."
            raise MalformedResponseError(message)


class Opening:
    """Holds the pieces before the first token back, so that a retry shows nothing."""

    def __init__(self) -> None:
        """Start before the first piece."""
        self._held: list[ChatGenerationChunk] = []
        self._open = False

    def passed(self, piece: ChatGenerationChunk) -> list[ChatGenerationChunk]:
        """Return the pieces that can go on now."""
        if self._open:
            return [piece]
        self._held.append(piece)
        if not says_something(piece) and len(self._held) <= limits().quiet_pieces:
            return []
        self._open = True
        held, self._held = self._held, []
        return held

    def rest(self) -> list[ChatGenerationChunk]:
        """Return the pieces of an answer that said nothing."""
        held, self._held = self._held, []
        return held


def says_something(piece: ChatGenerationChunk) -> bool:
    """Tell whether a piece carries a part of the answer."""
    message = piece.message
    if not isinstance(message, AIMessageChunk):
        return True
    return bool(
        message.content or message.tool_call_chunks or message.additional_kwargs
    )


def _signed(piece: ChatGenerationChunk, exchange: Exchange) -> ChatGenerationChunk:
    """Put on the record what was tried before."""
    if exchange.failed:
        record = piece.message.response_metadata.get(RECORD)
        if record is not None and "model" in record:
            record["failed"] = list(exchange.failed)
    return piece


def _noted(result: ChatResult, exchange: Exchange) -> ChatResult:
    if exchange.failed:
        for generation in result.generations:
            record = generation.message.response_metadata[RECORD]
            record["failed"] = list(exchange.failed)
    return result


def _finished(plan: CallPlan, results: list[ChatResult]) -> ChatResult:
    result = results[0] if len(results) == 1 else _merged(results)
    if not result.generations:
        message = "The answer holds no choices."
        raise MalformedResponseError(message)
    record = {**plan.record(), COST: cost_usd(plan.config, _usage(result))}
    for generation in result.generations:
        ended = normalise(generation.message, generation.generation_info)
        if ended is None and _must_say(plan, generation.message):
            message = "The answer holds no candidates."
            raise MalformedResponseError(message)
        if plan.stop:
            cut_message(generation, plan.stop)
        generation.message.response_metadata[RECORD] = record
    return result


def _must_say(plan: CallPlan, message: BaseMessage) -> bool:
    empty = not (message.content or message.additional_kwargs)
    return plan.provider in ALWAYS_SAY and empty and not _calls(message)


def _calls(message: BaseMessage) -> bool:
    return isinstance(message, AIMessage) and bool(message.tool_calls)


def _usage(result: ChatResult) -> Mapping[str, Any] | None:
    """Return the token counts of all answers; each carries those of the whole."""
    return _counts(getattr(result.generations[0].message, "usage_metadata", None))


def _counts(usage: UsageMetadata | None) -> Mapping[str, Any] | None:
    return None if usage is None else {**usage}


def _cost(generation: ChatGeneration) -> float | None:
    record = generation.message.response_metadata.get(RECORD) or {}
    found: float | None = record.get(COST)
    return found


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


def _summed(usages: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    totals: dict[str, Any] = {}
    for usage in usages:
        _add(totals, usage)
    return totals


def _add(totals: dict[str, Any], usage: Mapping[str, Any]) -> None:
    for key, value in usage.items():
        if isinstance(value, (int, float)):
            totals[key] = totals.get(key, 0) + value
        elif isinstance(value, dict):
            _add(totals.setdefault(key, {}), value)


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
