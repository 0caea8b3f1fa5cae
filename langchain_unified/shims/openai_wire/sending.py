"""Sending a request over the SDK's client; the answer comes back open."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import openai

from langchain_unified.shims.openai_wire import repeating
from langchain_unified.shims.openai_wire.http import response_class
from langchain_unified.transport import is_same_host

Options = Mapping[str, Any]
"""Per-request `headers`, `timeout`, `max_retries` and `params`, all optional."""

_REDIRECTS = frozenset({307, 308})
_MOST_REDIRECTS = 3
_NO_REQUEST: Any = None


def send(
    client: openai.OpenAI, path: str, body: Mapping[str, Any], options: Options | None
) -> Any:
    """Return an open response; follow redirects that stay on the host."""
    for _ in range(_MOST_REDIRECTS):
        try:
            return _sent(client, path, body, options)
        except openai.APIStatusError as error:  # noqa: PERF203 - one round is usual
            path = _redirected(error)
    raise openai.APIConnectionError(message="Too many redirects.", request=_NO_REQUEST)


async def asend(
    client: openai.AsyncOpenAI,
    path: str,
    body: Mapping[str, Any],
    options: Options | None,
) -> Any:
    """Return an open response; follow redirects that stay on the host."""
    for _ in range(_MOST_REDIRECTS):
        try:
            return await _asent(client, path, body, options)
        except openai.APIStatusError as error:  # noqa: PERF203 - one round is usual
            path = _redirected(error)
    raise openai.APIConnectionError(message="Too many redirects.", request=_NO_REQUEST)


def _sent(
    client: openai.OpenAI, path: str, body: Mapping[str, Any], options: Options | None
) -> Any:
    request = repeating.repeated(client, path, body, options)
    if request is not None:
        return repeating.send(client, request)
    response: Any = client.post(
        path,
        cast_to=response_class(),
        body=body,
        options=_request_options(options),
        stream=True,
        stream_cls=openai.Stream[Any],
    )
    repeating.remember(client, path, options, response)
    return response


async def _asent(
    client: openai.AsyncOpenAI,
    path: str,
    body: Mapping[str, Any],
    options: Options | None,
) -> Any:
    request = repeating.repeated(client, path, body, options)
    if request is not None:
        return await repeating.asend(client, request)
    response: Any = await client.post(
        path,
        cast_to=response_class(),
        body=body,
        options=_request_options(options),
        stream=True,
        stream_cls=openai.AsyncStream[Any],
    )
    repeating.remember(client, path, options, response)
    return response


def _redirected(error: openai.APIStatusError) -> str:
    """Return where a request is to be sent instead, with its key.

    Raises:
        openai.APIStatusError: The error itself, unless it is a redirect on one host.
    """
    asked = error.request.url
    location = error.response.headers.get("location", "")
    if error.status_code in _REDIRECTS and is_same_host(asked, asked.join(location)):
        return str(asked.join(location))
    raise error


@lru_cache
def _takes_security() -> bool:
    return "security" in getattr(openai.RequestOptions, "__annotations__", ())


def _request_options(options: Options | None) -> Any:
    # 2026-11-23, openai 3.54: a request that does not name its kind of key is also
    # given the key of OPENAI_ADMIN_KEY, which the SDK's own chat calls never send.
    security = {"security": {"bearer_auth": True}} if _takes_security() else {}
    return {"follow_redirects": False, **security, **(options or {})}
