"""Requests over the OpenAI SDK's own client, answers as plain dictionaries.

`client.post` is the SDK's documented way to call an endpoint by path. It keeps the
SDK's authentication, retries, timeouts and error classes; handing it an HTTP response
class as `cast_to` returns the response as it came, to be parsed once. Where somebody
has hooked the SDK's own `create`, calls go through that; see `hooks`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import openai

from langchain_unified.shims.openai import hooks
from langchain_unified.shims.openai.chat_stream import aparsed, parsed
from langchain_unified.shims.openai.faults import broken
from langchain_unified.shims.openai.reading import (
    AsyncEvents,
    EventReader,
    Events,
    aread,
    read,
)
from langchain_unified.shims.openai.sending import (
    BodyReader,
    Options,
    asend,
    is_hooked,
    send,
)

PATHS = {"chat": "/chat/completions", "responses": "/responses"}
"""Where requests go, by endpoint."""

Body = dict[str, Any]


def post_json(
    client: openai.OpenAI,
    path: str,
    body: Mapping[str, Any],
    options: Options | None = None,
) -> tuple[dict[str, Any], Mapping[str, str]]:
    """Send a request and return the answer and its headers.

    Args:
        client: The SDK client of the connection.
        path: Path below the client's base URL, for example `/chat/completions`.
        body: The request body.
        options: Per-request headers, timeout, retries and query.

    Returns:
        The decoded body and the response headers.

    Raises:
        openai.OpenAIError: Whatever the SDK raises; also for an error in a 200 body.
        MalformedResponseError: If the body is no JSON object or is too large.
    """
    if is_hooked(client, path):
        return hooks.create_json(client, path, body, options)
    response = send(client, path, body, options)
    reader = BodyReader(response)
    try:
        for chunk in response.iter_bytes():
            reader.feed(chunk)
    except reader.broken as error:
        raise broken(error, response.request) from error
    finally:
        response.close()
    return reader.decoded(), response.headers


async def apost_json(
    client: openai.AsyncOpenAI,
    path: str,
    body: Mapping[str, Any],
    options: Options | None = None,
) -> tuple[dict[str, Any], Mapping[str, str]]:
    """Send a request and return the answer and its headers; see `post_json`."""
    if is_hooked(client, path):
        return await hooks.acreate_json(client, path, body, options)
    response = await asend(client, path, body, options)
    reader = BodyReader(response)
    try:
        async for chunk in response.aiter_bytes():
            reader.feed(chunk)
    except reader.broken as error:
        raise broken(error, response.request) from error
    finally:
        await response.aclose()
    return reader.decoded(), response.headers


def post_stream(
    client: openai.OpenAI,
    path: str,
    body: Mapping[str, Any],
    options: Options | None = None,
) -> Events:
    """Send a request and return its events as they come.

    Args:
        client: The SDK client of the connection.
        path: Path below the client's base URL; `/responses` or `/chat/completions`.
        body: The request body, `stream` included.
        options: Per-request headers, timeout, retries and query.

    Returns:
        An iterator of event bodies. Close it, or use it in a `with` block. It raises
        `openai.APIError` for an error the provider sends in mid-stream,
        `openai.APITimeoutError` and `openai.APIConnectionError` for a broken connection
        (an answer that ends too early included), and `MalformedResponseError` for
        events that are no JSON objects.

    Raises:
        openai.OpenAIError: Whatever the SDK raises before the first event.
    """
    if is_hooked(client, path):
        return hooks.create_stream(client, path, body, options)
    response = send(client, path, body, options)
    reader = EventReader(response, path)
    return Events(read(response, reader), response.headers, response)


async def apost_stream(
    client: openai.AsyncOpenAI,
    path: str,
    body: Mapping[str, Any],
    options: Options | None = None,
) -> AsyncEvents:
    """Send a request and return its events as they come; see `post_stream`."""
    if is_hooked(client, path):
        return await hooks.acreate_stream(client, path, body, options)
    response = await asend(client, path, body, options)
    reader = EventReader(response, path)
    return AsyncEvents(aread(response, reader), response.headers, response)


@dataclass(frozen=True)
class Raw:
    """An answer as `ChatOpenAI` reads it: parsed body, or events, and headers."""

    body: Any
    headers: Mapping[str, str]

    def parse(self) -> Any:
        """Return the parsed body, or the events of a stream."""
        return self.body


class Completions:
    """Stands in for `client.chat.completions`; gives dictionaries, not models."""

    def __init__(self, client: openai.OpenAI) -> None:
        """Keep the SDK's client."""
        self._client = client
        self.with_raw_response = SimpleNamespace(create=self._send)

    def create(self, *, body: dict[str, Any], options: dict[str, Any]) -> Any:
        """Send a request and return its body or events."""
        return self._send(body=body, options=options).body

    def _send(self, *, body: dict[str, Any], options: dict[str, Any]) -> Raw:
        client, path = self._client, PATHS["chat"]
        if not body["stream"]:
            return Raw(*post_json(client, path, body, options))
        events = post_stream(client, path, body, options)
        return Raw(Events(parsed(events), events.headers, events), events.headers)


class AsyncCompletions:
    """Stands in for the asynchronous `client.chat.completions`."""

    def __init__(self, client: openai.AsyncOpenAI) -> None:
        """Keep the SDK's client."""
        self._client = client
        self.with_raw_response = SimpleNamespace(create=self._send)

    async def create(self, *, body: dict[str, Any], options: dict[str, Any]) -> Any:
        """Send a request and return its body or events."""
        return (await self._send(body=body, options=options)).body

    async def _send(self, *, body: dict[str, Any], options: dict[str, Any]) -> Raw:
        client, path = self._client, PATHS["chat"]
        if not body["stream"]:
            return Raw(*await apost_json(client, path, body, options))
        events = await apost_stream(client, path, body, options)
        found = AsyncEvents(aparsed(events), events.headers, events)
        return Raw(found, events.headers)
