"""Probing: a model's rules found out by asking it, within the bounds announced."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from langchain_unified import UnifiedChatModel
from langchain_unified.errors import ProviderError
from langchain_unified.registry import Registry
from langchain_unified.testing import ModelRules, ProviderEmulator
from tests.conftest import connections
from tests.unit_tests.test_learning import _random_rules
from tests.unit_tests.test_property import (
    MESSAGES,
    SETTINGS,
    TOOLS,
    _assert_guarantees,
    _call,
)

CASES = 60
GEMINI = ModelRules(
    id="gemini-invented",
    provider="google_genai",
    endpoints=("generateContent",),
    top_k="rejected",
    presence_penalty="rejected",
)


def _llm(emulator: ProviderEmulator, registry: Registry) -> UnifiedChatModel:
    return UnifiedChatModel(
        model="gpt-4o",
        providers=connections(emulator),
        registry=registry,
        on_unsupported="ignore",
        max_retries=0,
    )


@pytest.mark.timeout(300)
@pytest.mark.parametrize("number", range(24))
def test_a_probed_row_passes_the_property_check(number: int, tmp_path: Path) -> None:
    """With the row a probe printed, no call to an invented model is refused."""
    rules = _random_rules(number)
    with ProviderEmulator(rules=[rules]) as emulator:
        asking = Registry()
        found = asking.probe(rules.id, _llm(emulator, asking), dry_run=False)
        path = tmp_path / "probed.toml"
        path.write_text(found.toml, encoding="utf-8")
        _check(rules.id, emulator, _llm(emulator, Registry(overrides=path)), number)

        assert found.calls <= found.most_calls
        assert "override" == (
            Registry(overrides=path).resolve(rules.id).provenance["endpoints"].layer
        )


def _check(
    model: str, emulator: ProviderEmulator, llm: UnifiedChatModel, number: int
) -> None:
    case_of = st.fixed_dictionaries(
        {
            "model": st.just(model),
            "messages": st.sampled_from(MESSAGES),
            "settings": SETTINGS,
            "tools": st.sampled_from([[], [], TOOLS[:1], TOOLS]),
            "stream": st.booleans(),
        }
    )

    @seed(number)
    @settings(
        max_examples=CASES,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case_of)
    def check(case: dict[str, object]) -> None:
        emulator.reset()
        refusal = _call(llm, case)
        assert [] == [(e.body, e.error) for e in emulator.errors]
        for request in emulator.requests if refusal is None else ():
            _assert_guarantees(request, case)

    check()


def test_a_dry_run_sends_nothing_and_states_its_bounds(
    provider_emulator: ProviderEmulator,
) -> None:
    """Unless told to run, a probe only says how many calls it takes at most."""
    registry = Registry()
    found = registry.probe("brand-new", _llm(provider_emulator, registry))

    assert [] == provider_emulator.requests
    assert f"at most {found.most_calls} calls" in str(found)
    assert "" == found.toml


def test_the_calls_are_cheap() -> None:
    """Every call of a probe has a small cap and no more than one short message."""
    rules = _random_rules(1)
    with ProviderEmulator(rules=[rules]) as emulator:
        registry = Registry()
        found = registry.probe(rules.id, _llm(emulator, registry), dry_run=False)
        names = ("max_tokens", "max_completion_tokens", "max_output_tokens")
        caps = [
            next((r.body[n] for n in names if n in r.body), None)
            for r in emulator.requests
        ]

        assert {16} == set(caps)
        assert len(emulator.requests) == found.calls


def test_conditions_on_the_effort_are_found() -> None:
    """A temperature taken only without reasoning is told from one never taken."""
    levels = ("none", "low", "high")
    rules = ModelRules(
        id="thinker",
        reasoning=True,
        temperature="only_when_effort_none",
        top_p="rejected",
        effort_levels=levels,
        chat_effort_levels=levels,
        default_effort="low",
    )
    with ProviderEmulator(rules=[rules]) as emulator:
        registry = Registry()
        row = registry.probe("thinker", _llm(emulator, registry), dry_run=False).row
        found = row["parameters_on"]["responses"]

        assert ("effort_none", "never") == (
            found["temperature"]["accepts"],
            found["top_p"]["accepts"],
        )


def test_a_gemini_model_can_be_probed() -> None:
    """The same works for Gemini."""
    with ProviderEmulator(rules=[GEMINI]) as emulator:
        registry = Registry()
        row = registry.probe(GEMINI.id, _llm(emulator, registry), dry_run=False).row
        found = row["parameters_on"]["generate_content"]

        assert ("never", "any") == (
            found["presence_penalty"]["accepts"],
            found["temperature"]["accepts"],
        )


def test_a_model_nobody_has_is_an_error(provider_emulator: ProviderEmulator) -> None:
    """A name the provider does not know raises its error after a call or two."""
    registry = Registry()

    with pytest.raises(ProviderError):
        registry.probe("no-such", _llm(provider_emulator, registry), dry_run=False)
    assert 4 >= len(provider_emulator.requests)
