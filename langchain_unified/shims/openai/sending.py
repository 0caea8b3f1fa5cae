"""Requests over the SDK's client: how they are sent, and whole answers are read.

The SDK builds the first request of a connection. The next ones differ in their body
and their time limit only, so they repeat the rest of it: building a request through
the SDK takes a third of the time of a call. A client is repeated only if the shim made
it from one plain key; what else may change from request to request is watched in
`_state`, or keeps the SDK in charge.
"""

from __future__ import annotations

import json
import logging
import sys
import weakref
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from types import FunctionType
from typing import Any

import openai
from jiter import from_json

from langchain_unified.reliability.exchange import Exchange, current, too_late
from langchain_unified.reliability.limits import InForce
from langchain_unified.runtime import runtime
from langchain_unified.shims.openai.faults import (
    api_error,
    broken,
    malformed,
    status_error,
    told_error,
    too_large,
    transport_errors,
)
from langchain_unified.shims.openai.http import http_package, response_class

_SDK = str(Path(openai.__file__).parent)
_SDK_LOG = logging.getLogger("openai")
_PHASES = ("connect", "read", "write", "pool")
_READ_TIMEOUT = "x-stainless-read-timeout"
_ONE_REQUEST = ("cookie", _READ_TIMEOUT)
_REPEATED = frozenset({"timeout", "max_retries"})


Options = Mapping[str, Any]
"""Per-request `headers`, `timeout`, `max_retries` and `params`, all optional."""


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
    if template.state != _state(client):
        return None
    try:
        content = json.dumps(
            body, ensure_ascii=False, separators=(",", ":"), allow_nan=False
        ).encode()
    except (TypeError, ValueError):  # what only the SDK can write
        return None
    timeout = (options or {}).get("timeout")
    # Given as content, a request works out its headers once more: 20 of the 28
    # microseconds that it takes to make one (httpx2 2.16, 2026-11-28).
    request = template.request(
        "POST",
        template.url,
        headers=template.headers,
        cookies=kept.http_client.cookies,
        stream=http_package().ByteStream(content),
        extensions={"timeout": dict.fromkeys(_PHASES, timeout)},
    )
    request.read()
    request.headers["content-length"] = str(len(content))
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
    for name in _ONE_REQUEST:
        headers.pop(name, None)
    kept.templates[path] = Template(_state(client), type(request), request.url, headers)


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


def is_hooked(client: Any, path: str) -> bool:
    """Tell whether somebody wants to see the calls of an endpoint; see `hooks`.

    Args:
        client: The SDK's client.
        path: The path of the endpoint.
    """
    request = getattr(type(client), "request", None)
    if path not in _RESOURCES:
        return False
    if _is_unread(client, *_RESOURCES[path]):
        return not _are_of_the_sdk(request)
    resource = resource_of(client, path)
    create = getattr(type(resource), "create", None)
    return not _are_of_the_sdk(create, request) or is_put_in_place(resource)


def _is_unread(client: Any, name: str, module: str) -> bool:
    """Tell whether nobody has asked for a resource so far: it need not be imported."""
    made_by = type(client).__module__.partition(".")[0]
    is_of_the_sdk = made_by == openai.__name__
    return is_of_the_sdk and name not in vars(client) and module not in sys.modules


_RESOURCES = {
    "/chat/completions": ("chat", "openai.resources.chat.completions.completions"),
    "/responses": ("responses", "openai.resources.responses.responses"),
}
"""By path: name of the client's resource, and the module that has its `create`."""


def is_put_in_place(resource: Any) -> bool:
    """Tell whether a resource, or a method on this one object, is not the SDK's."""
    held = getattr(resource, "__dict__", {})
    raw = held.get("with_raw_response")  # The SDK keeps it there once it was read.
    is_patched = raw is not None and not _are_of_the_sdk(getattr(raw, "create", None))
    is_of_the_sdk = type(resource).__module__.startswith(f"{openai.__name__}.")
    return "create" in held or is_patched or not is_of_the_sdk


def resource_of(client: Any, path: str) -> Any:
    """Return what has the `create` of an endpoint; `None` for another path."""
    if path == "/chat/completions":
        return client.chat.completions
    return client.responses if path == "/responses" else None


def _are_of_the_sdk(*methods: Any) -> bool:
    """Tell methods as the SDK has them from those that were put in their place."""
    for method in methods:
        # Proxies such as wrapt's say that they are functions; their type does not.
        if type(method) is not FunctionType:
            return False
        if not method.__code__.co_filename.startswith(_SDK):
            return False
    return True


