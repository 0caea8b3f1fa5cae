"""One sending of a call, as a context manager that gives the plan."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace
from types import TracebackType
from typing import TYPE_CHECKING, Any

from langchain_unified.errors import ProviderError, UnifiedError
from langchain_unified.reliability.breaker import Circuit
from langchain_unified.reliability.budget import Budget
from langchain_unified.reliability.exchange import Exchange, offer, too_late
from langchain_unified.reliability.gates import Gate, gate_of
from langchain_unified.types import CallPlan

if TYPE_CHECKING:
    from langchain_unified.attempts import Attempts

_PAUSE = 0.005
_SHORTEST = 0.001


class Attempt:
    """One sending of a call, as a context manager that gives the plan."""

    def __init__(self, attempts: Attempts, *, further: bool = False) -> None:
        """Belong to a call."""
        self._attempts, self._further = attempts, further
        self._gate: Gate | None = None
        self._circuit: Circuit | None = None
        self._budget: Budget | None = None
        self._committed = False

    def commit(self) -> None:
        """Say that the caller has a part of the answer; nothing is tried again."""
        if not self._committed:
            self._committed = True
            self._leave(settled=True)

    def __enter__(self) -> CallPlan:
        """Plan, and wait until the request may be sent."""
        while True:
            plan, self._circuit = self._attempts.admitted()
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
            plan, self._circuit = self._attempts.admitted()
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
        waited = self._approach(plan)
        while self._must_wait(waited):
            time.sleep(_PAUSE)
        limiter, budget = self._limits(plan)
        if limiter is not None:
            limiter.acquire(blocking=True)
        if budget is not None:
            budget.acquire(self._attempts.route.remaining())
            self._budget = budget
        return self._sent(plan, waited)

    async def _aentered(self, plan: CallPlan) -> CallPlan:
        waited = self._approach(plan)
        while self._must_wait(waited):  # noqa: ASYNC110 - loops and threads share it
            await asyncio.sleep(_PAUSE)
        limiter, budget = self._limits(plan)
        if limiter is not None:
            await limiter.aacquire(blocking=True)
        if budget is not None:
            await budget.aacquire(self._attempts.route.remaining())
            self._budget = budget
        return self._sent(plan, waited)

    def _approach(self, plan: CallPlan) -> Gate | None:
        self._gate = gate_of(plan.config, self._attempts.base_url(plan.provider))
        return self._gate

    def _must_wait(self, gate: Gate | None) -> bool:
        return gate is not None and not gate.enter(self) and gate.open_in() > 0

    def _limits(self, plan: CallPlan) -> tuple[Any, Budget | None]:
        """Return what to ask before sending; LangChain asks for the first attempt."""
        guards = self._attempts.safeguards
        return guards.rate_limiter if self._further else None, guards.budget(plan)

    def _sent(self, plan: CallPlan, waited: Gate | None) -> CallPlan:
        """Return the plan as it is sent: one attempt, in the time that is left."""
        if waited is not None:
            plan = self._attempts.plan()
        route, guards = self._attempts.route, self._attempts.safeguards
        remaining = route.remaining()
        offer(Exchange(remaining, guards.pause_of(plan), self._attempts.failed))
        if remaining is None:
            return plan.single()
        if remaining <= 0:
            raise too_late()
        return replace(plan, max_retries=0, timeout=max(remaining, _SHORTEST))

    def _wait_after(self, error: BaseException | None) -> float | None:
        """Put everything in its place; return the wait before another attempt."""
        self._leave(settled=error is None)
        self._release()
        self._judge(error)
        if error is None or self._committed:
            return None
        wait = self._attempts.wait_after(error, self._circuit)
        if wait is None and isinstance(error, UnifiedError):
            verdict = self._attempts.verdict(error)
            if verdict is not error:
                raise verdict from error
        return wait

    def _judge(self, error: BaseException | None) -> None:
        """Tell the breakers how it went."""
        if isinstance(error, UnifiedError):
            self._attempts.route.describe(error)
        if self._circuit is None:
            return
        if error is None:
            self._circuit.succeeded()
        elif isinstance(error, ProviderError):
            self._circuit.failed(error)
        else:
            self._circuit.release()

    def _abandon(self) -> None:
        self._leave(settled=False)
        self._release()
        if self._circuit is not None:
            self._circuit.release()

    def _leave(self, *, settled: bool) -> None:
        if self._gate is not None:
            self._gate.leave(self, settled=settled)

    def _release(self) -> None:
        budget, self._budget = self._budget, None
        if budget is not None:
            budget.release()
