"""A byte store of files, one for each key, written atomically."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from langchain_core.stores import BaseStore


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
        for key, value in key_value_pairs:
            handle, name = tempfile.mkstemp(dir=self._folder, prefix=".writing-")
            with os.fdopen(handle, "wb") as file:
                file.write(value)
            Path(name).replace(self._folder / key)

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
