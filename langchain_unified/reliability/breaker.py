"""Circuit breakers: who keeps failing is left alone for a while.

A refused key or an unpaid bill cuts off the provider, rate limits and failures cut off
the model. After the cooldown one call at a time probes whether it works again.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Mapping
from typing import Any, NamedTuple

from langchain_unified.errors import (
    CircuitOpenError,
    InvalidParameterError,
    ProviderAuthenticationError,
    ProviderError,
    ProviderRateLimitError,
)

_LOG = logging.getLogger("langchain_unified")
_PAYMENT_REQUIRED = 402
_MOST = 4_096


class BreakerSettings(NamedTuple):
    """When a breaker opens, and for how long.

    Attributes:
        failures: Failures in a row that cut off a model.
        refusals: Refusals of the key or for want of credit in a row that cut off a
            provider.
        cooldown: Seconds until the first probe; doubled after each that fails.
        longest_cooldown: Most seconds between probes.
    """

    failures: int = 10
    refusals: int = 5
    cooldown: float = 15.0
    longest_cooldown: float = 300.0

    @classmethod
    def read(cls, given: Any) -> BreakerSettings | None:
        """Read the field `circuit_breaker`; `None` for no breaker.

        Raises:
            InvalidParameterError: If it is neither a truth value nor settings.
        """
        if given is None or isinstance(given, bool):
            return cls() if given in {None, True} else None
        if isinstance(given, cls):
            return given
        try:
            return cls(**given)
        except TypeError as error:
            accepted = f"give a truth value or {', '.join(cls._fields)}."
            raise InvalidParameterError("circuit_breaker", given, accepted) from error


class Breaker:
    """Counts failures in a row.

    Attributes:
        provider: Provider id.
        base_url: The server, if not the provider's own.
        model: The model it is about; `None` for the whole provider.
        failures: Failures since the last success.
        reason: The last failure, in words.
    """

    def __init__(self, provider: str, base_url: str | None, model: str | None) -> None:
        """Start closed."""
        self.provider, self.base_url, self.model = provider, base_url, model
        self._lock = threading.Lock()
        self.failures, self.reason, self._trips = 0, "", 0
        self._until: float | None = None
        self._probe: object | None = None

    def __repr__(self) -> str:
        """Say what it is about and how it stands."""
        about = self.model or "all models"
        return f"Breaker({self.provider!r}, {about!r}, {self.state!r}, {self.reason!r})"

    @property
    def state(self) -> str:
        """`closed` (calls pass), `open` (none does) or `half_open` (a probe may)."""
        if self._until is None:
            return "closed"
        return "open" if time.monotonic() < self._until else "half_open"

    @property
    def opens_in(self) -> float:
        """Seconds until a probe may pass."""
        return max(0.0, (self._until or 0.0) - time.monotonic())

    def admit(self, caller: object) -> bool:
        """Tell whether a call may be sent; a probe must report how it went."""
        if self._until is None:
            return True
        with self._lock:
            if self.state == "closed":
                return True
            if self.state == "open" or self._probe is not None:
                return False
            self._probe = caller
        return True

    def release(self, caller: object) -> None:
        """Let another call probe: this one was not sent, or broken off."""
        with self._lock:
            if self._probe is caller:
                self._probe = None

    def succeeded(self) -> None:
        """Note an answer: calls pass again."""
        if self.failures or self._until is not None:
            with self._lock:
                self._close()

    def failed(
        self, caller: object, error: ProviderError, most: int, settings: BreakerSettings
    ) -> None:
        """Note a failure; cut off after too many, and after a failed probe."""
        with self._lock:
            self.failures += 1
            self.reason = f"{type(error).__name__}: {str(error)[:200]}"
            probed = self._probe is caller
            if self._until is not None and not probed:
                return
            if probed or self.failures >= most:
                self._open(settings, error)

    def reset(self) -> None:
        """Forget every failure."""
        with self._lock:
            self._close()

    def _open(self, settings: BreakerSettings, error: ProviderError) -> None:
        wait = settings.cooldown * 2**self._trips
        wait = min(max(wait, error.retry_after or 0.0), settings.longest_cooldown)
        self._until, self._probe = time.monotonic() + wait, None
        self._trips = min(self._trips + 1, 20)
        about = self.model or "all models"
        _LOG.warning(
            "%s, %s: cut off for %.0f s after %d failures (%s).",
            self.provider,
            about,
            wait,
            self.failures,
            self.reason,
        )

    def _close(self) -> None:
        self.failures, self.reason, self._trips = 0, "", 0
        self._until = self._probe = None


class Circuit:
    """The two breakers a call passes: its provider's and its model's."""

    def __init__(
        self, provider: Breaker, model: Breaker, settings: BreakerSettings
    ) -> None:
        """Belong to one route of one call."""
        self._provider, self._model, self._settings = provider, model, settings

    @property
    def closed(self) -> bool:
        """Whether calls pass freely."""
        return self._provider.state == self._model.state == "closed"

    def admit(self) -> None:
        """Let the call pass.

        Raises:
            CircuitOpenError: If the provider or the model is cut off.
        """
        for breaker in (self._provider, self._model):
            if not breaker.admit(self):
                self.release()
                raise _cut_off(breaker)

    def release(self) -> None:
        """The call was not sent, or broken off."""
        self._provider.release(self)
        self._model.release(self)

    def succeeded(self) -> None:
        """Note an answer."""
        self._provider.succeeded()
        self._model.succeeded()

    def failed(self, error: ProviderError) -> None:
        """Note an error where it belongs; a mere refusal shows that all is well."""
        settings = self._settings
        if _is_about_account(error):
            self._provider.failed(self, error, settings.refusals, settings)
            self._model.release(self)
        elif type(error).is_retryable:
            self._model.failed(self, error, settings.failures, settings)
            self._provider.release(self)
        else:
            self.succeeded()


_BREAKERS: dict[tuple[Any, ...], Breaker] = {}
_LOCK = threading.Lock()


def breakers(*, all: bool = False) -> list[Breaker]:
    """Return the breakers that are not closed.

    Args:
        all: Whether to return those that are closed as well.

    Example:
        >>> breakers()
        []
    """
    return [b for b in list(_BREAKERS.values()) if all or b.state != "closed"]


def reset_breakers(provider: str | None = None, model: str | None = None) -> int:
    """Let calls pass again.

    Args:
        provider: Only breakers of this provider.
        model: Only the breaker of this model.

    Returns:
        How many breakers were not closed.
    """
    count = 0
    for breaker in list(_BREAKERS.values()):
        if provider in {None, breaker.provider} and model in {None, breaker.model}:
            count += breaker.state != "closed"
            breaker.reset()
    return count


def circuit(where: Mapping[str, Any], model: str, settings: BreakerSettings) -> Circuit:
    """Return the breakers of a model, shared by the process.

    Args:
        where: `provider`, `base_url` and `identity` (of the key) of the connection.
        model: Wire name of the model.
        settings: When they open.
    """
    return Circuit(_breaker(where, None), _breaker(where, model), settings)


def _breaker(where: Mapping[str, Any], model: str | None) -> Breaker:
    key = (where["provider"], where["identity"], model)
    found = _BREAKERS.get(key)
    if found is None:
        with _LOCK:
            if len(_BREAKERS) >= _MOST:
                _forget_idle()
            made = Breaker(where["provider"], where["base_url"], model)
            found = _BREAKERS.setdefault(key, made)
    return found


def _forget_idle() -> None:
    for key, breaker in list(_BREAKERS.items()):
        if not breaker.failures:
            del _BREAKERS[key]


def _is_about_account(error: ProviderError) -> bool:
    if isinstance(error, ProviderAuthenticationError):
        return True
    unpaid = isinstance(error, ProviderRateLimitError) and error.should_retry is False
    return unpaid or error.status == _PAYMENT_REQUIRED


def _cut_off(breaker: Breaker) -> CircuitOpenError:
    about = f"model {breaker.model!r}" if breaker.model else "every model"
    error = CircuitOpenError(
        f"Not sent: {breaker.provider!r} is cut off for {about} after "
        f"{breaker.failures} failures in a row; the last was {breaker.reason} "
        "To let calls pass now: langchain_unified.reliability.reset_breakers()."
    )
    error.provider, error.model = breaker.provider, breaker.model
    error.retry_after = breaker.opens_in
    return error
