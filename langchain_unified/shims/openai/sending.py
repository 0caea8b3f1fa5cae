"""Sending a request over the SDK's client; the answer comes back open.

The SDK builds the first request of a connection. The next ones differ in their body
and their time limit only, so they repeat the rest of it: building a request through
the SDK takes a third of the time of a call. A client is repeated only if the shim made
it from one plain key; what else may change from request to request is watched in
`_state`, or keeps the SDK in charge.
"""

from __future__ import annotations

import json
import logging
import weakref
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import openai

from langchain_unified.runtime import runtime
from langchain_unified.shims.openai.faults import status_error, transport_errors
from langchain_unified.shims.openai.http import response_class

_SDK_LOG = logging.getLogger("openai")
_PHASES = ("connect", "read", "write", "pool")
_READ_TIMEOUT = "x-stainless-read-timeout"
_ONE_REQUEST = ("content-length", "cookie")
_REPEATED = frozenset({"timeout", "max_retries"})


class _Clients(weakref.WeakKeyDictionary[Any, "Kept"]):
    """What is known of each client."""


@dataclass(frozen=True)
class Kept:
    """What is known of a client.

    Attributes:
        http_client: The HTTP client that it was handed.
        templates: The requests seen, by path.
    """

    http_client: Any
    templates: dict[str, Template] = field(default_factory=dict)


@dataclass(frozen=True)
class Template:
    """What the requests of a connection have in common.

    Attributes:
        state: What of the client they depend on; see `_state`.
        request: The class of requests.
        url: Where they go.
        headers: Their headers.
    """

    state: tuple[Any, ...]
    request: Any
    url: Any
    headers: Any


def allow(client: Any, http_client: Any) -> None:
    """Let the requests of a client be repeated.

    Args:
        client: An SDK client with a plain key.
        http_client: The HTTP client it was handed, made by us.
    """
    if type(client) in {openai.OpenAI, openai.AsyncOpenAI}:
        runtime[_Clients].setdefault(client, Kept(http_client))


def repeated(
    client: Any, path: str, body: Mapping[str, Any], options: Mapping[str, Any] | None
) -> Any | None:
    """Return a request like an earlier one, or `None` if the SDK is to build it."""
    kept = runtime[_Clients].get(client)
    template = kept.templates.get(path) if kept is not None else None
    if kept is None or template is None or not _is_usual(client, path, options):
        return None
    content = _content(body) if template.state == _state(client) else None
    if content is None:
        return None
    timeout = (options or {}).get("timeout")
    request = template.request(
        "POST",
        template.url,
        headers=template.headers,
        cookies=kept.http_client.cookies,
        content=content,
        extensions={"timeout": dict.fromkeys(_PHASES, timeout)},
    )
    if timeout is not None:
        request.headers[_READ_TIMEOUT] = str(timeout)
    return request


def remember(
    client: Any, path: str, options: Mapping[str, Any] | None, response: Any
) -> None:
    """Keep the request of an answer, if the next ones can repeat it."""
    kept = runtime[_Clients].get(client)
    if kept is None or response.history or not _is_usual(client, path, options):
        return  # A redirect holds for one request, and has taken its key away.
    request = response.request
    headers = request.headers.copy()
    for name in (*_ONE_REQUEST, _READ_TIMEOUT):
        headers.pop(name, None)
    kept.templates[path] = Template(_state(client), type(request), request.url, headers)


def _send_again(client: openai.OpenAI, request: Any) -> Any:
    """Send a request as the SDK does, and return the open response.

    Raises:
        openai.OpenAIError: As the SDK does.
    """
    try:
        response: Any = runtime[_Clients][client].http_client.send(request, stream=True)
    except _failures(request) as error:
        raise _unsent(error, request) from error
    if response.is_success:
        return response
    response.read()
    raise status_error(response)


async def _asend_again(client: openai.AsyncOpenAI, request: Any) -> Any:
    """Send a request as the SDK does; see `_send_again`."""
    try:
        http_client = runtime[_Clients][client].http_client
        response: Any = await http_client.send(request, stream=True)
    except _failures(request) as error:
        raise _unsent(error, request) from error
    if response.is_success:
        return response
    await response.aread()
    raise status_error(response)


def _is_usual(client: Any, path: str, options: Mapping[str, Any] | None) -> bool:
    """Tell whether a request differs from others in its body and time limit only."""
    given = options or {}
    timeout = given.get("timeout")
    return (
        path.startswith("/")
        and given.keys() <= _REPEATED
        and given.get("max_retries", client.max_retries) == 0
        and (timeout is None or isinstance(timeout, (int, float)))
        and ("timeout" in given or client.timeout is None)
        and not _SDK_LOG.isEnabledFor(logging.DEBUG)
    )


def _state(client: Any) -> tuple[Any, ...]:
    """Return what people change on a client that lives."""
    return (client.api_key, client.base_url, client.organization, client.project)


def _content(body: Mapping[str, Any]) -> bytes | None:
    """Return the JSON the SDK would send; `None` for what only the SDK can write."""
    try:
        text = json.dumps(
            body, ensure_ascii=False, separators=(",", ":"), allow_nan=False
        )
        return text.encode()
    except (TypeError, ValueError):
        return None


def _failures(request: Any) -> tuple[type[Exception], ...]:
    kind: Any = type(request)
    return transport_errors(kind)[1]


def _unsent(error: Exception, request: Any) -> openai.APIConnectionError:
    kind: Any = type(request)
    if isinstance(error, transport_errors(kind)[0]):
        return openai.APITimeoutError(request=request)
    return openai.APIConnectionError(request=request)


Options = Mapping[str, Any]
"""Per-request `headers`, `timeout`, `max_retries` and `params`, all optional."""


def send(
    client: openai.OpenAI, path: str, body: Mapping[str, Any], options: Options | None
) -> Any:
    """Return an open response."""
    request = repeated(client, path, body, options)
    if request is not None:
        return _send_again(client, request)
    response: Any = client.post(
        path,
        cast_to=response_class(),
        body=body,
        options=_request_options(options),
        stream=True,
        stream_cls=openai.Stream[Any],
    )
    remember(client, path, options, response)
    return response


async def asend(
    client: openai.AsyncOpenAI,
    path: str,
    body: Mapping[str, Any],
    options: Options | None,
) -> Any:
    """Return an open response."""
    request = repeated(client, path, body, options)
    if request is not None:
        return await _asend_again(client, request)
    response: Any = await client.post(
        path,
        cast_to=response_class(),
        body=body,
        options=_request_options(options),
        stream=True,
        stream_cls=openai.AsyncStream[Any],
    )
    remember(client, path, options, response)
    return response


@lru_cache
def _takes_security() -> bool:
    return "security" in getattr(openai.RequestOptions, "__annotations__", ())


def _request_options(options: Options | None) -> Any:
    # 2026-11-23, openai 3.54: a request that does not name its kind of key is also
    # given the key of OPENAI_ADMIN_KEY, which the SDK's own chat calls never send.
    security = {"security": {"bearer_auth": True}} if _takes_security() else {}
    return {**security, **(options or {})}
