"""Anthropic's errors as typed errors, which are also the SDK's."""

from __future__ import annotations

import re

import anthropic

from langchain_unified import errors
from langchain_unified.errors import ours_within
from langchain_unified.reliability.retry import retry_after, told_to_retry
from langchain_unified.shims.anthropic.delegate import http_package
from langchain_unified.shims.errors import BY_STATUS, SERVER_ERROR, as_ours
from langchain_unified.types import CallPlan

CAUGHT: tuple[type[Exception], ...] = (
    anthropic.AnthropicError,
    http_package().TransportError,
)
"""What a call may raise because of the provider's answer, or for want of one."""

_BY_STATUS = {**BY_STATUS, 409: errors.ProviderUnavailableError}
_BY_TYPE: dict[str, type[errors.ProviderError]] = {
    "overloaded_error": errors.ProviderUnavailableError,
    "api_error": errors.ProviderUnavailableError,
    "rate_limit_error": errors.ProviderRateLimitError,
    "timeout_error": errors.ProviderTimeoutError,
}
_OVERFLOW = re.compile(r"prompt is too long|exceed(s)? (the )?context (limit|window)")
_NAMED = re.compile(r"^`?([a-z_.]+)`?(: | is | may | cannot )")


def to_unified(error: Exception, plan: CallPlan) -> errors.ProviderError:
    """Return the typed error for an error of the SDK or of the HTTP library.

    Args:
        error: What was raised.
        plan: The plan of the call.

    Returns:
        An error that also is an instance of the class raised.
    """
    if (ours_already := ours_within(error)) is not None:
        return ours_already
    status = getattr(error, "status_code", None)
    unified = as_ours(error, _kind(error, status), plan)
    unified.status, unified.code = status, _field(error, "type")
    unified.parameter = _parameter(_field(error, "message"))
    unified.request_id = getattr(error, "request_id", None)
    headers = getattr(getattr(error, "response", None), "headers", None)
    unified.retry_after = retry_after(headers)
    unified.should_retry = told_to_retry(headers)
    return unified


def _kind(error: Exception, status: int | None) -> type[errors.ProviderError]:
    http = http_package()
    if isinstance(error, (anthropic.APITimeoutError, http.TimeoutException)):
        return errors.ProviderTimeoutError
    if isinstance(error, (anthropic.APIConnectionError, http.TransportError)):
        return errors.ProviderConnectionError
    if _OVERFLOW.search(str(error)):
        return errors.ProviderContextOverflowError
    if (named := _BY_TYPE.get(_field(error, "type") or "")) is not None:
        return named
    if status is None or status >= SERVER_ERROR:
        return errors.ProviderUnavailableError
    return _BY_STATUS.get(status, errors.ProviderInvalidRequestError)


def _field(error: Exception, name: str) -> str | None:
    body = getattr(error, "body", None)
    inner = body.get("error") if isinstance(body, dict) else None
    found = inner.get(name) if isinstance(inner, dict) else None
    return None if found is None else str(found)


def _parameter(message: str | None) -> str | None:
    found = _NAMED.match(message or "")
    return found.group(1) if found else None
