"""What tokens cost: rates, and a price that has others for larger calls."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from langchain_unified.types.provenance import Provenance


class Rates(NamedTuple):
    """What tokens cost, in US dollars per million.

    Attributes:
        input: Tokens read.
        output: Tokens written, reasoning included.
        cached: Tokens read from a cache; `input` if left out, as for what follows.
        cache_write: Tokens written to a cache.
        cache_write_1h: Tokens written to a cache that holds for an hour;
            `cache_write` if left out.
        input_audio: Tokens of audio read.
        input_image: Tokens of images read.
        output_audio: Tokens of audio written; `output` if left out.
        output_image: Tokens of images written; `output` if left out.
    """

    input: float
    output: float
    cached: float | None = None
    cache_write: float | None = None
    cache_write_1h: float | None = None
    input_audio: float | None = None
    input_image: float | None = None
    output_audio: float | None = None
    output_image: float | None = None

    def times(self, factor: float) -> Rates:
        """Return these rates multiplied by a factor."""
        return Rates(*(None if rate is None else rate * factor for rate in self))  # type: ignore[arg-type]

    def stated(self) -> dict[str, float]:
        """Return the rates that are stated, by name."""
        return {k: rate for k, rate in self._asdict().items() if rate is not None}


_PARTS = {
    "input": ("cached", "cache_write", "cache_write_1h", "input_audio", "input_image"),
    "output": ("output_audio", "output_image"),
}
_LIKE = {"cache_write_1h": "cache_write"}
"""Rates that are another one's if they are left out."""


class Price(NamedTuple):
    """The price of a model.

    Attributes:
        rates: What tokens cost.
        tiers: Other rates for whole calls that read more than some number of tokens,
            by that number, the smallest first.
        provenance: Where the price is from.
    """

    rates: Rates
    tiers: tuple[tuple[int, Rates], ...] = ()
    provenance: Provenance = Provenance()

    def cost(self, counts: Mapping[str, int]) -> float:
        """Return what a call of some token counts costs in US dollars.

        Args:
            counts: Tokens by the name of their rate; `input` and `output` count all
                that were read and written, the others are among them.

        Example:
            >>> Price(Rates(2, 8)).cost({"input": 500_000})
            1.0
        """
        rates, total = self._rates_at(counts.get("input", 0)), 0.0
        for whole, parts in _PARTS.items():
            usual, rest = getattr(rates, whole), counts.get(whole, 0)
            for part in parts if len(counts) > len(_PARTS) else ():
                if count := min(counts.get(part, 0), rest):
                    rate = getattr(rates, part)
                    if rate is None and part in _LIKE:
                        rate = getattr(rates, _LIKE[part])
                    total += count * (usual if rate is None else rate)
                    rest -= count
            total += rest * usual
        return total / 1_000_000

    def _rates_at(self, size: int) -> Rates:
        """Return the rates of a call by its input tokens."""
        rates = self.rates
        for above, other in self.tiers:
            if size > above:
                rates = other
        return rates

    def times(self, factor: float) -> Price:
        """Return this price multiplied by a factor."""
        tiers = tuple((above, rates.times(factor)) for above, rates in self.tiers)
        return self._replace(rates=self.rates.times(factor), tiers=tiers)
