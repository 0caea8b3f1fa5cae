"""The cost of calls, from the package `genai-prices`, and budgets.

Install the extra `cost` for it; without it, costs are `None` and a budget is an error.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping
from datetime import date, datetime, timezone
from typing import Any

from langchain_unified.cost.list_prices import library, listed
from langchain_unified.errors import UnifiedError
from langchain_unified.reliability.accounts import Accounts
from langchain_unified.runtime import Bounded, runtime
from langchain_unified.types import CallPlan, ModelConfig, Price, Provenance

_LOG = logging.getLogger("langchain_unified")

_TIERS: dict[str | None, str] = {
    **dict.fromkeys((None, "", "auto", "default", "standard"), ""),
    **dict.fromkeys(("standard_only", "on_demand", "unspecified"), ""),
    "fast": "priority",
}
"""Words of providers for service tiers, and the tier whose price holds; empty for the
usual price. `fast` is served and answered as `priority` (openai 3.57, google-genai 3.6,
anthropic 2.14, read 2026-11-28)."""


class _Unpriced(Bounded[tuple[str, str], object]):
    """Models and tiers of which the missing price was logged."""


class BudgetExceededError(UnifiedError):
    """A call may exceed `budget_usd`; nothing was sent.

    Attributes:
        budget: The budget in US dollars.
        spent: The cost of earlier calls and the maximum cost of running ones.
        estimate: The maximum cost of this call; `None` if it is unknown.
    """

    def __init__(
        self,
        budget: float,
        spent: float,
        estimate: float | None,
        *,
        has_cap: bool = True,
        model: str = "<model>",
        tier: str = "",
    ) -> None:
        """Name the three amounts, and what to set."""
        self.budget, self.spent, self.estimate = budget, spent, estimate
        cap = "" if has_cap else " Set max_tokens to lower the maximum cost."
        if estimate is None and not has_cap:
            reason = (
                "the length of the response is not limited, so the budget cannot be "
                "guaranteed. Set max_tokens."
            )
        elif estimate is None:
            reason = (
                f"the budget cannot be guaranteed: {_how_to_state(model, tier)} List "
                'prices of providers need: pip install "langchain-unified[cost]".'
            )
        else:
            reason = (
                f"${spent:.6f} is spent or reserved for running calls, and this "
                f"call may cost ${estimate:.6f}.{cap}"
            )
        super().__init__(f"budget_usd={budget:g}: {reason}")


class Purse:
    """What a model object has spent, for threads, tasks and forked processes alike.

    A call sets aside what it may cost at most, and gives back what it did not. Each
    `tenant` has an account of its own.

    Example:
        >>> purse = Purse()
        >>> purse.hold(1.0, 0.75).settle(0.5)
        >>> purse.spent()
        0.5
    """

    def __init__(self) -> None:
        """Start with nothing spent."""
        self._accounts: Accounts | None = None
        self._making = threading.Lock()

    def open(self) -> Accounts:
        """Return the accounts; made before a fork, the children share them."""
        with self._making:
            if self._accounts is None:
                self._accounts = Accounts()
            return self._accounts

    def spent(self, tenant: str = "") -> float:
        """Return what is spent, and set aside for calls under way."""
        return self.open().change(tenant, 0.0)

    def hold(
        self,
        budget: float,
        estimate: float | None,
        tenant: str = "",
        *,
        has_cap: bool = True,
        model: str = "<model>",
        tier: str = "",
    ) -> Hold:
        """Set aside what a call may cost.

        Args:
            budget: What may be spent.
            estimate: What the call may cost at most; `None` if it is not known.
            tenant: Whose account it is.
            has_cap: Whether the call limits the length of its answer.
            model: The name of the model of the call.
            tier: The service tier of the call, if it has a price of its own.

        Raises:
            BudgetExceededError: If it is more than what is left, or not known.
        """
        if estimate is None:
            spent = self.spent(tenant)
            raise BudgetExceededError(
                budget, spent, None, has_cap=has_cap, model=model, tier=tier
            )
        accounts = self.open()
        spent = accounts.change(tenant, estimate, most=budget)
        if spent > budget:
            raise BudgetExceededError(
                budget, spent - estimate, estimate, has_cap=has_cap
            )
        return Hold(accounts, tenant, estimate)


class Hold:
    """Money set aside for one attempt at a call.

    Attributes:
        amount: How much.
    """

    def __init__(self, accounts: Accounts, tenant: str, amount: float) -> None:
        """Belong to an account."""
        self._accounts, self._tenant, self.amount = accounts, tenant, amount

    def settle(self, cost: float) -> None:
        """Pay what the attempt cost, and give the rest back."""
        self._accounts.change(self._tenant, cost - self.amount)


def cost_usd(
    config: ModelConfig, usage: Mapping[str, Any] | None, tier: str | None = None
) -> float | None:
    """Return the cost of a response in US dollars; `None` if it is unknown.

    A model that bills at list prices and has none is logged, once in a process.

    Args:
        config: The model that answered.
        usage: Token counts, as LangChain gives them.
        tier: The service tier that the answer names, or else the call.

    Example:
        >>> from langchain_unified.registry import default_registry
        >>> cost_usd(default_registry().resolve("gpt-4o"), None) is None
        True
    """
    if not usage:
        return None
    price = price_of(config, tier)
    if price is not None:
        return price.cost(_counts(usage))
    if config.billed_as:
        _note_unpriced(config, tier)
    return None


def answer_cost(
    plan: CallPlan, usage: Mapping[str, Any] | None, metadata: Mapping[str, Any]
) -> float | None:
    """Return what an answer cost, at the tier that it or its plan names.

    Args:
        plan: The plan.
        usage: Token counts, as LangChain gives them.
        metadata: The `response_metadata` of the answer.
    """
    if not plan.is_billed:
        return None
    return cost_usd(plan.config, usage, tier_of(plan, metadata))


def estimate_usd(
    config: ModelConfig, input_tokens: int, output_tokens: int, tier: str | None = None
) -> float | None:
    """Return the estimated cost of a call in US dollars, if known."""
    counts = {"input": input_tokens, "output": output_tokens}
    price = price_of(config, tier)
    return None if price is None else price.cost(counts)


def price_of(config: ModelConfig, tier: str | None = None) -> Price | None:
    """Return the price of a model's calls, on the day its facts are of.

    What a row of the user's own states goes before list prices, and those go before
    what is shipped. List prices hold for the provider's own servers, and for servers
    said to bill at them.

    Args:
        config: The model.
        tier: The service tier of the call; the usual one if left out.

    Example:
        >>> from langchain_unified.registry import Registry
        >>> registry = Registry()
        >>> registry.register("gpt-4o", price={"input": 2, "output": 8})
        >>> registry.register("gpt-4o", service_tiers={"flex": 0.5})
        >>> price_of(registry.resolve("gpt-4o"), "flex").rates.output
        4.0
    """
    word = _TIERS[tier] if tier in _TIERS else _tier(tier)
    usual = config.price
    is_own = usual is not None and _is_own(usual.provenance)
    if not is_own and config.billed_as:
        usual = list_price(config) or usual
    return _at_tier(config, word, usual, is_own=is_own) if word else usual


def _at_tier(
    config: ModelConfig, tier: str, usual: Price | None, *, is_own: bool
) -> Price | None:
    """Return the price at a service tier, where the usual one is the user's or not."""
    stated = config.service_tiers.get(tier)
    if not is_own and not (stated and _is_own(config.provenance.get("service_tiers"))):
        found = list_price(config, tier)
        if found is not None:
            return found
    if isinstance(stated, Price):
        return stated
    if stated is None:
        # Who states one price for a model of their own pays it at every tier.
        return usual if is_own else None
    return usual and usual.times(stated)


