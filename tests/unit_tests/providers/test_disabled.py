"""Providers that are off: registered, configurable, and clear about how to get in."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from importlib.metadata import metadata
from typing import Any

import pytest
from langchain_core.runnables import ConfigurableField

from langchain_unified import UnifiedChatModel, default_registry
from langchain_unified.choice import NoModelFitsError
from langchain_unified.errors import (
    InvalidParameterError,
    ProviderNotEnabledError,
    UnifiedError,
    UnknownParameterError,
)
from langchain_unified.registry import Registry
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


@pytest.mark.parametrize(
    ("provider", "settings"),
    [
        ("anthropic", "k"),
        ("anthropic", {"api_key": 3}),
        ("azure_openai", {"deployments": ["my-dep"]}),
        ("azure_openai", {"azure_endpoint": 3}),
        ("azure_openai", {"api_version": 20241021}),
        ("azure_openai", {"azure_ad_token_provider": "token"}),
        ("ollama", {"base_url": 11434}),
        ("ollama", {"default_headers": "a: b"}),
    ],
)
def test_values_of_a_disabled_provider_are_checked(
    provider: str, settings: Any
) -> None:
    """A setting of the wrong type is refused although the provider is off."""
    with pytest.raises(InvalidParameterError):
        UnifiedChatModel(model="gpt-4o", providers={provider: settings})


@pytest.mark.parametrize(
    "settings", [{"enable": ["antropic"]}, {"providers": {"antropic": {}}}]
)
def test_a_provider_that_does_not_exist(settings: dict[str, Any]) -> None:
    """A misspelt provider is refused, and the right one named."""
    with pytest.raises(InvalidParameterError, match="did you mean 'anthropic'"):
        UnifiedChatModel(model="gpt-4o", **settings)


async def _pieces(llm: UnifiedChatModel, model: str) -> list[Any]:
    return [piece async for piece in llm.astream("hi", model=model)]


WAYS: dict[str, Callable[[UnifiedChatModel, str], Any]] = {
    "call": lambda llm, model: llm.invoke("hi", model=model),
    "stream": lambda llm, model: list(llm.stream("hi", model=model)),
    "ainvoke": lambda llm, model: asyncio.run(llm.ainvoke("hi", model=model)),
    "astream": lambda llm, model: asyncio.run(_pieces(llm, model)),
    "batch": lambda llm, model: llm.batch(["hi"], model=model),
    "bind": lambda llm, model: llm.bind(model=model).invoke("hi"),
    "tools": lambda llm, model: llm.bind_tools([], model=model).invoke("hi"),
    "config": lambda llm, model: llm.invoke(
        "hi", config={"configurable": {"model": model}}
    ),
    "field": lambda llm, model: llm.configurable_fields(
        model_name=ConfigurableField(id="model")
    ).invoke("hi", config={"configurable": {"model": model}}),
    "explain": lambda llm, model: llm.explain(model=model),
    "constructor": lambda llm, model: UnifiedChatModel(
        model=model, providers=llm.providers
    ).invoke("hi"),
}
"""Every way to use a model."""


@pytest.mark.parametrize("provider", OFF)
@pytest.mark.parametrize("way", WAYS)
def test_every_way_to_a_disabled_provider_is_closed(
    provider_emulator: ProviderEmulator, provider: str, way: str
) -> None:
    """However a disabled provider is asked for, nothing is sent to anybody."""
    llm = UnifiedChatModel(
        model="gpt-4o",
        providers=connections(provider_emulator),
        configurable=("model",),
    )
    with pytest.raises(ProviderNotEnabledError) as caught:
        WAYS[way](llm, MODELS[provider])

    assert provider == caught.value.provider
    assert isinstance(caught.value, (NotImplementedError, UnifiedError))
    assert [] == provider_emulator.requests


@pytest.mark.parametrize("provider", OFF)
def test_a_choice_of_models_passes_a_disabled_provider_by(
    provider_emulator: ProviderEmulator, provider: str
) -> None:
    """Fallbacks, lists of models and `auto` use what is enabled."""
    settings: dict[str, Any] = {"providers": connections(provider_emulator)}
    off = MODELS[provider]
    llm = UnifiedChatModel(model="gpt-4o", **settings)
    failing = UnifiedChatModel(
        model="gpt-none-1", fallbacks=[off, "gpt-4o-mini"], **settings
    )
    used = [
        failing.invoke("hi"),
        llm.invoke("hi", model=[off, "gpt-4o"]),
        llm.invoke("hi", model="auto"),
    ]
    with pytest.raises(NoModelFitsError, match="an enabled provider"):
        llm.invoke("hi", model=[off])

    assert provider not in {a.response_metadata["unified"]["provider"] for a in used}
    assert provider not in {request.provider for request in provider_emulator.requests}


@pytest.mark.parametrize("provider", OFF)
def test_an_enabled_provider_can_be_chosen(
    provider_emulator: ProviderEmulator, provider: str
) -> None:
    """A list of models may name a provider that was switched on."""
    settings: dict[str, Any] = {"providers": connections(provider_emulator)}
    llm = UnifiedChatModel(model="gpt-4o", enable=[provider], **settings)
    answer = llm.invoke("hi", model=[MODELS[provider], "gpt-4o"])

    assert provider == answer.response_metadata["unified"]["provider"]


@pytest.mark.parametrize("provider", OFF)
def test_the_registry_enables(
    provider_emulator: ProviderEmulator, provider: str
) -> None:
    """A registry switches providers on for every model that uses it."""
    llm = UnifiedChatModel(
        model=MODELS[provider],
        registry=Registry(enable=[provider]),
        providers=connections(provider_emulator),
    )

    assert "hi" == llm.invoke("hi").text


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
