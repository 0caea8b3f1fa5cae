"""The question put to a model and its answer, without a wire format."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class ToolSpec:
    """A function the model may call; a custom tool takes text and has no schema."""

    name: str
    description: str = ""
    schema: dict[str, Any] = field(default_factory=dict)
    custom: bool = False


@dataclass(frozen=True)
class ToolCall:
    """A function the model calls, or a custom tool with its text."""

    name: str
    arguments: dict[str, Any]
    text: str | None = None


@dataclass
class Task:
    """Everything that decides an answer.

    Attributes:
        text: The last user text.
        tools: Functions on offer.
        forced: Names of which one must be called; empty leaves it to the prompt.
        results: Tool results that came after the last user text.
        calls_made: Number of calls the model made after the last user text.
        parallel: Whether several calls may come at once.
        schema: JSON Schema of the answer.
        wants_json: Whether any JSON object is asked for.
        stop: Stop sequences.
        max_tokens: Cap on reasoning and answer together.
        reasoning_tokens: Tokens spent before the answer.
        text_override: The text to answer with.
        announces: Whether the model says what it does before it calls a tool.
    """

    text: str
    tools: list[ToolSpec] = field(default_factory=list)
    forced: list[str] = field(default_factory=list)
    results: list[str] = field(default_factory=list)
    calls_made: int = 0
    parallel: bool = True
    schema: dict[str, Any] | None = None
    wants_json: bool = False
    stop: list[str] = field(default_factory=list)
    max_tokens: int | None = None
    reasoning_tokens: int = 0
    text_override: str | None = None
    announces: bool = False


@dataclass
class Answer:
    """What the model answers.

    Attributes:
        text: The text, possibly empty.
        calls: The tool calls; together with text only where they are announced.
        truncated: Whether the token cap cut the answer.
        reasoning_tokens: Tokens spent on reasoning.
    """

    text: str = ""
    calls: list[ToolCall] = field(default_factory=list)
    truncated: bool = False
    reasoning_tokens: int = 0
