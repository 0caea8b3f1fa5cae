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
    """Return whose call it is.

    Args:
        connection: The connection the call is sent on.
        headers: Headers of the call.
        query: Query parameters of the call.
        tenant: What the call gives as `tenant`.
    """
    parts: dict[str, Any] = {}
    is_known = True
    own = facts_of(connection.provider).credentials
    for name in ("api_key", *own, "organization", "project"):
        value, known = _value(connection.get(name))
        parts[name], is_known = value, is_known and known
    client = connection.get("root_client") or connection.get("root_async_client")
    parts["client"] = getattr(client, "api_key", None)
    parts["environment"] = connection.surroundings
    for name, values in (
        ("default_headers", connection.get("default_headers")),
        ("headers", headers),
        ("default_query", connection.get("default_query")),
        ("query", query),
    ):
        parts[name] = sorted(identifying(values).items(), key=str)
    return Scope(connection.server.key, digest(parts), tenant, is_known)


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
