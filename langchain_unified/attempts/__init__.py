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

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from langchain_unified.attempts.attempt import Attempt
from langchain_unified.attempts.route import MakePlan, Ready, Route, at_once
from langchain_unified.cost import unpaid
from langchain_unified.errors import ProviderError, UnifiedError
from langchain_unified.learning import Lessons
from langchain_unified.reliability.breaker import Circuit
from langchain_unified.reliability.fallbacks import moves_on
from langchain_unified.reliability.safeguards import Safeguards
from langchain_unified.types import CallPlan

__all__ = ["Attempt", "Attempts", "MakePlan", "Route"]


class Attempts:
    """The attempts at one call.

    Args:
        make_plan: Plans the call.
        lessons: Where refusals are remembered.
        base_url: Returns the base URL of a provider, `None` for its own.
        fallbacks: Plan the call for the models to try next.
        safeguards: Breakers, budget and limits of rate; none if left out.
        pay: Is told what the answer cost, if that is known.
        ready: Connects what a plan is sent with. The first connection imports the
            provider's SDK, so no clock runs before it is there.

    Attributes:
        failed: The models given up, and why.
    """

    def __init__(
        self,
        make_plan: MakePlan,
        lessons: Lessons,
        base_url: Callable[[str], str | None],
        *,
        fallbacks: Sequence[MakePlan] = (),
        safeguards: Safeguards | None = None,
        pay: Callable[[float | None], None] = unpaid,
        ready: Ready = at_once,
    ) -> None:
        """Start before the first attempt."""
        self._pay = pay
        self.safeguards = safeguards or Safeguards()
        self.base_url = base_url
        self.failed: list[dict[str, Any]] = []
        plans = (make_plan, *fallbacks)
        self._routes = [Route(plan, lessons, base_url, ready) for plan in plans]
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

    def paid(self, cost: float | None) -> None:
        """Say what the answer cost, if that is known."""
        self._pay(cost)

    def admitted(self) -> tuple[CallPlan, Circuit | None]:
        """Plan the next attempt for the first model that can be tried."""
        while True:
            try:
                plan = self.route.plan()
                circuit = self.safeguards.circuit(plan, self.base_url(plan.provider))
                if circuit is not None:
                    circuit.admit()
            except UnifiedError as error:  # noqa: PERF203 - the loop ends at the first
                self.pass_over(error)
            else:
                return plan, circuit

    def pass_over(self, error: UnifiedError) -> None:
        """Turn to the next model; raise what the call ran into if there is none."""
        self.route.describe(error)
        if not self._moved_on(error):
            raise self.verdict(error) from error.__cause__

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
