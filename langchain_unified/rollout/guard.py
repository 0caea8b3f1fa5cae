"""A guard: thresholds that put the flag back to `legacy`, with the reason."""

from __future__ import annotations

import threading
import time
from collections import Counter, deque
from typing import TYPE_CHECKING, Any, NamedTuple

from langchain_core.callbacks import BaseCallbackHandler
from langchain_core.exceptions import ModelTimeoutError
from langchain_core.messages import AIMessage, BaseMessage
from langchain_core.outputs import LLMResult

from langchain_unified.errors import InvalidParameterError
from langchain_unified.rollout.limits import (
    AMOUNT,
    PLACES,
    SECONDS,
    SHARE,
    check_limits,
)

if TYPE_CHECKING:
    from langchain_unified.rollout.control import Rollout

_SHARES = ("errors", "timeouts", "refusals")
_REFUSED = frozenset(
    {"content_filter", "refusal", "SAFETY", "PROHIBITED_CONTENT", "BLOCKLIST"}
)
"""Finish reasons of an answer that the provider withheld; langchain-core 1.7.5 reads
a refusal off the last three (2026-11-27)."""


class Outcome(NamedTuple):
    """What became of a call on the unified path.

    Attributes:
        error: Whether it failed.
        timeout: Whether it failed because it took too long.
        refusal: Whether the model refused.
        usd: What it cost in US dollars; `None` if nobody knows.
    """

    error: bool = False
    timeout: bool = False
    refusal: bool = False
    usd: float | None = None


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
        self._seen: deque[tuple[float, Outcome]] = deque()
        self._sums: Counter[str] = Counter()
        self._usd = 0.0

    def count(self, outcome: Outcome) -> str:
        """Count a call.

        Returns:
            Why the flag has to go back; empty if it need not.
        """
        now = time.monotonic()
        with self._lock:
            self._seen.append((now, outcome))
            self._add(outcome, 1)
            while self._seen[0][0] < now - self.window:
                self._add(self._seen.popleft()[1], -1)
            return self._verdict() if len(self._seen) >= self.min_calls else ""

    def _add(self, outcome: Outcome, sign: int) -> None:
        told = (
            outcome.error,
            outcome.timeout,
            outcome.refusal,
            outcome.usd is not None,
        )
        for name, happened in zip((*_SHARES, "priced"), told, strict=True):
            self._sums[name] += sign * happened
        self._usd += sign * (outcome.usd or 0.0)

    def _verdict(self) -> str:
        calls = len(self._seen)
        for name, most in self.thresholds.items():
            if most is not None and self._sums[name] > most * calls:
                return (
                    f"{name}: {self._sums[name]} of {calls} calls, allowed {most:.1%}"
                )
        priced, most = self._sums["priced"], self.usd_per_call
        if most is None or priced < self.min_calls or self._usd <= most * priced:
            return ""
        average = self._usd / priced
        return f"cost: ${average:.4f} per call on average, allowed ${most:.4f}"

    def __getstate__(self) -> dict[str, object]:
        """Travel with the thresholds only."""
        return {k: v for k, v in self.__dict__.items() if not k.startswith("_")}

    def __setstate__(self, state: dict[str, object]) -> None:
        """Arrive with nothing counted."""
        self.__dict__ |= state
        self.clear()


class Watch(BaseCallbackHandler):
    """Tells a rollout what becomes of a call; nothing of the call is kept."""

    run_inline = True

    def __init__(self, rollout: Rollout) -> None:
        """Keep the rollout."""
        self._rollout = rollout

    def on_llm_end(self, response: LLMResult, **_: Any) -> None:
        """Count an answer."""
        found: Any = response.generations[0][0]
        message: AIMessage = found.message
        usd = (message.response_metadata.get("unified") or {}).get("cost_usd")
        self._rollout.count(Outcome(refusal=bool(refusal_of(message)), usd=usd))

    def on_llm_error(self, error: BaseException, **_: Any) -> None:
        """Count a failure; a caller that went away is none."""
        if isinstance(error, Exception):
            late = isinstance(error, (TimeoutError, ModelTimeoutError))
            self._rollout.count(Outcome(error=True, timeout=late))


def refusal_of(message: BaseMessage) -> str:
    """Return what a model said to refuse; empty if it did not."""
    content = message.content if isinstance(message.content, list) else []
    blocks = [b for b in content if isinstance(b, dict) and b.get("type") == "refusal"]
    places = (message.additional_kwargs, *blocks)
    said = next(filter(None, (place.get("refusal") for place in places)), None)
    if said:
        return str(said)
    reason = str(message.response_metadata.get("finish_reason") or "")
    return f"finish reason {reason}" if reason in _REFUSED else ""
