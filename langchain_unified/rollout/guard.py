"""A guard: thresholds that set the flag to `legacy`, with the reason."""

from __future__ import annotations

import time
from collections import defaultdict, deque
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from langchain_core.exceptions import ModelTimeoutError

from langchain_unified.errors import InvalidParameterError
from langchain_unified.rollout.checks import (
    Amount,
    Places,
    Seconds,
    Share,
    check_limits,
)
from langchain_unified.rollout.store import PerProcess

if TYPE_CHECKING:
    from langchain_unified.rollout.paths import Answer

_SHARES = ("errors", "timeouts", "refusals")


@dataclass(kw_only=True, eq=False)
class Guard(PerProcess):
    """Set the flag to `legacy` if the unified path exceeds a threshold.

    Each process counts its own calls of all methods of the model. Once a threshold is
    exceeded, the process stays on `legacy` until `Rollout.release()` or a restart, and
    `on_event` of the rollout is called.

    Args:
        errors: Maximum share of failed calls, 0 to 1.
        timeouts: Maximum share of calls that time out, 0 to 1.
        refusals: Maximum share of responses that are refusals, 0 to 1.
        usd_per_call: Maximum average cost of a call in US dollars (extra `cost`).
        window: Length of the time window in seconds.
        min_calls: Minimum number of calls in the window.

    Raises:
        InvalidParameterError: If a threshold is not valid.

    Example:
        ```python
        Rollout("canary:10", guard=Guard(errors=0.02, usd_per_call=0.01))
        ```
    """

    errors: Share | None = None
    timeouts: Share | None = None
    refusals: Share | None = None
    usd_per_call: Amount | None = None
    window: Seconds = 300.0
    min_calls: Places = 50

    def __post_init__(self) -> None:
        """Check the thresholds."""
        check_limits(self)
        if {getattr(self, name) for name in (*_SHARES, "usd_per_call")} == {None}:
            raise InvalidParameterError("Guard", None, "set at least one threshold.")
        self.begin()

    def renew(self) -> None:
        """Forget what was counted; a forked process counts its own calls."""
        super().renew()
        self._seen: deque[tuple[float, Mapping[str, float]]] = deque()
        self._sums: defaultdict[str, float] = defaultdict(float)

    def count(self, answer: Answer) -> str:
        """Count a call; one that its caller gave up is none.

        Returns:
            Why the flag has to go back; empty if it need not.
        """
        if not (answer.complete or answer.error):
            return ""
        told = _figures_of(answer)
        now = time.monotonic()
        with self._lock:
            self._seen.append((now, told))
            self._add(told, 1)
            while self._seen[0][0] < now - self.window:
                self._add(self._seen.popleft()[1], -1)
            return self._verdict(**self._sums)

    def _add(self, told: Mapping[str, float], sign: int) -> None:
        for name, value in told.items():
            self._sums[name] += sign * value

    def _verdict(self, calls: float, priced: float, usd: float, **sums: float) -> str:
        if calls < self.min_calls:
            return ""
        for name in _SHARES:
            most = getattr(self, name)
            if most is not None and sums[name] > most * calls:
                return f"{name}: {sums[name]:g} of {calls:g} calls, allowed {most:.1%}"
        most = self.usd_per_call
        if most is None or priced < self.min_calls or usd <= most * priced:
            return ""
        average = usd / priced
        return f"cost: ${average:.4f} per call on average, allowed ${most:.4f}"


def _figures_of(answer: Answer) -> dict[str, float]:
    """Return what one call adds to the sums."""
    return {
        "calls": 1.0,
        "errors": answer.error is not None,
        "timeouts": isinstance(answer.error, (TimeoutError, ModelTimeoutError)),
        "refusals": bool(answer.refusal),
        "priced": answer.usd is not None,
        "usd": answer.usd or 0.0,
    }
