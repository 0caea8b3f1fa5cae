"""What calls cost, by the package `genai-prices`, and a budget for them.

The package is the extra `cost`; without it costs are `None` and a budget is an error.
"""

from __future__ import annotations

import importlib
import threading
from collections.abc import Mapping
from datetime import date
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, version
from math import isclose
from typing import Any

from langchain_unified.errors import UnifiedError
from langchain_unified.reliability.accounts import Accounts
from langchain_unified.types import CallPlan, ModelConfig, Price, Provenance, Rates

_NAMES = {"google_genai": ("google",), "azure_openai": ("azure", "openai")}
"""Providers in the words of genai-prices; Azure's own list is short and its prices are
OpenAI's (genai-prices 0.2.3, read 2026-11-23)."""


class BudgetExceededError(UnifiedError):
    """A call would cost more than what is left of `budget_usd`; nothing was sent.

    Attributes:
        budget: The budget in US dollars.
        spent: What earlier calls cost, and those under way may cost.
        estimate: What this call may cost at most; `None` if it is not known.
    """

    def __init__(
        self,
        budget: float,
        spent: float,
        estimate: float | None,
        *,
        has_cap: bool = True,
        model: str = "<model>",
    ) -> None:
        """Name the three amounts, and what to set."""
        self.budget, self.spent, self.estimate = budget, spent, estimate
        cap = "" if has_cap else " Set max_tokens= to lower what it may cost."
        if estimate is None and not has_cap:
            reason = (
                "how long the answer may get is not known, so the budget cannot be "
                "kept. Set max_tokens=."
            )
        elif estimate is None:
            reason = (
                f"no price is known for {model!r}, so the budget cannot be kept. State "
                f'it, in US dollars per million tokens: registry.register("{model}", '
                'price={"input": 0, "output": 0}), which is right for a machine of '
                "your own. List prices of providers come with "
                'pip install "langchain-unified[cost]".'
            )
        else:
            reason = (
                f"${spent:.6f} is spent or set aside for calls under way, and this "
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
    ) -> Hold:
        """Set aside what a call may cost.

        Args:
            budget: What may be spent.
            estimate: What the call may cost at most; `None` if it is not known.
            tenant: Whose account it is.
            has_cap: Whether the call limits the length of its answer.
            model: The name of the model of the call.

        Raises:
            BudgetExceededError: If it is more than what is left, or not known.
        """
        if estimate is None:
            spent = self.spent(tenant)
            raise BudgetExceededError(budget, spent, None, has_cap=has_cap, model=model)
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


def cost_usd(config: ModelConfig, usage: Mapping[str, Any] | None) -> float | None:
    """Return what an answer cost in US dollars; `None` if it is not known.

    A price that a row states goes before list prices. Those hold for the provider's
    own servers, and for servers said to bill at them.

    Args:
        config: The model that answered.
        usage: Token counts, as LangChain gives them.

    Example:
        >>> from langchain_unified.registry import default_registry
        >>> cost_usd(default_registry().resolve("gpt-4o"), None) is None
        True
    """
    if not usage:
        return None
    if config.price is not None:
        return config.price.cost(_counts(usage))
    prices = _prices()
    if prices is None or not config.billed_as:
        return None
    names = (config.model, config.canonical)
    return _price(prices, config.billed_as, names, _counts(usage))


def estimate_usd(
    config: ModelConfig, input_tokens: int, output_tokens: int
) -> float | None:
    """Return what a call of a given size would cost in US dollars, if known."""
    if config.price is not None:
        counts = {"input_tokens": input_tokens, "output_tokens": output_tokens}
        return config.price.cost(counts)
    if not config.billed_as:
        return None
    size = (input_tokens, output_tokens)
    return _estimate(config.billed_as, config.model, config.canonical, *size)


def list_price(config: ModelConfig) -> Price | None:
    """Return the list price of a model, as it holds for calls of a usual size.

    Returns:
        `None` if none is known, or nobody's list prices hold where it is called.
    """
    prices = _prices()
    if prices is None or not config.billed_as:
        return None
    names = (config.model, config.canonical)

    def per_million(**counts: int) -> float | None:
        found = _asked(prices, config.billed_as, names, counts)
        return None if found is None else found * _MUCH / _LITTLE

    read = per_million(input_tokens=_LITTLE)
    made = per_million(output_tokens=_LITTLE)
    if read is None or made is None:
        return None
    cached = per_million(input_tokens=_LITTLE, cache_read_tokens=_LITTLE)
    cited = Provenance(price_source(config), "", "documented")
    rates = Rates(read, made, read if cached is None else cached, read)
    return Price(rates, (), cited)


def price_source(config: ModelConfig) -> str:
    """Return where the price of a model is from, or why none is known.

    Example:
        >>> from langchain_unified.registry import Registry
        >>> registry = Registry()
        >>> registry.register("gpt-4o", price={"input": 1, "output": 2})
        >>> price_source(registry.resolve("gpt-4o"))
        'the price that registry.register states'
    """
    if config.price is not None:
        return f"the price that {config.price.provenance.source} states"
    if not config.billed_as:
        return f"no row states a price, and {config.server} bills by a list of its own"
    if estimate_usd(config, 1, 1) is None:
        return "no list price is known (they come with the extra cost)"
    return f"the list prices of {config.billed_as} (genai-prices {_version()})"


