"""Whether to try again, and when."""

from __future__ import annotations

import random

from langchain_unified.errors import ProviderError
from langchain_unified.reliability.limits import limits

DEFAULT_RETRIES = 2
"""Attempts after the first where the call does not say, as the OpenAI SDK has it."""

_JITTER = 0.25
_MOST_DOUBLINGS = 30


def wait_before_retry(error: ProviderError, retries: int) -> float | None:
    """Return the seconds to wait before the next attempt; `None` for no more.

    Args:
        error: What the last attempt raised.
        retries: Retries made so far.
    """
    if not error.is_retryable:
        return None
    bounds = limits()
    if error.retry_after is not None:
        asked = error.retry_after
        return asked if asked <= bounds.longest_retry_after else None
    doubled = bounds.first_wait * 2.0 ** min(retries, _MOST_DOUBLINGS)
    jitter: float = 1 - _JITTER * random.random()  # noqa: S311
    return min(doubled, bounds.longest_wait) * jitter
