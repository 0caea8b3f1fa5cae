"""What a call to one model has to pass before it is sent: its breaker and its gate."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

from langchain_unified.reliability.breaker import Breaker
from langchain_unified.reliability.gates import PATIENCE, Gate, gate
from langchain_unified.reliability.safeguards import Safeguards
from langchain_unified.reliability.scope import Scope
from langchain_unified.types import CallPlan

_PAUSE = 0.005


class Guards:
    """The breaker and the gate of a model, for one call.

    Args:
        safeguards: Says when breakers open.
        scope: Returns whose call it is.
        remaining: Returns the seconds left for the call.
    """

    def __init__(
        self,
        safeguards: Safeguards,
        scope: Callable[[], Scope],
        remaining: Callable[[], float | None],
    ) -> None:
        """Start before the first attempt."""
        self._safeguards, self._scope, self._remaining = safeguards, scope, remaining
        self._breaker: Breaker | None = None
        self._gate: Gate | None = None
        self._cooldowns = 0

    def waits(
        self, plan: CallPlan, *, at_gate: bool, retries: int, last: bool
    ) -> Iterator[float]:
        """Yield pauses until the breaker and the gate let the call pass.

        The gate is waited for where the rules of the model may be unsure.

        Raises:
            CircuitOpenError: If this is not the last model, or time or retries are used
                up.
        """
        while (wait := self._circuit_wait(plan, retries=retries, last=last)) > 0:
            yield wait
        if at_gate:
            self._gate = self._gate_of(plan)
        patient = at_gate and self._gate is not None and not self._gate.settled
        until = time.monotonic() + (PATIENCE if patient else 0.0)
        while self._gate is not None and not self._gate.enter(self):
            yield _PAUSE
            if time.monotonic() >= until:
                break

    def _circuit_wait(self, plan: CallPlan, *, retries: int, last: bool) -> float:
        """Return the seconds to wait for the breaker before asking again; 0 to go."""
        if self._safeguards.breaker is None:
            return 0.0
        if self._breaker is None:
            self._breaker = self._safeguards.breaker_of(plan, self._scope())
        wait = self._breaker.wait(self)
        if wait <= 0:
            return 0.0
        cooldown = self._breaker.state == "open"
        remaining = self._remaining()
        late = remaining is not None and wait >= remaining
        spent = cooldown and self._cooldowns >= retries
        if not last or late or spent:
            raise self._breaker.refusal()
        self._cooldowns += cooldown
        return wait

    def _gate_of(self, plan: CallPlan) -> Gate:
        return gate(plan.config, self._scope(), self._safeguards.runtime)

    def unsettle(self, plan: CallPlan) -> None:
        """Have others wait: a refusal showed that the rules of the model are unsure."""
        self._gate = self._gate or self._gate_of(plan)
        self._gate.unsettle(self)

    def release(self, error: BaseException | None) -> None:
        """Let others pass, and say how the call ended; `None` for an answer."""
        if self._gate is not None:
            self._gate.leave(self, settled=error is None)
        breaker, self._breaker = self._breaker, None
        if breaker is not None:
            breaker.ended(self, error)
