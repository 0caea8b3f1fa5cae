"""Text as `str` content, and native blocks beside it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from langchain_core.outputs import ChatGenerationChunk

from langchain_unified.content import NATIVE, RECORD, says_more
from langchain_unified.shims.openai.chat_stream import text_chunk
from langchain_unified.shims.openai.parts import PROVIDER
from langchain_unified.shims.openai.responses import (
    generation_info,
    native_blocks,
    note_ending,
)
from langchain_unified.shims.openai.responses_stream.base import (
    Event,
    Handler,
    ResponseStreamParser,
    summary_block,
    without_summary,
)


class TextStreamParser(ResponseStreamParser):
    """Gives text as `str` content and keeps native blocks beside it.

    Reasoning summaries are passed on as they come. Other blocks are passed on whole,
    in their order, once it is clear that the list says more than the text.
    """

    def __init__(self, headers: Mapping[str, str] | None = None) -> None:
        """Start a stream; see `ResponseStreamParser`."""
        super().__init__(headers)
        self._passed = 0
        self._index = 0
        self._live: dict[int, int] = {}

    def _event_handlers(self) -> dict[str, Handler]:
        handlers = super()._event_handlers()
        handlers["response.refusal.delta"] = self._refusal
        return handlers

    def _text(self, event: Event) -> ChatGenerationChunk:
        info = self._logprobs(event) if event.get("logprobs") else None
        return text_chunk(event["delta"], {"model_provider": PROVIDER}, info)

    def _refusal(self, event: Event) -> ChatGenerationChunk:
        return self._chunk(additional_kwargs={"refusal": event["delta"]})

    def _item_added(self, event: Event) -> ChatGenerationChunk | None:
        item = event["item"]
        if item["type"] != "function_call":
            return None
        call = self._call_started(item, self._slot(event))
        return self._chunk(tool_call_chunks=[call])

    def _arguments(self, event: Event) -> ChatGenerationChunk:
        call = self._call_continued(event, self._slot(event))
        return self._chunk(tool_call_chunks=[call])

    def _summary(self, event: Event) -> ChatGenerationChunk:
        slot = self._slot(event)
        blocks: list[dict[str, Any]] = []
        if slot not in self._live:
            blocks = self._waiting()
            self._live[slot] = self._next_index()
        block = summary_block(event, self._live[slot])
        return self._chunk(response_metadata=_kept([*blocks, block]))

    def _item_done(self, event: Event) -> ChatGenerationChunk | None:
        item = event["item"]
        fields: dict[str, Any] = {}
        if item["type"] in ("function_call", "custom_tool_call"):
            known = len(self._slots)
            slot = self._slot(event)
            fields["tool_call_chunks"] = self._call_completed(
                item, slot, known=slot < known
            )
        slot_of_item = self._slots.get((self._output_index(event), None), -1)
        if slot_of_item in self._live:
            blocks = [without_summary(item, self._live[slot_of_item])]
            self._items.append(item)
            self._passed = len(self._items)
        else:
            self._items.append(item)
            rich = any(map(says_more, native_blocks([item])))
            blocks = self._waiting() if rich else []
        if blocks:
            fields["response_metadata"] = _kept(blocks)
        return self._chunk(**fields) if any(fields.values()) else None

    def _output_index(self, event: Event) -> Any:
        return self._pins.get(event["item"].get("id"), event.get("output_index"))

    def _ending(
        self, metadata: dict[str, Any], response: dict[str, Any]
    ) -> dict[str, Any]:
        note_ending(metadata, response, self._items)
        if self._has_logprobs:
            metadata.pop("logprobs", None)
        info = generation_info(metadata) or {}
        if blocks := self._last_blocks():
            metadata[RECORD] = {NATIVE: blocks}
        return info

    def _last_fields(self) -> dict[str, Any]:
        return {}

    def _last_blocks(self) -> list[dict[str, Any]]:
        if not self._index and not any(map(says_more, native_blocks(self._items))):
            return []
        return self._waiting()

    def _waiting(self) -> list[dict[str, Any]]:
        """Return the finished blocks that were not passed on yet."""
        items, self._passed = self._items[self._passed :], len(self._items)
        return [
            {**block, "index": self._next_index()} for block in native_blocks(items)
        ]

    def _next_index(self) -> int:
        self._index += 1
        return self._index - 1


def _kept(blocks: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the metadata of a piece that adds to the kept block list."""
    return {"model_provider": PROVIDER, RECORD: {NATIVE: blocks}}
