"""Any call on a model of the user's own: accepted by a strict server, or refused."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from langchain_unified import UnifiedChatModel
from langchain_unified.registry import Registry
from langchain_unified.testing import ProviderEmulator
from langchain_unified.testing.rules import load_rule_book
from tests.conftest import connections
from tests.unit_tests.test_property import (
    MESSAGES,
    SEED,
    SETTINGS,
    TOOLS,
    _assert_guarantees,
    _call,
)

CASES = int(os.environ.get("PROPERTY_CASES", "20000")) // 100
BASES = {
    "openai": ["gpt-4o", "gpt-4.1", "gpt-5", "gpt-5.1", "o3", "gpt-6-sol"],
    "google_genai": ["gemini-2.5-flash", "gemini-3.5-flash"],
}
SPELLINGS = ("{}", "{}-2026-02-03", "ft:{}:team::a1", "{}-latest", "{}-twin")
NAMES = [
    spelling.format(f"mine-{base}")
    for base in BASES["openai"]
    for spelling in SPELLINGS
] + [f"mine-{base}" for base in BASES["google_genai"]]


def _registry() -> Registry:
    """Return rows of the user's own: like shipped models, and like each other."""
    registry = Registry()
    for provider, bases in BASES.items():
        for base in bases:
            own = f"mine-{base}"
            registry.register(own, provider=provider, same_as=base)
            registry.register(own, price={"input": 1, "output": 1})
            registry.register(f"{own}-twin", provider=provider, same_as=own)
            registry.alias(f"team {base}", own)
    return registry


@pytest.fixture(scope="module")
def emulator() -> Iterator[ProviderEmulator]:
    """A strict server that has the models under the names of the user's own."""
    rules = [
        replace(load_rule_book(provider).models[base], id=name)
        for provider, bases in BASES.items()
        for base in bases
        for name in NAMES
        if name in {s.format(f"mine-{base}") for s in SPELLINGS}
    ]
    with ProviderEmulator(rules=rules) as running:
        yield running


@pytest.fixture(scope="module")
def llm(emulator: ProviderEmulator) -> UnifiedChatModel:
    """A model object that knows the rows."""
    own = connections(emulator)
    gateway = {**own["openai"], "like": "openai"}
    return UnifiedChatModel(
        model="gpt-4o",
        providers={**own, "gateway": gateway},
        registry=_registry(),
        learning="off",
        on_unsupported="ignore",
        max_retries=0,
    )


@pytest.mark.timeout(300)
@pytest.mark.parametrize("shard", range(4))
def test_any_call_on_a_model_of_ones_own(
    llm: UnifiedChatModel, emulator: ProviderEmulator, shard: int
) -> None:
    """Rows, snapshots, fine-tunes, twins and aliases keep the rules of their base.

    So do the models of a server that the user named and called a gateway to OpenAI.
    """
    names = [*NAMES, *(f"Team {b.upper()}" for bases in BASES.values() for b in bases)]
    names += [f"gateway:{base}" for base in BASES["openai"]]
    case_of = st.fixed_dictionaries(
        {
            "model": st.sampled_from(names),
            "messages": st.sampled_from(MESSAGES),
            "settings": SETTINGS,
            "tools": st.sampled_from([[], [], TOOLS[:1], TOOLS]),
            "stream": st.booleans(),
        }
    )

    @seed(SEED + shard)
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
