"""Where a flag comes from: each source is read at every call.

A source says something (`Mode`) or nothing (`None`: ask the next one). A source that
fails, or says what nobody understands, keeps its last good word and warns once.
"""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

from langchain_unified.rollout.modes import Mode

ENVIRONMENT = "LANGCHAIN_UNIFIED_ROLLOUT"
"""The environment variable that is read if nothing else speaks."""

FLAG = "langchain-unified-rollout"
"""The flag key asked of an OpenFeature client."""

_LOG = logging.getLogger("langchain_unified")
_FLAG_NOT_FOUND = "FLAG_NOT_FOUND"
_CLOCK_TICK_NS = 2_000_000_000
"""Two changes closer than this can carry the same time on a coarse file system."""


class Flag(Protocol):
    """Something that says which mode is on, right now.

    Attributes:
        source: Its name on messages and in traces.
    """

    source: str

    def read(self, key: str) -> Mode | None:
        """Return what it says; it never raises.

        Args:
            key: Who the call is for; a flag service can target it.
        """
        ...


class Guarded:
    """A source that may fail.

    Attributes:
        source: Its name on messages and in traces.
    """

    source: str

    def __init__(self, source: str) -> None:
        """Start without a last good word."""
        self.source = source
        self._good: Mode | None = None
        self._warned = False

    def read(self, key: str) -> Mode | None:
        """Return what the source says, or said last before it broke."""
        try:
            self._good = self._read(key)
        except Exception as error:  # noqa: BLE001
            self._warn(error)
        return self._good

    def _read(self, key: str) -> Mode | None:
        raise NotImplementedError

    def _warn(self, error: Exception) -> None:
        if self._warned:
            return
        self._warned = True
        kept = f"keeps saying {str(self._good)!r}" if self._good else "is left out"
        message = "Rollout source %s is broken and %s: %s: %s"
        _LOG.warning(message, self.source, kept, type(error).__name__, error)


class CallableFlag(Guarded):
    """Asks a function at every call.

    Args:
        function: Returns a mode as text, a boolean, or `None` for no opinion. It runs
            on the caller's thread, so it should only look something up.
    """

    def __init__(self, function: Callable[[], Any]) -> None:
        """Keep the function."""
        super().__init__("callable")
        self._function = function

    def _read(self, key: str) -> Mode | None:
        del key
        said = self._function()
        return None if said is None else Mode.parse(said)


class FileFlag(Guarded):
    """Reads a text file again whenever it has changed; costs one `stat` per call.

    A file that was never there says nothing. One that disappears is a broken source,
    so that nobody rolls out by deleting a file, and one that was emptied a moment ago
    is about to be written.

    Args:
        path: A file that holds a mode; empty for no opinion.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        """Keep the path."""
        super().__init__("file")
        self._path = os.fspath(path)
        self._seen: tuple[int, ...] | None = None
        self._said: Mode | None = None

    def _read(self, key: str) -> Mode | None:
        del key
        try:
            stat = os.stat(self._path)  # noqa: PTH116
        except FileNotFoundError:
            if self._seen is None:
                return None
            raise
        state = (stat.st_mtime_ns, stat.st_size, stat.st_ino)
        if state != self._seen:
            settled = time.time_ns() - stat.st_mtime_ns > _CLOCK_TICK_NS
            self._seen = state if settled else ()
            text = Path(self._path).read_text(encoding="utf-8").strip()
            if text or settled:
                self._said = Mode.parse(text) if text else None
        return self._said


class EnvironmentFlag(Guarded):
    """Reads an environment variable at every call."""

    def __init__(self, variable: str = ENVIRONMENT) -> None:
        """Keep the variable's name."""
        super().__init__("environment")
        self._variable = variable

    def _read(self, key: str) -> Mode | None:
        del key
        text = os.environ.get(self._variable)
        return Mode.parse(text) if text and text.strip() else None


class OpenFeatureFlag(Guarded):
    """Asks an OpenFeature client for the string flag `langchain-unified-rollout`.

    Needs the extra `openfeature`. The targeting key is the key of the call.

    Args:
        client: An `OpenFeatureClient`; `True` for that of the default domain.
        flag: The flag's key.
    """

    def __init__(self, client: Any, flag: str = FLAG) -> None:
        """Keep the client."""
        super().__init__("openfeature")
        self._client = client
        self._flag = flag

    def _read(self, key: str) -> Mode | None:
        from openfeature.evaluation_context import (  # noqa: PLC0415
            EvaluationContext,
        )

        context = EvaluationContext(targeting_key=key)
        details = self._opened().get_string_details(self._flag, "", context)
        if details.error_code == _FLAG_NOT_FOUND:
            return None
        if details.error_code is not None:
            message = f"{details.error_code}: {details.error_message}"
            raise RuntimeError(message)
        return Mode.parse(details.value) if details.value else None

    def _opened(self) -> Any:
        if self._client is True:
            from openfeature import api  # noqa: PLC0415

            return api.get_client()
        return self._client
