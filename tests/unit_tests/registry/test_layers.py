"""Layers above the shipped rows: overrides, aliases, provenance, speed."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest

from langchain_unified import UnifiedChatModel
from langchain_unified.errors import InvalidParameterError, RegistryError
from langchain_unified.learning import Correction, Trial
from langchain_unified.registry import Registry, default_registry
from langchain_unified.registry.layers import Patch
from langchain_unified.registry.schema import LimitsRow, ModelRow
from langchain_unified.reliability.scope import Scope
from tests.benchmarks.counting import count_calls

OVERRIDES = """
[aliases]
quick = "gemini-3.8-flash"

[models.acme-1]
provider = "openai"
family = "classic"
limits = { input = 1_000 }

[models."gpt-4o"]
source = "a test of ours"
parameters = { temperature = { accepts = "never" } }

[models.prod-chat]
provider = "openai"
same_as = "gpt-5"
"""


@pytest.fixture
def overrides(tmp_path: Path) -> Path:
    """A file of the user's own rows."""
    path = tmp_path / "models.toml"
    path.write_text(OVERRIDES, encoding="utf-8")
    return path


def test_a_file_adds_a_model(overrides: Path) -> None:
    """A row of the user's own file makes an unknown model a known one."""
    config = Registry(overrides=overrides).resolve("ACME-1")

    assert ("exact", "classic", 1_000) == (
        config.match,
        config.family,
        config.limits["input"],
    )


def test_a_file_states_a_fact_about_a_known_model(overrides: Path) -> None:
    """What the user states wins over the shipped row, for its snapshots too."""
    registry = Registry(overrides=overrides)
    rule = registry.resolve("gpt-4o-2024-11-20").mappings["chat"].rules["temperature"]

    assert ("never", "override", "a test of ours") == (
        rule.accepts,
        rule.provenance.layer,
        rule.provenance.source,
    )


def test_an_alias_sends_the_name_of_its_target(overrides: Path) -> None:
    """A name of the user's own stands for a model, whose own name is sent."""
    config = Registry(overrides=overrides).resolve("Quick")

    assert ("google_genai", "gemini-3.8-flash") == (config.provider, config.model)


def test_a_deployment_sends_its_own_name(overrides: Path) -> None:
    """A row with `same_as` has the facts of another model and sends its own name."""
    config = Registry(overrides=overrides).resolve("prod-chat")

    assert ("prod-chat", "gpt-5") == (config.model, config.family)


