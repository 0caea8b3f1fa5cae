"""Whose call it is: what of a connection and a call identifies the caller."""

from __future__ import annotations

import inspect
from typing import Any

from pydantic import SecretStr

from langchain_unified.connection import Connection
from langchain_unified.data.connections import facts_of
from langchain_unified.reliability.scope import Scope, digest, identifying
from langchain_unified.types import Invocation


def scope_of(connection: Connection, call: Invocation) -> Scope:
    """Return whose call on a connection it is."""
    of_provider = facts_of(connection.provider).credentials
    names = ("api_key", *of_provider, "organization", "project")
    values = {name: _value(connection.get(name)) for name in names}
    parts: dict[str, Any] = {name: value for name, (value, _) in values.items()}
    client = connection.get("root_client") or connection.get("root_async_client")
    parts["client"] = getattr(client, "api_key", None)
    parts["environment"] = connection.surroundings
    own = {name: connection.get(name) for name in _OF_CONNECTIONS}
    for name, told in {"headers": call.headers, "query": call.query, **own}.items():
        parts[name] = sorted(identifying(told).items(), key=str)
    is_known = all(known for _, known in values.values())
    return Scope(connection.server.key, digest(parts), call.tenant, is_known)


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
