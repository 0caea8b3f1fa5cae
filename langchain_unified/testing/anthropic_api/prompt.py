"""The question inside an Anthropic request."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from langchain_unified.testing.answers import Task, ToolSpec
from langchain_unified.testing.text import IMAGE_TOKENS, MEDIA_TOKENS, count_tokens

if TYPE_CHECKING:
    from langchain_unified.testing.anthropic_api.call import AnthropicCall

_MEDIA = {"image": IMAGE_TOKENS, "document": MEDIA_TOKENS}
_EFFORT_TOKENS = {"low": 2, "medium": 4, "high": 8, "xhigh": 12, "max": 16}
_DEFAULT_TOKENS = 4


def task_of(call: AnthropicCall) -> Task:
    """Read the task out of a checked request."""
    text, results, made = _turn(call.body["messages"])
    override = call.settings.answer and call.settings.answer(call.recorded)
    return Task(
        text=text,
        tools=[] if call.choice["type"] == "none" else _tools(call),
        forced=_forced(call),
        results=results,
        calls_made=made,
        parallel=not call.choice.get("disable_parallel_tool_use"),
        schema=call.schema,
        stop=call.body.get("stop_sequences") or [],
        max_tokens=call.body["max_tokens"],
        reasoning_tokens=reasoning_tokens(call),
        text_override=override or None,
    )


def reasoning_tokens(call: AnthropicCall) -> int:
    """Return how many tokens the model thinks before it answers."""
    if not call.thinks:
        return 0
    return _EFFORT_TOKENS.get(call.output_config.get("effort", ""), _DEFAULT_TOKENS)


def prompt_tokens(call: AnthropicCall) -> int:
    """Estimate the tokens of the whole input."""
    total = count_tokens(text_of(call.body.get("system")))
    if call.body.get("tools"):
        total += count_tokens(json.dumps(call.body["tools"]))
    return total + sum(3 + _tokens(message) for message in call.body["messages"])


def text_of(content: Any) -> str:
    """Return the text of a content value, joining its text blocks."""
    if isinstance(content, str):
        return content
    texts = [block.get("text") or "" for block in content or []]
    return "\n".join(text for text in texts if text)


def _tokens(message: dict[str, Any]) -> int:
    content = message["content"]
    if isinstance(content, str):
        return count_tokens(content)
    return sum(_block_tokens(block) for block in content)


def _block_tokens(block: dict[str, Any]) -> int:
    kind = block.get("type")
    if kind == "tool_result":
        return count_tokens(text_of(block.get("content")))
    if kind == "tool_use":
        return count_tokens(json.dumps(block.get("input")))
    return _MEDIA.get(str(kind), 0) + count_tokens(block.get("text") or "")


def _turn(messages: list[dict[str, Any]]) -> tuple[str, list[str], int]:
    """Return the last user text, the tool results after it and the calls after it."""
    results: list[str] = []
    made = 0
    for message in reversed(messages):
        blocks = message["content"] if isinstance(message["content"], list) else []
        if message["role"] == "assistant":
            made += sum(block["type"] == "tool_use" for block in blocks)
            continue
        found = [b for b in blocks if b["type"] == "tool_result"]
        results = [text_of(block.get("content")) for block in found] + results
        if not found:
            return text_of(message["content"]), results, made
    return "", results, made


def _tools(call: AnthropicCall) -> list[ToolSpec]:
    return [
        ToolSpec(tool["name"], tool.get("description") or "", tool["input_schema"])
        for tool in call.tools
    ]


def _forced(call: AnthropicCall) -> list[str]:
    if call.choice["type"] == "tool":
        return [call.choice["name"]]
    if call.choice["type"] == "any":
        return [tool["name"] for tool in call.tools]
    return []
