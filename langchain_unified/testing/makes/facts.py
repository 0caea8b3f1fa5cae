"""What a server of another make does differently, read from `data/makes.json`."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

from langchain_unified.testing.rules import DATA


@dataclass(frozen=True)
class Make:
    """A server of another make.

    Attributes:
        name: Its name.
        source: Where its ways are written down.
        reasoning: Fields in which it tells its reasoning.
        thinks_in_content: Whether its reasoning stands among the parts of its content.
        wants_reasoning_back: Whether it refuses a tool call without its reasoning.
        usage: Where a stream tells usage: `last`, `finish`, `running` or `x_groq`.
        refused: Request fields it refuses.
        refused_formats: Types of `response_format` it refuses.
        error: The shape of its refusals: `openai`, `mistral`, `fastapi` or `list`.
        no_index: Whether streamed tool calls have no index.
        no_call_id: Whether tool calls have no id.
        bare_choices: Whether it streams choices without a delta.
    """

    name: str
    source: str
    reasoning: tuple[str, ...] = ()
    thinks_in_content: bool = False
    wants_reasoning_back: bool = False
    usage: Literal["last", "finish", "running", "x_groq"] = "last"
    refused: tuple[str, ...] = ()
    refused_formats: tuple[str, ...] = ()
    error: Literal["openai", "mistral", "fastapi", "list"] = "openai"
    no_index: bool = False
    no_call_id: bool = False
    bare_choices: bool = False


@cache
def makes() -> dict[str, Make]:
    """Return every make by name."""
    rows = json.loads((DATA / "makes.json").read_text(encoding="utf-8"))
    return {
        name: Make(name, **{k: _frozen(v) for k, v in row.items()})
        for name, row in rows.items()
    }


def make_named(name: str) -> Make:
    """Return a make.

    Raises:
        ValueError: If there is none of that name; the message lists them.
    """
    found = makes().get(name)
    if found is None:
        message = f"There is no server {name!r}; known: {', '.join(makes())}."
        raise ValueError(message)
    return found


def _frozen(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value
