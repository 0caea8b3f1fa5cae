"""Caches of what the process keeps for each server, key or name: bounded, thread-safe.

`cachetools.LRUCache` would do, but has no lock of its own, cannot keep entries that are
in use, and would be a dependency for thirty lines.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator
from typing import Generic, TypeVar

from langchain_unified.runtime import renew_in_children

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")

MOST_ENTRIES = 4_096
"""Entries kept for the process where nothing else is said."""


class Bounded(Generic[Key, Value]):
    """The entries used last; adding one beyond the limit drops the oldest.

    No operation looks at more than one entry under the lock.

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
            found = self._entries.get(key)
            if found is not None:
                self._entries.move_to_end(key)
        return found

    def get(self, key: Key, make: Callable[[], Value]) -> Value:
        """Return an entry, made if there is none."""
        with self._lock:
            if key in self._entries:
                self._entries.move_to_end(key)
                return self._entries[key]
            value = self._entries[key] = make()
            self._trim()
        return value

    def put(self, key: Key, value: Value) -> None:
        """Keep an entry in place of any earlier one."""
        with self._lock:
            self._entries[key] = value
            self._entries.move_to_end(key)
            self._trim()

    def pop(self, key: Key) -> Value | None:
        """Drop an entry and return it, if there is one."""
        with self._lock:
            return self._entries.pop(key, None)

    def add(self, key: Key, value: Value) -> bool:
        """Keep an entry unless there is one; tell whether it is new."""
        with self._lock:
            if key in self._entries:
                return False
            self._entries[key] = value
            self._trim()
        return True

    def clear(self) -> None:
        """Drop every entry."""
        with self._lock:
            self._entries.clear()

    def _trim(self) -> None:
        while len(self._entries) > self._most:
            self._entries.popitem(last=False)
