"""Responses that were kept, with the items they hold."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

LIMIT = 10_000


class ResponseStore:
    """Remembers the responses made with `store` on, the oldest leaving first."""

    def __init__(self) -> None:
        """Start empty."""
        self._responses: OrderedDict[str, list[Any]] = OrderedDict()
        self._items: OrderedDict[str, dict[str, Any]] = OrderedDict()
        self._bodies: OrderedDict[str, dict[str, Any]] = OrderedDict()

    def keep(self, response_id: str, items: list[Any]) -> None:
        """Keep the whole conversation of a response."""
        self._responses[response_id] = items
        for item in items:
            if isinstance(item, dict) and item.get("id"):
                self._items[item["id"]] = item
        for kept in (self._responses, self._items):
            while len(kept) > LIMIT:
                kept.popitem(last=False)

    def keep_body(self, body: dict[str, Any]) -> None:
        """Keep a whole response, to be asked for by its id."""
        self._bodies[body["id"]] = body
        while len(self._bodies) > LIMIT:
            self._bodies.popitem(last=False)

    def forget(self, response_id: str) -> None:
        """Forget a response; the items it held stay known."""
        self._bodies.pop(response_id, None)
        self._responses.pop(response_id, None)

    def body(self, response_id: str) -> dict[str, Any] | None:
        """Return a kept response."""
        return self._bodies.get(response_id)

    def conversation(self, response_id: str) -> list[Any] | None:
        """Return the items of a kept response."""
        return self._responses.get(response_id)

    def item(self, item_id: str) -> dict[str, Any] | None:
        """Return a kept item."""
        return self._items.get(item_id)

    def clear(self) -> None:
        """Forget everything."""
        self._responses.clear()
        self._items.clear()
        self._bodies.clear()
