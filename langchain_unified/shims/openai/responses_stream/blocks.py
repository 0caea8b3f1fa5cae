"""Every native block as it grows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from langchain_core.messages.tool import ToolCallChunk
from langchain_core.outputs import ChatGenerationChunk

from langchain_unified.shims.openai.responses import (
    format_annotation,
    native_blocks,
    without_none,
)
from langchain_unified.shims.openai.responses_stream.base import (
    Event,
    Handler,
    ResponseStreamParser,
    summary_block,
)


class BlockStreamParser(ResponseStreamParser):
    """Gives native blocks as `content`, each piece with the index of its block."""

    def __init__(self, headers: Mapping[str, str] | None = None) -> None:
        """Start a stream; see `ResponseStreamParser`."""
        super().__init__(headers)
        self._phases: dict[Any, str] = {}
        self._summarized: set[int] = set()

    def _event_handlers(self) -> dict[str, Handler]:
        handlers = super()._event_handlers()
        handlers["response.content_part.added"] = self._part_added
        handlers["response.output_text.annotation.added"] = self._annotation
        handlers["response.output_text.done"] = self._text_done
        handlers["response.refusal.done"] = self._refusal
        return handlers

    def _text(self, event: Event) -> ChatGenerationChunk:
        return self._block(event, {"type": "text", "text": event["delta"]})

    def _part_added(self, event: Event) -> ChatGenerationChunk | None:
        phase = self._phases.get(event.get("output_index"))
        if phase is None or event["part"].get("type") != "output_text":
            return None
        return self._block(event, {"type": "text", "text": "", "phase": phase})

    def _annotation(self, event: Event) -> ChatGenerationChunk:
        annotation = format_annotation(event["annotation"])
        return self._block(event, {"type": "text", "annotations": [annotation]})

    def _text_done(self, event: Event) -> ChatGenerationChunk:
        block = {"type": "text", "text": "", "id": event.get("item_id")}
        return self._block(event, block)

    def _refusal(self, event: Event) -> ChatGenerationChunk:
        block = {
            "type": "refusal",
            "refusal": event["refusal"],
            "id": event.get("item_id"),
        }
        if phase := self._phases.get(event.get("output_index")):
            block["phase"] = phase
        return self._block(event, block)

    def _item_added(self, event: Event) -> ChatGenerationChunk | None:
        item = event["item"]
        if item["type"] == "message":
            if phase := item.get("phase"):
                self._phases[event.get("output_index")] = phase
            return None
        if item["type"] not in ("function_call", "reasoning"):
            return None
        slot = self._slot(event)
        thinks = item["type"] == "reasoning"
        late = {"encrypted_content", "content"} if thinks else {"status", "content"}
        block = {k: v for k, v in without_none(item).items() if k not in late}
        if thinks:
            return self._chunk(content=[{**block, "summary": [], "index": slot}])
        call = self._call_started(item, slot)
        block["arguments"] = call["args"]
        return self._chunk(content=[{**block, "index": slot}], tool_call_chunks=[call])

    def _arguments(self, event: Event) -> ChatGenerationChunk:
        slot = self._slot(event)
        block = {"type": "function_call", "arguments": event["delta"], "index": slot}
        call = self._call_continued(event, slot)
        return self._chunk(content=[block], tool_call_chunks=[call])

    def _summary(self, event: Event) -> ChatGenerationChunk:
        slot = self._slot(event)
        self._summarized.add(slot)
        return self._chunk(content=[summary_block(event, slot)])

    def _item_done(self, event: Event) -> ChatGenerationChunk | None:
        item = event["item"]
        self._items.append(item)
        if item["type"] == "message":
            return None
        known = len(self._slots)
        slot = self._slot(event)
        block = {**without_none(item), "index": slot}
        calls: list[ToolCallChunk] = []
        if item["type"] in ("function_call", "custom_tool_call"):
            calls = self._call_completed(item, slot, known=slot < known)
        if slot < known:
            block = self._unsaid(block, calls)
        if not block:
            return None
        return self._chunk(content=[block], tool_call_chunks=calls)

    def _unsaid(
        self, block: dict[str, Any], calls: list[ToolCallChunk]
    ) -> dict[str, Any]:
        """Return what the stream has not said about an item before it was done."""
        if block["type"] == "reasoning":
            return self._unsaid_reasoning(block)
        if block["type"] != "function_call":
            return block
        said = {"id", "call_id", "name", "namespace", "async", "status"}
        if not calls:
            said.add("arguments")
        rest = {key: value for key, value in block.items() if key not in said}
        return rest if rest.keys() - {"type", "index"} else {}

    def _unsaid_reasoning(self, block: dict[str, Any]) -> dict[str, Any]:
        """Return what reasoning says when it is done, in ChatOpenAI's form."""
        late: dict[str, Any] = {
            key: block[key] for key in ("encrypted_content", "content") if key in block
        }
        said = block["index"] in self._summarized
        summary = [] if said else block.get("summary", [])
        if not late and not summary:
            return {}
        same: dict[str, Any] = {
            key: block[key] for key in ("type", "id", "index") if key in block
        }
        return {**same, "summary": summary, **late}

    def _last_fields(self) -> dict[str, Any]:
        if self._slots:
            return {"content": []}
        blocks = native_blocks(self._items)
        return {"content": [{**b, "index": i} for i, b in enumerate(blocks)]}

    def _block(
        self, event: Event, block: dict[str, Any], info: dict[str, Any] | None = None
    ) -> ChatGenerationChunk:
        slot = self._slot(event, event.get("content_index") or 0)
        return self._chunk(info, content=[{**block, "index": slot}])

    def _chunk(
        self, info: dict[str, Any] | None = None, **fields: Any
    ) -> ChatGenerationChunk:
        fields.setdefault("content", [])
        return super()._chunk(info, **fields)
