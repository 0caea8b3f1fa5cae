"""Providers that are off: registered, configurable, and clear about how to get in."""

from __future__ import annotations

from collections.abc import Callable
from importlib.metadata import metadata
from typing import Any

import pytest

from langchain_unified import UnifiedChatModel, default_registry
from langchain_unified.errors import ProviderNotEnabledError, UnknownParameterError
from langchain_unified.testing import ProviderEmulator
from tests.unit_tests.providers.wiring import OFF, connections

MODELS = {
    "anthropic": "claude-sonnet-5",
    "azure_openai": "azure_openai:my-dep",
    "ollama": "ollama:llama3.2",
}


@pytest.mark.parametrize("provider", OFF)
def test_a_disabled_provider_sends_nothing(
    provider_emulator: ProviderEmulator, provider: str
) -> None:
    """A call to a disabled provider is refused before anything is sent."""
    llm = UnifiedChatModel(model="gpt-4o", providers=connections(provider_emulator))
    with pytest.raises(ProviderNotEnabledError):
        llm.invoke("hi", model=MODELS[provider])

    assert [] == provider_emulator.requests


@pytest.mark.parametrize("provider", OFF)
def test_the_refusal_says_what_to_do(provider: str) -> None:
    """The error names provider, extra, what to set and the line that enables it."""
    row = default_registry().provider(provider)
    with pytest.raises(NotImplementedError) as caught:
        UnifiedChatModel(model=MODELS[provider]).invoke("hi")
    message = str(caught.value)

    assert row.title in message
    assert (f'pip install "langchain-unified[{row.extra}]"' in message) == (
        row.extra is not None
    )
    assert f'enable=["{provider}"]' in message
    assert all(name in message for name in (*row.key_env, *row.arguments))


def test_every_extra_exists() -> None:
    """What a message says to install can be installed."""
    provided = set(metadata("langchain-unified").get_all("Provides-Extra") or ())
    files = default_registry().files.values()
    named = {file.provider.extra for file in files if file.provider.extra}

    assert {"anthropic", "ollama"} == named
    assert named <= provided


def test_settings_of_a_disabled_provider_are_checked() -> None:
    """A misspelt connection setting is refused although the provider is off."""
    settings: dict[str, Any] = {"anthropic": {"api_kay": "k"}}
    with pytest.raises(UnknownParameterError, match="Did you mean 'api_key'"):
        UnifiedChatModel(model="gpt-4o", providers=settings)


def test_settings_of_a_disabled_provider_are_accepted() -> None:
    """A model of a disabled provider can be configured before it is switched on."""
    llm = UnifiedChatModel(model="claude-sonnet-5", api_key="k", temperature=0.5)

    assert "anthropic" in llm.providers


@pytest.mark.parametrize("provider", OFF)
def test_the_environment_enables(
    provider_emulator: ProviderEmulator,
    monkeypatch: pytest.MonkeyPatch,
    provider: str,
) -> None:
    """LANGCHAIN_UNIFIED_ENABLE switches providers on without a change of code."""
    monkeypatch.setenv("LANGCHAIN_UNIFIED_ENABLE", f"other, {provider}")
    llm = UnifiedChatModel(model="gpt-4o", providers=connections(provider_emulator))

    assert "hi" == llm.invoke("hi", model=MODELS[provider]).text


def test_alternatives_are_enabled_models() -> None:
    """What is suggested in place of a model is never a disabled provider's."""
    registry = default_registry()
    for feature in ("image_inputs", "tool_calling", "prefill"):
        for name in registry.models_with(feature, like="gpt-4o", most=999):
            assert registry.provider(registry.resolve(name).provider).enabled


def test_unprefixed_names_stay_where_they_were(
    enabled: Callable[..., UnifiedChatModel],
) -> None:
    """A name without a prefix never lands on a local server or an Azure resource."""
    for name in ("gpt-oss-120b", "qwen3-32b", "deepseek-r1", "my-dep"):
        assert "openai" == default_registry().resolve(name).provider
