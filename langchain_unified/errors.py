"""Every error this package raises, as one tree over langchain-core's `ModelError`.

```text
UnifiedError
├── InvalidParameterError      a value no model takes            (also ValueError)
│   └── InvalidTypeError       a value of the wrong type         (also TypeError)
├── UnsupportedError           this model cannot do what was asked for (ValueError)
├── UnknownParameterError      no such setting                   (also TypeError)
├── MissingCredentialsError    no key for the provider of the call
│   └── NoClientError          so there is no client to read  (also AttributeError)
├── ProviderNotEnabledError    the provider is off or not installed
├── UnsupportedVersionError    an installed package is of a version that fails
├── RegistryError              a registry row that cannot be read
└── ProviderError              the provider answered with an error
    ├── ProviderAuthenticationError, ProviderPermissionError
    ├── ProviderInvalidRequestError, ProviderModelNotFoundError
    ├── ProviderContextOverflowError, ProviderRateLimitError
    ├── ProviderUnavailableError, ProviderConnectionError, ProviderTimeoutError
    ├── CircuitOpenError       not sent: it failed too often (ProviderUnavailableError)
    └── MalformedResponseError
```

The provider errors also inherit from the langchain-core class for the same condition,
and the ones a shim raises from its SDK's class as well, so existing `except` clauses
keep working.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Any

from langchain_core.exceptions import (
    ContextOverflowError,
    LangChainException,
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

from langchain_unified.versions import Problem


class UnifiedError(LangChainException):
    """Base of all errors of this package."""


def shown_value(value: Any) -> Any:
    """Return a value of the wrong type as an error may show it: no key by mistake.

    Example:
        >>> shown_value("hot"), shown_value("sk-1234567890"), shown_value([1, "1e"])
        ('hot', '**********', '**********')
    """
    if value is None or isinstance(value, (bool, int, float)):
        return value
    return value if isinstance(value, str) and _PLAIN.fullmatch(value) else "*" * 10


def shown_name(text: str) -> str:
    """Return a name that does not exist as an error may show it: no key by mistake.

    Example:
        >>> shown_name("temprature"), shown_name("sk-1234567890")
        ('temprature', '**********')
    """
    return "*" * 10 if _LIKE_A_KEY.search(text) else text


_LIKE_A_KEY = re.compile(r"\b(?:sk|pk|rk)-|\bAIza|\beyJ|[^\s:,=()_.-]{20}")
_PLAIN = re.compile(r"[A-Za-z]{0,12}|[-+]?[0-9.,_]{1,8}%?")
"""A word or a number: too short and too plain for a key."""


class InvalidParameterError(UnifiedError, ValueError):
    """A value that no model takes; raised before anything is sent.

    Attributes:
        parameter: The setting, in LangChain's words.
        value: The value given.
        model: The model of the call, if known.
    """

    def __init__(
        self,
        parameter: str,
        value: Any,
        accepted: str,
        *,
        model: str | None = None,
    ) -> None:
        """Name the parameter, the value and what is accepted."""
        self.parameter, self.value, self.model = parameter, value, model
        call = f" (model {model!r})" if model else ""
        said = f"{parameter}={value!r} is not valid{call}: {accepted}"
        Exception.__init__(self, said)  # Another base may be an error of other fields.

    def __str__(self) -> str:
        """Return the message; a `KeyError` would show it quoted."""
        return str(self.args[0])

    def __reduce__(self) -> tuple[Any, ...]:
        """Travel with the attributes, which the message alone does not tell."""
        kind = type(self)
        bases = (kind,) if kind.__name__ != _COMBINED else kind.__bases__
        return _rebuilt, (bases, self.args, vars(self))


class InvalidTypeError(InvalidParameterError, TypeError):
    """A value of a type that no model takes; raised before anything is sent."""


_COMBINED = "InvalidInputError"
_FAMILIES: tuple[type[Exception], ...] = (
    AttributeError,
    KeyError,
    NotImplementedError,
    RecursionError,
    TypeError,
    UnicodeEncodeError,
)


def invalid_as(
    error: Exception, parameter: str, value: Any, accepted: str
) -> InvalidParameterError:
    """Return an error that whoever expects another one catches as well.

    Args:
        error: What LangChain, the SDK or Python raised for the value.
        parameter: What the value was given as.
        value: The value, as it may be shown.
        accepted: What is wrong, and what would be right.

    Example:
        >>> found = invalid_as(KeyError("role"), "messages", "...", "give a role.")
        >>> isinstance(found, KeyError), str(found)
        (True, "messages='...' is not valid: give a role.")
    """
    family = next((kind for kind in _FAMILIES if isinstance(error, kind)), None)
    bases = (InvalidParameterError, family) if family else (InvalidParameterError,)
    made: InvalidParameterError = _combined(bases)(parameter, value, accepted)
    if isinstance(error, UnicodeEncodeError) and isinstance(made, UnicodeEncodeError):
        made.encoding, made.reason = error.encoding, error.reason
        made.object = error.object[error.start : error.end]  # The rest may be secret.
        made.start, made.end = 0, len(made.object)
    return made


@cache
def _combined(bases: tuple[Any, ...]) -> Any:
    namespace = {"__doc__": InvalidParameterError.__doc__, "__module__": __name__}
    return bases[0] if len(bases) == 1 else type(_COMBINED, bases, namespace)


def _rebuilt(
    bases: tuple[Any, ...], args: tuple[Any, ...], fields: dict[str, Any]
) -> InvalidParameterError:
    kind = _combined(bases)
    error: InvalidParameterError = kind.__new__(kind)
    error.args = args
    vars(error).update(fields)
    return error


class UnsupportedError(UnifiedError, ValueError):
    """The model of the call cannot do what was asked for; raised before sending.

    Attributes:
        parameter: The setting or capability asked for.
        value: The value given.
        model: The model of the call.
        feature: The `ModelProfile` key of the missing capability, if it is one.
        alternatives: Registered models that can do it.
    """

    def __init__(
        self,
        parameter: str,
        value: Any,
        *,
        model: str,
        reason: str,
        feature: str | None = None,
        alternatives: tuple[str, ...] = (),
    ) -> None:
        """Name the model, the parameter, the reason and models that would do."""
        self.parameter, self.value, self.model = parameter, value, model
        self.reason, self.feature, self.alternatives = reason, feature, alternatives
        hint = ""
        if alternatives:
            names = ", ".join(repr(name) for name in alternatives)
            hint = f" Models that do: {names}."
        shown = "these messages" if parameter == "messages" else parameter
        super().__init__(f"{model!r} does not accept {shown}: {reason}{hint}")

    def suggesting(self, alternatives: tuple[str, ...]) -> UnsupportedError:
        """Return the same error with models that would do."""
        return UnsupportedError(
            self.parameter,
            self.value,
            model=self.model,
            reason=self.reason,
            feature=self.feature,
            alternatives=alternatives,
        )


class UnknownParameterError(UnifiedError, TypeError):
    """A setting that does not exist; the message names the nearest one."""

    def __init__(self, parameter: str, nearest: str | None, *, where: str) -> None:
        """Name the unknown setting and the nearest known one."""
        self.parameter, self.nearest = shown_name(parameter), nearest
        hint = f" Did you mean {nearest!r}?" if nearest else ""
        super().__init__(
            f"{where} got an unknown setting {self.parameter!r}.{hint} "
            "Provider-specific "
            "fields of the request body can be passed in extra_body={...}."
        )


class MissingCredentialsError(UnifiedError, ModelAuthenticationError, ValueError):
    """No key for the provider of the call."""

    def __init__(self, provider: str, title: str, variables: tuple[str, ...]) -> None:
        """Name the provider and what to set."""
        self.provider = provider
        names = " or ".join(variables)
        super().__init__(
            f"No API key for {title}. Set the environment variable {names}, or pass "
            f'providers={{"{provider}": {{"api_key": "..."}}}}.'
        )


class NoClientError(MissingCredentialsError, AttributeError):
    """There is no client, because there is no key for it; `hasattr` gives `False`."""

    def __init__(self, message: str) -> None:
        """Say what to set."""
        Exception.__init__(self, message)
        self.provider = "openai"


class ProviderNotEnabledError(UnifiedError, NotImplementedError):
    """The provider of the call is switched off or its package is not installed."""

    def __init__(self, provider: str, message: str) -> None:
        """Say what to install and what to set."""
        self.provider = provider
        super().__init__(message)


class UnsupportedVersionError(UnifiedError, ImportError):
    """An installed package is older or newer than the versions that work."""

    def __init__(self, package: str, found: str, needed: str) -> None:
        """Name the package, both versions, and what to install."""
        self.package, self.found, self.needed = package, found, needed
        super().__init__(Problem(package, found, needed).sentence)


class RegistryError(UnifiedError, ValueError):
    """A registry file or row that cannot be read."""


class ProviderError(UnifiedError, ModelError):
    """The provider answered with an error, or could not be reached.

    Attributes:
        provider: Provider id of the call.
        model: Wire name of the model of the call.
        endpoint: Endpoint of the call.
        status: HTTP status, if there was a response.
        code: The provider's own error code, if any.
        parameter: The wire parameter the error names, if any.
        request_id: The provider's id of the request, if any.
        retry_after: Seconds the provider asked to wait, if any.
        is_retryable: Whether the same request may succeed later, as LangChain
            classifies the condition.
        should_retry: Whether it is worth sending again, if the provider said so
            (`x-should-retry`) or the code tells; goes before `is_retryable`.
        fix: The changes to the request that would put it right, if the provider named
            any; see `langchain_unified.learning.Correction`.
        successor: The model that takes the place of one that is gone, if known.
        failed: What was tried before, if there were fallbacks.
    """

    provider: str | None = None
    model: str | None = None
    endpoint: str | None = None
    status: int | None = None
    code: str | None = None
    parameter: str | None = None
    request_id: str | None = None
    retry_after: float | None = None
    should_retry: bool | None = None
    fix: tuple[Any, ...] = ()
    successor: str | None = None
    failed: tuple[dict[str, Any], ...] = ()


class ProviderAuthenticationError(ProviderError, ModelAuthenticationError):
    """The provider refused the key (HTTP 401)."""


class ProviderPermissionError(ProviderError, ModelPermissionDeniedError):
    """The key may not do this (HTTP 403)."""


class ProviderInvalidRequestError(ProviderError, ModelInvalidRequestError):
    """The provider refused the request (HTTP 400, 422)."""


class ProviderModelNotFoundError(ProviderError, ModelNotFoundError):
    """The provider does not know or no longer serves the model (HTTP 404)."""


class ProviderContextOverflowError(ProviderInvalidRequestError, ContextOverflowError):
    """The input is longer than the model's context."""


