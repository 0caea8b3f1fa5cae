"""The runtime: all state that a process keeps between calls.

A module defines a class for its state, and gets the one instance from the runtime:

```python
from langchain_unified.runtime import Bounded, runtime


class Warned(Bounded[str, str]):
    "What was warned of."


runtime[Warned].add("gpt-4o", "")
```

Nothing else in the package is process-wide and can change, except caches of facts that
are computed from data and never differ.
"""

from __future__ import annotations

import os
import threading
import weakref
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

Part = TypeVar("Part")
Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")

MOST_ENTRIES = 4_096
"""Entries of a cache kept for the process where nothing else is said."""


class Renewable(Protocol):
    """What belongs to one process."""

    def renew(self) -> None:
        """Start anew, with nothing of the parent's."""


class Runtime(dict[Any, Any]):
    """The parts that a process keeps, by their class; each is made at its first use.

    Looking up a part that exists calls no Python function.

    Attributes:
        discovery: Returns the room that asks providers. The package's face hands it
            in, so that registries can be refreshed and still know no network.
    """

    discovery: Callable[[], Any]

    if TYPE_CHECKING:

        def __getitem__(self, kind: Callable[[], Part]) -> Part:
            """Return the part of a class."""

    def __missing__(self, kind: Callable[[], Part]) -> Part:
        """Make a part; of two threads that come first, both get the same one."""
        made: Part = self.setdefault(kind, kind())
        return made

    def reset(self) -> None:
        """Forget every part, as if the process had just started: for tests."""
        self.clear()

    def __copy__(self) -> Runtime:
        """Copies of what has a runtime share it."""
        return self

    def __deepcopy__(self, _: dict[int, Any]) -> Runtime:
        """Copies of what has a runtime share it."""
        return self

    def __reduce__(self) -> tuple[Any, ...]:
        """Arrive empty in another process, apart from its other runtimes."""
        return Runtime, ()

    def __repr__(self) -> str:
        """Name the parts, not what they keep."""
        return f"Runtime({sorted(kind.__name__ for kind in self)})"


runtime = Runtime()
"""The runtime of this process."""

_LIVING: weakref.WeakSet[Renewable] = weakref.WeakSet()


def renew_in_children(owner: Renewable) -> None:
    """Have an object start anew in each forked child, before any thread runs there.

    Threads and locks of the parent are not there.

    Args:
        owner: The object; it is not kept alive.
    """
    _LIVING.add(owner)


def _renew_all() -> None:
    for owner in list(_LIVING):
        owner.renew()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_renew_all)


class Bounded(Generic[Key, Value]):
    """The entries used last; adding one beyond the limit drops the oldest.

    `cachetools.LRUCache` has no lock of its own, and would be a dependency. No
    operation looks at more than one entry under the lock.

    Args:
        most: How many entries are kept.

    Example:
        >>> cache = Bounded(2)
        >>> [cache.get(n, str) for n in (1, 2, 3)], len(cache)
        (['', '', ''], 2)
    """

    forgets_in_children = False
    """Whether a forked child starts with no entry."""

    def __init__(self, most: int = MOST_ENTRIES) -> None:
        """Start empty."""
        self._most = most
        self._entries: OrderedDict[Key, Value] = OrderedDict()
        self._lock = threading.Lock()
        renew_in_children(self)

    def renew(self) -> None:
        """Start a forked child with a lock that nobody holds."""
        self._lock = threading.Lock()
        if self.forgets_in_children:
            self._entries = OrderedDict()

    def __len__(self) -> int:
        """Return how many entries there are."""
        return len(self._entries)

    def __iter__(self) -> Iterator[Value]:
        """Iterate over a copy of the values."""
        with self._lock:
            return iter(list(self._entries.values()))

    def find(self, key: Key) -> Value | None:
        """Return an entry, or `None`; it counts as used."""
        with self._lock:
            if key in self._entries:
                self._entries.move_to_end(key)
            return self._entries.get(key)

    def get(self, key: Key, make: Callable[[], Value]) -> Value:
        """Return an entry, made if there is none."""
        with self._lock:
            if key not in self._entries:
                self._keep(key, make())
            self._entries.move_to_end(key)
            return self._entries[key]

    def put(self, key: Key, value: Value) -> None:
        """Keep an entry in place of any earlier one."""
        with self._lock:
            self._keep(key, value)

    def add(self, key: Key, value: Value) -> bool:
        """Keep an entry unless there is one; tell whether it is new."""
        with self._lock:
            is_new = key not in self._entries
            if is_new:
                self._keep(key, value)
        return is_new

    def pop(self, key: Key) -> Value | None:
        """Drop an entry and return it, if there is one."""
        with self._lock:
            return self._entries.pop(key, None)

    def clear(self) -> None:
        """Drop every entry."""
        with self._lock:
            self._entries.clear()

    def _keep(self, key: Key, value: Value) -> None:
        self._entries[key] = value
        self._entries.move_to_end(key)
        while len(self._entries) > self._most:
            self._entries.popitem(last=False)


# What belongs to the call under way, in whatever thread or task it runs. Everything
# else is handed on by argument.

EXCHANGE: ContextVar[Any] = ContextVar("langchain_unified_exchange", default=None)
"""The exchange of the call, for the transport that a foreign client hides."""

PLACES: ContextVar[Any] = ContextVar("langchain_unified_places", default=())
"""The places under `max_concurrency` that calls around this one hold."""

ROLLOUT: ContextVar[Any] = ContextVar("langchain_unified_rollout", default=None)
"""The mode of the `with rollout(...)` block around the call."""

SENT: ContextVar[Any] = ContextVar("langchain_unified_sent", default=None)
"""Where requests of an old service are noted."""
