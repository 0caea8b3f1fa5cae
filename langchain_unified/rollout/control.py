"""`Rollout`: the sources in their order, read at every call."""

from __future__ import annotations

import os
from collections.abc import Callable, Hashable, Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from langchain_unified.choice import is_auto
from langchain_unified.errors import InvalidParameterError
from langchain_unified.rollout.checks import check_parts
from langchain_unified.rollout.events import Listener, Teller
from langchain_unified.rollout.flags import (
    EMERGENCY,
    ENVIRONMENT,
    FLAG,
    NO_KEY,
    NOBODY,
    EmergencyFile,
    FileFlag,
    Flag,
    ask_environment,
    ask_function,
    ask_openfeature,
)
from langchain_unified.rollout.keys import CallInfo, Key, KeyReader
from langchain_unified.rollout.modes import LEGACY, Mode
from langchain_unified.rollout.served import Served
from langchain_unified.runtime import ROLLOUT

if TYPE_CHECKING:
    from langchain_unified.rollout.guard import Guard
    from langchain_unified.rollout.mirror import Mirror
    from langchain_unified.rollout.paths import Answer
    from langchain_unified.rollout.report import ShadowReport
    from langchain_unified.rollout.store import Destination, ShadowStore

SALT = "langchain-unified"

LEGACY_PROVIDERS = frozenset({"openai"})
"""The providers ChatOpenAI can call: the path before the migration if there is no old
service of one's own."""

Decision = tuple[Mode, str]
"""A mode and what said so."""

_OPEN = (
    "No model is set, which ChatOpenAI does not support; set one to have the call "
    "served as before."
)
_NO_PAST = (
    "{0} has no path from before the migration; to refuse its calls, add '{0}=off' to "
    "the flag."
)
_FORMS = "give a mode, a function, a pathlib.Path, an OpenFeature client or Rollout."


@contextmanager
def rollout(mode: str | Mode) -> Iterator[None]:
    """Set the mode of all calls inside a `with` block, including tasks started there.

    Args:
        mode: The mode, for example `legacy` or `canary:10`.

    Raises:
        InvalidParameterError: If there is no such mode.

    Example:
        ```python
        with rollout("legacy"):
            chain.invoke("as before the migration")
        ```
    """
    token = ROLLOUT.set(Mode.parse(mode))
    try:
        yield
    finally:
        ROLLOUT.reset(token)


