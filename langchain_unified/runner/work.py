"""What each attempt at a call needs, whichever model it is made with."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from langchain_unified.learning import Carried, Lessons, Trial
from langchain_unified.reliability.safeguards import Safeguards
from langchain_unified.reliability.scope import Scope
from langchain_unified.shims.base import ProviderShim
from langchain_unified.types import CallPlan

MakePlan = Callable[[int, tuple[Trial, ...]], CallPlan]
"""Plans a call with what is known at that moment and with the corrections that this
call is trying out, more or less cautiously; see `Invocation.caution`."""

Finish = Callable[[CallPlan], CallPlan]
"""Puts on a plan what is on record of it beside what was planned."""


def _nothing_learned() -> None:
    return None


class Work(NamedTuple):
    """What each attempt at a call needs, whichever model it is made with.

    Attributes:
        connect: Returns the shim a plan is sent with. The first connection imports the
            provider's SDK, so no clock runs before it is there.
        scope: Returns whose call a plan is; asked when it matters.
        lessons: Returns where refusals are remembered; `None` to learn nothing.
        carried: Returns the texts that the request carries, which an error may repeat.
        safeguards: Breakers, places and limits of rate; none if left out.
        deadline: Seconds for the call at each model; no limit if left out.
        finish: What a plan goes through last, before it is sent.
    """

    connect: Callable[[CallPlan], ProviderShim]
    scope: Callable[[CallPlan], Scope] = lambda _: Scope()
    lessons: Callable[[], Lessons | None] = _nothing_learned
    carried: Callable[[], Carried] = Carried
    safeguards: Safeguards = Safeguards()
    deadline: float | None = None
    finish: Finish | None = None
