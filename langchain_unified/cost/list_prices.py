"""The providers' list prices, from the package `genai-prices`."""

from __future__ import annotations

import importlib
import inspect
import itertools
import sys
from datetime import date, datetime, time, timezone
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from langchain_unified.data.connections import facts_of
from langchain_unified.errors import RegistryError
from langchain_unified.types import Price, Provenance, Rates

_NOON = time(12, tzinfo=timezone.utc)
"""Prices change at midnight in UTC (genai-prices 0.2.3, read 2026-11-28)."""

BATCH = "batch"
"""The tier of calls that are answered within a day, at another price."""

_KEYS = {
    "input": "input_mtok",
    "output": "output_mtok",
    "cached": "cache_read_mtok",
    "cache_write": "cache_write_mtok",
    "cache_write_1h": "cache_write_1h_mtok",
    "input_audio": "input_audio_mtok",
    "input_image": "input_image_mtok",
    "output_audio": "output_audio_mtok",
    "output_image": "output_image_mtok",
}
"""Rates, and where genai-prices has them."""


_LIBRARY = "genai_prices"


def library() -> Any:
    """Return the module `genai_prices`; `None` if it is not installed."""
    if _LIBRARY in sys.modules:
        return sys.modules[_LIBRARY]
    return _imported()


@lru_cache(maxsize=1)
def _imported() -> Any:
    try:
        return importlib.import_module(_LIBRARY)
    except ImportError:
        return None


def listed(
    provider: str, models: tuple[str, ...], day: date, tier: str = ""
) -> Price | None:
    """Return the list price of a model on a day.

    Prices fetched by `genai_prices.UpdatePrices` are used once they are there.

    Args:
        provider: Provider id; empty where nobody's list prices hold.
        models: Names of the model; the first that is listed counts.
        day: The day, in UTC.
        tier: The service tier; the usual one if left out.

    Returns:
        `None` if no price is listed, or none for the tier.
    """
    prices = sys.modules.get(_LIBRARY) or library()
    if prices is None or not provider:
        return None
    edition = prices.data_snapshot.get_snapshot().timestamp
    return _listed(edition, provider, models, day, tier)


def update_prices(url: str | None = None) -> None:
    """Fetch the newest list prices with `genai_prices.UpdatePrices`.

    They are used by this process from then on; nothing is fetched without this call.
    `genai_prices.UpdatePrices().start()` repeats it regularly.

    Args:
        url: The URL of the prices; by default that of genai-prices.

    Raises:
        RegistryError: If they could not be fetched; the previous prices are kept.
    """
    prices = library()
    if prices is None:
        message = 'List prices need: pip install "langchain-unified[cost]".'
        raise RegistryError(message)
    updater = prices.UpdatePrices(**({"url": url} if url else {}))
    try:
        found = updater.fetch()
    except Exception as error:
        told = f"{type(error).__name__}: {error}"
        message = (
            f"List prices could not be updated from {updater.url}; the previous ones "
            f"are kept: {told}"
        )
        raise RegistryError(message) from error
    prices.data_snapshot.set_custom_snapshot(found)


def cited() -> Provenance:
    """Return where list prices are from."""
    try:
        edition = version("genai-prices")
    except PackageNotFoundError:
        edition = "of unknown version"
    return Provenance(f"genai-prices {edition}", "", "documented")


@lru_cache(maxsize=4096)
def _listed(
    edition: datetime,  # noqa: ARG001 - an update lists other prices
    provider: str,
    models: tuple[str, ...],
    day: date,
    tier: str,
) -> Price | None:
    owners = facts_of(provider).listed_as or (provider,)
    for owner, model in itertools.product(owners, dict.fromkeys(models)):
        usual = _prices(owner, model, day, {})
        if usual is not None and not tier:
            return _price(usual)
        if usual is not None:
            other = _prices(owner, model, day, _context(tier))
            return None if other is None or other == usual else _price(other)
    return None


def _context(tier: str) -> dict[str, str]:
    """Return a service tier in the words of genai-prices."""
    return {"processing": BATCH} if tier == BATCH else {"service_tier": tier}


def _prices(owner: str, model: str, day: date, context: dict[str, str]) -> Any:
    """Return what genai-prices lists for a model; `None` if it is not listed."""
    prices = library()
    if context and not _knows_tiers():
        return None
    about = {"price_context": context} if context else {}
    try:
        found = prices.calc_price(
            prices.Usage(input_tokens=1),
            model,
            provider_id=owner,
            genai_request_timestamp=datetime.combine(day, _NOON),
            **about,
        )
    except (LookupError, ValueError):
        return None
    return found.model_price


@lru_cache(maxsize=1)
def _knows_tiers() -> bool:
    """Tell whether genai-prices lists prices of tiers: from 0.2 on it does."""
    return "price_context" in inspect.signature(library().calc_price).parameters


def _price(found: Any) -> Price | None:
    """Return a `ModelPrice` of genai-prices as one of ours."""
    stated = {name: getattr(found, key, None) for name, key in _KEYS.items()}
    if not any(value is not None for value in vars(found).values()):
        return Price(Rates(0, 0), (), cited())  # listed, and free
    if stated["input"] is None or stated["output"] is None:
        return None
    starts = {tier.start for one in stated.values() for tier in _tiers(one)}
    tiers = tuple((start, _rates(stated, start)) for start in sorted(starts))
    return Price(_rates(stated, -1), tiers, cited())


def _rates(stated: dict[str, Any], size: int) -> Rates:
    """Return the rates of calls that read just over some number of tokens."""
    return Rates(**{name: _rate(one, size) for name, one in stated.items()})


def _rate(stated: Any, size: int) -> Any:
    if stated is None:
        return None
    reached = [tier.price for tier in _tiers(stated) if tier.start <= size]
    usual = getattr(stated, "base", stated)
    return float(reached[-1] if reached else usual)


def _tiers(stated: Any) -> list[Any]:
    """Return the prices of larger calls, the smallest first."""
    return list(getattr(stated, "tiers", ()))
