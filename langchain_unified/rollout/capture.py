"""What an old service of the user's own really sends, as its HTTP client sees it.

Example:
    ```python
    from langchain_unified.rollout import async_capture_hooks
    from openai import DefaultAsyncHttpxClient

    client = DefaultAsyncHttpxClient(event_hooks=async_capture_hooks())
    # old = OldService(http_client=client)
    ```
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, NamedTuple

from langchain_unified.runtime import SENT
from langchain_unified.types import EMPTY


class Sent(NamedTuple):
    """A request as it was sent.

    Attributes:
        url: Its URL.
        body: Its JSON body.
        headers: Its headers, names in lower case.
    """

    url: str
    body: Mapping[str, Any]
    headers: Mapping[str, str] = EMPTY


def report_sent(
    url: str, body: Mapping[str, Any], headers: Mapping[str, str] | None = None
) -> None:
    """Say what the old service sends, where its HTTP client cannot be given hooks.

    Call it inside the old service's method. Outside a shadowed call it does nothing.

    Args:
        url: The URL of the request.
        body: Its JSON body.
        headers: Its headers.
    """
    if (seen := SENT.get()) is not None:
        named = {name.lower(): value for name, value in (headers or {}).items()}
        seen.append(Sent(str(url), body, named))


def capture_hooks() -> dict[str, list[Any]]:
    """Return event hooks for the `httpx.Client` the old service is given."""
    return {"request": [_look]}


def async_capture_hooks() -> dict[str, list[Any]]:
    """Return event hooks for the `httpx.AsyncClient` the old service is given."""
    return {"request": [_alook]}


@contextmanager
def recording(seen: list[Sent]) -> Iterator[None]:
    """Collect what is sent inside a `with` block, tasks started there too."""
    token = SENT.set(seen)
    try:
        yield
    finally:
        SENT.reset(token)


def _look(request: Any) -> None:
    """Note a request; a body that is streamed or no JSON object is passed over."""
    if SENT.get() is None:
        return
    try:
        body = json.loads(request.content)
    except (ValueError, RuntimeError):
        return
    if isinstance(body, dict):
        report_sent(str(request.url), body, dict(request.headers))


async def _alook(request: Any) -> None:
    _look(request)
