"""Responses that are made in the background: asked for again until they are whole.

`background=True` is answered at once, with a status and without any output (openai
3.57.0, `Response.status`, read 2026-11-27). What a chat model returns is the answer.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Iterator, Mapping
from typing import Any

import openai

from langchain_unified.errors import MalformedResponseError, ProviderTimeoutError
from langchain_unified.shims.openai.http import response_class
from langchain_unified.shims.openai.sending import Options

_PENDING = frozenset({"queued", "in_progress"})
_FIRST_PAUSE, _LONGEST_PAUSE = 0.25, 8.0
_RETRIES = 5
"""Retries of one look: a failed one must not start the whole response again."""

Body = dict[str, Any]


def whole(client: openai.OpenAI, body: Body, options: Options) -> Body:
    """Return a response when it is whole.

    Args:
        client: The SDK client of the connection.
        body: What the request was answered with.
        options: Per-request headers, timeout and query of the request.

    Raises:
        MalformedResponseError: If it was cancelled, or failed for no reason told.
        ProviderTimeoutError: If it is not whole within the timeout of the call.
        openai.OpenAIError: Whatever the SDK raises.
    """
    for pause in _pauses(body, options):
        time.sleep(pause)
        response: Any = client.get(
            _path(body), cast_to=response_class(), options=_look(options)
        )
        body = response.json()
        if not _is_pending(body):
            break
    return _ended(body)


async def awhole(client: openai.AsyncOpenAI, body: Body, options: Options) -> Body:
    """Return a response when it is whole; see `whole`."""
    for pause in _pauses(body, options):
        await asyncio.sleep(pause)
        response: Any = await client.get(
            _path(body), cast_to=response_class(), options=_look(options)
        )
        body = response.json()
        if not _is_pending(body):
            break
    return _ended(body)


def _is_pending(body: Mapping[str, Any]) -> bool:
    return body.get("status") in _PENDING and bool(body.get("id"))


def _pauses(body: Body, options: Options) -> Iterator[float]:
    """Yield the seconds to wait before each look, while there is time."""
    if not _is_pending(body):
        return
    given = options.get("timeout")
    allowed = given if isinstance(given, (int, float)) else math.inf
    until = time.monotonic() + allowed
    pause = _FIRST_PAUSE
    while time.monotonic() + pause < until:
        yield pause
        pause = min(pause * 1.5, _LONGEST_PAUSE)
    error = ProviderTimeoutError(
        f"The background response {body['id']} is not complete within the timeout of "
        f"{allowed:.3g} seconds. It is still running: "
        f"client.responses.retrieve({body['id']!r})."
    )
    error.is_retryable = False
    raise error


def _path(body: Mapping[str, Any]) -> str:
    return f"/responses/{body['id']}"


def _look(options: Options) -> Any:
    kept = {name: options[name] for name in ("headers", "params") if name in options}
    return {**kept, "max_retries": _RETRIES}


def _ended(body: Body) -> Body:
    status = body.get("status")
    if status == "cancelled" or (status == "failed" and not body.get("error")):
        ended = "failed" if status == "failed" else "was cancelled"
        error = MalformedResponseError(f"The response {body.get('id')} {ended}.")
        error.is_retryable = False
        raise error
    return body
