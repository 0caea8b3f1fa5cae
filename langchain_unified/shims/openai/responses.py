"""Responses: from wire dictionaries to LangChain messages."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from langchain_core.messages import AIMessage
from langchain_core.messages.ai import UsageMetadata
from langchain_core.outputs import ChatGeneration, ChatResult

from langchain_unified.content import flatten, keep_native
from langchain_unified.errors import MalformedResponseError
from langchain_unified.shims.openai.calls import parse_response_calls
from langchain_unified.shims.openai.older import older_message
from langchain_unified.shims.openai.parts import PROVIDER
from langchain_unified.shims.openai.usage import RESPONSES, parse_usage, whole_numbers

Block = dict[str, Any]

_METADATA = (
    "created_at",
    "id",
    "incomplete_details",
    "metadata",
    "object",
    "status",
    "user",
    "model",
    "service_tier",
)
_CALLS = frozenset({"function_call", "custom_tool_call"})
_FREE_FORM = frozenset({"arguments", "attributes", "input_schema", "parameters"})


def parse_response_body(
    body: dict[str, Any],
    *,
    output_version: str | None = None,
    headers: Mapping[str, str] | None = None,
) -> ChatResult:
    """Parse a Responses answer.

    Args:
        body: The decoded answer.
        output_version: `responses/v1` and `v1` put the native block list in
            `content`, `v0` gives ChatOpenAI's older shape; without a version `content`
            is the text, as chat would give it.
        headers: Response headers, to be kept in the response metadata.

    Returns:
        One generation.

    Raises:
        MalformedResponseError: If there is no output, or an error instead.
    """
    if body.get("error") or not isinstance(body.get("output"), list):
        raise MalformedResponseError(describe_failure(body))
    items = body["output"]
    blocks = native_blocks(items)
    called = [item for item in items if item.get("type") in _CALLS]
    calls, invalid = parse_response_calls(called) if called else ([], [])
    metadata = response_metadata(body)
    if headers:
        metadata["headers"] = dict(headers)
    message = AIMessage(
        content=list(blocks),
        id=body.get("id"),
        tool_calls=calls,
        invalid_tool_calls=invalid,
        usage_metadata=response_usage(body),
        response_metadata=metadata,
    )
    if output_version is None:
        return _as_chat(message, blocks, body)
    if output_version == "v0":
        message = older_message(message)
    return ChatResult(generations=[ChatGeneration(message=message)])


def _as_chat(
    message: AIMessage, blocks: list[Block], body: dict[str, Any]
) -> ChatResult:
    """Return an answer as chat completions would give it; the rest is on record."""
    content, native = flatten(blocks)
    message.content = content
    if native is not None:
        keep_native(message, native)
    if refusal := "".join(b["refusal"] for b in blocks if b["type"] == "refusal"):
        message.additional_kwargs["refusal"] = refusal
    note_ending(message.response_metadata, body, body["output"])
    info = generation_info(message.response_metadata)
    return ChatResult(
        generations=[ChatGeneration(message=message, generation_info=info)],
        llm_output=_llm_output(body),
    )


def _llm_output(body: dict[str, Any]) -> dict[str, Any]:
    usage = body.get("usage") or {}
    counts = {
        "prompt_tokens": usage.get("input_tokens"),
        "completion_tokens": usage.get("output_tokens"),
        "total_tokens": usage.get("total_tokens"),
    }
    output = {"model_provider": PROVIDER, "model_name": body.get("model")}
    given = {name: n for name, n in counts.items() if n is not None}
    return {**output, "token_usage": given} if given else output


def note_ending(
    metadata: dict[str, Any], response: dict[str, Any], items: list[dict[str, Any]]
) -> None:
    """Say how an answer ended and how probable it was, where chat says it."""
    if reason := _finish_reason(response, items):
        metadata["finish_reason"] = reason
    if logprobs := text_logprobs(items):
        metadata["logprobs"] = logprobs


def native_blocks(items: Iterable[dict[str, Any]]) -> list[Block]:
    """Convert output items to content blocks, in order.

    A message gives one block for each of its parts, any other item one block.
    """
    blocks: list[Block] = []
    for item in items:
        if item.get("type") == "message":
            blocks.extend(_message_blocks(item))
        else:
            blocks.append(without_none(item))
    return blocks


def format_annotation(annotation: dict[str, Any]) -> dict[str, Any]:
    """Convert a citation; `index` is renamed, since it means merging in LangChain."""
    annotation = without_none(annotation)
    if annotation.get("type") == "file_citation" and "index" in annotation:
        annotation["file_index"] = annotation.pop("index")
    return annotation


def without_none(value: Any) -> Any:
    """Copy a wire value without its null fields; free-form objects stay as they are."""
    if isinstance(value, list):
        return [without_none(i) if isinstance(i, _HOLDERS) else i for i in value]
    if not isinstance(value, dict):
        return value
    return {
        key: without_none(item)
        if item and isinstance(item, _HOLDERS) and key not in _FREE_FORM
        else item
        for key, item in value.items()
        if item is not None
    }


_HOLDERS = (dict, list)


def response_metadata(response: dict[str, Any]) -> dict[str, Any]:
    """Return the `response_metadata` of a finished answer."""
    metadata: dict[str, Any] = {}
    for key in _METADATA:
        value = response.get(key)
        if value is not None:
            is_held = value and isinstance(value, _HOLDERS)
            metadata[key] = without_none(value) if is_held else value
    metadata["model_provider"] = PROVIDER
    metadata["model_name"] = metadata.get("model")
    return metadata


def generation_info(metadata: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return what chat answers also have in their generation info."""
    keys = ("finish_reason", "logprobs")
    return {key: metadata[key] for key in keys if key in metadata} or None


