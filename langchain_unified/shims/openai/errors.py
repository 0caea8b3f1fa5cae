"""SDK errors as ours: one class for both families, with what the provider said."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any, cast

import openai
from langchain_core.exceptions import ModelInvalidRequestError
from langchain_core.messages import AIMessage, BaseMessage
from langchain_openai.chat_models import base
from openai.types.chat import ChatCompletion

from langchain_unified.errors import (
    MalformedResponseError,
    ProviderAuthenticationError,
    ProviderConnectionError,
    ProviderContextOverflowError,
    ProviderError,
    ProviderInvalidRequestError,
    ProviderModelNotFoundError,
    ProviderPermissionError,
    ProviderRateLimitError,
    ProviderTimeoutError,
    ProviderUnavailableError,
    ours_within,
)
from langchain_unified.reliability.retry import retry_after, told_to_retry
from langchain_unified.shims.openai.faults import AnswerError, status_message
from langchain_unified.transport.requests import request_of

_REFUSAL: Any = getattr(base, "OpenAIRefusalError", None)
"""Exists since langchain-openai 0.2."""

_CLASSES: Mapping[str, tuple[type[Exception], ...]] = {
    "length": (openai.LengthFinishReasonError,),
    "content_filter": (openai.ContentFilterFinishReasonError,),
}
_USAGE = {
    "prompt_tokens": "input_tokens",
    "completion_tokens": "output_tokens",
    "total_tokens": "total_tokens",
}


def sdk_errors(
    reason: str, message: BaseMessage
) -> tuple[tuple[type[Exception], ...], dict[str, Any]]:
    """Return the classes to be caught, and the fields that handlers read.

    Args:
        reason: `length`, `content_filter` or `refusal`.
        message: The answer.
    """
    classes = _CLASSES.get(reason, ())
    fields = {"completion": completion_of(message, reason)} if classes else {}
    if reason != "length" and _REFUSAL is not None:
        classes = (*classes, _REFUSAL)
    return classes, fields


def completion_of(message: BaseMessage, reason: str) -> ChatCompletion:
    """Return an answer as the SDK's own object, as far as the message tells it."""
    metadata = message.response_metadata
    usage = message.usage_metadata if isinstance(message, AIMessage) else None
    counts: Mapping[str, Any] = usage or {}
    said = {"role": "assistant", "content": str(message.text)}
    return ChatCompletion.model_validate(
        {
            "id": metadata.get("id") or message.id or "",
            "object": "chat.completion",
            "created": int(metadata.get("created_at") or 0),
            "model": metadata.get("model_name") or "",
            "choices": [{"index": 0, "finish_reason": reason, "message": said}],
            "usage": usage and {name: counts[key] for name, key in _USAGE.items()},
        }
    )


# 2026-11-23, openai_parameters.md rows 50-52, and the wordings langchain-openai 1.7.3
# knows from compatible servers.
_OVERFLOW = re.compile(
    r"context_length_exceeded|exceeds? the context window|maximum context length"
    r"|Input tokens exceed the configured limit|prompt is too long"
    r"|ContextWindowExceededError|context (window|length) (was )?exceeded"
    r"|exceeds? (the |this )?(model'?s? )?(maximum |available )?context (length|size)"
    r"|input (is )?too long for (the )?requested model|too many input tokens"
    r"|exceeds the maximum number of tokens allowed",
    re.IGNORECASE,
)
# 2026-11-23, openai_parameters.md rows 26-27: the model exists, elsewhere.
_OTHER_ENDPOINT = re.compile(
    r"not a chat model|only supported in v1/|not supported in the v1/", re.IGNORECASE
)
# 2026-11-23, openai_parameters.md rows 47-49 and Azure's DeploymentNotFound.
_NO_MODEL_CODES = frozenset({"model_not_found", "DeploymentNotFound"})
_RATE_LIMITS = frozenset(
    {"rate_limit_exceeded", "rate_limit_error", "insufficient_quota", "429"}
)
_INVALID = re.compile(
    r"invalid_|unsupported_|unknown_|image_|empty_image|failed_to_download_image|400$"
)
_BY_STATUS: Mapping[int, type[ProviderError]] = {
    401: ProviderAuthenticationError,
    403: ProviderPermissionError,
    408: ProviderTimeoutError,
    409: ProviderUnavailableError,
    429: ProviderRateLimitError,
}
_FIRST_REDIRECT, _FIRST_ERROR, _SERVER_ERROR = 300, 400, 500
_TIMEOUTS = frozenset({"TimeoutException", "TimeoutError"})
_DISCONNECTIONS = frozenset({"RequestError", "OSError", "EndOfStream"})


class RefusedModelError(ProviderModelNotFoundError, ModelInvalidRequestError):
    """The provider does not know the model and calls the request invalid (HTTP 400).

    ChatOpenAI raises `ModelInvalidRequestError` for it (langchain-openai 1.7.3).
    """


def to_unified(
    exc: BaseException,
    *,
    provider: str = "openai",
    model: str | None = None,
    endpoint: str | None = None,
) -> ProviderError:
    """Convert an SDK error.

    Args:
        exc: An error of the SDK or of the HTTP library below it.
        provider: Provider id of the call.
        model: Wire name of the model of the call.
        endpoint: Endpoint of the call.

    Returns:
        An error that is both one of ours and an instance of the SDK's class for the
        same condition, to be raised `from exc`. One of ours says what it did not say
        about the call.
    """
    exc = ours_within(exc) or exc
    if isinstance(exc, ProviderError):
        error = _as_theirs(exc)
    else:
        error = _both(_as_sdk_error(exc))
    error.provider = error.provider or provider
    error.model = error.model or model
    error.endpoint = error.endpoint or endpoint
    return error


