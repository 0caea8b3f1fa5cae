"""What was resolved lately, within bounds: names come from users, and never end."""

from __future__ import annotations

import threading
from collections.abc import Hashable
from typing import Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")

MOST_ENTRIES, MOST_BYTES = 8_192, 4 * 1024 * 1024
"""Bounds of one of the two generations that are kept."""


class Recent(Generic[Key, Value]):
    """Values used lately, in two generations; the older is dropped as a whole.

    Reading `latest` takes no lock, as every call does it.

    Args:
        most: How many entries a generation holds.
        most_bytes: How many bytes the entries of a generation may take.

    Attributes:
        latest: The younger generation.

    Example:
        >>> names = Recent(most=2)
        >>> for name in ("a", "b", "c", "d", "e"):
        ...     names.keep(name, name)
        >>> len(names), names.find("a")
        (3, None)
    """

    def __init__(self, most: int = MOST_ENTRIES, most_bytes: int = MOST_BYTES) -> None:
        """Start empty."""
        self._most, self._most_bytes = most, most_bytes
        self._lock = threading.Lock()
        self.latest: dict[Key, Value] = {}
        self._older: dict[Key, Value] = {}
        self._bytes = 0

    def __len__(self) -> int:
        """Return how many entries are kept."""
        return len(self.latest) + len(self._older)

    def find(self, key: Key) -> Value | None:
        """Return a value, or `None`; it counts as used."""
        found = self.latest.get(key)
        if found is None:
            found = self._older.get(key)
            if found is not None:
                self.keep(key, found)
        return found

    def keep(self, key: Key, value: Value, size: int = 0) -> None:
        """Keep a value.

        Args:
            key: What to find it by.
            value: The value.
            size: About how many bytes the two take.
        """
        with self._lock:
            full = len(self.latest) >= self._most
            if full or self._bytes + size > self._most_bytes:
                self._older, self.latest, self._bytes = self.latest, {}, 0
            self.latest[key] = value
            self._bytes += size