def response_usage(response: dict[str, Any]) -> UsageMetadata | None:
    """Return the token counts of an answer, if it has any."""
    usage = response.get("usage")
    if not usage:
        return None
    return parse_usage(whole_numbers(usage), RESPONSES, response.get("service_tier"))


def text_logprobs(items: Iterable[dict[str, Any]]) -> dict[str, Any] | None:
    """Return the log probabilities of the text as chat gives them, if there are any."""
    tokens = [
        token
        for item in items
        if item.get("type") == "message"
        for part in item.get("content") or ()
        for token in part.get("logprobs") or ()
    ]
    return chat_logprobs(tokens) if tokens else None


def chat_logprobs(tokens: list[dict[str, Any]]) -> dict[str, Any]:
    """Wrap token log probabilities as chat does."""
    return {"content": tokens, "refusal": None}


def describe_failure(body: dict[str, Any]) -> str:
    """Return one sentence about an answer that is none."""
    error = body.get("error") or (body.get("response") or {}).get("error") or body
    if isinstance(error, dict) and error.get("message"):
        return f"{error.get('code') or 'error'}: {error['message']}"
    return f"The response has no output; it has {sorted(body)}."


def _message_blocks(item: dict[str, Any]) -> list[Block]:
    common = {"id": item.get("id")}
    if (phase := item.get("phase")) is not None:
        common["phase"] = phase
    found: list[Block] = []
    for part in item.get("content") or ():
        if part.get("type") == "output_text":
            noted = part.get("annotations")
            block = {"type": "text", "text": part.get("text") or ""}
            block["annotations"] = [*map(format_annotation, noted)] if noted else []
            found.append({**block, **common})
        elif part.get("type") == "refusal":
            refusal = part.get("refusal") or ""
            found.append({"type": "refusal", "refusal": refusal, **common})
    return found


def _finish_reason(
    response: dict[str, Any], items: Iterable[dict[str, Any]]
) -> str | None:
    status = response.get("status")
    if status == "completed":
        called = any(item.get("type") in _CALLS for item in items)
        return "tool_calls" if called else "stop"
    if status != "incomplete":
        return None
    reason = str((response.get("incomplete_details") or {}).get("reason"))
    if reason == "content_filter":
        return reason
    return "length" if reason.startswith("max_") else "stop"
