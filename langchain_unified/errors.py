"""All errors of this package: one class tree over langchain-core's `ModelError`.

```text
UnifiedError
├── InvalidParameterError      an invalid value                  (also ValueError)
│   └── InvalidTypeError       a value of the wrong type         (also TypeError)
├── UnsupportedError           the model does not support the request (ValueError)
├── UnknownParameterError      an unknown setting                (also TypeError)
├── MissingCredentialsError    no key for the provider of the call
│   └── NoClientError          there is no client without a key (also AttributeError)
├── ProviderNotEnabledError    the provider is disabled or not installed
├── UnsupportedVersionError    the version of an installed package fails
├── RegistryError              a registry row cannot be read
└── ProviderError              the provider returned an error
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
    """Return a value of the wrong type for an error message, masked if it may be a key.

    Example:
        >>> shown_value("hot"), shown_value("sk-1234567890"), shown_value([1, "1e"])
        ('hot', '**********', '**********')
    """
    if value is None or isinstance(value, (bool, int, float)):
        return value
    return value if isinstance(value, str) and _PLAIN.fullmatch(value) else "*" * 10


def shown_name(text: str) -> str:
    """Return an unknown name for an error message, masked if it may be a key.

    Example:
        >>> shown_name("temprature"), shown_name("sk-1234567890")
        ('temprature', '**********')
    """
    return "*" * 10 if _LIKE_A_KEY.search(text) else text


_LIKE_A_KEY = re.compile(r"\b(?:sk|pk|rk)-|\bAIza|\beyJ|[^\s:,=()_.-]{20}")
_PLAIN = re.compile(r"[A-Za-z]{0,12}|[-+]?[0-9.,_]{1,8}%?")
"""A word or a number: too short and too plain for a key."""


class InvalidParameterError(UnifiedError, ValueError):
    """An invalid value; raised before anything is sent.

    Attributes:
        parameter: The name of the setting in LangChain.
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
        """Pickle the attributes too."""
        kind = type(self)
        bases = (kind,) if kind.__name__ != _COMBINED else kind.__bases__
        return _rebuilt, (bases, self.args, vars(self))


class InvalidTypeError(InvalidParameterError, TypeError):
    """A value of an invalid type; raised before anything is sent."""


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
    """Return an error that is also an instance of the class of another error.

    Args:
        error: The error that LangChain, the SDK or Python raised for the value.
        parameter: The name of the parameter.
        value: The value as the message shows it.
        accepted: What is wrong, and which values are accepted.

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
    """The model does not support the request; raised before sending.

    Attributes:
        parameter: The setting or feature that is not supported.
        value: The value given.
        model: The model of the call.
        feature: The `ModelProfile` key of the missing capability, if it is one.
        alternatives: Registered models that support it.
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
        """Name the model, the parameter, the reason and models that support it."""
        self.parameter, self.value, self.model = parameter, value, model
        self.reason, self.feature, self.alternatives = reason, feature, alternatives
        hint = ""
        if alternatives:
            names = ", ".join(repr(name) for name in alternatives)
            hint = f" Models that do: {names}."
        shown = "these messages" if parameter == "messages" else parameter
        super().__init__(f"{model!r} does not accept {shown}: {reason}{hint}")

    def suggesting(self, alternatives: tuple[str, ...]) -> UnsupportedError:
        """Return the same error with models that support the request."""
        return UnsupportedError(
            self.parameter,
            self.value,
            model=self.model,
            reason=self.reason,
            feature=self.feature,
            alternatives=alternatives,
        )


class UnknownParameterError(UnifiedError, TypeError):
    """An unknown setting; the message suggests the most similar one."""

    def __init__(self, parameter: str, nearest: str | None, *, where: str) -> None:
        """Name the unknown setting and the most similar one."""
        self.parameter, self.nearest = shown_name(parameter), nearest
        hint = f" Did you mean {nearest!r}?" if nearest else ""
        super().__init__(
            f"{where} got an unknown setting {self.parameter!r}.{hint} "
            "Provider-specific "
            "fields of the request body can be passed in extra_body={...}."
        )


class MissingCredentialsError(UnifiedError, ModelAuthenticationError, ValueError):
    """There is no API key for the provider of the call."""

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
    """The provider of the call is disabled, or its package is not installed."""

    def __init__(self, provider: str, message: str) -> None:
        """Say what to install and what to set."""
        self.provider = provider
        super().__init__(message)


class UnsupportedVersionError(UnifiedError, ImportError):
    """The version of an installed package is not supported."""

    def __init__(self, package: str, found: str, needed: str) -> None:
        """Name the package, both versions, and what to install."""
        self.package, self.found, self.needed = package, found, needed
        super().__init__(Problem(package, found, needed).sentence)


class RegistryError(UnifiedError, ValueError):
    """A registry file or row that cannot be read."""


class ProviderError(UnifiedError, ModelError):
    """The provider returned an error or could not be reached.

    Attributes:
        provider: Provider id of the call.
        model: Name of the model in the request.
        endpoint: Endpoint of the call.
        status: HTTP status, if there was a response.
        code: The provider's own error code, if any.
        parameter: The request parameter that the error names, if any.
        request_id: The provider's request id, if any.
        retry_after: Seconds to wait before a retry, if the provider sent them.
        is_retryable: Whether the same request may succeed later, as LangChain
            classifies the condition.
        should_retry: Whether to retry, if the provider (`x-should-retry`) or the error
            code says so; takes precedence over `is_retryable`.
        fix: The changes that would correct the request, if the provider named any;
            see `langchain_unified.learning.Correction`.
        successor: The replacement of a model that was shut down, if known.
        failed: The failed attempts before this one, if there were fallbacks.
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
    """The provider rejected the API key (HTTP 401)."""


class ProviderPermissionError(ProviderError, ModelPermissionDeniedError):
    """The API key does not have permission (HTTP 403)."""


class ProviderInvalidRequestError(ProviderError, ModelInvalidRequestError):
    """The provider rejected the request (HTTP 400, 422)."""


class ProviderModelNotFoundError(ProviderError, ModelNotFoundError):
    """The provider does not have the model, or no longer (HTTP 404)."""


class ProviderContextOverflowError(ProviderInvalidRequestError, ContextOverflowError):
    """The input exceeds the model's context window."""


class ProviderRateLimitError(ProviderError, ModelRateLimitError):
    """Too many requests, or the quota is exhausted (HTTP 429)."""


class ProviderUnavailableError(ProviderError, ModelAPIError):
    """The provider failed (HTTP 5xx)."""


class CircuitOpenError(ProviderUnavailableError):
    """The call was not sent, because the circuit breaker is open.

    `retry_after` is the number of seconds until the next call is allowed.
    """

    is_retryable = False


class ProviderConnectionError(ProviderError, ModelConnectionError):
    """The provider could not be reached."""


class ProviderTimeoutError(ProviderError, ModelTimeoutError):
    """The provider did not answer in time."""


class MalformedResponseError(ProviderError, ModelAPIError):
    """The response does not have the format of the provider's API."""


def ours_within(error: BaseException) -> ProviderError | None:
    """Return this package's error that an SDK wrapped in its own, if there is one."""
    found: BaseException | None = error
    while found is not None and not isinstance(found, ProviderError):
        found = found.__cause__
    return found


def refusal_within(error: BaseException) -> UnifiedError | None:
    """Return this package's error that an SDK wrapped as a connection error, if any."""
    found: BaseException | None = error
    while found is not None:
        if isinstance(found, UnifiedError) and not isinstance(found, ProviderError):
            return found
        found = found.__cause__
    return None
