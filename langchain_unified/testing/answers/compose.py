"""Deciding what to answer."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from langchain_unified.testing.answers.calls import calls_for
from langchain_unified.testing.answers.hints import Hints
from langchain_unified.testing.answers.instances import instance_of
from langchain_unified.testing.answers.task import Answer
from langchain_unified.testing.text import cut_at_stop, cut_to_tokens

if TYPE_CHECKING:
    from langchain_unified.testing.answers.task import Task, ToolCall

_KEY_WORDS = re.compile(r"\b(keys?|fields?|propert(?:y|ies))\b", re.IGNORECASE)


def compose(task: Task) -> Answer:
    """Answer a task; the same task always gets the same answer.

    Args:
        task: The question.

    Returns:
        Tool calls when one is forced or asked for, otherwise text: an instance of the
        response schema, the tool results, or the user's words.
    """
    calls = calls_for(task)
    left = _left_for_answer(task)
    if calls and (left is None or left > 0):
        said = _announcement(calls) if task.announces else ""
        return Answer(said, calls=calls, reasoning_tokens=task.reasoning_tokens)
    text, truncated = cut_to_tokens(cut_at_stop(_text(task), task.stop), left)
    spent = task.reasoning_tokens
    if task.max_tokens is not None:
        spent = min(spent, task.max_tokens)
    return Answer(text=text, truncated=truncated, reasoning_tokens=spent)


def _announcement(calls: list[ToolCall]) -> str:
    names = ", ".join(dict.fromkeys(call.name for call in calls))
    return f"I will call {names}."


def _left_for_answer(task: Task) -> int | None:
    if task.max_tokens is None:
        return None
    return max(task.max_tokens - task.reasoning_tokens, 0)


def _text(task: Task) -> str:
    if task.text_override is not None:
        return task.text_override
    if task.schema is not None:
        return _dumped(instance_of(task.schema, Hints(task.text)))
    if task.wants_json:
        return _dumped(_object_asked_for(task.text))
    if task.results:
        return "The result is " + ", ".join(task.results)
    return task.text or "Hello!"


def _object_asked_for(text: str) -> Any:
    """Build the object a prompt describes, by a schema in it or by quoted keys."""
    schema = _schema_in(text)
    if schema is not None:
        return instance_of(schema, Hints(text))
    hints = Hints(text)
    if _KEY_WORDS.search(text) and hints.identifiers:
        return dict.fromkeys(hints.identifiers, text)
    return {"answer": text}


def _schema_in(text: str) -> dict[str, Any] | None:
    start = text.find("{")
    while start >= 0:
        try:
            found, _ = json.JSONDecoder().raw_decode(text, start)
        except ValueError:
            start = text.find("{", start + 1)
            continue
        return found if isinstance(found, dict) and "properties" in found else None
    return None


def _dumped(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
