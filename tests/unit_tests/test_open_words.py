"""Words newer than this version: sent for the provider to judge, and learned from."""

from __future__ import annotations

from typing import Any

import pytest

from langchain_unified import UnifiedChatModel
from langchain_unified.types import CallPlan, Change

NEW: list[tuple[str, dict[str, Any]]] = [
    ("gpt-5.6", {"reasoning_effort": "ultra"}),
    ("gpt-6-astra", {"reasoning_effort": "ultra"}),
    ("google_genai:gemini-4-argon", {"reasoning_effort": "ultra"}),
    ("gpt-4o", {"service_tier": "warp"}),
    ("gpt-5.6", {"service_tier": "warp", "use_responses_api": True}),
    ("google_genai:gemini-4-argon", {"service_tier": "warp"}),
    ("gpt-5.6", {"verbosity": "epic"}),
    ("gpt-5.6", {"verbosity": "epic", "use_responses_api": True}),
]


def plan(name: str, **settings: Any) -> CallPlan:
    """Return the plan of a call."""
    return UnifiedChatModel(model=name).explain(**settings)


def _about(made: CallPlan, parameter: str) -> list[Change]:
    return [c for c in made.changes if c.parameter == parameter and c.kind != "renamed"]


def _values(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return [inner for one in value.values() for inner in _values(one)]
    return [value]


@pytest.mark.parametrize(("name", "settings"), NEW)
def test_a_new_word_is_sent_on_record(name: str, settings: dict[str, Any]) -> None:
    """No release of ours is needed for a word that a provider adds."""
    parameter, word = next(iter(settings.items()))
    made = plan(name, **settings)
    (change,) = _about(made, parameter)

    assert word in _values(dict(made.body))
    assert ("defaulted", word, word) == (change.kind, change.requested, change.sent)


KNOWN: list[tuple[str, dict[str, Any], str]] = [
    ("gpt-5.4", {"reasoning_effort": "max"}, "clamped"),
    ("gpt-5.6", {"reasoning_effort": "minimal"}, "clamped"),
    ("gpt-4o", {"verbosity": "high"}, "clamped"),
    ("gpt-4o", {"verbosity": "epic"}, "dropped"),
    ("gpt-4o", {"reasoning_effort": "ultra"}, "dropped"),
    ("gpt-6-sol", {"service_tier": "ultrafast", "endpoint": "chat"}, "dropped"),
    ("gpt-6-sol", {"service_tier": "ultrafast"}, "dropped"),
    ("google_genai:gemini-4-argon", {"service_tier": "ultrafast"}, "dropped"),
    ("google_genai:gemini-4-argon", {"reasoning_effort": "max"}, "clamped"),
]


@pytest.mark.parametrize(("name", "settings", "kind"), KNOWN)
def test_a_known_word_that_is_not_taken_is_not_sent(
    name: str, settings: dict[str, Any], kind: str
) -> None:
    """What a model is known to refuse is left out, or the nearest is sent."""
    parameter, word = next(iter(settings.items()))
    if settings.get("endpoint"):
        settings = {parameter: word, "use_responses_api": False}
    made = plan(name, **settings)

    assert [kind] == [change.kind for change in _about(made, parameter)]
    assert word not in _values(dict(made.body))


@pytest.mark.parametrize("name", ["gpt-5.6-sol", "gpt-6.1-sol"])
def test_the_fastest_tier_draws_a_call_to_responses(name: str) -> None:
    """`ultrafast` is a tier of Responses, and of two models."""
    made = plan(name, service_tier="ultrafast")

    assert ("responses", "ultrafast") == (made.endpoint, made.body["service_tier"])
