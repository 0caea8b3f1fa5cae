"""Gates: while a model's rules are unsure, one call at a time finds them out."""

from __future__ import annotations

import threading
import time

from langchain_unified.types import ModelConfig

PATIENCE = 2.0
"""Seconds a call waits for another to find out an unknown model's rules."""

_KNOWN = frozenset({"exact", "alias", "snapshot"})


class Gate:
    """Lets one call at a time through while a model's rules are unsure."""

    def __init__(self, *, settled: bool) -> None:
        """Start open or not."""
        self._lock = threading.Lock()
        self._settled = settled
        self._inside: object | None = None
        self._since = 0.0

    @property
    def settled(self) -> bool:
        """Whether a request was taken since the last refusal."""
        return self._settled

    def enter(self, attempt: object) -> bool:
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

    def leave(self, attempt: object, *, settled: bool) -> None:
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