class Rollout:
    """Decides for each call which implementation answers.

    The first source with a value decides: the emergency file, the `with rollout(...)`
    block, a triggered guard, `mode`, `call`, `file`, the environment variable,
    OpenFeature. Sources are read at every call, so a change takes effect at the next
    call, without a restart. If a source fails, its last valid value is kept; without
    one, `default` applies. Each change of the mode is logged once at INFO, each new
    failure of a source at WARNING, and both are passed to `on_event`.

    Args:
        mode: `unified`, `legacy`, `canary:<percent>` or `shadow`; after a comma
            `<provider>=<mode>` or `<provider>=off`. Can be set again at any time.
        call: A function that returns a mode, a boolean or `None`.
        file: A text file that holds a mode.
        environment: The environment variable to read.
        openfeature: An OpenFeature client; `True` for the default one.
        flag: The key of the flag in OpenFeature.
        default: The mode if no source has a valid value. By default, `legacy` if a
            source or an old service is given, and otherwise none.
        key: The key that decides about the canary: the name of a field, a path into the
            config (`metadata.org.id`), or a function of the call. By default, the first
            of `user_id`, `user`, `tenant`, `thread_id` and similar fields in the config
            or the keywords of the call.
        salt: The name of the canary; another name selects other keys.
        emergency: A file that overrides everything while it exists;
            also read from the path in `LANGCHAIN_UNIFIED_ROLLOUT_EMERGENCY`.
        mirror: Sends a sample of shadowed calls to the provider, in the background.
        guard: Thresholds that set the flag to `legacy`.
        report_to: A folder to which each process writes its shadow report, or a
            function that receives it; see `ShadowReport.load`.
        on_event: Receives each `RolloutEvent`.

    Attributes:
        is_set: Whether it has a source besides the environment and a `with` block.

    Raises:
        InvalidParameterError: If an argument is not valid.

    Example:
        ```python
        flags = Rollout(file="/etc/myapp/rollout", key="tenant")
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
        flag: str = FLAG,
        default: str | Mode | None = None,
        key: str | Callable[..., Any] | None = None,
        salt: str = SALT,
        emergency: str | os.PathLike[str] | None = None,
        mirror: Mirror | None = None,
        guard: Guard | None = None,
        report_to: Destination | None = None,
        on_event: Listener | None = None,
    ) -> None:
        """Line up the sources."""
        check_parts(
            environment=environment, flag=flag, file=file, openfeature=openfeature
        )
        check_parts(
            emergency=emergency, mirror=mirror, guard=guard, report_to=report_to
        )
        check_parts(call=call, on_event=on_event)
        self._mode: Mode | None = None
        self._default: Mode | None = None
        self.salt, self.mirror, self.guard, self.guarded = salt, mirror, guard, ""
        if report_to is not None:
            self._open_store(report_to)
        self._keys, self._teller = KeyReader(key), Teller(on_event)
        self._told: set[str] = set()
        self._emergency: dict[str, EmergencyFile] = {}
        self._emergency_path = None if emergency is None else os.fspath(emergency)
        ask: Any = partial(ask_environment, environment)
        self.environment = Flag("environment", environment, ask, self._warn)
        self._sources: list[Flag] = [self.environment]
        if file is not None:
            self._sources.insert(0, FileFlag(file, self._warn))
        if call is not None:
            ask, name = partial(ask_function, call), type(call).__name__
            name = getattr(call, "__qualname__", name)
            self._sources.insert(0, Flag("callable", name, ask, self._warn))
        if openfeature:
            ask = partial(ask_openfeature, openfeature, flag)
            told = Flag("openfeature", flag, ask, self._warn, by_key=True)
            self._sources.append(told)
        self._has_sources = len(self._sources) > 1
        self.mode, self.default = mode, default

    @property
    def store(self) -> ShadowStore:
        """Where what shadowed calls show is counted."""
        return vars(self).get("_store") or self._open_store()

    def _open_store(self, report_to: Destination | None = None) -> ShadowStore:
        """Return the store; of two threads that come first, both get the same one."""
        from langchain_unified.rollout.store import ShadowStore  # noqa: PLC0415

        made: ShadowStore = vars(self).setdefault("_store", ShadowStore(report_to))
        return made

    @property
    def mode(self) -> Mode | None:
        """The mode set here; `None` leaves it to the other sources."""
        return self._mode

    @mode.setter
    def mode(self, value: str | Mode | None) -> None:
        self._mode = None if value is None else Mode.parse(value)
        self._review()

    @property
    def default(self) -> Mode | None:
        """The mode if no source says anything good."""
        return self._default

    @default.setter
    def default(self, value: str | Mode | None) -> None:
        self._default = None if value is None else Mode.parse(value)
        self._review()

    def _review(self) -> None:
        """Note whether this can say anything; every call asks."""
        own = self._mode or self._default or self._emergency_path or self.guarded
        self.is_set = self._has_sources or bool(own)

    def read(
        self, call: CallInfo = NOBODY, key: Key = NO_KEY, *, old_service: bool = False
    ) -> Decision | None:
        """Return what the first source that speaks says, and its name.

        With an old service of one's own and no flag anywhere, that is `legacy`.
        """
        said = self._emergency_says() or self._said(call, key)
        if said is None and old_service:
            said = LEGACY, "default"
        if said is not None and said[1] != "context":  # A block is no flip.
            self._teller.decided(*said, by_key=said[1] == "openfeature")
        return said

    def _emergency_says(self) -> Decision | None:
        """Return what the emergency file says; `None` if there is none."""
        for path in (self._emergency_path, os.environ.get(EMERGENCY)):
            if not path:
                continue
            if path not in self._emergency:
                self._emergency[path] = EmergencyFile(path, self._warn)
            if (mode := self._emergency[path].read()) is not None:
                return mode, "emergency"
        return None

    def _said(self, call: CallInfo, key: Key) -> Decision | None:
        if (mode := ROLLOUT.get()) is not None:
            return mode, "context"
        said = (self._mode, "instance") if self._mode else self._asked(call, key)
        if not self.guarded:
            return said
        off = said[0].kill_switches if said else ()  # They stay on.
        return Mode("legacy", providers=off), "guard"

    def _asked(self, call: CallInfo, key: Key) -> Decision | None:
        """Ask one source after the other, as far as they can be read."""
        for source in self._sources:
            if (mode := source.read(call, key)) is not None:
                return mode, source.source
            if source.stuck:
                return self.default or LEGACY, "default"
        if self.default is None and not self._has_sources:
            return None
        return self.default or LEGACY, "default"

    def decide(
        self,
        provider: str,
        config: Mapping[str, Any] | None = None,
        settings: Mapping[str, Any] | None = None,
        *,
        model: str | None = None,
        mode: object = None,
        old_service: bool = False,
    ) -> Served | None:
        """Decide who serves a call; `None` if no source says anything.

        What the call itself says, its `mode`, goes before all but the emergency file.
        With an old service that answers in `legacy`, it does so whoever makes the
        model.
        """
        call = CallInfo(config or {}, settings or {}, model)
        key = self._key_of(call)
        if mode is None:
            said = self.read(call, key, old_service=old_service)
        else:
            said = self._emergency_says() or (Mode.parse(mode), "call")
        if said is None:
            return None
        flag, source = said
        own, reason = flag.of(provider), ""
        served_by = own.serves(key.value or _run_of(call), self.salt)
        if served_by == "legacy" and not old_service:
            if is_auto(model):
                reason = _OPEN
            elif provider not in LEGACY_PROVIDERS:
                reason = _NO_PAST.format(provider)
                if own.name == "legacy":
                    self._once(f"Rollout mode 'legacy': {reason}", own)
            served_by = "unified" if reason else served_by
        led = {"flag": flag, "source": source, "mode": own, "reason": reason}
        return Served(served_by, rollout=self, key=key, **led)

    def _key_of(self, call: CallInfo) -> Key:
        """Return who a call is for; nobody, and a warning, if a key function fails."""
        try:
            return self._keys.read(call)
        except Exception as error:  # noqa: BLE001 - a flag must never fail a call
            why = f"{type(error).__name__}: {error}"
            self._once(
                "The key function of the rollout failed, so each run is assigned by "
                f"its run id: {why}"
            )
            return Key()

    def count(self, answer: Answer) -> None:
        """Have the guard count a call of the unified path."""
        why = "" if self.guard is None or self.guarded else self.guard.count(answer)
        if why and not self.guarded:
            self.guarded = why
            self._review()
            message = (
                f"Rollout guard: the flag was set to 'legacy' ({why}). Rollout."
                "release() or a restart restores it."
            )
            self._teller.tell("guard", message, LEGACY, "guard")

    def release(self) -> None:
        """Use the flag again after a guard was triggered."""
        self.guarded = ""
        self._review()
        if self.guard is not None:
            self.guard.renew()

    def report(self, timeout: float = 5.0) -> ShadowReport:
        """Return the report of the shadowed calls of this process so far.

        Args:
            timeout: Seconds to wait for comparisons that are still running.
        """
        return self.store.report(timeout)

    def _warn(self, message: str) -> None:
        self._teller.tell("unreadable", message)

    def _once(self, message: str, mode: Mode | None = None) -> None:
        if message not in self._told:
            self._told.add(message)
            self._teller.tell("no_path" if mode else "unreadable", message, mode)

    def __deepcopy__(self, memo: dict[int, Any]) -> Rollout:
        """Return itself: copies of a model obey the same switch."""
        return self


def _run_of(call: CallInfo) -> str:
    """Return what draws a call that names nobody: the run it is part of, or chance."""
    parent = getattr(call.config.get("callbacks"), "parent_run_id", None)
    return str(parent or call.config.get("run_id") or uuid4().hex)


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
    if isinstance(value, Hashable):
        return _made(value)
    raise InvalidParameterError("rollout", f"a {type(value).__name__}", _FORMS)


@lru_cache(maxsize=256, typed=True)  # 1 is no flag, though it equals True.
def _made(value: Any) -> Rollout:
    if value is None:
        return Rollout()
    if isinstance(value, (str, Mode, bool)):
        return Rollout(Mode.parse(value))
    if isinstance(value, os.PathLike):
        return Rollout(file=value)
    if hasattr(value, "get_string_details"):
        return Rollout(openfeature=value)
    if callable(value):
        return Rollout(call=value)
    raise InvalidParameterError("rollout", f"a {type(value).__name__}", _FORMS)
