"""Where a flag comes from: each source is read at every call.

A source says something (`Mode`) or nothing (`None`: ask the next one). A source that
fails, or says what nobody understands, keeps its last good word; one that never had a
good word is `stuck`, and the rollout's safe mode counts. Each new text or error is
told.
"""

from __future__ import annotations

import codecs
import os
import time
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import Any

from langchain_unified.rollout.keys import CallInfo, Key
from langchain_unified.rollout.modes import LEGACY, Mode

ENVIRONMENT = "LANGCHAIN_UNIFIED_ROLLOUT"
"""The environment variable that is read at each call. Only code inside the process can
change it while the process runs; use a file or OpenFeature to flip from outside."""

EMERGENCY = "LANGCHAIN_UNIFIED_ROLLOUT_EMERGENCY"
"""The environment variable that names the emergency file."""

FLAG = "langchain-unified-rollout"
"""The flag key asked of an OpenFeature client."""

_CLOCK_TICK_NS = 2_000_000_000
"""Two changes closer than this can carry the same time on a coarse file system."""

_MOST_KEYS = 10_000
_NOBODY, _NO_KEY = CallInfo(), Key()

Warn = Callable[[str], None]
"""Is told what is wrong with a source, once for each new text or error."""


class Flag:
    """A source that says which mode is on, right now; it may fail.

    Attributes:
        source: Its name on messages and in traces.
        by_key: Whether it may answer each user differently.
        stuck: Whether it is set but has never said anything good.
    """

    source = ""
    by_key = False

    def __init__(self, place: str, warn: Warn) -> None:
        """Start without a last good word."""
        self._place, self._warn = place, warn
        self._good: OrderedDict[str, Mode | None] = OrderedDict()
        self._told, self.stuck = "", False

    def read(self, call: CallInfo = _NOBODY, key: Key = _NO_KEY) -> Mode | None:
        """Return what the source says, or said last before it broke; never raises."""
        try:
            found = self._read(call, key)
        except Exception as error:  # noqa: BLE001 - a flag must never fail a call
            return self._kept(error, key)
        self._told, self.stuck = "", False
        for who in (key.value, "") if self.by_key else ("",):
            self._good[who] = found
            self._good.move_to_end(who)
        if len(self._good) > _MOST_KEYS:
            self._good.popitem(last=False)
        return found

    def _read(self, call: CallInfo, key: Key) -> Mode | None:
        raise NotImplementedError

    def _kept(self, error: Exception, key: Key) -> Mode | None:
        """Return what was said last, of this user if the source answers by user."""
        good = self._good.get(key.value) or self._good.get("")
        self.stuck = good is None and not isinstance(error, FileNotFoundError)
        text = f"{type(error).__name__}: {error}"
        if text != self._told:
            self._told = text
            keeps = f"keeps saying {str(good)!r}" if good else "has no good word yet"
            place = f"{self.source} ({self._place})"
            self._warn(f"Rollout source {place} cannot be read and {keeps}: {text}")
        return good


class CallableFlag(Flag):
    """Asks a function, on the caller's thread, so it should only look something up."""

    source = "callable"

    def __init__(self, function: Callable[[], Any], warn: Warn) -> None:
        """Keep the function."""
        super().__init__(
            getattr(function, "__qualname__", type(function).__name__), warn
        )
        self._function = function

    def _read(self, *_: Any) -> Mode | None:
        said = self._function()
        return None if said is None else Mode.parse(said)


class FileFlag(Flag):
    """Reads a text file again whenever it has changed; costs one `stat` per call.

    A file that is not there is told, and says nothing; one that disappears is a broken
    source, so that nobody rolls out by deleting a file; one that was emptied a moment
    ago is about to be written.
    """

    source = "file"
    empty: Mode | None = None

    def __init__(self, path: str | os.PathLike[str], warn: Warn) -> None:
        """Keep the path."""
        super().__init__(os.fspath(path), warn)
        self._seen: tuple[int, ...] | None = None
        self._said: Mode | None = None

    def _read(self, *_: Any) -> Mode | None:
        try:
            stat = os.stat(self._place)  # noqa: PTH116 - a third of Path's time
        except FileNotFoundError:
            self._seen = None
            raise
        state = (stat.st_mtime_ns, stat.st_size, stat.st_ino)
        if state != self._seen:
            settled = time.time_ns() - stat.st_mtime_ns > _CLOCK_TICK_NS
            self._seen = ()
            text = _text(Path(self._place).read_bytes())
            if text or settled:
                self._said = Mode.parse(text) if text else self.empty
            self._seen = state if settled else ()
        return self._said


class EmergencyFile(FileFlag):
    """A file that overrides everything while it exists.

    What is in it counts; an empty file, and one that nobody understands, means
    `legacy`.
    """

    source = "emergency"
    empty = LEGACY

    def read(self, call: CallInfo = _NOBODY, key: Key = _NO_KEY) -> Mode | None:
        """Return what the file says; `None` if there is none."""
        if not os.path.exists(self._place):  # noqa: PTH110 - a third of Path's time
            self._good.clear()
            self._said = self._seen = None
            return None
        return super().read(call, key) or LEGACY


class EnvironmentFlag(Flag):
    """Reads an environment variable at every call."""

    source = "environment"

    @property
    def unset(self) -> bool:
        """Whether there is no such variable; then its last word is forgotten."""
        if self._place in os.environ:
            return False
        self._good.clear()
        return True

    def _read(self, *_: Any) -> Mode | None:
        text = os.environ.get(self._place, "").strip()
        return Mode.parse(text) if text else None


class OpenFeatureFlag(Flag):
    """Asks an OpenFeature client for a string flag, or a boolean one.

    Needs the extra `openfeature`. The targeting key is the key of the call; its
    metadata, its `configurable` and its model are the attributes.
    """

    source = "openfeature"
    by_key = True

    def __init__(self, client: Any, flag: str, warn: Warn) -> None:
        """Keep the client; `True` stands for that of the default domain."""
        super().__init__(flag, warn)
        self._client = client

    def _read(self, call: CallInfo, key: Key) -> Mode | None:
        from openfeature import api  # noqa: PLC0415
        from openfeature.evaluation_context import EvaluationContext  # noqa: PLC0415

        context = EvaluationContext(key.value or None, call.attributes())
        client = api.get_client() if self._client is True else self._client
        details: Any = client.get_string_details(self._place, "", context)
        if details.error_code == "TYPE_MISMATCH":
            details = client.get_boolean_details(self._place, False, context)  # noqa: FBT003
        if details.error_code == "FLAG_NOT_FOUND":
            return None
        if details.error_code is not None:
            message = f"{details.error_code}: {details.error_message}"
            raise RuntimeError(message)
        return None if details.value == "" else Mode.parse(details.value)


def _text(data: bytes) -> str:
    """Return a file's text; PowerShell writes UTF-16, Notepad a byte-order mark."""
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return data.decode("utf-16").strip()
    return data.decode("utf-8-sig").strip()
