"""A guard: thresholds that put the flag back to `legacy`, with the reason."""

from __future__ import annotations

import threading
import time
from collections import defaultdict, deque
from collections.abc import Mapping
from typing import TYPE_CHECKING

from langchain_core.exceptions import ModelTimeoutError

from langchain_unified.errors import InvalidParameterError
from langchain_unified.rollout.limits import (
    AMOUNT,
    PLACES,
    SECONDS,
    SHARE,
    check_limits,
)

if TYPE_CHECKING:
    from langchain_unified.rollout.paths import Answer

_SHARES = ("errors", "timeouts", "refusals")


class Guard:
    """Puts the flag back to `legacy` when the unified path does worse than allowed.

    Each process counts its own calls. Once a threshold is passed the process stays on
    `legacy` until `Rollout.release()` or a restart; the `on_event` of the rollout hears
    of it.

    Args:
        errors: Largest share of calls that may fail, 0 to 1.
        timeouts: Largest share of calls that may time out.
        refusals: Largest share of answers that may be refusals.
        usd_per_call: Most US dollars a call may cost on average (extra `cost`).
        window: Seconds that are looked back.
        min_calls: Calls in the window below which nothing is concluded.

    Raises:
        InvalidParameterError: If a threshold cannot be.

    Example:
        ```python
        Rollout("canary:10", guard=Guard(errors=0.02, usd_per_call=0.01))
        ```
    """

    def __init__(
        self,
        *,
        errors: float | None = None,
        timeouts: float | None = None,
        refusals: float | None = None,
        usd_per_call: float | None = None,
        window: float = 300.0,
        min_calls: int = 50,
    ) -> None:
        """Set the thresholds."""
        self.thresholds = {"errors": errors, "timeouts": timeouts, "refusals": refusals}
        self.usd_per_call, self.window = usd_per_call, window
        self.min_calls = min_calls
        check_limits(self.thresholds, **dict.fromkeys(_SHARES, SHARE | None))
        check_limits(
            vars(self), usd_per_call=AMOUNT | None, window=SECONDS, min_calls=PLACES
        )
        if all(t is None for t in (*self.thresholds.values(), usd_per_call)):
            raise InvalidParameterError("Guard", None, "set at least one threshold.")
        self.clear()

    def clear(self) -> None:
        """Forget what was counted."""
        self._lock = threading.Lock()
        self._seen: deque[tuple[float, Mapping[str, float]]] = deque()
        self._sums: defaultdict[str, float] = defaultdict(float)

    def count(self, answer: Answer) -> str:
        """Count a call; one that its caller gave up is none.

        Returns:
            Why the flag has to go back; empty if it need not.
        """
        if not (answer.complete or answer.error):
            return ""
        late = isinstance(answer.error, (TimeoutError, ModelTimeoutError))
        told = {
            "errors": answer.error is not None,
            "timeouts": late,
            "refusals": bool(answer.refusal),
            "priced": answer.usd is not None,
            "usd": answer.usd or 0.0,
        }
        now = time.monotonic()
        with self._lock:
            self._seen.append((now, told))
            self._add(told, 1)
            while self._seen[0][0] < now - self.window:
                self._add(self._seen.popleft()[1], -1)
            return self._verdict() if len(self._seen) >= self.min_calls else ""

    def _add(self, told: Mapping[str, float], sign: int) -> None:
        for name, value in told.items():
            self._sums[name] += sign * value

    def _verdict(self) -> str:
        calls = len(self._seen)
        for name, most in self.thresholds.items():
            if most is not None and self._sums[name] > most * calls:
                happened = f"{self._sums[name]:g} of {calls} calls"
                return f"{name}: {happened}, allowed {most:.1%}"
        priced, usd, most = self._sums["priced"], self._sums["usd"], self.usd_per_call
        if most is None or priced < self.min_calls or usd <= most * priced:
            return ""
        average = usd / priced
        return f"cost: ${average:.4f} per call on average, allowed ${most:.4f}"

    def __getstate__(self) -> dict[str, object]:
        """Travel with the thresholds only."""
        return {k: v for k, v in self.__dict__.items() if not k.startswith("_")}

    def __setstate__(self, state: dict[str, object]) -> None:
        """Arrive with nothing counted."""
        self.__dict__ |= state
        self.clear()
