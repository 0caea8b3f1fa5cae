"""Attempts at a call whose way is decided: on the legacy path, or on record."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from types import TracebackType
from typing import Literal

from langchain_unified.attempts import Attempt, Attempts
from langchain_unified.types import CallPlan


class Once(Attempts):
    """One attempt with a finished plan: nothing is learned, nothing planned again."""

    def __init__(self, plan: CallPlan) -> None:
        """Keep the plan."""
        self._finished = plan

    def paid(self, cost: float | None) -> None:
        """Keep no account: the plain model has no budget."""

    def __iter__(self) -> Iterator[Attempt]:
        """Yield the attempt."""
        yield _OneAttempt(self._finished)


class _OneAttempt(Attempt):
    def __init__(self, plan: CallPlan) -> None:
        self._finished = plan

    def commit(self) -> None:
        """Do nothing: nothing would be learned anyway."""

    def __enter__(self) -> CallPlan:
        return self._finished

    async def __aenter__(self) -> CallPlan:
        return self._finished

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


class Recorded(Attempts):
    """The same attempts, each with its plan rewritten."""

    def __init__(
        self, attempts: Attempts, rewrite: Callable[[CallPlan], CallPlan]
    ) -> None:
        """Keep both."""
        self._inner, self._rewrite = attempts, rewrite

    def paid(self, cost: float | None) -> None:
        """Say what the answer cost, if that is known."""
        self._inner.paid(cost)

    def __iter__(self) -> Iterator[Attempt]:
        """Yield the attempts."""
        for attempt in self._inner:
            yield _Rewritten(attempt, self._rewrite)


class _Rewritten(Attempt):
    def __init__(
        self, attempt: Attempt, rewrite: Callable[[CallPlan], CallPlan]
    ) -> None:
        self._inner, self._rewrite = attempt, rewrite

    def commit(self) -> None:
        """Say that the provider took the request."""
        self._inner.commit()

    def __enter__(self) -> CallPlan:
        return self._rewrite(self._inner.__enter__())

    async def __aenter__(self) -> CallPlan:
        return self._rewrite(await self._inner.__aenter__())

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> bool:
        return self._inner.__exit__(kind, error, trace)

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> bool:
        return await self._inner.__aexit__(kind, error, trace)
