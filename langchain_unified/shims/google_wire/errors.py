"""Gemini's errors as ours, which are the SDK's and langchain-google-genai's as well."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

from google.genai.errors import APIError
from langchain_core.exceptions import ContextOverflowError
from langchain_google_genai.chat_models import ChatGoogleGenerativeAIError

from langchain_unified import errors
from langchain_unified.types import CallPlan

CAUGHT = (APIError, ChatGoogleGenerativeAIError)
"""What a call may raise because of the provider's answer."""

_BY_STATUS: dict[int, type[errors.ProviderError]] = {
    400: errors.ProviderInvalidRequestError,
    401: errors.ProviderAuthenticationError,
    403: errors.ProviderPermissionError,
    404: errors.ProviderModelNotFoundError,
    408: errors.ProviderTimeoutError,
    429: errors.ProviderRateLimitError,
    504: errors.ProviderTimeoutError,
}
_BAD_KEY = ("API_KEY_INVALID", "API key not valid", "API Key not found")
_RETRY_DELAY = re.compile(r"""['"]retryDelay['"]:\s*['"](\d+(?:\.\d+)?)s['"]""")


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
    kind = _kind(error, status, str(error))
    found = _class_of(type(error), kind)  # type: ignore[arg-type]
    unified = found.__new__(found)
    Exception.__init__(unified, str(error))
    unified.__dict__.update(error.__dict__)
    unified.provider, unified.model = plan.provider, plan.model
    unified.endpoint, unified.status = plan.endpoint, status
    unified.code = getattr(cause, "status", None)
    unified.retry_after = _retry_after(cause)
    return unified


def _kind(error: Exception, status: Any, message: str) -> type[errors.ProviderError]:
    if isinstance(error, ContextOverflowError):
        return errors.ProviderContextOverflowError
    if any(words in message for words in _BAD_KEY):
        return errors.ProviderAuthenticationError
    if isinstance(status, int) and status in _BY_STATUS:
        return _BY_STATUS[status]
    if isinstance(status, int) and status >= 500:  # noqa: PLR2004
        return errors.ProviderUnavailableError
    return errors.ProviderInvalidRequestError


@cache
def _class_of(
    raised: type[Exception], kind: type[errors.ProviderError]
) -> type[errors.ProviderError]:
    return type(kind.__name__, (kind, raised), {"__module__": __name__})


def _retry_after(cause: Any) -> float | None:
    """Gemini says how long to wait in the error's details (`google.rpc.RetryInfo`)."""
    found = _RETRY_DELAY.search(str(getattr(cause, "details", "")))
    return float(found.group(1)) if found else None
