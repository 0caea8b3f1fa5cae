"""Whether to try again, and when."""

from __future__ import annotations

import math
import random
import time
from collections.abc import Mapping
from email.utils import mktime_tz, parsedate_tz

from langchain_unified.errors import ProviderError
from langchain_unified.reliability.limits import limits
from langchain_unified.runtime import Runtime

DEFAULT_RETRIES = 2
"""Attempts after the first where the call does not say, as the OpenAI SDK has it."""

_JITTER = 0.25
_MOST_DOUBLINGS = 30


def wait_before_retry(
    error: ProviderError, retries: int, kept: Runtime | None = None
) -> float | None:
    """Return the seconds to wait before the next attempt; `None` for no more.

    Args:
        error: What the last attempt raised.
        retries: Retries made so far.
        kept: The runtime whose limits hold; see `limits`.
    """
    asked_again = error.should_retry
    if not (error.is_retryable if asked_again is None else asked_again):
        return None
    bounds = limits(kept)
    asked = error.retry_after or 0.0
    if asked > bounds.longest_retry_after:
        return None
    if asked > 0:
        return asked  # 0 and less say nothing: at once would be into the same fault.
    doubled = bounds.first_wait * 2.0 ** min(retries, _MOST_DOUBLINGS)
    jitter: float = 1 - _JITTER * random.random()  # noqa: S311
    return min(doubled, bounds.longest_wait) * jitter


def told_to_retry(headers: Mapping[str, str] | None) -> bool | None:
    """Return what `x-should-retry` says; `None` where nothing does.

    The SDKs of OpenAI and Anthropic obey it whatever the status is.
    """
    told = headers.get("x-should-retry") if headers else None
    return told == "true" if told in {"true", "false"} else None


def retry_after(headers: Mapping[str, str] | None) -> float | None:
    """Return the seconds a response asks to wait, if it does."""
    if headers is None:
        return None
    for name, scale in (("retry-after-ms", 1000.0), ("retry-after", 1.0)):
        seconds = _number(headers.get(name))
        if seconds is not None:
            return seconds / scale
    date = parsedate_tz(headers.get("retry-after") or "")
    return None if date is None else max(0.0, mktime_tz(date) - time.time())


def _number(text: str | None) -> float | None:
    try:
        number = float(text or "")
    except ValueError:
        return None
    return number if math.isfinite(number) and number >= 0 else None