def _is_own(cited: Provenance | None) -> bool:
    """Tell whether a fact is the user's own."""
    return cited is not None and cited.layer != "shipped"


def _tier(tier: str | None) -> str:
    """Return a service tier that has a price of its own; empty for the usual one."""
    word = tier.strip().lower() if isinstance(tier, str) else ""
    return _TIERS.get(word, word)


def list_price(config: ModelConfig, tier: str = "") -> Price | None:
    """Return the list price of a model on the day its facts are of.

    It is `None` if none is known, or nobody's list prices hold where it is called.
    """
    names, day = (config.model, config.canonical), config.day or _today()
    return listed(config.billed_as, names, day, tier)


def _today() -> date:
    return datetime.now(timezone.utc).date()


def price_source(config: ModelConfig) -> str:
    """Return where the price of a model is from, or why none is known.

    Example:
        >>> from langchain_unified.registry import Registry
        >>> registry = Registry()
        >>> registry.register("gpt-4o", price={"input": 1, "output": 2})
        >>> price_source(registry.resolve("gpt-4o"))
        'the price stated by registry.register'
    """
    price = price_of(config)
    if price is not None and price is config.price:
        return f"the price stated by {price.provenance.source}"
    if price is not None:
        return f"the list prices of {config.billed_as} ({price.provenance.source})"
    if not config.billed_as:
        return f"no row states a price, and {config.server} has its own prices"
    return "no list price is known (install the extra cost for list prices)"


