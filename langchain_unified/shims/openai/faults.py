"""What can be wrong with an answer on its way, as the SDK's errors and ours."""

from __future__ import annotations

import json
import ssl
import sys
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import anyio
import openai
from langchain_openai import StreamChunkTimeoutError

from langchain_unified.errors import MalformedResponseError, ProviderTimeoutError


class AnswerError(openai.APIError, ValueError):
    """An answer, or an event of a stream, that tells an error with status 200.

    ChatOpenAI raises `ValueError` for it, the SDK `APIError`.
    """


class ProviderStreamTimeoutError(StreamChunkTimeoutError, ProviderTimeoutError):
    """A stream that had begun said nothing for `stream_chunk_timeout` seconds."""


def silent(
    seconds: float | None, received: int, response: Any
) -> ProviderStreamTimeoutError:
    """Return the error of a stream that says nothing any more.

    Args:
        seconds: How long it was waited for.
        received: How many events came before.
        response: The open response.
    """
    model = _model_of(response.request)
    allowed = seconds or 0.0
    error = ProviderStreamTimeoutError(
        allowed, model_name=model, chunks_received=received
    )
    error.status = response.status_code
    error.request_id = response.headers.get("x-request-id")
    return error


def _model_of(request: Any) -> str | None:
    try:
        body = json.loads(request.content)
    except (RuntimeError, ValueError):  # a body that was streamed, or is no JSON
        return None
    return body.get("model") if isinstance(body, dict) else None


def broken(error: Exception, request: Any) -> openai.APIConnectionError:
    """Return the error of a broken connection as the SDK names it."""
    if isinstance(error, transport_errors(request.__class__)[0]):
        return openai.APITimeoutError(request=request)
    return openai.APIConnectionError(request=request)


@lru_cache
def transport_errors(
    kind: Any,
) -> tuple[type[Exception], tuple[type[Exception], ...]]:
    """Return what a timeout raises in an HTTP library, and what broken bodies do."""
    for base in kind.__mro__:
        library = sys.modules[base.__module__.partition(".")[0]]
        if hasattr(library, "TimeoutException"):
            return library.TimeoutException, (
                library.TimeoutException,
                library.RequestError,
                ssl.SSLError,
                anyio.EndOfStream,
            )
    return TimeoutError, (OSError, anyio.EndOfStream)


def status_error(response: Any) -> openai.APIStatusError:
    """Return the SDK's error for a response that was read and is no success."""
    try:
        body = json.loads(response.text)
    except ValueError:
        body = response.text.strip()
    status = response.status_code
    kind = _BY_STATUS.get(status, openai.APIStatusError)
    if status >= _SERVER_ERROR:
        kind = openai.InternalServerError
    told = body.get("error", body) if isinstance(body, dict) else body
    return kind(status_message(status, body), response=response, body=told)


def status_message(status: int, body: Any) -> str:
    """Return the text of an error: the status, and the message the body names.

    openai 2.45 to 3.35 put the whole body there, from 3.40 on the message alone.

    Args:
        status: HTTP status.
        body: The decoded body, or its `error`, as the SDK keeps it in `error.body`.
    """
    inner = body.get("error", body) if isinstance(body, dict) else body
    said = _plain(inner) if isinstance(inner, str) else _words(inner)
    return f"Error code: {status} - {said}" if said else f"Error code: {status}"


def _plain(text: str) -> str:
    """Return a text that is no page; of a long one, its beginning."""
    said = " ".join(text.split())
    return "" if said.startswith("<") else said[:_PREVIEW]


def _words(told: Any) -> str:
    """Return what a server says in words, without what it repeats of the request.

    FastAPI lists `detail` with `loc`, `msg` and the input, Mistral has that list in
    `message`, Gemini's endpoint has a list of errors (openai/openai-agents-python#442).
    """
    if isinstance(told, str):
        return told
    if isinstance(told, list):
        return "; ".join(filter(None, map(_words, told)))
    if not isinstance(told, dict):
        return ""
    keys = ("message", "detail", "error", "msg", "errors")
    said = next((words for key in keys if (words := _words(told.get(key)))), "")
    where = told.get("loc")
    if said and isinstance(where, list):
        return f"{'.'.join(map(str, where))}: {said}"
    return said


_SERVER_ERROR = 500
_BY_STATUS: dict[int, type[openai.APIStatusError]] = {
    400: openai.BadRequestError,
    401: openai.AuthenticationError,
    403: openai.PermissionDeniedError,
    404: openai.NotFoundError,
    409: openai.ConflictError,
    422: openai.UnprocessableEntityError,
    429: openai.RateLimitError,
}


def too_large(what: str, most: int, response: Any) -> MalformedResponseError:
    """Return the error of an answer with more bytes than are read."""
    message = f"The {what} exceeds the limit of {most} bytes."
    error = malformed(message, response)
    error.is_retryable = False
    return error


def malformed(message: str, response: Any) -> MalformedResponseError:
    """Return the error of an answer that is not what the API promises."""
    error = MalformedResponseError(message)
    error.status = response.status_code
    error.request_id = response.headers.get("x-request-id")
    return error


def told_error(body: Mapping[str, Any]) -> Any:
    """Return the error that the body of a 200 tells; nothing if it is an answer.

    Gateways answer so: `{"error": ...}`, and without it `{"message": ...}` or
    `{"detail": ...}` in place of an answer.
    """
    if body.get("error"):
        return body["error"]
    if body.get("object") != "error" and body.keys() & _ANSWERS:
        return None
    told = next((body[name] for name in ("message", "detail") if body.get(name)), None)
    return {**body, "message": told} if isinstance(told, str) else None


def no_stream(said: bytes, response: Any) -> Exception:
    """Return the error of an answer that came where a stream was asked for.

    Args:
        said: Its first bytes.
        response: The open response.
    """
    try:
        body = json.loads(said)
    except (ValueError, RecursionError):
        body = None
    if isinstance(body, list) and len(body) == 1:
        body = body[0]
    told = told_error(body) if isinstance(body, dict) else None
    if told:
        return api_error(told, response.request)
    kind = response.headers.get("content-type", "no content type")
    preview = said[:_PREVIEW].decode("utf-8", "replace")
    message = f"Expected a stream of events from the provider, got {kind}: {preview!r}"
    error = malformed(message, response)
    error.is_retryable = False
    return error


_PREVIEW = 300
_ANSWERS = frozenset({"choices", "output", "object", "id"})


def stream_error(event: dict[str, Any], request: Any) -> AnswerError:
    """Return the error that an event of a stream tells."""
    error, response = event.get("error"), event.get("response")
    told = "An error occurred during streaming"
    if not error and isinstance(response, dict):
        error = response.get("error")
        told = f"Response {response.get('id')} failed."
    return api_error(error or event, request, told=told)


def api_error(error: Any, request: Any, *, told: str = "") -> AnswerError:
    """Return the error that the body of an answer tells.

    Args:
        error: What the answer has under `error`.
        request: The request.
        told: What to say if the error says nothing.
    """
    fields = error if isinstance(error, dict) else {"message": error}
    message = fields.get("message")
    if not isinstance(message, str) or not message:
        message = told or "The response contains an error without a message."
    found = AnswerError(message, request, body=error)
    if code := fields.get("code"):
        found.args = (f"{code}: {message}",)
    return found
