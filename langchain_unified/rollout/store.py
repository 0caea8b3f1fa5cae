"""Where comparisons are made and kept: in the background, with bounds."""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable, Sequence

from langchain_unified.rollout.background import Background
from langchain_unified.rollout.report import Difference, Mirrored, ShadowReport

_LOG = logging.getLogger("langchain_unified")

MAX_WAITING = 1000
"""Comparisons that may wait; further ones are counted as skipped."""

MAX_DIFFERENCES = 2000
"""Different differences to keep."""

MAX_MIRRORED = 1000
"""Mirrored calls to keep, the oldest leaving first."""

Compare = Callable[[], Sequence[Difference]]


class ShadowStore:
    """Counts what shadowed calls show; grows to a bound and no further."""

    def __init__(self) -> None:
        """Start empty."""
        self._lock = threading.Lock()
        self._rows: dict[tuple[str, str, str | None, str | None], Difference] = {}
        self._mirrored: deque[Mirrored] = deque(maxlen=MAX_MIRRORED)
        self._compared = self._identical = self._skipped = self._failed = 0
        self._background = Background("unified-shadow", workers=1, limit=MAX_WAITING)
        self._waits: list[Callable[[float], bool]] = [self._background.drain]

    def submit(self, compare: Compare) -> None:
        """Have a call compared in the background."""
        if not self._background.submit(lambda: self._run(compare)):
            with self._lock:
                self._skipped += 1

    def keep(self, mirrored: Mirrored) -> None:
        """Keep the result of a mirrored call."""
        with self._lock:
            self._mirrored.append(mirrored)

    def wait_also(self, drain: Callable[[float], bool]) -> None:
        """Have `report` wait for something else too."""
        if drain not in self._waits:
            self._waits.append(drain)

    def report(self, timeout: float) -> ShadowReport:
        """Return what is known, after waiting for what is under way."""
        complete = min(drain(timeout) for drain in tuple(self._waits))
        with self._lock:
            rows = sorted(self._rows.values(), key=lambda d: (-d.calls, d.model))
            return ShadowReport(
                self._compared,
                self._identical,
                self._skipped,
                self._failed,
                tuple(rows),
                tuple(self._mirrored),
                complete,
            )

    def _run(self, compare: Compare) -> None:
        try:
            found = compare()
        except Exception as error:  # noqa: BLE001
            self._fail(error)
            return
        with self._lock:
            self._compared += 1
            self._identical += not found
            for difference in found:
                self._count(difference)

    def _fail(self, error: Exception) -> None:
        with self._lock:
            self._failed += 1
            first = self._failed == 1
        if first:
            message = (
                "A shadowed call could not be compared; its answer was not touched."
            )
            _LOG.warning(message, exc_info=error)

    def _count(self, found: Difference) -> None:
        key = (found.model, found.parameter, found.legacy, found.unified)
        if (known := self._rows.get(key)) is not None:
            self._rows[key] = known._replace(calls=known.calls + 1)
        elif len(self._rows) < MAX_DIFFERENCES:
            self._rows[key] = found
