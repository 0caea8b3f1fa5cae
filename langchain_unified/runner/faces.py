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
    Generator,
    Iterator,
)
from contextlib import aclosing, closing
from typing import TypeVar

import anyio
from langchain_core.messages import BaseMessage
from langchain_core.outputs import ChatGenerationChunk, ChatResult
from langchain_core.runnables.config import get_executor_for_config

from langchain_unified.answers.parsed import put_parsed
from langchain_unified.answers.pieces import Opening, Pieces, signed
from langchain_unified.answers.whole import (
    cost_of,
    finished,
    in_one_piece,
    noted,
)
from langchain_unified.reliability.closing import Owned, owned
from langchain_unified.reliability.exchange import Exchange, too_late
from langchain_unified.runner.attempts import Attempts
from langchain_unified.shims.base import ProviderShim
from langchain_unified.types import CallPlan

_GRACE = 0.1
"""Seconds for the HTTP library to notice first: cancelled in a TLS handshake, httpcore
1.0.9 leaves the socket open (read 2026-11-23)."""

_NEVER = "attempts end by returning or raising"
Answer = TypeVar("Answer")


def generate(attempts: Attempts, messages: list[BaseMessage]) -> ChatResult:
    """Send the plan and return the whole answer; try again where it is worth it."""
    for attempt in attempts:
        with attempt as plan:
            exchange = attempt.exchange
            with closing(exchange), exchange:
                result = _generate(plan, attempt.shim, messages)
            return _settled(attempt, plan, result)
    raise AssertionError(_NEVER)


async def agenerate(attempts: Attempts, messages: list[BaseMessage]) -> ChatResult:
    """Send the plan and return the whole answer; try again where it is worth it."""
    for attempt in attempts:
        async with attempt as plan:
            exchange = attempt.exchange
            async with aclosing(exchange):
                with exchange:
                    sending = _agenerate(plan, attempt.shim, messages)
                    result = await in_time(sending, exchange.remaining())
            return _settled(attempt, plan, result)
    raise AssertionError(_NEVER)


def _settled(attempt: Attempts, plan: CallPlan, result: ChatResult) -> ChatResult:
    """Pay for an answer; put on it what only a whole one has.

    Raises:
        pydantic.ValidationError: If it does not fit the class given for it.
    """
    if attempt.spending is not None:
        attempt.spending.paid(cost_of(result.generations[0]))
    if plan.has_form:
        put_parsed(plan, result, attempt.exchange)
    return noted(result, attempt.exchange) if attempt.failed else result


def stream(
    attempts: Attempts, messages: list[BaseMessage]
) -> Iterator[ChatGenerationChunk]:
    """Send the plan and yield the answer in pieces; try again before the first."""
    for attempt in attempts:
        with attempt as plan:
            exchange, opening = attempt.exchange, Opening()
            spending = attempt.spending
            with closing(exchange), exchange:
                pieces = _stream(plan, attempt.shim, messages)
            with closing(exchange), closing(pieces):
                for piece in _watched(pieces, exchange):
                    if spending is not None and (cost := cost_of(piece)) is not None:
                        spending.paid(cost)
                    if opening.is_open:
                        yield piece
                        continue
                    for one in opening.passed(piece):
                        attempt.commit()
                        yield one
                yield from opening.rest()
            return


async def astream(
    attempts: Attempts, messages: list[BaseMessage]
) -> AsyncGenerator[ChatGenerationChunk, None]:
    """Send the plan and yield the answer in pieces; try again before the first."""
    for attempt in attempts:
        async with attempt as plan:
            exchange, opening = attempt.exchange, Opening()
            spending = attempt.spending
            with exchange:
                given = _astream(plan, attempt.shim, messages)
            async with aclosing(exchange), owned(given) as pieces:
                native = plan.route == "native"
                async for piece in _awatched(pieces, exchange, native=native):
                    if spending is not None and (cost := cost_of(piece)) is not None:
                        spending.paid(cost)
                    if opening.is_open:
                        yield piece
                        continue
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
    with exchange:
        piece = next(pieces, None)  # The request is sent, in the current exchange.
    limited = exchange.remaining() is not None
    while piece is not None:
        if limited:
            exchange.check()
        yield signed(piece, exchange) if exchange.failed else piece
        try:
            piece = next(pieces, None)
        except Exception as error:
            exchange.explain(error)
            raise


async def _awatched(
    pieces: Owned[ChatGenerationChunk], exchange: Exchange, *, native: bool
) -> AsyncIterator[ChatGenerationChunk]:
    """Yield pieces within the deadline; what comes between belongs to the caller."""
    while True:
        with exchange:
            # OpenAI's streams watch the silence between events themselves.
            wait = exchange.patience(streamed=native)
            piece = await in_time(_next(pieces), wait)
        if piece is None:
            return
        yield signed(piece, exchange) if exchange.failed else piece


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
        return finished(plan, [shim.generate(plan, messages)])
    with get_executor_for_config({"max_concurrency": plan.calls}) as executor:
        sent = [
            executor.submit(shim.generate, plan, messages) for _ in range(plan.calls)
        ]
        return finished(plan, [future.result() for future in sent])


async def _agenerate(
    plan: CallPlan, shim: ProviderShim, messages: list[BaseMessage]
) -> ChatResult:
    if plan.calls == 1:
        return finished(plan, [await shim.agenerate(plan, messages)])
    sent = (shim.agenerate(plan, messages) for _ in range(plan.calls))
    return finished(plan, await asyncio.gather(*sent))


def _stream(
    plan: CallPlan, shim: ProviderShim, messages: list[BaseMessage]
) -> Generator[ChatGenerationChunk]:
    if not plan.stream:
        yield in_one_piece(_generate(plan, shim, messages))
        return
    pieces = Pieces(plan)
    with closing(shim.stream(plan, messages)) as chunks:
        for chunk in chunks:
            yield pieces.feed(chunk)
            if plan.stop and pieces.done:
                break
    yield from pieces.rest()


async def _astream(
    plan: CallPlan, shim: ProviderShim, messages: list[BaseMessage]
) -> AsyncGenerator[ChatGenerationChunk]:
    if not plan.stream:
        yield in_one_piece(await _agenerate(plan, shim, messages))
        return
    pieces = Pieces(plan)
    async with owned(shim.astream(plan, messages)) as chunks:
        async for chunk in chunks:
            yield pieces.feed(chunk)
            if plan.stop and pieces.done:
                break
    for piece in pieces.rest():
        yield piece
