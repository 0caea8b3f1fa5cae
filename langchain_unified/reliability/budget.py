"""Places for concurrent requests, for threads and event loops alike.

anyio's `CapacityLimiter` belongs to one event loop, and asyncio's and threading's
semaphores each know only their own kind of waiter.
"""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeoutError

from langchain_unified.errors import ProviderTimeoutError
from langchain_unified.reliability.bounded import Bounded
from langchain_unified.reliability.scope import Scope
from langchain_unified.runtime import PLACES, runtime


class Place:
    """A place in a budget; calls made while it is held share it one at a time.

    A tool that calls the model while an answer is streamed would otherwise wait for a
    place that only its own caller can give back.
    """

    __slots__ = ("_line", "budget", "nested", "owner")

    def __init__(self, line: Budget, budget: Budget, owner: object) -> None:
        """Belong to a budget, and to the line it was given by."""
        self._line, self.budget, self.owner = line, budget, owner
        self.nested: Budget | None = None

    def line(self) -> Budget:
        """Return the line of the calls made while this place is held."""
        if self.nested is None:
            self.nested = Budget(1)
        return self.nested

    def release(self) -> None:
        """Give the place to the next in line."""
        PLACES.set(tuple(place for place in PLACES.get() if place is not self))
        self.budget.left(self)
        self._line.release()


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
        self._holders: dict[object, Place] = {}

    @property
    def used(self) -> int:
        """Requests under way."""
        return self._used

    def enter(self, timeout: float | None) -> Place:
        """Wait for a place.

        Args:
            timeout: Most seconds to wait.

        Raises:
            ProviderTimeoutError: If there was none in time.
        """
        owner = threading.get_ident()
        line = self._line_for(owner)
        line.acquire(timeout)
        return self._taken(line, owner)

    async def aenter(self, timeout: float | None) -> Place:
        """Wait for a place; see `enter`."""
        owner = asyncio.current_task() or threading.get_ident()
        line = self._line_for(owner)
        await line.aacquire(timeout)
        return self._taken(line, owner)

    def left(self, place: Place) -> None:
        """Forget who held a place."""
        if self._holders.get(place.owner) is place:
            self._holders.pop(place.owner, None)

    def acquire(self, timeout: float | None) -> None:
        """Take one of the places, in turn.

        Raises:
            ProviderTimeoutError: If there was none in time.
        """
        waiting = self._waiting()
        if waiting is None:
            return
        try:
            waiting.result(timeout)
        except FutureTimeoutError:
            self._give_up(waiting)
            raise _no_place() from None
        except BaseException:
            self._give_up(waiting)
            raise

    async def aacquire(self, timeout: float | None) -> None:
        """Take one of the places, in turn; see `acquire`."""
        waiting = self._waiting()
        if waiting is None:
            return
        try:
            await asyncio.wait_for(asyncio.wrap_future(waiting), timeout)
        except (TimeoutError, asyncio.TimeoutError):
            self._give_up(waiting)
            raise _no_place() from None
        except BaseException:
            self._give_up(waiting)
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

    def _line_for(self, owner: object) -> Budget:
        """Return the line to wait in: the own one, or that of a place held above."""
        above = next((p for p in reversed(PLACES.get()) if p.budget is self), None)
        above = above or self._holders.get(owner)
        return self if above is None else above.line()

    def _taken(self, line: Budget, owner: object) -> Place:
        place = Place(line, self, owner)
        self._holders[owner] = place
        PLACES.set((*PLACES.get(), place))
        return place

    def _waiting(self) -> Future[None] | None:
        with self._lock:
            if self._used < self.size:
                self._used += 1
                return None
            waiting: Future[None] = Future()
            self._line.append(waiting)
            return waiting

    def _give_up(self, waiting: Future[None]) -> None:
        """Leave the line, or give back a place that came at the last moment."""
        if not waiting.cancel() and not waiting.cancelled():
            self.release()


# A forked child starts anew: nobody there gives the parent's places back.
class _Budgets(Bounded[tuple[str, Scope], Budget]):
    forgets_in_children = True


def budget(provider: str, scope: Scope, size: int) -> Budget:
    """Return the budget of a scope, shared by the process."""
    found = runtime[_Budgets].get((provider, scope), lambda: Budget(size))
    found.size = size
    return found


def _no_place() -> ProviderTimeoutError:
    error = ProviderTimeoutError(
        "No request could be sent within the time allowed: as many as "
        "max_concurrency allows are under way. Raise max_concurrency, or allow more "
        "time with timeout=."
    )
    error.is_retryable = False
    return error
