"""Provider failures as this package's errors, whichever path served the call."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from langchain_core.exceptions import ContextOverflowError, ModelError

from langchain_unified import errors
from langchain_unified.cost import BudgetExceededError
from langchain_unified.errors import ProviderError, UnifiedError
from langchain_unified.registry import default_registry

_FAMILIES: tuple[type[ProviderError], ...] = (
    errors.ProviderContextOverflowError,
    errors.ProviderAuthenticationError,
    errors.ProviderPermissionError,
    errors.ProviderModelNotFoundError,
    errors.ProviderRateLimitError,
    errors.ProviderInvalidRequestError,
    errors.ProviderTimeoutError,
    errors.ProviderConnectionError,
    errors.ProviderUnavailableError,
)
"""Each is also of a class of langchain-core's, its last base."""

_HTTP = frozenset({"httpx", "httpx2"})


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
    failed = (ModelError, ContextOverflowError, errors.ProviderNotEnabledError)
    if isinstance(error, (*failed, ConnectionError, TimeoutError)):
        return True
    modules = {kind.__module__.partition(".")[0] for kind in type(error).__mro__}
    return isinstance(error, Exception) and not modules.isdisjoint(_HTTP | _sdks())


def _sdks() -> frozenset[str]:
    """Return the modules of the providers' SDKs, by the packages the registry names."""
    files = default_registry().files.values()
    names = (name for file in files for name in file.provider.packages)
    return frozenset(name.partition("-")[0] for name in names) - {"langchain"}


def _typed(error: Exception) -> ProviderError:
    families = (kind for kind in _FAMILIES if isinstance(error, kind.__bases__[-1]))
    typed = next(families, ProviderError)(str(error))
    typed.status = getattr(error, "status_code", None)
    typed.code = getattr(error, "code", None)
    typed.parameter = getattr(error, "param", None)
    typed.request_id = getattr(error, "request_id", None)
    return typed
