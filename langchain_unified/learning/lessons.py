"""Learned rules, by provider, server, caller, endpoint and model."""

from __future__ import annotations

import threading
import time
import warnings
from collections.abc import Sequence
from datetime import datetime, timezone
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from langchain_unified.learning.correction import Correction, Key, Lesson, Trial
from langchain_unified.learning.overlay import corrected
from langchain_unified.learning.rows import (
    PREFIX,
    StoreError,
    name_of,
    read_rows,
    write_rows,
)
from langchain_unified.learning.sanity import is_well_formed
from langchain_unified.reliability.scope import Scope
from langchain_unified.runtime import Bounded
from langchain_unified.types import ModelConfig

if TYPE_CHECKING:
    from langchain_core.stores import BaseStore

DAY = 24 * 60 * 60.0
IN_MEMORY, IN_STORE = DAY, 7 * DAY
"""Seconds a lesson holds, unless said otherwise: providers change their models."""

_MOST_KEYS = 4_096
_MOST_PER_KEY = 64


class _Kept(NamedTuple):
    until: float
    lesson: Lesson


_Entries = tuple[_Kept, ...]


class Lessons:
    """All learned rules, safe for threads and tasks.

    Args:
        store: Where to store lessons, to share them between processes and keep them
            over restarts; in memory only if left out. A store that fails or cannot be
            read is ignored with a warning.
        lifetime: Lifetime of a lesson in seconds; by default a day in memory and a week
            in a store.

    Attributes:
        is_empty: Whether nothing was learned, as far as the store was read.

    Example:
        >>> Lessons().all()
        []
    """

    def __init__(
        self,
        store: BaseStore[str, bytes] | None = None,
        *,
        lifetime: float | None = None,
    ) -> None:
        """Start with nothing but what the store holds."""
        self._store = store
        usual = IN_MEMORY if store is None else IN_STORE
        self._lifetime = usual if lifetime is None else lifetime
        self._lock = threading.Lock()
        self._lessons: Bounded[Key, _Entries] = Bounded(_MOST_KEYS)
        self._applied: Bounded[Any, tuple[ModelConfig, float, ModelConfig]]
        self._applied = Bounded(_MOST_KEYS)
        self._loaded = self.is_empty = store is None
        self._warned = False

    def __reduce__(self) -> tuple[Any, ...]:
        """Travel with the store; what is kept in memory only stays behind."""
        return partial(Lessons, self._store, lifetime=self._lifetime), ()

    @classmethod
    def at(cls, folder: str | Path, *, lifetime: float | None = None) -> Lessons:
        """Return lessons kept as files in a folder, made if it does not exist."""
        from langchain_unified.learning.files import FileStore  # noqa: PLC0415

        return cls(FileStore(folder), lifetime=lifetime)

    def all(self) -> list[Lesson]:
        """Return all current lessons, oldest first."""
        self._load()
        now = time.time()
        found = [k.lesson for kept in self._lessons for k in kept if k.until > now]
        return sorted(found, key=lambda lesson: lesson.learned)

    def apply(
        self, config: ModelConfig, scope: Scope, trials: Sequence[Trial] = ()
    ) -> ModelConfig:
        """Return what the registry says, corrected by what was learned.

        Args:
            config: What the registry says.
            scope: Whose call it is.
            trials: Corrections that the call tries out.
        """
        if trials:
            return self._corrected(config, scope, trials)
        self._load()
        if self.is_empty:
            return config
        key = (id(config), scope)
        cached = self._applied.find(key)
        if cached is not None and cached[0] is config and cached[1] > time.time():
            return cached[2]
        result = self._corrected(config, scope, ())
        self._applied.put(key, (config, self._holds_until(config, scope), result))
        return result

    def learn(self, trials: Sequence[Trial], scope: Scope) -> None:
        """Remember corrections that proved right.

        Args:
            trials: What was changed, and the corrected request accepted; or what left
                no way to make the call.
            scope: Whose call it was.
        """
        for trial in trials:
            if not trial.correction.once:
                self._add(_key(trial.config, trial.endpoint, scope), trial.correction)

    def about(self, config: ModelConfig, base_url: str | None) -> list[Lesson]:
        """Return the lessons about a model at a server, whoever learned them."""
        here = (config.provider, base_url or "", config.model)
        return [one for one in self.all() if (*one[:2], one.model) == here]

    def forget(self, model: str | None = None) -> int:
        """Forget the lessons about a model, or all lessons.

        Args:
            model: The wire name of a model; everything if left out.

        Returns:
            The number of lessons forgotten.
        """
        self._load()
        found = [
            kept for kept in self._lessons if model in {None, kept[0].lesson.model}
        ]
        keys = [kept[0].lesson.key for kept in found]
        with self._lock:
            for key in keys:
                self._lessons.pop(key)
            self._applied.clear()
            self.is_empty = not len(self._lessons)
        self._with_store("mdelete", [name_of(key) for key in keys])
        return sum(map(len, found))

    def _corrected(
        self, config: ModelConfig, scope: Scope, trials: Sequence[Trial]
    ) -> ModelConfig:
        result = config
        for endpoint in config.mappings:
            found = dict.fromkeys(self._corrections(config, endpoint, scope))
            for trial in trials:
                same = trial.config.model, trial.config.provider, trial.endpoint
                if same == (config.model, config.provider, endpoint):
                    found.setdefault(trial.correction)
            result = corrected(result, endpoint, found)
        return result

    def _corrections(
        self, config: ModelConfig, endpoint: str, scope: Scope
    ) -> list[Correction]:
        kept = self._lessons.find(_key(config, endpoint, scope)) or ()
        now = time.time()
        return [
            k.lesson.correction
            for k in kept
            if k.until > now and is_well_formed(k.lesson.correction, config)
        ]

    def _holds_until(self, config: ModelConfig, scope: Scope) -> float:
        """Return when the first of a model's lessons ends."""
        keys = [_key(config, endpoint, scope) for endpoint in config.mappings]
        ends = [k.until for key in keys for k in self._lessons.find(key) or ()]
        now = time.time()
        return min((end for end in ends if end > now), default=now + DAY)

    def _add(self, key: Key, correction: Correction) -> None:
        with self._lock:
            if self._store is not None:  # what others learned in the meantime
                self._read([name_of(key)])
            now = time.time()
            learned = datetime.now(timezone.utc).isoformat(timespec="seconds")
            lesson = Lesson(*key, correction=correction, learned=learned)
            known = (k for k in self._lessons.find(key) or () if k.until > now)
            kept = tuple(k for k in known if k.lesson.correction != correction)
            new = (*kept[-_MOST_PER_KEY + 1 :], _Kept(now + self._lifetime, lesson))
            self._lessons.put(key, new)
            self._applied.clear()
            self.is_empty = False
            rows = write_rows([k.lesson for k in new])
            self._with_store("mset", [(name_of(key), rows)])

    def _load(self) -> None:
        if self._loaded:
            return
        with self._lock:
            if not self._loaded:
                self._read(list(self._with_store("yield_keys", prefix=PREFIX) or ()))
                self._loaded, self.is_empty = True, not len(self._lessons)

    def _read(self, names: list[str]) -> None:
        for data in self._with_store("mget", names) or ():
            if data is None:
                continue
            try:
                kept = [_Kept(self._end(lesson), lesson) for lesson in read_rows(data)]
            except StoreError as error:
                self._warn(error)
                continue
            now = time.time()
            living = tuple(k for k in kept if now < k.until <= now + self._lifetime)
            if living:
                self._lessons.put(living[0].lesson.key, living)
                self._applied.clear()

    def _end(self, lesson: Lesson) -> float:
        begun = datetime.fromisoformat(lesson.learned)
        if begun.tzinfo is None:
            begun = begun.replace(tzinfo=timezone.utc)
        return begun.timestamp() + self._lifetime

    def _with_store(self, method: str, *args: Any, **kwargs: Any) -> Any:
        """Call the store; what it raises must not fail a call to a model."""
        if self._store is None:
            return None
        try:
            result = getattr(self._store, method)(*args, **kwargs)
            return list(result) if method == "yield_keys" else result
        except Exception as error:  # noqa: BLE001
            self._warn(error)
            return None

    def _warn(self, error: Exception) -> None:
        if not self._warned:
            self._warned = True
            message = f"Learned rules in the store are ignored: {error}"
            warnings.warn(message, UserWarning, stacklevel=2)


def _key(config: ModelConfig, endpoint: str, scope: Scope) -> Key:
    where = (config.provider, scope.server, endpoint, config.model)
    return (*where, scope.credentials, scope.tenant)
