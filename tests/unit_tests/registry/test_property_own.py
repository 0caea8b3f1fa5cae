"""Any call on a model of the user's own: accepted by a strict server, or refused."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from langchain_unified import UnifiedChatModel
from langchain_unified.registry import Registry
from langchain_unified.testing import ProviderEmulator
from langchain_unified.testing.rules import load_rule_book
from tests.conftest import connections
from tests.third_party.conftest import HERE, installed_from
from tests.third_party.strict import StrictAcme
from tests.unit_tests.test_property import (
    MESSAGES,
    SEED,
    SETTINGS,
    TOOLS,
    _assert_guarantees,
    _call,
)

CASES = int(os.environ.get("PROPERTY_CASES", "4000")) // 40
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
ACME = {"acme-small": False, "acme-eyes": True}
"""Whether a model of the other package sees pictures, by its name."""
THEIRS = {
    name: sees
    for base, sees in ACME.items()
    for name in (base, *(spelling.format(f"mine-{base}") for spelling in SPELLINGS))
}
DRAWN = [
    *NAMES,
    *THEIRS,
    *(f"Team {base.upper()}" for bases in (*BASES.values(), ACME) for base in bases),
    *(f"gateway:{base}" for base in BASES["openai"]),
    *(f"acme:{base}" for base in ACME),
]


@pytest.fixture(scope="module", autouse=True)
def _installed_package(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Have the package of a provider of somebody else's installed."""
    with installed_from(HERE, tmp_path_factory.mktemp("site-packages")):
        yield


def _registry() -> Registry:
    """Return rows of the user's own: like shipped models, and like each other."""
    registry = Registry()
    for provider, bases in {**BASES, "acme": list(ACME)}.items():
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
def acme() -> Iterator[StrictAcme]:
    """A strict server of the other package's, with the same names."""
    with StrictAcme(THEIRS) as running:
        yield running


@pytest.fixture(scope="module")
def llm(
    emulator: ProviderEmulator, acme: StrictAcme, _installed_package: None
) -> UnifiedChatModel:
    """A model object that knows the rows."""
    own = connections(emulator)
    gateway = {**own["openai"], "like": "openai"}
    theirs = {"api_key": "key", "base_url": acme.url}
    return UnifiedChatModel(
        model="gpt-4o",
        providers={**own, "gateway": gateway, "acme": theirs},
        registry=_registry(),
        learning="off",
        on_unsupported="ignore",
        max_retries=0,
    )


@pytest.mark.timeout(300)
@pytest.mark.parametrize("shard", range(4))
def test_any_call_on_a_model_of_ones_own(
    llm: UnifiedChatModel, emulator: ProviderEmulator, acme: StrictAcme, shard: int
) -> None:
    """Rows, snapshots, fine-tunes, twins and aliases keep the rules of their base.

    So do the models of a server that the user named and called a gateway to OpenAI,
    and those of a provider that another package brings.
    """
    case_of = st.fixed_dictionaries(
        {
            "model": st.sampled_from(DRAWN),
            "messages": st.sampled_from(MESSAGES),
            "settings": SETTINGS,
            "mode": st.sampled_from([None, "fast", "careful"]),
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
    def check(case: dict[str, Any]) -> None:
        emulator.reset()
        acme.reset()
        mode = {"acme_mode": case["mode"]} if case["mode"] else {}
        case["settings"] = {**case["settings"], **mode}
        refusal = _call(llm, case)
        is_theirs = "acme" in case["model"].casefold()
        sent, refused = (
            [*emulator.requests],
            [(e.body, e.error) for e in emulator.errors],
        )
        assert [] == [*refused, *acme.refused]
        assert (refusal is None) == bool(acme.bodies if is_theirs else sent)
        assert [] == (sent if is_theirs else acme.bodies)
        for request in sent:
            _assert_guarantees(request, case)
        for body in acme.bodies:
            _assert_kept(body, case)

    check()


def _assert_kept(body: dict[str, Any], case: dict[str, Any]) -> None:
    """Nothing that may not be dropped is missing from a request to Acme."""
    wanted = case["settings"]
    names = [tool["function"]["name"] for tool in case["tools"]]
    assert names == [ability["call"] for ability in body.get("abilities", ())]
    assert ("max_tokens" in wanted) == ("length" in body)
    assert wanted.get("acme_mode") == body.get("mode")
    if names and wanted.get("tool_choice") in {"any", "required", "weather"}:
        assert body["must_call"] in {True, "weather"}
