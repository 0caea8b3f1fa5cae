"""Chat Completions: from wire dictionaries to LangChain messages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from langchain_core.messages import AIMessage, AIMessageChunk
from langchain_core.messages.ai import UsageMetadata
from langchain_core.messages.tool import ToolCallChunk, tool_call_chunk
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult

from langchain_unified.errors import MalformedResponseError
from langchain_unified.shims.openai_wire.calls import parse_chat_calls
from langchain_unified.shims.openai_wire.chunks import PROVIDER, text_chunk
from langchain_unified.shims.openai_wire.usage import (
    complete_token_usage,
    parse_chat_usage,
)


def parse_chat_body(
    body: dict[str, Any], *, headers: Mapping[str, str] | None = None
) -> ChatResult:
    """Parse a chat completion.

    Args:
        body: The decoded answer.
        headers: Response headers, to be kept in the generation info.

    Returns:
        One generation per choice.

    Raises:
        MalformedResponseError: If there are no choices.
    """
    choices = body.get("choices")
    if not isinstance(choices, list):
        message = f"No choices in the answer, which has {sorted(body)}."
        raise MalformedResponseError(message)
    generations: list[ChatGeneration] = [
        ChatGeneration(
            message=_parse_message(choice.get("message") or {}, body, position),
            generation_info=_generation_info(choice, headers),
        )
        for position, choice in enumerate(choices)
    ]
    return ChatResult(generations=generations, llm_output=_llm_output(body))


def complete_body(body: dict[str, Any]) -> dict[str, Any]:
    """Fill what a chat answer leaves out with `None`, as the SDK's models do."""
    choices = body.get("choices")
    if not choices or not isinstance(choices, list):
        message = f"No choices in the answer, which has {sorted(body)}."
        raise MalformedResponseError(message)
    completed = [
        {
            **choice,
            "message": {"refusal": None, **(choice.get("message") or {})},
            "logprobs": _logprobs(choice),
        }
        for choice in choices
    ]
    usage = complete_token_usage(body.get("usage"))
    return {**body, "choices": completed, "usage": usage}


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

    def parse(self, chunk: dict[str, Any]) -> ChatGenerationChunk | None:
        """Parse one chunk.

        Args:
            chunk: The decoded event.

        Returns:
            The generation chunk, or `None` if the event carries nothing.
        """
        choices = chunk.get("choices")
        if not choices:
            return self._totals(chunk)
        choice = choices[0]
        if (delta := choice.get("delta")) is None:
            return None
        info, self._info = self._info, {}
        if choice.get("finish_reason") or choice.get("logprobs"):
            info = {**info, **_chunk_info(choice, chunk)}
        text = delta.get("content") or ""
        metadata = {"model_provider": PROVIDER, **self._metadata}
        fields = _delta_fields(delta)
        counts = _usage_metadata(chunk)
        if not fields and counts is None and isinstance(text, str):
            return text_chunk(text, metadata, info or None)
        message = AIMessageChunk(
            content=text, response_metadata=metadata, usage_metadata=counts, **fields
        )
        return ChatGenerationChunk(message=message, generation_info=info or None)

    def _totals(self, chunk: dict[str, Any]) -> ChatGenerationChunk:
        info, self._info = self._info, {}
        message = AIMessageChunk(
            content="",
            usage_metadata=_usage_metadata(chunk),
            response_metadata=dict(self._metadata),
        )
        return ChatGenerationChunk(message=message, generation_info=info)


def parse_chat_chunk(
    chunk: dict[str, Any], *, output_version: str | None = None
) -> ChatGenerationChunk | None:
    """Parse one chunk by itself; see `ChatStreamParser`."""
    return ChatStreamParser(output_version=output_version).parse(chunk)


def _parse_message(
    message: dict[str, Any], body: dict[str, Any], position: int
) -> AIMessage:
    extra: dict[str, Any] = {}
    for name in ("function_call", "audio"):
        if value := message.get(name):
            extra[name] = value
    if position == 0 or message.get("refusal"):
        extra["refusal"] = message.get("refusal")
    calls, invalid = parse_chat_calls(message.get("tool_calls") or [])
    return AIMessage(
        content=message.get("content") or "",
        additional_kwargs=extra,
        name=message.get("name"),
        id=message.get("id"),
        tool_calls=calls,
        invalid_tool_calls=invalid,
        usage_metadata=_usage_metadata(body),
    )


def _generation_info(
    choice: dict[str, Any], headers: Mapping[str, str] | None
) -> dict[str, Any]:
    info: dict[str, Any] = {"headers": dict(headers)} if headers else {}
    info["finish_reason"] = choice.get("finish_reason")
    info["logprobs"] = _logprobs(choice)
    return info


def _llm_output(body: dict[str, Any]) -> dict[str, Any]:
    output = {
        "token_usage": complete_token_usage(body.get("usage")),
        "model_provider": PROVIDER,
        "model_name": body.get("model"),
        "system_fingerprint": body.get("system_fingerprint"),
    }
    if "id" in body:
        output["id"] = body["id"]
    if tier := body.get("service_tier"):
        output["service_tier"] = tier
    return output


def _logprobs(choice: dict[str, Any]) -> dict[str, Any] | None:
    logprobs = choice.get("logprobs")
    return {"content": None, "refusal": None, **logprobs} if logprobs else None


def _usage_metadata(chunk: dict[str, Any]) -> UsageMetadata | None:
    usage = chunk.get("usage")
    return parse_chat_usage(usage, chunk.get("service_tier")) if usage else None


def _delta_fields(delta: dict[str, Any]) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    if calls := delta.get("tool_calls"):
        fields["tool_call_chunks"] = [_call_chunk(call) for call in calls]
    extra: dict[str, Any] = {}
    if call := delta.get("function_call"):
        extra["function_call"] = {
            "arguments": call.get("arguments"),
            "name": call.get("name") or "",
        }
    if refusal := delta.get("refusal"):
        extra["refusal"] = refusal
    if extra:
        fields["additional_kwargs"] = extra
    if identity := delta.get("id"):
        fields["id"] = identity
    return fields


def _call_chunk(call: dict[str, Any]) -> ToolCallChunk:
    function = call.get("function") or {}
    return tool_call_chunk(
        name=function.get("name"),
        args=function.get("arguments"),
        id=call.get("id"),
        index=call.get("index"),
    )


def _chunk_info(choice: dict[str, Any], chunk: dict[str, Any]) -> dict[str, Any]:
    info: dict[str, Any] = {}
    if reason := choice.get("finish_reason"):
        info["finish_reason"] = reason
        for name, key in _FINAL_KEYS:
            if value := chunk.get(key):
                info[name] = value
    if logprobs := _logprobs(choice):
        info["logprobs"] = logprobs
    return info


_FINAL_KEYS = (
    ("model_name", "model"),
    ("system_fingerprint", "system_fingerprint"),
    ("service_tier", "service_tier"),
)
