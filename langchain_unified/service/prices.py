"""What an answer cost, if the optional package `genai-prices` is installed."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

_PROVIDERS = {"google_genai": "google", "azure_openai": "azure"}


def cost_usd(provider: str, model: str, usage: Mapping[str, Any]) -> float | None:
    """Return the price of an answer in US dollars; `None` if it is not known.

    Args:
        provider: LangChain's provider id.
        model: The model that answered.
        usage: Token counts, as LangChain gives them.
    """
    prices = _prices()
    if prices is None or not usage:
        return None
    cached = (usage.get("input_token_details") or {}).get("cache_read")
    counts = prices.Usage(
        input_tokens=usage.get("input_tokens"),
        output_tokens=usage.get("output_tokens"),
        cache_read_tokens=cached,
    )
    try:
        found = prices.calc_price(
            counts, model, provider_id=_PROVIDERS.get(provider, provider)
        )
    except LookupError:
        return None
    return float(found.total_price)


@lru_cache(maxsize=1)
def _prices() -> Any:
    try:
        return importlib.import_module("genai_prices")
    except ImportError:
        return None
