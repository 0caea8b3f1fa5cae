"""Canned answers of both providers, as they look on the wire."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

CHUNKS = 1_000
"""Pieces of text in a streamed answer."""

TEXT = "Hello there, " * 30
STRUCTURED = '{"setup": "Why did the model cross the road?", "punchline": "A 400."}'

_DETAILS = {
    "prompt_tokens_details": {"cached_tokens": 0, "audio_tokens": 0},
    "completion_tokens_details": {
        "reasoning_tokens": 5,
        "audio_tokens": 0,
        "accepted_prediction_tokens": 0,
        "rejected_prediction_tokens": 0,
    },
}
_USAGE = {
    "prompt_tokens": 10,
    "completion_tokens": 20,
    "total_tokens": 30,
    **_DETAILS,
}
_HEAD = {
    "id": "chatcmpl-1",
    "created": 1_741_476_542,
    "model": "gpt-5-mini",
    "service_tier": "default",
    "system_fingerprint": None,
}


def chat(*, structured: bool = False) -> bytes:
    """Return a chat completion."""
    message = {
        "role": "assistant",
        "content": STRUCTURED if structured else TEXT,
        "refusal": None,
        "annotations": [],
    }
    choice = {
        "index": 0,
        "finish_reason": "stop",
        "logprobs": None,
        "message": message,
    }
    body = {"object": "chat.completion", **_HEAD, "choices": [choice]}
    return _json({**body, "usage": _USAGE})


def chat_events() -> list[bytes]:
    """Return the events of a streamed chat completion."""
    first = {"role": "assistant", "content": "", "refusal": None}
    deltas = [first, *({"content": f"word{i} "} for i in range(CHUNKS))]
    events = [_chunk([_choice(delta)]) for delta in deltas]
    events.append(_chunk([_choice({}, "stop")]))
    events.append(_chunk([], _USAGE))
    return [*_as_events(events), b"data: [DONE]\n\n"]


def _chunk(choices: list[Any], usage: Any = None) -> dict[str, Any]:
    return {
        "object": "chat.completion.chunk",
        **_HEAD,
        "choices": choices,
        "usage": usage,
        "obfuscation": "abcdefgh",
    }


def _choice(delta: Mapping[str, Any], reason: str | None = None) -> dict[str, Any]:
    return {"index": 0, "delta": delta, "logprobs": None, "finish_reason": reason}


def responses() -> bytes:
    """Return an answer of the Responses API."""
    return _json(_response(TEXT))


def _response(text: str) -> dict[str, Any]:
    return {
        "id": "resp_1",
        "object": "response",
        "created_at": 1_741_476_542,
        "status": "completed",
        "error": None,
        "incomplete_details": None,
        "instructions": None,
        "max_output_tokens": None,
        "model": "gpt-5-mini",
        "output": [_reasoning(), _message(text)],
        "parallel_tool_calls": True,
        "previous_response_id": None,
        "reasoning": {"effort": "medium", "summary": None},
        "service_tier": "default",
        "store": False,
        "temperature": 1.0,
        "text": {"format": {"type": "text"}, "verbosity": "medium"},
        "tool_choice": "auto",
        "tools": [],
        "top_p": 1.0,
        "truncation": "disabled",
        "usage": {
            "input_tokens": 10,
            "input_tokens_details": {"cached_tokens": 0},
            "output_tokens": 20,
            "output_tokens_details": {"reasoning_tokens": 5},
            "total_tokens": 30,
        },
        "user": None,
        "metadata": {},
    }


def _reasoning() -> dict[str, Any]:
    return {
        "id": "rs_1",
        "type": "reasoning",
        "summary": [],
        "encrypted_content": "gAAA" * 300,
    }


def _message(text: str) -> dict[str, Any]:
    part = {"type": "output_text", "annotations": [], "logprobs": [], "text": text}
    return {
        "id": "msg_1",
        "type": "message",
        "status": "completed",
        "role": "assistant",
        "content": [part],
    }


def response_events() -> list[bytes]:
    """Return the events of a streamed answer of the Responses API."""
    words = [f"word{i} " for i in range(CHUNKS)]
    full = _response("".join(words))
    head = {**full, "status": "in_progress", "output": [], "usage": None}
    empty = _message("")
    events: list[dict[str, Any]] = [
        {"type": "response.created", "response": head},
        {"type": "response.in_progress", "response": head},
        _item("added", 0, {"id": "rs_1", "type": "reasoning", "summary": []}),
        _item("done", 0, _reasoning()),
        _item("added", 1, {**empty, "status": "in_progress", "content": []}),
        _part("content_part.added", part=empty["content"][0]),
        *(_part("output_text.delta", delta=word, logprobs=[]) for word in words),
        _part("output_text.done", text="".join(words), logprobs=[]),
        _part("content_part.done", part=full["output"][1]["content"][0]),
        _item("done", 1, full["output"][1]),
        {"type": "response.completed", "response": full},
    ]
    numbered = [{**event, "sequence_number": i} for i, event in enumerate(events)]
    return list(_as_events(numbered, named=True))


def _item(what: str, index: int, item: Any) -> dict[str, Any]:
    kind = f"response.output_item.{what}"
    return {"type": kind, "output_index": index, "item": item}


def _part(what: str, **fields: Any) -> dict[str, Any]:
    place = {"item_id": "msg_1", "output_index": 1, "content_index": 0}
    return {"type": f"response.{what}", **place, **fields}


def gemini(*, structured: bool = False) -> bytes:
    """Return an answer of `generateContent`."""
    return _json(_candidate(STRUCTURED if structured else TEXT, "STOP"))


def gemini_events() -> list[bytes]:
    """Return the events of a streamed answer of Gemini."""
    events = [_candidate(f"word{i} ") for i in range(CHUNKS)]
    return list(_as_events([*events, _candidate("", "STOP")], end=b"\r\n\r\n"))


def _candidate(text: str, reason: str | None = None) -> dict[str, Any]:
    content = {"role": "model", "parts": [{"text": text}]}
    finish = {"finishReason": reason} if reason else {}
    return {
        "candidates": [{"content": content, "index": 0, **finish}],
        "usageMetadata": {
            "promptTokenCount": 10,
            "candidatesTokenCount": 20,
            "totalTokenCount": 30,
            "promptTokensDetails": [{"modality": "TEXT", "tokenCount": 10}],
        },
        "modelVersion": "gemini-2.5-flash",
        "responseId": "abc",
    }


def _as_events(
    events: Iterable[Mapping[str, Any]], *, named: bool = False, end: bytes = b"\n\n"
) -> Iterable[bytes]:
    for event in events:
        name = f"event: {event['type']}\n".encode() if named else b""
        yield name + b"data: " + _json(event) + end


def _json(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()
