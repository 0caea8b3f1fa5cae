"""The registry: names, rows, provenance, and rows that are refused."""

from __future__ import annotations

from datetime import date

import pytest

from langchain_unified.errors import RegistryError
from langchain_unified.registry import Registry, default_registry
from langchain_unified.registry.loader import load, load_shipped

NAMES = [
    ("gpt-4o", "gpt-4o", "gpt-4o", "exact"),
    ("GPT-4o", "gpt-4o", "gpt-4o", "exact"),
    ("openai:gpt-5", "gpt-5", "gpt-5", "exact"),
    ("openai/gpt-5", "gpt-5", "gpt-5", "exact"),
    ("models/gemini-2.5-flash", "gemini-2.5-flash", "gemini-2.5-flash", "exact"),
    ("google_genai:gemini-2.5-pro", "gemini-2.5-pro", "gemini-2.5-pro", "exact"),
    ("gpt-5.4-2027-01-31", "gpt-5.4-2027-01-31", "gpt-5.4", "snapshot"),
    ("ft:gpt-4o-mini:org::id", "ft:gpt-4o-mini:org::id", "gpt-4o-mini", "snapshot"),
    ("gpt-5.4-future", "gpt-5.4-future", "gpt-5.4", "family"),
]


@pytest.mark.parametrize(("name", "wire", "canonical", "match"), NAMES)
def test_names(name: str, wire: str, canonical: str, match: str) -> None:
    """Every spelling finds its row and the name to send."""
    config = default_registry().resolve(name)

    assert (wire, canonical, match) == (config.model, config.canonical, config.match)


def test_a_compatible_server_keeps_plain_names() -> None:
    """A name of no known family at a base URL takes the plain OpenAI parameters."""
    config = default_registry().resolve("mistral-large", base_url="http://host/v1")

    assert ("compatible", "max_tokens") == (
        config.family,
        config.mappings["chat"].max_tokens_param,
    )


def test_a_gateway_keeps_vendor_names() -> None:
    """A gateway's `vendor/model` name is sent as written and has the model's rules."""
    config = default_registry().resolve(
        "openai/gpt-5", base_url="https://gate.example/v1"
    )

    assert ("openai/gpt-5", "gpt-5") == (config.model, config.canonical)


def test_a_dated_rerouting_changes_the_rules_on_its_day() -> None:
    """From the day another model answers, its rules hold for the old name."""
    files = load_shipped()
    before = Registry(files, clock=lambda: date(2026, 11, 30))
    after = Registry(files, clock=lambda: date(2026, 12, 1))
    name = "gemini-2.5-pro"

    assert "budget" == before.resolve(name).thinking.style
    assert "level" == after.resolve(name).thinking.style
    assert name == after.resolve(name).model


def test_every_rule_has_a_source() -> None:
    """Every fact of every model says where it comes from."""
    unsourced = [
        (config.canonical, fact)
        for config in default_registry().models()
        for fact, provenance in config.provenance.items()
        if not provenance.source
    ]

    assert [] == unsourced


def test_mapping_answers_the_common_questions() -> None:
    """A mapping says how the token cap is called and what is supported."""
    chat = default_registry().resolve("gpt-5.5").mappings["chat"]

    assert "max_completion_tokens" == chat.max_tokens_param
    assert (False, True, "medium") == (
        chat.supports_temperature,
        chat.supports_reasoning,
        chat.default_reasoning_effort,
    )


def _file(**models: object) -> dict[str, object]:
    return {
        "schema": 1,
        "provider": {
            "id": "p",
            "title": "P",
            "package": "p",
            "fallback_family": "base",
        },
        "endpoints": {"chat": {"title": "Chat", "path": "/chat"}},
        "families": {"base": {}},
        "models": models,
    }


def test_a_row_with_an_unknown_key_is_refused() -> None:
    """An unknown key is refused with the nearest and the list of known ones."""
    with pytest.raises(
        RegistryError, match=r"did you mean 'family'\? Known keys: "
    ) as e:
        load(_file(m={"famly": "base"}), "p.toml")
    assert "models.m.famly" in str(e.value)


def test_a_row_with_a_wrong_type_is_refused() -> None:
    """A value of the wrong type is refused with its place."""
    with pytest.raises(RegistryError, match=r"models\.m\.limits\.output"):
        load(_file(m={"limits": {"output": "many"}}), "p.toml")


def test_a_row_of_an_unknown_family_is_refused() -> None:
    """A reference that leads nowhere is refused with what exists."""
    with pytest.raises(RegistryError, match="no family 'bass'; did you mean 'base'"):
        load(_file(m={"family": "bass"}), "p.toml")


def test_a_name_is_looked_up_once_until_the_facts_change() -> None:
    """What a name stands for is kept, and forgotten with every new fact."""
    registry = Registry(load_shipped())
    before, unknown = registry.resolve("gpt-4o"), registry.resolve("mine")

    assert before is registry.resolve("gpt-4o")

    registry.register("gpt-4o", parameters={"temperature": {"accepts": "never"}})
    registry.alias("mine", "gpt-4o")
    after = registry.resolve("gpt-4o")

    assert "never" == after.mappings["chat"].rules["temperature"].accepts
    assert "fallback" == unknown.match
    assert "gpt-4o" == registry.resolve("mine").canonical
    assert after is registry.resolve("gpt-4o")
