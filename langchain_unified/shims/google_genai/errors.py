"""Gemini's errors as ours, which are the SDK's and langchain-google-genai's as well."""

from __future__ import annotations

import re
from typing import Any

from google.genai.errors import APIError, ClientError, ServerError
from langchain_core.exceptions import ContextOverflowError
from langchain_google_genai.chat_models import ChatGoogleGenerativeAIError

from langchain_unified import errors
from langchain_unified.reliability.retry import retry_after, told_to_retry
from langchain_unified.shims.errors import BY_STATUS, SERVER_ERROR, as_ours
from langchain_unified.shims.google_genai.http import http_errors
from langchain_unified.shims.google_genai.seam import (
    raise_client_error,
    raise_server_error,
)
from langchain_unified.types import CallPlan

_BROKEN = (*http_errors("HTTPError"), *http_errors("StreamError"))
CAUGHT = (APIError, ChatGoogleGenerativeAIError, *_BROKEN)
"""What a call may raise because of the provider's answer, or for want of one."""

_BY_STATUS = {
    **BY_STATUS,
    409: errors.ProviderUnavailableError,  # ABORTED: to be tried again
    504: errors.ProviderTimeoutError,
}
_BAD_REQUEST = 400
_BAD_KEY = ("API_KEY_INVALID", "API key not valid", "API Key not found")
# 2026-11-23: langchain-google-genai 4.4.2 knows the first wording; the others are
# Vertex AI's and those of gateways.
_OVERFLOW = re.compile(
    r"exceeds the maximum number of tokens|token limit|input token count"
    r"|exceeds? (the |this )?(model'?s? )?(maximum )?context (window|length|size)"
    r"|maximum context length|(prompt|input|context) is too long",
    re.IGNORECASE,
)
_NO_CREDIT = re.compile(r"PerDay|billing|credits? (are|is) depleted", re.IGNORECASE)
_RETRY_DELAY = re.compile(r"""['"]retryDelay['"]:\s*['"](\d+(?:\.\d+)?)s['"]""")


def as_raised(error: Exception, plan: CallPlan) -> Exception:
    """Return an error of the SDK as the integration raises it, for users' `except`."""
    try:
        if isinstance(error, ClientError):
            raise_client_error(error, {"model": plan.model})
        if isinstance(error, ServerError):
            raise_server_error(error)
    except (APIError, ChatGoogleGenerativeAIError) as found:
        return found
    return error


def to_unified(error: Exception, plan: CallPlan) -> errors.ProviderError:
    """Return an error of ours for one of the SDK's or the integration's.

    Args:
        error: What was raised.
        plan: The plan of the call.

    Returns:
        An error that also is an instance of the class raised.
    """
    cause = error if isinstance(error, APIError) else error.__cause__
    status = getattr(cause, "code", None)
    unified = as_ours(error, _kind(error, status, str(error)), plan)
    unified.status, unified.code = status, getattr(cause, "status", None)
    unified.retry_after = _retry_after(cause)
    unified.should_retry = told_to_retry(_headers(cause))
    said = str(getattr(cause, "details", ""))
    if isinstance(unified, errors.ProviderRateLimitError) and _NO_CREDIT.search(said):
        unified.is_retryable = unified.retry_after is not None
    return unified


def _kind(error: Exception, status: Any, message: str) -> type[errors.ProviderError]:
    if isinstance(error, http_errors("TimeoutException")):
        return errors.ProviderTimeoutError
    if isinstance(error, _BROKEN):
        return errors.ProviderConnectionError
    refused = status == _BAD_REQUEST and _OVERFLOW.search(message)
    if isinstance(error, ContextOverflowError) or refused:
        return errors.ProviderContextOverflowError
    if any(words in message for words in _BAD_KEY):
        return errors.ProviderAuthenticationError
    return _by_status(status) if isinstance(status, int) else _NOBODY_KNOWS


def _by_status(status: int) -> type[errors.ProviderError]:
    if status >= SERVER_ERROR and status not in _BY_STATUS:
        return errors.ProviderUnavailableError
    if status < _BAD_REQUEST:
        return errors.MalformedResponseError
    return _BY_STATUS.get(status, errors.ProviderInvalidRequestError)


_NOBODY_KNOWS = errors.ProviderInvalidRequestError


def _retry_after(cause: Any) -> float | None:
    """Gemini says how long to wait in the error's details (`google.rpc.RetryInfo`).

    Gateways before it say so in a header, as others do.
    """
    found = _RETRY_DELAY.search(str(getattr(cause, "details", "")))
    if found:
        return float(found.group(1))
    return retry_after(_headers(cause))


def _headers(cause: Any) -> Any:
    return getattr(getattr(cause, "response", None), "headers", None)
