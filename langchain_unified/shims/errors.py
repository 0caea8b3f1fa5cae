"""Errors of a provider's packages as ours, which are of the class raised as well."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from langchain_unified import errors
from langchain_unified.types import CallPlan

SERVER_ERROR = 500
"""The first status that says that the server failed."""

BY_STATUS: Mapping[int, type[errors.ProviderError]] = {
    401: errors.ProviderAuthenticationError,
    403: errors.ProviderPermissionError,
    404: errors.ProviderModelNotFoundError,
    408: errors.ProviderTimeoutError,
    429: errors.ProviderRateLimitError,
}
"""What a status says with every provider."""

_UNPICKLED = frozenset({"response", "_request"})


def as_ours(
    error: Exception,
    kind: type[errors.ProviderError],
    plan: CallPlan,
    said: str | None = None,
) -> errors.ProviderError:
    """Return an error of ours for one that was raised.

    Args:
        error: What was raised.
        kind: Which of our classes it is.
        plan: The plan of the call.
        said: The message, if it is another than that of the error.

    Returns:
        An error that also is an instance of the class raised, and has its fields.
    """
    ours = _rebuilt(
        type(error), kind, str(error) if said is None else said, vars(error)
    )
    ours.provider, ours.model = plan.provider, plan.model
    ours.endpoint = plan.endpoint
    return ours


def _rebuilt(
    raised: Any, kind: Any, said: str, fields: Mapping[str, Any]
) -> errors.ProviderError:
    found = _class_of(raised, kind)
    error = found.__new__(found)
    Exception.__init__(error, said)
    vars(error).update(fields)
    return error


@cache
def _class_of(raised: Any, kind: Any) -> type[errors.ProviderError]:
    def reduce(self: errors.ProviderError) -> tuple[Callable[..., Any], Any]:
        kept = {k: v for k, v in vars(self).items() if k not in _UNPICKLED}
        return _rebuilt, (raised, kind, str(self), kept)

    told = {"__module__": __name__, "__doc__": kind.__doc__, "__reduce__": reduce}
    made: type[errors.ProviderError] = type(kind.__name__, (kind, raised), told)
    return made
