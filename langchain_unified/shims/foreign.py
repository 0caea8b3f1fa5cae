"""Errors of providers of other packages: from a response, or an HTTP library."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncGenerator, Generator, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from langchain_core.messages import BaseMessage
from langchain_core.outputs import ChatGenerationChunk, ChatResult

from langchain_unified import errors
from langchain_unified.learning.refusal import read_refusal
from langchain_unified.reliability.closing import owned
from langchain_unified.reliability.retry import retry_after, told_to_retry
from langchain_unified.shims.base import ProviderShim
from langchain_unified.shims.errors import BY_STATUS, SERVER_ERROR
from langchain_unified.types import CallPlan

_OVERFLOW = re.compile(
    r"context[ _](?:length|window|size)|maximum context|prompt is too long"
    r"|too many (?:input |prompt )?tokens|exceeds? the (?:available )?context",
    re.IGNORECASE,
)
_REQUEST_IDS = ("x-request-id", "request-id")
_MOST_SAID = 2_000

_LIBRARIES = frozenset(
    {"aiohttp", "asyncio", "httpcore", "httpx", "httpx2", "requests", "urllib3"}
)
"""Packages whose errors say that a server was not reached, or not in time."""
_UNREACHED = frozenset(
    {
        "ChunkedEncodingError",
        "ClientConnectionError",
        "ClientPayloadError",
        "ConnectionError",
        "NetworkError",
        "ProtocolError",
        "ProxyError",
        "TransportError",
    }
)
_UNREADABLE = frozenset({"ContentTypeError", "DecodingError", "JSONDecodeError"})


def error_from_response(
    status: int,
    body: Any = None,
    *,
    headers: Mapping[str, str] | None = None,
    message: str | None = None,
    code: str | None = None,
    parameter: str | None = None,
) -> errors.ProviderError:
    """Return the error that a provider's response stands for.

    Its class is told by the status, and by the words for an input that is too long.
    What the body says in OpenAI's form (`{"error": {"message", "code", "param"}}`),
    FastAPI's or in plain text is read; give what stands elsewhere.

    Args:
        status: HTTP status, 400 or above.
        body: The decoded body, or its text.
        headers: Headers of the response, by lower case name.
        message: The provider's own words.
        code: The provider's code for the problem.
        parameter: The wire parameter that is in the way, dotted: a refusal of a tuning
            setting by name is learned from.

    Example:
        >>> body = {"error": {"message": "slow down"}}
        >>> error = error_from_response(429, body, headers={"retry-after": "2"})
        >>> type(error).__name__, error.retry_after, str(error)
        ('ProviderRateLimitError', 2.0, '429: slow down')
    """
    raw = errors.ProviderError(_text(body))
    raw.body = body  # type: ignore[attr-defined]
    read = read_refusal(raw)
    said = (message or read.message or "no reason given")[:_MOST_SAID]
    error = _class_of(status, said)(f"{status}: {said}")
    told = {"message": said, "param": parameter or read.parameter}
    error.body = {**told, "code": code or read.code}  # type: ignore[attr-defined]
    error.status, error.code = status, code or read.code
    error.parameter = parameter or read.parameter
    found = {name.lower(): value for name, value in dict(headers or {}).items()}
    error.retry_after, error.should_retry = retry_after(found), told_to_retry(found)
    error.request_id = next(filter(None, map(found.get, _REQUEST_IDS)), None)
    return error


def _text(body: Any) -> str:
    if isinstance(body, bytes):
        return body.decode("utf-8", "replace")
    if isinstance(body, str) or body is None:
        return body or ""
    return json.dumps(body, default=str)


def _class_of(status: int, said: str) -> type[errors.ProviderError]:
    if status in BY_STATUS:
        return BY_STATUS[status]
    if status >= SERVER_ERROR:
        return errors.ProviderUnavailableError
    if _OVERFLOW.search(said):
        return errors.ProviderContextOverflowError
    return errors.ProviderInvalidRequestError


def translated(error: Exception) -> errors.ProviderError | None:
    """Return an error of ours for one of an HTTP library; `None` for any other.

    Args:
        error: What a shim of another package raised.
    """
    response = getattr(error, "response", None)
    status = getattr(response, "status_code", None) or getattr(error, "status", None)
    if isinstance(status, int) and _is_of(error, _ANSWERED):
        told = error if response is None else response
        return error_from_response(status, _body_of(told), headers=_head(told))
    said = str(error) or type(error).__name__
    if isinstance(error, TimeoutError) or _is_of(error, None, ending="Timeout"):
        return errors.ProviderTimeoutError(said)
    if isinstance(error, ConnectionError) or _is_of(error, _UNREACHED):
        return errors.ProviderConnectionError(said)
    unreadable = isinstance(error, json.JSONDecodeError) or _is_of(error, _UNREADABLE)
    return errors.MalformedResponseError(said) if unreadable else None


_ANSWERED = frozenset({"ClientResponseError", "HTTPError", "HTTPStatusError"})


def _is_of(error: Exception, names: frozenset[str] | None, ending: str = "") -> bool:
    """Tell whether an error is of a class of an HTTP library; none is imported."""
    return any(
        one.__module__.partition(".")[0] in _LIBRARIES
        and (one.__name__ in names if names is not None else ending in one.__name__)
        for one in type(error).__mro__
    )


def _head(response: Any) -> Mapping[str, str] | None:
    headers = getattr(response, "headers", None)
    return headers if isinstance(headers, Mapping) else None


def _body_of(response: Any) -> Any:
    """Return the body of a response, or the words of an error that has none."""
    for name in ("text", "message", "reason"):
        try:
            said = getattr(response, name, None)
        except RuntimeError:  # httpx: a stream that was not read
            continue
        if isinstance(said, str) and said:
            try:
                return json.loads(said)
            except ValueError:
                return said
    return None


@contextmanager
def _as_ours() -> Iterator[None]:
    try:
        yield
    except errors.UnifiedError:
        raise
    except Exception as error:
        ours = translated(error)
        if ours is None:
            raise
        raise ours from error


def translating(shim_class: type[ProviderShim]) -> type[ProviderShim]:
    """Return a shim class that raises errors of ours for those of HTTP libraries."""

    class Translating(shim_class):  # type: ignore[misc, valid-type]
        def generate(self, plan: CallPlan, messages: list[BaseMessage]) -> ChatResult:
            with _as_ours():
                result: ChatResult = super().generate(plan, messages)
            return result

        async def agenerate(
            self, plan: CallPlan, messages: list[BaseMessage]
        ) -> ChatResult:
            with _as_ours():
                result: ChatResult = await super().agenerate(plan, messages)
            return result

        def stream(
            self, plan: CallPlan, messages: list[BaseMessage]
        ) -> Generator[ChatGenerationChunk, None, None]:
            with _as_ours():
                yield from super().stream(plan, messages)

        async def astream(
            self, plan: CallPlan, messages: list[BaseMessage]
        ) -> AsyncGenerator[ChatGenerationChunk, None]:
            with _as_ours():
                async with owned(super().astream(plan, messages)) as chunks:
                    async for chunk in chunks:
                        yield chunk

    Translating.__name__ = shim_class.__name__
    Translating.__qualname__ = shim_class.__qualname__
    Translating.__module__ = shim_class.__module__
    return Translating
