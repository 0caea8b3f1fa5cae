"""One attempt at a call whose plan is finished."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import nullcontext
from typing import Any

from langchain_unified.attempts import Attempts
from langchain_unified.reliability.scope import Scope
from langchain_unified.types import CallPlan


class Once(Attempts):
    """One attempt with a finished plan: nothing is learned, nothing planned again."""

    def __init__(self, plan: CallPlan) -> None:
        """Keep the plan."""
        super().__init__(lambda *_: plan, None, lambda _: Scope())

    def __iter__(self) -> Iterator[Any]:
        """Yield the attempt."""
        yield _OneAttempt(self.plan())


class _OneAttempt(nullcontext[CallPlan]):
    def commit(self) -> None:
        """Do nothing: nothing would be learned anyway."""
