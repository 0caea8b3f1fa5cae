"""Work beside the calls: a bounded queue, a few threads, never in anybody's way."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from queue import Empty, Full, Queue

from langchain_unified.runtime import renew_in_children

Job = Callable[[], None]

_LOG = logging.getLogger("langchain_unified")
_IDLE_SECONDS = 2.0


class Background:
    """Runs jobs on daemon threads that end when there is nothing to do."""

    def __init__(
        self, name: str, *, workers: int, limit: int, idle: Job = lambda: None
    ) -> None:
        """Start with no thread."""
        self._name, self._workers = name, workers
        self._limit, self._idle = limit, idle
        self.renew()
        renew_in_children(self)

    def renew(self) -> None:
        """Begin afresh, in a forked process too, where threads do not follow."""
        self._queue: Queue[Job] = Queue(self._limit)
        self._lock, self._threads = threading.Lock(), 0

    def submit(self, job: Job) -> bool:
        """Take a job, or refuse it if too many wait; never blocks."""
        try:
            self._queue.put_nowait(job)
        except Full:
            return False
        with self._lock:
            if self._threads < min(self._workers, self._queue.unfinished_tasks):
                self._threads += 1
                work = threading.Thread(target=self._work, name=self._name, daemon=True)
                work.start()
        return True

    def drain(self, timeout: float) -> bool:
        """Wait until every job taken is done; tell whether that was in time."""
        done = self._queue.all_tasks_done
        with done:
            return done.wait_for(lambda: not self._queue.unfinished_tasks, timeout)

    def _work(self) -> None:
        while True:
            try:
                job = self._queue.get(timeout=_IDLE_SECONDS)
            except Empty:
                self._do(self._idle)
                with self._lock:
                    if self._queue.empty():  # Jobs are put before the lock is taken.
                        self._threads -= 1
                        return
                continue
            self._do(job)
            self._queue.task_done()

    def _do(self, job: Job) -> None:
        try:
            job()
        except Exception:  # noqa: BLE001 - a job must never end the thread
            _LOG.warning("%s failed; the call did not", self._name, exc_info=True)