class ProviderRateLimitError(ProviderError, ModelRateLimitError):
    """Too many requests, or the quota is used up (HTTP 429)."""


class ProviderUnavailableError(ProviderError, ModelAPIError):
    """The provider failed (HTTP 5xx)."""


class CircuitOpenError(ProviderUnavailableError):
    """Not sent: the provider or the model failed too often in a row.

    `retry_after` says in how many seconds a call may try again.
    """

    is_retryable = False


class ProviderConnectionError(ProviderError, ModelConnectionError):
    """The provider could not be reached."""


class ProviderTimeoutError(ProviderError, ModelTimeoutError):
    """The provider did not answer in time."""


class MalformedResponseError(ProviderError, ModelAPIError):
    """The answer is not what the provider's API promises."""


def ours_within(error: BaseException) -> ProviderError | None:
    """Return the error of ours that an SDK wrapped in its own, if it did."""
    found: BaseException | None = error
    while found is not None and not isinstance(found, ProviderError):
        found = found.__cause__
    return found


def refusal_within(error: BaseException) -> UnifiedError | None:
    """Return what refused a call below an SDK, which wrapped it as a broken line."""
    found: BaseException | None = error
    while found is not None:
        if isinstance(found, UnifiedError) and not isinstance(found, ProviderError):
            return found
        found = found.__cause__
    return None
