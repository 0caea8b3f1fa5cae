"""Gates: while a model's rules are unsure, one call at a time finds them out."""

from __future__ import annotations

import threading
import time

from langchain_unified.reliability.bounded import Bounded
from langchain_unified.reliability.scope import Scope
from langchain_unified.runtime import runtime
from langchain_unified.types import ModelConfig

PATIENCE = 0.25
"""Most seconds a call waits for others to find out an unknown model's rules.

A refusal comes before anything is generated, so within a round trip. Whoever waited for
an answer would finish later than with ChatOpenAI: a first batch took twice as long.
"""

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

    def enter(self, call: object) -> bool:
        """Let a call through if no other is being tried."""
        with self._lock:
            if self._settled or self._inside is call:
                return True
            now = time.monotonic()
            if self._inside is None or now - self._since > PATIENCE:
                self._inside, self._since = call, now
                return True
        return False

    def leave(self, call: object, *, settled: bool) -> None:
        """Let the next call through, and all of them if the request was taken."""
        with self._lock:
            if self._inside is call:
                self._inside = None
            self._settled = self._settled or settled

    def unsettle(self, call: object) -> None:
        """Close again behind a call: a refusal showed that the rules are unsure."""
        with self._lock:
            self._settled = False
            if self._inside is None:
                self._inside, self._since = call, time.monotonic()


class _Gates(Bounded[tuple[str, Scope, str], Gate]):
    forgets_in_children = True


def gate(config: ModelConfig, scope: Scope) -> Gate:
    """Return the gate of a model, shared by the calls of a scope."""
    key = (config.provider, scope, config.model)
    return runtime[_Gates].get(key, lambda: Gate(settled=config.match in _KNOWN))


def is_unsure(config: ModelConfig) -> bool:
    """Tell whether a model has no row of its own."""
    return config.match not in _KNOWN


def has_gates() -> bool:
    """Tell whether any model of the process has a gate."""
    return bool(len(runtime[_Gates]))
