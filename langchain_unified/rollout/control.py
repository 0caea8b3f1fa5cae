"""`Rollout`: the sources in their order, read at every call."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from langchain_unified.errors import InvalidParameterError
from langchain_unified.rollout.flags import (
    ENVIRONMENT,
    CallableFlag,
    EnvironmentFlag,
    FileFlag,
    Flag,
    OpenFeatureFlag,
)
from langchain_unified.rollout.modes import Mode
from langchain_unified.rollout.served import LEGACY_PROVIDERS, Served, no_past

if TYPE_CHECKING:
    from langchain_unified.rollout.mirror import Mirror
    from langchain_unified.rollout.report import ShadowReport
    from langchain_unified.rollout.store import ShadowStore

KEYS = ("user_id", "thread_id")
"""Where a config names who a call is for, in order."""

SALT = "langchain-unified"

_LOG = logging.getLogger("langchain_unified")
_STORING = threading.Lock()
_CONTEXT: ContextVar[Mode | None] = ContextVar(
    "langchain_unified_rollout", default=None
)


@contextmanager
def rollout(mode: str | Mode) -> Iterator[None]:
    """Set the mode of all calls made inside a `with` block, tasks started there too.

    Args:
        mode: What a flag can say, for example `legacy` or `canary:10`.

    Raises:
        InvalidParameterError: If there is no such mode.

    Example:
        ```python
        with rollout("legacy"):
            chain.invoke("as before the migration")
        ```
    """
    token = _CONTEXT.set(Mode.parse(mode))
    try:
        yield
    finally:
        _CONTEXT.reset(token)


class Rollout:
    """Decides, call by call, which implementation answers.

    The first source that says something wins: the `with rollout(...)` block, `mode`,
    `call`, `file`, the environment, OpenFeature; `default` if all are silent. Sources
    are read at every call, so a change takes effect at the next one, without a
    restart. A broken source keeps its last good word and warns once.

    Args:
        mode: `unified`, `legacy`, `canary:<percent>` or `shadow`; after a comma
            `<provider>=<mode>` or `<provider>=off`. Can be set again at any time.
        call: A function that returns a mode, a boolean or `None`.
        file: A text file that holds a mode.
        environment: The environment variable to read.
        openfeature: An OpenFeature client; `True` for the default one.
        default: The mode if no source says anything.
        salt: Names the canary; another name draws other keys.
        mirror: Sends a sample of shadowed calls for real, in the background.

    Raises:
        InvalidParameterError: If `mode` or `default` is none of the modes.

    Example:
        ```python
        flags = Rollout(file="/etc/myapp/rollout", default="legacy")
        llm = UnifiedChatModel(model="...", rollout=flags)
        ```
    """

    def __init__(
        self,
        mode: str | Mode | None = None,
        *,
        call: Callable[[], Any] | None = None,
        file: str | os.PathLike[str] | None = None,
        environment: str = ENVIRONMENT,
        openfeature: Any = None,
        default: str | Mode | None = "unified",
        salt: str = SALT,
        mirror: Mirror | None = None,
    ) -> None:
        """Line up the sources."""
        self.mode = mode
        self.default = None if default is None else Mode.parse(default)
        self.salt = salt
        self.mirror = mirror
        self._store: ShadowStore | None = None
        self._told: set[str] = set()
        self._environment = environment
        self._sources: tuple[Flag, ...] = (
            *((CallableFlag(call),) if call is not None else ()),
            *((FileFlag(file),) if file is not None else ()),
            EnvironmentFlag(environment),
            *((OpenFeatureFlag(openfeature),) if openfeature else ()),
        )

    @property
    def mode(self) -> Mode | None:
        """The mode set here; `None` leaves it to the other sources."""
        return self._mode

    @mode.setter
    def mode(self, value: str | Mode | None) -> None:
        self._mode = None if value is None else Mode.parse(value)

    @property
    def silent(self) -> bool:
        """Whether nobody has set a flag anywhere; cheaper than asking each source."""
        return (
            self._mode is None
            and self.default is None
            and len(self._sources) == 1
            and _CONTEXT.get() is None
            and self._environment not in os.environ
        )

    def read(self, key: str = "") -> tuple[Mode, str] | None:
        """Return what the first source that speaks says, and its name.

        Args:
            key: Who the call is for.
        """
        if (mode := _CONTEXT.get()) is not None:
            return mode, "context"
        if self._mode is not None:
            return self._mode, "instance"
        for source in self._sources:
            if (mode := source.read(key)) is not None:
                return mode, source.source
        return None if self.default is None else (self.default, "default")

    def decide(
        self, provider: str, config: Mapping[str, Any] | None = None
    ) -> Served | None:
        """Decide who serves a call; `None` if no source says anything.

        Args:
            provider: The provider of the call's model.
            config: The call's config; its user, thread or run is the canary's key.
        """
        key = key_of(config or {})
        said = self.read(key or "")
        return said and self.served(*said, provider, key or uuid4().hex)

    def served(self, mode: Mode, source: str, provider: str, key: str) -> Served:
        """Return what a mode means for one call.

        Args:
            mode: What a flag said.
            source: Which flag it was.
            provider: The provider of the call's model.
            key: Who the call is for.
        """
        served_by = mode.of(provider).serves(key, self.salt)
        by = partial(Served.by, flag=mode, source=source, rollout=self)
        if served_by == "legacy" and provider not in LEGACY_PROVIDERS:
            if mode.of(provider).name == "legacy":
                self._tell(provider)
            return by("unified", provider, reason=no_past(provider))
        return by(served_by, provider)

    def _tell(self, provider: str) -> None:
        """Log, once for each provider, that a rollback does not reach it."""
        if provider not in self._told:
            self._told.add(provider)
            _LOG.warning("Rollout mode 'legacy': %s", no_past(provider))

    def report(self, timeout: float = 5.0) -> ShadowReport:
        """Return what shadowed calls showed so far.

        Args:
            timeout: Seconds to wait for comparisons that are still under way.
        """
        return self.store.report(timeout)

    @property
    def store(self) -> ShadowStore:
        """Where comparisons are kept."""
        if self._store is None:
            from langchain_unified.rollout.store import ShadowStore  # noqa: PLC0415

            with _STORING:
                self._store = self._store or ShadowStore()
        return self._store

    def __deepcopy__(self, memo: dict[int, Any]) -> Rollout:
        """Return itself: copies of a model obey the same switch."""
        return self

    def __getstate__(self) -> dict[str, Any]:
        """Leave comparisons behind when travelling to another process."""
        return {**self.__dict__, "_store": None}


def key_of(config: Mapping[str, Any]) -> str | None:
    """Return who a call is for: the config's user, else thread, else run.

    Args:
        config: A `RunnableConfig`; `configurable` is read before `metadata`.
    """
    for place in ("configurable", "metadata"):
        values = config.get(place) or {}
        for name in KEYS:
            if (value := values.get(name)) is not None:
                return str(value)
    run = getattr(config.get("callbacks"), "parent_run_id", None) or config.get(
        "run_id"
    )
    return None if run is None else str(run)


def rollout_of(value: Any) -> Rollout:
    """Return the `Rollout` behind whatever a model's field `rollout` holds.

    Args:
        value: A `Rollout`; a mode as text; a function; a path; an OpenFeature client;
            `None` for the `with` block and the environment only.

    Raises:
        InvalidParameterError: If it is none of these.
    """
    if isinstance(value, Rollout):
        return value
    return _made(value)


@lru_cache(maxsize=256)
def _made(value: Any) -> Rollout:
    if value is None:
        return Rollout(default=None)
    if isinstance(value, (str, Mode, bool)):
        return Rollout(Mode.parse(value))
    if isinstance(value, os.PathLike):
        return Rollout(file=value)
    if hasattr(value, "get_string_details"):
        return Rollout(openfeature=value)
    if callable(value):
        return Rollout(call=value)
    accepted = (
        "give a mode, a function, a pathlib.Path, an OpenFeature client or Rollout."
    )
    raise InvalidParameterError("rollout", value, accepted)
