"""Trying a call: plan, send, learn from a refusal, plan again; at most three times.

An attempt is a context manager around one sending. It swallows a refusal that taught
something new, and the loop goes on with a plan that heeds it; any other error passes.

```python
for attempt in attempts:
    with attempt as plan:
        return send(plan)
```
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from types import TracebackType

from langchain_unified.errors import ProviderError, UnsupportedError
from langchain_unified.learning import Correction, Lessons, read_corrections
from langchain_unified.types import CallPlan, Change, ModelConfig

MOST_CORRECTIONS = 3
"""How many refusals one call may learn from."""

PATIENCE = 2.0
"""Seconds a call waits for another to find out an unknown model's rules."""

_PAUSE = 0.005


class Attempts:
    """The attempts at one call.

    Args:
        make_plan: Plans the call with what is known at that moment, more or less
            cautiously; see `Invocation.caution`.
        lessons: Where refusals are remembered.
        base_url: Returns the base URL of a provider, `None` for its own.
    """

    def __init__(
        self,
        make_plan: Callable[[int], CallPlan],
        lessons: Lessons,
        base_url: Callable[[str], str | None],
    ) -> None:
        """Start before the first attempt."""
        self._make_plan, self._lessons, self._base_url = make_plan, lessons, base_url
        self._learned: list[Change] = []
        self._last: CallPlan | None = None
        self._refusal: ProviderError | None = None
        self.corrections = 0

    def __iter__(self) -> Iterator[Attempt]:
        """Yield attempts until one is not refused; the caller returns from inside."""
        while True:
            yield Attempt(self)

    def plan(self) -> CallPlan:
        """Plan the next attempt; raise the refusal if the plan is still the same.

        Raises:
            UnsupportedError: If what was learned leaves no way to make the call.
        """
        try:
            planned = self._make_plan(max(0, self.corrections - 1))
        except UnsupportedError as error:
            raise error from self._refusal
        if self._last is not None and _same_request(planned, self._last):
            raise self._refusal  # type: ignore[misc]
        self._last = planned
        if self._learned:
            changes = (*planned.changes, *self._learned)
            planned = replace(planned, changes=changes)
        return planned

    def again(self) -> CallPlan:
        """Plan once more with what other calls have learned in the meantime."""
        self._last = None
        return self.plan()

    def learn(self, refusal: ProviderError) -> bool:
        """Remember what a refusal says; tell whether to try again."""
        plan = self._last
        if plan is None or self.corrections >= MOST_CORRECTIONS:
            return False
        corrections = read_corrections(refusal, plan)
        server = self._base_url(plan.provider)
        if not corrections or not self._lessons.learn(
            plan.config, server, plan.endpoint, corrections
        ):
            return False
        self.corrections += 1
        self._refusal = refusal
        self._learned += [_as_change(correction) for correction in corrections]
        gate(plan.config, server).unsettle()
        return True

    def gate(self, plan: CallPlan) -> Gate | None:
        """Return the gate to pass before sending, if the model's rules are unsure."""
        return gate_of(plan.config, self._base_url(plan.provider))


class Attempt:
    """One sending of a call, as a context manager that gives the plan."""

    def __init__(self, attempts: Attempts) -> None:
        """Belong to a call."""
        self._attempts = attempts
        self._gate: Gate | None = None
        self._committed = False

    def commit(self) -> None:
        """Say that the provider took the request; nothing is learned from here on."""
        if not self._committed:
            self._committed = True
            self._leave(settled=True)

    def __enter__(self) -> CallPlan:
        """Plan, and wait while another call finds out an unknown model's rules."""
        plan = self._attempts.plan()
        waited = self._approach(plan)
        while waited is not None and not waited.enter(self) and waited.open_in() > 0:
            time.sleep(_PAUSE)
        return self._replanned(plan, waited)

    async def __aenter__(self) -> CallPlan:
        """Plan, and wait while another call finds out an unknown model's rules."""
        plan = self._attempts.plan()
        waited = self._approach(plan)
        while waited is not None and not waited.enter(self) and waited.open_in() > 0:
            await asyncio.sleep(_PAUSE)  # noqa: ASYNC110 - loops and threads share it
        return self._replanned(plan, waited)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> bool:
        """Swallow a refusal that taught something new."""
        if self._committed:
            return False
        again = isinstance(error, ProviderError) and self._attempts.learn(error)
        self._leave(settled=error is None)
        return again

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> bool:
        """Swallow a refusal that taught something new."""
        return self.__exit__(kind, error, trace)

    def _approach(self, plan: CallPlan) -> Gate | None:
        self._gate = self._attempts.gate(plan)
        return self._gate

    def _replanned(self, plan: CallPlan, waited: Gate | None) -> CallPlan:
        """Plan again after a wait: the other call may have learned something."""
        if waited is None:
            return plan
        try:
            return self._attempts.again()
        except BaseException:
            self._leave(settled=False)
            raise

    def _leave(self, *, settled: bool) -> None:
        if self._gate is not None:
            self._gate.leave(self, settled=settled)


class Gate:
    """Lets one call at a time through while a model's rules are unsure."""

    def __init__(self, *, settled: bool) -> None:
        """Start open or not."""
        self._lock = threading.Lock()
        self._settled = settled
        self._inside: Attempt | None = None
        self._since = 0.0

    @property
    def settled(self) -> bool:
        """Whether a request was taken since the last refusal."""
        return self._settled

    def enter(self, attempt: Attempt) -> bool:
        """Let an attempt through if no other is being tried."""
        with self._lock:
            if self._settled:
                return True
            if self._inside is None:
                self._inside, self._since = attempt, time.monotonic()
                return True
        return False

    def open_in(self) -> float:
        """Return for how many seconds it is still worth waiting."""
        return PATIENCE - (time.monotonic() - self._since)

    def leave(self, attempt: Attempt, *, settled: bool) -> None:
        """Let the next attempt through, and all of them if the request was taken."""
        with self._lock:
            if self._inside is attempt:
                self._inside = None
            self._settled = self._settled or settled

    def unsettle(self) -> None:
        """Close again: a refusal showed that the rules are unsure."""
        with self._lock:
            self._settled = False


_GATES: dict[tuple[str, str, str], Gate] = {}
_KNOWN = frozenset({"exact", "alias", "snapshot"})


def gate(config: ModelConfig, base_url: str | None) -> Gate:
    """Return the gate of a model, shared by the process."""
    key = (config.provider, base_url or "", config.model)
    known = config.match in _KNOWN
    return _GATES.setdefault(key, Gate(settled=known))


def gate_of(config: ModelConfig, base_url: str | None) -> Gate | None:
    """Return the gate of a model if its rules are unsure."""
    found = _GATES.get((config.provider, base_url or "", config.model))
    if found is None:
        return None if config.match in _KNOWN else gate(config, base_url)
    return None if found.settled else found


def _same_request(one: CallPlan, other: CallPlan) -> bool:
    return (
        one.endpoint == other.endpoint
        and one.stream == other.stream
        and one.system_role == other.system_role
        and one.calls == other.calls
        and one.body == other.body
    )


def _as_change(correction: Correction) -> Change:
    about = correction.parameter or correction.do
    reason = f"the provider said: {correction.said}"
    return Change(about, "learned", None, correction.value, reason, "a refused request")
