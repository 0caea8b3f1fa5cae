"""Trying a call: plan, send, learn from a refusal, wait, try again, try another model.

The attempts at a call are a context manager around each sending. It swallows an error
after which another attempt is worth making, and the loop goes on; any other error
passes.

```python
while True:
    with attempts as plan:
        return attempts.shim.generate(plan, messages)
```
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from types import TracebackType
from typing import Any

from langchain_unified.errors import ProviderError, UnifiedError
from langchain_unified.reliability.budget import Place
from langchain_unified.reliability.exchange import Exchange, too_late
from langchain_unified.reliability.gates import is_unsure
from langchain_unified.reliability.retry import DEFAULT_RETRIES, wait_before_retry
from langchain_unified.reliability.scope import Scope
from langchain_unified.runner.fallbacks import has_no_room, moves_on
from langchain_unified.runner.guards import Guards
from langchain_unified.runner.refusals import Refusals
from langchain_unified.runner.spending import Spending
from langchain_unified.runner.work import MakePlan, Work
from langchain_unified.shims.base import ProviderShim
from langchain_unified.transport.secrets import conceal
from langchain_unified.types import CallPlan

_REASON = 500
"""Most characters of an error that are kept on the message."""

_SHORTEST = 0.001
_NOT_SENT = BaseException("not sent")


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
        tried: What came of attempts before: under `failed` the models given up, under
            `retried` the failures after which the same model was asked again.
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
        "route",
        "shim",
        "spending",
        "tried",
    )

    shim: ProviderShim
    exchange: Exchange

    def __init__(
        self,
        make_plan: MakePlan,
        work: Work,
        fallbacks: Sequence[MakePlan] = (),
        elsewhere: MakePlan | None = None,
        spending: Spending | None = None,
    ) -> None:
        """Start before the first attempt."""
        self._work, guards = work, work.safeguards
        self._guarded = (guards.breaker, guards.max_concurrency) != (None, None)
        self.tried: dict[str, list[dict[str, Any]]] = {}
        self.route, self.spending = Route(make_plan, work), spending
        self._others, self._elsewhere = list(fallbacks), elsewhere
        self._first: UnifiedError | None = None
        self._place: Place | None = None
        self._further = self._committed = False

    def commit(self) -> None:
        """Say that the caller has a part of the answer; nothing is tried again."""
        if not self._committed:
            self._committed = True
            self.route.finish(None)

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
            except BaseException as error:  # noqa: BLE001, PERF203 - one round is usual
                self._pass_over(error)

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
            except BaseException as error:  # noqa: BLE001, PERF203 - one round is usual
                self._pass_over(error)

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
        for seconds in self.route.waits(plan, last=not self._others):
            time.sleep(seconds)
        limiter = self._work.safeguards.rate_limiter
        if self._further and limiter is not None:
            limiter.acquire(blocking=True)  # LangChain asks for the first attempt.
        budget = self._work.safeguards.budget(plan, self.route.scope)
        if budget is not None:
            self._place = budget.enter(self.route.patience())

    async def _await(self, plan: CallPlan) -> None:
        for seconds in self.route.waits(plan, last=not self._others):
            await asyncio.sleep(seconds)
        limiter = self._work.safeguards.rate_limiter
        if self._further and limiter is not None:
            await limiter.aacquire(blocking=True)
        budget = self._work.safeguards.budget(plan, self.route.scope)
        if budget is not None:
            self._place = await budget.aenter(self.route.patience())

    def _to_be_sent(self, plan: CallPlan) -> CallPlan:
        """Return the plan as it is sent: one attempt, in the time that is left."""
        route, guards = self.route, self._work.safeguards
        if route.has_waited:
            plan = route.plan()
        if self.spending is not None:
            self.spending.reserve(plan)
        remaining = None if self._work.deadline is None else route.remaining()
        pause = guards.native_pause if plan.route == "native" else guards.pause
        self.shim = route.shim
        self.exchange = Exchange(remaining, pause or None, self.tried, guards.runtime)
        return plan.single if remaining is None else _within(plan, remaining)

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
        return self._worth_waiting(error)

    def _worth_waiting(self, error: BaseException) -> float | None:
        """Return the seconds to wait before another attempt; `None` for none.

        Raises:
            UnifiedError: What the first model ran into, if others were tried.
        """
        if isinstance(error, ProviderError):
            if self._changed_tier(error) or self.route.learn(error):
                return 0.0
            wait = self.route.wait_after(error)
            if wait is not None:
                self._report("retried", error)
                return wait
        self.route.finish(error)
        if not isinstance(error, UnifiedError):
            return None
        if self._moved_on(error):
            return 0.0
        verdict = self._verdict(error)
        if verdict is not error:
            raise verdict from error
        return None

    def _changed_tier(self, error: ProviderError) -> bool:
        """Move to another service tier if there is no room and the user allows it."""
        make_plan = self._elsewhere
        if make_plan is None or not has_no_room(error):
            return False
        self._report("failed", error)
        self._elsewhere = None
        self.route.move(make_plan)
        return True

    def _pass_over(self, error: BaseException) -> None:
        """Move to the next model after an error before sending, or raise it."""
        place, self._place = self._place, None
        if place is not None:
            place.release()
        self.route.finish(_NOT_SENT)
        if not isinstance(error, UnifiedError):
            raise error
        self.route.describe(error, alone=not self._others)
        if not self._moved_on(error):
            raise self._verdict(error) from error.__cause__

    def _moved_on(self, error: UnifiedError) -> bool:
        """Move to the next model, if there is one and it may do better."""
        tried_others = "failed" in self.tried
        if not (self._others or tried_others):
            return False
        if not moves_on(error, first=not tried_others):
            return False
        self._report("failed", error)
        self._first = self._first or error
        if not self._others:
            return False
        self.route = Route(self._others.pop(0), self._work)
        return True

    def _verdict(self, error: UnifiedError) -> UnifiedError:
        """Return the error of the call: what the model asked for ran into."""
        first = self._first or error
        if isinstance(first, ProviderError):
            first.failed = tuple(self.tried.get("failed", ()))
        return first

    def _report(self, name: str, error: UnifiedError) -> None:
        self.tried.setdefault(name, []).append(self.route.report(error))


def _within(plan: CallPlan, remaining: float) -> CallPlan:
    """Return a plan without retries of the client, within the seconds that are left.

    Raises:
        ProviderTimeoutError: If none are.
    """
    if remaining <= 0:
        raise too_late()
    allowed = plan.timeout
    wait = min(allowed, remaining) if isinstance(allowed, (int, float)) else remaining
    return replace(plan, max_retries=0, timeout=max(wait, _SHORTEST))


class Route:
    """One model a call can be made with: planned again after each refusal.

    Args:
        make_plan: Plans the call for it.
        work: What each attempt at the call needs.

    Attributes:
        shim: What its plan is sent with.
        at_gate: Whether its rules may be unsure, so that others have to be waited for.
        has_waited: Whether something else may be known since it was planned.
    """

    shim: ProviderShim

    def __init__(self, make_plan: MakePlan, work: Work) -> None:
        """Start before the first plan."""
        self._make_plan, self._work = make_plan, work
        self._last: CallPlan | None = None
        self._refusals: Refusals | None = None
        self._guards: Guards | None = None
        self._scope: Scope | None = None
        self._started: float | None = None
        self._retries = 0
        self.has_waited = self.at_gate = False

    def plan(self) -> CallPlan:
        """Plan the next attempt; raise the refusal if the plan is still the same.

        The clock of the call starts once there is something to send it with.

        Raises:
            UnsupportedError: If what was learned leaves no way to make the call.
            ProviderError: If the server lacks the endpoint that the call asks for.
        """
        if self._refusals is None:
            plan = self._make_plan(0, ())
        else:
            plan = self._refusals.plan_again(self._make_plan, self._last)
        if self._work.finish is not None:
            plan = self._work.finish(plan)
        self._last, self.has_waited = plan, False
        self.shim = self._work.connect(plan)
        if self._started is None:
            self._started = time.monotonic()
        # Without a body there is nothing that could be refused.
        self.at_gate = bool(plan.body) and self._is_unsure(plan)
        return plan

    def _is_unsure(self, plan: CallPlan) -> bool:
        if self._retries or not is_unsure(plan.config, self._work.safeguards.runtime):
            return False
        return self._work.lessons() is not None

    def move(self, make_plan: MakePlan) -> None:
        """Plan the next attempts in another way, within the same deadline."""
        self._make_plan = make_plan
        if self._refusals is not None:
            self._refusals.drop()

    def scope(self) -> Scope:
        """Return whose call it is; worked out when it first matters."""
        if self._scope is None:
            assert self._last is not None  # noqa: S101 - planned before anything else
            self._scope = self._work.scope(self._last)
        return self._scope

    def remaining(self) -> float | None:
        """Return the seconds left for this model; `None` without a deadline."""
        if self._work.deadline is None or self._started is None:
            return None
        return self._work.deadline - (time.monotonic() - self._started)

    def patience(self) -> float | None:
        """Return how many seconds to wait for a place; `None` for any time."""
        allowed = None if self._last is None else self._last.timeout
        waits = (self.remaining(), allowed)
        return min((w for w in waits if isinstance(w, (int, float))), default=None)

    def waits(self, plan: CallPlan, *, last: bool) -> Iterator[float]:
        """Yield pauses until a plan may be sent; see `Guards.waits`."""
        guards, most = self._guard(), self._most_retries()
        for wait in guards.waits(plan, at_gate=self.at_gate, retries=most, last=last):
            self.has_waited = True
            yield wait

    def _guard(self) -> Guards:
        if self._guards is None:
            guards = self._work.safeguards
            self._guards = Guards(guards, self.scope, self.remaining)
        return self._guards

    def describe(self, error: UnifiedError, *, alone: bool) -> None:
        """Say on an error what it was about, and what would put it right.

        Args:
            error: What came instead of an answer.
            alone: Whether there is no other model to try.
        """
        plan = self._last
        if plan is None or not isinstance(error, ProviderError):
            return
        if self._refusals is None:
            self._refusals = Refusals(self._work, self.scope)
        spent = 0 < self._most_retries() <= self._retries
        self._refusals.describe(error, plan, last=alone and spent)

    def learn(self, refusal: ProviderError) -> bool:
        """Try out what a refusal says; tell whether to try again."""
        plan, refusals = self._last, self._refusals
        if plan is None or refusals is None or not refusals.learn(refusal, plan):
            return False
        self._guard().unsettle(plan)
        return True

    def finish(self, error: BaseException | None) -> None:
        """End the attempts at this model; `None` for an answer."""
        if error is None and self._refusals is not None:
            self._refusals.remember()
        if self._guards is not None:
            self._guards.release(error)

    def wait_after(self, error: ProviderError) -> float | None:
        """Return the seconds to wait before trying again; `None` for no more."""
        if self._retries >= self._most_retries():
            return None
        wait = wait_before_retry(error, self._retries, self._work.safeguards.runtime)
        remaining = self.remaining()
        if wait is None or (remaining is not None and wait >= remaining):
            return None
        self._retries += 1
        return wait

    def report(self, error: UnifiedError) -> dict[str, Any]:
        """Return what goes on record about giving this model up."""
        about: Any = self._last or error
        return {
            "model": getattr(about, "model", None),
            "provider": getattr(about, "provider", None),
            "endpoint": getattr(about, "endpoint", None),
            "error": type(error).__name__,
            "status": getattr(error, "status", None),
            "reason": str(error)[:_REASON],
            "retries": self._retries,
        }

    def _most_retries(self) -> int:
        allowed = None if self._last is None else self._last.max_retries
        return DEFAULT_RETRIES if allowed is None else allowed
