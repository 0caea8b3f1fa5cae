"""Circuit breakers, for who wants them: a model that keeps failing is given a rest.

Off unless `circuit_breaker` is set. A breaker watches the calls of one scope to one
model over a window of time. It opens when enough of them failed, each counted once and
only after its own retries. While it is open, new calls wait; calls under way keep their
retries. After the cooldown one call probes, and its success lets all others through.

pybreaker, aiobreaker and purgatory count failures in a row, raise instead of waiting,
and keep threads and event loops apart (2026-11-27); tenacity has waits, no breaker.
"""

from __future__ import annotations

import logging
import threading
import time
from contextlib import suppress
from typing import Any, NamedTuple

from langchain_unified.errors import (
    CircuitOpenError,
    InvalidParameterError,
    MalformedResponseError,
    ProviderConnectionError,
    ProviderError,
    ProviderTimeoutError,
    ProviderUnavailableError,
    shown_value,
)
from langchain_unified.reliability.scope import Scope
from langchain_unified.runtime import Bounded, Runtime, runtime

_LOG = logging.getLogger("langchain_unified")
_FAILURES = (ProviderConnectionError, ProviderTimeoutError, ProviderUnavailableError)
_SILENT = (CircuitOpenError, MalformedResponseError)
"""Errors that say nothing about how the server is."""

_POLL = 0.05


class BreakerSettings(NamedTuple):
    """When a breaker opens, and for how long.

    Attributes:
        failures: Fewest failed calls in the window that open it.
        rate: Smallest share of the calls in the window that must have failed, 0 to 1.
        window: Seconds that are looked back.
        cooldown: Seconds until a call probes, and between probes that fail.
    """

    failures: int = 10
    rate: float = 0.5
    window: float = 30.0
    cooldown: float = 5.0

    @classmethod
    def read(cls, given: Any) -> BreakerSettings | None:
        """Read the field `circuit_breaker`; `None` for no breaker.

        Raises:
            InvalidParameterError: If it is neither a truth value nor settings.
        """
        if given is None or isinstance(given, bool):
            return cls() if given else None
        with suppress(TypeError):
            read = given if isinstance(given, cls) else cls(**given)
            if all(type(value) in {int, float} for value in read):
                return read
        accepted = (
            f"give True, False or a dictionary of settings:  {', '.join(cls._fields)}."
        )
        shown = shown_value(given)
        raise InvalidParameterError("circuit_breaker", shown, accepted)


class Breaker:
    """The failures of the calls of one scope to one model.

    Attributes:
        provider: Provider id.
        base_url: The server, if not the provider's own.
        model: The model it is about.
        reason: The last failure, in words.
        settings: When it opens; those of the call that came last.
    """

    settings = BreakerSettings()

    def __init__(self, provider: str, base_url: str | None, model: str) -> None:
        """Start closed."""
        self.provider, self.base_url, self.model = provider, base_url, model
        self._lock = threading.Lock()
        self._since = 0.0
        self.reset()

    def reset(self) -> None:
        """Let every call pass, and forget every failure."""
        self._seconds: dict[int, list[int]] = {}
        self._until: float | None = None
        self._probe: object | None = None
        self.reason = ""

    def __repr__(self) -> str:
        """Say what it is about and how it stands."""
        about = f"{self.provider!r}, {self.model!r}, {self.state!r}, {self.reason!r}"
        return f"Breaker({about})"

    @property
    def state(self) -> str:
        """`closed` (calls pass), `open` (none does) or `half_open` (a probe may)."""
        if self._until is None:
            return "closed"
        return "open" if time.monotonic() < self._until else "half_open"

    @property
    def failures(self) -> int:
        """Failed calls in the window."""
        return sum(failed for _, failed in self._seconds.values())

    @property
    def opens_in(self) -> float:
        """Seconds until a probe may pass."""
        return max(0.0, (self._until or 0.0) - time.monotonic())

    def wait(self, caller: object) -> float:
        """Return the seconds to wait before asking again; 0 to go."""
        with self._lock:
            if self._until is None or self._probe is caller:
                return 0.0
            if self.state == "open":
                return max(self.opens_in, _POLL)
            now = time.monotonic()
            late = now - self._since > self.settings.window
            if self._probe is not None and not late:
                return _POLL
            self._probe, self._since = caller, now
            return 0.0

    def ended(self, caller: object, error: BaseException | None) -> None:
        """Note how a call ended, its retries used up; `None` for an answer.

        429 and refusals come from a server that works. What says nothing about the
        server, or was never sent, lets another call probe.
        """
        says_something = error is None or (
            isinstance(error, ProviderError) and not isinstance(error, _SILENT)
        )
        with self._lock:
            probed = self._probe is caller
            if probed:
                self._probe = None
            if not says_something:
                return
            if not isinstance(error, _FAILURES):
                if self._until is not None:
                    self.reset()
                self._count(failed=False)
                return
            self._count(failed=True)
            self.reason = f"{type(error).__name__}: {str(error)[:200]}"
            if probed or (self._until is None and self._is_too_much()):
                self._open()

    def refusal(self) -> CircuitOpenError:
        """Return the error of a call that can wait no longer."""
        error = CircuitOpenError(
            f"Not sent: the circuit breaker of {self.provider!r}, model "
            f"{self.model!r}, is open after {self.failures} failed calls; the last "
            f"was {self.reason} "
            "To close it now: langchain_unified.reliability.reset_breakers()."
        )
        error.provider, error.model = self.provider, self.model
        error.retry_after = self.opens_in
        return error

    def _count(self, *, failed: bool) -> None:
        """Count by seconds, so that any number of calls takes little room."""
        now = time.monotonic()
        for second in [s for s in self._seconds if s < now - self.settings.window]:
            del self._seconds[second]
        count = self._seconds.setdefault(int(now), [0, 0])
        count[0] += 1
        count[1] += failed

    def _is_too_much(self) -> bool:
        failures, settings = self.failures, self.settings
        calls = sum(count for count, _ in self._seconds.values())
        return failures >= settings.failures and failures >= settings.rate * calls

    def _open(self) -> None:
        wait = self.settings.cooldown
        self._until = time.monotonic() + wait
        words = "%s, %s: calls wait for %.0f s after %d failed ones (%s)."
        about = (self.provider, self.model, wait, self.failures, self.reason)
        _LOG.warning(words, *about)


class _Breakers(Bounded[tuple[str, Scope, str], Breaker]):
    forgets_in_children = True


def breaker(
    provider: str,
    scope: Scope,
    model: str,
    settings: BreakerSettings,
    kept: Runtime = runtime,
) -> Breaker:
    """Return the breaker of a model, shared by the calls of a scope."""
    server = scope.server or None
    key = (provider, scope, model)
    found = kept[_Breakers].get(key, lambda: Breaker(provider, server, model))
    found.settings = settings
    return found


def breakers(*, all: bool = False) -> list[Breaker]:
    """Return the breakers that are not closed.

    Args:
        all: Whether to return those that are closed as well.

    Example:
        >>> breakers()
        []
    """
    return [b for b in runtime[_Breakers] if all or b.state != "closed"]


def reset_breakers(provider: str | None = None, model: str | None = None) -> int:
    """Let calls pass again.

    Args:
        provider: Only breakers of this provider.
        model: Only breakers of this model.

    Returns:
        How many breakers were not closed.
    """
    count = 0
    for one in runtime[_Breakers]:
        if provider in {None, one.provider} and model in {None, one.model}:
            count += one.state != "closed"
            one.reset()
    return count
