"""A guard: thresholds that put the flag back to `legacy`, with the reason."""

from __future__ import annotations

import threading
import time
from collections import defaultdict, deque
from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any

from langchain_core.exceptions import ModelTimeoutError
from pydantic import Field, TypeAdapter, ValidationError

from langchain_unified.errors import InvalidParameterError
from langchain_unified.runtime import renew_in_children

if TYPE_CHECKING:
    from langchain_unified.rollout.paths import Answer

SHARE = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
SECONDS = Annotated[float, Field(gt=0, allow_inf_nan=False)]
AMOUNT = Annotated[float, Field(ge=0, allow_inf_nan=False)]
COUNT = Annotated[int, Field(ge=0)]
PLACES = Annotated[int, Field(ge=1)]

_SHARES = ("errors", "timeouts", "refusals")


class Guard:
    """Puts the flag back to `legacy` when the unified path does worse than allowed.

    Each process counts its own calls, whichever method of the model makes them. Once a
    threshold is passed the process stays on `legacy` until `Rollout.release()` or a
    restart; the `on_event` of the rollout hears of it.

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
        self.renew()
        renew_in_children(self)

    def renew(self) -> None:
        """Forget what was counted; a forked process counts its own calls."""
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
        told = {
            "errors": answer.error is not None,
            "timeouts": isinstance(answer.error, (TimeoutError, ModelTimeoutError)),
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
        calls, sums = len(self._seen), self._sums
        for name, most in self.thresholds.items():
            if most is not None and sums[name] > most * calls:
                return f"{name}: {sums[name]:g} of {calls} calls, allowed {most:.1%}"
        priced, most = sums["priced"], self.usd_per_call
        if most is None or priced < self.min_calls or sums["usd"] <= most * priced:
            return ""
        average = sums["usd"] / priced
        return f"cost: ${average:.4f} per call on average, allowed ${most:.4f}"

    def __getstate__(self) -> dict[str, object]:
        """Travel with the thresholds only."""
        return {k: v for k, v in vars(self).items() if not k.startswith("_")}

    def __setstate__(self, state: dict[str, object]) -> None:
        """Arrive with nothing counted."""
        self.__dict__ |= state
        self.renew()
        renew_in_children(self)


def check_limits(given: Mapping[str, Any], **kinds: Any) -> None:
    """Refuse limits that cannot be meant, each by its name.

    Raises:
        InvalidParameterError: If one is no number, or outside its bounds.
    """
    for name, kind in kinds.items():
        _check(name, given[name], TypeAdapter(kind))


def _check(name: str, value: Any, kind: TypeAdapter[Any]) -> None:
    try:
        kind.validate_python(value, strict=True)
    except ValidationError as error:
        why = error.errors()[0]["msg"].replace("Input should be", "give a number")
        why = why.replace("a number a valid", "a valid")
        share = " A share: 5 % is 0.05." if "less than or equal to 1" in why else ""
        raise InvalidParameterError(name, value, f"{why}.{share}") from None
