"""A call on the path that a flag chose: sent, and looked at when it is over."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, Callable, Generator, Iterator
from contextlib import closing, contextmanager
from typing import Any

from langchain_core.messages import BaseMessage
from langchain_core.messages.ai import AIMessage, UsageMetadata, add_usage
from langchain_core.outputs import ChatGenerationChunk, ChatResult

from langchain_unified.answer_errors import refusal_of
from langchain_unified.answers.whole import COST
from langchain_unified.content import RECORD, on_record
from langchain_unified.cost import cost_usd
from langchain_unified.reliability.closing import owned
from langchain_unified.types import CallPlan


class Answer:
    """What became of a call, as far as a guard or a shadow report counts it.

    Args:
        plan: The plan to put on record, where nobody else does.

    Attributes:
        text: The text of the answer.
        seconds: How long it took.
        complete: Whether it is whole.
        error: Why there is none.
        refusal: What the model said to refuse.
        usd: What it cost in US dollars; `None` if nobody knows.
    """

    def __init__(self, plan: CallPlan | None = None) -> None:
        """Start the clock."""
        self.text, self.seconds, self.complete = "", 0.0, False
        self.error: Exception | None = None
        self.refusal, self.usd = "", None
        self._plan, self._begun = plan, False
        self._usage: UsageMetadata | None = None
        self._started = time.monotonic()

    def finish(self, text: str = "") -> None:
        """Stop the clock: the answer is whole."""
        self.text += text
        self.seconds, self.complete = time.monotonic() - self._started, True

    def whole(self, result: ChatResult) -> ChatResult:
        """Take in an answer; an empty one is left for the caller to judge."""
        for index, generation in enumerate(result.generations):
            self._look(generation.message)
            if self._plan is not None:
                entries = {**self._plan.record(), COST: self._cost()}
                _put(generation.message, entries)
            if index == 0:
                self.finish(generation.text)
        self.complete = True
        return result

    def piece(self, piece: ChatGenerationChunk) -> ChatGenerationChunk:
        """Take in a piece of an answer."""
        message = piece.message
        self._look(message)
        self.text += piece.text
        if self._plan is not None:
            entries = {} if self._begun else self._plan.record()
            if getattr(message, "chunk_position", None) == "last":
                entries[COST] = self._cost()
            if entries:
                _put(message, entries)
        self._begun = True
        return piece

    def _look(self, message: BaseMessage) -> None:
        self.refusal = self.refusal or refusal_of(message) or ""
        usd = (message.response_metadata.get(RECORD) or {}).get(COST)
        self.usd = self.usd if usd is None else usd
        if isinstance(message, AIMessage) and message.usage_metadata:
            self._usage = add_usage(self._usage, message.usage_metadata)

    def _cost(self) -> float | None:
        usage: Any = self._usage
        return None if self._plan is None else cost_usd(self._plan.config, usage)


def _put(message: BaseMessage, entries: dict[str, Any]) -> None:
    message.response_metadata.update(on_record(message, entries))


class Path:
    """One call: the four ways to send it, each watched to its end.

    Nothing is tried again, translated or checked here. What the sender returns or
    raises is what the caller gets; the record is put beside an answer of the plain
    model.

    Args:
        sender: `langchain_unified.runner.faces`, or the shim of the plain model.
        asked: Returns what the sender is given.
        over: Is told what became of the call; it never fails one.
        plan: The plan to put on record, where the sender does not.
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
        self._over, self._plan = over, plan

    def generate(self) -> ChatResult:
        """Return the whole answer."""
        with self._watched() as answer:
            return answer.whole(self._sender.generate(*self._asked()))

    async def agenerate(self) -> ChatResult:
        """Return the whole answer."""
        with self._watched() as answer:
            return answer.whole(await self._sender.agenerate(*self._asked()))

    def stream(self) -> Generator[ChatGenerationChunk, None, None]:
        """Yield the answer in pieces."""
        with self._watched() as answer:
            with closing(self._sender.stream(*self._asked())) as pieces:
                yield from map(answer.piece, pieces)
            answer.finish()

    async def astream(self) -> AsyncGenerator[ChatGenerationChunk, None]:
        """Yield the answer in pieces."""
        with self._watched() as answer:
            given: Any = self._sender.astream(*self._asked())
            async with owned(given) as pieces:
                async for piece in pieces:
                    yield answer.piece(piece)
            answer.finish()

    @contextmanager
    def _watched(self) -> Iterator[Answer]:
        answer = Answer(self._plan)
        try:
            yield answer
        except Exception as error:
            answer.error = error
            raise
        finally:
            if self._over is not None:
                self._over(answer)
