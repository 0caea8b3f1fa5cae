"""CPU time, paired: one round measures every contender, one after the other.

The machine may be busy with other things, so nothing is compared across rounds: a
ratio is made within each round, and the median of the rounds' ratios is reported.
"""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

Run = Callable[[], object]


@dataclass(frozen=True)
class Timing:
    """CPU microseconds of one contender, one number for each round."""

    rounds: tuple[float, ...]

    @property
    def median(self) -> float:
        """The middle round."""
        return statistics.median(self.rounds)

    @property
    def least(self) -> float:
        """The least disturbed round."""
        return min(self.rounds)

    def against(self, other: Timing) -> Ratio:
        """Return how this one compares with another of the same rounds."""
        pairs = zip(self.rounds, other.rounds, strict=True)
        return Ratio(tuple(mine / theirs for mine, theirs in pairs))


@dataclass(frozen=True)
class Ratio:
    """Ratios of two contenders, one for each round."""

    rounds: tuple[float, ...]

    @property
    def median(self) -> float:
        """The middle round."""
        return statistics.median(self.rounds)

    @property
    def spread(self) -> tuple[float, float]:
        """The first and the third quartile."""
        if len(self.rounds) < 2:
            return self.rounds[0], self.rounds[0]
        low, _, high = statistics.quantiles(self.rounds, n=4, method="inclusive")
        return low, high


def timed(
    contenders: Mapping[str, Run], *, rounds: int, calls: int, per: int = 1
) -> dict[str, Timing]:
    """Measure contenders in turn.

    Args:
        contenders: What to run, by name.
        rounds: How often each is measured; every second round goes backwards.
        calls: Calls in one measurement.
        per: Units of work in one call, for example pieces of a stream.

    Returns:
        CPU microseconds per unit, by name.
    """
    for run in contenders.values():
        run()
        run()
    names = list(contenders)
    found: dict[str, list[float]] = {name: [] for name in names}
    for _ in range(rounds):
        for name in names:
            spent = cpu_microseconds(contenders[name], calls)
            found[name].append(spent / (calls * per))
        names.reverse()
    return {name: Timing(tuple(found[name])) for name in contenders}


def cpu_microseconds(run: Run, calls: int) -> float:
    """Return the CPU microseconds all threads of this process spend on some calls."""
    gc.collect()
    started = time.process_time_ns()
    for _ in range(calls):
        run()
    return (time.process_time_ns() - started) / 1_000
