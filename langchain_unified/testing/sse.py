"""Server-sent events."""

from __future__ import annotations

import json
from typing import Any


def data_event(value: Any, end: str = "\n\n") -> bytes:
    """Return a `data:` event; Gemini ends its events with CRLF."""
    return f"data: {_compact(value)}{end}".encode()


def named_event(name: str, value: Any) -> bytes:
    """Return an event with a name."""
    return f"event: {name}\ndata: {_compact(value)}\n\n".encode()


def _compact(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
