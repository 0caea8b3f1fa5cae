"""Gates: while a model's rules are unsure, one call at a time finds them out."""

from __future__ import annotations

import threading
import time

from langchain_unified.reliability.scope import Scope
from langchain_unified.runtime import Bounded, Runtime, runtime
from langchain_unified.types import ModelConfig

PATIENCE = 0.25
"""Most seconds a call waits for others to find out an unknown model's rules.

A refusal comes before anything is generated, so within a round trip. Whoever waited for
an answer would finish later than with ChatOpenAI: a first batch took twice as long.
"""

_KNOWN = frozenset({"exact", "alias", "snapshot"})


class Gate:
    """Lets one call at a time through while a model's rules are unsure.

    Attributes:
        settled: Whether a request was taken since the last refusal.
    """

    def __init__(self, *, settled: bool) -> None:
        """Start open or not."""
        self.settled = settled
        self._lock = threading.Lock()
        self._inside: object | None = None
        self._since = 0.0

    def enter(self, call: object) -> bool:
        """Let a call through if no other is being tried."""
        with self._lock:
            late = time.monotonic() - self._since > PATIENCE
            if self.settled or self._inside is call:
                return True
            if self._inside is None or late:
                self._inside, self._since = call, time.monotonic()
                return True
        return False

    def leave(self, call: object, *, settled: bool) -> None:
        """Let the next call through, and all of them if the request was taken."""
        with self._lock:
            if self._inside is call:
                self._inside = None
            self.settled = self.settled or settled

    def unsettle(self, call: object) -> None:
        """Close again behind a call: a refusal showed that the rules are unsure."""
        self.settled = False
        self.enter(call)


class _Gates(Bounded[tuple[str, Scope, str], Gate]):
    forgets_in_children = True


def gate(config: ModelConfig, scope: Scope, kept: Runtime = runtime) -> Gate:
    """Return the gate of a model, shared by the calls of a scope."""
    key = (config.provider, scope, config.model)
    return kept[_Gates].get(key, lambda: Gate(settled=config.match in _KNOWN))


def is_unsure(config: ModelConfig, kept: Runtime = runtime) -> bool:
    """Tell whether a model's rules may be unsure: no row, or some have gates."""
    return config.match not in _KNOWN or bool(len(kept[_Gates]))