def _note_unpriced(config: ModelConfig, tier: str | None) -> None:
    """Log once that no price is known where list prices hold and are installed."""
    key = (config.full_name, unpriced_tier(config, tier))
    if (
        not config.billed_as
        or library() is None
        or not runtime[_Unpriced].add(key, key)
    ):
        return
    _LOG.warning("The cost of calls is unknown: %s", _how_to_state(*key))


def unpriced_tier(config: ModelConfig, tier: str | None) -> str:
    """Return the service tier that lacks a price; empty where the usual one does."""
    return _tier(tier) if price_of(config) is not None else ""


def _how_to_state(model: str, tier: str = "") -> str:
    """Return what to type where no price is known."""
    if tier:
        return (
            f"no price is known for {model!r} at service_tier={tier!r}. State the "
            f'factor: registry.register("{model}", '
            f'service_tiers={{"{tier}": 1.0}}).'
        )
    return (
        f"no price is known for {model!r}. Register it, in US dollars per million "
        f'tokens: registry.register("{model}", price={{"input": 0, "output": 0}}), '
        "which is right for your own hardware."
    )


def estimate_plan(plan: CallPlan, input_tokens: int) -> float | None:
    """Return what a planned call may cost at most, in US dollars.

    A plan without a cap counts as much as its model can write.

    Returns:
        `None` if the price or the length of the answer is not known.

    Args:
        plan: The plan.
        input_tokens: About how many tokens go in.
    """
    cap = cap_of(plan) or plan.config.limits.get("output")
    if cap is None:
        return None
    size = (input_tokens * plan.calls, cap * _answers(plan))
    return estimate_usd(plan.config, *size, tier_of(plan))


def cap_of(plan: CallPlan) -> int | None:
    """Return the most tokens an answer to a plan may have, if the plan says."""
    cap = _sent(plan, "max_tokens")
    return cap if isinstance(cap, int) else None


TIER = "service_tier"
"""The setting, and where an answer's metadata names the tier it was served at."""


def tier_of(plan: CallPlan, metadata: Mapping[str, Any] | None = None) -> str:
    """Return the service tier that counts: what the answer names, or else the plan."""
    return str((metadata or {}).get(TIER) or _sent(plan, TIER) or "")


def _answers(plan: CallPlan) -> int:
    """Return how many answers are paid for: `n` in one request, or several."""
    asked = _sent(plan, "n")
    return plan.calls * (asked if isinstance(asked, int) else 1)


def _sent(plan: CallPlan, parameter: str) -> Any:
    """Return the value of a setting in the body of a plan; `None` if it has none."""
    mapping = plan.config.mappings.get(plan.endpoint)  # an old service has none
    rule = None if mapping is None else mapping.rules.get(parameter)
    found: Any = plan.body if rule else None
    for part in rule.name.split(".") if rule else ():
        found = found.get(part) if isinstance(found, Mapping) else None
    return found


_DETAILS = {
    "input_token_details": {
        "cache_read": "cached",
        "cache_creation": "cache_write",
        "ephemeral_5m_input_tokens": "cache_write",
        "ephemeral_1h_input_tokens": "cache_write_1h",
        "audio": "input_audio",
        "image": "input_image",
    },
    "output_token_details": {"audio": "output_audio", "image": "output_image"},
}
"""LangChain's names of token counts, and those of their rates."""


def _counts(usage: Mapping[str, Any]) -> dict[str, int]:
    """Return token counts by the name of their rate.

    Counts of a tier have its name before theirs: `flex_cache_read`.
    """
    counts: dict[str, int] = {
        "input": usage.get("input_tokens") or 0,
        "output": usage.get("output_tokens") or 0,
    }
    for place, names in _DETAILS.items():
        for name, count in (usage.get(place) or {}).items():
            rate = names.get(name) or names.get(name.partition("_")[2])
            if count and rate:
                counts[rate] = counts.get(rate, 0) + count
    return counts
