"""What was discovered, kept in files, one for each provider and server.

A file is replaced in one step, so whoever reads sees the old or the new one and never
half of one, whichever process writes or dies meanwhile.
"""

from __future__ import annotations

import json
import os
import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from langchain_unified.environment import cache_folder

VERSION = 1
_WRITING = ".writing-"
_ABANDONED = 3600.0
"""Seconds after which the leftovers of a writer that died are removed."""


@dataclass(frozen=True, slots=True)
class Entry:
    """What a server listed.

    Attributes:
        provider: Provider id.
        server: Base URL; empty for the provider's own.
        fetched: When, in seconds since 1970.
        models: The rows as the provider gave them.
    """

    provider: str
    server: str
    fetched: float
    models: list[dict[str, Any]]

    @property
    def age(self) -> float:
        """Seconds since it was fetched."""
        return max(0.0, time.time() - self.fetched)


class Cache:
    """Entries in a folder.

    Args:
        folder: The folder; by default the one `LANGCHAIN_UNIFIED_CACHE` names, else
            the platform's cache folder. Made at the first write.
    """

    def __init__(self, folder: str | Path | None = None) -> None:
        """Name the folder."""
        self.folder = Path(folder).expanduser() if folder else cache_folder()

    def entries(self) -> list[Entry]:
        """Return everything that is kept and can be read."""
        paths = sorted(self.folder.glob("models-*.json"))
        return [entry for entry in map(self._read, paths) if entry is not None]

    def read(self, provider: str, server: str) -> Entry | None:
        """Return what is kept about a server; `None` if nothing readable is."""
        return self._read(self._path(provider, server))

    def _read(self, path: Path) -> Entry | None:
        try:
            text = path.read_text(encoding="utf-8")
            kept = json.loads(text)
            if kept["version"] != VERSION:
                return None
            models = [row for row in kept["models"] if isinstance(row, dict)]
            fetched = float(kept["fetched"])
            return Entry(str(kept["provider"]), str(kept["server"]), fetched, models)
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def write(self, entry: Entry) -> str | None:
        """Keep an entry; return why that failed, if it did."""
        kept = {
            "version": VERSION,
            "provider": entry.provider,
            "server": entry.server,
            "fetched": entry.fetched,
            "models": entry.models,
        }
        try:
            self._replace(self._path(entry.provider, entry.server), json.dumps(kept))
        except OSError as error:
            return str(error)
        return None

    def _replace(self, path: Path, text: str) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        self._tidy()
        handle, name = tempfile.mkstemp(dir=self.folder, prefix=_WRITING)
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            Path(name).replace(path)
        except BaseException:
            with suppress(OSError):
                Path(name).unlink()
            raise

    def _tidy(self) -> None:
        """Remove what writers that died have left behind."""
        for path in self.folder.glob(f"{_WRITING}*"):
            with suppress(OSError):
                if time.time() - path.stat().st_mtime > _ABANDONED:
                    path.unlink()

    def _path(self, provider: str, server: str) -> Path:
        digest = sha256(f"{provider}\n{server}".encode()).hexdigest()[:16]
        return self.folder / f"models-{provider}-{digest}.json"
