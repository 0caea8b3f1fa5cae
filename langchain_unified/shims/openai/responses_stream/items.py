"""What the output items of a Responses stream tell, piece by piece."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from langchain_core.messages.tool import ToolCallChunk, tool_call_chunk

from langchain_unified.shims.openai.calls import (
    arguments_text,
    custom_arguments,
    cut_mark,
    is_cut,
)
from langchain_unified.shims.openai.responses import without_none

Event = dict[str, Any]


class ItemCalls:
    """The tool calls of one stream, by the slot of their item."""

    def __init__(self) -> None:
        """Start before the first call."""
        self._arguments: dict[int, str] = {}
        self._whole: set[int] = set()

    def cut(self, event: Event) -> list[ToolCallChunk]:
        """Return pieces that keep calls which were cut off from being taken for whole.

        See `CallPieces.cut`: langchain-core completes the JSON of a streamed call.
        """
        ended = event.get("type") == "response.incomplete"
        marks = {
            slot: cut_mark(text, by_length=ended and slot not in self._whole)
            for slot, text in self._arguments.items()
        }
        return [_piece(slot, None, m, None) for slot, m in marks.items() if m]

    def started(self, item: dict[str, Any], slot: int) -> ToolCallChunk:
        """Return the first piece of a call."""
        arguments = item.get("arguments") or ""
        self._arguments[slot] = arguments
        return _piece(slot, item.get("name"), arguments, item.get("call_id"))

    def continued(self, event: Event, slot: int) -> ToolCallChunk:
        """Return the next piece of a call."""
        told = self._arguments.get(slot, "")
        self._arguments[slot] = told + event["delta"]
        return _piece(slot, None, event["delta"], None)

    def completed(
        self, item: dict[str, Any], slot: int, *, known: bool
    ) -> list[ToolCallChunk]:
        """Return what the stream has not said about a call before it was done."""
        if not is_cut(item):
            self._whole.add(slot)
        if item["type"] == "custom_tool_call":
            text = custom_arguments(item)
            return [_piece(slot, item.get("name"), text, item.get("call_id"))]
        if not known:
            return [self.started(item, slot)]
        if self._arguments.get(slot) or not item.get("arguments"):
            return []
        self._arguments[slot] = item["arguments"]
        return [_piece(slot, None, item["arguments"], None)]


def with_text(event: Event) -> Event:
    """Return an event with the arguments of a call as text, if they are an object."""
    item = event.get("item")
    if not isinstance(item, Mapping) or item.get("type") != "function_call":
        return event
    if isinstance(arguments := item.get("arguments"), str):
        return event
    return {**event, "item": {**item, "arguments": arguments_text(arguments) or ""}}


def _piece(
    slot: int, name: str | None, arguments: str | None, call_id: str | None
) -> ToolCallChunk:
    """Return a piece of a tool call."""
    return tool_call_chunk(name=name, args=arguments, id=call_id, index=slot)


def summary_block(event: Event, index: int) -> dict[str, Any]:
    """Return a piece of a reasoning summary as a block."""
    part = event.get("part") or {}
    text = event.get("delta", part.get("text") or "")
    summary = {
        "index": event.get("summary_index") or 0,
        "type": "summary_text",
        "text": text,
    }
    block = {"type": "reasoning", "summary": [summary], "index": index}
    if event.get("item_id"):
        block["id"] = event["item_id"]
    return block


def without_summary(item: dict[str, Any], index: int) -> dict[str, Any]:
    """Return a reasoning item whose summary the stream has said already."""
    # 2026-11-23, langchain-core 1.7.2: fields beside a summary part go to the block of
    # that part in v1 content; beside no part they would make a block of their own.
    part = {"index": 0, "type": "summary_text", "text": ""}
    return {**without_none(item), "summary": [part], "index": index}
