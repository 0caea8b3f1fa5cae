"""A call on the path that a flag chose: sent, and looked at when it is over."""

from __future__ import annotations

import inspect
import time
from collections.abc import (
    AsyncGenerator,
    AsyncIterator,
    Awaitable,
    Callable,
    Generator,
    Iterator,
)
from contextlib import AbstractContextManager, closing, contextmanager, nullcontext
from typing import Any, cast

from langchain_core.messages import BaseMessage
from langchain_core.messages.ai import AIMessage, UsageMetadata, add_usage
from langchain_core.outputs import ChatGenerationChunk, ChatResult

from langchain_unified.answer_errors import refusal_of
from langchain_unified.answers.whole import COST
from langchain_unified.content import RECORD, on_record
from langchain_unified.cost import cost_usd, tier_of
from langchain_unified.reliability.closing import owned
from langchain_unified.rollout.capture import Sent, recording
from langchain_unified.types import CallPlan

_END = object()


class Answer:
    """What became of a call, as far as a guard or a shadow report counts it.

    Attributes:
        text: The text of the answer.
        seconds: How long it took.
        complete: Whether it is whole.
        error: Why there is none.
        refusal: What the model said to refuse.
        usd: What it cost in US dollars; `None` if nobody knows.
    """

    def __init__(self) -> None:
        """Start the clock."""
        self.text, self.seconds, self.complete = "", 0.0, False
        self.error: Exception | None = None
        self.refusal, self.usd = "", None
        self._started = time.monotonic()

    def finish(self, text: str = "") -> None:
        """Stop the clock: the answer is whole."""
        self.text += text
        self.seconds, self.complete = time.monotonic() - self._started, True


class Handed:
    """Hands on what a method answers: a value, something to await, or a generator.

    Each time the method is at work is a `step`; what its caller does in between is
    not.
    """

    def of(self, ask: Callable[[], Any]) -> Any:
        """Return what a method answers."""
        try:
            with self.step():
                found: Any = ask()
        except Exception as error:  # noqa: BLE001 - for the class to judge
            self.over()
            return self.failed(error)
        if inspect.isawaitable(found):
            return self._later(found)
        if inspect.isasyncgen(found):
            return self._apieces(cast("Any", found))
        if inspect.isgenerator(found):
            return self._pieces(cast("Any", found))
        found = self.value(found)
        self.over()
        return found

    def step(self) -> AbstractContextManager[None]:
        """Return what surrounds the method each time it is at work."""
        return nullcontext()

    def value(self, found: Any) -> Any:
        """Return a whole answer; called with `None` at the end of a stream."""
        return found

    def failed(self, error: Exception) -> Any:
        """Raise an error, or return what stands for it."""
        raise error

    def piece(self, piece: Any) -> Any:
        """Return a piece of an answer."""
        return piece

    def over(self) -> None:
        """Hear that the answer is there, or will not be."""

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
            self.value(None)
        finally:
            self.over()

    async def _apieces(self, found: AsyncGenerator[Any, None]) -> AsyncIterator[Any]:
        try:
            async with owned(found) as pieces:
                while (piece := await self._anext(pieces)) is not _END:
                    yield self.piece(piece)
            self.value(None)
        finally:
            self.over()

    def _next(self, found: Iterator[Any]) -> Any:
        with self.step():
            return next(found, _END)

    async def _anext(self, found: AsyncIterator[Any]) -> Any:
        with self.step():
            return await anext(found, _END)


class Path(Handed):
    """One call: the four ways to send it, each watched to its end.

    Nothing is tried again, translated or checked here. What the sender returns or
    raises is what the caller gets; the record of `plan` is put beside an answer of the
    plain model. `over` is told what became of the call.
    """

    def __init__(
        self,
        sender: Any,
        asked: Callable[[], tuple[Any, ...]],
        over: Callable[[Answer], None] | None = None,
        plan: CallPlan | None = None,
    ) -> None:
        """Keep what is needed; nothing is sent yet."""
        self._sender, self._asked = sender, asked
        self._over, self._plan, self._begun = over, plan, False
        self._answer = Answer()
        self._usage: UsageMetadata | None = None
        self._said: dict[str, Any] = {}

    def send(self, face: str) -> Any:
        """Return the answer of `generate`, `agenerate`, `stream` or `astream`."""
        return self.of(lambda: getattr(self._sender, face)(*self._asked()))

    @contextmanager
    def step(self) -> Iterator[None]:
        """Note an error."""
        try:
            yield
        except Exception as error:
            self._answer.error = error
            raise

    def value(self, found: ChatResult | None) -> ChatResult | None:
        """Take in an answer; an empty one is left for the caller to judge."""
        if found is None:
            self._answer.finish()
            return None
        self._said |= found.llm_output or {}
        for index, generation in enumerate(found.generations):
            self._look(generation.message)
            if self._plan is not None:
                entries = {**self._plan.record(), COST: self._cost()}
                _put(generation.message, entries)
            if index == 0:
                self._answer.finish(generation.text)
        self._answer.complete = True
        return found

    def piece(self, piece: ChatGenerationChunk) -> ChatGenerationChunk:
        """Take in a piece of an answer."""
        self._said |= piece.generation_info or {}
        self._look(piece.message)
        self._answer.text += piece.text
        if self._plan is not None:
            entries = {} if self._begun else self._plan.record()
            if getattr(piece.message, "chunk_position", None) == "last":
                entries[COST] = self._cost()
            if entries:
                _put(piece.message, entries)
        self._begun = True
        return piece

    def _look(self, message: BaseMessage) -> None:
        answer = self._answer
        answer.refusal = answer.refusal or refusal_of(message) or ""
        usd = (message.response_metadata.get(RECORD) or {}).get(COST)
        answer.usd = answer.usd if usd is None else usd
        if isinstance(message, AIMessage) and message.usage_metadata:
            self._usage = add_usage(self._usage, message.usage_metadata)

    def _cost(self) -> float | None:
        usage: Any = self._usage
        if self._plan is None:
            return None
        return cost_usd(self._plan.config, usage, tier_of(self._plan, self._said))

    def over(self) -> None:
        """Have the call counted or compared."""
        if self._over is not None:
            self._over(self._answer)


class Watched(Handed):
    """An old service's answer in `shadow`; it is looked at, and not touched."""

    def __init__(self, observe: Callable[..., None]) -> None:
        """Start with nothing seen."""
        self._observe, self._answer, self._sent = observe, Answer(), list[Sent]()

    def step(self) -> AbstractContextManager[None]:
        """See what is sent meanwhile."""
        return recording(self._sent)

    def value(self, found: Any) -> Any:
        """Keep the text of an answer for the mirror, if it has one."""
        held = {"text": found or ""} if isinstance(found, str | None) else found
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


def _put(message: BaseMessage, entries: dict[str, Any]) -> None:
    message.response_metadata.update(on_record(message, entries))
