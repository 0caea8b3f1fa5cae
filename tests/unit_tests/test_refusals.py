"""Refusals name the setting whose removal makes the call possible, and who could."""

from __future__ import annotations

from typing import Any

import pytest

from langchain_unified import UnifiedChatModel
from langchain_unified.errors import UnsupportedError

TOOLS = [
    {
        "type": "function",
        "function": {"name": "f", "parameters": {"type": "object", "properties": {}}},
    }
]
SEARCH = [{"type": "web_search"}]
IN_THE_WAY: list[tuple[str, dict[str, Any], str]] = [
    (
        "gpt-5.4",
        {"tools": TOOLS, "reasoning_effort": "high", "logprobs": True},
        "logprobs",
    ),
    ("gpt-5.5", {"tools": TOOLS, "logprobs": True, "top_logprobs": 3}, "logprobs"),
    ("gpt-6.2-sol", {"tools": TOOLS, "logprobs": True}, "logprobs"),
    (
        "gpt-5.6-sol",
        {"tools": TOOLS, "reasoning_effort": "high", "modalities": ["audio"]},
        "modalities",
    ),
    ("gpt-4o", {"background": True, "audio": {"voice": "alloy"}}, "audio"),
    ("gpt-4o", {"tools": SEARCH, "web_search_options": {}}, "web_search_options"),
    (
        "gpt-5.4",
        {"tools": TOOLS, "reasoning_effort": "high", "use_responses_api": False},
        "use_responses_api",
    ),
]


def refused(name: str, settings: dict[str, Any], **more: Any) -> UnsupportedError:
    """Return the error a call is refused with."""
    llm = UnifiedChatModel(model=name, api_key="k", **more)
    with pytest.raises(UnsupportedError) as caught:
        llm.explain(**settings)
    return caught.value


@pytest.mark.parametrize(("name", "settings", "parameter"), IN_THE_WAY)
def test_the_setting_in_the_way_is_named(
    name: str, settings: dict[str, Any], parameter: str
) -> None:
    """The error is about what can be left out, not about what the call is for."""
    assert parameter == refused(name, settings).parameter


@pytest.mark.parametrize(("name", "settings", "parameter"), IN_THE_WAY)
def test_without_it_the_call_is_possible(
    name: str, settings: dict[str, Any], parameter: str
) -> None:
    """What the error says holds: the plan without the setting is made."""
    error = refused(name, settings)
    gone = {parameter, f"top_{parameter}"}
    left = {key: value for key, value in settings.items() if key not in gone}

    assert f"without {parameter}" in str(error)
    assert UnifiedChatModel(model=name, api_key="k").explain(**left).body


def test_models_that_could_are_named() -> None:
    """Each of them takes the whole call; a snapshot is not named beside its model."""
    settings = {"tools": TOOLS, "logprobs": True}
    names = refused("gpt-6.2-sol", settings).alternatives

    assert names
    for name in names:
        made = UnifiedChatModel(model=name, api_key="k").explain(**settings)
        assert [] == [c for c in made.changes if c.kind in {"dropped", "clamped"}]


def test_two_settings_in_the_way() -> None:
    """Where one is not enough, both are named."""
    settings = {
        "tools": SEARCH,
        "audio": {"voice": "alloy"},
        "prediction": {"type": "content", "content": "x"},
        "web_search_options": {},
    }
    error = refused("gpt-4o", settings)

    assert "audio and web_search_options" in str(error)


def test_settings_that_say_one_thing_go_together() -> None:
    """Speech is asked for by two settings; neither goes without the other."""
    settings = {"tools": TOOLS, "audio": {"voice": "alloy"}, "modalities": ["audio"]}
    error = refused("gpt-6.1-sol", settings)

    assert "audio" == error.parameter
    assert "without audio and modalities" in str(error)


def test_an_endpoint_is_named_as_it_is_asked_for() -> None:
    """The error names `use_responses_api`, also where nothing can be left out."""
    llm = UnifiedChatModel(model="gpt-4o-audio-preview", api_key="k")
    with pytest.raises(UnsupportedError) as caught:
        llm.explain(use_responses_api=True)

    assert "use_responses_api" == caught.value.parameter


@pytest.mark.parametrize(
    "settings",
    [
        {"tools": TOOLS, "reasoning_effort": "high"},
        {"tools": SEARCH},
        {"previous_response_id": "resp_1"},
    ],
)
def test_an_api_version_in_the_way(settings: dict[str, Any]) -> None:
    """On Azure a version without Responses is named, with the first that has it."""
    connection = {
        "api_key": "k",
        "azure_endpoint": "https://example.org",
        "api_version": "2024-10-21",
    }
    error = refused(
        "azure_openai:gpt-5.4",
        settings,
        enable=["azure_openai"],
        providers={"azure_openai": connection},
    )

    assert "api_version" == error.parameter
    assert "2025-03-01-preview" in str(error)


@pytest.mark.parametrize("name", ["gpt-6.2-sol", "gpt-5.6-sol"])
def test_copies_are_imitated_where_tools_force_responses(name: str) -> None:
    """`n` is several requests on an endpoint that gives one answer."""
    settings = {"tools": TOOLS, "reasoning_effort": "high", "n": 2}
    made = UnifiedChatModel(model=name, api_key="k").explain(**settings)

    assert ("responses", 2) == (made.endpoint, made.calls)
