"""Rows of the user's own: merged, found by every spelling, refused if impossible."""

from __future__ import annotations

import pickle
import sys
from pathlib import Path
from typing import Any

import pytest

from langchain_unified import UnifiedChatModel
from langchain_unified.errors import (
    InvalidParameterError,
    RegistryError,
    UnifiedError,
)
from langchain_unified.learning import Correction, Trial
from langchain_unified.registry import Registry
from langchain_unified.reliability.scope import Scope

RATES = {"input": 1, "output": 2}


@pytest.fixture
def registry() -> Registry:
    """A registry with one model of the user's own."""
    registry = Registry()
    registry.register(
        "Acme-1",
        provider="openai",
        family="classic",
        snapshots=["Winter"],
        aliases=["Acme-One"],
        limits={"output": 4_096},
    )
    return registry


def test_a_second_statement_adds_to_the_first(registry: Registry) -> None:
    """What is registered later is added, fact by fact, and a later value wins."""
    registry.register("acme-1", limits={"input": 9_000})
    registry.register("acme-1", parameters={"temperature": {"max": 1.5}})
    registry.register("acme-1", parameters={"temperature": {"min": 0.1}})
    registry.register("acme-1", limits={"input": 8_000}, source="page 7")
    config = registry.resolve("acme-1")
    rule = config.mappings["chat"].rules["temperature"]

    assert ("classic", {"output": 4_096, "input": 8_000}) == (
        config.family,
        dict(config.limits),
    )
    assert (0.1, 1.5) == (rule.minimum, rule.maximum)
    assert "page 7" == config.provenance["limits"].source


@pytest.mark.parametrize(
    ("name", "wire", "match"),
    [
        ("ACME-1", "Acme-1", "exact"),
        (" openai:acme-1 ", "Acme-1", "exact"),
        ("acme-one", "Acme-One", "alias"),
        ("acme-1-winter", "Acme-1-Winter", "exact"),
        ("Acme-1-2027-01-31", "Acme-1-2027-01-31", "snapshot"),
        ("acme-1-latest", "acme-1-latest", "snapshot"),
        ("ft:Acme-1:org::X9", "ft:Acme-1:org::X9", "snapshot"),
        ("ft:acme-1-2027-01-31:org::X9", "ft:acme-1-2027-01-31:org::X9", "snapshot"),
    ],
)
def test_own_models_have_the_spellings_of_shipped_ones(
    registry: Registry, name: str, wire: str, match: str
) -> None:
    """Snapshots, fine-tunes and spellings find the row; their own name is sent."""
    config = registry.resolve(name)

    assert (wire, match, "classic", 4_096) == (
        config.model,
        config.match,
        config.family,
        config.limits["output"],
    )


def test_a_fine_tune_of_a_registered_model_is_sent_as_itself() -> None:
    """A statement about a shipped model holds for its fine-tune, whose name is sent."""
    registry = Registry()
    registry.register("gpt-4o", parameters={"temperature": {"accepts": "never"}})
    llm = UnifiedChatModel(model="ft:gpt-4o:org::x1", registry=registry, temperature=0)
    plan = llm.explain()

    assert ("ft:gpt-4o:org::x1", False) == (plan.model, "temperature" in plan.body)


def test_one_fine_tune_can_have_a_row() -> None:
    """A row about one fine-tune holds for it and for no other."""
    registry = Registry()
    registry.register("ft:gpt-4o:org::x1", limits={"output": 99})
    one, other = map(registry.resolve, ("ft:gpt-4o:org::x1", "ft:gpt-4o:org::x2"))

    assert ("ft:gpt-4o:org::x1", 99) == (one.model, one.limits["output"])
    assert other.limits["output"] == registry.resolve("gpt-4o").limits["output"]


def test_a_row_about_a_base_leaves_another_shipped_model_alone() -> None:
    """A statement about a model is not one about a model with a row of its own."""
    registry = Registry()
    registry.register("gpt-4", limits={"output": 7})

    assert 7 == registry.resolve("gpt-4-0613").limits["output"]
    assert 7 != registry.resolve("gpt-4-turbo").limits["output"]
    assert 7 != registry.resolve("gpt-4o").limits["output"]


def test_same_as_a_row_of_ones_own(registry: Registry) -> None:
    """`same_as` follows own rows and aliases, and what is stated later about them."""
    registry.alias("winter", "acme-1")
    registry.register("prod", same_as="winter")
    registry.register("prod-eu", same_as="prod", limits={"input": 5})
    registry.register("acme-1", limits={"context": 100_000})
    config = registry.resolve("Prod-EU")

    assert ("prod-eu", "classic") == (config.model, config.family)
    assert {"output": 4_096, "input": 5, "context": 100_000} == dict(config.limits)


def test_same_as_takes_over_statements_about_a_shipped_model() -> None:
    """A model that is the same as another has what the user stated about that one."""
    registry = Registry()
    registry.register("gpt-4o", limits={"output": 77})
    registry.register("mine", same_as="gpt-4o-2024-11-20")

    assert ("mine", 77) == (
        registry.resolve("mine").model,
        registry.resolve("mine").limits["output"],
    )


