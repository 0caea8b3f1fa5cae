"""Chat Completions, streamed: one parser for both ways to call, and for other makes.

What servers leave out or add is taken as it comes: no `delta` (Azure's asynchronous
content filter, langchain-ai/langchain#18977), no `choices`, totals of usage in every
chunk (langchain-ai/langchain#30429), a finish told twice, content in parts.
"""

from __future__ import annotations

from collections.abc import (
    AsyncGenerator,
    Generator,
    Mapping,
)
from typing import Any, TypeVar

from langchain_core.messages import AIMessageChunk
from langchain_core.messages.ai import UsageMetadata
from langchain_core.outputs import ChatGenerationChunk
from pydantic import BaseModel

from langchain_unified.content import CALL_FIELDS, CONTENT_PARTS
from langchain_unified.reliability.closing import owned
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
)
from langchain_unified.shims.openai.reading import (
    AsyncEvents,
    Events,
    apieces,
    pieces,
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
Model = TypeVar("Model", bound=BaseModel)


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
        delta = choice.get("delta") or choice.get("message")
        if not isinstance(delta, Mapping):
            delta = {}
        text: Any = delta.get("content")
        is_text = isinstance(text, str) and delta.keys() <= _PLAIN
        if not is_text or self._info or _has_more(chunk, choice, delta):
            return self._parsed(chunk, choice, delta)
        self._parts.text.append(text)
        return text_chunk(text, {"model_provider": PROVIDER, **self._metadata})

    def _parsed(
        self,
        chunk: Mapping[str, Any],
        choice: Mapping[str, Any],
        delta: Mapping[str, Any],
    ) -> ChatGenerationChunk | None:
        """Return what a chunk adds that is more than a piece of text."""
        finish = None if self._ended else choice.get("finish_reason")
        counts = self._counts(chunk, choice)
        if not (delta or finish or counts or choice.get("delta") == {}):
            return None
        info = self._chunk_info(choice, chunk, finish)
        self._parts.add(delta.get("content"))
        fields = self._message_fields(delta, finish)
        message = AIMessageChunk(
            content=content_text(delta.get("content")),
            response_metadata={"model_provider": PROVIDER, **self._metadata},
            usage_metadata=counts,
            **fields,
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


PIECE = "unified_piece"
"""Key of what an event adds to the answer, in the event that `ChatOpenAI` sees."""


def parsed(events: Events) -> Generator[dict[str, Any], None, None]:
    """Yield what events add to the answer, each as `ChatOpenAI` takes an event."""
    for piece in pieces(events, ChatStreamParser()):
        yield {PIECE: piece}


async def aparsed(events: AsyncEvents) -> AsyncGenerator[dict[str, Any], None]:
    """Yield what events add to the answer; see `parsed`."""
    async with owned(apieces(events, ChatStreamParser())) as found:
        async for piece in found:
            yield {PIECE: piece}


def _has_more(
    chunk: Mapping[str, Any], choice: Mapping[str, Any], delta: Mapping[str, Any]
) -> bool:
    """Tell whether a chunk has more than a piece of text."""
    ends = choice.get("finish_reason") or choice.get("logprobs") or choice.get("usage")
    return bool(
        ends or chunk.get("usage") or chunk.get("x_groq") or delta.get("refusal")
    )


_MESSAGE = AIMessageChunk(content="", response_metadata={"model_provider": PROVIDER})
_CHUNK = ChatGenerationChunk(message=_MESSAGE, generation_info=None)
_CONTAINERS = tuple(
    (name, type(value))
    for name, value in vars(_MESSAGE).items()
    if isinstance(value, (dict, list))
)
_set = object.__setattr__


def text_chunk(
    text: str,
    metadata: dict[str, Any],
    info: dict[str, Any] | None = None,
    content: Any = None,
) -> ChatGenerationChunk:
    """Return a chunk that holds a piece of text and nothing else.

    Equal to one built by the constructors, at a third of their cost: it copies a
    validated chunk instead of validating fields that are all empty.

    Args:
        text: The piece of text.
        metadata: The `response_metadata`; taken over, not copied.
        info: The `generation_info`, if any; taken over, not copied.
        content: The content, where it is not the text but a block with it.

    Returns:
        The generation chunk.
    """
    message = _MESSAGE.__dict__.copy()
    for name, container in _CONTAINERS:
        message[name] = container()
    message["response_metadata"] = metadata
    message["content"] = text if content is None else content
    found = _CHUNK.__dict__.copy()
    found["message"] = _like(_MESSAGE, message)
    found["text"] = text
    found["generation_info"] = info
    return _like(_CHUNK, found)


def _like(pattern: Model, fields: dict[str, Any]) -> Model:
    """Return what `copy` would, with other fields."""
    made = pattern.__class__.__new__(pattern.__class__)
    _set(made, "__dict__", fields)
    extra = pattern.__pydantic_extra__
    _set(made, "__pydantic_extra__", None if extra is None else extra.copy())
    _set(made, "__pydantic_fields_set__", pattern.__pydantic_fields_set__.copy())
    _set(made, "__pydantic_private__", None)
    return made
