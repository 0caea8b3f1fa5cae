"""What a call is given, checked before it is planned: messages, headers, JSON."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from langchain_core.messages import RemoveMessage
from langchain_core.prompt_values import ChatPromptValue, PromptValue
from pydantic import ValidationError

from langchain_unified.errors import (
    InvalidParameterError,
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
    """Raise what LangChain raises for an odd input as an error of ours as well.

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
        accepted = "a RemoveMessage edits a history and cannot be sent; apply it first."
        raise InvalidTypeError("messages", "...", accepted)
    return value


def _in_words(error: Exception) -> str:
    if isinstance(error, ValidationError):
        first = error.errors(include_url=False, include_input=False)[0]
        return f"{'.'.join(map(str, first['loc']))}: {first['msg']}."
    said = f"the key {error} is missing." if isinstance(error, KeyError) else str(error)
    return said.partition("\nFor troubleshooting")[0][:_LONGEST]


def unwritable(error: Exception) -> InvalidParameterError:
    """Return the error of a request that cannot be written as JSON, or as headers."""
    what = "it holds lone surrogates, or headers that are not ASCII"
    if not isinstance(error, UnicodeEncodeError):
        what = f"{error}. Numbers must be finite, other values plain data"
    accepted = f"the request cannot be written: {what}."
    return invalid_as(error, "request", "...", accepted)


def check_writable(*values: Any) -> None:
    """Refuse what JSON cannot hold, for an SDK that would send it all the same.

    Args:
        values: JSON values.

    Raises:
        InvalidParameterError: If a text holds half of a surrogate pair, or a number is
            not finite.
    """
    pending: list[Any] = list(values)
    while pending:
        value = pending.pop()
        if isinstance(value, str):
            if not value.isascii():
                _encoded(value)
        elif isinstance(value, Mapping):
            pending += value
            pending += value.values()
        elif isinstance(value, (list, tuple)):
            pending += value
        elif isinstance(value, float) and not math.isfinite(value):
            raise unwritable(ValueError(f"{value} is no number of JSON"))


def _encoded(text: str) -> bytes:
    try:
        return text.encode()
    except UnicodeEncodeError as error:
        raise unwritable(error) from error
