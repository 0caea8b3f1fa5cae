"""What one call may spend: set aside before sending, settled after."""

from __future__ import annotations

from collections.abc import Callable

from langchain_unified.cost import Hold
from langchain_unified.errors import (
    MalformedResponseError,
    ProviderTimeoutError,
    UnifiedError,
)
from langchain_unified.types import CallPlan

_NOBODY_KNOWS = (MalformedResponseError, ProviderTimeoutError)
"""After these the provider may have answered, and be paid for it."""


class Spending:
    """The money of one call.

    Args:
        hold: Sets aside what a plan may cost at most.
    """

    def __init__(self, hold: Callable[[CallPlan], Hold]) -> None:
        """Start with nothing set aside."""
        self._make = hold
        self._hold: Hold | None = None
        self._cost: float | None = None

    def reserve(self, plan: CallPlan) -> None:
        """Set aside what an attempt may cost.

        Raises:
            BudgetExceededError: If the budget does not allow it.
        """
        self.settle(None, answered=False)
        self._cost = None
        self._hold = self._make(plan)

    def paid(self, cost: float | None) -> None:
        """Note what the answer cost, if that is known."""
        self._cost = cost

    def settle(self, error: BaseException | None, *, answered: bool) -> None:
        """Pay what the attempt cost, and give the rest back.

        What nobody knows is paid in full, so that the budget holds: an answer without
        usage, one broken off, and a request that may have arrived.
        """
        hold, self._hold = self._hold, None
        if hold is None:
            return
        unpaid = isinstance(error, UnifiedError) and not answered
        if self._cost is not None:
            hold.settle(self._cost)
        elif unpaid and not isinstance(error, _NOBODY_KNOWS):
            hold.settle(0.0)
        else:
            hold.settle(hold.amount)
