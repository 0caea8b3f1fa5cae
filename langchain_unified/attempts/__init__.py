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
from langchain_unified.attempts.spending import Spending
from langchain_unified.errors import ProviderError, UnifiedError
from langchain_unified.learning import Carried, Lessons
from langchain_unified.reliability.fallbacks import moves_on
from langchain_unified.reliability.safeguards import Safeguards
from langchain_unified.reliability.scope import Scope
from langchain_unified.types import CallPlan

__all__ = ["Attempt", "Attempts", "MakePlan", "Route", "Spending"]


class Attempts:
    """The attempts at one call.

    Args:
        make_plan: Plans the call.
        lessons: Where refusals are remembered; `None` to learn nothing.
        scope: Returns whose call a plan is; asked when it matters.
        fallbacks: Plan the call for the models to try next.
        safeguards: Breakers, places and limits of rate; none if left out.
        spending: What the call may spend; no limit if left out.
        ready: Connects what a plan is sent with. The first connection imports the
            provider's SDK, so no clock runs before it is there.
        carried: Returns the texts that the request carries, which an error may repeat.
        deadline: Seconds for the call at each model; no limit if left out.

    Attributes:
        failed: The models given up, and why.
    """

    def __init__(
        self,
        make_plan: MakePlan,
        lessons: Lessons | None,
        scope: Callable[[CallPlan], Scope],
        *,
        fallbacks: Sequence[MakePlan] = (),
        safeguards: Safeguards | None = None,
        spending: Spending | None = None,
        ready: Ready = at_once,
        carried: Callable[[], Carried] = Carried,
        deadline: float | None = None,
    ) -> None:
        """Start before the first attempt."""
        self.safeguards = safeguards or Safeguards()
        self._spending = spending
        self.failed: list[dict[str, Any]] = []
        self._routes = [
            Route(
                plan,
                lessons,
                scope,
                ready=ready,
                carried=carried,
                safeguards=self.safeguards,
                deadline=deadline,
            )
            for plan in (make_plan, *fallbacks)
        ]
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
    def is_last(self) -> bool:
        """Whether no further model can be tried."""
        return self._at + 1 == len(self._routes)

    @property
    def corrections(self) -> int:
        """How many refusals were learned from."""
        return sum(route.corrections for route in self._routes)

    def plan(self) -> CallPlan:
        """Plan the next attempt for the first model that can be tried.

        Raises:
            UnsupportedError: If what was learned leaves no way to make the call.
        """
        while True:
            try:
                return self.route.plan()
            except UnifiedError as error:  # noqa: PERF203 - the loop ends at the first
                self.pass_over(error)

    def reserve(self, plan: CallPlan) -> None:
        """Set aside what the call may cost.

        Raises:
            BudgetExceededError: If the budget does not allow it.
        """
        if self._spending is not None:
            self._spending.reserve(plan)

    def paid(self, cost: float | None) -> None:
        """Say what the answer cost, if that is known."""
        if self._spending is not None:
            self._spending.paid(cost)

    def settle(self, error: BaseException | None, *, answered: bool) -> None:
        """Give back what was set aside and not spent."""
        if self._spending is not None:
            self._spending.settle(error, answered=answered)

    def pass_over(self, error: UnifiedError) -> None:
        """Move to the next model, or raise the error of the call."""
        self.route.describe(error)
        if not self._moved_on(error):
            raise self.verdict(error) from error.__cause__

    def wait_after(self, error: BaseException) -> float | None:
        """Return the seconds to wait before another attempt; `None` for none."""
        if isinstance(error, ProviderError):
            if self.route.learn(error):
                return 0.0
            wait = self.route.wait_after(error)
            if wait is not None:
                return wait
        self.route.finish(error)
        if not isinstance(error, UnifiedError):
            return None
        return 0.0 if self._moved_on(error) else None

    def verdict(self, error: UnifiedError) -> UnifiedError:
        """Return the error of the call: what the model asked for ran into."""
        first = self._first or error
        if isinstance(first, ProviderError):
            first.failed = tuple(self.failed)
        return first

    def _moved_on(self, error: UnifiedError) -> bool:
        """Move to the next model, if there is one and it may do better."""
        if len(self._routes) == 1 or not moves_on(error, first=self._at == 0):
            return False
        self.failed.append(self.route.report(error))
        self._first = self._first or error
        if self.is_last:
            return False
        self._at += 1
        return True
