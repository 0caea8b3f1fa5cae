"""Turns that the API pauses, sent again until they end.

`stop_reason: pause_turn` ends a long turn of the server's tools. It is resumed by
sending the answer back as it came, in the same container (Anthropic's API pages, read
2026-11-27). How often that may happen is in the plan.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage
from langchain_core.messages.ai import add_ai_message_chunks, add_usage
from langchain_core.outputs import ChatGenerationChunk, ChatResult

from langchain_unified.content import on_record
from langchain_unified.reliability.exchange import current, too_late
from langchain_unified.types import CallPlan

RESUMED = "resumed"
"""The key in the record that tells how many times a turn was sent again."""

_PAUSED = "pause_turn"
_ENDING = ("container", "stop_reason", "stop_sequence")
"""What a streamed turn says at its end; of a paused one it is not the end."""


class _Turn:
    """What is sent next of a turn."""

    def __init__(self, plan: CallPlan, messages: list[BaseMessage]) -> None:
        self._plan, self._given = plan, messages
        self._exchange = current()
        self._container: Any = None
        self.times = 0
        self.paused = False

    def plan(self) -> CallPlan:
        """Return the plan of the next request, within the time that is left.

        Raises:
            ProviderTimeoutError: If none is.
        """
        if not self.times:
            return self._plan
        found = self._within_time()
        if self._container and "container" not in found.body:
            body = {**found.body, "container": self._container}
            found = replace(found, body=body)
        return found

    def _within_time(self) -> CallPlan:
        remaining, allowed = self._exchange.remaining(), self._plan.timeout
        if remaining is None:
            return self._plan
        if remaining <= 0:
            raise too_late()
        is_number = isinstance(allowed, (int, float))
        seconds = min(allowed, remaining) if is_number else remaining
        return replace(self._plan, timeout=seconds)

    @contextmanager
    def in_exchange(self) -> Iterator[None]:
        """Send within the exchange of the call, also between pieces of a stream."""
        if current() is self._exchange:
            yield
            return
        with self._exchange:
            yield

    def _note(self, told: Mapping[str, Any]) -> None:
        """Note how an answer ended."""
        self.paused = told.get("stop_reason") == _PAUSED
        container = told.get("container")
        if isinstance(container, Mapping) and container.get("id"):
            self._container = container["id"]

    def _goes_on(self) -> bool:
        goes_on = self.paused and self.times < self._plan.resumes
        self.times += goes_on
        return goes_on


class Turn(_Turn):
    """A turn that comes in whole answers."""

    def __init__(self, plan: CallPlan, messages: list[BaseMessage]) -> None:
        """Start before the first answer."""
        super().__init__(plan, messages)
        self._results: list[ChatResult] = []

    def messages(self) -> list[BaseMessage]:
        """Return what is sent next."""
        if not self._results:
            return self._given
        return [*self._given, AIMessage(self._content())]

    def goes_on(self, result: ChatResult) -> bool:
        """Take an answer; tell whether the turn is sent again."""
        self._results.append(result)
        self._note(result.llm_output or {})
        return self._goes_on()

    def result(self) -> ChatResult:
        """Return the turn as one answer."""
        last = self._results[-1]
        if not self.times:
            return last
        message: Any = last.generations[0].message
        message.content = self._content()
        for earlier in reversed(self._results[:-1]):
            before: Any = earlier.generations[0].message
            message.tool_calls = [*before.tool_calls, *message.tool_calls]
            usage = add_usage(before.usage_metadata, message.usage_metadata)
            message.usage_metadata = usage
        first = self._results[0].llm_output or {}
        told = {**(last.llm_output or {}), "id": first.get("id")}
        message.response_metadata.update(on_record(message, {RESUMED: self.times}))
        return ChatResult(generations=last.generations, llm_output=told)

    def _content(self) -> list[Any]:
        answers = (result.generations[0].message for result in self._results)
        return [block for message in answers for block in _blocks(message)]


class StreamedTurn(_Turn):
    """A turn that comes in pieces."""

    def __init__(self, plan: CallPlan, messages: list[BaseMessage]) -> None:
        """Start before the first piece."""
        super().__init__(plan, messages)
        self._pieces: list[AIMessageChunk] = []
        self._first = self._next = 0

    def messages(self) -> list[BaseMessage]:
        """Return what is sent next."""
        if not self._pieces:
            return self._given
        return [*self._given, add_ai_message_chunks(*self._pieces)]

    def goes_on(self) -> bool:
        """Tell, at the end of a stream, whether the turn is sent again."""
        self._first = self._next
        return self._goes_on()

    def passed(self, chunk: ChatGenerationChunk) -> ChatGenerationChunk:
        """Return a piece as one of the whole turn."""
        message = chunk.message
        if not self._plan.resumes or not isinstance(message, AIMessageChunk):
            return chunk
        told = message.response_metadata
        if self.times:
            told.pop("model_name", None)  # names add up where pieces are merged
            self._move(message)
        self._next = max([self._next, *(one + 1 for one in _indexes(message))])
        self._note(told)
        self._pieces.append(message.model_copy())
        if self.paused and self.times < self._plan.resumes:
            message.chunk_position = None
            rest = {key: told[key] for key in told if key not in _ENDING}
            message.response_metadata = rest
        elif self.times and told.get("stop_reason"):
            told.update(on_record(message, {RESUMED: self.times}))
        return chunk

    def _move(self, message: AIMessageChunk) -> None:
        """Count the blocks of a resumed stream after those that came before."""
        if isinstance(message.content, list):
            message.content = [_moved(one, self._first) for one in message.content]
        for call in message.tool_call_chunks:
            if isinstance(call["index"], int):
                call["index"] += self._first


def _moved(block: Any, by: int) -> Any:
    if isinstance(block, dict) and isinstance(block.get("index"), int):
        return {**block, "index": block["index"] + by}
    return block


def _indexes(message: AIMessageChunk) -> list[int]:
    content = message.content if isinstance(message.content, list) else []
    found = (block.get("index") for block in content if isinstance(block, dict))
    return [index for index in found if isinstance(index, int)]


def _blocks(message: BaseMessage) -> list[Any]:
    if isinstance(message.content, list):
        return message.content
    return [{"type": "text", "text": message.content}] if message.content else []
