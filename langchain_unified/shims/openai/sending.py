"""Sending a request over the SDK's client; the answer comes back open."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import openai

from langchain_unified.shims.openai import repeating
from langchain_unified.shims.openai.http import response_class

Options = Mapping[str, Any]
"""Per-request `headers`, `timeout`, `max_retries` and `params`, all optional."""


def send(
    client: openai.OpenAI, path: str, body: Mapping[str, Any], options: Options | None
) -> Any:
    """Return an open response."""
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


async def asend(
    client: openai.AsyncOpenAI,
    path: str,
    body: Mapping[str, Any],
    options: Options | None,
) -> Any:
    """Return an open response."""
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


@lru_cache
def _takes_security() -> bool:
    return "security" in getattr(openai.RequestOptions, "__annotations__", ())


def _request_options(options: Options | None) -> Any:
    # 2026-11-23, openai 3.54: a request that does not name its kind of key is also
    # given the key of OPENAI_ADMIN_KEY, which the SDK's own chat calls never send.
    security = {"security": {"bearer_auth": True}} if _takes_security() else {}
    return {**security, **(options or {})}
