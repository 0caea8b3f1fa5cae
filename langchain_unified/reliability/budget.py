"""A budget of concurrent requests, for threads and event loops alike."""

from __future__ import annotations

import asyncio
import os
import threading
from collections import deque
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeoutError
from typing import Any

from langchain_unified.errors import ProviderTimeoutError


class Budget:
    """Lets a number of requests be under way at once; the rest wait in line.

    Args:
        size: How many.
    """

    def __init__(self, size: int) -> None:
        """Start with nothing under way."""
        self.size = size
        self._lock = threading.Lock()
        self._used = 0
        self._line: deque[Future[None]] = deque()

    @property
    def used(self) -> int:
        """Requests under way."""
        return self._used

    def acquire(self, timeout: float | None) -> None:
        """Wait for a place.

        Args:
            timeout: Most seconds to wait.

        Raises:
            ProviderTimeoutError: If there was none in time.
        """
        place = self._place()
        if place is None:
            return
        try:
            place.result(timeout)
        except FutureTimeoutError:
            self._give_up(place)
            raise _no_place() from None
        except BaseException:
            self._give_up(place)
            raise

    async def aacquire(self, timeout: float | None) -> None:
        """Wait for a place; see `acquire`."""
        place = self._place()
        if place is None:
            return
        try:
            await asyncio.wait_for(asyncio.wrap_future(place), timeout)
        except (TimeoutError, asyncio.TimeoutError):
            self._give_up(place)
            raise _no_place() from None
        except BaseException:
            self._give_up(place)
            raise

    def release(self) -> None:
        """Give a place to the next in line."""
        with self._lock:
            self._used -= 1
            while self._line and self._used < self.size:
                waiting = self._line.popleft()
                if waiting.set_running_or_notify_cancel():
                    self._used += 1
                    waiting.set_result(None)

    def _place(self) -> Future[None] | None:
        with self._lock:
            if self._used < self.size:
                self._used += 1
                return None
            waiting: Future[None] = Future()
            self._line.append(waiting)
            return waiting

    def _give_up(self, place: Future[None]) -> None:
        """Leave the line, or give back a place that came at the last moment."""
        if not place.cancel() and not place.cancelled():
            self.release()


_BUDGETS: dict[tuple[Any, ...], Budget] = {}


def _forget() -> None:
    """Start anew in a forked child, where nobody gives the parent's places back."""
    _BUDGETS.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)


def budget(provider: str, identity: int, size: int) -> Budget:
    """Return the budget of a connection, shared by the process."""
    found = _BUDGETS.setdefault((provider, identity), Budget(size))
    found.size = size
    return found


def _no_place() -> ProviderTimeoutError:
    error = ProviderTimeoutError(
        "No request could be sent within the time allowed: as many as "
        "max_concurrency allows are under way."
    )
    error.is_retryable = False
    return error
