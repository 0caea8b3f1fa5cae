"""One model a call can be made with: planned, learned about, waited for."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from langchain_unified.errors import (
    ProviderError,
    ProviderModelNotFoundError,
    UnifiedError,
    UnsupportedError,
)
from langchain_unified.learning import Correction, Lessons, read_corrections
from langchain_unified.registry.lifecycle import explain_missing
from langchain_unified.reliability.gates import gate
from langchain_unified.reliability.limits import limits
from langchain_unified.reliability.retry import DEFAULT_RETRIES, wait_before_retry
from langchain_unified.reliability.secrets import mask_error
from langchain_unified.types import CallPlan, Change

MOST_CORRECTIONS = 3
"""How many refusals one call may learn from."""

MakePlan = Callable[[int], CallPlan]
"""Plans a call with what is known at that moment, more or less cautiously; see
`Invocation.caution`."""

_REASON = 500
"""Most characters of an error that are kept on the message."""

Ready = Callable[[CallPlan], object]
"""Connects what a plan is sent with."""


def at_once(plan: CallPlan) -> None:
    """Connect nothing."""
    del plan


class Route:
    """One model a call can be made with: planned again after each refusal."""

    def __init__(
        self,
        make_plan: MakePlan,
        lessons: Lessons,
        base_url: Callable[[str], str | None],
        ready: Ready = at_once,
    ) -> None:
        """Start before the first plan."""
        self._make_plan, self._lessons, self._base_url = make_plan, lessons, base_url
        self._ready = ready
        self._learned: list[Change] = []
        self._last: CallPlan | None = None
        self._refusal: ProviderError | None = None
        self._started: float | None = None
        self._retries = 0
        self.corrections = 0

    def plan(self) -> CallPlan:
        """Plan the next attempt; raise the refusal if the plan is still the same.

        The clock of the call starts once there is something to send it with.

        Raises:
            UnsupportedError: If what was learned leaves no way to make the call.
        """
        try:
            planned = self._make_plan(max(0, self.corrections - 1))
        except UnsupportedError as error:
            raise error from self._refusal
        refusal, self._refusal = self._refusal, None
        if refusal is not None and _same_request(planned, self._last):
            raise refusal
        self._last = planned
        if self._started is None:
            self._ready(planned)
            self._started = time.monotonic()
        if self._learned:
            changes = (*planned.changes, *self._learned)
            planned = replace(planned, changes=changes)
        return planned

    def remaining(self) -> float | None:
        """Return the seconds left for this model; `None` without a limit."""
        allowed = None if self._last is None else self._last.timeout
        if not isinstance(allowed, (int, float)) or self._started is None:
            return None
        return allowed - (time.monotonic() - self._started)

    def describe(self, error: UnifiedError) -> None:
        """Say on an error what it was about, and what would put it right."""
        plan = self._last
        if plan is None or not isinstance(error, ProviderError):
            return
        mask_error(error)
        _shorten(error)
        error.provider = error.provider or plan.provider
        error.model = error.model or plan.model
        error.endpoint = error.endpoint or plan.endpoint
        error.fix = error.fix or read_corrections(error, plan)
        successor = plan.config.lifecycle.replacement
        if isinstance(error, ProviderModelNotFoundError) and successor:
            _name_successor(error, successor)
        if isinstance(error, ProviderModelNotFoundError):
            explain_missing(error, plan.config)

    def learn(self, refusal: ProviderError) -> bool:
        """Remember what a refusal says; tell whether to try again."""
        plan = self._last
        if plan is None or self.corrections >= MOST_CORRECTIONS or not refusal.fix:
            return False
        server = self._base_url(plan.provider)
        if not self._lessons.learn(plan.config, server, plan.endpoint, refusal.fix):
            return False
        self.corrections += 1
        self._refusal = refusal
        self._learned += [_as_change(correction) for correction in refusal.fix]
        gate(plan.config, server).unsettle()
        return True

    def wait_after(self, error: ProviderError) -> float | None:
        """Return the seconds to wait before trying again; `None` for no more."""
        allowed = None if self._last is None else self._last.max_retries
        if self._retries >= (DEFAULT_RETRIES if allowed is None else allowed):
            return None
        wait = wait_before_retry(error, self._retries)
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


def _name_successor(error: ProviderError, successor: str) -> None:
    if error.successor is None:
        error.successor = successor
        _say(error, f"{error} Its successor is {successor!r}.")


def _shorten(error: ProviderError) -> None:
    """Keep a server from filling logs with what it says."""
    said, most = str(error), limits().error_characters
    if len(said) > most:
        _say(error, f"{said[:most]}... ({len(said)} characters)")


def _say(error: ProviderError, message: str) -> None:
    error.args = (message, *error.args[1:])
    for name in ("message", "error"):
        if isinstance(vars(error).get(name), str):
            setattr(error, name, message)
