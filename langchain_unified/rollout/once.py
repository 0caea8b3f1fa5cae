"""One attempt at a call whose plan is finished."""

from __future__ import annotations

from collections.abc import Iterator
from types import TracebackType
from typing import Literal

from langchain_unified.attempts import Attempt, Attempts
from langchain_unified.reliability.scope import Scope
from langchain_unified.types import CallPlan


class Once(Attempts):
    """One attempt with a finished plan: nothing is learned, nothing planned again."""

    def __init__(self, plan: CallPlan) -> None:
        """Keep the plan."""
        super().__init__(lambda *_: plan, None, lambda _: Scope())

    def __iter__(self) -> Iterator[Attempt]:
        """Yield the attempt."""
        yield _OneAttempt(self)


class _OneAttempt(Attempt):
    def __init__(self, attempts: Attempts) -> None:
        super().__init__(attempts)
        self._plan = attempts.plan()

    def commit(self) -> None:
        """Do nothing: nothing would be learned anyway."""

    def __enter__(self) -> CallPlan:
        return self._plan

    async def __aenter__(self) -> CallPlan:
        return self._plan

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> Literal[False]:
        return False

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> Literal[False]:
        return False
