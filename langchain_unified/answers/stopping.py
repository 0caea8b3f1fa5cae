"""Stop strings applied on the client, with the meaning the APIs give them.

The answer ends before the stop string that is complete first, wherever it falls: inside
one streamed piece or across several. An API that generates token by token cannot know
that a longer stop string would have begun earlier.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from langchain_core.messages import AIMessageChunk, BaseMessage
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk

from langchain_unified.content import kept_blocks, replace_native


class StopText:
    """Text cut at the first stop string, piece by piece.

    Example:
        >>> text = StopText(["END"])
        >>> text.feed("one E"), text.feed("ND two")
        ('one ', '')
    """

    def __init__(self, stops: Sequence[str]) -> None:
        """Start before the first piece."""
        self._stops = [stop for stop in stops if stop]
        self._held = ""
        self.done = False

    def feed(self, text: str) -> str:
        """Return what of the text so far is certain to come before a stop string."""
        if self.done:
            return ""
        text = self._held + text
        found = [(at + len(s), at) for s in self._stops if (at := text.find(s)) >= 0]
        if found:
            self.done, self._held = True, ""
            return text[: min(found)[1]]
        keep = self._possible_start(text)
        self._held = text[len(text) - keep :]
        return text[: len(text) - keep]

    def rest(self) -> str:
        """Return the text held back at the end of the answer."""
        held, self._held = self._held, ""
        return held

    def _possible_start(self, text: str) -> int:
        """Return how much of the end of the text could begin a stop string."""
        longest = min(max(map(len, self._stops), default=1) - 1, len(text))
        for length in range(longest, 0, -1):
            end = text[-length:]
            if any(stop.startswith(end) for stop in self._stops):
                return length
        return 0


class StopCutter:
    """Streamed pieces cut at the first stop string."""

    def __init__(self, stops: Sequence[str]) -> None:
        """Start before the first piece."""
        self._text = StopText(stops)
        self._native = StopText(stops)

    @property
    def done(self) -> bool:
        """Whether a stop string ended the answer."""
        return self._text.done

    def feed(self, chunk: ChatGenerationChunk) -> ChatGenerationChunk:
        """Return the piece with what may be passed on of its text."""
        message = chunk.message
        message.content = _cut_content(message.content, self._text)
        native = kept_blocks(message)
        if native:
            replace_native(message, _cut_blocks(native, self._native))
        if self.done:
            _mark_stopped(message)
            chunk.generation_info = _stopped(chunk.generation_info)
        elif _is_last(message):
            message.content = _add_text(message.content, self._text.rest())
        return ChatGenerationChunk(
            message=message, generation_info=chunk.generation_info
        )

    def rest(self) -> Iterator[ChatGenerationChunk]:
        """Yield the text held back at the end of the answer."""
        held = self._text.rest()
        if held:
            yield ChatGenerationChunk(message=AIMessageChunk(content=held))


def cut_message(generation: ChatGeneration, stops: Sequence[str]) -> None:
    """Cut a whole answer at the first stop string."""
    message = generation.message
    text = StopText(stops)
    content = _cut_content(message.content, text)
    message.content = _add_text(content, text.rest())
    native = kept_blocks(message)
    if native and text.done:
        replace_native(message, _cut_blocks(native, StopText(stops)))
    if text.done:
        _mark_stopped(message)
        generation.generation_info = _stopped(generation.generation_info)


def _cut_content(content: Any, text: StopText) -> Any:
    return (
        text.feed(content) if isinstance(content, str) else _cut_blocks(content, text)
    )


def _cut_blocks(blocks: list[Any], text: StopText) -> list[Any]:
    return [
        {**block, "text": text.feed(block["text"])}
        if isinstance(block, dict) and isinstance(block.get("text"), str)
        else block
        for block in blocks
        if not text.done
    ]


def _add_text(content: Any, held: str) -> Any:
    if not held:
        return content
    if isinstance(content, str):
        return content + held
    return [*content, {"type": "text", "text": held}]


def _is_last(message: BaseMessage) -> bool:
    return isinstance(message, AIMessageChunk) and message.chunk_position == "last"


def _mark_stopped(message: BaseMessage) -> None:
    if "finish_reason" in message.response_metadata:
        message.response_metadata["finish_reason"] = "stop"


def _stopped(info: dict[str, Any] | None) -> dict[str, Any]:
    return {**(info or {}), "finish_reason": "stop"}
