"""Chat Completions."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from langchain_unified.testing.answers import compose
from langchain_unified.testing.openai_api.moderation import moderation_of
from langchain_unified.testing.openai_api.prompt import task_of
from langchain_unified.testing.openai_api.usage import chat_usage, logprobs_of
from langchain_unified.testing.signing import digest_of
from langchain_unified.testing.sse import data_event
from langchain_unified.testing.text import split_tokens

if TYPE_CHECKING:
    from collections.abc import Iterator

    from langchain_unified.testing.answers import Answer, ToolCall
    from langchain_unified.testing.openai_api.call import OpenAICall

MOST_CHOICES = 128
"""However many are asked for, where `strict` lets that pass."""

CREATED = 1_795_000_000


def chat_completion(call: OpenAICall, number: int) -> dict[str, Any]:
    """Answer a chat request in one body."""
    answers = _answers(call)
    return {
        **_head(call, number, "chat.completion"),
        "choices": [
            {
                "index": index,
                "message": _message(call, answer, f"{number}-{index}"),
                "logprobs": None if answer.calls else _logprobs(call, answer.text),
                "finish_reason": _finish_reason(call, answer),
            }
            for index, answer in enumerate(answers)
        ],
        "usage": chat_usage(call, answers),
        **_moderation(call),
    }


def chat_chunks(call: OpenAICall, number: int) -> list[bytes]:
    """Answer a chat request as server-sent events."""
    answers = _answers(call)
    head = _head(call, number, "chat.completion.chunk")
    tail = _chunk_tail(call)
    events = [
        data_event({**head, "choices": [choice], **tail})
        for index, answer in enumerate(answers)
        for choice in _choices(call, answer, index, f"{number}-{index}")
    ]
    if "usage" in tail:
        tail["usage"] = chat_usage(call, answers)
        events.append(data_event({**head, "choices": [], **_moderation(call), **tail}))
    return [*events, b"data: [DONE]\n\n"]


def _chunk_tail(call: OpenAICall) -> dict[str, Any]:
    """Return what the stream options put into every chunk."""
    options = call.body.get("stream_options") or {}
    usage = {"usage": None} if options.get("include_usage") else {}
    obfuscated = options.get("include_obfuscation", True)
    return {**usage, **({"obfuscation": "x" * 8} if obfuscated else {})}


def _answers(call: OpenAICall) -> list[Answer]:
    count = min(call.body.get("n") or 1, MOST_CHOICES)
    return [compose(task_of(call)) for _ in range(count)]


def _head(call: OpenAICall, number: int, kind: str) -> dict[str, Any]:
    return {
        "id": f"chatcmpl-{digest_of('chat', number)}",
        "object": kind,
        "created": CREATED,
        "model": call.rules.answers_as or call.rules.id,
        "service_tier": "default",
        "system_fingerprint": "fp_emulator",
    }


def _message(call: OpenAICall, answer: Answer, seed: str) -> dict[str, Any]:
    message: dict[str, Any] = {
        "role": "assistant",
        "content": None if answer.calls else answer.text,
        **_calls(call, answer, seed),
        "refusal": None,
        "annotations": [],
    }
    if "audio" in (call.body.get("modalities") or []):
        message["audio"] = _audio(answer.text, seed)
    return message


def _calls(call: OpenAICall, answer: Answer, seed: str) -> dict[str, Any]:
    if not answer.calls:
        return {}
    made = [_tool_call(one, seed, index) for index, one in enumerate(answer.calls)]
    if call.asks_in_the_old_way:
        return {"function_call": made[0]["function"]}
    return {"tool_calls": made}


def _moderation(call: OpenAICall) -> dict[str, Any]:
    return {"moderation": moderation_of(call)} if "moderation" in call.body else {}


def _audio(text: str, seed: str) -> dict[str, Any]:
    name = f"audio_{digest_of(seed)}"
    return {"id": name, "data": "UklGRg==", "expires_at": CREATED, "transcript": text}


def _tool_call(made: ToolCall, seed: str, index: int) -> dict[str, Any]:
    kind, key, said = _words_of(made)
    return {
        "id": f"call_{digest_of(seed, index)}",
        "type": kind,
        kind: {"name": made.name, key: said},
    }


def _words_of(made: ToolCall) -> tuple[str, str, str]:
    """Return the type of a call, the key of what it hands over, and that."""
    if made.text is not None:
        return "custom", "input", made.text
    return "function", "arguments", json.dumps(made.arguments, ensure_ascii=False)


def _finish_reason(call: OpenAICall, answer: Answer) -> str:
    if answer.calls:
        return "function_call" if call.asks_in_the_old_way else "tool_calls"
    return "length" if answer.truncated else "stop"


def _logprobs(call: OpenAICall, text: str) -> dict[str, Any] | None:
    if not call.body.get("logprobs"):
        return None
    top = call.body.get("top_logprobs") or 0
    return {"content": logprobs_of(text, top), "refusal": None}


def _choices(
    call: OpenAICall, answer: Answer, index: int, seed: str
) -> Iterator[dict[str, Any]]:
    """Yield the deltas of one choice: role, content or calls, finish reason.

    The role comes with the beginning of a single call, and before several
    (recorded 2024 to 2026).
    """
    head: dict[str, Any] = {"role": "assistant", "content": None}
    calls = list(_call_chunks(call, answer, seed))
    if not calls:
        head |= {"content": "", "refusal": None}
    elif len(answer.calls) == 1:
        head |= {**calls.pop(0), "refusal": None}
    for delta in (head, *calls):
        yield _choice(index, delta)
    for piece in [] if answer.calls else split_tokens(answer.text):
        yield _choice(index, {"content": piece}, _logprobs(call, piece))
    yield {**_choice(index, {}), "finish_reason": _finish_reason(call, answer)}


def _choice(
    index: int, delta: dict[str, Any], logprobs: dict[str, Any] | None = None
) -> dict[str, Any]:
    choice = {"index": index, "delta": delta, "logprobs": logprobs}
    return {**choice, "finish_reason": None}


def _call_chunks(
    call: OpenAICall, answer: Answer, seed: str
) -> Iterator[dict[str, Any]]:
    for number, made in enumerate(answer.calls):
        for delta in _call_deltas(made, seed, number):
            if not call.asks_in_the_old_way:
                yield {"tool_calls": [delta]}
            elif number == 0:
                yield {"function_call": delta["function"]}


def _call_deltas(made: ToolCall, seed: str, number: int) -> Iterator[dict[str, Any]]:
    whole = _tool_call(made, seed, number)
    kind, key, said = _words_of(made)
    yield {"index": number, **whole, kind: {"name": made.name, key: ""}}
    for piece in split_tokens(said):
        yield {"index": number, kind: {key: piece}}
