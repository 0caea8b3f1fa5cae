"""A byte store of files, one for each key, written atomically."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from langchain_core.stores import BaseStore

_WRITING = ".writing-"
_ABANDONED = 3600.0
"""Seconds after which the leftovers of a writer that died are removed."""


class FileStore(BaseStore[str, bytes]):
    """Keeps each value in a file of a folder.

    langchain-core has no store of files; `LocalFileStore` is in langchain-classic
    (read 2026-11-23), which nobody should have to install for this.

    Args:
        folder: The folder; made at the first write.
    """

    def __init__(self, folder: str | Path) -> None:
        """Name the folder."""
        self._folder = Path(folder).expanduser()

    def mget(self, keys: Sequence[str]) -> list[bytes | None]:
        """Return the value of each key, `None` where there is none."""
        return [self._read(key) for key in keys]

    def mset(self, key_value_pairs: Sequence[tuple[str, bytes]]) -> None:
        """Write values; a reader sees the old or the new one, never half of one."""
        self._folder.mkdir(parents=True, exist_ok=True)
        self._tidy()
        for key, value in key_value_pairs:
            self._replace(self._folder / key, value)

    def _replace(self, path: Path, value: bytes) -> None:
        handle, name = tempfile.mkstemp(dir=self._folder, prefix=_WRITING)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(value)
                file.flush()
                os.fsync(file.fileno())
            Path(name).replace(path)
        except BaseException:
            with suppress(OSError):
                Path(name).unlink()
            raise

    def _tidy(self) -> None:
        """Remove what writers that died have left behind."""
        for path in self._folder.glob(f"{_WRITING}*"):
            with suppress(OSError):
                if time.time() - path.stat().st_mtime > _ABANDONED:
                    path.unlink()

    def mdelete(self, keys: Sequence[str]) -> None:
        """Delete keys; missing ones are fine."""
        for key in keys:
            (self._folder / key).unlink(missing_ok=True)

    def yield_keys(self, *, prefix: str | None = None) -> Iterator[str]:
        """Yield the keys that begin with a prefix."""
        if not self._folder.is_dir():
            return
        for path in sorted(self._folder.iterdir()):
            if path.name.startswith(prefix or "") and not path.name.startswith("."):
                yield path.name

    def _read(self, key: str) -> bytes | None:
        try:
            return (self._folder / key).read_bytes()
        except FileNotFoundError:
            return None
