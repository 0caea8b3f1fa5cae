"""Who a call is for: the key that a canary is drawn by."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from enum import Enum
from typing import Any, NamedTuple
from uuid import UUID

from langchain_unified.rollout.checks import check_parts
from langchain_unified.settings import CARRIED_METADATA
from langchain_unified.types import EMPTY

NAMES = (
    *("user_id", "user", "safety_identifier", "tenant_id", "tenant"),
    *("thread_id", "session_id", "conversation_id"),
)
"""What names who a call is for, in this order. `user` and `safety_identifier` are
OpenAI's parameters, `thread_id`, `session_id` and `conversation_id` those by which
LangGraph and LangSmith group runs."""

_SECRET = ("key", "token", "secret", "password", "authorization", "credential")


class CallInfo(NamedTuple):
    """A call, as far as a flag may look at it.

    Attributes:
        config: Its `RunnableConfig`: `configurable`, `metadata`, `tags`.
        settings: Its keywords, for example `user` and `metadata`.
        model: The model it asks for, if it names one.
    """

    config: Mapping[str, Any] = EMPTY
    settings: Mapping[str, Any] = EMPTY
    model: str | None = None

    def values(self, name: str) -> Iterator[Any]:
        """Yield what the call gives under a name: in its config, then its keywords."""
        configured, own, metadata = self._places()
        for place in (configured, own, self.settings, metadata):
            if name in place:
                yield place[name]

    def at(self, path: str) -> Any:
        """Return the value at a path, in the config or else in the keywords."""
        for root in (self.config, self.settings):
            found: Any = root
            for step in path.split("."):
                found = found.get(step) if isinstance(found, Mapping) else None
            if found is not None:
                return found
        return None

    def attributes(self) -> dict[str, Any]:
        """Return what a flag service may target: no secrets, nothing but plain values.

        Returns:
            The config's metadata and `configurable`, flat, and the `model`.
        """
        found = {} if self.model is None else {"model": self.model}
        for place in reversed(self._places()):
            found |= {k: v for k, v in place.items() if _is_plain(k, v)}
        return found

    def _places(self) -> tuple[Mapping[str, Any], ...]:
        """Return the `configurable` and `metadata` of the config, and the keywords'."""
        asked = (self.config, "configurable"), (self.config, "metadata")
        own = (self.settings, "metadata"), (self.settings, CARRIED_METADATA)
        found = [place.get(name) for place, name in (*asked, *own)]
        first, second, *given = (x if isinstance(x, Mapping) else EMPTY for x in found)
        return first, second, given[0] or given[1]


class Key(NamedTuple):
    """Who a call is for, empty if it names nobody, and where that was found."""

    value: str = ""
    name: str = "none"


class KeyReader:
    """Finds the key of a call, where `Rollout(key=...)` says; else by usual names."""

    def __init__(self, key: str | Callable[..., Any] | None = None) -> None:
        """Keep where to look."""
        check_parts(key=key)
        self._key = key
        self._takes_call = callable(key) and _takes_call(key)

    def read(self, call: CallInfo) -> Key:
        """Return the key of a call; a function of the user's may raise."""
        if callable(self._key):
            said = self._key(call) if self._takes_call else self._key()
            found = _key(said, "function")
            if not (found.value or said is None or said == ""):
                message = f"it returned a {type(said).__name__}, which is not a key"
                raise TypeError(message)
            return found
        if self._key is not None and "." in self._key:
            return _key(call.at(self._key), self._key)
        for name in NAMES if self._key is None else (self._key,):
            for value in call.values(name):
                if (found := _key(value, name)).value:
                    return found
        return Key()


def _key(value: Any, name: str) -> Key:
    value = value.value if isinstance(value, Enum) else value
    plain = isinstance(value, (str, int, UUID)) and not isinstance(value, bool)
    return Key(str(value), name) if plain and str(value) else Key()


def _takes_call(function: Callable[..., Any]) -> bool:
    """Tell whether a function can be called with one argument."""
    try:
        inspect.signature(function).bind(None)
    except (TypeError, ValueError):
        return False
    return True


def _is_plain(name: Any, value: Any) -> bool:
    text = str(name).lower()
    secret = text.startswith("__") or any(word in text for word in _SECRET)
    return isinstance(value, (str, bool, int, float)) and not secret
