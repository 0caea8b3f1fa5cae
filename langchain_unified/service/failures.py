"""Provider failures as this package's errors, whichever path served the call."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from langchain_core.exceptions import ContextOverflowError, ModelError

from langchain_unified.cost import BudgetExceededError
from langchain_unified.errors import (
    ProviderNotEnabledError,
    UnifiedError,
    UnsupportedError,
)
from langchain_unified.registry import default_registry

_HTTP = frozenset({"httpx", "httpx2"})


@contextmanager
def typed_failures() -> Iterator[None]:
    """Raise failures of the legacy path, the SDK's, as this package's errors too."""
    try:
        yield
    except UnifiedError:
        raise
    except Exception as error:
        if not is_provider_failure(error):
            raise
        from langchain_unified.shims.openai.errors import to_unified  # noqa: PLC0415

        raise to_unified(error) from error


def is_no_answer(error: BaseException) -> bool:
    """Tell whether a call has no answer through no mistake in the code that made it.

    The provider failed, the budget is used up, or the model that was named cannot do
    what was asked for, which the provider would have refused.
    """
    no_answer = (BudgetExceededError, UnsupportedError)
    return is_provider_failure(error) or isinstance(error, no_answer)


def is_provider_failure(error: BaseException) -> bool:
    """Tell whether the provider failed, rather than the code that called it.

    A provider that is switched off or has no key counts as failing.
    """
    failed = (ModelError, ContextOverflowError, ProviderNotEnabledError)
    if isinstance(error, (*failed, ConnectionError, TimeoutError)):
        return True
    modules = {kind.__module__.partition(".")[0] for kind in type(error).__mro__}
    return isinstance(error, Exception) and not modules.isdisjoint(_HTTP | _sdks())


def _sdks() -> frozenset[str]:
    """Return the modules of the providers' SDKs, by the packages the registry names."""
    files = default_registry().files.values()
    names = (name for file in files for name in file.provider.packages)
    return frozenset(name.partition("-")[0] for name in names) - {"langchain"}