def _as_theirs(error: ProviderError) -> ProviderError:
    """Return an error of ours that the SDK's class for a lost connection catches."""
    theirs = _LOST.get(type(error))
    if theirs is None:
        return error
    fields = dict.fromkeys(("request", "body", "code", "param", "type"))
    fields |= {"message": str(error), **vars(error)}
    return _rebuilt(type(error), theirs, error.args, fields)


_LOST: Mapping[type[ProviderError], type[openai.OpenAIError]] = {
    ProviderConnectionError: openai.APIConnectionError,
    ProviderTimeoutError: openai.APITimeoutError,
}


def _both(exc: openai.OpenAIError) -> ProviderError:
    error = _rebuilt(_classify(exc), _sdk_class(type(exc)), exc.args, vars(exc))
    if isinstance(exc, openai.APIStatusError):
        message = status_message(exc.status_code, exc.body)
        error.args, vars(error)["message"] = (message,), message
    response = getattr(exc, "response", None)
    headers = getattr(response, "headers", None)
    error.status = getattr(exc, "status_code", None)
    error.code = _code(exc)
    error.parameter = _field(exc, "param")
    error.request_id = getattr(exc, "request_id", None)
    error.retry_after = retry_after(headers)
    error.should_retry = _should_retry(error, headers)
    return error


def _classify(exc: openai.OpenAIError) -> type[ProviderError]:
    if isinstance(exc, openai.APIConnectionError):
        timed_out = isinstance(exc, openai.APITimeoutError)
        return ProviderTimeoutError if timed_out else ProviderConnectionError
    status = getattr(exc, "status_code", None)
    if (settled := _settled_by_status(status)) is not None:
        return settled
    if _code(exc) == "context_length_exceeded" or _OVERFLOW.search(_message(exc)):
        return ProviderContextOverflowError
    if _is_unknown_model(exc, status):
        is_bad_request = status == openai.BadRequestError.status_code
        return RefusedModelError if is_bad_request else ProviderModelNotFoundError
    if status is not None:
        return ProviderInvalidRequestError
    return _classify_without_status(exc)


def _settled_by_status(status: int | None) -> type[ProviderError] | None:
    if status is None:
        return None
    if status < _FIRST_REDIRECT:
        return MalformedResponseError
    if status < _FIRST_ERROR:
        return ProviderConnectionError
    if status >= _SERVER_ERROR:
        return ProviderUnavailableError
    return _BY_STATUS.get(status)


def _is_unknown_model(exc: openai.OpenAIError, status: int | None) -> bool:
    """Tell whether the model is not there; a 404 says so whatever its body says.

    ChatOpenAI raises `ModelNotFoundError` for each (langchain-openai 1.7.3).
    """
    text = _message(exc)
    if status == openai.NotFoundError.status_code:
        return True
    return _code(exc) in _NO_MODEL_CODES and not _OTHER_ENDPOINT.search(text)


def _classify_without_status(exc: openai.OpenAIError) -> type[ProviderError]:
    if not isinstance(exc, openai.APIError):
        return ProviderError
    names = {_code(exc) or "", str(_field(exc, "type") or "")}
    if names & _RATE_LIMITS:
        return ProviderRateLimitError
    if any(map(_INVALID.match, names)):
        return ProviderInvalidRequestError
    return ProviderUnavailableError


def _should_retry(
    error: ProviderError, headers: Mapping[str, str] | None
) -> bool | None:
    """Return whether to send a request again; `None` if its class decides."""
    if _FIRST_REDIRECT <= (error.status or 0) < _FIRST_ERROR:
        return False
    return told_to_retry(headers)


def _as_sdk_error(exc: BaseException) -> openai.OpenAIError:
    if isinstance(exc, openai.OpenAIError):
        return exc
    request = request_of(exc)
    kinds = {base.__name__ for base in type(exc).__mro__}
    if kinds & _TIMEOUTS:
        return openai.APITimeoutError(request=cast("Any", request))
    message = str(exc) or type(exc).__name__
    if kinds & _DISCONNECTIONS:
        return openai.APIConnectionError(message=message, request=cast("Any", request))
    return openai.OpenAIError(message)


def _message(exc: BaseException) -> str:
    return f"{exc} {_field(exc, 'message') or ''}"


def _code(exc: BaseException) -> str | None:
    code = _field(exc, "code")
    return None if code is None else str(code)


def _field(exc: BaseException, name: str) -> Any:
    value = getattr(exc, name, None)
    body = getattr(exc, "body", None)
    if value is None and isinstance(body, dict):
        inner = body.get("error")
        value = (inner if isinstance(inner, dict) else body).get(name)
    return value


def _sdk_class(kind: type[BaseException]) -> type[openai.OpenAIError]:
    if issubclass(kind, AnswerError):
        return AnswerError
    return next(
        base
        for base in kind.__mro__
        if base.__module__.partition(".")[0] == openai.__name__
    )


@lru_cache
def _combined(ours: Any, theirs: Any) -> type[ProviderError]:
    def reduce(self: ProviderError) -> tuple[Callable[..., ProviderError], Any]:
        return _rebuilt, (ours, theirs, self.args, vars(self))

    namespace = {
        "__doc__": ours.__doc__,
        "__module__": ours.__module__,
        "__reduce__": reduce,
    }
    return cast("type[ProviderError]", type(ours.__name__, (ours, theirs), namespace))


def _rebuilt(
    ours: Any,
    theirs: Any,
    args: tuple[Any, ...],
    fields: Mapping[str, Any],
) -> ProviderError:
    kind = _combined(ours, theirs)
    error = kind.__new__(kind, *args)
    vars(error).update(fields)
    return error
