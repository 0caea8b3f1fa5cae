"""Choosing which tools to call, and with what."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from langchain_unified.testing.answers.hints import Hints
from langchain_unified.testing.answers.instances import instance_of
from langchain_unified.testing.answers.task import ToolCall

if TYPE_CHECKING:
    from langchain_unified.testing.answers.task import Task, ToolSpec

_USE_IT = re.compile(r"\b(?:call|use) (?:the|this|your) tool\b", re.IGNORECASE)
_WORD = re.compile(r"[^\W_]{4,}")
_COMMON = frozenset(
    {
        *("about", "answer", "apply", "call", "calls", "called", "data", "each"),
        *("fetch", "find", "five", "from", "function", "give", "have", "into"),
        *("list", "look", "make", "need", "only", "please", "result", "return"),
        *("returns", "send", "show", "some", "tell", "than", "that", "their", "then"),
        *("there", "these", "they", "this", "tool", "tools", "used", "user", "using"),
        *("value", "values", "want", "what", "when", "where", "which", "will"),
        *("with", "would", "write", "your"),
    }
)


def calls_for(task: Task) -> list[ToolCall]:
    """Return the tool calls a task leads to, often none."""
    if not task.tools:
        return []
    wanted = _wanted(task)
    if task.forced:
        forced = [call for call in wanted if call.name in task.forced]
        calls = forced or [_forced_call(task)]
    else:
        calls = _not_made_yet(task, wanted)
    return calls if task.parallel else calls[:1]


def _not_made_yet(task: Task, wanted: list[ToolCall]) -> list[ToolCall]:
    if not task.calls_made:
        return wanted
    return [] if task.parallel else wanted[task.calls_made :]


def _forced_call(task: Task) -> ToolCall:
    spec = next(
        (tool for tool in task.tools if tool.name in task.forced), task.tools[0]
    )
    return _call(spec, Hints(task.text))


def _wanted(task: Task) -> list[ToolCall]:
    """List the calls a prompt asks for, in the order of the tools."""
    if len(task.tools) == 1 and _USE_IT.search(task.text):
        return _calls_of(task.tools[0], task.text)
    named = [tool for tool in task.tools if _names(task.text, tool.name)]
    chosen = named or [tool for tool in task.tools if _matches(task.text, tool)]
    return [call for tool in chosen for call in _calls_of(tool, task.text)]


def _calls_of(tool: ToolSpec, text: str) -> list[ToolCall]:
    hints = Hints(text)
    if len(hints.places) > 1 and _takes_one_text(tool):
        return [_call(tool, Hints(text, place=place)) for place in hints.places]
    return [_call(tool, hints)]


def _call(tool: ToolSpec, hints: Hints) -> ToolCall:
    if tool.custom:
        return ToolCall(tool.name, {}, text=hints.next_string() or hints.text)
    arguments = instance_of(tool.schema, hints, only_required=True)
    return ToolCall(tool.name, arguments if isinstance(arguments, dict) else {})


def _takes_one_text(tool: ToolSpec) -> bool:
    properties = tool.schema.get("properties") or {}
    required = tool.schema.get("required") or []
    texts = [
        name
        for name in required
        if isinstance(schema := properties.get(name), dict)
        and str(schema.get("type", "")).lower() == "string"
        and "enum" not in schema
    ]
    return len(texts) == 1


def _names(text: str, name: str) -> bool:
    return re.search(rf"(?<!\w){re.escape(name)}(?!\w)", text) is not None


def _matches(text: str, tool: ToolSpec) -> bool:
    """Tell whether a prompt speaks of what a tool is about."""
    words = _content_words(text)
    if words & _content_words(tool.name.replace("_", " ").replace("-", " ")):
        return True
    described = _content_words(tool.description)
    return len(words & described) > 1


def _content_words(text: str) -> set[str]:
    return {word.lower() for word in _WORD.findall(text)} - _COMMON
