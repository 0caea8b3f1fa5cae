"""The input of a call, converted to messages or rejected with a typed error."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from langchain_core.messages import RemoveMessage
from langchain_core.prompt_values import ChatPromptValue, PromptValue
from pydantic import ValidationError

from langchain_unified.errors import (
    InvalidTypeError,
    UnifiedError,
    invalid_as,
    shown_value,
)

_READING = (
    AttributeError,
    LookupError,
    NotImplementedError,
    TypeError,
    ValueError,
)
"""What langchain-core raises for messages that it cannot read."""

_LONGEST = 300


@contextmanager
def reading(given: Any) -> Iterator[None]:
    """Raise LangChain's errors for invalid input as errors of this package too.

    Args:
        given: The input of a call.

    Raises:
        InvalidParameterError: If it holds no messages; it is of LangChain's class too.
    """
    try:
        yield
    except UnifiedError:
        raise
    except _READING as error:
        said = _in_words(error)
        raise invalid_as(error, "messages", shown_value(given), said) from error


def sendable(value: PromptValue) -> PromptValue:
    """Return the input of a call, if each message can be sent.

    Raises:
        InvalidTypeError: For a `RemoveMessage`, which edits a history.
    """
    messages = value.messages if isinstance(value, ChatPromptValue) else ()
    if any(isinstance(message, RemoveMessage) for message in messages):
        accepted = "a RemoveMessage cannot be sent; apply it to the history first."
        raise InvalidTypeError("messages", "...", accepted)
    return value


def _in_words(error: Exception) -> str:
    if isinstance(error, ValidationError):
        first = error.errors(include_url=False, include_input=False)[0]
        return f"{'.'.join(map(str, first['loc']))}: {first['msg']}."
    said = f"the key {error} is missing." if isinstance(error, KeyError) else str(error)
    return said.partition("\nFor troubleshooting")[0][:_LONGEST]
