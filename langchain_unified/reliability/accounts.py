"""Sums of money that threads and forked processes share.

`multiprocessing.Value` would be shared by children too, but needs named semaphores,
which some hosts (AWS Lambda) do not have, and one object for each account. Here the
sums lie in anonymous shared memory, guarded by a lock file that has no name.
"""

from __future__ import annotations

import mmap
import os
import struct
import tempfile
import threading
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import blake2b

from langchain_unified.runtime import renew_in_children

try:
    import fcntl
except ImportError:  # pragma: no cover - Windows, where nothing forks
    fcntl = None  # type: ignore[assignment]

_ROW = struct.Struct("8sd")
_ROWS = 16_384
"""Accounts; memory is taken up by those in use. Tenants beyond share the last one."""


def _nameless_file() -> int:
    """Return a descriptor of a file that ends with the processes that have it."""
    descriptor, name = tempfile.mkstemp(prefix="langchain-unified-")
    os.unlink(name)  # noqa: PTH108 - the name is a plain text
    return descriptor


class Accounts:
    """One sum for each tenant."""

    def __init__(self) -> None:
        """Start with every sum at 0."""
        self._memory = mmap.mmap(-1, _ROW.size * _ROWS)
        self._file = _nameless_file() if fcntl else None
        if self._file is not None:
            weakref.finalize(self, os.close, self._file)
        self._lock = threading.Lock()
        renew_in_children(self)

    def renew(self) -> None:
        """Start a forked child with a lock that no thread holds."""
        self._lock = threading.Lock()

    def change(self, tenant: str, amount: float, *, most: float | None = None) -> float:
        """Add an amount to a sum.

        Args:
            tenant: Whose sum.
            amount: What to add.
            most: The sum stays as it was if it would exceed this.

        Returns:
            The sum with the amount added, whether it stayed so or not.
        """
        key = blake2b(tenant.encode("utf-8", "surrogatepass"), digest_size=8).digest()
        with self._alone():
            at, sum_before = self._find(key)
            total = max(0.0, sum_before + amount)
            if most is None or total <= most:
                _ROW.pack_into(self._memory, at * _ROW.size, key, total)
        return total

    def _find(self, key: bytes) -> tuple[int, float]:
        """Return the place of a key's row: its own, or the first free one after."""
        start = int.from_bytes(key, "big") % (_ROWS - 1)
        for step in range(64):
            at = (start + step) % (_ROWS - 1)
            owner, total = _ROW.unpack_from(self._memory, at * _ROW.size)
            if owner == key:
                return at, total
            if owner == bytes(8):
                return at, 0.0
        _, total = _ROW.unpack_from(self._memory, (_ROWS - 1) * _ROW.size)
        return _ROWS - 1, total

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Keep other threads, and other processes, out."""
        with self._lock:
            if self._file is None:
                yield
                return
            fcntl.lockf(self._file, fcntl.LOCK_EX)
            try:
                yield
            finally:
                fcntl.lockf(self._file, fcntl.LOCK_UN)
