"""Refreshing the discovered layer of a registry."""

from __future__ import annotations

import asyncio
import logging
import os
import queue
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from typing_extensions import Self

from langchain_unified.connection import Connection
from langchain_unified.discovery.cache import Cache, Entry
from langchain_unified.discovery.listing import list_models, patches_of
from langchain_unified.registry.layers import DEFAULT_PROVIDER
from langchain_unified.shims import connect

if TYPE_CHECKING:
    from langchain_unified.registry import Registry

Rows = list[dict[str, Any]]

MONTH = 30 * 86_400.0
"""Seconds a kept list is of use to processes that do not ask."""

PATIENCE = 30.0
"""Seconds a provider has to give its list, unless told otherwise."""

_SHORTEST_KEY = 6
DAY = 86_400.0
"""Seconds after which a list is asked for again, unless told otherwise."""

State = Literal["fetched", "cached", "kept", "none"]
"""`fetched` just now, `cached` and young enough, `kept` as asking failed, or `none`."""

_LOG = logging.getLogger("langchain_unified")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of asking one provider.

    Attributes:
        provider: Provider id.
        state: Where its list is from now.
        models: How many models it has.
        age: Seconds since the list was fetched.
        problem: Why asking, or keeping the list, failed; empty if nothing did.
        new: Models that no row of the registry is about; their family's rules apply.
    """

    provider: str
    state: State
    models: int = 0
    age: float = 0.0
    problem: str = ""
    new: tuple[str, ...] = ()

    def __str__(self) -> str:
        """Return one line for a person."""
        told = f"{self.provider}: {self.state}, {self.models} models"
        told += f", {self.age:.0f} s old" if self.state in {"cached", "kept"} else ""
        return f"{told} ({self.problem})" if self.problem else told


@dataclass(frozen=True, slots=True)
class Refreshed:
    """What came of a refresh.

    Attributes:
        outcomes: One for each provider asked.
    """

    outcomes: tuple[Outcome, ...]

    def __getitem__(self, provider: str) -> Outcome:
        """Return what came of asking a provider."""
        return next(one for one in self.outcomes if one.provider == provider)

    def __str__(self) -> str:
        """Return a line for each provider."""
        return "\n".join(map(str, self.outcomes)) or "no provider is enabled"


def refresh(
    registry: Registry,
    llm: Any = None,
    *,
    max_age: float = DAY,
    providers: Iterable[str] | None = None,
    folder: str | Path | None = None,
    timeout: float = PATIENCE,
) -> Refreshed:
    """Ask each enabled provider for its models and lay the answers over the rows.

    A list younger than `max_age` is taken from the cache without asking. Where asking
    fails the old list stays, and the outcome and the log say so.

    Args:
        registry: The registry to refresh.
        llm: A chat model whose connections are used; those of the environment if left
            out.
        max_age: Seconds a kept list is good for; 0 asks every time.
        providers: The providers to ask; those that are enabled if left out.
        folder: Where lists are kept; the platform's cache folder if left out.
        timeout: Seconds each provider has to give its whole list.
    """
    llm = llm if llm is not None else _from_environment(registry)
    cache = Cache(folder)
    asked = providers if providers is not None else _enabled(registry, llm)
    wiring = llm.router.runner.planning.wiring
    return Refreshed(
        tuple(
            _refresh_one(registry, wiring.connected(name), cache, max_age, timeout)
            for name in asked
        )
    )


async def arefresh(registry: Registry, llm: Any = None, **options: Any) -> Refreshed:
    """Do what `refresh` does in a thread, so that the event loop goes on."""
    return await asyncio.to_thread(refresh, registry, llm, **options)


class Schedule:
    """Refreshes in the background, at once and then at an interval, until stopped.

    Args:
        registry: The registry to refresh.
        seconds: The interval.
        llm: A chat model whose connections are used.
        options: Further keywords of `refresh`.
    """

    def __init__(
        self, registry: Registry, seconds: float, llm: Any, options: Mapping[str, Any]
    ) -> None:
        """Start."""
        self._registry, self._seconds, self._llm = registry, seconds, llm
        self._options = {"max_age": seconds, **options}
        self._stopped = threading.Event()
        self.last: Refreshed | None = None
        self._thread = threading.Thread(
            target=self._run, name="langchain-unified refresh", daemon=True
        )
        self._thread.start()

    def stop(self) -> None:
        """Stop; a refresh under way is finished first."""
        self._stopped.set()
        self._thread.join()

    def __enter__(self) -> Self:
        """Run while a block runs."""
        return self

    def __exit__(self, *error: object) -> None:
        """Stop."""
        self.stop()

    def _run(self) -> None:
        while not self._stopped.is_set():
            try:
                self.last = refresh(self._registry, self._llm, **self._options)
            except Exception:  # noqa: BLE001 - a schedule outlives whatever goes wrong once
                _LOG.exception("A scheduled refresh of the models failed.")
            self._stopped.wait(self._seconds)


def _refresh_one(
    registry: Registry,
    connection: Connection,
    cache: Cache,
    max_age: float,
    timeout: float,
) -> Outcome:
    server = connection.server.key
    kept = cache.read(connection.provider, server)
    who = connection.name or connection.provider
    if kept is not None and kept.age < max_age:
        return _laid(registry, kept, "cached", who)
    try:
        rows = _within(timeout, lambda: list_models(connect(connection)))
    except Exception as error:  # noqa: BLE001 - SDKs raise errors of their own kinds
        usual = registry.provider(connection.provider).key_env
        told = f"{type(error).__name__}: {error}"
        said = _without_keys(told, connection, [*usual, *connection.key_env])
        return _failed(registry, who, kept, said)
    entry = Entry(connection.provider, server, time.time(), rows)
    unkept = cache.write(entry)
    problem = f"the list is not kept for other processes: {unkept}" if unkept else ""
    return _laid(registry, entry, "fetched", who, problem)


def _failed(
    registry: Registry, provider: str, kept: Entry | None, problem: str
) -> Outcome:
    what = "the old list stays" if kept is not None else "there is no older list"
    _LOG.warning(
        "The models of %s could not be listed, %s: %s", provider, what, problem
    )
    if kept is None:
        return Outcome(provider, "none", problem=problem)
    return _laid(registry, kept, "kept", provider, problem)


def _within(timeout: float, ask: Callable[[], Rows]) -> Rows:
    """Return what is asked for, in time.

    A server that sends a byte now and then meets every timeout of a socket, so it is
    asked in a thread that is left behind.

    Raises:
        TimeoutError: If it is not there in time.
    """
    answers: queue.SimpleQueue[Rows | Exception] = queue.SimpleQueue()

    def work() -> None:
        try:
            answers.put(ask())
        except Exception as error:  # noqa: BLE001 - raised where it was asked
            answers.put(error)

    threading.Thread(target=work, name="langchain-unified list", daemon=True).start()
    try:
        found = answers.get(timeout=timeout)
    except queue.Empty:
        message = f"there was no list within {timeout:g} seconds"
        raise TimeoutError(message) from None
    if isinstance(found, Exception):
        raise found
    return found


def _without_keys(text: str, connection: Connection, variables: Iterable[str]) -> str:
    """Return an error's text without keys that it repeats."""
    given = connection.secret()
    keys = [given, *map(os.environ.get, variables)]
    for key in keys:
        if isinstance(key, str) and len(key) >= _SHORTEST_KEY:
            text = text.replace(key, "**********")
    return text


