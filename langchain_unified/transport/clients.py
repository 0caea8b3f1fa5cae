"""Arguments of HTTP clients whose connections may be shared."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from types import ModuleType
from typing import Any

from langchain_unified.transport.pools import OPTIONS, open_pool
from langchain_unified.transport.proxies import environment_proxies
from langchain_unified.transport.shared import shared_transport

_CHECKED_BY_CLIENTS = frozenset({"http1", "http2", "trust_env"})


def client_arguments(
    http: ModuleType,
    given: Mapping[str, Any],
    own: Callable[[Any], Any],
) -> dict[str, Any]:
    """Return arguments for `http.Client` and `http.AsyncClient`.

    Args:
        http: The module `httpx` or `httpx2`, on which the SDK rides.
        given: Arguments of `http.Client` and `http.HTTPTransport`: `proxy`, `verify`,
            `cert`, `limits`, `trust_env` and so on. They mean what they mean there; a
            `transport` of the user's is used as it is.
        own: Called with each transport made, to have it closed some day.

    Returns:
        The arguments, with `transport` and `mounts` in place of what transports are
        made of. Proxies come from `proxy`, else from the environment.
    """
    if given.get("transport") is not None:
        return dict(given)
    options = {name: value for name, value in given.items() if name in OPTIONS}
    proxy = given.get("proxy")
    if proxy is not None:
        proxies = {"all://": proxy}
    else:
        proxies = environment_proxies(http) if given.get("trust_env", True) else {}
    made = {
        found: own(shared_transport(http, partial(open_pool, http, options, found)))
        for found in {None, *proxies.values()}
    }
    mounts = {pattern: made[found] for pattern, found in proxies.items()}
    kept = {
        name: value
        for name, value in given.items()
        if name != "proxy" and (name not in OPTIONS or name in _CHECKED_BY_CLIENTS)
    }
    mounts.update(given.get("mounts") or {})
    return {**kept, "transport": made[None], "mounts": mounts}
