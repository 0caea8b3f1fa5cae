"""CPU time, paired: within a round the contenders take turns, usually at every call.

The machine may be busy with other things, so nothing is compared across rounds: what
disturbs a moment disturbs all contenders, a ratio is made within each round, and the
median of the rounds' ratios is reported.
"""

from __future__ import annotations

import gc
import random
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
    contenders: Mapping[str, Run],
    *,
    rounds: int,
    calls: int,
    per: int = 1,
    in_a_row: int = 1,
) -> dict[str, Timing]:
    """Measure contenders in turn.

    Args:
        contenders: What to run, by name.
        rounds: How often each is measured.
        calls: Calls of each contender in one round.
        per: Units of work in one call, for example pieces of a stream.
        in_a_row: Calls of one contender before it is the next one's turn.

    Returns:
        CPU microseconds per unit, by name.
    """
    for run in contenders.values():
        run()
        run()
    found: dict[str, list[float]] = {name: [] for name in contenders}
    drawn = random.Random(0)  # noqa: S311
    for _ in range(rounds):
        for name, spent in _round(contenders, calls, in_a_row, drawn).items():
            found[name].append(spent / (calls * per))
    return {name: Timing(tuple(found[name])) for name in contenders}


def _round(
    contenders: Mapping[str, Run], calls: int, in_a_row: int, drawn: random.Random
) -> dict[str, float]:
    """Return the CPU microseconds of each contender, in an order drawn at each turn.

    Whoever comes after a contender that ran the same code finds it in the processor's
    caches, so nobody may always come after the same one.
    A collection of everything that was imported takes as long as a hundred calls, and
    would be charged to whoever happens to cause it; so that much is set aside.
    """
    names = list(contenders)
    spent = dict.fromkeys(names, 0.0)
    gc.collect()
    gc.freeze()
    try:
        for done in range(0, calls, in_a_row):
            drawn.shuffle(names)
            for name in names:
                turn = min(in_a_row, calls - done)
                spent[name] += cpu_microseconds(contenders[name], turn)
    finally:
        gc.unfreeze()
    return spent


def cpu_microseconds(run: Run, calls: int) -> float:
    """Return the CPU microseconds all threads of this process spend on some calls."""
    started = time.process_time_ns()
    for _ in range(calls):
        run()
    return (time.process_time_ns() - started) / 1_000