def lay_kept(registry: Registry, folder: str | Path | None = None) -> int:
    """Lay the lists that earlier processes kept over the rows.

    Lists of servers other than a provider's own count for OpenAI's wire only, where
    a list is told by the address of its server.

    Args:
        registry: The registry.
        folder: Where lists are kept; the platform's cache folder if left out.

    Returns:
        How many lists there are.
    """
    kept = [
        entry
        for entry in Cache(folder).entries()
        if entry.age < MONTH
        and entry.provider in registry.files
        and (not entry.server or entry.provider == DEFAULT_PROVIDER)
    ]
    for entry in kept:
        patches = patches_of(entry.provider, entry.models, entry.fetched)
        registry.discover(entry.provider, entry.server, patches)
    return len(kept)


def _laid(
    registry: Registry, entry: Entry, state: State, who: str, problem: str = ""
) -> Outcome:
    """Lay a list over the shipped rows."""
    provider = entry.provider
    patches = patches_of(provider, entry.models, entry.fetched)
    registry.discover(provider, entry.server, patches)
    names = {f"{provider}:{patch.model}": patch.model for patch in patches}
    strange = registry.unregistered(names, entry.server or None)
    new = tuple(sorted(names[name] for name in strange))
    return Outcome(who, state, len(patches), entry.age, problem, new)


def _enabled(registry: Registry, llm: Any) -> list[str]:
    enabled = [name for name in registry.files if registry.is_enabled(name, llm.enable)]
    return [*enabled, *llm.router.runner.planning.wiring.hosts()]


def _from_environment(registry: Registry) -> Any:
    from langchain_unified.chat_model import UnifiedChatModel  # noqa: PLC0415

    return UnifiedChatModel(model_name="any", registry=registry)
