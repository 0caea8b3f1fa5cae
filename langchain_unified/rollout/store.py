"""Where what shadowed calls show is kept and handed on, within bounds."""

from __future__ import annotations

import atexit
import logging
import os
import socket
import threading
import weakref
from collections import Counter, deque
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple
from uuid import uuid4

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
_BROKEN = "A shadowed call could not be compared; its response was not affected."

Destination = str | os.PathLike[str] | Callable[[ShadowReport], object]
"""A folder where each process keeps its report, or a function that gets it."""


class PerProcess:
    """What each process has for itself: its public attributes are all that travels."""

    def begin(self) -> None:
        """Start, in a process that is forked later too."""
        self.renew()
        renew_in_children(self)

    def renew(self) -> None:
        """Start anew, with a lock that nobody holds."""
        self._lock = threading.Lock()

    def __getstate__(self) -> dict[str, Any]:
        """Leave behind what belongs to this process."""
        return {k: v for k, v in vars(self).items() if not k.startswith("_")}

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Start in another process."""
        self.__dict__ |= state
        self.begin()


class Background:
    """Runs jobs on a few daemon threads that end when there is nothing to do."""

    def __init__(self, name: str, workers: int, limit: int) -> None:
        """Start no thread yet; at most `limit` jobs wait."""
        self._name, self._workers, self._limit = name, workers, limit
        self._jobs: deque[Callable[[], object]] = deque()
        self._changed, self._threads = threading.Condition(), 0

    def submit(self, job: Callable[[], object]) -> bool:
        """Take a job, or refuse it if too many wait; never blocks."""
        with self._changed:
            if len(self._jobs) >= self._limit:
                return False
            if self._threads < self._workers:
                work = threading.Thread(target=self._work, name=self._name, daemon=True)
                with suppress(RuntimeError):  # No thread is to be had any more.
                    work.start()
                    self._threads += 1
            if self._threads:
                self._jobs.append(job)
            return bool(self._threads)

    def drain(self, timeout: float) -> bool:
        """Wait until every job taken is done; tell whether that was in time."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._threads, timeout)

    def _work(self) -> None:
        while True:
            with self._changed:
                if not self._jobs:
                    self._threads -= 1
                    self._changed.notify_all()
                    return
                job = self._jobs.popleft()
            try:
                job()
            except Exception:  # noqa: BLE001 - a job must never end the thread
                _LOG.warning(
                    "%s failed; the call was not affected", self._name, exc_info=True
                )


class Finding(NamedTuple):
    """What the comparison of one call showed; `why` it was not made, if it was not."""

    rows: list[Difference]
    why: str = ""


class ShadowStore(PerProcess):
    """Counts what shadowed calls show; grows to a bound and no further."""

    def __init__(self, report_to: Destination | None = None) -> None:
        """Start empty."""
        self.report_to = report_to
        self.begin()

    def begin(self) -> None:
        """Start; what was not handed on is when the process ends."""
        super().begin()
        if self.report_to is not None:
            atexit.register(_publish_at_exit, weakref.ref(self))

    def renew(self) -> None:
        """Begin afresh, in a forked process too: it counts its own calls."""
        super().renew()
        self._background = Background("unified-shadow", 1, MAX_WAITING)
        self._waits: list[Callable[[float], bool]] = [self._background.drain]
        self._rows = Rows(MAX_ROWS)
        self._mirrored: deque[Mirrored] = deque(maxlen=MAX_MIRRORED)
        self._counts: Counter[str] = Counter()
        self._uncompared: Counter[str] = Counter()
        self._is_due = False
        self._name = f"{socket.gethostname()}-{os.getpid()}-{uuid4().hex[:8]}"

    def submit(self, compare: Callable[[], Finding]) -> None:
        """Have a call compared in the background."""
        if not self._background.submit(lambda: self._run(compare)):
            self._count("skipped")

    def keep(self, mirrored: Mirrored) -> None:
        """Keep the result of a mirrored call."""
        self._mirrored.append(mirrored)
        self._count()

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
        return self._so_far(complete=complete)

    def _so_far(self, *, complete: bool = True) -> ShadowReport:
        with self._lock:
            counts: dict[str, Any] = dict(self._counts)
            return ShadowReport(
                **counts,
                differences=self._rows.by_frequency(),
                mirrored=tuple(self._mirrored),
                uncompared=dict(self._uncompared),
                complete=complete,
            )

    def _run(self, compare: Callable[[], Finding]) -> None:
        try:
            found = compare()
        except Exception as error:  # noqa: BLE001 - the answer is out; it is counted
            if not self._counts["failed"]:
                _LOG.warning(_BROKEN, exc_info=error)
            self._count("failed")
            return
        same = () if found.rows or found.why else ("identical",)
        self._count("unseen" if found.why else "compared", *same, found=found)

    def _count(self, *names: str, found: Finding | None = None) -> None:
        """Count a call and what it showed, each kind of difference once."""
        with self._lock:
            self._counts.update(names)
            if found is not None:
                self._uncompared.update([found.why] if found.why else [])
                self._rows.add({row.row: row for row in found.rows}.values())
            due, self._is_due = self._is_due, self.report_to is not None
        if self._is_due and not due:
            later = threading.Timer(_SECONDS_BETWEEN_WRITES, self._publish)
            later.daemon = True
            with suppress(RuntimeError):  # The process ends, and tells it then.
                later.start()

    def _publish(self) -> None:
        """Hand the report on if it has changed; a full disk does not fail a call."""
        if not self._is_due:
            return
        self._is_due = False
        try:
            if callable(self.report_to):
                self.report_to(self._so_far())
            else:
                folder = Path(str(self.report_to))
                folder.mkdir(parents=True, exist_ok=True)
                self._so_far().write(folder / f"{self._name}{SUFFIX}")
        except Exception as error:  # noqa: BLE001 - a report must never fail a call
            _LOG.warning("The shadow report could not be delivered: %r", error)


def _publish_at_exit(store: weakref.ref[ShadowStore]) -> None:
    living = store()
    if living is not None:
        living.report(timeout=1.0)
