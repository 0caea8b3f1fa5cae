"""One model a call can be made with: planned, learned about, waited for."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any, NamedTuple

from langchain_core.exceptions import ContextOverflowError

from langchain_unified.errors import (
    ProviderError,
    ProviderModelNotFoundError,
    UnifiedError,
    UnsupportedError,
)
from langchain_unified.learning import (
    Carried,
    Correction,
    Lessons,
    Trial,
    names_a_cause,
    read_corrections,
)
from langchain_unified.registry.lifecycle import explain_missing
from langchain_unified.reliability.breaker import Breaker
from langchain_unified.reliability.gates import (
    PATIENCE,
    Gate,
    gate,
    is_unsure,
)
from langchain_unified.reliability.limits import limits
from langchain_unified.reliability.retry import DEFAULT_RETRIES, wait_before_retry
from langchain_unified.reliability.safeguards import Safeguards
from langchain_unified.reliability.scope import Scope
from langchain_unified.shims.base import ProviderShim
from langchain_unified.types import CallPlan, Change

MOST_CORRECTIONS = 3
"""How many refusals one call may learn from."""

MakePlan = Callable[[int, tuple[Trial, ...]], CallPlan]
"""Plans a call with what is known at that moment and with the corrections that this
call is trying out, more or less cautiously; see `Invocation.caution`."""

_REASON = 500
"""Most characters of an error that are kept on the message."""

Connect = Callable[[CallPlan], ProviderShim]
"""Returns what a plan is sent with."""

_NOT_SENT = BaseException("not sent")


def _nothing_learned() -> None:
    return None


class Work(NamedTuple):
    """What each attempt at a call needs, whichever model it is made with.

    Attributes:
        connect: Returns the shim a plan is sent with. The first connection imports the
            provider's SDK, so no clock runs before it is there.
        scope: Returns whose call a plan is; asked when it matters.
        lessons: Returns where refusals are remembered; `None` to learn nothing.
        carried: Returns the texts that the request carries, which an error may repeat.
        safeguards: Breakers, places and limits of rate; none if left out.
        deadline: Seconds for the call at each model; no limit if left out.
    """

    connect: Connect
    scope: Callable[[CallPlan], Scope] = lambda _: Scope()
    lessons: Callable[[], Lessons | None] = _nothing_learned
    carried: Callable[[], Carried] = Carried
    safeguards: Safeguards = Safeguards()
    deadline: float | None = None


class Route:
    """One model a call can be made with: planned again after each refusal.

    Args:
        make_plan: Plans the call for it.
        work: What each attempt at the call needs.

    Attributes:
        shim: What its plan is sent with.
        at_gate: Whether its rules may be unsure, so that others have to be waited for.
        has_waited: Whether something else may be known since it was planned.
        corrections: How many refusals were learned from.
    """

    shim: ProviderShim

    def __init__(self, make_plan: MakePlan, work: Work) -> None:
        """Start before the first plan."""
        self._make_plan, self._work = make_plan, work
        self._trials: tuple[Trial, ...] = ()
        self._last: CallPlan | None = None
        self._refusal: ProviderError | None = None
        self._told = ""
        self._scope: Scope | None = None
        self._breaker: Breaker | None = None
        self._gate: Gate | None = None
        self._started: float | None = None
        self._retries = self._cooldowns = 0
        self.corrections = 0
        self.has_waited = self.at_gate = False

    def plan(self) -> CallPlan:
        """Plan the next attempt; raise the refusal if the plan is still the same.

        The clock of the call starts once there is something to send it with.

        Raises:
            UnsupportedError: If what was learned leaves no way to make the call.
            ProviderError: If the server lacks the endpoint that the call asks for.
        """
        try:
            planned = self._make_plan(max(0, self.corrections - 1), self._trials)
        except UnsupportedError as error:
            if self._refusal is not None and _is_missing_path(self._refusal):
                # The user asked for this endpoint: ChatOpenAI raises the 404 itself.
                raise self._refusal from None
            self._remember()
            raise error from self._refusal
        refusal, self._refusal = self._refusal, None
        if refusal is not None and _same_request(planned, self._last):
            self._trials = ()
            raise refusal
        self._last = planned
        self.has_waited = False
        self.shim = self._work.connect(planned)
        if self._started is None:
            self._started = time.monotonic()
        # Without a body there is nothing that could be refused.
        self.at_gate = bool(
            planned.body
            and not self._retries
            and is_unsure(planned.config, self._work.safeguards.runtime)
            and self._work.lessons() is not None
        )
        if self._trials:
            learned = [_as_change(trial.correction) for trial in self._trials]
            planned = replace(planned, changes=(*planned.changes, *learned))
        return planned

    def move(self, make_plan: MakePlan) -> None:
        """Plan the next attempts in another way, within the same deadline."""
        self._make_plan, self._trials, self._refusal = make_plan, (), None

    def scope(self) -> Scope:
        """Return whose call it is; worked out when it first matters."""
        if self._scope is None:
            assert self._last is not None  # noqa: S101 - planned before anything else
            self._scope = self._work.scope(self._last)
        return self._scope

    def remaining(self) -> float | None:
        """Return the seconds left for this model; `None` without a deadline."""
        if self._work.deadline is None or self._started is None:
            return None
        return self._work.deadline - (time.monotonic() - self._started)

    def patience(self) -> float | None:
        """Return how many seconds to wait for a place; `None` for any time."""
        allowed = None if self._last is None else self._last.timeout
        waits = [
            seconds
            for seconds in (self.remaining(), allowed)
            if isinstance(seconds, (int, float))
        ]
        return min(waits) if waits else None

    def circuit_wait(self, *, last: bool) -> float:
        """Return the seconds to wait for the breaker before asking again; 0 to go.

        Args:
            last: Whether there is no other model to try.

        Raises:
            CircuitOpenError: If another model can be tried, or time or retries are
                used up.
        """
        if self._last is None or self._work.safeguards.breaker is None:
            return 0.0
        if self._breaker is None:
            self._breaker = self._work.safeguards.breaker_of(self._last, self.scope())
        wait = self._breaker.wait(self)
        if wait <= 0:
            return 0.0
        self.has_waited = True
        cooldown = self._breaker.state == "open"
        remaining = self.remaining()
        late = remaining is not None and wait >= remaining
        spent = cooldown and self._cooldowns >= self._most_retries()
        if not last or late or spent:
            raise self._breaker.refusal()
        self._cooldowns += cooldown
        return wait

    def gate_patience(self) -> float:
        """Return how many seconds to wait for others to find out a model's rules."""
        plan = self._last
        if plan is None or not self.at_gate:
            return 0.0
        self._gate = gate(plan.config, self.scope(), self._work.safeguards.runtime)
        return 0.0 if self._gate.settled else PATIENCE

    def enter_gate(self) -> bool:
        """Tell whether the call may be sent now."""
        entered = self._gate is None or self._gate.enter(self)
        self.has_waited = self.has_waited or not entered
        return entered

    def describe(self, error: UnifiedError, *, alone: bool) -> None:
        """Say on an error what it was about, and what would put it right.

        Args:
            error: What came instead of an answer.
            alone: Whether there is no other model to try.
        """
        plan = self._last
        if plan is None or not isinstance(error, ProviderError):
            return
        _shorten(error, limits(self._work.safeguards.runtime).error_characters)
        error.provider = error.provider or plan.provider
        error.model = error.model or plan.model
        error.endpoint = error.endpoint or plan.endpoint
        error.fix = (
            error.fix
            or read_corrections(error, plan, self._work.carried)
            or _on_chat(error, plan)
            or _without_usage(error, plan, last=alone and self._has_retried())
        )
        if not error.fix and self._trials and str(error) == self._told:
            tried = (trial.correction for trial in self._trials)
            error.fix = tuple(c for c in tried if c.parameter != _ASKS_USAGE)
        successor = plan.config.lifecycle.replacement
        if isinstance(error, ProviderModelNotFoundError) and successor:
            _name_successor(error, successor)
        if isinstance(error, ProviderModelNotFoundError):
            explain_missing(error, plan.config)

    def learn(self, refusal: ProviderError) -> bool:
        """Try out what a refusal says; tell whether to try again.

        Nothing is remembered until the corrected request is accepted.
        """
        plan = self._last
        if plan is None or not refusal.fix or self._work.lessons() is None:
            return False
        if self.corrections >= MOST_CORRECTIONS:
            return False
        known = {(trial.endpoint, trial.correction) for trial in self._trials}
        new = [
            Trial(plan.config, plan.endpoint, correction)
            for correction in refusal.fix
            if (plan.endpoint, correction) not in known
        ]
        if not new:
            return False
        self.corrections += 1
        self._refusal, self._told = refusal, str(refusal)
        self._trials = (*self._trials, *new)
        kept = self._work.safeguards.runtime
        self._gate = self._gate or gate(plan.config, self.scope(), kept)
        self._gate.unsettle(self)
        return True

    def accepted(self) -> None:
        """Remember what was tried out: the corrected request was accepted."""
        if self._trials:
            self._remember()
        if self._gate is not None:
            self._gate.leave(self, settled=True)
        self._tell_breaker(None)

    def finish(self, error: BaseException | None) -> None:
        """End the attempts at this model; `None` for an answer."""
        if error is None:
            if self._trials or self._gate is not None or self._breaker is not None:
                self.accepted()
            return
        if self._gate is not None:
            self._gate.leave(self, settled=False)
        self._tell_breaker(error)

    def abandon(self) -> None:
        """Release the guards of a call that was not sent."""
        self.finish(_NOT_SENT)

    def _tell_breaker(self, error: BaseException | None) -> None:
        breaker, self._breaker = self._breaker, None
        if breaker is not None:
            breaker.ended(self, error)

    def wait_after(self, error: ProviderError) -> float | None:
        """Return the seconds to wait before trying again; `None` for no more."""
        if self._retries >= self._most_retries():
            return None
        wait = wait_before_retry(error, self._retries, self._work.safeguards.runtime)
        remaining = self.remaining()
        if wait is None or (remaining is not None and wait >= remaining):
            return None
        self._retries += 1
        return wait

    def report(self, error: UnifiedError) -> dict[str, Any]:
        """Return what goes on record about giving this model up."""
        plan = self._last
        return {
            "model": plan.model if plan else getattr(error, "model", None),
            "provider": plan.provider if plan else getattr(error, "provider", None),
            "endpoint": plan.endpoint if plan else None,
            "error": type(error).__name__,
            "status": getattr(error, "status", None),
            "reason": str(error)[:_REASON],
            "retries": self._retries,
        }

    def _has_retried(self) -> bool:
        """Tell whether no retry is left of those allowed, if any were."""
        return 0 < self._most_retries() <= self._retries

    def _most_retries(self) -> int:
        allowed = None if self._last is None else self._last.max_retries
        return DEFAULT_RETRIES if allowed is None else allowed

    def _remember(self) -> None:
        trials, self._trials = self._trials, ()
        lessons = self._work.lessons() if trials else None
        if lessons is not None and self.scope().is_known:
            lessons.learn(trials, self.scope())


