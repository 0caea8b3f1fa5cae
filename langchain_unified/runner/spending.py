"""What one call may spend: set aside before sending, settled after."""

from __future__ import annotations

from langchain_core.messages import BaseMessage

from langchain_unified.choice import about_tokens
from langchain_unified.cost import (
    Hold,
    Purse,
    cap_of,
    estimate_plan,
    tier_of,
    unpriced_tier,
)
from langchain_unified.errors import (
    MalformedResponseError,
    ProviderTimeoutError,
    UnifiedError,
)
from langchain_unified.types import CallPlan, Invocation

_NOBODY_KNOWS = (MalformedResponseError, ProviderTimeoutError)
"""After these the provider may have answered, and be paid for it."""


class Spending:
    """The money of one call.

    Args:
        purse: What the model has spent.
        budget: What it may spend, in US dollars.
        call: The call.
        messages: Its messages.
    """

    def __init__(
        self,
        purse: Purse,
        budget: float,
        call: Invocation,
        messages: list[BaseMessage],
    ) -> None:
        """Start with nothing set aside."""
        self._purse, self._budget = purse, budget
        self._tenant, self._messages = call.tenant, messages
        self._hold: Hold | None = None
        self._cost: float | None = None

    def reserve(self, plan: CallPlan) -> None:
        """Set aside what an attempt may cost.

        Raises:
            BudgetExceededError: If the budget does not allow it.
        """
        self.settle(None, answered=False)
        self._cost, cap = None, cap_of(plan)
        estimate = estimate_plan(plan, about_tokens(self._messages, plan.body))
        known = cap or plan.config.limits.get("output")
        has_cap = bool(known if estimate is None else cap)
        tier = unpriced_tier(plan.config, tier_of(plan))
        told = {"model": plan.config.full_name, "tier": tier}
        self._hold = self._purse.hold(
            self._budget, estimate, self._tenant, has_cap=has_cap, **told
        )

    def paid(self, cost: float | None) -> None:
        """Note what the answer cost, if that is known."""
        self._cost = self._cost if cost is None else cost

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
