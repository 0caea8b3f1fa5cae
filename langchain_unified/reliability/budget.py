"""Places for concurrent requests, for threads and event loops alike.

anyio's `CapacityLimiter` belongs to one event loop, and asyncio's and threading's
semaphores each know only their own kind of waiter.
"""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import Iterator
from concurrent import futures
from concurrent.futures import Future
from contextlib import contextmanager

from langchain_unified.errors import ProviderTimeoutError
from langchain_unified.reliability.scope import Scope
from langchain_unified.runtime import PLACES, Bounded, Runtime, runtime

_TOO_LATE = (TimeoutError, asyncio.TimeoutError, futures.TimeoutError)
"""Three classes before Python 3.11."""


class Place:
    """A place in a budget; calls made while it is held share it one at a time.

    A tool that calls the model while an answer is streamed would otherwise wait for a
    place that only its own caller can give back.
    """

    __slots__ = ("_nested", "budget", "line", "owner")

    def __init__(self, line: Budget, budget: Budget, owner: object) -> None:
        """Belong to a budget, and to the line it was given by."""
        self.line, self.budget, self.owner = line, budget, owner
        self._nested: Budget | None = None

    def nested(self) -> Budget:
        """Return the line of the calls made while this place is held."""
        self._nested = self._nested or Budget(1)
        return self._nested

    def release(self) -> None:
        """Give the place to the next in line."""
        PLACES.set(tuple(place for place in PLACES.get() if place is not self))
        holders = self.budget.holders
        if holders.get(self.owner) is self:
            holders.pop(self.owner, None)
        self.line.release()


class Budget:
    """Lets a number of requests be under way at once; the rest wait in line.

    Args:
        size: How many.

    Attributes:
        used: Requests under way.
        holders: The place that each thread or task took last.
    """

    def __init__(self, size: int) -> None:
        """Start with nothing under way."""
        self.size, self.used = size, 0
        self._lock = threading.Lock()
        self._line: deque[Future[None]] = deque()
        self.holders: dict[object, Place] = {}

    def enter(self, timeout: float | None) -> Place:
        """Wait for a place.

        Args:
            timeout: Most seconds to wait.

        Raises:
            ProviderTimeoutError: If there was none in time.
        """
        owner = threading.get_ident()
        line = self._line_for(owner)
        with line.turn() as turn:
            turn.result(timeout)
        return self._taken(line, owner)

    async def aenter(self, timeout: float | None) -> Place:
        """Wait for a place; see `enter`."""
        owner = asyncio.current_task() or threading.get_ident()
        line = self._line_for(owner)
        with line.turn() as turn:
            if not turn.done():
                await asyncio.wait_for(asyncio.wrap_future(turn), timeout)
        return self._taken(line, owner)

    @contextmanager
    def turn(self) -> Iterator[Future[None]]:
        """Yield what is done once it is the caller's turn.

        Whoever does not wait for it leaves the line, or gives back a place that came
        at the last moment.
        """
        turn: Future[None] = Future()
        with self._lock:
            self._line.append(turn)
            self._call_up()
        try:
            yield turn
        except BaseException as error:
            if not turn.cancel() and not turn.cancelled():
                self.release()
            if isinstance(error, _TOO_LATE):
                raise _no_place() from None
            raise

    def release(self) -> None:
        """Give a place to the next in line."""
        with self._lock:
            self.used -= 1
            self._call_up()

    def _call_up(self) -> None:
        while self._line and self.used < self.size:
            turn = self._line.popleft()
            if turn.set_running_or_notify_cancel():
                self.used += 1
                turn.set_result(None)

    def _line_for(self, owner: object) -> Budget:
        """Return the line to wait in: the own one, or that of a place held above."""
        above = next((p for p in reversed(PLACES.get()) if p.budget is self), None)
        above = above or self.holders.get(owner)
        return self if above is None else above.nested()

    def _taken(self, line: Budget, owner: object) -> Place:
        place = self.holders[owner] = Place(line, self, owner)
        PLACES.set((*PLACES.get(), place))
        return place


# A forked child starts anew: nobody there gives the parent's places back.
class _Budgets(Bounded[tuple[str, Scope], Budget]):
    forgets_in_children = True


def budget(provider: str, scope: Scope, size: int, kept: Runtime = runtime) -> Budget:
    """Return the budget of a scope, shared by the models of a runtime."""
    found = kept[_Budgets].get((provider, scope), lambda: Budget(size))
    found.size = size
    return found


def _no_place() -> ProviderTimeoutError:
    error = ProviderTimeoutError(
        "No request could be sent within the timeout: "
        "max_concurrency calls are running. Raise max_concurrency or timeout."
    )
    error.is_retryable = False
    return error
