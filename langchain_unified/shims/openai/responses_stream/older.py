"""Native blocks as they grow, in ChatOpenAI's older shape."""

from __future__ import annotations

from typing import Any, cast

from langchain_core.messages import AIMessageChunk
from langchain_core.outputs import ChatGenerationChunk

from langchain_unified.shims.openai.older import older_message
from langchain_unified.shims.openai.responses_stream.items import Event
from langchain_unified.shims.openai.responses_stream.parsers import BlockStreamParser


class OlderStreamParser(BlockStreamParser):
    """Gives what `BlockStreamParser` gives in the shape of `output_version="v0"`."""

    _reasoned = False

    def parse(self, event: Event) -> ChatGenerationChunk | None:
        """Parse one event; see `ResponseStreamParser`."""
        chunk = super().parse(event)
        return None if chunk is None else self._older(chunk)

    def _item_added(self, event: Event) -> ChatGenerationChunk | None:
        item: dict[str, Any] = event["item"]
        if item.get("type") == "message":
            return self._chunk(id=item.get("id"))
        return super()._item_added(event)

    def _older(self, chunk: ChatGenerationChunk) -> ChatGenerationChunk:
        message = cast("AIMessageChunk", chunk.message)
        older_message(message, reasoned=self._reasoned)
        self._reasoned = self._reasoned or "reasoning" in message.additional_kwargs
        return chunk
