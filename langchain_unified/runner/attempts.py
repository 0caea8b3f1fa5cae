"""Trying a call: plan, send, learn from a refusal, wait, try again, try another model.

An attempt is a context manager around one sending. It swallows an error after which
another attempt is worth making, and the loop goes on; any other error passes.

```python
for attempt in attempts:
    with attempt as plan:
        return attempt.shim.generate(plan, messages)
```
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import repeat
from types import TracebackType
from typing import Any

from langchain_unified.errors import ProviderError, UnifiedError
from langchain_unified.reliability.budget import Place
from langchain_unified.reliability.exchange import Exchange, too_late
from langchain_unified.runner.fallbacks import has_no_room, moves_on
from langchain_unified.runner.route import MakePlan, Route, Work
from langchain_unified.runner.spending import Spending
from langchain_unified.shims.base import ProviderShim
from langchain_unified.transport.secrets import conceal
from langchain_unified.types import CallPlan

_PAUSE = 0.005
_SHORTEST = 0.001


class Attempts:
    """The attempts at one call, one after the other.

    Args:
        make_plan: Plans the call.
        work: What each attempt needs.
        fallbacks: Plan the call for the models to try next.
        elsewhere: Plans the call for the service tier to move to if the provider has
            no room at the one asked for; `None` to stay there.
        spending: What the call may spend; no limit if left out.

    Attributes:
        route: The model being tried.
        shim: What the plan of this attempt is sent with.
        exchange: The request of this attempt, as the transport sees it.
        spending: What the call may spend; `None` for no limit.
        failed: The models given up, and why.
    """

    __slots__ = (
        "_committed",
        "_elsewhere",
        "_first",
        "_further",
        "_guarded",
        "_others",
        "_place",
        "_work",
        "exchange",
        "failed",
        "route",
        "shim",
        "spending",
    )

    shim: ProviderShim
    exchange: Exchange

    def __init__(
        self,
        make_plan: MakePlan,
        work: Work,
        *,
        fallbacks: Sequence[MakePlan] = (),
        elsewhere: MakePlan | None = None,
        spending: Spending | None = None,
    ) -> None:
        """Start before the first attempt."""
        self._work, guards = work, work.safeguards
        self._guarded = (guards.breaker, guards.max_concurrency) != (None, None)
        self.failed: list[dict[str, Any]] = []
        self.route, self.spending = Route(make_plan, work), spending
        self._others = list(fallbacks)
        self._elsewhere = elsewhere
        self._first: UnifiedError | None = None
        self._place: Place | None = None
        self._further = self._committed = False

    def __iter__(self) -> Iterator[Attempts]:
        """Yield attempts until one succeeds; the caller returns from inside."""
        return repeat(self)

    def commit(self) -> None:
        """Say that the caller has a part of the answer; nothing is tried again."""
        if not self._committed:
            self._committed = True
            self.route.accepted()

    def __enter__(self) -> CallPlan:
        """Plan for the first model that can be tried; wait until it may be sent.

        Raises:
            UnifiedError: If no model can be tried.
        """
        while True:
            try:
                plan = self.route.plan()
                if self._guarded or self._further or self.route.at_gate:
                    self._wait(plan)
                return self._to_be_sent(plan)
            except UnifiedError as error:  # noqa: PERF203 - one round is usual
                self._abandon()
                self._pass_over(error)
            except BaseException:
                self._abandon()
                raise

    async def __aenter__(self) -> CallPlan:
        """Plan for the first model that can be tried; wait until it may be sent.

        Raises:
            UnifiedError: If no model can be tried.
        """
        while True:
            try:
                plan = self.route.plan()
                if self._guarded or self._further or self.route.at_gate:
                    await self._await(plan)
                return self._to_be_sent(plan)
            except UnifiedError as error:  # noqa: PERF203 - one round is usual
                self._abandon()
                self._pass_over(error)
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

    def _wait(self, plan: CallPlan) -> None:
        for seconds in self._waits():
            time.sleep(seconds)
        limiter = self._work.safeguards.rate_limiter
        if self._further and limiter is not None:
            limiter.acquire(blocking=True)  # LangChain asks for the first attempt.
        budget = self._work.safeguards.budget(plan, self.route.scope)
        if budget is not None:
            self._place = budget.enter(self.route.patience())

    async def _await(self, plan: CallPlan) -> None:
        for seconds in self._waits():
            await asyncio.sleep(seconds)
        limiter = self._work.safeguards.rate_limiter
        if self._further and limiter is not None:
            await limiter.aacquire(blocking=True)
        budget = self._work.safeguards.budget(plan, self.route.scope)
        if budget is not None:
            self._place = await budget.aenter(self.route.patience())

    def _waits(self) -> Iterator[float]:
        """Yield pauses until the breaker and the gate of the model let the call pass.

        Raises:
            CircuitOpenError: If the breaker stays open for longer than the call may
                wait, or there is another model to try.
        """
        route, last = self.route, not self._others
        while (wait := route.circuit_wait(last=last)) > 0:
            yield wait
        until = time.monotonic() + route.gate_patience()
        while not route.enter_gate() and time.monotonic() < until:
            yield _PAUSE

    def _to_be_sent(self, plan: CallPlan) -> CallPlan:
        """Return the plan as it is sent: one attempt, in the time that is left.

        Raises:
            BudgetExceededError: If the budget does not allow it.
            ProviderTimeoutError: If no time is left.
        """
        route, guards = self.route, self._work.safeguards
        if route.has_waited:
            plan = route.plan()
        if self.spending is not None:
            self.spending.reserve(plan)
        remaining = None if self._work.deadline is None else route.remaining()
        if remaining is not None and remaining <= 0:
            raise too_late()
        pause = guards.native_pause if plan.route == "native" else guards.pause
        self.shim = route.shim
        self.exchange = Exchange(remaining, pause or None, self.failed, guards.runtime)
        if remaining is None:
            return plan.single
        return replace(plan, max_retries=0, timeout=_sooner(plan.timeout, remaining))

    def _wait_after(self, error: BaseException | None) -> float | None:
        """Release all guards and return the wait before another attempt."""
        place, self._place = self._place, None
        if place is not None:
            place.release()
        if error is not None:
            conceal(error)
        if isinstance(error, UnifiedError):
            self.route.describe(error, alone=not self._others)
        if self.spending is not None:
            self.spending.settle(error, answered=self._committed)
        if error is None or self._committed:
            self.route.finish(error)
            return None
        self._further = True
        wait = self._worth_waiting(error)
        if wait is None and isinstance(error, UnifiedError):
            verdict = self._verdict(error)
            if verdict is not error:
                raise verdict from error
        return wait

    def _worth_waiting(self, error: BaseException) -> float | None:
        """Return the seconds to wait before another attempt; `None` for none."""
        if isinstance(error, ProviderError):
            if self._changed_tier(error) or self.route.learn(error):
                return 0.0
            wait = self.route.wait_after(error)
            if wait is not None:
                return wait
        self.route.finish(error)
        if not isinstance(error, UnifiedError):
            return None
        return 0.0 if self._moved_on(error) else None

    def _changed_tier(self, error: ProviderError) -> bool:
        """Move to another service tier if there is no room and the user allows it."""
        make_plan = self._elsewhere
        if make_plan is None or not has_no_room(error):
            return False
        self.failed.append(self.route.report(error))
        self._elsewhere = None
        self.route.move(make_plan)
        return True

    def _abandon(self) -> None:
        """Release the guards of a call that was not sent."""
        place, self._place = self._place, None
        if place is not None:
            place.release()
        self.route.abandon()

    def _pass_over(self, error: UnifiedError) -> None:
        """Move to the next model, or raise the error of the call."""
        self.route.describe(error, alone=not self._others)
        if not self._moved_on(error):
            raise self._verdict(error) from error.__cause__

    def _moved_on(self, error: UnifiedError) -> bool:
        """Move to the next model, if there is one and it may do better."""
        tried_others = bool(self.failed)
        if not (self._others or tried_others):
            return False
        if not moves_on(error, first=not tried_others):
            return False
        self.failed.append(self.route.report(error))
        self._first = self._first or error
        if not self._others:
            return False
        self.route = Route(self._others.pop(0), self._work)
        return True

    def _verdict(self, error: UnifiedError) -> UnifiedError:
        """Return the error of the call: what the model asked for ran into."""
        first = self._first or error
        if isinstance(first, ProviderError):
            first.failed = tuple(self.failed)
        return first


def _sooner(allowed: Any, remaining: float) -> float:
    """Return how long to wait for the server: as allowed, within the deadline."""
    is_number = isinstance(allowed, (int, float))
    return max(min(allowed, remaining) if is_number else remaining, _SHORTEST)
