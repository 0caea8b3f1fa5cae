"""Work beside the calls: a bounded queue, a few threads, never in anybody's way."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from queue import Empty, Full, Queue

from langchain_unified.reliability.forking import renew_in_children

Job = Callable[[], None]

_LOG = logging.getLogger("langchain_unified")
_IDLE_SECONDS = 2.0


class Background:
    """Runs jobs on daemon threads that end when there is nothing to do.

    Args:
        name: Names the threads.
        workers: How many jobs run at the same time.
        limit: How many jobs may wait.
        idle: Is called when there was nothing to do for a while.
    """

    def __init__(
        self, name: str, *, workers: int, limit: int, idle: Job | None = None
    ) -> None:
        """Start with no thread."""
        self._name, self._workers, self._limit = name, workers, limit
        self._idle = idle
        self.renew()
        renew_in_children(self)

    def submit(self, job: Job) -> bool:
        """Take a job, or refuse it if too many wait; never blocks."""
        try:
            self._queue.put_nowait(job)
        except Full:
            return False
        self._staff()
        return True

    def drain(self, timeout: float) -> bool:
        """Wait until every job taken is done; tell whether that was in time."""
        queue = self._queue
        with queue.all_tasks_done:
            return queue.all_tasks_done.wait_for(
                lambda: not queue.unfinished_tasks, timeout
            )

    def renew(self) -> None:
        """Begin afresh, in a forked process too, where threads do not follow."""
        self._queue: Queue[Job] = Queue(self._limit)
        self._lock = threading.Lock()
        self._threads: list[threading.Thread] = []

    def _staff(self) -> None:
        """Have a thread for the job just taken, as far as the limit allows."""
        with self._lock:
            busy = self._queue.unfinished_tasks
            if len(self._threads) < min(self._workers, busy):
                thread = threading.Thread(
                    target=self._work, name=self._name, daemon=True
                )
                self._threads.append(thread)
                thread.start()

    def _work(self) -> None:
        while (job := self._next()) is not None:
            self._do(job)
            self._queue.task_done()

    def _do(self, job: Job) -> None:
        try:
            job()
        except Exception:  # noqa: BLE001
            _LOG.warning("%s failed; the call did not", self._name, exc_info=True)

    def _next(self) -> Job | None:
        try:
            return self._queue.get(timeout=_IDLE_SECONDS)
        except Empty:
            if self._idle is not None:
                self._do(self._idle)
            return self._last_look()

    def _last_look(self) -> Job | None:
        """Leave, unless a job came in the meantime."""
        with self._lock:
            try:
                return self._queue.get_nowait()
            except Empty:
                self._threads.remove(threading.current_thread())
                return None