def send(
    client: openai.OpenAI, path: str, body: Mapping[str, Any], options: Options | None
) -> Any:
    """Return an open response.

    Raises:
        openai.OpenAIError: Whatever the SDK raises.
    """
    request = repeated(client, path, body, options)
    if request is None:
        response: Any = client.post(path, **_as_sent(body, options, openai.Stream[Any]))
        remember(client, path, options, response)
        return response
    try:
        response = runtime[_Clients][client].http_client.send(request, stream=True)
    except transport_errors(request.__class__)[1] as error:
        raise broken(error, request) from error
    if response.is_success:
        return response
    response.read()
    raise status_error(response)


async def asend(
    client: openai.AsyncOpenAI,
    path: str,
    body: Mapping[str, Any],
    options: Options | None,
) -> Any:
    """Return an open response; see `send`."""
    request = repeated(client, path, body, options)
    if request is None:
        given = _as_sent(body, options, openai.AsyncStream[Any])
        response: Any = await client.post(path, **given)
        remember(client, path, options, response)
        return response
    http_client = runtime[_Clients][client].http_client
    try:
        response = await http_client.send(request, stream=True)
    except transport_errors(request.__class__)[1] as error:
        raise broken(error, request) from error
    if response.is_success:
        return response
    await response.aread()
    raise status_error(response)


def _as_sent(
    body: Mapping[str, Any], options: Options | None, stream: Any
) -> dict[str, Any]:
    """Return the keywords of the SDK's `post` for an open response."""
    # 2026-11-23, openai 3.54: a request that does not name its kind of key is also
    # given the key of OPENAI_ADMIN_KEY, which the SDK's own chat calls never send.
    security = {"security": {"bearer_auth": True}} if _takes_security() else {}
    return {
        "cast_to": response_class(),
        "body": body,
        "options": {**security, **(options or {})},
        "stream": True,
        "stream_cls": stream,
    }


@lru_cache
def _takes_security() -> bool:
    return "security" in getattr(openai.RequestOptions, "__annotations__", ())


class BodyReader:
    """What both kinds of client do with the bytes of a whole answer."""

    def __init__(self, response: Any) -> None:
        """Read the body of an open response."""
        self._response, self._size = response, 0
        self._parts: list[bytes] = []
        self._exchange = exchange = current()
        self._most = exchange.runtime[InForce].limits.body_bytes
        if exchange.deadline is not None:
            shorten(response, exchange)
        self.broken = transport_errors(response.__class__)[1]

    def feed(self, chunk: bytes) -> None:
        """Take some bytes, if they are not too many."""
        if self._exchange.deadline is not None:
            self._exchange.check()
        self._size += len(chunk)
        if self._size > self._most:
            self._parts.clear()
            raise too_large("answer", self._most, self._response)
        self._parts.append(chunk)

    def decoded(self) -> dict[str, Any]:
        """Return the body; raise the error it tells."""
        data = b"".join(self._parts)
        self._exchange.received = (self._response, data)
        body = decoded_body(data, self._response)
        self._exchange.answered = True
        self._exchange.shown = body
        is_answer = body.get("object") in _ANSWERS and not body.get("error")
        if not is_answer and (error := told_error(body)):
            raise api_error(error, self._response.request)
        return body


_ANSWERS = frozenset({"chat.completion", "response"})


def shorten(response: Any, exchange: Exchange) -> None:
    """Wait for the next bytes no longer than the call has time.

    httpcore reads the timeout when it begins with the body.
    """
    seconds, timeouts = exchange.remaining(), response.request.extensions.get("timeout")
    if seconds is None or not isinstance(timeouts, dict):
        return
    if seconds <= 0:
        raise too_late()
    allowed = timeouts.get("read")
    timeouts["read"] = seconds if allowed is None else min(seconds, allowed)


def decoded_body(data: bytes, response: Any) -> dict[str, Any]:
    """Return a JSON object; raise the error of an answer that is none."""
    try:
        decoded = from_json(data)
    except ValueError:
        decoded = _decoded_leniently(data)
    if isinstance(decoded, dict):
        return decoded
    preview = data[:_PREVIEW].decode("utf-8", "replace")
    message = f"Expected a JSON object from the provider, got: {preview!r}"
    raise malformed(message, response)


_PREVIEW = 200


def _decoded_leniently(data: bytes) -> Any:
    # jiter 0.19 refuses lone surrogates and byte order marks, which json takes.
    try:
        return json.loads(data)
    except (ValueError, RecursionError):
        return None
