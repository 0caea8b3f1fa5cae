"""Refreshing the discovered layer of a registry."""

from __future__ import annotations

import logging
import os
import queue
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from langchain_unified.connection import Connection, check_ids
from langchain_unified.registry.hosts import names_of
from langchain_unified.registry.lists import Cache, Entry, listed_name, patches_of
from langchain_unified.registry.outcomes import Outcome, Refreshed, State
from langchain_unified.shims.base import ProviderShim
from langchain_unified.shims.loading import connect

if TYPE_CHECKING:
    from langchain_unified.registry import Registry

Rows = list[dict[str, Any]]
Found = TypeVar("Found")

PATIENCE = 30.0
"""Seconds a provider has to give its list, unless told otherwise."""

_SHORTEST_KEY = 6
DAY = 86_400.0
"""Seconds after which a list is asked for again, unless told otherwise."""

_LOG = logging.getLogger("langchain_unified")


def refresh(
    registry: Registry,
    llm: Any = None,
    *,
    max_age: float = DAY,
    providers: str | Iterable[str] | None = None,
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
        providers: The providers and named servers to ask; those that are enabled if
            left out.
        folder: Where lists are kept; the platform's cache folder if left out.
        timeout: Seconds each provider has to give its whole list.

    Raises:
        InvalidParameterError: If there is no such provider or server.
    """
    llm = llm if llm is not None else _from_environment(registry)
    cache, wiring = Cache(folder), llm.router.runner.planning.wiring
    asked = _enabled(registry, llm) if providers is None else names_of(providers)
    check_ids(asked, [*registry.files, *wiring.hosts()], where="providers")
    return Refreshed(
        tuple(
            _refresh_one(registry, wiring.connected(name), cache, max_age, timeout)
            for name in asked
        )
    )


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
        rows = within(timeout, lambda: list_models(connect(connection)))
    except Exception as error:  # noqa: BLE001 - SDKs raise errors of their own kinds
        usual = registry.provider(connection.provider).key_env
        told = f"{type(error).__name__}: {error}"
        said = _without_keys(told, connection, [*usual, *connection.key_env])
        return _failed(registry, who, kept, said)
    entry = Entry(connection.provider, server, time.time(), rows)
    unkept = cache.write(entry)
    problem = f"the list could not be cached on disk: {unkept}" if unkept else ""
    return _laid(registry, entry, "fetched", who, problem)


def list_models(shim: ProviderShim) -> list[dict[str, Any]]:
    """Return the rows a provider lists, as it gives them.

    Args:
        shim: The provider's shim: either it has `list_models()`, or its client speaks
            OpenAI's `GET /models`.

    Raises:
        ValueError: If the shim lists none, or what was answered is no list of models.
    """
    own = getattr(shim, "list_models", None)
    if own is not None:
        return [_plain(row) for row in own()]
    delegate = getattr(shim, "delegate", None)
    if delegate is None:
        message = f"the shim of {shim.provider} does not implement list_models()"
        raise ValueError(message)
    client = delegate.root_client
    answer: Any = client.get("/models", cast_to=object)
    rows = answer.get("data") if isinstance(answer, Mapping) else None
    given: list[Any] = rows if isinstance(rows, list) else []
    listed = [row for row in given if isinstance(row, Mapping)]
    if not any(map(listed_name, listed)):
        message = f"the response is not a list of models: {str(answer)[:200]}"
        raise ValueError(message)
    return [dict(row) for row in listed]


def _plain(row: Any) -> dict[str, Any]:
    """Return a row without what JSON cannot hold."""
    kept = (str, int, float, bool, list, dict, type(None))
    return {
        str(name): value if isinstance(value, kept) else str(value)
        for name, value in dict(row).items()
    }


def _failed(
    registry: Registry, provider: str, kept: Entry | None, problem: str
) -> Outcome:
    what = (
        "the previous list is kept" if kept is not None else "there is no previous list"
    )
    _LOG.warning(
        "The models of %s could not be listed, %s: %s", provider, what, problem
    )
    if kept is None:
        return Outcome(provider, "none", problem=problem)
    return _laid(registry, kept, "kept", provider, problem)


def within(timeout: float, ask: Callable[[], Found]) -> Found:
    """Return what is asked for, in time.

    A server that sends a byte now and then meets every timeout of a socket, so it is
    asked in a thread that is left behind.

    Raises:
        TimeoutError: If it is not there in time.
    """
    answers: queue.SimpleQueue[Found | Exception] = queue.SimpleQueue()

    def work() -> None:
        try:
            answers.put(ask())
        except Exception as error:  # noqa: BLE001 - raised where it was asked
            answers.put(error)

    threading.Thread(target=work, name="langchain-unified list", daemon=True).start()
    try:
        found = answers.get(timeout=timeout)
    except queue.Empty:
        message = f"no response within {timeout:g} seconds"
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
