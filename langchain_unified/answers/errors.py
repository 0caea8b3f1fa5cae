"""Errors for responses that cannot be used: refused, truncated, or not as requested.

Each error is also what the provider's own package raises in its place, so that code
written for `ChatOpenAI` catches it.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

from langchain_core import exceptions as core_exceptions
from langchain_core.exceptions import ModelError, OutputParserException
from langchain_core.messages import BaseMessage
from pydantic import ValidationError
from pydantic_core import PydanticCustomError, PydanticKnownError

from langchain_unified.content import RECORD
from langchain_unified.errors import (
    ProviderNotEnabledError,
    UnifiedError,
    UnsupportedVersionError,
)
from langchain_unified.shims.loading import load_shim

# Before langchain-core 1.7.5 there is no error of its own for a refusal.
if TYPE_CHECKING:
    from langchain_core.exceptions import ModelRefusalError
else:
    ModelRefusalError = getattr(core_exceptions, "ModelRefusalError", ModelError)

_CUT_OFF = frozenset({"length", "max_tokens", "max_output_tokens"})
_FILTERED = "content_filter"


class StructuredOutputError(UnifiedError, OutputParserException):
    """The response does not match the schema.

    Attributes:
        message: The response.
    """

    _made_of: tuple[Any, tuple[Any, ...]] | None = None
    """What a class made here consists of: ours, and those of the provider's package."""

    def __init__(self, text: str, message: BaseMessage) -> None:
        """Keep the answer with the reason."""
        self.message = message
        super().__init__(text, llm_output=str(message.text))

    def __reduce__(self) -> Any:
        """Travel between processes with the answer; pydantic's part stays behind."""
        made_of = self._made_of or (type(self), ())
        return _restored, (*made_of, self.args, self.__dict__)


def _restored(
    kind: Any, also: tuple[Any, ...], args: Any, state: dict[str, Any]
) -> Exception:
    made = _combined(kind, also)
    problem: Exception = made.__new__(made, *args)
    problem.args = args
    problem.__dict__.update(state)
    return problem


class RefusalError(StructuredOutputError, ModelRefusalError):
    """The model refused to answer; since langchain-core 1.7.5 also one of its errors.

    Attributes:
        raw_message: The answer itself, as langchain-core's `ModelRefusalError` has it.
    """

    def __init__(self, text: str, message: BaseMessage) -> None:
        """Keep the answer with the reason."""
        super().__init__(text, message)
        self.raw_message = message


class TruncatedOutputError(StructuredOutputError):
    """The response was truncated; `max_tokens` may be too low."""


class _InvalidError(StructuredOutputError):
    """An answer that pydantic refused, told in its own words."""

    def __init__(self, *_: Any) -> None:
        """Take what pydantic makes its errors of; the rest is set by `_refused_by`."""

    def __str__(self) -> str:
        """Return what went wrong, as `StructuredOutputError` says it."""
        return str(self.args[0])


@cache
def _combined(kind: Any, also: tuple[Any, ...], *, by_pydantic: bool = False) -> Any:
    """Return a class that is ours and those of others; `None` if there can be none.

    pydantic's error can be subclassed since 2.10 (tried out 2026-11-27).
    """
    invalid = (_InvalidError, ValidationError) if by_pydantic else ()
    if not (also or by_pydantic):
        return kind
    ours = () if by_pydantic and kind is StructuredOutputError else (kind,)
    name = "StructuredValidationError" if not ours else kind.__name__
    namespace = {
        "__doc__": kind.__doc__,
        "__module__": __name__,
        "_made_of": (kind, also),
    }
    try:
        return type(name, (*ours, *invalid, *also), namespace)
    except TypeError:
        return None


StructuredValidationError = _combined(StructuredOutputError, (), by_pydantic=True)
"""A `StructuredOutputError` that is pydantic's `ValidationError`; None before 2.10."""


def refusal_error(told: str, message: BaseMessage) -> RefusalError:
    """Return the error of an answer that was refused, or stopped by a filter.

    Args:
        told: What it was refused with.
        message: The answer.
    """
    reason = _FILTERED if _FILTERED in _reasons(message) else "refusal"
    also, fields = _of_the_sdk(reason, message)
    error: RefusalError = _combined(RefusalError, also)(
        f"The model refused to answer: {told}", message
    )
    vars(error).update(fields)
    return error


def form_error(
    error: Exception, message: BaseMessage, target: Any
) -> StructuredOutputError:
    """Return the error of an answer that does not have the form asked for.

    Args:
        error: What was wrong with it.
        message: The answer.
        target: What it was to be; of a pydantic class it is pydantic's error as well.
    """
    also: tuple[Any, ...] = ()
    fields: dict[str, Any] = {}
    kind: Any = StructuredOutputError
    text = f"The response does not match the schema: {error}"
    if _CUT_OFF & _reasons(message):
        text = "The response was truncated at the max_tokens limit; raise max_tokens."
        kind = TruncatedOutputError
        also, fields = _of_the_sdk("length", message)
    by_pydantic = hasattr(target, "model_validate")
    made = _combined(kind, also, by_pydantic=by_pydantic) if by_pydantic else None
    if made is None:
        found: StructuredOutputError = _combined(kind, also)(text, message)
    else:
        found = made.from_exception_data(target.__name__, _details(error, message))
        StructuredOutputError.__init__(found, text, message)
    vars(found).update(fields)
    return found


def is_cut_off(message: BaseMessage) -> bool:
    """Tell whether an answer ended because no more tokens were allowed."""
    return bool(_CUT_OFF & _reasons(message))


def refusal_of(message: BaseMessage) -> str | None:
    """Return what an answer was refused with, wherever it says so."""
    told = message.additional_kwargs.get("refusal")
    if told:
        return str(told)
    content = message.content if isinstance(message.content, list) else []
    for block in content:
        inner = block.get("value", block) if isinstance(block, dict) else {}
        if isinstance(inner, dict) and inner.get("refusal"):
            return str(inner["refusal"])
    if _FILTERED in _reasons(message):
        return "a content filter stopped the response"
    return None


def _reasons(message: BaseMessage) -> set[str]:
    """Return why an answer ended, in the words of either endpoint."""
    metadata = message.response_metadata
    details = metadata.get("incomplete_details")
    incomplete = details.get("reason") if isinstance(details, Mapping) else None
    return {str(one).lower() for one in (metadata.get("finish_reason"), incomplete)}


def _of_the_sdk(
    reason: str, message: BaseMessage
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """Return what the provider's package raises for such an end, and its fields."""
    provider = (message.response_metadata.get(RECORD) or {}).get("provider")
    if not provider:
        return (), {}
    try:
        return load_shim(provider).sdk_errors(reason, message)
    except (ProviderNotEnabledError, UnsupportedVersionError):
        return (), {}  # The answer was read where its provider is not installed.


def _details(error: Exception, message: BaseMessage) -> list[Any]:
    if isinstance(error, ValidationError):
        return [_detail(found) for found in error.errors(include_url=False)]
    said = {"input": message.text, "ctx": {"error": str(error)}}
    return [{"type": "json_invalid", "loc": (), **said}]


def _detail(found: Any) -> Any:
    """Return one of pydantic's findings in the form its errors are made of."""
    kind, context = found["type"], found.get("ctx") or {}
    place: Any = {"loc": found["loc"], "input": found["input"]}
    try:
        PydanticKnownError(kind, context)
    except (KeyError, TypeError, ValueError):
        text = found["msg"].replace("{", "{{").replace("}", "}}")
        return {**place, "type": PydanticCustomError(kind, text)}
    return {**place, "type": kind, "ctx": context}
