"""Responses streams: from event dictionaries to LangChain message chunks.

Two shapes, one base. `TextStreamParser` gives text as `str` content and keeps the
native blocks beside it; `BlockStreamParser` gives every block as it grows.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from langchain_core.messages import AIMessageChunk
from langchain_core.messages.tool import ToolCallChunk
from langchain_core.outputs import ChatGenerationChunk

from langchain_unified.content import NATIVE, RECORD, says_more
from langchain_unified.errors import MalformedResponseError
from langchain_unified.shims.openai.chat_stream import text_chunk
from langchain_unified.shims.openai.parts import PROVIDER
from langchain_unified.shims.openai.responses import (
    chat_logprobs,
    describe_failure,
    format_annotation,
    generation_info,
    native_blocks,
    note_ending,
    response_metadata,
    response_usage,
    without_none,
)
from langchain_unified.shims.openai.responses_stream.items import (
    Event,
    ItemCalls,
    summary_block,
    with_text,
    without_summary,
)

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
        self._calls = ItemCalls()
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
        if handler is None:
            return None
        return handler(with_text(event) if "item" in event else event)

    def rest(self) -> ChatGenerationChunk | None:
        """Return what keeps calls from being run that a stream broke off."""
        calls = [] if self._ended else self._calls.cut({})
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
            tool_call_chunks=self._calls.cut(event),
            **self._last_fields(),
        )

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
        identity = event.get("item_id")
        if not identity and "item" in event:
            identity = (event["item"] or {}).get("id")
        if identity is not None:
            output = self._pins.setdefault(identity, output)
        return self._slots.setdefault((output, part), len(self._slots))


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
        call = self._calls.started(item, self._slot(event))
        return self._chunk(tool_call_chunks=[call])

    def _arguments(self, event: Event) -> ChatGenerationChunk:
        call = self._calls.continued(event, self._slot(event))
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
            fields["tool_call_chunks"] = self._calls.completed(
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
        text, slot = event["delta"], self._slot(event, event.get("content_index") or 0)
        block = {"type": "text", "text": text, "index": slot}
        return text_chunk(text, {"model_provider": PROVIDER}, content=[block])

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
        call = self._calls.started(item, slot)
        block["arguments"] = call["args"]
        return self._chunk(content=[{**block, "index": slot}], tool_call_chunks=[call])

    def _arguments(self, event: Event) -> ChatGenerationChunk:
        slot = self._slot(event)
        block = {"type": "function_call", "arguments": event["delta"], "index": slot}
        call = self._calls.continued(event, slot)
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
            calls = self._calls.completed(item, slot, known=slot < known)
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

    def _block(self, event: Event, block: dict[str, Any]) -> ChatGenerationChunk:
        slot = self._slot(event, event.get("content_index") or 0)
        return self._chunk(content=[{**block, "index": slot}])

    def _chunk(
        self, info: dict[str, Any] | None = None, **fields: Any
    ) -> ChatGenerationChunk:
        fields.setdefault("content", [])
        return super()._chunk(info, **fields)