def test_same_as_names_the_provider() -> None:
    """A model that is the same as another is of that one's provider."""
    registry = Registry()
    registry.register("mine", same_as="gemini-2.5-flash")

    assert "google_genai" == registry.resolve("mine").provider


def test_a_deployment_can_be_a_row() -> None:
    """A row of an Azure deployment has its model's facts, and what it states."""
    registry = Registry()
    registry.register("azure_openai:prod", same_as="gpt-5", limits={"output": 50})
    config = registry.resolve("azure_openai:prod")

    assert ("azure_openai", "prod", "gpt-5", 50) == (
        config.provider,
        config.model,
        config.family,
        config.limits["output"],
    )


def test_aliases_follow_aliases(registry: Registry) -> None:
    """An alias can stand for an alias, or for a model of the user's own."""
    registry.alias("Quick", "quicker")
    registry.alias("quicker", "acme-one")

    assert "Acme-One" == registry.resolve("QUICK").model


@pytest.mark.parametrize(
    ("facts", "told"),
    [
        ({"same_as": "gpt-55-mini"}, "did you mean 'gpt-5-mini'"),
        ({"same_as": "acme-2"}, "leads back"),
        ({"served_by": {"model": "nobody", "since": "x"}}, "since"),
        ({"features": {"tool_caling": True}}, "did you mean 'tool_calling'"),
        ({"features": {"image_inputs": True}}, "list 'image' in inputs"),
        ({"inputs": ["text", "imag"]}, "did you mean 'image'"),
        ({"system_roles": ["sistem"]}, "did you mean 'system'"),
        ({"thinking": {"levels": ["hihg"]}}, "did you mean 'high'"),
        ({"thinking": {"style": "efort"}}, "did you mean 'effort'"),
        ({"tools": "effort_non"}, "did you mean 'effort_none'"),
        ({"parameters": {"temperature": {"accepts": "nevr"}}}, "did you mean 'never'"),
        ({"tools": {"chatt": "any"}}, "did you mean 'chat'"),
        ({"thinking": {"levels_on": {"chatt": ["low"]}}}, "did you mean 'chat'"),
        ({"endpoints": []}, "the list is empty"),
        ({"inputs": []}, "the list is empty"),
        ({"aliases": [" "]}, "a name is empty"),
        ({"limits": {"output": 0}}, "limits.output: 0"),
        ({"limits": {"context": -5}}, "limits.context: -5"),
        ({"limits": {"context": 10, "output": 20}}, "more than limits.context"),
        ({"parameters": {"temperature": {"min": 2, "max": 1}}}, "min 2 is above max 1"),
        ({"price": {**RATES, "tiers": [{**RATES, "above": -1}]}}, "price.tiers"),
        (
            {"price": {**RATES, "tiers": [{**RATES, "above": 9}] * 2}},
            "each number once",
        ),
        ({"provider": "opnai"}, "did you mean 'openai'"),
        ({"same_as": "gemini-2.5-flash", "provider": "openai"}, "'google_genai'"),
    ],
)
def test_what_no_model_can_have_is_refused(facts: dict[str, Any], told: str) -> None:
    """Unknown words and impossible numbers are refused, and nothing is changed."""
    registry = Registry()

    with pytest.raises(UnifiedError, match=told):
        registry.register("acme-2", **facts)
    assert {} == registry.own()


def test_circles_are_refused(registry: Registry, tmp_path: Path) -> None:
    """Rows and aliases that lead to themselves are refused, in code and in files."""
    registry.register("b", same_as="acme-1")
    path = tmp_path / "models.toml"
    path.write_text(
        'models.x.same_as = "y"\nmodels.y.same_as = "x"\n', encoding="utf-8"
    )

    with pytest.raises(RegistryError, match="leads back"):
        registry.register("acme-1", same_as="b")
    with pytest.raises(RegistryError, match="an alias of itself"):
        registry.alias("acme-1", "b")
    with pytest.raises(RegistryError, match="in a circle: x, y"):
        registry.load(path)
    assert {"openai:Acme-1", "openai:b"} == set(registry.own())


@pytest.mark.parametrize(
    ("name", "target"), [("", "acme-1"), ("auto", "acme-1"), ("x", "auto:cheapest")]
)
def test_an_alias_is_a_name_of_a_model(
    registry: Registry, name: str, target: str
) -> None:
    """What no call could mean, and what is a policy, is refused."""
    with pytest.raises(InvalidParameterError):
        registry.alias(name, target)
    assert {} == registry.aliases()


def test_rows_of_a_server_go_in_as_they_come_out() -> None:
    """`own` names the server, and what it returns can be registered again."""
    registry, other = Registry(), Registry()
    for each in (registry, other):
        each.add_server("lab", "http://127.0.0.1:9/v1")
    registry.register("m", provider="LAB", limits={"output": 7})
    for name, facts in registry.own().items():
        other.register(name, **facts)

    assert {"lab:m": {"limits": {"output": 7}, "provider": "lab"}} == other.own()
    registry.unregister("m")
    other.unregister("lab:m")
    assert ({}, {}) == (registry.own(), other.own())


