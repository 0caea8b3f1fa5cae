"""A message, whole or as server-sent events."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from langchain_unified.testing.answers import compose
from langchain_unified.testing.anthropic_api.prompt import prompt_tokens, task_of
from langchain_unified.testing.openai_api.usage import answer_tokens
from langchain_unified.testing.signing import digest_of, issue
from langchain_unified.testing.sse import named_event
from langchain_unified.testing.text import split_tokens

if TYPE_CHECKING:
    from collections.abc import Iterator

    from langchain_unified.testing.answers import Answer
    from langchain_unified.testing.anthropic_api.call import AnthropicCall

_THOUGHT = "Thinking about the question."


def message_body(call: AnthropicCall, number: int) -> dict[str, Any]:
    """Answer a request in one body."""
    answer = compose(task_of(call))
    return {
        **_head(call, number),
        "content": _blocks(call, answer, number),
        "stop_reason": _stop_reason(answer),
        "stop_sequence": None,
        "usage": _usage(call, answer),
    }


def message_events(call: AnthropicCall, number: int) -> list[bytes]:
    """Answer a request as server-sent events."""
    answer = compose(task_of(call))
    usage = _usage(call, answer)
    start: dict[str, Any] = {
        **_head(call, number),
        "content": [],
        "stop_reason": None,
        "stop_sequence": None,
        "usage": {**usage, "output_tokens": 1},
    }
    events: list[dict[str, Any]] = [
        {"type": "message_start", "message": start},
        {"type": "ping"},
    ]
    for index, block in enumerate(_blocks(call, answer, number)):
        events += _block_events(block, index)
    delta = {"stop_reason": _stop_reason(answer), "stop_sequence": None}
    events.append({"type": "message_delta", "delta": delta, "usage": usage})
    events.append({"type": "message_stop"})
    return [named_event(event["type"], event) for event in events]


def _head(call: AnthropicCall, number: int) -> dict[str, Any]:
    return {
        "id": f"msg_{digest_of('anthropic', number)}",
        "type": "message",
        "role": "assistant",
        "model": call.rules.id,
    }


def _blocks(call: AnthropicCall, answer: Answer, number: int) -> list[dict[str, Any]]:
    blocks: list[dict[str, Any]] = []
    if call.thinks:
        blocks.append(_thinking_block(call, number))
    if answer.text:
        blocks.append({"type": "text", "text": answer.text})
    for index, made in enumerate(answer.calls):
        call_id = f"toolu_{digest_of('tool', number, index)}"
        blocks.append(
            {
                "type": "tool_use",
                "id": call_id,
                "name": made.name,
                "input": made.arguments,
            }
        )
    return blocks


def _thinking_block(call: AnthropicCall, number: int) -> dict[str, Any]:
    display = call.thinking.get("display", call.rules.display)
    return {
        "type": "thinking",
        "thinking": _THOUGHT if display == "summarized" else "",
        "signature": issue(call.rules.id, str(number)),
    }


def _stop_reason(answer: Answer) -> str:
    if answer.calls:
        return "tool_use"
    return "max_tokens" if answer.truncated else "end_turn"


def _usage(call: AnthropicCall, answer: Answer) -> dict[str, Any]:
    return {
        "input_tokens": prompt_tokens(call),
        "cache_creation_input_tokens": 0,
        "cache_read_input_tokens": 0,
        "output_tokens": answer_tokens(answer) + answer.reasoning_tokens,
        "output_tokens_details": {"thinking_tokens": answer.reasoning_tokens},
        "service_tier": "standard",
    }


def _block_events(block: dict[str, Any], index: int) -> Iterator[dict[str, Any]]:
    start = {"type": "content_block_start", "index": index}
    yield {**start, "content_block": _opening(block)}
    for delta in _deltas(block):
        yield {"type": "content_block_delta", "index": index, "delta": delta}
    yield {"type": "content_block_stop", "index": index}


def _opening(block: dict[str, Any]) -> dict[str, Any]:
    if block["type"] == "text":
        return {"type": "text", "text": ""}
    if block["type"] == "thinking":
        return {"type": "thinking", "thinking": "", "signature": ""}
    return {**block, "input": {}}


def _deltas(block: dict[str, Any]) -> Iterator[dict[str, Any]]:
    if block["type"] == "text":
        for piece in split_tokens(block["text"]):
            yield {"type": "text_delta", "text": piece}
    elif block["type"] == "thinking":
        for piece in split_tokens(block["thinking"]):
            yield {"type": "thinking_delta", "thinking": piece}
        yield {"type": "signature_delta", "signature": block["signature"]}
    else:
        yield {"type": "input_json_delta", "partial_json": ""}
        for piece in split_tokens(json.dumps(block["input"])):
            yield {"type": "input_json_delta", "partial_json": piece}
