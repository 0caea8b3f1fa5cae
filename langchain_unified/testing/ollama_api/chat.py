"""A chat answer, whole or as lines of JSON."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from langchain_unified.testing.answers import Task, ToolSpec, compose
from langchain_unified.testing.openai_api.usage import answer_tokens, logprobs_of
from langchain_unified.testing.text import split_tokens

if TYPE_CHECKING:
    from collections.abc import Iterator

    from langchain_unified.testing.answers import Answer
    from langchain_unified.testing.ollama_api.call import OllamaCall

_CREATED = "2026-11-23T12:00:00.000000Z"
_THOUGHT = "Thinking about the question."
_REASONING_TOKENS = 4


def chat_lines(call: OllamaCall, number: int) -> list[bytes]:
    """Answer a request as lines of JSON."""
    answer = compose(_task(call))
    parts = [
        {**_head(call), "message": {"role": "assistant", **message}, "done": False}
        for message in _pieces(call, answer, number)
    ]
    last = {**_head(call), "message": {"role": "assistant", "content": ""}}
    return [_line(part) for part in [*parts, {**last, **_tail(call, answer)}]]


def chat_body(call: OllamaCall, number: int) -> dict[str, Any]:
    """Answer a request in one body."""
    answer = compose(_task(call))
    message: dict[str, Any] = {"role": "assistant", "content": answer.text}
    if call.thinks:
        message["thinking"] = _THOUGHT
    if answer.calls:
        message["tool_calls"] = _calls(answer, number)
    logprobs = _logprobs(call, answer.text)
    return {**_head(call), "message": message, **logprobs, **_tail(call, answer)}


def _task(call: OllamaCall) -> Task:
    text, results, made = _turn(call.body.get("messages") or [])
    form = call.body.get("format")
    override = call.settings.answer and call.settings.answer(call.recorded)
    cap = call.options.get("num_predict")
    return Task(
        text=text,
        tools=_tools(call),
        results=results,
        calls_made=made,
        schema=form if isinstance(form, dict) else None,
        wants_json=form == "json",
        stop=call.options.get("stop") or [],
        max_tokens=cap if cap and cap > 0 else None,
        reasoning_tokens=_REASONING_TOKENS if call.thinks else 0,
        text_override=override or None,
    )


def _tools(call: OllamaCall) -> list[ToolSpec]:
    """Return the tools to call: none beside a form, which the answer is held to."""
    if call.body.get("format"):
        return []
    functions = [tool["function"] for tool in call.body.get("tools") or []]
    return [
        ToolSpec(f["name"], f.get("description") or "", f.get("parameters") or {})
        for f in functions
    ]


def _turn(messages: list[dict[str, Any]]) -> tuple[str, list[str], int]:
    """Return the last user text, the tool results after it and the calls after it."""
    results: list[str] = []
    made = 0
    for message in reversed(messages):
        if message["role"] == "user":
            return message["content"], results[::-1], made
        if message["role"] == "tool":
            results.append(message["content"])
        made += len(message.get("tool_calls") or [])
    return "", results[::-1], made


def _head(call: OllamaCall) -> dict[str, Any]:
    return {"model": call.body["model"], "created_at": _CREATED}


def _pieces(call: OllamaCall, answer: Answer, number: int) -> Iterator[dict[str, Any]]:
    if call.thinks:
        for piece in split_tokens(_THOUGHT):
            yield {"content": "", "thinking": piece}
    for piece in split_tokens(answer.text):
        yield {"content": piece}
    if answer.calls:
        yield {"content": "", "tool_calls": _calls(answer, number)}


def _calls(answer: Answer, number: int) -> list[dict[str, Any]]:
    return [
        {
            "id": f"call_{number}_{index}",
            "function": {"name": made.name, "arguments": made.arguments},
        }
        for index, made in enumerate(answer.calls)
    ]


def _logprobs(call: OllamaCall, text: str) -> dict[str, Any]:
    if not call.body.get("logprobs"):
        return {}
    return {"logprobs": logprobs_of(text, call.body.get("top_logprobs") or 0)}


def _tail(call: OllamaCall, answer: Answer) -> dict[str, Any]:
    return {
        "done": True,
        "done_reason": "length" if answer.truncated else "stop",
        "total_duration": 1_000_000,
        "load_duration": 1_000,
        "prompt_eval_count": call.prompt_tokens,
        "prompt_eval_duration": 1_000,
        "eval_count": answer_tokens(answer) + answer.reasoning_tokens,
        "eval_duration": 1_000,
    }


def _line(part: dict[str, Any]) -> bytes:
    return json.dumps(part, ensure_ascii=False).encode() + b"\n"
