"""The question inside an OpenAI request."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from langchain_unified.testing.answers import Task, ToolSpec
from langchain_unified.testing.openai_api.checks.caps import cap_of
from langchain_unified.testing.openai_api.checks.formats import schema_of
from langchain_unified.testing.openai_api.checks.item_history import conversation_of
from langchain_unified.testing.openai_api.checks.items import kind_of
from langchain_unified.testing.openai_api.checks.tools import forced_names
from langchain_unified.testing.text import IMAGE_TOKENS, MEDIA_TOKENS, count_tokens

if TYPE_CHECKING:
    from langchain_unified.testing.openai_api.call import OpenAICall

REASONING_TOKENS = {
    "none": 0,
    "minimal": 0,
    "low": 64,
    "medium": 128,
    "high": 512,
    "xhigh": 1024,
    "max": 2048,
}
"""About what short questions are given (recorded 2025-03 to 2026-09)."""
_ANNOUNCED = re.compile(
    r"\bbefore (?:\w+ )?(?:calling|you call|using|you use)\b"
    r"|\bthen (?:\w+ )?(?:call|generate|make|use)\b"
)
"""What has a model speak before it calls a tool (recorded 2026-03 and 2026-04)."""
_MEDIA = {
    "image_url": IMAGE_TOKENS,
    "input_image": IMAGE_TOKENS,
    "input_audio": MEDIA_TOKENS,
    "file": MEDIA_TOKENS,
    "input_file": MEDIA_TOKENS,
}


def task_of(call: OpenAICall) -> Task:
    """Read the task out of a checked request."""
    turn = _chat_turn(call) if call.on_chat else _responses_turn(call)
    text, results, calls_made = turn
    forced = forced_names(call)
    stop = call.body.get("stop") or []
    override = call.settings.answer and call.settings.answer(call.recorded)
    return Task(
        text=text,
        tools=[] if forced is None else _tools(call),
        forced=forced or [],
        results=results,
        calls_made=calls_made,
        parallel=call.body.get("parallel_tool_calls") is not False,
        schema=schema_of(call),
        wants_json=call.response_format.get("type") == "json_object",
        stop=[stop] if isinstance(stop, str) else stop,
        max_tokens=cap_of(call),
        reasoning_tokens=reasoning_tokens(call),
        text_override=override or None,
        announces=_announces(call, text),
    )


def reasoning_tokens(call: OpenAICall) -> int:
    """Return how many tokens the model reasons before it answers."""
    if not call.reasons:
        return 0
    return REASONING_TOKENS.get(call.effort or "medium", REASONING_TOKENS["medium"])


def prompt_tokens(call: OpenAICall) -> int:
    """Estimate the tokens of the whole input."""
    total = count_tokens(str(call.body.get("instructions") or ""))
    if call.has_tools:
        total += count_tokens(json.dumps(call.all_tools))
    conversation = call.body["messages"] if call.on_chat else conversation_of(call)
    return total + sum(3 + _tokens_of(entry) for entry in conversation)


def text_of(content: Any) -> str:
    """Return the text of a content value, joining its text parts."""
    if isinstance(content, str):
        return content
    parts = content if isinstance(content, list) else []
    texts = [part.get("text") or "" for part in parts if isinstance(part, dict)]
    return "\n".join(str(text) for text in texts if text)


def _tokens_of(entry: dict[str, Any]) -> int:
    total = 0
    for key in ("content", "output"):
        content = entry.get(key)
        total += count_tokens(text_of(content))
        if isinstance(content, list):
            total += sum(_MEDIA.get(part.get("type"), 0) for part in content)
    for made in [entry, *(entry.get("tool_calls") or [])]:
        function = made.get("function") or made
        total += count_tokens(str(function.get("arguments") or ""))
    return total


def _tools(call: OpenAICall) -> list[ToolSpec]:
    functions = [
        ToolSpec(
            tool["name"], tool.get("description") or "", tool.get("parameters") or {}
        )
        for tool in call.function_tools
    ]
    customs = [
        ToolSpec(tool["name"], tool.get("description") or "", custom=True)
        for tool in call.custom_tools
    ]
    return [*functions, *customs]


def _announces(call: OpenAICall, text: str) -> bool:
    """Tell whether a model that says its phase was asked to speak before a call."""
    asked = f"{text}\n{call.body.get('instructions') or ''}"
    return not call.on_chat and call.rules.phase and bool(_ANNOUNCED.search(asked))


def _chat_turn(call: OpenAICall) -> tuple[str, list[str], int]:
    """Return the last user text, the tool results after it and the calls after it."""
    results: list[str] = []
    made = 0
    for message in reversed(call.body["messages"]):
        if message["role"] == "user":
            return text_of(message.get("content")), results[::-1], made
        if message["role"] == "tool":
            results.append(text_of(message.get("content")))
        made += len(message.get("tool_calls") or [])
    return _instructions_of(call.body["messages"]), results[::-1], made


def _responses_turn(call: OpenAICall) -> tuple[str, list[str], int]:
    results: list[str] = []
    made = 0
    conversation = conversation_of(call)
    for item in reversed(conversation):
        kind = kind_of(item)
        if kind == "message" and item.get("role") == "user":
            return text_of(item.get("content")), results[::-1], made
        if kind in ("function_call_output", "custom_tool_call_output"):
            results.append(text_of(item.get("output")))
        made += kind in ("function_call", "custom_tool_call")
    text = _instructions_of(conversation) or str(call.body.get("instructions") or "")
    return text, results[::-1], made


def _instructions_of(messages: list[dict[str, Any]]) -> str:
    return text_of(messages[-1].get("content")) if messages else ""
