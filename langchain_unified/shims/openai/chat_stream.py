"""Chat Completions, streamed: one parser for both ways to call, and for other makes.

What servers leave out or add is taken as it comes: no `delta` (Azure's asynchronous
content filter, langchain-ai/langchain#18977), no `choices`, totals of usage in every
chunk (langchain-ai/langchain#30429), a finish told twice, content in parts.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from langchain_core.messages import AIMessageChunk
from langchain_core.messages.ai import UsageMetadata
from langchain_core.outputs import ChatGenerationChunk

from langchain_unified.content import CALL_FIELDS, CONTENT_PARTS
from langchain_unified.shims.openai.calls import CallPieces
from langchain_unified.shims.openai.parts import (
    BODY_FIELDS,
    CHOICE_FIELDS,
    PROVIDER,
    ContentPieces,
    FieldPieces,
    content_text,
    further_fields,
    logprobs_of,
    text_chunk,
)
from langchain_unified.shims.openai.usage import (
    CHAT,
    parse_usage,
    usage_since,
    whole_numbers,
)

_FINAL_KEYS = (
    ("model_name", "model"),
    ("system_fingerprint", "system_fingerprint"),
    ("service_tier", "service_tier"),
)
_PLAIN = frozenset({"role", "content", "refusal"})
_LENGTH = "length"


class ChatStreamParser:
    """Parses the chunks of one streamed chat completion."""

    def __init__(
        self,
        *,
        output_version: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        """Start a stream.

        Args:
            output_version: LangChain's content version; `v1` is noted on the chunks.
            headers: Response headers, to be kept on the first chunk.
        """
        self._metadata = {"output_version": "v1"} if output_version == "v1" else {}
        self._info = {"headers": dict(headers)} if headers else {}
        self._calls, self._fields = CallPieces(), FieldPieces()
        self._parts = ContentPieces()
        self._body: dict[str, Any] = {}
        self._usage: UsageMetadata | None = None
        self._ended = False
        self._named: set[str] = set()

    def parse(self, chunk: dict[str, Any]) -> ChatGenerationChunk | None:
        """Parse one chunk.

        Args:
            chunk: The decoded event.

        Returns:
            The generation chunk, or `None` if the event carries nothing.
        """
        if not chunk.keys() <= BODY_FIELDS:
            self._body.update(further_fields(chunk, BODY_FIELDS))
        choices = chunk.get("choices")  # Some servers send none, or null.
        choice = choices[0] if isinstance(choices, list) and choices else None
        if not isinstance(choice, Mapping):
            return self._totals(chunk)
        finish = None if self._ended else choice.get("finish_reason")
        counts = self._counts(chunk, choice)
        delta = choice.get("delta") or choice.get("message")
        if not isinstance(delta, Mapping):
            if not (finish or counts or choice.get("delta") == {}):
                return None
            delta = {}
        info = self._chunk_info(choice, chunk, finish)
        self._parts.add(delta.get("content"))
        fields = self._message_fields(delta, finish)
        metadata = {"model_provider": PROVIDER, **self._metadata}
        text = content_text(delta.get("content"))
        if not fields and counts is None:
            return text_chunk(text, metadata, info or None)
        message = AIMessageChunk(
            content=text, response_metadata=metadata, usage_metadata=counts, **fields
        )
        return ChatGenerationChunk(message=message, generation_info=info or None)

    def rest(self) -> ChatGenerationChunk | None:
        """Return what was held back of an answer that ended without a finish reason."""
        if self._ended:
            return None
        fields = self._last_fields(None)
        if not fields and not self._body:
            return None
        metadata = {"model_provider": PROVIDER, **self._metadata}
        message = AIMessageChunk(content="", response_metadata=metadata, **fields)
        return ChatGenerationChunk(message=message, generation_info=self._body or None)

    def _totals(self, chunk: dict[str, Any]) -> ChatGenerationChunk:
        info, self._info = self._info, {}
        message = AIMessageChunk(
            content="",
            additional_kwargs=self._fields.rest() if self._ended else {},
            usage_metadata=self._counts(chunk, {}),
            response_metadata=dict(self._metadata),
        )
        return ChatGenerationChunk(message=message, generation_info=info)

    def _counts(
        self, chunk: Mapping[str, Any], choice: Mapping[str, Any]
    ) -> UsageMetadata | None:
        """Return the usage that this chunk adds to what chunks told before.

        LangChain adds up the usage of chunks, and a total told twice would count twice.
        """
        usage = chunk.get("usage") or choice.get("usage")
        if not usage and isinstance(chunk.get("x_groq"), Mapping):
            usage = chunk["x_groq"].get("usage")
        if not usage or not isinstance(usage, Mapping):
            return None
        before, counts = self._usage, whole_numbers(usage)
        self._usage = now = parse_usage(counts, CHAT, chunk.get("service_tier"))
        return now if before is None else usage_since(now, before)

    def _chunk_info(
        self, choice: Mapping[str, Any], chunk: Mapping[str, Any], finish: Any
    ) -> dict[str, Any]:
        info, self._info = self._info, {}
        if finish:
            self._ended = True
            info = {**info, **self._body, **further_fields(choice, CHOICE_FIELDS)}
            info["finish_reason"] = finish
        if choice.get("finish_reason"):  # of a second end, only what is new in it
            named = {name: chunk[key] for name, key in _FINAL_KEYS if chunk.get(key)}
            info |= {k: v for k, v in named.items() if k not in self._named}
            self._named |= named.keys()
        if logprobs := logprobs_of(choice):
            info = {**info, "logprobs": logprobs}
        return info

    def _message_fields(self, delta: Mapping[str, Any], finish: Any) -> dict[str, Any]:
        """Return the fields of the message beside its text."""
        in_parts = isinstance(delta.get("content"), list)
        plain = delta.keys() <= _PLAIN and not delta.get("refusal")
        if plain and not (finish or in_parts):
            return {}
        fields: dict[str, Any] = {}
        calls = self._calls.pieces(delta.get("tool_calls"))
        extra = self._extra(delta)
        if finish:
            last = self._last_fields(finish)
            calls += last.get("tool_call_chunks", ())
            extra |= last.get("additional_kwargs", {})
        if calls:
            fields["tool_call_chunks"] = calls
        if extra:
            fields["additional_kwargs"] = extra
        if identity := delta.get("id"):
            fields["id"] = identity
        return fields

    def _last_fields(self, finish: Any) -> dict[str, Any]:
        """Return the fields of the message that only its end tells."""
        calls = list(self._calls.ended(by_length=finish == _LENGTH))
        extra = self._fields.rest()
        if parts := self._parts.parts():
            extra[CONTENT_PARTS] = parts
        if own := self._calls.fields:
            extra[CALL_FIELDS] = own
        fields = {"tool_call_chunks": calls, "additional_kwargs": extra}
        return {name: value for name, value in fields.items() if value}

    def _extra(self, delta: Mapping[str, Any]) -> dict[str, Any]:
        extra: dict[str, Any] = {}
        if call := delta.get("function_call"):
            extra["function_call"] = {
                "arguments": call.get("arguments"),
                "name": call.get("name") or "",
            }
        if refusal := delta.get("refusal"):
            extra["refusal"] = refusal
        return extra | self._fields.streamed(delta)


def parse_chat_chunk(
    chunk: dict[str, Any], *, output_version: str | None = None
) -> ChatGenerationChunk | None:
    """Parse one chunk by itself; see `ChatStreamParser`."""
    return ChatStreamParser(output_version=output_version).parse(chunk)
