"""Facts found by 2026-11-27, as plans and rows show them."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from langchain_unified import UnifiedChatModel, default_registry
from langchain_unified.data import read_toml
from langchain_unified.discovery.evidence import facts_of
from langchain_unified.errors import UnsupportedError
from langchain_unified.types import CallPlan

TOOL = {"type": "function", "function": {"name": "a", "parameters": {}}}


def plan(name: str, **settings: Any) -> CallPlan:
    """Return the plan of a call."""
    return UnifiedChatModel(model=name).explain(**settings)


def test_gemini_4_may_write_as_much_as_its_window_holds() -> None:
    """65,536 tokens are its default and not its limit."""
    body = plan("gemini-4-argon", max_tokens=900_000).body

    assert 900_000 == body["generationConfig"]["maxOutputTokens"]


def test_a_long_answer_may_be_chosen_of_gemini_4() -> None:
    """What it writes unasked does not keep it from a call that asks for more."""
    llm = UnifiedChatModel(
        model="auto",
        choice=["gemini-2.5-pro", "gemini-4-argon"],
        providers={"google_genai": {"api_key": "k"}},
    )

    assert "gemini-4-argon" == llm.explain("hi", max_tokens=200_000).model


def test_the_search_model_of_gpt_5_is_planned_as_a_search_model() -> None:
    """It takes a search on Chat Completions, and no sampling."""
    made = plan("gpt-5-search-api-2025-10-14", web_search_options={}, temperature=0)

    assert ("chat", {}) == (made.endpoint, made.body["web_search_options"])
    assert "temperature" not in made.body


ENDS = [
    ("o3", "2026-12-11", "model='gpt-6.1-sol'"),
    ("o3-pro", "2026-12-11", "model='gpt-6.1-sol', reasoning={'mode': 'pro'}"),
    (
        "gpt-5-pro",
        "2026-12-11",
        "model='gpt-6.1-sol', reasoning={'mode': 'pro', 'effort': 'high'}",
    ),
    ("gpt-4o", "2027-01-14", "model='gpt-6-luna', reasoning_effort='none'"),
    ("gpt-4o-search-preview", "2026-07-23", "model='gpt-5-search-api'"),
    ("gpt-audio", "2027-01-20", "model='gpt-audio-1.5'"),
    ("gpt-4o-audio-preview-2024-12-17", "2026-05-07", "model='gpt-audio-1.5'"),
    ("gemini-2.5-flash-image", "2027-03-15", "model='gemini-3.1-flash-lite-image'"),
    ("gemini-omni-1.1-flash", "2026-12-03", "model='gemini-omni-1.2-flash'"),
    ("gpt-5.5-cyber-preview", "2027-02-01", ""),
]


@pytest.mark.parametrize(("name", "day", "call"), ENDS)
def test_ends_and_the_calls_that_replace_them(name: str, day: str, call: str) -> None:
    """The successor is called with the mode and effort that do as the model did."""
    life = default_registry().resolve(name).lifecycle

    assert (date.fromisoformat(day), call) == (life.shutdown, life.replacement_call)


@pytest.mark.parametrize("name", ["o3-pro", "gpt-5-pro", "gpt-4.1", "gpt-4o-mini"])
def test_the_call_that_replaces_one_can_be_made(name: str) -> None:
    """Its settings are taken as they are, and go where they have to."""
    life = default_registry().resolve(name).lifecycle
    settings = dict(life.replacement_with or {})
    made = plan(str(life.replacement), **settings)
    lost = [c for c in made.changes if c.kind in {"dropped", "clamped"}]

    assert [] == lost
    assert ("responses" if "reasoning" in settings else "chat") == made.endpoint


MISSING = [
    ("gpt-6-astra-law", "gpt-6-restricted"),
    ("gpt-rosalind-discovery", "gpt-6-restricted"),
    ("daybreak-blue-latest", "gpt-5.6-restricted"),
    ("daybreak-red-latest", "gpt-5.6-restricted"),
    ("gpt-5.5-cyber", "newer"),
    ("gpt-audio", "audio"),
    ("gpt-audio-1.5", "audio"),
    ("gpt-audio-2025-08-28", "audio"),
    ("gemini-4-hydrogen", "gemini-4"),
    ("gemini-omni-1.2-flash", "media"),
    ("lyria-3.5", "media"),
    ("lyria-3.5-pro-preview", "media"),
    ("lyria-3.5-clip-preview", "media"),
]


@pytest.mark.parametrize(("name", "family"), MISSING)
def test_ids_that_were_missing_have_rows(name: str, family: str) -> None:
    """A row of their own says whose rules they follow, and their name is sent."""
    config = default_registry().resolve(name)

    assert config.match in {"exact", "snapshot", "alias"}
    assert (family, name) == (config.family, config.model)


@pytest.mark.parametrize(
    "name",
    [
        "gemini-robotics-er-2-streaming-preview",
        "gemini-3.5-transcribe-live",
        "lyria-realtime-exp",
        "google_genai:gemini-decision-1",
        "google_genai:gemini-live-2.5-flash-preview-native-audio-09-2025",
    ],
)
def test_models_of_other_apis_are_refused_before_sending(name: str) -> None:
    """What no chat call reaches is said without asking the provider."""
    with pytest.raises(UnsupportedError, match="model"):
        plan(name)


@pytest.mark.parametrize(
    "kind",
    [
        "enterprise_web_search",
        "exa_ai_search",
        "file_search",
        "mcp_servers",
        "parallel_ai_search",
        "retrieval",
    ],
)
def test_built_in_tools_of_gemini_are_sent(kind: str) -> None:
    """Those that langchain-google-genai 4.4.3 added go without a word."""
    made = plan("gemini-4-argon", tools=[{kind: {}}])

    assert [{kind: {}}] == made.body["tools"]
    assert [] == [change for change in made.changes if change.parameter == "tools"]


def test_tools_of_a_disputed_model_go_to_responses() -> None:
    """One author saw chat refuse them even at effort none."""
    made = plan("gpt-6.1-terra", tools=[TOOL], reasoning_effort="none")

    assert "responses" == made.endpoint


def test_a_stored_prompt_is_sent_with_the_day_on_which_it_ends() -> None:
    """It was sent in silence."""
    made = plan("gpt-5.4", prompt={"id": "pmpt_1"}, use_responses_api=True)
    (told,) = (change for change in made.changes if change.parameter == "prompt")

    assert {"id": "pmpt_1"} == made.body["prompt"]
    assert "2026-11-30" in told.reason


DISPUTED = read_toml("reviewed.toml")["disputed"]


@pytest.mark.parametrize("entry", DISPUTED, ids=lambda entry: entry["fact"])
def test_what_is_disputed_is_as_the_list_says(entry: dict[str, Any]) -> None:
    """Each dispute names who says what, and the rows say what was chosen."""
    config = default_registry().resolve(entry["model"])
    facts = {told[0]: str(told[1]) for _, told in facts_of(config)}

    assert 2 <= len(entry["says"])
    assert entry["reason"]
    assert entry["chosen"] == facts.get(entry["fact"], entry["chosen"])


def test_most_disputes_are_about_facts_of_rows() -> None:
    """The list is checked, and not only read."""
    known = [
        entry["fact"] in {told[0] for _, told in facts_of(config)}
        for entry in DISPUTED
        for config in [default_registry().resolve(entry["model"])]
    ]

    assert 10 <= known.count(True)