def _version() -> str:
    try:
        return version("genai-prices")
    except PackageNotFoundError:
        return "of unknown version"


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
    return estimate_usd(plan.config, input_tokens * plan.calls, cap * _answers(plan))


def cap_of(plan: CallPlan) -> int | None:
    """Return the most tokens an answer to a plan may have, if the plan says."""
    cap: Any = plan.body
    for part in plan.config.mappings[plan.endpoint].max_tokens_param.split("."):
        cap = cap.get(part) if isinstance(cap, Mapping) else None
    return cap if isinstance(cap, int) else None


def _answers(plan: CallPlan) -> int:
    """Return how many answers are paid for: `n` in one request, or several."""
    rule = plan.config.mappings[plan.endpoint].rules.get("n")
    asked: Any = plan.body
    for part in rule.name.split(".") if rule else ():
        asked = asked.get(part) if isinstance(asked, Mapping) else None
    return plan.calls * (asked if rule and isinstance(asked, int) else 1)


_TOTALS = ("input_tokens", "output_tokens")
_DETAILS = {
    "input_token_details": {
        "cache_read": "cache_read_tokens",
        "cache_creation": "cache_write_tokens",
        "audio": "input_audio_tokens",
    },
    "output_token_details": {"audio": "output_audio_tokens"},
}
"""LangChain's names of token counts, and those of genai-prices."""


def _counts(usage: Mapping[str, Any]) -> dict[str, int]:
    """Return token counts that are not zero, by the names of genai-prices."""
    counts: dict[str, int] = {name: usage[name] for name in _TOTALS if usage.get(name)}
    for place, names in _DETAILS.items():
        for name, count in (usage.get(place) or {}).items():
            if count and name in names:
                counts[names[name]] = count
    return counts


@lru_cache(maxsize=4096)
def _estimate(
    provider: str, model: str, canonical: str, input_tokens: int, output_tokens: int
) -> float | None:
    prices = _prices()
    if prices is None:
        return None
    counts = {"input_tokens": input_tokens, "output_tokens": output_tokens}
    return _price(prices, provider, (model, canonical), counts)


def _price(
    prices: Any, provider: str, names: tuple[str, ...], counts: dict[str, int]
) -> float | None:
    if counts.keys() <= _PLAIN:
        rates = _rates(provider, names, _today())
        if rates is not None:
            made, read = counts.get("output_tokens", 0), counts.get(_READ, 0)
            asked = counts.get("input_tokens", 0) - read
            return asked * rates[0] + made * rates[1] + read * rates[2]
    return _asked(prices, provider, names, counts)


_READ = "cache_read_tokens"
_PLAIN = frozenset({"input_tokens", "output_tokens", _READ})
_LITTLE, _TIMES = 1_000, 1_000
_MUCH = _LITTLE * _TIMES
"""Tokens below and above every limit from which on a model has other prices."""


@lru_cache(maxsize=1024)
def _rates(
    provider: str,
    names: tuple[str, ...],
    day: date,  # noqa: ARG001 - prices change by the day
) -> tuple[float, float, float] | None:
    """Return what a token read, made and read from the cache costs on a day.

    genai-prices 0.2.3 takes some 0.2 ms to price one answer (2026-11-26), a good part
    of what a call costs on the client. So it is asked once for a day, and at every
    answer where the price is not in proportion to the tokens, or not known.
    """
    prices = _prices()

    def price(read: int, made: int = 0, cached: int = 0) -> float:
        counts = {"input_tokens": read, "output_tokens": made, _READ: cached}
        known = {name: count for name, count in counts.items() if count}
        return _asked(prices, provider, names, known) or 0.0

    read, cached = price(_LITTLE), price(_LITTLE, 0, _LITTLE)
    made = price(_LITTLE, _LITTLE) - read
    in_proportion = (
        isclose(price(_MUCH), read * _TIMES)
        and isclose(price(_MUCH, _LITTLE), read * _TIMES + made)
        and isclose(price(_MUCH, 0, _MUCH), cached * _TIMES)
    )
    if not read or not in_proportion:
        return None
    return read / _LITTLE, made / _LITTLE, cached / _LITTLE


def _today() -> date:
    return date.today()  # noqa: DTZ011 - prices have no time zone


def _asked(
    prices: Any, provider: str, names: tuple[str, ...], counts: dict[str, int]
) -> float | None:
    for owner in _NAMES.get(provider, (provider,)):
        for name in dict.fromkeys(names):
            try:
                found = prices.calc_price(
                    prices.Usage(**counts), name, provider_id=owner
                )
            except (LookupError, ValueError):
                continue
            return float(found.total_price)
    return None


@lru_cache(maxsize=1)
def _prices() -> Any:
    try:
        return importlib.import_module("genai_prices")
    except ImportError:
        return None
