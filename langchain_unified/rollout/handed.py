"""What a method answers, handed on as it is: a value, an awaitable, or a generator."""

from __future__ import annotations

import inspect
from collections.abc import (
    AsyncGenerator,
    AsyncIterator,
    Awaitable,
    Callable,
    Generator,
    Iterator,
)
from contextlib import AbstractContextManager, closing, nullcontext
from typing import Any, cast

from langchain_unified.reliability.closing import owned
from langchain_unified.rollout.capture import Sent, recording

_END = object()


class Handed:
    """Hands on what a method answers: a value, something to await, or a generator.

    Each time the method is at work is a `step`; what its caller does in between is
    not.
    """

    def of(self, ask: Callable[[], Any]) -> Any:
        """Return what a method answers."""
        found = self._value(ask)
        if inspect.isawaitable(found):
            return self._later(found)
        if inspect.isasyncgen(found):
            return self._apieces(cast("Any", found))
        if inspect.isgenerator(found):
            return self._pieces(cast("Any", found))
        self.over()
        return self.value(found)

    def step(self) -> AbstractContextManager[None]:
        """Return what surrounds the method each time it is at work."""
        return nullcontext()

    def value(self, found: Any) -> Any:
        """Return a whole answer; called with no text at the end of a stream."""
        return found

    def failed(self, error: Exception) -> Any:
        """Raise an error, or return what stands for it."""
        raise error

    def piece(self, piece: Any) -> Any:
        """Return a piece of an answer."""
        return piece

    def over(self) -> None:
        """Hear that the answer is there, or will not be."""

    def _value(self, ask: Callable[[], Any]) -> Any:
        try:
            with self.step():
                return ask()
        except Exception as error:  # noqa: BLE001 - for the class to judge
            self.over()
            return self.failed(error)

    async def _later(self, found: Awaitable[Any]) -> Any:
        try:
            with self.step():
                value = await found
            return self.value(value)
        except Exception as error:  # noqa: BLE001 - for the class to judge
            return self.failed(error)
        finally:
            self.over()

    def _pieces(self, found: Generator[Any, None, None]) -> Iterator[Any]:
        try:
            with closing(found):
                while (piece := self._next(found)) is not _END:
                    yield self.piece(piece)
            self.value("")
        finally:
            self.over()

    async def _apieces(self, found: AsyncGenerator[Any, None]) -> AsyncIterator[Any]:
        try:
            async with owned(found) as pieces:
                while (piece := await self._anext(pieces)) is not _END:
                    yield self.piece(piece)
            self.value("")
        finally:
            self.over()

    def _next(self, found: Iterator[Any]) -> Any:
        with self.step():
            return next(found, _END)

    async def _anext(self, found: AsyncIterator[Any]) -> Any:
        with self.step():
            return await anext(found, _END)


class Watched(Handed):
    """An old service's answer in `shadow`; it is looked at, and not touched."""

    def __init__(self, observe: Callable[..., None]) -> None:
        """Keep what is told of the call when it is over."""
        from langchain_unified.rollout.paths import Answer  # noqa: PLC0415

        self._observe, self._answer, self._sent = observe, Answer(), list[Sent]()

    def step(self) -> AbstractContextManager[None]:
        """See what is sent meanwhile."""
        return recording(self._sent)

    def value(self, found: Any) -> Any:
        """Keep the text of an answer for the mirror, if it has one."""
        held = {"text": found} if isinstance(found, str) else found
        held = held if isinstance(held, dict) else getattr(held, "__dict__", {})
        if held.get("success", True) and isinstance(held.get("text", ""), str):
            self._answer.finish(held.get("text", ""))
        return found

    def piece(self, piece: Any) -> Any:
        """Keep the text of a piece."""
        self._answer.text += piece if isinstance(piece, str) else ""
        return piece

    def over(self) -> None:
        """Have the call compared."""
        self._observe(sent=tuple(self._sent), answer=self._answer)
