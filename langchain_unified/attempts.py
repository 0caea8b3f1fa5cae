"""Trying a call: plan, send, learn from a refusal, wait, try again, try another model.

An attempt is a context manager around one sending. It swallows an error after which
another attempt is worth making, and the loop goes on; any other error passes.

```python
for attempt in attempts:
    with attempt as plan:
        return send(plan)
```
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from types import TracebackType
from typing import Any

from langchain_unified.cost import unpaid
from langchain_unified.errors import (
    ProviderError,
    ProviderModelNotFoundError,
    UnifiedError,
    UnsupportedError,
)
from langchain_unified.learning import Correction, Lessons, read_corrections
from langchain_unified.registry.lifecycle import explain_missing
from langchain_unified.reliability.breaker import Circuit
from langchain_unified.reliability.budget import Budget
from langchain_unified.reliability.exchange import Exchange, offer, too_late
from langchain_unified.reliability.fallbacks import moves_on
from langchain_unified.reliability.gates import Gate, gate, gate_of
from langchain_unified.reliability.retry import DEFAULT_RETRIES, wait_before_retry
from langchain_unified.reliability.safeguards import Safeguards
from langchain_unified.types import CallPlan, Change

MOST_CORRECTIONS = 3
"""How many refusals one call may learn from."""

_PAUSE = 0.005
_SHORTEST = 0.001

MakePlan = Callable[[int], CallPlan]
"""Plans a call with what is known at that moment, more or less cautiously; see
`Invocation.caution`."""


class Attempts:
    """The attempts at one call.

    Args:
        make_plan: Plans the call.
        lessons: Where refusals are remembered.
        base_url: Returns the base URL of a provider, `None` for its own.
        fallbacks: Plan the call for the models to try next.
        safeguards: Breakers, budget and limits of rate; none if left out.

    Attributes:
        failed: The models given up, and why.
        paid: Is told what the answer cost, if that is known.
    """

    paid: Callable[[float | None], None] = staticmethod(unpaid)

    def __init__(
        self,
        make_plan: MakePlan,
        lessons: Lessons,
        base_url: Callable[[str], str | None],
        *,
        fallbacks: Sequence[MakePlan] = (),
        safeguards: Safeguards | None = None,
    ) -> None:
        """Start before the first attempt."""
        self.safeguards = safeguards or Safeguards()
        self.base_url = base_url
        self.failed: list[dict[str, Any]] = []
        plans = (make_plan, *fallbacks)
        self._routes = [Route(plan, lessons, base_url) for plan in plans]
        self._at = 0
        self._first: UnifiedError | None = None

    def __iter__(self) -> Iterator[Attempt]:
        """Yield attempts until one succeeds; the caller returns from inside."""
        attempt = Attempt(self)
        while True:
            yield attempt
            attempt = Attempt(self, further=True)

    @property
    def route(self) -> Route:
        """The model being tried."""
        return self._routes[self._at]

    @property
    def corrections(self) -> int:
        """How many refusals were learned from."""
        return sum(route.corrections for route in self._routes)

    def plan(self) -> CallPlan:
        """Plan the next attempt.

        Raises:
            UnsupportedError: If what was learned leaves no way to make the call.
        """
        return self.route.plan()

    def admitted(self) -> tuple[CallPlan, Circuit | None]:
        """Plan the next attempt for the first model that can be tried."""
        while True:
            try:
                plan = self.route.plan()
                circuit = self.safeguards.circuit(plan, self.base_url(plan.provider))
                if circuit is not None:
                    circuit.admit()
            except UnifiedError as error:  # noqa: PERF203 - the loop ends at the first
                if not self._moved_on(error):
                    raise self.verdict(error) from error.__cause__
            else:
                return plan, circuit

    def wait_after(self, error: BaseException, circuit: Circuit | None) -> float | None:
        """Return the seconds to wait before another attempt; `None` for none."""
        if not isinstance(error, UnifiedError):
            return None
        if isinstance(error, ProviderError):
            if self.route.learn(error):
                return 0.0
            if circuit is None or circuit.closed:
                wait = self.route.wait_after(error)
                if wait is not None:
                    return wait
        return 0.0 if self._moved_on(error) else None

    def verdict(self, error: UnifiedError) -> UnifiedError:
        """Return the error of the call: what the model asked for ran into."""
        first = self._first or error
        if isinstance(first, ProviderError):
            first.failed = tuple(self.failed)
        return first

    def _moved_on(self, error: UnifiedError) -> bool:
        """Turn to the next model, if there is one and it may do better."""
        if len(self._routes) == 1 or not moves_on(error, first=self._at == 0):
            return False
        self.failed.append(self.route.report(error))
        self._first = self._first or error
        if self._at + 1 == len(self._routes):
            return False
        self._at += 1
        return True


class Route:
    """One model a call can be made with: planned again after each refusal."""

    def __init__(
        self,
        make_plan: MakePlan,
        lessons: Lessons,
        base_url: Callable[[str], str | None],
    ) -> None:
        """Start before the first plan."""
        self._make_plan, self._lessons, self._base_url = make_plan, lessons, base_url
        self._learned: list[Change] = []
        self._last: CallPlan | None = None
        self._refusal: ProviderError | None = None
        self._started: float | None = None
        self._retries = 0
        self.corrections = 0

    def plan(self) -> CallPlan:
        """Plan the next attempt; raise the refusal if the plan is still the same.

        Raises:
            UnsupportedError: If what was learned leaves no way to make the call.
        """
        if self._started is None:
            self._started = time.monotonic()
        try:
            planned = self._make_plan(max(0, self.corrections - 1))
        except UnsupportedError as error:
            raise error from self._refusal
        refusal, self._refusal = self._refusal, None
        if refusal is not None and _same_request(planned, self._last):
            raise refusal
        self._last = planned
        if self._learned:
            changes = (*planned.changes, *self._learned)
            planned = replace(planned, changes=changes)
        return planned

    def remaining(self) -> float | None:
        """Return the seconds left for this model; `None` without a limit."""
        allowed = None if self._last is None else self._last.timeout
        if not isinstance(allowed, (int, float)) or self._started is None:
            return None
        return allowed - (time.monotonic() - self._started)

    def describe(self, error: UnifiedError) -> None:
        """Say on an error what it was about, and what would put it right."""
        plan = self._last
        if plan is None or not isinstance(error, ProviderError):
            return
        error.provider = error.provider or plan.provider
        error.model = error.model or plan.model
        error.endpoint = error.endpoint or plan.endpoint
        error.fix = error.fix or read_corrections(error, plan)
        successor = plan.config.lifecycle.replacement
        if isinstance(error, ProviderModelNotFoundError) and successor:
            _name_successor(error, successor)
        if isinstance(error, ProviderModelNotFoundError):
            explain_missing(error, plan.config)

    def learn(self, refusal: ProviderError) -> bool:
        """Remember what a refusal says; tell whether to try again."""
        plan = self._last
        if plan is None or self.corrections >= MOST_CORRECTIONS or not refusal.fix:
            return False
        server = self._base_url(plan.provider)
        if not self._lessons.learn(plan.config, server, plan.endpoint, refusal.fix):
            return False
        self.corrections += 1
        self._refusal = refusal
        self._learned += [_as_change(correction) for correction in refusal.fix]
        gate(plan.config, server).unsettle()
        return True

    def wait_after(self, error: ProviderError) -> float | None:
        """Return the seconds to wait before trying again; `None` for no more."""
        allowed = None if self._last is None else self._last.max_retries
        if self._retries >= (DEFAULT_RETRIES if allowed is None else allowed):
            return None
        wait = wait_before_retry(error, self._retries)
        remaining = self.remaining()
        if wait is None or (remaining is not None and wait >= remaining):
            return None
        self._retries += 1
        return wait

    def report(self, error: UnifiedError) -> dict[str, Any]:
        """Return what goes on record about giving this model up."""
        plan = self._last
        return {
            "model": plan.model if plan else getattr(error, "model", None),
            "provider": plan.provider if plan else getattr(error, "provider", None),
            "endpoint": plan.endpoint if plan else None,
            "error": type(error).__name__,
            "status": getattr(error, "status", None),
            "reason": str(error),
            "retries": self._retries,
        }


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
        plan, self._circuit = self._attempts.admitted()
        try:
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
        except BaseException:
            self._abandon()
            raise

    async def __aenter__(self) -> CallPlan:
        """Plan, and wait until the request may be sent."""
        plan, self._circuit = self._attempts.admitted()
        try:
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
        offer(Exchange(remaining, guards.pause, self._attempts.failed))
        if remaining is None:
            return replace(plan, max_retries=0)
        if remaining <= 0:
            error = too_late()
            route.describe(error)
            raise error
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


def _same_request(one: CallPlan, other: CallPlan | None) -> bool:
    return other is not None and (
        one.endpoint == other.endpoint
        and one.stream == other.stream
        and one.system_role == other.system_role
        and one.calls == other.calls
        and one.body == other.body
    )


def _as_change(correction: Correction) -> Change:
    about = correction.parameter or correction.do
    reason = f"the provider said: {correction.said}"
    return Change(about, "learned", None, correction.value, reason, "a refused request")


def _name_successor(error: ProviderError, successor: str) -> None:
    if error.successor is None:
        error.successor = successor
        said = str(error)
        error.args = (f"{said} Its successor is {successor!r}.", *error.args[1:])
        if hasattr(error, "message"):
            error.message = error.args[0]
