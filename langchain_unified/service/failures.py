"""Provider failures as this package's errors, whichever path served the call."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from langchain_core.exceptions import (
    ContextOverflowError,
    ModelAPIError,
    ModelAuthenticationError,
    ModelConnectionError,
    ModelError,
    ModelInvalidRequestError,
    ModelNotFoundError,
    ModelPermissionDeniedError,
    ModelRateLimitError,
    ModelTimeoutError,
)

from langchain_unified import errors
from langchain_unified.cost import BudgetExceededError
from langchain_unified.errors import ProviderError, UnifiedError

_FAMILIES: tuple[tuple[type[Exception], type[ProviderError]], ...] = (
    (ContextOverflowError, errors.ProviderContextOverflowError),
    (ModelAuthenticationError, errors.ProviderAuthenticationError),
    (ModelPermissionDeniedError, errors.ProviderPermissionError),
    (ModelNotFoundError, errors.ProviderModelNotFoundError),
    (ModelRateLimitError, errors.ProviderRateLimitError),
    (ModelInvalidRequestError, errors.ProviderInvalidRequestError),
    (ModelTimeoutError, errors.ProviderTimeoutError),
    (ModelConnectionError, errors.ProviderConnectionError),
    (ModelAPIError, errors.ProviderUnavailableError),
)
_SDKS = frozenset({"openai", "google", "httpx", "httpx2"})


@contextmanager
def typed_failures() -> Iterator[None]:
    """Raise failures of the legacy path as this package's errors too."""
    try:
        yield
    except UnifiedError:
        raise
    except Exception as error:
        if not is_provider_failure(error):
            raise
        raise _typed(error) from error


def is_no_answer(error: BaseException) -> bool:
    """Tell whether a call has no answer through no mistake in the code that made it.

    The provider failed, the budget is used up, or the model that was named cannot do
    what was asked for, which the provider would have refused.
    """
    return is_provider_failure(error) or isinstance(
        error, (BudgetExceededError, errors.UnsupportedError)
    )


def is_provider_failure(error: BaseException) -> bool:
    """Tell whether the provider failed, rather than the code that called it.

    A provider that is switched off or has no key counts as failing.
    """
    if isinstance(error, (ModelError, ContextOverflowError)):
        return True
    if isinstance(
        error, (errors.ProviderNotEnabledError, ConnectionError, TimeoutError)
    ):
        return True
    return isinstance(error, Exception) and any(
        kind.__module__.partition(".")[0] in _SDKS for kind in type(error).__mro__
    )


def _typed(error: Exception) -> ProviderError:
    kind = next((ours for theirs, ours in _FAMILIES if isinstance(error, theirs)), None)
    typed = (kind or ProviderError)(str(error))
    typed.status = getattr(error, "status_code", None)
    typed.code = getattr(error, "code", None)
    typed.parameter = getattr(error, "param", None)
    typed.request_id = getattr(error, "request_id", None)
    return typed
