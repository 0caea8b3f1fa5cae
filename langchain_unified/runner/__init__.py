"""A call carried out: the attempts at it, within budget, deadline and guards.

`Runner` lines up the attempts; `generate`, `agenerate`, `stream` and `astream` make
them. The four faces start from the same plan and share every step but the sending.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import (
    AsyncGenerator,
    AsyncIterator,
    Awaitable,
    Generator,
    Iterator,
    Mapping,
    Sequence,
)
from contextlib import aclosing, closing
from functools import partial
from typing import Any, TypeVar

import anyio
from langchain_core.messages import AIMessage, BaseMessage
from langchain_core.outputs import ChatGenerationChunk, ChatResult
from langchain_core.runnables.config import get_executor_for_config

from langchain_unified.answers.parsed import put_parsed
from langchain_unified.answers.pieces import Opening, Pieces
from langchain_unified.answers.whole import (
    cost_of,
    finished,
    in_one_piece,
    note_tried,
)
from langchain_unified.cost import Purse
from langchain_unified.errors import InvalidParameterError
from langchain_unified.reliability import BreakerSettings
from langchain_unified.reliability.closing import Owned, owned
from langchain_unified.reliability.exchange import Exchange, too_late
from langchain_unified.reliability.safeguards import Safeguards, check_concurrency
from langchain_unified.runner.attempts import Attempts
from langchain_unified.runner.fallbacks import at_other_tier, read_fallbacks
from langchain_unified.runner.planning import Planning
from langchain_unified.runner.refusals import carried_by
from langchain_unified.runner.spending import Spending
from langchain_unified.runner.work import Finish, MakePlan, Work
from langchain_unified.runtime import Bounded, Runtime
from langchain_unified.settings.environment import CHUNK_TIMEOUT, seconds_from_env
from langchain_unified.shims.base import ProviderShim
from langchain_unified.types import CallPlan, Invocation

_LOG = logging.getLogger("langchain_unified")

_GRACE = 0.1
"""Seconds for the HTTP library to notice first: cancelled in a TLS handshake, httpcore
1.0.9 leaves the socket open (read 2026-11-23)."""

Answer = TypeVar("Answer")


class _Logged(Bounded[tuple[str, str, str], object]):
    """Changes that were logged, by provider, model and parameter."""


class Runner:
    """Carries out the calls of one chat model.

    Args:
        fields: The model's fields by name.
        planning: Plans the model's calls.
        purse: What the model has spent.

    Raises:
        InvalidParameterError: If a field that guards the calls has a wrong value.

    Attributes:
        planning: Plans the model's calls.
    """

    def __init__(
        self, fields: Mapping[str, Any], planning: Planning, purse: Purse
    ) -> None:
        """Read what guards the calls."""
        self._fields, self.planning, self._purse = fields, planning, purse
        pause = fields["stream_chunk_timeout"]
        self._safeguards = Safeguards(
            BreakerSettings.read(fields.get("circuit_breaker")),
            check_concurrency(fields["max_concurrency"]),
            pause,
            None if pause == seconds_from_env(*CHUNK_TIMEOUT) else pause,
            fields.get("rate_limiter"),
            planning.wiring.runtime,
        )
        self._told: tuple[CallPlan, ProviderShim] | None = None
        self._fallbacks = read_fallbacks(fields["fallbacks"])

    def asked(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None,
        kwargs: dict[str, Any],
        *,
        stream: bool,
        finish: Finish | None = None,
    ) -> tuple[Attempts, list[BaseMessage]]:
        """Return the attempts at a call, and the messages they send.

        The call is planned at each attempt, with what is known by then.
        """
        planning = self.planning
        if self._fields["use_previous_response_id"]:
            messages, kwargs = _unseen(messages, kwargs)
        read = planning.calls.again(stop, kwargs, last=True)
        call = planning.invocation(messages, read, stream=stream)
        if not (messages or planning.known(call.model).is_elsewhere):
            raise InvalidParameterError("messages", messages, "give at least one.")
        plans = [partial(planning.attempt, read, call)]
        for one in self._fallbacks:
            read = planning.calls.read(stop, {**kwargs, **one})
            other = planning.invocation(messages, read, stream=stream)
            plans.append(partial(planning.attempt, read, other))
        work = Work(
            self.shim,
            lambda plan: planning.scope(plan.config.connection, call),
            planning.lessons,
            lambda: carried_by(messages, call, kwargs),
            self._safeguards,
            call.deadline,
            finish,
        )
        return self._attempts(plans, work, call, messages), messages

    def _attempts(
        self,
        plans: Sequence[MakePlan],
        work: Work,
        call: Invocation,
        messages: list[BaseMessage],
    ) -> Attempts:
        """Return the attempts at a call by plans for the models to try in turn."""
        first, *others = plans
        tier, budget = self._fields["service_tier_fallback"], self._fields["budget_usd"]
        elsewhere = tier and at_other_tier(call, tier, self.planning.plan)
        spending = None
        if budget is not None:
            spending = Spending(self._purse, budget, call, messages)
        return Attempts(first, work, others, elsewhere, spending)

    def shim(self, plan: CallPlan) -> ProviderShim:
        """Return the shim a plan is sent with; log what the plan changes."""
        told = self._told
        if told is not None and told[0] is plan:
            return told[1]
        wiring = self.planning.wiring
        if plan.changes and plan.on_unsupported != "ignore":
            _log(plan, wiring.runtime)
        if told is None or plan.config is not told[0].config:
            wiring.registry.warn_of_shutdown(plan.config, wiring.runtime)
        shim = wiring.shim(plan)
        self._told = plan, shim
        return shim


def _log(planned: CallPlan, kept: Runtime) -> None:
    """Warn once per model and parameter about what was dropped or clamped."""
    for change in planned.changes:
        if change.kind not in {"dropped", "clamped"}:
            continue
        key = (planned.provider, planned.model, change.parameter)
        if kept[_Logged].add(key, key):
            _LOG.warning(
                "%s: %s=%r %s: %s",
                planned.model,
                change.parameter,
                change.requested,
                change.kind,
                change.reason,
            )


def _unseen(
    messages: list[BaseMessage], kwargs: dict[str, Any]
) -> tuple[list[BaseMessage], dict[str, Any]]:
    """Return what follows the last stored response, and the keywords to say so."""
    for at in range(len(messages) - 1, -1, -1):
        name = messages[at].response_metadata.get("id")
        if isinstance(messages[at], AIMessage) and str(name).startswith("resp_"):
            return messages[at + 1 :], {**kwargs, "previous_response_id": name}
    return messages, kwargs


def generate(attempts: Attempts, messages: list[BaseMessage]) -> ChatResult:
    """Send the plan and return the whole answer; try again where it is worth it."""
    while True:
        with attempts as plan:
            with closing(attempts.exchange) as exchange, exchange:
                result = _generate(plan, attempts.shim, messages)
            return _settled(attempts, plan, result)


async def agenerate(attempts: Attempts, messages: list[BaseMessage]) -> ChatResult:
    """Send the plan and return the whole answer; try again where it is worth it."""
    while True:
        async with attempts as plan:
            exchange = attempts.exchange
            async with aclosing(exchange):
                with exchange:
                    sending = _agenerate(plan, attempts.shim, messages)
                    result = await in_time(sending, exchange.remaining())
            return _settled(attempts, plan, result)


def _settled(attempts: Attempts, plan: CallPlan, result: ChatResult) -> ChatResult:
    """Pay for an answer; put on it what only a whole one has.

    Raises:
        pydantic.ValidationError: If it does not fit the class given for it.
    """
    if attempts.spending is not None:
        attempts.spending.paid(cost_of(result.generations[0]))
    if plan.has_form:
        put_parsed(plan, result, attempts.exchange)
    for generation in result.generations if attempts.tried else ():
        note_tried(generation, attempts.tried)
    return result


def stream(
    attempts: Attempts, messages: list[BaseMessage]
) -> Iterator[ChatGenerationChunk]:
    """Send the plan and yield the answer in pieces; try again before the first."""
    while True:
        with attempts as plan:
            exchange, opening = attempts.exchange, Opening()
            pieces = _stream(plan, attempts.shim, messages)
            with closing(exchange), closing(pieces):
                for piece in _watched(pieces, exchange):
                    if attempts.spending is not None:
                        attempts.spending.paid(cost_of(piece))
                    if opening.is_open:
                        yield piece
                    elif held := opening.passed(piece):
                        attempts.commit()
                        yield from held
                yield from opening.rest()
            return


async def astream(
    attempts: Attempts, messages: list[BaseMessage]
) -> AsyncGenerator[ChatGenerationChunk, None]:
    """Send the plan and yield the answer in pieces; try again before the first."""
    while True:
        async with attempts as plan:
            exchange, opening = attempts.exchange, Opening()
            given = _astream(plan, attempts.shim, messages)
            async with aclosing(exchange), owned(given) as pieces:
                native = plan.route == "native"
                async for piece in _awatched(pieces, exchange, native=native):
                    if attempts.spending is not None:
                        attempts.spending.paid(cost_of(piece))
                    if opening.is_open:
                        yield piece
                        continue
                    for one in opening.passed(piece):
                        attempts.commit()
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
    limited, tried = exchange.remaining() is not None, exchange.tried
    while piece is not None:
        if limited:
            exchange.check()
        yield note_tried(piece, tried) if tried else piece
        try:
            piece = next(pieces, None)
        except Exception as error:
            exchange.explain(error)
            raise


async def _awatched(
    pieces: Owned[ChatGenerationChunk], exchange: Exchange, *, native: bool
) -> AsyncIterator[ChatGenerationChunk]:
    """Yield pieces within the deadline; what comes between belongs to the caller."""
    tried = exchange.tried
    while True:
        with exchange:
            # OpenAI's streams watch the silence between events themselves.
            wait = exchange.patience(streamed=native)
            piece = await in_time(_next(pieces), wait)
        if piece is None:
            return
        yield note_tried(piece, tried) if tried else piece


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


FACES = {
    "generate": generate,
    "agenerate": agenerate,
    "stream": stream,
    "astream": astream,
}
"""The four ways to make the attempts at a call, by name."""
