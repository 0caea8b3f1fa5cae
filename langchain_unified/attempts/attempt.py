"""One sending of a call, as a context manager that gives the plan."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from dataclasses import replace
from types import TracebackType
from typing import TYPE_CHECKING, Any

from langchain_unified.errors import UnifiedError
from langchain_unified.reliability.budget import Place
from langchain_unified.reliability.exchange import Exchange, offer, too_late
from langchain_unified.types import CallPlan

if TYPE_CHECKING:
    from langchain_unified.attempts import Attempts

_PAUSE = 0.005
_SHORTEST = 0.001


def _sooner(allowed: Any, remaining: float) -> float:
    """Return how long to wait for the server: as allowed, within the deadline."""
    is_number = isinstance(allowed, (int, float))
    return max(min(allowed, remaining) if is_number else remaining, _SHORTEST)


class Attempt:
    """One sending of a call, as a context manager that gives the plan."""

    def __init__(self, attempts: Attempts, *, further: bool = False) -> None:
        """Belong to a call."""
        self._attempts, self._further = attempts, further
        self._place: Place | None = None
        self._committed = False

    def commit(self) -> None:
        """Say that the caller has a part of the answer; nothing is tried again."""
        if not self._committed:
            self._committed = True
            self._attempts.route.accepted()

    def __enter__(self) -> CallPlan:
        """Plan, and wait until the request may be sent."""
        while True:
            plan = self._attempts.plan()
            try:
                return self._entered(plan)
            except UnifiedError as error:
                self._abandon()
                self._attempts.pass_over(error)
            except BaseException:
                self._abandon()
                raise

    async def __aenter__(self) -> CallPlan:
        """Plan, and wait until the request may be sent."""
        while True:
            plan = self._attempts.plan()
            try:
                return await self._aentered(plan)
            except UnifiedError as error:
                self._abandon()
                self._attempts.pass_over(error)
            except BaseException:
                self._abandon()
                raise

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> bool:
        """Swallow an error after which another attempt is worth making."""
        wait = self._wait_after(error)
        if wait is None:
            return False
        time.sleep(wait)
        return True

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> bool:
        """Swallow an error after which another attempt is worth making."""
        wait = self._wait_after(error)
        if wait is None:
            return False
        await asyncio.sleep(wait)
        return True

    def _entered(self, plan: CallPlan) -> CallPlan:
        for seconds in self._waits():
            time.sleep(seconds)
        limiter, budget = self._limits(plan)
        if limiter is not None:
            limiter.acquire(blocking=True)
        if budget is not None:
            self._place = budget.enter(self._attempts.route.patience())
        return self._sent(plan)

    async def _aentered(self, plan: CallPlan) -> CallPlan:
        for seconds in self._waits():
            await asyncio.sleep(seconds)
        limiter, budget = self._limits(plan)
        if limiter is not None:
            await limiter.aacquire(blocking=True)
        if budget is not None:
            self._place = await budget.aenter(self._attempts.route.patience())
        return self._sent(plan)

    def _waits(self) -> Iterator[float]:
        """Yield pauses until the breaker and the gate of the model let the call pass.

        Raises:
            CircuitOpenError: If the breaker stays open for longer than the call may
                wait, or there is another model to try.
        """
        route = self._attempts.route
        last = self._attempts.is_last
        while (wait := route.circuit_wait(last=last)) > 0:
            yield wait
        until = time.monotonic() + route.gate_patience()
        while not route.enter_gate() and time.monotonic() < until:
            yield _PAUSE

    def _limits(self, plan: CallPlan) -> tuple[Any, Any]:
        """Return what to ask before sending; LangChain asks for the first attempt."""
        guards, route = self._attempts.safeguards, self._attempts.route
        limiter = guards.rate_limiter if self._further else None
        if guards.size(plan.provider) is None:
            return limiter, None
        return limiter, guards.budget(plan, route.scope())

    def _sent(self, plan: CallPlan) -> CallPlan:
        """Return the plan as it is sent: one attempt, in the time that is left."""
        route, guards = self._attempts.route, self._attempts.safeguards
        if route.has_waited:
            plan = self._attempts.plan()
        self._attempts.reserve(plan)
        remaining = route.remaining()
        if remaining is not None and remaining <= 0:
            raise too_late()
        offer(Exchange(remaining, guards.pause_of(plan), self._attempts.failed))
        if remaining is None:
            return plan.single()
        return replace(plan, max_retries=0, timeout=_sooner(plan.timeout, remaining))

    def _wait_after(self, error: BaseException | None) -> float | None:
        """Release all guards and return the wait before another attempt."""
        self._release()
        attempts = self._attempts
        if isinstance(error, UnifiedError):
            attempts.route.describe(error)
        attempts.settle(error, answered=self._committed)
        if error is None or self._committed:
            attempts.route.finish(error)
            return None
        wait = attempts.wait_after(error)
        if wait is None and isinstance(error, UnifiedError):
            verdict = attempts.verdict(error)
            if verdict is not error:
                raise verdict from error
        return wait

    def _abandon(self) -> None:
        self._release()
        self._attempts.route.abandon()

    def _release(self) -> None:
        place, self._place = self._place, None
        if place is not None:
            place.release()
