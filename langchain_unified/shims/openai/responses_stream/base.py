"""What both shapes of a Responses stream have in common."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from langchain_core.messages import AIMessageChunk
from langchain_core.messages.tool import ToolCallChunk, tool_call_chunk
from langchain_core.outputs import ChatGenerationChunk

from langchain_unified.errors import MalformedResponseError
from langchain_unified.shims.openai.calls import (
    arguments_text,
    custom_arguments,
    cut_mark,
    is_cut,
)
from langchain_unified.shims.openai.parts import PROVIDER
from langchain_unified.shims.openai.responses import (
    chat_logprobs,
    describe_failure,
    response_metadata,
    response_usage,
    without_none,
)

Event = dict[str, Any]
Handler = Callable[[Event], ChatGenerationChunk | None]


class ResponseStreamParser:
    """What both shapes of a Responses stream have in common."""

    def __init__(self, headers: Mapping[str, str] | None = None) -> None:
        """Start a stream.

        Args:
            headers: Response headers, to be kept on the first chunk.
        """
        self._headers = headers
        self._items: list[dict[str, Any]] = []
        self._slots: dict[Any, int] = {}
        self._pins: dict[str, Any] = {}
        self._arguments_of: dict[int, str] = {}
        self._whole: set[int] = set()
        self._has_logprobs = self._ended = False
        self._handlers = self._event_handlers()

    def parse(self, event: Event) -> ChatGenerationChunk | None:
        """Parse one event.

        Args:
            event: The decoded event.

        Returns:
            The generation chunk, or `None` if the event carries nothing.

        Raises:
            MalformedResponseError: If the event is an error.
        """
        handler = self._handlers.get(event.get("type", ""))
        return None if handler is None else handler(_with_text(event))

    def rest(self) -> ChatGenerationChunk | None:
        """Return what keeps calls from being run that a stream broke off."""
        calls = [] if self._ended else self._cut_calls({})
        return self._chunk(tool_call_chunks=calls) if calls else None

    def _event_handlers(self) -> dict[str, Handler]:
        return {
            "response.created": self._created,
            "response.output_text.delta": self._text,
            "response.output_item.added": self._item_added,
            "response.function_call_arguments.delta": self._arguments,
            "response.output_item.done": self._item_done,
            "response.reasoning_summary_part.added": self._summary,
            "response.reasoning_summary_text.delta": self._summary,
            "response.completed": self._finished,
            "response.incomplete": self._finished,
            "response.failed": self._failed,
            "error": self._failed,
        }

    def _text(self, event: Event) -> ChatGenerationChunk | None:
        raise NotImplementedError

    def _item_added(self, event: Event) -> ChatGenerationChunk | None:
        raise NotImplementedError

    def _arguments(self, event: Event) -> ChatGenerationChunk | None:
        raise NotImplementedError

    def _item_done(self, event: Event) -> ChatGenerationChunk | None:
        raise NotImplementedError

    def _summary(self, event: Event) -> ChatGenerationChunk | None:
        raise NotImplementedError

    def _last_fields(self) -> dict[str, Any]:
        raise NotImplementedError

    def _created(self, event: Event) -> ChatGenerationChunk:
        identity = event["response"].get("id")
        metadata = {"id": identity, "model_provider": PROVIDER}
        if self._headers:
            metadata["headers"] = dict(self._headers)
        return self._chunk(id=identity, response_metadata=metadata)

    def _failed(self, event: Event) -> ChatGenerationChunk:
        raise MalformedResponseError(describe_failure(event))

    def _finished(self, event: Event) -> ChatGenerationChunk:
        response, self._ended = event["response"], True
        if not self._items:
            self._items = list(response.get("output") or ())
        metadata = response_metadata(response)
        return self._chunk(
            self._ending(metadata, response) or None,
            id=response.get("id"),
            response_metadata=metadata,
            usage_metadata=response_usage(response),
            chunk_position="last",
            tool_call_chunks=self._cut_calls(event),
            **self._last_fields(),
        )

    def _cut_calls(self, event: Event) -> list[ToolCallChunk]:
        """Return pieces that keep calls which were cut off from being taken for whole.

        See `CallPieces.cut`: langchain-core completes the JSON of a streamed call.
        """
        ended = event.get("type") == "response.incomplete"
        marks = {
            slot: cut_mark(text, by_length=ended and slot not in self._whole)
            for slot, text in self._arguments_of.items()
        }
        return [call_chunk(slot, None, m, None) for slot, m in marks.items() if m]

    def _ending(
        self, metadata: dict[str, Any], response: dict[str, Any]
    ) -> dict[str, Any]:
        """Complete the metadata of the last chunk; return its generation info."""
        del metadata, response
        return {}

    def _chunk(
        self, info: dict[str, Any] | None = None, **fields: Any
    ) -> ChatGenerationChunk:
        fields.setdefault("content", "")
        fields.setdefault("response_metadata", {"model_provider": PROVIDER})
        return ChatGenerationChunk(
            message=AIMessageChunk(**fields), generation_info=info
        )

    def _logprobs(self, event: Event) -> dict[str, Any] | None:
        tokens = event.get("logprobs")
        if not tokens:
            return None
        self._has_logprobs = True
        return {"logprobs": chat_logprobs(tokens)}

    def _slot(self, event: Event, part: int | None = None) -> int:
        # 2026-11-23, langchain-openai 1.7.3: after built-in tool calls the `done`
        # event of an item can name a later `output_index` than its `added` event.
        output = event.get("output_index")
        identity = event.get("item_id") or (event.get("item") or {}).get("id")
        if identity is not None:
            output = self._pins.setdefault(identity, output)
        return self._slots.setdefault((output, part), len(self._slots))

    def _call_started(self, item: dict[str, Any], slot: int) -> ToolCallChunk:
        arguments = item.get("arguments") or ""
        self._arguments_of[slot] = arguments
        return call_chunk(slot, item.get("name"), arguments, item.get("call_id"))

    def _call_continued(self, event: Event, slot: int) -> ToolCallChunk:
        told = self._arguments_of.get(slot, "")
        self._arguments_of[slot] = told + event["delta"]
        return call_chunk(slot, None, event["delta"], None)

    def _call_completed(
        self, item: dict[str, Any], slot: int, *, known: bool
    ) -> list[ToolCallChunk]:
        """Return what the stream has not said about a call before it was done."""
        if not is_cut(item):
            self._whole.add(slot)
        if item["type"] == "custom_tool_call":
            text = custom_arguments(item)
            return [call_chunk(slot, item.get("name"), text, item.get("call_id"))]
        if not known:
            return [self._call_started(item, slot)]
        if self._arguments_of.get(slot) or not item.get("arguments"):
            return []
        self._arguments_of[slot] = item["arguments"]
        return [call_chunk(slot, None, item["arguments"], None)]


def _with_text(event: Event) -> Event:
    """Return an event with the arguments of a call as text, if they are an object."""
    item = event.get("item")
    if not isinstance(item, Mapping) or item.get("type") != "function_call":
        return event
    if isinstance(arguments := item.get("arguments"), str):
        return event
    return {**event, "item": {**item, "arguments": arguments_text(arguments) or ""}}


def call_chunk(
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
