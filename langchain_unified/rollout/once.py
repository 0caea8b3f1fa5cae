"""Attempts at a call that is made once: nothing is learned, nothing is planned again."""

from __future__ import annotations

from collections.abc import Iterator
from types import TracebackType

from langchain_unified.attempts import Attempt, Attempts
from langchain_unified.types import CallPlan


class Once(Attempts):
    """One attempt with a finished plan."""

    def __init__(self, plan: CallPlan) -> None:
        """Keep the plan."""
        self._finished = plan
        self.corrections = 0

    def __iter__(self) -> Iterator[Attempt]:
        """Yield the attempt."""
        yield OneAttempt(self._finished)


class OneAttempt(Attempt):
    """The attempt, as a context manager that gives the plan; errors pass."""

    def __init__(self, plan: CallPlan) -> None:
        """Keep the plan."""
        self._finished = plan

    def commit(self) -> None:
        """Do nothing: nothing would be learned anyway."""

    def __enter__(self) -> CallPlan:
        """Return the plan."""
        return self._finished

    async def __aenter__(self) -> CallPlan:
        """Return the plan."""
        return self._finished

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> bool:
        """Let every error pass."""
        return False
