"""Responses streams: from event dictionaries to LangChain message chunks.

Two shapes, one base. `TextStreamParser` gives text as `str` content and keeps the
native blocks beside it; `BlockStreamParser` gives every block as it grows.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from langchain_core.messages import AIMessageChunk
from langchain_core.messages.tool import ToolCallChunk, tool_call_chunk
from langchain_core.outputs import ChatGenerationChunk

from langchain_unified.content import NATIVE, says_more
from langchain_unified.errors import MalformedResponseError
from langchain_unified.shims.openai_wire.calls import custom_arguments
from langchain_unified.shims.openai_wire.chunks import PROVIDER, text_chunk
from langchain_unified.shims.openai_wire.responses import (
    chat_logprobs,
    describe_failure,
    format_annotation,
    generation_info,
    keeps_native_content,
    native_blocks,
    response_metadata,
    response_usage,
    text_logprobs,
    without_none,
)

Event = dict[str, Any]
Handler = Callable[[Event], ChatGenerationChunk | None]


def response_stream_parser(
    *, output_version: str | None = None, headers: Mapping[str, str] | None = None
) -> ResponseStreamParser:
    """Return a parser for the events of one streamed Responses answer.

    Args:
        output_version: `responses/v1` and `v1` stream native blocks as `content`;
            otherwise `content` is the text, as chat would give it.
        headers: Response headers, to be kept on the first chunk.

    Returns:
        A parser whose `parse` takes one event and returns a chunk or `None`.
    """
    if keeps_native_content(output_version):
        return BlockStreamParser(headers)
    return TextStreamParser(headers)


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
        self._with_arguments: set[int] = set()
        self._has_logprobs = False
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
        return None if handler is None else handler(event)

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
        response = event["response"]
        if not self._items:
            self._items = list(response.get("output") or ())
        metadata = response_metadata(response, self._items)
        if not self._has_logprobs and (logprobs := text_logprobs(self._items)):
            metadata["logprobs"] = logprobs
        return self._chunk(
            generation_info(metadata),
            id=response.get("id"),
            response_metadata=metadata,
            usage_metadata=response_usage(response),
            chunk_position="last",
            **self._last_fields(),
        )

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
        if arguments:
            self._with_arguments.add(slot)
        return _call_chunk(slot, item.get("name"), arguments, item.get("call_id"))

    def _call_continued(self, event: Event, slot: int) -> ToolCallChunk:
        self._with_arguments.add(slot)
        return _call_chunk(slot, None, event["delta"], None)

    def _call_completed(
        self, item: dict[str, Any], slot: int, *, known: bool
    ) -> list[ToolCallChunk]:
        """Return what the stream has not said about a call before it was done."""
        if item["type"] == "custom_tool_call":
            text = custom_arguments(item)
            return [_call_chunk(slot, item.get("name"), text, item.get("call_id"))]
        if not known:
            return [self._call_started(item, slot)]
        if slot in self._with_arguments or not item.get("arguments"):
            return []
        return [_call_chunk(slot, None, item["arguments"], None)]


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
        block = _summary_block(event, self._live[slot])
        return self._chunk(additional_kwargs={NATIVE: [*blocks, block]})

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
            blocks = [_without_summary(item, self._live[slot_of_item])]
            self._items.append(item)
            self._passed = len(self._items)
        else:
            self._items.append(item)
            rich = any(map(says_more, native_blocks([item])))
            blocks = self._waiting() if rich else []
        if blocks:
            fields["additional_kwargs"] = {NATIVE: blocks}
        return self._chunk(**fields) if any(fields.values()) else None

    def _output_index(self, event: Event) -> Any:
        return self._pins.get(event["item"].get("id"), event.get("output_index"))

    def _last_fields(self) -> dict[str, Any]:
        if not self._index and not any(map(says_more, native_blocks(self._items))):
            return {}
        blocks = self._waiting()
        return {"additional_kwargs": {NATIVE: blocks}} if blocks else {}

    def _waiting(self) -> list[dict[str, Any]]:
        """Return the finished blocks that were not passed on yet."""
        items, self._passed = self._items[self._passed :], len(self._items)
        return [
            {**block, "index": self._next_index()} for block in native_blocks(items)
        ]

    def _next_index(self) -> int:
        self._index += 1
        return self._index - 1


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
        info = self._logprobs(event) if event.get("logprobs") else None
        return self._block(event, {"type": "text", "text": event["delta"]}, info)

    def _part_added(self, event: Event) -> ChatGenerationChunk | None:
        phase = self._phases.get(event.get("output_index"))
        if phase is None or event["part"].get("type") != "output_text":
            return None
        return self._block(event, {"type": "text", "text": "", "phase": phase})

    def _annotation(self, event: Event) -> ChatGenerationChunk:
        annotation = format_annotation(event["annotation"])
        return self._block(event, {"type": "text", "annotations": [annotation]})

    def _text_done(self, event: Event) -> ChatGenerationChunk:
        block = {"type": "text", "text": "", "annotations": [], "id": event["item_id"]}
        return self._block(event, block)

    def _refusal(self, event: Event) -> ChatGenerationChunk:
        block = {"type": "refusal", "refusal": event["refusal"], "id": event["item_id"]}
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
        late = ("status", "encrypted_content", "content")
        block = {k: v for k, v in without_none(item).items() if k not in late}
        if item["type"] == "reasoning":
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
        return self._chunk(content=[_summary_block(event, slot)])

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
        return self._chunk(content=[block], tool_call_chunks=calls)

    def _unsaid(
        self, block: dict[str, Any], calls: list[ToolCallChunk]
    ) -> dict[str, Any]:
        """Return what the stream has not said about an item before it was done."""
        if block["type"] == "reasoning":
            if block["index"] in self._summarized:
                return _without_summary(block, block["index"])
            return block
        if block["type"] != "function_call":
            return block
        said = {"id", "call_id", "name", "namespace", "async"}
        if not calls:
            said.add("arguments")
        return {key: value for key, value in block.items() if key not in said}

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


def _call_chunk(
    slot: int, name: str | None, arguments: str | None, call_id: str | None
) -> ToolCallChunk:
    return tool_call_chunk(name=name, args=arguments, id=call_id, index=slot)


def _summary_block(event: Event, index: int) -> dict[str, Any]:
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


def _without_summary(item: dict[str, Any], index: int) -> dict[str, Any]:
    # 2026-11-23, langchain-core 1.7.2: fields beside a summary part go to the block of
    # that part in v1 content; beside no part they would make a block of their own.
    part = {"index": 0, "type": "summary_text", "text": ""}
    return {**without_none(item), "summary": [part], "index": index}