@pytest.mark.parametrize("profile", ["", "vllm"])
def test_same_as_a_known_model_holds_on_a_server_of_ones_own(profile: str) -> None:
    """Where names of OpenAI's are a server's own, the user says which one it is."""
    registry = Registry()
    registry.add_server("lab", "http://127.0.0.1:9/v1", profile=profile)
    registry.register("lab:prod", same_as="gpt-5")
    config = registry.resolve("lab:prod")

    assert ("prod", "gpt-5", 128_000) == (
        config.model,
        config.family,
        config.limits["output"],
    )


def test_a_file_read_again_forgets_what_it_no_longer_says(tmp_path: Path) -> None:
    """Aliases and servers that were taken out of a file are gone, others stay."""
    path = tmp_path / "models.toml"
    path.write_text(
        '[aliases]\nquick = "gpt-4o"\n[servers.lab]\nbase_url = "http://a/v1"\n',
        encoding="utf-8",
    )
    registry = Registry(overrides=path)
    registry.alias("slow", "o3")
    registry.add_server("mine", "http://b/v1")
    path.write_text("", encoding="utf-8")
    registry.load(path)

    assert {"slow": "o3"} == registry.aliases()
    assert ["mine"] == list(registry.servers)


def test_rows_of_a_file_may_stand_in_any_order(tmp_path: Path) -> None:
    """A row can refer to one further down; a file read again replaces its rows."""
    path = tmp_path / "models.toml"
    path.write_text(
        'models.b.same_as = "a"\n[models.a]\nprovider = "openai"\nfamily = "classic"\n',
        encoding="utf-8",
    )
    registry = Registry(overrides=path)
    assert "classic" == registry.resolve("b").family

    path.write_text('[models.a]\nprovider = "openai"\n', encoding="utf-8")
    registry.load(path)
    assert {"openai:a": {"provider": "openai"}} == registry.own()


def test_a_file_that_is_refused_changes_nothing(
    registry: Registry, tmp_path: Path
) -> None:
    """If one row of a file is wrong, none of its rows is added."""
    path = tmp_path / "models.toml"
    path.write_text('[models.a]\n[models.b]\nsame_as = "nobody"\n', encoding="utf-8")

    with pytest.raises(RegistryError, match="no model 'nobody'"):
        registry.load(path)
    assert {"openai:Acme-1"} == set(registry.own())


def test_what_was_registered_can_be_taken_back(registry: Registry) -> None:
    """`unregister` leaves what is shipped, and never half a reference."""
    before = Registry().resolve("gpt-4o").limits["output"]
    registry.register("gpt-4o", limits={"output": 5})
    registry.register("prod", same_as="acme-1")
    registry.alias("quick", "prod")

    with pytest.raises(RegistryError, match="'prod' is defined as same_as 'acme-1'"):
        registry.unregister("acme-1")
    with pytest.raises(RegistryError, match="did you mean 'gpt-4o'"):
        registry.unregister("gpt-4oo")
    for name in ("gpt-4o", "quick", "prod", "ACME-1"):
        registry.unregister(name)

    assert ({}, {}) == (registry.own(), registry.aliases())
    assert before == registry.resolve("gpt-4o").limits["output"]
    assert "fallback" == registry.resolve("acme-1").match


def test_a_refusal_wins_over_a_statement_until_it_is_forgotten(
    registry: Registry,
) -> None:
    """What a server refused wins over the user's row; `forget` gives the row back."""
    registry.register("acme-1", parameters={"temperature": {"accepts": "any"}})
    refusal = Correction("never", "temperature", None, "no temperature here")
    registry.lessons.learn(
        [Trial(registry.resolve("acme-1"), "chat", refusal)], Scope()
    )

    assert "learned" == _holding(registry, "temperature")
    registry.forget("Acme-1")
    assert "override" == _holding(registry, "temperature")


def _holding(registry: Registry, fact: str) -> str:
    """Return the layer whose word about a fact holds."""
    says = registry.get("acme-1").why(fact)
    return next(say.provenance.layer for say in reversed(says.says) if say.holds)


def test_a_model_with_a_registry_of_its_own_travels(registry: Registry) -> None:
    """A pickled model arrives with the rows and aliases of its registry."""
    registry.alias("quick", "acme-1")
    llm = UnifiedChatModel(model="quick", registry=registry)
    arrived = pickle.loads(pickle.dumps(llm))

    assert "Acme-1" == arrived.explain().model
    assert registry.own() == arrived.registry.own()
    arrived.registry.register("acme-1", limits={"output": 1})
    assert 4_096 == registry.resolve("acme-1").limits["output"]


def test_unknown_names_take_bounded_memory() -> None:
    """100,000 names that nobody knows take no more than a few megabytes."""
    registry = Registry()
    registry.resolve("nobody")
    before = sys.getallocatedblocks()
    for number in range(100_000):
        registry.resolve(f"nobody-{number}")

    assert 250_000 > sys.getallocatedblocks() - before
    assert "nobody-5" == registry.resolve("nobody-5").model
