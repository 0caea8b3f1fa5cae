"""What is known about servers of other makes is data, found by the address."""

from __future__ import annotations

import re
from typing import Any

import pytest

from langchain_unified import Registry, UnifiedChatModel
from langchain_unified.registry.makes import profile_name, server_profiles


def plan(url: str, model: str = "some-model", **settings: Any) -> Any:
    llm = UnifiedChatModel(model=model, api_key="k", base_url=url)
    return llm.explain(**settings)


@pytest.mark.parametrize("name", server_profiles().profiles)
def test_every_profile_has_a_source(name: str) -> None:
    """Each profile cites a source that says when it was read."""
    file = server_profiles()

    assert file.profiles[name].source in file.sources


OPENS = re.compile(r"[\w.-]+/[\w.-]+#\d+|(?:[\w-]+\.)+[a-z]{2,}/[\w./-]+")
"""An issue of a repository, or the address of a page."""


@pytest.mark.parametrize("name", server_profiles().sources)
def test_a_source_opens_or_says_that_it_is_inferred(name: str) -> None:
    """Who reads a fact can look it up, or knows that nobody wrote it down."""
    source = server_profiles().sources[name]

    assert OPENS.search(source.text) or source.confidence == "inferred"
    assert ("inferred" in source.text) <= (source.confidence == "inferred")


@pytest.mark.parametrize("name", server_profiles().profiles)
def test_the_source_of_a_profile_names_its_marks(name: str) -> None:
    """A mark by which a server is told from others stands in the source."""
    file = server_profiles()
    row = file.profiles[name]
    marks = [*row.shows.headers, *row.shows.keys, row.shows.fingerprint or ""]

    assert all(mark in file.sources[row.source].text for mark in marks)


def test_every_source_is_cited() -> None:
    """No source stands in the file that no fact is from."""
    file = server_profiles()
    cited = {row.source for row in (*file.profiles.values(), file.elsewhere)}

    assert set(file.sources) == cited


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("https://openrouter.ai/api/v1", "openrouter"),
        ("https://api.groq.com/openai/v1", "groq"),
        ("https://api.deepseek.com", "deepseek"),
        ("https://api.mistral.ai/v1", "mistral"),
        ("https://api.x.ai/v1", "xai"),
        ("https://generativelanguage.googleapis.com/v1beta/openai", "gemini-compat"),
        ("http://localhost:11434/v1", "ollama"),
        ("http://127.0.0.1:1234/v1", "lm-studio"),
        ("https://notgroq.example:11434/v1", ""),
        ("https://mygroq.com/v1", ""),
    ],
)
def test_a_profile_is_found_by_host_or_port(url: str, name: str) -> None:
    """The host decides; a port does only on this machine."""
    assert name == profile_name(url)


def test_mistral_is_sent_no_stream_options() -> None:
    """What a server is known to refuse is not sent, and `seed` has its name there."""
    found = plan("https://api.mistral.ai/v1", stream=True, seed=3)

    assert {"random_seed": 3} == dict(found.body)


def test_several_answers_are_several_calls_where_there_is_no_n() -> None:
    """Groq takes no `n`; the answers are asked for one by one."""
    found = plan("https://api.groq.com/openai/v1", n=2)

    assert (2, False) == (found.calls, "n" in found.body)


def test_a_model_of_openais_has_tools_on_chat_at_openrouter() -> None:
    """A gateway that translates to Responses itself is called on chat completions."""
    tool = {"type": "function", "function": {"name": "now", "parameters": {}}}
    found = plan("https://openrouter.ai/api/v1", "openai/gpt-5.4", tools=[tool])

    assert ("chat", "openai/gpt-5.4") == (found.endpoint, found.model)


def test_a_fact_of_a_server_names_its_source() -> None:
    """Who asks where a rule is from is told the server's page."""
    found = plan("https://api.mistral.ai/v1")
    rule = found.config.mappings["chat"].rules["stream_options"]

    assert "openai-agents-python#442" in rule.provenance.source


def test_what_only_the_server_knows_is_not_claimed() -> None:
    """An agent chooses the form of its answer by this, as with ChatOpenAI's profile."""
    url = "http://127.0.0.1:9/v1"
    known, unknown = (
        UnifiedChatModel(model=model, api_key="k", base_url=url).profile or {}
        for model in ("gpt-4o", "some-model")
    )

    assert known["structured_output"]
    assert "structured_output" not in unknown


def test_what_the_user_says_of_a_model_is_claimed() -> None:
    """A row of the user's own is a fact."""
    registry = Registry()
    registry.register("some-model", features={"structured_output": True})
    llm = UnifiedChatModel(
        model="some-model",
        api_key="k",
        base_url="http://127.0.0.1:9/v1",
        registry=registry,
    )

    assert (llm.profile or {})["structured_output"]
