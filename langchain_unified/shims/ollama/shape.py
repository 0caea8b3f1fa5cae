"""Ollama's answers in the content shape of the package."""

from __future__ import annotations

from langchain_core.messages import AIMessage, AIMessageChunk
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult


def shape_result(result: ChatResult) -> ChatResult:
    """Return a whole answer that says why it ended."""
    for generation in result.generations:
        message = generation.message
        calls = isinstance(message, AIMessage) and bool(message.tool_calls)
        _note_finish(generation, calls=calls)
    return result


class Pieces:
    """Shapes the pieces of one stream."""

    def __init__(self, provider: str) -> None:
        """Start before the first piece."""
        self._provider, self._calls = provider, False

    def shape(self, chunk: ChatGenerationChunk) -> ChatGenerationChunk:
        """Say on every piece whose it is, as the other providers' pieces do."""
        message = chunk.message
        if not isinstance(message, AIMessageChunk):
            return chunk
        self._calls = self._calls or bool(message.tool_calls)
        if (chunk.generation_info or {}).get("done"):
            message.chunk_position = "last"
            _note_finish(chunk, calls=self._calls)
        else:
            message.response_metadata["model_provider"] = self._provider
        return chunk


def _note_finish(generation: ChatGeneration, *, calls: bool) -> None:
    """Say why the answer ended where the other providers do; calls end it too."""
    info = generation.generation_info or {}
    reason = info.get("done_reason")
    if reason:
        info["finish_reason"] = "tool_calls" if calls and reason == "stop" else reason
