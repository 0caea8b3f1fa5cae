"""What was learned, by provider, base URL, endpoint and model."""

from __future__ import annotations

import json
import threading
import warnings
from collections.abc import Sequence
from datetime import datetime, timezone
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from langchain_unified.learning.overlay import corrected
from langchain_unified.learning.reading import Correction
from langchain_unified.types import ModelConfig

if TYPE_CHECKING:
    from langchain_core.stores import BaseStore

_PREFIX = "langchain-unified-learned-"


class Key(NamedTuple):
    """What a lesson is about."""

    provider: str
    base_url: str
    endpoint: str
    model: str


class Lesson(NamedTuple):
    """A correction, where it holds and when it was learned.

    Attributes:
        provider: Provider id.
        base_url: The server that said so; empty for the provider's own.
        endpoint: The endpoint it holds on.
        model: The wire name of the model.
        correction: What to change.
        learned: When, ISO format, UTC.
    """

    provider: str
    base_url: str
    endpoint: str
    model: str
    correction: Correction
    learned: str

    @property
    def key(self) -> Key:
        """What the lesson is about."""
        return Key(self.provider, self.base_url, self.endpoint, self.model)


class Lessons:
    """Everything learned, safe for threads and tasks.

    Args:
        store: Where to keep lessons so that other processes share them and restarts
            remember them; in memory only if left out. A store that fails or holds
            something unreadable is ignored with a warning.

    Example:
        >>> Lessons().all()
        []
    """

    def __init__(self, store: BaseStore[str, bytes] | None = None) -> None:
        """Start with nothing but what the store holds."""
        self._store = store
        self._lock = threading.Lock()
        self._lessons: dict[Key, tuple[Lesson, ...]] = {}
        self._applied: dict[tuple[int, str], tuple[ModelConfig, ModelConfig]] = {}
        self._loaded = store is None
        self._warned = False

    @classmethod
    def at(cls, folder: str | Path) -> Lessons:
        """Return lessons kept as files in a folder, made if it does not exist."""
        from langchain_unified.learning.files import FileStore  # noqa: PLC0415

        return cls(FileStore(folder))

    def all(self) -> list[Lesson]:
        """Return every lesson, oldest first."""
        self._load()
        found = [lesson for lessons in self._lessons.values() for lesson in lessons]
        return sorted(found, key=lambda lesson: lesson.learned)

    def apply(self, config: ModelConfig, base_url: str | None) -> ModelConfig:
        """Return what the registry says, corrected by what was learned."""
        self._load()
        if not self._lessons:
            return config
        server = base_url or ""
        cached = self._applied.get((id(config), server))
        if cached is not None and cached[0] is config:
            return cached[1]
        result = self._corrected(config, server)
        self._applied[(id(config), server)] = (config, result)
        return result

    def _corrected(self, config: ModelConfig, server: str) -> ModelConfig:
        result = config
        for endpoint in config.mappings:
            key = Key(config.provider, server, endpoint, config.model)
            lessons = self._lessons.get(key, ())
            corrections = [lesson.correction for lesson in lessons]
            result = corrected(result, endpoint, corrections)
        return result

    def learn(
        self,
        config: ModelConfig,
        base_url: str | None,
        endpoint: str,
        corrections: Sequence[Correction],
    ) -> bool:
        """Remember corrections.

        Args:
            config: The corrected configuration the refused plan was made with.
            base_url: The server that refused, if not the provider's own.
            endpoint: The endpoint that refused.
            corrections: What to change.

        Returns:
            Whether anything is new; the same mistake is not learned twice.
        """
        key = Key(config.provider, base_url or "", endpoint, config.model)
        with self._lock:
            self._refresh(key)
            known = {lesson.correction for lesson in self._lessons.get(key, ())}
            new = [
                c
                for c in corrections
                if c not in known and corrected(config, endpoint, [c]) != config
            ]
            if not new:
                return bool(set(corrections) & known)
            now = datetime.now(timezone.utc).isoformat(timespec="seconds")
            lessons = tuple(Lesson(*key, correction, now) for correction in new)
            self._lessons[key] = (*self._lessons.get(key, ()), *lessons)
            self._applied.clear()
            self._save(key)
        return True

    def forget(self, model: str | None = None) -> int:
        """Forget what was learned about a model, or everything.

        Args:
            model: The wire name of a model; everything if left out.

        Returns:
            How many lessons were forgotten.
        """
        self._load()
        with self._lock:
            gone = [key for key in self._lessons if model in {None, key.model}]
            count = sum(len(self._lessons.pop(key)) for key in gone)
            self._applied.clear()
            self._with_store("mdelete", [_name(key) for key in gone])
        return count

    def _load(self) -> None:
        if self._loaded:
            return
        with self._lock:
            if not self._loaded:
                names = self._with_store("yield_keys", prefix=_PREFIX) or ()
                self._read(list(names))
                self._loaded = True

    def _refresh(self, key: Key) -> None:
        """Take over what another process has learned in the meantime."""
        if self._store is not None:
            self._read([_name(key)])

    def _read(self, names: list[str]) -> None:
        for data in self._with_store("mget", names) or ():
            if data is None:
                continue
            try:
                lessons = tuple(_lesson(row) for row in json.loads(data))
            except (ValueError, TypeError, KeyError) as error:
                self._warn(error)
                continue
            if lessons:
                self._lessons[lessons[0].key] = lessons
                self._applied.clear()

    def _save(self, key: Key) -> None:
        rows = [_row(lesson) for lesson in self._lessons[key]]
        data = json.dumps(rows).encode()
        self._with_store("mset", [(_name(key), data)])

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
            message = f"The store of learned parameter rules is ignored: {error!r}"
            warnings.warn(message, UserWarning, stacklevel=2)


def _name(key: Key) -> str:
    """Return a store key; stores of files take letters, digits and dashes."""
    return _PREFIX + sha256("\n".join(key).encode()).hexdigest()[:32]


def _row(lesson: Lesson) -> dict[str, Any]:
    c = lesson.correction
    return {
        **lesson.key._asdict(),
        "learned": lesson.learned,
        "do": c.do,
        "parameter": c.parameter,
        "value": c.value,
        "said": c.said,
    }


def _lesson(row: dict[str, Any]) -> Lesson:
    value = tuple(row["value"]) if isinstance(row["value"], list) else row["value"]
    correction = Correction(row["do"], row["parameter"], value, row["said"])
    key = Key(row["provider"], row["base_url"], row["endpoint"], row["model"])
    return Lesson(*key, correction, row["learned"])
