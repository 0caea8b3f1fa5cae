"""Whose call it is: what of a connection and a call identifies the caller."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any

from pydantic import SecretStr

from langchain_unified.connection import Connection
from langchain_unified.data.connections import facts_of
from langchain_unified.reliability.scope import Scope, digest, identifying


def scope_of(
    connection: Connection,
    *,
    headers: Mapping[str, Any] | None = None,
    query: Mapping[str, Any] | None = None,
    tenant: str = "",
) -> Scope:
    """Return whose call on a connection it is."""
    own = facts_of(connection.provider).credentials
    names = ("api_key", *own, "organization", "project")
    values = {name: _value(connection.get(name)) for name in names}
    parts: dict[str, Any] = {name: value for name, (value, _) in values.items()}
    client = connection.get("root_client") or connection.get("root_async_client")
    parts["client"] = getattr(client, "api_key", None)
    parts["environment"] = connection.surroundings
    own_values = {name: connection.get(name) for name in _OF_CONNECTIONS}
    for name, told in {"headers": headers, "query": query, **own_values}.items():
        parts[name] = sorted(identifying(told).items(), key=str)
    is_known = all(known for _, known in values.values())
    return Scope(connection.server.key, digest(parts), tenant, is_known)


_OF_CONNECTIONS = ("default_headers", "default_query")


def _value(given: Any) -> tuple[Any, bool]:
    """Return a credential as it is sent, and whether that can be known now."""
    if isinstance(given, SecretStr):
        return given.get_secret_value(), True
    if inspect.iscoroutinefunction(given):
        return id(given), False
    if callable(given):
        made = given()
        if inspect.isawaitable(made):
            getattr(made, "close", bool)()
            return id(given), False
        return _value(made)
    if given is None or isinstance(given, str):
        return given, True
    return (type(given).__qualname__, id(given)), True
