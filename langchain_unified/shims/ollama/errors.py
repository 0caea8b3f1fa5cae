"""Ollama's errors as ours, which are the client's as well."""

from __future__ import annotations

import json
import re

import httpx
from ollama import ResponseError

from langchain_unified import errors
from langchain_unified.shims.errors import BY_STATUS, SERVER_ERROR, as_ours
from langchain_unified.types import CallPlan

CAUGHT: tuple[type[Exception], ...] = (
    ResponseError,
    httpx.TransportError,
    json.JSONDecodeError,
)
"""What a call may raise because of the server's answer, or for want of one."""

_OVERFLOW = re.compile(
    r"exceeds? the (available )?context|longer than the context", re.IGNORECASE
)
_UNSUPPORTED = re.compile(r"does not support (\w+)")
_NO_STATUS = -1


def to_unified(error: Exception, plan: CallPlan) -> errors.ProviderError:
    """Return an error of ours for one of the client's or of the HTTP library's.

    Args:
        error: What was raised.
        plan: The plan of the call.

    Returns:
        An error that also is an instance of the class raised.
    """
    status, said = getattr(error, "status_code", None), _message(error)
    unified = as_ours(error, _kind(error, status), plan, said)
    if isinstance(error, ResponseError):
        unified.__dict__["error"] = said
    unified.status = None if status == _NO_STATUS else status
    found = _UNSUPPORTED.search(str(error))
    unified.parameter = found and found.group(1)
    return unified


def _kind(error: Exception, status: int | None) -> type[errors.ProviderError]:
    if isinstance(error, httpx.TimeoutException):
        return errors.ProviderTimeoutError
    if isinstance(error, httpx.TransportError):
        return errors.ProviderConnectionError
    if isinstance(error, json.JSONDecodeError):
        return errors.MalformedResponseError
    if _OVERFLOW.search(str(error)):
        return errors.ProviderContextOverflowError
    if status is None or status == _NO_STATUS or status >= SERVER_ERROR:
        return errors.ProviderUnavailableError
    return BY_STATUS.get(status, errors.ProviderInvalidRequestError)


def _message(error: Exception) -> str:
    if isinstance(error, httpx.ConnectError):
        return (
            f"Ollama cannot be reached ({error}). Start it with `ollama serve`, or set "
            'providers={"ollama": {"base_url": "http://host:11434"}}.'
        )
    # A gateway before the server may answer with an object in the place of the text.
    said = str(error.error if isinstance(error, ResponseError) else error)
    if _OVERFLOW.search(said):
        return (
            f"{said}. Raise num_ctx, or let the server drop "
            "the start of the conversation with truncation='auto'."
        )
    return said or type(error).__name__
