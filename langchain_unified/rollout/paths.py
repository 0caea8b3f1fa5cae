"""A call on the path that a flag chose: sent, and looked at when it is over."""

from __future__ import annotations

import inspect
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Generator, Iterator
from contextlib import AbstractContextManager, closing, contextmanager, nullcontext
from dataclasses import dataclass
from functools import partial
from typing import Any, cast

from langchain_core.messages import BaseMessage
from langchain_core.messages.ai import AIMessage, UsageMetadata, add_usage
from langchain_core.outputs import ChatGenerationChunk, ChatResult

from langchain_unified.answers.errors import refusal_of
from langchain_unified.answers.whole import COST
from langchain_unified.content import RECORD, on_record
from langchain_unified.cost import answer_cost
from langchain_unified.reliability.closing import owned
from langchain_unified.rollout.capture import Sent, recording
from langchain_unified.types import CallPlan


class _End:
    """The end of a generator, with what it returned."""

    def __init__(self, returned: Any = None) -> None:
        self.returned = returned


class Answer:
    """What became of a call, as far as a guard or a shadow report counts it."""

    def __init__(self) -> None:
        """Start the clock; `usd` is `None` as long as nobody knows it."""
        self.text, self.seconds, self.complete = "", 0.0, False
        self.error: Exception | None = None
        self.refusal, self.usd = "", None
        self._started = time.monotonic()

    @contextmanager
    def step(self) -> Iterator[None]:
        """Note an error that is raised inside a `with` block."""
        try:
            yield
        except Exception as error:
            self.error = error
            raise

    def finish(self, text: str = "") -> None:
        """Stop the clock: the answer is whole."""
        self.text += text
        self.seconds, self.complete = time.monotonic() - self._started, True


def _same(found: Any) -> Any:
    return found


def _raise(error: Exception) -> Any:
    raise error


def _nothing() -> None:
    """Do nothing."""


@dataclass
class Handed:
    """Hands on what a method answers: a value, something to await, or a generator.

    Each time the method is at work, `step` is around it; `value` gets the whole answer
    (`None` at the end of a stream), `piece` a part of it, `failed` an error, and `over`
    hears that there will be no more.
    """

    step: Callable[[], AbstractContextManager[None]] = nullcontext
    value: Callable[[Any], Any] = _same
    piece: Callable[[Any], Any] = _same
    failed: Callable[[Exception], Any] = _raise
    over: Callable[[], object] = _nothing

    def of(self, ask: Callable[[], Any]) -> Any:
        """Return what a method answers."""
        try:
            with self.step():
                found: Any = ask()
            if inspect.isawaitable(found):
                return self._later(found)
            if inspect.isasyncgen(found):
                return self._apieces(found)
            if inspect.isgenerator(found):
                return self._pieces(found)
            found = self.value(found)
        except Exception as error:  # noqa: BLE001 - for whoever is told to judge
            self.over()
            return self.failed(error)
        self.over()
        return found

    async def _later(self, found: Awaitable[Any]) -> Any:
        try:
            with self.step():
                value = await found
            return self.value(value)
        except Exception as error:  # noqa: BLE001 - for whoever is told to judge
            return self.failed(error)
        finally:
            self.over()

    def _pieces(self, found: Any) -> Generator[Any, None, Any]:
        try:
            with closing(found):
                while not isinstance(piece := self._next(found), _End):
                    yield self.piece(piece)
            self.value(None)
        finally:
            self.over()
        return piece.returned

    async def _apieces(self, found: Any) -> AsyncIterator[Any]:
        try:
            async with owned(found) as pieces:
                while not isinstance(piece := await self._anext(pieces), _End):
                    yield self.piece(piece)
            self.value(None)
        finally:
            self.over()

    def _next(self, found: Iterator[Any]) -> Any:
        with self.step():
            try:
                return next(found)
            except StopIteration as end:
                return _End(end.value)

    async def _anext(self, found: AsyncIterator[Any]) -> Any:
        with self.step():
            return await anext(found, _End())


class Path:
    """One call: the four ways to send it, each watched to its end.

    What a sender returns or raises is what the caller gets; the record of `plan` is
    put beside an answer of the plain model. `done` hears what became of the call.
    """

    def __init__(
        self,
        senders: Callable[[str], Any],
        asked: Callable[[], tuple[Any, ...]],
        done: Callable[[Answer], None] | None = None,
        plan: CallPlan | None = None,
    ) -> None:
        """Keep what is needed; nothing is sent yet."""
        self._senders, self._asked = senders, asked
        self._done, self._plan = done, plan
        self._answer, self._begun = Answer(), False
        self._usage: UsageMetadata | None = None
        self._said: dict[str, Any] = {}

    def send(self, face: str) -> Any:
        """Return the answer of `generate`, `agenerate`, `stream` or `astream`."""
        step = self._answer.step
        handed = Handed(step, self._value, self._piece, over=self._over)
        return handed.of(lambda: self._senders(face)(*self._asked()))

    def _value(self, found: ChatResult | None) -> ChatResult | None:
        generations = found.generations if found else []
        self._said |= (found and found.llm_output) or {}
        for one in generations:
            self._look(one.message, record=True, cost=True)
        self._answer.finish("".join(one.text for one in generations[:1]))
        return found

    def _piece(self, piece: ChatGenerationChunk) -> ChatGenerationChunk:
        self._said |= piece.generation_info or {}
        last = getattr(piece.message, "chunk_position", None) == "last"
        self._look(piece.message, record=not self._begun, cost=last)
        self._answer.text += piece.text
        self._begun = True
        return piece

    def _over(self) -> None:
        if self._done is not None:
            self._done(self._answer)

    def _look(self, message: BaseMessage, *, record: bool, cost: bool) -> None:
        """Take in a message; put on the plain model's what is on record."""
        answer, plan = self._answer, self._plan
        answer.refusal = answer.refusal or refusal_of(message) or ""
        usd = (message.response_metadata.get(RECORD) or {}).get(COST)
        answer.usd = answer.usd if usd is None else usd
        if isinstance(message, AIMessage) and message.usage_metadata:
            self._usage = add_usage(self._usage, message.usage_metadata)
        if plan is None or not (record or cost):
            return
        entries, usage = plan.record() if record else {}, cast("Any", self._usage)
        if cost:
            entries[COST] = answer_cost(plan, usage, self._said)
        message.response_metadata.update(on_record(message, entries))


def watched(ask: Callable[[], Any], observe: Callable[..., None]) -> Any:
    """Return an old service's answer in `shadow`, looked at and not touched.

    Args:
        ask: Calls the old service.
        observe: Gets the answer, as far as it has a text, and the requests sent.
    """
    answer, sent = Answer(), list[Sent]()

    @contextmanager
    def step() -> Iterator[None]:
        with recording(sent), answer.step():
            yield

    def value(found: Any) -> Any:
        held = {"text": found or ""} if isinstance(found, str | None) else found
        held = held if isinstance(held, dict) else getattr(held, "__dict__", {})
        if held.get("success", True) and isinstance(held.get("text", ""), str):
            answer.finish(held.get("text", ""))
        return found

    def piece(piece: Any) -> Any:
        answer.text += piece if isinstance(piece, str) else ""
        return piece

    over = partial(observe, answer, sent)
    return Handed(step, value, piece, over=over).of(ask)
