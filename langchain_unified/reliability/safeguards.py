"""What guards the calls of one chat model: breakers, budget, limits of rate."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from langchain_unified.errors import InvalidParameterError
from langchain_unified.reliability.breaker import (
    BreakerSettings,
    Circuit,
    circuit,
)
from langchain_unified.reliability.budget import Budget, budget
from langchain_unified.types import CallPlan


class Safeguards(NamedTuple):
    """The guards of a model's calls.

    Attributes:
        identity: Returns what tells one connection to a provider from another.
        breaker: When breakers open; `None` for no breakers.
        max_concurrency: Requests under way at once: a number for each provider, or
            numbers by provider id.
        pause: Most seconds an asynchronous stream may stay silent once it has begun.
        native_pause: The same for providers that are not called as OpenAI is.
        rate_limiter: LangChain's rate limiter, asked before every further attempt.
    """

    identity: Callable[[str], int] = hash
    breaker: BreakerSettings | None = None
    max_concurrency: Any = None
    pause: float | None = None
    native_pause: float | None = None
    rate_limiter: Any = None

    def circuit(self, plan: CallPlan, base_url: str | None) -> Circuit | None:
        """Return the breakers a plan has to pass."""
        if self.breaker is None:
            return None
        identity = self.identity(plan.provider)
        where = {
            "provider": plan.provider,
            "base_url": base_url,
            "identity": identity,
        }
        return circuit(where, plan.model, self.breaker)

    def pause_of(self, plan: CallPlan) -> float | None:
        """Return how long the stream of a plan may stay silent; `None` for ever."""
        pause = self.native_pause if plan.route == "native" else self.pause
        return pause or None

    def budget(self, plan: CallPlan) -> Budget | None:
        """Return the budget a plan is sent within."""
        size = self.max_concurrency
        if isinstance(size, Mapping):
            size = size.get(plan.provider)
        if size is None:
            return None
        return budget(plan.provider, self.identity(plan.provider), size)


def check_concurrency(given: Any) -> Any:
    """Check the field `max_concurrency`.

    Raises:
        InvalidParameterError: If it is no positive number, nor numbers by provider.
    """
    sizes = list(given.values()) if isinstance(given, Mapping) else [given]
    for size in sizes:
        if size is not None and (type(size) is not int or size < 1):
            accepted = "give 1 or more, or numbers by provider id."
            raise InvalidParameterError("max_concurrency", given, accepted)
    return given
