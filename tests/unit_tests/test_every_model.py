"""Every registered model answers the standard call on the strict emulator."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pytest

from langchain_unified import UnifiedChatModel, default_registry
from langchain_unified.testing import ProviderEmulator
from langchain_unified.types import ModelConfig
from tests.conftest import connections

TODAY = date(2026, 11, 23)
OTHER_WIRES = ("live_only", "unserved", "needs_audio")
pytestmark = pytest.mark.filterwarnings(
    "ignore:The model '.*' is deprecated:DeprecationWarning"
)
"""The Anthropic SDK warns of models that end soon; they answer until then."""

STANDARD = {"temperature": 0, "max_tokens": 1000, "stop": ["x"]}


def text_models() -> list[ModelConfig]:
    """Return every living model that answers a text message with text."""
    return [
        config
        for config in default_registry().models()
        if config.supports("text_inputs")
        and config.supports("text_outputs")
        and not any(config.supports(feature) for feature in OTHER_WIRES)
        and not (config.lifecycle.shutdown and config.lifecycle.shutdown <= TODAY)
    ]


def enabled_models() -> list[ModelConfig]:
    """Return the living models of providers that are on without asking."""
    registry = default_registry()
    return [c for c in text_models() if registry.provider(c.provider).enabled]


LIVING = [config.model for config in text_models()]


@pytest.fixture(scope="module")
def emulator() -> ProviderEmulator:
    """One emulator for the whole module."""
    with ProviderEmulator() as running:
        yield running


@pytest.fixture(scope="module")
def llm(emulator: ProviderEmulator) -> UnifiedChatModel:
    """One model object for all models."""
    return UnifiedChatModel(
        model="gpt-4o",
        providers=connections(emulator),
        enable=["anthropic"],
        **STANDARD,
    )


def test_the_list_is_long() -> None:
    """The registry knows the living models of both providers."""
    assert 80 < len(LIVING)


@pytest.mark.parametrize("name", LIVING)
def test_invoke(llm: UnifiedChatModel, emulator: ProviderEmulator, name: str) -> None:
    """The standard call is accepted and stops before the stop string."""
    answer = llm.invoke("one two x three", model=name)

    assert "one two" == answer.text.strip()
    assert [] == emulator.errors


@pytest.mark.parametrize("name", LIVING)
def test_stream(llm: UnifiedChatModel, emulator: ProviderEmulator, name: str) -> None:
    """The streamed standard call is accepted and stops before the stop string."""
    text = "".join(chunk.text for chunk in llm.stream("one two x three", model=name))

    assert "one two" == text.strip()
    assert [] == emulator.errors


@pytest.mark.parametrize("name", LIVING)
async def test_ainvoke(
    llm: UnifiedChatModel, emulator: ProviderEmulator, name: str
) -> None:
    """The asynchronous standard call is accepted."""
    answer = await llm.ainvoke("one two x three", model=name)

    assert "one two" == answer.text.strip()
    assert [] == emulator.errors


@pytest.mark.parametrize("name", LIVING)
async def test_astream(
    llm: UnifiedChatModel, emulator: ProviderEmulator, name: str
) -> None:
    """The asynchronous streamed standard call is accepted."""
    pieces = [chunk.text async for chunk in llm.astream("one two x three", model=name)]

    assert "one two" == "".join(pieces).strip()
    assert [] == emulator.errors


def test_switching_opens_no_further_client(
    provider_emulator: ProviderEmulator, model: Callable[..., UnifiedChatModel]
) -> None:
    """A thousand switches on one instance use the connections of the first ones."""
    llm = model("gpt-4o")
    names = ["gpt-4o", "gpt-5.4", "gpt-6-sol", "o3", "gemini-2.5-flash"]
    for name in names:
        llm.invoke("hi", model=name)
    opened = provider_emulator.connections
    for turn in range(1000):
        llm.invoke("hi", model=names[turn % len(names)])

    assert opened == provider_emulator.connections


def test_the_record_names_requested_and_used_model(
    model: Callable[..., UnifiedChatModel],
) -> None:
    """Every message says what was asked for, what answered and what was changed."""
    record = model().invoke("hi", model="openai:gpt-5.4").response_metadata["unified"]

    assert "openai:gpt-5.4" == record["requested_model"]
    assert ("gpt-5.4", "openai", "chat") == (
        record["model"],
        record["provider"],
        record["endpoint"],
    )


def test_a_stream_carries_the_record_once(
    model: Callable[..., UnifiedChatModel],
) -> None:
    """A streamed answer has the record on one piece; its cost comes with the last."""
    pieces = list(model().stream("one two three", model="gpt-6-sol"))
    records = [p.response_metadata.get("unified", {}) for p in pieces]
    carrying = [record for record in records if "requested_model" in record]
    merged = pieces[0]
    for piece in pieces[1:]:
        merged += piece

    assert 1 == len(carrying)
    assert "gpt-6-sol" == merged.response_metadata["unified"]["model"]
