"""At whose list prices a server bills that is not its provider's own."""

from __future__ import annotations

from collections.abc import Iterable

from langchain_unified.connection import Connection
from langchain_unified.types import ModelConfig

Billing = frozenset[tuple[str, str]]
"""Whose list prices hold, by connection that leads to a server of the user's own."""

LIST_PRICES: Billing = frozenset()
"""Every provider is called at a server of its own, and bills at its list prices."""


def billing_of(connections: Iterable[Connection], *, budgeted: bool) -> Billing:
    """Return who bills for calls on connections to servers of the user's own.

    With a budget, list prices hold where a server states none: a gateway's own are
    rarely higher, and a budget that knows no price could only refuse every call.

    Args:
        connections: Connections of providers, and of servers that the user named.
        budgeted: Whether a budget is to be kept.
    """
    return frozenset(
        (c.name or c.provider, c.get("prices") or (c.provider if budgeted else ""))
        for c in connections
        if c.name or not c.server.is_own
    )


def billed(config: ModelConfig, billing: Billing) -> ModelConfig:
    """Return a model with who bills for it where it is called."""
    for connection, provider in billing:
        if connection == config.connection and config.billed_as != provider:
            return config._replace(billed_as=provider)
    return config
