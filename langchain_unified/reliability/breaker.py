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
from langchain_unified.reliability.bounded import Bounded
from langchain_unified.reliability.scope import Scope
from langchain_unified.runtime import runtime

_LOG = logging.getLogger("langchain_unified")
_FAILURES = (ProviderConnectionError, ProviderTimeoutError, ProviderUnavailableError)
_POLL = 0.05
_MOST_DOUBLINGS = 20


class BreakerSettings(NamedTuple):
    """When a breaker opens, and for how long.

    Attributes:
        failures: Fewest failed calls in the window that open it.
        rate: Smallest share of the calls in the window that must have failed, 0 to 1.
        window: Seconds that are looked back.
        cooldown: Seconds until the first probe; doubled after each that fails.
        longest_cooldown: Most seconds between probes.
    """

    failures: int = 10
    rate: float = 0.5
    window: float = 30.0
    cooldown: float = 5.0
    longest_cooldown: float = 60.0

    @classmethod
    def read(cls, given: Any) -> BreakerSettings | None:
        """Read the field `circuit_breaker`; `None` for no breaker.

        Raises:
            InvalidParameterError: If it is neither a truth value nor settings.
        """
        if given is None or isinstance(given, bool):
            return cls() if given else None
        if isinstance(given, cls):
            return given
        shown = shown_value(given)
        accepted = f"give True, False or settings: {', '.join(cls._fields)}."
        try:
            read = cls(**given)
        except TypeError:
            raise InvalidParameterError("circuit_breaker", shown, accepted) from None
        for value in read:
            if isinstance(value, bool) or not isinstance(value, (int, float)):
                raise InvalidParameterError("circuit_breaker", shown, accepted)
        return read


class Breaker:
    """The failures of the calls of one scope to one model.

    Attributes:
        provider: Provider id.
        base_url: The server, if not the provider's own.
        model: The model it is about.
        failures: Failed calls in the window.
        reason: The last failure, in words.
    """

    def __init__(self, provider: str, base_url: str | None, model: str) -> None:
        """Start closed."""
        self.provider, self.base_url, self.model = provider, base_url, model
        self._lock = threading.Lock()
        self._seconds: dict[int, list[int]] = {}
        self._until: float | None = None
        self._probe: object | None = None
        self._trips, self._since, self.reason = 0, 0.0, ""

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

    def wait(self, caller: object, settings: BreakerSettings) -> float:
        """Return the seconds to wait before asking again; 0 to go."""
        if self._until is None:
            return 0.0
        with self._lock:
            if self._until is None or self._probe is caller:
                return 0.0
            if self.state == "open":
                return max(self.opens_in, _POLL)
            now = time.monotonic()
            if self._probe is None or now - self._since > settings.longest_cooldown:
                self._probe, self._since = caller, now
                return 0.0
        return _POLL

    def release(self, caller: object) -> None:
        """Let another call probe: this one said nothing about the server."""
        with self._lock:
            if self._probe is caller:
                self._probe = None

    def succeeded(self, settings: BreakerSettings) -> None:
        """Note a call that the server answered: all calls pass again."""
        with self._lock:
            if self._until is not None:
                self._close()
            self._count(settings, failed=False)

    def failed(
        self, caller: object, error: ProviderError, settings: BreakerSettings
    ) -> None:
        """Note a call whose retries are used up; open after too many."""
        with self._lock:
            self._count(settings, failed=True)
            self.reason = f"{type(error).__name__}: {str(error)[:200]}"
            probed, self._probe = self._probe is caller, None
            if probed or (self._until is None and self._is_too_much(settings)):
                self._open(settings)

    def reset(self) -> None:
        """Forget every failure."""
        with self._lock:
            self._close()

    def _count(self, settings: BreakerSettings, *, failed: bool) -> None:
        """Count by seconds, so that any number of calls takes little room."""
        now = time.monotonic()
        for second in [s for s in self._seconds if s < now - settings.window]:
            del self._seconds[second]
        count = self._seconds.setdefault(int(now), [0, 0])
        count[0] += 1
        count[1] += failed

    def _is_too_much(self, settings: BreakerSettings) -> bool:
        failures = self.failures
        calls = sum(count for count, _ in self._seconds.values())
        return failures >= settings.failures and failures >= settings.rate * calls

    def _open(self, settings: BreakerSettings) -> None:
        doubled = settings.cooldown * 2.0**self._trips
        wait = min(doubled, settings.longest_cooldown)
        self._until = time.monotonic() + wait
        self._trips = min(self._trips + 1, _MOST_DOUBLINGS)
        words = "%s, %s: calls wait for %.0f s after %d failed ones (%s)."
        about = (self.provider, self.model, wait, self.failures, self.reason)
        _LOG.warning(words, *about)

    def _close(self) -> None:
        self._trips, self.reason, self._seconds = 0, "", {}
        self._until = self._probe = None


class Circuit:
    """The breaker as one call sees it."""

    def __init__(self, breaker: Breaker, settings: BreakerSettings) -> None:
        """Belong to one route of one call."""
        self._breaker, self._settings = breaker, settings

    def wait(self) -> float:
        """Return the seconds to wait before asking again; 0 to go."""
        return self._breaker.wait(self, self._settings)

    @property
    def is_open(self) -> bool:
        """Whether the cooldown is not over yet."""
        return self._breaker.state == "open"

    def refusal(self) -> CircuitOpenError:
        """Return the error of a call that can wait no longer."""
        return _cut_off(self._breaker)

    def release(self) -> None:
        """The call was not sent, or broken off."""
        self._breaker.release(self)

    def succeeded(self) -> None:
        """Note an answer."""
        self._breaker.succeeded(self._settings)

    def failed(self, error: BaseException | None) -> None:
        """Note how the call ended; 429 and refusals come from a server that works."""
        if isinstance(error, _FAILURES) and not isinstance(error, CircuitOpenError):
            self._breaker.failed(self, error, self._settings)
        elif isinstance(error, ProviderError) and not _is_ours(error):
            self._breaker.succeeded(self._settings)
        else:
            self._breaker.release(self)


class _Breakers(Bounded[tuple[str, Scope, str], Breaker]):
    forgets_in_children = True


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
    for breaker in runtime[_Breakers]:
        if provider in {None, breaker.provider} and model in {None, breaker.model}:
            count += breaker.state != "closed"
            breaker.reset()
    return count


def circuit(
    provider: str, scope: Scope, model: str, settings: BreakerSettings
) -> Circuit:
    """Return the breaker of a model, shared by the calls of its scope.

    Args:
        provider: Provider id.
        scope: Whose call it is.
        model: Wire name of the model.
        settings: When it opens.
    """
    server = scope.server or None
    key = (provider, scope, model)
    found = runtime[_Breakers].get(key, lambda: Breaker(provider, server, model))
    return Circuit(found, settings)


def _is_ours(error: ProviderError) -> bool:
    """Tell whether an error says nothing about how the server is."""
    return isinstance(error, (CircuitOpenError, MalformedResponseError))


def _cut_off(breaker: Breaker) -> CircuitOpenError:
    error = CircuitOpenError(
        f"Not sent: the circuit breaker of {breaker.provider!r}, model "
        f"{breaker.model!r}, is open after {breaker.failures} failed calls; the last "
        f"was {breaker.reason} "
        "To let calls pass now: langchain_unified.reliability.reset_breakers()."
    )
    error.provider, error.model = breaker.provider, breaker.model
    error.retry_after = breaker.opens_in
    return error
