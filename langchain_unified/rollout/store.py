"""Where comparisons are made and kept: in the background, with bounds."""

from __future__ import annotations

import atexit
import logging
import os
import socket
import threading
import time
import weakref
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple
from uuid import uuid4

from langchain_unified.reliability.forking import renew_in_children
from langchain_unified.rollout.background import Background
from langchain_unified.rollout.report import (
    SUFFIX,
    Difference,
    Mirrored,
    ShadowReport,
    by_frequency,
)

_LOG = logging.getLogger("langchain_unified")

MAX_WAITING = 1000
"""Comparisons that may wait; further ones are counted as skipped."""

MAX_ROWS = 2000
"""Kinds of difference kept apart; further ones are counted for all models together, so
that none is lost."""

MAX_MIRRORED = 1000
"""Mirrored calls to keep, the oldest leaving first."""

ALL_MODELS = "(other models)"
_SECONDS_BETWEEN_WRITES = 1.0

Destination = str | os.PathLike[str] | Callable[[ShadowReport], object]
"""A folder where each process keeps its report, or a function that gets it."""


class Finding(NamedTuple):
    """What the comparison of one call showed.

    Attributes:
        rows: What differs.
        seen: Whether the request of the path before was seen at all.
    """

    rows: list[Difference]
    seen: bool = True


Compare = Callable[[], Finding]


class ShadowStore:
    """Counts what shadowed calls show; grows to a bound and no further.

    Args:
        report_to: Where the report goes when it has changed, at most once a second
            and when the process ends.
    """

    def __init__(self, report_to: Destination | None = None) -> None:
        """Start empty."""
        self._report_to, self._written = report_to, 0.0
        self._background = Background(
            "unified-shadow", workers=1, limit=MAX_WAITING, idle=self._publish
        )
        self._waits: list[Callable[[float], bool]] = [self._background.drain]
        self.renew()
        renew_in_children(self)
        if report_to is not None:
            atexit.register(_publish_at_exit, weakref.ref(self))

    def renew(self) -> None:
        """Begin afresh, in a forked process too: it counts its own calls."""
        self._lock = threading.Lock()
        self._rows: dict[tuple[str, ...], Difference] = {}
        self._mirrored: deque[Mirrored] = deque(maxlen=MAX_MIRRORED)
        self._compared = self._identical = self._skipped = self._failed = 0
        self._unseen, self._changed = 0, False
        self._name = f"{socket.gethostname()}-{os.getpid()}-{uuid4().hex[:8]}"

    def submit(self, compare: Compare) -> None:
        """Have a call compared in the background."""
        if not self._background.submit(lambda: self._run(compare)):
            with self._lock:
                self._skipped += 1
                self._changed = True

    def keep(self, mirrored: Mirrored) -> None:
        """Keep the result of a mirrored call."""
        with self._lock:
            self._mirrored.append(mirrored)
            self._changed = True

    def wait_also(self, drain: Callable[[float], bool]) -> None:
        """Have `report` wait for something else too."""
        if drain not in self._waits:
            self._waits.append(drain)

    def report(self, timeout: float) -> ShadowReport:
        """Return what is known, after waiting for what is under way."""
        complete = True
        for drain in self._waits:  # A comparison may add one: the mirror it hands to.
            complete = drain(timeout) and complete
        self._publish()
        return self._so_far()._replace(complete=complete)

    def _so_far(self) -> ShadowReport:
        with self._lock:
            return ShadowReport(
                self._compared,
                self._identical,
                self._skipped,
                self._failed,
                by_frequency(self._rows.values()),
                tuple(self._mirrored),
                unseen=self._unseen,
            )

    def _run(self, compare: Compare) -> None:
        try:
            found = compare()
        except Exception as error:  # noqa: BLE001 - the answer is out; it is counted
            self._fail(error)
        else:
            self._take(found)
        if time.monotonic() - self._written > _SECONDS_BETWEEN_WRITES:
            self._publish()

    def _take(self, found: Finding) -> None:
        with self._lock:
            self._changed = True
            self._compared += found.seen
            self._unseen += not found.seen
            self._identical += found.seen and not found.rows
            for difference in {row.row: row for row in found.rows}.values():
                self._count(difference)

    def _fail(self, error: Exception) -> None:
        with self._lock:
            self._failed += 1
            self._changed = True
            first = self._failed == 1
        if first:
            message = (
                "A shadowed call could not be compared; its answer was not touched."
            )
            _LOG.warning(message, exc_info=error)

    def _count(self, found: Difference) -> None:
        if found.row not in self._rows and len(self._rows) >= MAX_ROWS:
            found = found._replace(model=ALL_MODELS, where="")
        known = self._rows.get(found.row)
        calls = found.calls + (known.calls if known else 0)
        self._rows[found.row] = (known or found)._replace(calls=calls)

    def _publish(self) -> None:
        """Hand the report on if it has changed; a full disk does not fail a call."""
        if self._report_to is None or not self._changed:
            return
        self._written, self._changed = time.monotonic(), False
        try:
            if callable(self._report_to):
                self._report_to(self._so_far())
            else:
                folder = Path(self._report_to)
                folder.mkdir(parents=True, exist_ok=True)
                self._so_far().write(folder / f"{self._name}{SUFFIX}")
        except Exception as error:  # noqa: BLE001
            _LOG.warning("The shadow report could not be handed on: %r", error)


def _publish_at_exit(store: weakref.ref[ShadowStore]) -> None:
    living = store()
    if living is not None:
        living.report(timeout=1.0)
