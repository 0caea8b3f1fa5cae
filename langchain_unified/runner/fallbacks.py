"""Fallbacks: which models or service tier to try next, and after which errors."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from langchain_unified.cost import TIER
from langchain_unified.errors import (
    InvalidParameterError,
    ProviderContextOverflowError,
    ProviderError,
    ProviderInvalidRequestError,
    UnifiedError,
    UnknownParameterError,
    UnsupportedError,
)
from langchain_unified.learning import Trial
from langchain_unified.runner.work import MakePlan
from langchain_unified.types import CallPlan, Change, Invocation

_CALLERS = (InvalidParameterError, UnknownParameterError, UnsupportedError)


def read_fallbacks(given: Any) -> tuple[dict[str, Any], ...]:
    """Return the settings of each fallback.

    Args:
        given: Model names, or dictionaries of settings that name a `model`.

    Raises:
        InvalidParameterError: If it is neither.

    Example:
        >>> read_fallbacks(["a", {"model": "b", "temperature": 0}])
        ({'model': 'a'}, {'model': 'b', 'temperature': 0})
    """
    if not given:
        return ()
    if isinstance(given, (str, Mapping)) or not isinstance(given, Sequence):
        raise _unreadable(given)
    return tuple(_settings(one) for one in given)


def moves_on(error: BaseException, *, first: bool) -> bool:
    """Tell whether another model is worth trying after an error.

    Args:
        error: What the model before raised.
        first: Whether it was the model asked for. What the caller has to put right
            is not passed over for it.
    """
    if not isinstance(error, UnifiedError):
        return False
    if isinstance(error, _CALLERS):
        return not first
    if isinstance(error, ProviderContextOverflowError):
        return True
    if isinstance(error, ProviderInvalidRequestError):
        return not (error.parameter or error.fix)
    return True


def has_no_room(error: BaseException) -> bool:
    """Tell whether a provider had no capacity for a call at its service tier.

    OpenAI answers 429 `resource_unavailable` to flex calls, which are not billed, and
    Google 503 (flex processing guide of OpenAI, Gemini API page on flex inference;
    2026-11-28).
    """
    if not isinstance(error, ProviderError):
        return False
    no_room = error.status == _LIMITED and error.code == _NO_ROOM
    return no_room or error.status == _BUSY


_BUSY, _LIMITED, _NO_ROOM = 503, 429, "resource_unavailable"


def at_other_tier(
    call: Invocation,
    tier: str,
    plan: Callable[[Invocation, tuple[Trial, ...]], CallPlan],
) -> MakePlan | None:
    """Return what plans a call for another service tier, on record.

    It is `None` if the call asks for no tier, or for this one.
    """
    extra = dict(call.extra_body)
    asked = extra.pop(TIER, None) or call.params.get(TIER)
    if asked is None or asked == tier:
        return None
    moved = call._replace(params={**call.params, TIER: tier}, extra_body=extra)
    reason = f"the provider had no capacity for the call at service_tier={asked!r}."
    change = Change(TIER, "routed", asked, tier, reason, "service_tier_fallback")

    def noted(caution: int, trials: tuple[Trial, ...]) -> CallPlan:
        made = plan(moved._replace(caution=caution), trials)
        return replace(made, changes=(*made.changes, change))

    return noted


def _settings(given: Any) -> dict[str, Any]:
    if isinstance(given, str) and given:
        return {"model": given}
    if isinstance(given, Mapping) and isinstance(given.get("model"), str):
        return dict(given)
    raise _unreadable(given)


def _unreadable(given: Any) -> InvalidParameterError:
    accepted = 'give names, or dictionaries like {"model": "...", "temperature": 0}.'
    return InvalidParameterError("fallbacks", f"a {type(given).__name__}", accepted)
