"""What a rollout tells: each change of its decision once, each failure once."""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Literal, NamedTuple

from langchain_unified.rollout.modes import Mode
from langchain_unified.runtime import renew_in_children

_LOG = logging.getLogger("langchain_unified")
_MINUTE = 60.0

MAX_PER_MINUTE = 20
"""Lines logged in a minute, for a flag that says something else at each call."""

Kind = Literal["changed", "unreadable", "no_path", "guard"]


class RolloutEvent(NamedTuple):
    """Something a platform team wants to know about its flag.

    Attributes:
        kind: `changed` (another decision is in force), `unreadable` (a source fails or
            says what nobody understands), `no_path` (a provider cannot be rolled back)
            or `guard` (a threshold put the flag back to `legacy`).
        message: What happened, in one sentence.
        mode: The decision in force now, as a flag would say it.
        before: The decision before; empty if there was none.
        source: What decides: `file`, `environment`, `guard`, ...
        time: Seconds since 1970-01-01 UTC.
    """

    kind: Kind
    message: str
    mode: str
    before: str
    source: str
    time: float


Listener = Callable[[RolloutEvent], object]


class Teller:
    """Logs events and hands them to a listener, whose own errors are logged only."""

    def __init__(self, listener: Listener | None = None) -> None:
        """Start with nothing told."""
        self._listener = listener
        self._last: tuple[Mode, str] | None = None
        self._recent: dict[Mode, float] = {}
        self._told: deque[float] = deque(maxlen=MAX_PER_MINUTE)
        self.renew()
        renew_in_children(self)

    def renew(self) -> None:
        """Take a lock of one's own, in a forked process too."""
        self._lock = threading.Lock()

    def decided(self, mode: Mode, source: str, *, by_key: bool = False) -> None:
        """Tell a decision if it is another than the one told last.

        Of a source that answers each user differently (`by_key`) only a mode that
        nobody was given in the last minute is news.
        """
        if self._last == (mode, source) and not by_key:
            return
        with self._lock:
            before, self._last = self._last, (mode, source)
            was_given = by_key and self._was_given(mode)
        if before == (mode, source) or was_given:
            return
        was = str(before[0]) if before else ""
        told = f" (before: {was!r} by {before[1]})" if before else ""
        message = f"Rollout: the mode is now {str(mode)!r}, set by {source}{told}."
        self._tell(
            RolloutEvent("changed", message, str(mode), was, source, time.time())
        )

    def _was_given(self, mode: Mode) -> bool:
        """Tell whether somebody was given a mode in the last minute, as now."""
        now = time.monotonic()
        before = self._recent.get(mode, -_MINUTE)
        self._recent[mode] = now
        return now - before < _MINUTE

    def tell(
        self, kind: Kind, message: str, mode: Mode | None = None, source: str = ""
    ) -> None:
        """Log an event, and hand it to the listener."""
        before = str(self._last[0]) if self._last else ""
        now = "" if mode is None else str(mode)
        self._tell(RolloutEvent(kind, message, now, before, source, time.time()))

    def _tell(self, event: RolloutEvent) -> None:
        if self._within_limit():
            changed = event.kind == "changed"
            _LOG.log(logging.INFO if changed else logging.WARNING, "%s", event.message)
        if self._listener is None:
            return
        try:
            self._listener(event)
        except Exception:  # noqa: BLE001 - a listener must never fail a call
            _LOG.exception("on_event failed; the call was not affected")

    def _within_limit(self) -> bool:
        now = time.monotonic()
        with self._lock:
            full = len(self._told) == MAX_PER_MINUTE and now - self._told[0] < _MINUTE
            if not full:
                self._told.append(now)
        return not full

    def __reduce__(self) -> tuple[type[Teller], tuple[Listener | None]]:
        """Travel with the listener only."""
        return Teller, (self._listener,)
