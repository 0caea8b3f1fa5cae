"""Requests that cannot be written down: refused before they are sent."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from langchain_unified.errors import InvalidParameterError, invalid_as


def unwritable(error: Exception) -> InvalidParameterError:
    """Return the error of a request that cannot be written as JSON, or as headers."""
    what = "it contains lone surrogates, or headers that are not ASCII"
    if not isinstance(error, UnicodeEncodeError):
        what = f"{error}. Numbers must be finite, other values plain data"
    accepted = f"the request cannot be encoded: {what}."
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
            raise unwritable(ValueError(f"{value} is not a JSON number"))


def _encoded(text: str) -> bytes:
    try:
        return text.encode()
    except UnicodeEncodeError as error:
        raise unwritable(error) from error