def _same_request(one: CallPlan, other: CallPlan | None) -> bool:
    return other is not None and (
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


def _on_chat(error: ProviderError, plan: CallPlan) -> tuple[Correction, ...]:
    """Return what leads to chat completions on a server that has no Responses.

    ChatOpenAI would have asked there at once: most servers of other makes have no
    other endpoint.
    """
    elsewhere = plan.config.server and plan.endpoint == "responses"
    if not elsewhere or error.status not in _NO_SUCH_PATH:
        return ()
    return (Correction("endpoint", None, None, str(error)),)


_NO_SUCH_PATH = frozenset({404, 405, 501})


def _without_usage(
    error: ProviderError, plan: CallPlan, *, last: bool
) -> tuple[Correction, ...]:
    """Return what leaves out the request for usage, where nobody says what is wrong.

    ChatOpenAI asks no server of the user's own for the usage of a stream, so that a
    refusal without a reason may be of that, and so may a failure (5xx) that retries do
    not mend.

    Args:
        error: What the server answered.
        plan: What it was sent.
        last: Whether retries were made, and none is left.
    """
    if not (plan.config.server and plan.stream and _ASKS_USAGE in plan.body):
        return ()
    has_a_cause = isinstance(error, ContextOverflowError) or names_a_cause(error)
    has_failed = last and (error.status or 0) >= _FAILED
    if has_a_cause or not (has_failed or error.status in _REFUSED):
        return ()
    return (Correction("never", _ASKS_USAGE, None, str(error)),)


_ASKS_USAGE = "stream_options"
_REFUSED = frozenset({400, 422})
_FAILED = 500


def _is_missing_path(refusal: ProviderError) -> bool:
    """Tell whether nothing but another endpoint was tried after a refusal."""
    tried = [correction.do for correction in refusal.fix]
    return refusal.status in _NO_SUCH_PATH and tried == ["endpoint"]


def _name_successor(error: ProviderError, successor: str) -> None:
    if error.successor is None:
        error.successor = successor
        _say(error, f"{error} Its successor is {successor!r}.")


def _shorten(error: ProviderError, most: int) -> None:
    """Keep a server from filling logs with what it says."""
    said = str(error)
    if len(said) > most:
        _say(error, f"{said[:most]}... ({len(said)} characters)")


def _say(error: ProviderError, message: str) -> None:
    error.args = (message, *error.args[1:])
    for name in ("message", "error"):
        if isinstance(vars(error).get(name), str):
            setattr(error, name, message)
