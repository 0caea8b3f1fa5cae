"""What guards the calls of one chat model: breakers, places, limits of rate."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from langchain_unified.errors import InvalidParameterError
from langchain_unified.reliability.breaker import Breaker, BreakerSettings, breaker
from langchain_unified.reliability.budget import Budget, budget
from langchain_unified.reliability.scope import Scope
from langchain_unified.runtime import Runtime, runtime
from langchain_unified.types import CallPlan


class Safeguards(NamedTuple):
    """The guards of a model's calls; none unless asked for.

    Attributes:
        breaker: When breakers open; `None` for no breakers.
        max_concurrency: Requests under way at once: a number for each provider, or
            numbers by provider id.
        pause: Most seconds an asynchronous stream may stay silent once it has begun.
        native_pause: The same for providers that are not called as OpenAI is.
        rate_limiter: LangChain's rate limiter, asked before every further attempt.
        runtime: Where breakers, places and gates are kept.
    """

    breaker: BreakerSettings | None = None
    max_concurrency: Any = None
    pause: float | None = None
    native_pause: float | None = None
    rate_limiter: Any = None
    runtime: Runtime = runtime

    def breaker_of(self, plan: CallPlan, scope: Scope) -> Breaker:
        """Return the breaker a plan has to pass."""
        settings = self.breaker or BreakerSettings()
        return breaker(plan.provider, scope, plan.model, settings, self.runtime)

    def budget(self, plan: CallPlan, scope: Callable[[], Scope]) -> Budget | None:
        """Return the places a plan needs one of, if their number is limited."""
        size = self.max_concurrency
        size = size.get(plan.provider) if isinstance(size, Mapping) else size
        return (
            None if size is None else budget(plan.provider, scope(), size, self.runtime)
        )


def check_concurrency(given: Any) -> Any:
    """Check the field `max_concurrency`.

    Raises:
        InvalidParameterError: If it is no positive number, nor numbers by provider.
    """
    sizes = list(given.values()) if isinstance(given, Mapping) else [given]
    for size in sizes:
        if size is not None and (type(size) is not int or size < 1):
            accepted = (
                "give a number, 1 or more, or a dictionary of numbers by provider id."
            )
            raise InvalidParameterError("max_concurrency", given, accepted)
    return given
