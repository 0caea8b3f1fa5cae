"""Where comparisons are made and kept: in the background, with bounds."""

from __future__ import annotations

import atexit
import logging
import os
import socket
import threading
import time
import weakref
from collections import Counter, deque
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple
from uuid import uuid4

from langchain_unified.rollout.background import Background
from langchain_unified.rollout.report import (
    SUFFIX,
    Difference,
    Mirrored,
    Rows,
    ShadowReport,
)
from langchain_unified.runtime import renew_in_children

_LOG = logging.getLogger("langchain_unified")

MAX_WAITING = 1000
"""Comparisons that may wait; further ones are counted as skipped."""

MAX_ROWS = 2000
"""Kinds of difference kept apart; further ones are counted for all models together, so
that none is lost."""

MAX_MIRRORED = 1000
"""Mirrored calls to keep, the oldest leaving first."""

_SECONDS_BETWEEN_WRITES = 1.0

Destination = str | os.PathLike[str] | Callable[[ShadowReport], object]
"""A folder where each process keeps its report, or a function that gets it."""


class Finding(NamedTuple):
    """What the comparison of one call showed."""

    rows: list[Difference]
    why: str = ""


_NOTHING = Finding([])


class ShadowStore:
    """Counts what shadowed calls show; grows to a bound and no further."""

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
        self._rows = Rows(MAX_ROWS)
        self._mirrored: deque[Mirrored] = deque(maxlen=MAX_MIRRORED)
        self._counts: Counter[str] = Counter()
        self._uncompared: Counter[str] = Counter()
        self._changed = False
        self._name = f"{socket.gethostname()}-{os.getpid()}-{uuid4().hex[:8]}"

    def submit(self, compare: Callable[[], Finding]) -> None:
        """Have a call compared in the background."""
        if not self._background.submit(lambda: self._run(compare)):
            self._count("skipped")

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
            counts: dict[str, Any] = dict(self._counts)
            return ShadowReport(
                **counts,
                differences=self._rows.by_frequency(),
                mirrored=tuple(self._mirrored),
                uncompared=dict(self._uncompared),
            )

    def _run(self, compare: Callable[[], Finding]) -> None:
        try:
            found = compare()
        except Exception as error:  # noqa: BLE001 - the answer is out; it is counted
            if self._count("failed") == 1:
                told = (
                    "A shadowed call could not be compared; its answer was not touched."
                )
                _LOG.warning(told, exc_info=error)
        else:
            self._count("unseen" if found.why else "compared", found)
            if not (found.why or found.rows):
                self._count("identical")
        if time.monotonic() - self._written > _SECONDS_BETWEEN_WRITES:
            self._publish()

    def _count(self, name: str, finding: Finding = _NOTHING) -> int:
        """Count a call and what it showed, each kind of difference once."""
        with self._lock:
            self._changed = True
            if finding.why:
                self._uncompared[finding.why] += 1
            self._rows.add({row.row: row for row in finding.rows}.values())
            self._counts[name] += 1
            return self._counts[name]

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
        except Exception as error:  # noqa: BLE001 - a report must never fail a call
            _LOG.warning("The shadow report could not be handed on: %r", error)


def _publish_at_exit(store: weakref.ref[ShadowStore]) -> None:
    living = store()
    if living is not None:
        living.report(timeout=1.0)
