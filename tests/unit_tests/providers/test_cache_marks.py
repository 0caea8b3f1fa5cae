"""Marks of prompt caches reach the wire in its form, or their loss is on record."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from langchain_core.messages import BaseMessage, HumanMessage, SystemMessage

from langchain_unified import UnifiedChatModel
from langchain_unified.testing import ProviderEmulator

Enabled = Callable[..., UnifiedChatModel]

BREAK = {"prompt_cache_breakpoint": {"mode": "explicit"}}
CONTROL = {"cache_control": {"type": "ephemeral"}}
CLAUDE = "claude-haiku-4-5"
WITHOUT = ["gemini-2.5-flash", "ollama:llama3.2"]


def marked(mark: dict[str, Any]) -> list[BaseMessage]:
    """Return a conversation with two marks: on a block, and in its extras."""
    first = {"type": "text", "text": "Be short.", **mark}
    second = {"type": "text", "text": "q", "extras": mark}
    return [SystemMessage([first]), HumanMessage([second])]


def changes_of(message: BaseMessage, parameter: str) -> list[tuple[Any, ...]]:
    """Return what is on record of a parameter."""
    changes = message.response_metadata["unified"]["changes"]
    return [
        (one["kind"], one["requested"], one["sent"])
        for one in changes
        if one["parameter"] == parameter
    ]


@pytest.mark.parametrize("mark", [BREAK, CONTROL], ids=["breakpoint", "control"])
@pytest.mark.parametrize("model", WITHOUT)
def test_a_mark_without_a_form_is_on_record(
    enabled: Enabled, model: str, mark: dict[str, Any]
) -> None:
    """Where the wire has no marks on content, the loss is on record, once."""
    answer = enabled(model).invoke(marked(mark))

    assert [("dropped", next(iter(mark)), None)] == changes_of(answer, "messages")


def test_a_mark_of_another_provider_is_on_record() -> None:
    """OpenAI's own address is not sent the mark of another provider."""
    plan = UnifiedChatModel(model="gpt-5.4", api_key="k").explain(marked(CONTROL))
    found = [(c.kind, c.requested) for c in plan.changes if c.parameter == "messages"]

    assert [("dropped", "cache_control")] == found


@pytest.mark.parametrize(
    ("asked", "ttl", "kind"),
    [
        ({}, None, None),
        ({"prompt_cache_retention": "24h"}, "1h", "clamped"),
        ({"prompt_cache_retention": "in_memory"}, "5m", "translated"),
        ({"prompt_cache_options": {"ttl": "30m"}}, "5m", "clamped"),
    ],
)
def test_a_retention_is_said_by_the_marks(
    enabled: Enabled,
    provider_emulator: ProviderEmulator,
    asked: dict[str, Any],
    ttl: str | None,
    kind: str | None,
) -> None:
    """A breakpoint becomes a cache mark, which holds as long as was asked for."""
    answer = enabled(CLAUDE).invoke(marked(BREAK), **asked)
    sent = {"type": "ephemeral", **({"ttl": ttl} if ttl else {})}
    wire = json.dumps(provider_emulator.requests[-1].body)

    assert 2 == wire.count(json.dumps({"cache_control": sent})[1:-1])
    for name, value in asked.items():
        assert [(kind, value, {"ttl": ttl})] == changes_of(answer, name)


def test_a_retention_without_marks_is_on_record(enabled: Enabled) -> None:
    """Without a mark there is nothing that could say how long it holds."""
    answer = enabled(CLAUDE).invoke("q", prompt_cache_retention="24h")

    assert [("dropped", "24h", None)] == changes_of(answer, "prompt_cache_retention")