def test_an_environment_variable_names_the_file(
    overrides: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The shared registry reads the file the environment names."""
    monkeypatch.setenv("LANGCHAIN_UNIFIED_MODELS", str(overrides))
    default_registry.cache_clear()
    try:
        assert "exact" == default_registry().resolve("acme-1").match
    finally:
        monkeypatch.undo()
        default_registry.cache_clear()


def test_registries_of_two_objects_do_not_mix() -> None:
    """What one model object registers, another does not see."""
    one = UnifiedChatModel(model="gpt-4o", registry=Registry())
    other = UnifiedChatModel(model="gpt-4o", registry=Registry())
    one.registry.register("acme-1", provider="openai", family="classic")

    assert "classic" == one.explain(model="acme-1").config.family
    assert "classic" != other.explain(model="acme-1").config.family


def test_registering_takes_effect_at_the_next_call() -> None:
    """A fact stated later changes calls that were already planned once."""
    registry = Registry()
    llm = UnifiedChatModel(model="gpt-4o", registry=registry, temperature=0)
    assert "temperature" in llm.explain().body
    registry.register("gpt-4o", parameters={"temperature": {"accepts": "never"}})

    assert "temperature" not in llm.explain().body


@pytest.mark.parametrize(
    ("facts", "told"),
    [
        ({"famly": "classic"}, "did you mean 'family'"),
        ({"family": "clasic"}, "no family 'clasic'"),
        ({"parameters": {"temprature": {}}}, "did you mean 'temperature'"),
        ({"endpoints": ["chatt"]}, "no endpoint 'chatt'"),
        ({"limits": {"input": "many"}}, "limits.input"),
    ],
)
def test_a_bad_row_is_refused(facts: dict[str, object], told: str) -> None:
    """A row with a mistake is refused with what is wrong, and changes nothing."""
    registry = Registry()

    with pytest.raises(RegistryError, match=told):
        registry.register("acme-1", provider="openai", **facts)
    assert "fallback" == registry.resolve("acme-1").match


def test_an_unreadable_file_is_refused(tmp_path: Path) -> None:
    """A file that is missing or no TOML is refused with its name."""
    path = tmp_path / "broken.toml"
    path.write_text("[models", encoding="utf-8")

    for wrong in (path, tmp_path / "missing.toml"):
        with pytest.raises(RegistryError, match=wrong.name):
            Registry(overrides=wrong)


def _four_layers() -> Registry:
    registry = Registry()
    found = ModelRow(source="the list", limits=LimitsRow(output=99))
    registry.discover("openai", "", [Patch("openai", "gpt-4o", found, "the list")])
    registry.register(
        "gpt-4o", source="us", parameters={"temperature": {"accepts": "default"}}
    )
    config = registry.resolve("gpt-4o")
    correction = Correction("never", "temperature", None, "no temperature here")
    registry.lessons.learn([Trial(config, "chat", correction)], Scope())
    return registry


def test_every_layer_has_its_say() -> None:
    """A fact is told with what each layer says, and the last word is marked."""
    why = _four_layers().get("gpt-4o").why("temperature")
    says = [(say.provenance.layer, say.holds) for say in why]

    assert ("learned", True) == says[-1]
    assert {"shipped", "override", "learned"} == {layer for layer, _ in says}
    assert "no temperature here" in str(why)
    assert "us" in str(why)


def test_a_discovered_fact_is_told_as_such() -> None:
    """A limit from a provider's list wins over the shipped one and says so."""
    why = _four_layers().get("gpt-4o").why("max_output_tokens")

    assert (99, "discovered", True) == (
        why.value,
        why.says[-1].provenance.layer,
        why.says[-1].holds,
    )
    assert "shipped" == why.says[0].provenance.layer


def test_a_fact_that_does_not_exist_is_refused() -> None:
    """A misspelt fact is refused with the nearest."""
    with pytest.raises(InvalidParameterError, match="did you mean 'temperature'"):
        Registry().get("gpt-4o").why("temprature")


def test_every_model_has_a_profile() -> None:
    """Every known model has LangChain's profile keys filled."""
    for config in default_registry().models():
        profile = default_registry().get(f"{config.provider}:{config.model}").profile
        assert {"tool_calling", "reasoning_output", "text_inputs"} <= set(profile)


def _spellings(count: int) -> list[str]:
    names = [config.model for config in default_registry().models()]
    forms = (str, str.upper, str.title, "  {} ".format, "{}-2027-01-31".format)
    mixed = (form(name) for form in forms for name in names)
    return [*itertools.islice(itertools.cycle(mixed), count)]


def test_resolving_mixed_spellings_is_quick() -> None:
    """10,000 resolves of mixed spellings take a few function calls each."""
    registry, names = Registry(), _spellings(10_000)

    def resolve_all() -> None:
        for name in names:
            registry.resolve(name)

    assert 20 * len(names) >= count_calls(resolve_all)


def _calls(registry: Registry) -> int:
    names = ["gpt-4o", "GPT-5", "models/gemini-2.5-flash", "never-heard-of"]
    return count_calls(lambda: [registry.resolve(name) for name in names])


def test_ten_thousand_more_models_do_not_slow_a_call() -> None:
    """With 10,000 registered models a resolve takes no more than it did."""
    registry = Registry()
    before = _calls(registry)
    for number in range(10_000):
        registry.register(f"acme-{number}", provider="openai", family="classic")
    assert "exact" == registry.resolve("acme-9999").match
    assert before == _calls(registry)
