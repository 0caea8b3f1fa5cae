"""Calls through the SDK's own `create`, where somebody has hooked it.

Tracing packages wrap `chat.completions.create`, `responses.create` or the client's
`request` (opentelemetry-instrumentation-openai, openinference-instrumentation-openai),
and tests patch them. Each has to see the call as it sees ChatOpenAI's, so it is made as
ChatOpenAI makes it: whole answers by `with_raw_response.create`, streams by `create`.
Where nobody has hooked anything, requests take the shorter way of `transport`.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Generator, Mapping
from functools import lru_cache
from typing import Any

from openai.types.chat.completion_create_params import CompletionCreateParamsBase
from openai.types.responses.response_create_params import ResponseCreateParamsBase

from langchain_unified.reliability.exchange import current
from langchain_unified.shims.openai.reading import AsyncEvents, Events
from langchain_unified.shims.openai.sending import (
    decoded_body,
    is_put_in_place,
    resource_of,
)

_NAMES = {"timeout": "timeout", "headers": "extra_headers", "params": "extra_query"}


def create_json(
    client: Any, path: str, body: Mapping[str, Any], options: Mapping[str, Any] | None
) -> tuple[dict[str, Any], Mapping[str, str]]:
    """Return the answer of `create` and its headers; see `transport.post_json`."""
    resource = _calling(client, path, options)
    raw = resource.with_raw_response.create(**_arguments(path, body, options))
    return _read(raw)


async def acreate_json(
    client: Any, path: str, body: Mapping[str, Any], options: Mapping[str, Any] | None
) -> tuple[dict[str, Any], Mapping[str, str]]:
    """Return the answer of `create` and its headers; see `transport.post_json`."""
    resource = _calling(client, path, options)
    raw = await resource.with_raw_response.create(**_arguments(path, body, options))
    return _read(raw)


def create_stream(
    client: Any, path: str, body: Mapping[str, Any], options: Mapping[str, Any] | None
) -> Events:
    """Return the events of `create`; see `transport.post_stream`."""
    resource = _calling(client, path, options)
    stream = resource.create(**_arguments(path, body, options))
    return Events(_read_events(stream), _headers(getattr(stream, "response", None)))


async def acreate_stream(
    client: Any, path: str, body: Mapping[str, Any], options: Mapping[str, Any] | None
) -> AsyncEvents:
    """Return the events of `create`; see `transport.post_stream`."""
    resource = _calling(client, path, options)
    stream = await resource.create(**_arguments(path, body, options))
    headers = _headers(getattr(stream, "response", None))
    return AsyncEvents(_aread_events(stream), headers)


def _calling(client: Any, path: str, options: Mapping[str, Any] | None) -> Any:
    """Return the resource to call; what was patched on the object itself stays."""
    resource = resource_of(client, path)
    retries = (options or {}).get("max_retries")
    if retries is None or is_put_in_place(resource):
        return resource
    return resource_of(client.with_options(max_retries=retries), path)


def _arguments(
    path: str, body: Mapping[str, Any], options: Mapping[str, Any] | None
) -> dict[str, Any]:
    """Return a body as keywords of `create`; fields it does not know are extra."""
    known = _keywords(path)
    given = {name: value for name, value in body.items() if name in known}
    extra = {name: value for name, value in body.items() if name not in known}
    told = {_NAMES[k]: v for k, v in (options or {}).items() if k in _NAMES}
    return {**given, **told, **({"extra_body": extra} if extra else {})}


@lru_cache
def _keywords(path: str) -> frozenset[str]:
    """Return the fields `create` takes; its signature may be that of a hook."""
    of_chat = path == "/chat/completions"
    fields: Any = CompletionCreateParamsBase if of_chat else ResponseCreateParamsBase
    return frozenset({"stream", *fields.__annotations__})


def _read(raw: Any) -> tuple[dict[str, Any], Mapping[str, str]]:
    """Return the body of a raw response, or of what a patch gives in its place."""
    response = getattr(raw, "http_response", None)
    headers = _headers(raw)
    content = getattr(response, "content", None)
    if isinstance(content, bytes):
        current().received = (response, content)
        return decoded_body(content, response), headers
    answer = raw.parse() if hasattr(raw, "parse") else raw
    return _plain(answer), headers


def _plain(value: Any) -> dict[str, Any]:
    """Return an object of the SDK as the dictionary it was made of."""
    if isinstance(value, dict):
        return value
    plain: dict[str, Any] = value.model_dump(
        mode="json", by_alias=True, exclude_unset=True, warnings=False
    )
    return plain


def _read_events(stream: Any) -> Generator[dict[str, Any], None, None]:
    """Yield the events of a stream that the SDK, and whoever hooked it, has read."""
    with stream as events:
        for event in events:
            current().answered = True
            yield _plain(event)


async def _aread_events(stream: Any) -> AsyncGenerator[dict[str, Any], None]:
    """Yield the events of an asynchronous stream; see `_read_events`."""
    async with stream as events:
        async for event in events:
            current().answered = True
            yield _plain(event)


def _headers(response: Any) -> Mapping[str, str]:
    headers = getattr(response, "headers", None)
    return headers if isinstance(headers, Mapping) else {}
