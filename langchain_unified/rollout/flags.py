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
NOBODY, NO_KEY = CallInfo(), Key()

Warn = Callable[[str], None]
"""Is told what is wrong with a source, once for each new text or error."""

Ask = Callable[[CallInfo, Key], Mode | None]
"""Returns what a source says now; it may fail."""


class Flag:
    """A source that says which mode is on, right now.

    It keeps its last `good` words, by key if it answers each user differently, and is
    `stuck` if it is set but has never said anything good.
    """

    def __init__(
        self, source: str, place: str, ask: Ask, warn: Warn, *, by_key: bool = False
    ) -> None:
        """Start without a last good word."""
        self.source, self.place = source, place
        self._ask, self._warn, self._by_key = ask, warn, by_key
        self.good: OrderedDict[str, Mode | None] = OrderedDict()
        self.stuck, self._told = False, ""

    def read(self, call: CallInfo = NOBODY, key: Key = NO_KEY) -> Mode | None:
        """Return what the source says, or said last before it broke; never raises."""
        try:
            found = self._ask(call, key)
        except Exception as error:  # noqa: BLE001 - a flag must never fail a call
            return self._kept(error, key)
        self._told, self.stuck = "", False
        for who in {key.value, ""} if self._by_key else ("",):
            self.good[who] = found
            self.good.move_to_end(who)
        if len(self.good) > _MOST_KEYS:
            self.good.popitem(last=False)
        return found

    def _kept(self, error: Exception, key: Key) -> Mode | None:
        """Return what was said last, of this user if the source answers by user."""
        good = self.good.get(key.value) or self.good.get("")
        self.stuck = good is None and not isinstance(error, FileNotFoundError)
        text = f"{type(error).__name__}: {error}"
        if text != self._told:
            self._told = text
            keeps = (
                f"the previous value {str(good)!r} is kept"
                if good
                else "no valid value was read yet"
            )
            place = f"{self.source} ({self.place})"
            self._warn(f"Rollout source {place} cannot be read and {keeps}: {text}")
        return good


class FileFlag(Flag):
    """Reads a text file again whenever it has changed; costs one `stat` per call.

    A file that is not there is told, and says nothing; one that disappears is a broken
    source, so that nobody rolls out by deleting a file; one that was emptied a moment
    ago is about to be written.
    """

    def __init__(
        self, path: str | os.PathLike[str], warn: Warn, source: str = "file"
    ) -> None:
        """Keep the path."""
        super().__init__(source, os.fspath(path), self._look, warn)
        self._seen: tuple[int, ...] | None = None
        self._said: Mode | None = None
        self.empty: Mode | None = None

    def _look(self, *_: Any) -> Mode | None:
        try:
            stat = os.stat(self.place)  # noqa: PTH116 - a third of Path's time
        except FileNotFoundError:
            self._seen = None
            raise
        state = (stat.st_mtime_ns, stat.st_size, stat.st_ino)
        if state != self._seen:
            settled = time.time_ns() - stat.st_mtime_ns > _CLOCK_TICK_NS
            self._seen = ()
            text = _text(Path(self.place).read_bytes())
            if text or settled:
                self._said = Mode.parse(text) if text else self.empty
            self._seen = state if settled else ()
        return self._said


class EmergencyFile(FileFlag):
    """A file that overrides everything while it exists.

    What is in it counts; an empty file, and one that nobody understands, is `legacy`.
    """

    def __init__(self, path: str, warn: Warn) -> None:
        """Keep the path."""
        super().__init__(path, warn, "emergency")
        self.empty = LEGACY

    def read(self, call: CallInfo = NOBODY, key: Key = NO_KEY) -> Mode | None:
        """Return what the file says; `None` if there is none."""
        if not os.path.exists(self.place):  # noqa: PTH110 - a third of Path's time
            self.good.clear()
            self._said = self._seen = None
            return None
        return super().read(call, key) or LEGACY


def ask_function(function: Callable[[], Any], *_: Any) -> Mode | None:
    """Ask a function, on the caller's thread, so it should only look something up."""
    said = function()
    return None if said is None else Mode.parse(said)


def ask_environment(variable: str, *_: Any) -> Mode | None:
    """Read an environment variable."""
    text = os.environ.get(variable, "").strip()
    return Mode.parse(text) if text else None


def ask_openfeature(client: Any, flag: str, call: CallInfo, key: Key) -> Mode | None:
    """Ask an OpenFeature client for a string flag, or a boolean one.

    Needs the extra `openfeature`. The targeting key is the key of the call; its
    metadata, its `configurable` and its model are the attributes.
    """
    from openfeature import api  # noqa: PLC0415
    from openfeature.evaluation_context import EvaluationContext  # noqa: PLC0415

    context = EvaluationContext(key.value or None, call.attributes())
    client = api.get_client() if client is True else client
    details: Any = client.get_string_details(flag, "", context)
    if details.error_code == "TYPE_MISMATCH":
        details = client.get_boolean_details(flag, False, context)  # noqa: FBT003
    return _mode_of(details)


def _mode_of(details: Any) -> Mode | None:
    """Return what a flag's details say; `None` if there is no such flag."""
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
