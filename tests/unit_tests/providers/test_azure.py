"""Azure OpenAI: deployments with the rules of the models behind them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import openai
import pytest

from langchain_unified import Runtime, UnifiedChatModel, default_registry
from langchain_unified.errors import (
    InvalidParameterError,
    MissingCredentialsError,
    ProviderAuthenticationError,
    ProviderModelNotFoundError,
)
from langchain_unified.testing import ProviderEmulator, Reply
from langchain_unified.types import Lifecycle


@pytest.mark.parametrize(
    ("name", "deployments", "canonical"),
    [
        ("azure_openai:my-dep", {"my-dep": "gpt-4o"}, "gpt-4o"),
        ("azure:my-dep", {"my-dep": "openai:gpt-5.4"}, "gpt-5.4"),
        ("azure_openai:prod-gpt-6-sol-eu", {}, "gpt-6-sol"),
        ("azure_openai:o3-reasoner", {}, "o3"),
        ("azure_openai:gpt-5.4", {}, "gpt-5.4"),
    ],
)
def test_a_deployment_has_the_rules_of_its_model(
    name: str, deployments: dict[str, str], canonical: str
) -> None:
    """A deployment is resolved by the mapping, or by a model's name in its own."""
    config = default_registry().resolve(name, deployments=deployments)

    assert (canonical, "azure_openai") == (config.canonical, config.provider)
    assert name.partition(":")[2] == config.model


def test_a_deployment_of_unknown_model_decides_itself() -> None:
    """A name that tells no model holds nothing back, as on any unknown server."""
    config = default_registry().resolve("azure_openai:team-blue")

    assert "compatible" == config.family
    assert ("chat",) == config.endpoints
    assert "team-blue" == config.model


def test_the_deployment_is_in_the_path(
    enabled: Callable[..., UnifiedChatModel], provider_emulator: ProviderEmulator
) -> None:
    """A model per call switches the deployment, and one client serves them all."""
    llm = enabled("azure_openai:my-dep", max_tokens=100)
    llm.invoke("hi")
    llm.invoke("hi", model="azure_openai:reasoner", max_tokens=200)
    first, second = provider_emulator.requests
    path = "/openai/deployments/{}/chat/completions"

    assert path.format("my-dep") == first.path
    assert path.format("reasoner") == second.path
    assert {"api-version": "2025-04-01-preview"} == first.query
    assert 200 == second.body["max_completion_tokens"]
    assert [] == provider_emulator.errors


def test_a_version_without_responses(
    enabled: Callable[..., UnifiedChatModel], provider_emulator: ProviderEmulator
) -> None:
    """A call that needs Responses is refused, and told which version has it."""
    old = {"azure_openai": {"api_version": "2024-10-21"}}
    llm = enabled("azure_openai:reasoner", providers=old)
    for face in (llm.invoke, lambda text, **kw: list(llm.stream(text, **kw))):
        with pytest.raises(InvalidParameterError, match="2025-03-01-preview"):
            face("hi", use_responses_api=True)
    assert [] == provider_emulator.requests

    assert "hi" == llm.invoke("hi").text


def test_responses_carry_the_deployment(
    enabled: Callable[..., UnifiedChatModel], provider_emulator: ProviderEmulator
) -> None:
    """On Responses the body's model is the deployment, not the model behind it."""
    enabled("azure_openai:reasoner").invoke("hi", use_responses_api=True)
    sent = provider_emulator.requests[-1]

    assert "/openai/responses" == sent.path
    assert "reasoner" == sent.body["model"]
    assert [] == provider_emulator.errors


@pytest.mark.parametrize("responses", [False, True])
def test_the_v1_api(
    provider_emulator: ProviderEmulator,
    monkeypatch: pytest.MonkeyPatch,
    *,
    responses: bool,
) -> None:
    """Without an API version the v1 API is called, the deployment in the body."""
    monkeypatch.delenv("OPENAI_API_VERSION", raising=False)
    settings = {"azure_endpoint": provider_emulator.azure_endpoint, "api_key": "k"}
    llm = UnifiedChatModel(
        model="azure_openai:gpt-4o",
        enable=["azure_openai"],
        providers={"azure_openai": settings},
    )
    llm.invoke("hi", use_responses_api=responses)
    sent = provider_emulator.requests[-1]

    assert sent.path.startswith("/openai/v1/")
    assert "gpt-4o" == sent.body["model"]
    assert [] == provider_emulator.errors


@pytest.mark.parametrize("version", [None, "2024-10-21"])
def test_entra_tokens(
    provider_emulator: ProviderEmulator,
    monkeypatch: pytest.MonkeyPatch,
    version: str | None,
) -> None:
    """A token provider is asked for each call, synchronous or not."""
    monkeypatch.delenv("OPENAI_API_VERSION", raising=False)
    tokens = iter(["token-1", "token-2"])
    llm = UnifiedChatModel(
        model="azure_openai:gpt-4o",
        enable=["azure_openai"],
        runtime=Runtime(),  # lessons of other tests would ask whose they are
        providers={
            "azure_openai": {
                "azure_endpoint": provider_emulator.azure_endpoint,
                "azure_ad_token_provider": lambda: next(tokens),
                "api_version": version,
            }
        },
    )
    llm.invoke("hi")
    asyncio.run(llm.ainvoke("hi"))
    tails = [request.key_tail for request in provider_emulator.requests]

    assert ["en-1", "en-2"] == tails


@pytest.mark.parametrize("version", [None, "2024-10-21"])
def test_an_asynchronous_token_provider_alone(
    provider_emulator: ProviderEmulator,
    monkeypatch: pytest.MonkeyPatch,
    version: str | None,
) -> None:
    """It serves asynchronous calls; a synchronous one is told what is missing."""
    monkeypatch.delenv("OPENAI_API_VERSION", raising=False)

    async def token() -> str:
        await asyncio.sleep(0)
        return "token-7777"

    llm = UnifiedChatModel(
        model="azure_openai:gpt-4o",
        enable=["azure_openai"],
        providers={
            "azure_openai": {
                "azure_endpoint": provider_emulator.azure_endpoint,
                "azure_ad_async_token_provider": token,
                "api_version": version,
            }
        },
    )
    asyncio.run(llm.ainvoke("hi"))
    with pytest.raises(InvalidParameterError, match="call ainvoke or astream"):
        llm.invoke("hi", max_retries=0)

    assert ["7777"] == [request.key_tail for request in provider_emulator.requests]


def test_a_deployment_is_known_without_its_prefix(
    enabled: Callable[..., UnifiedChatModel], provider_emulator: ProviderEmulator
) -> None:
    """A name of the mapping is a deployment, unless a model has that name."""
    named = {"azure_openai": {"deployments": {"blue": "gpt-4o", "gpt-4o": "gpt-4o"}}}
    llm = enabled("azure_openai:my-dep", providers=named)
    plans = [llm.explain(model=name) for name in ("blue", "gpt-4o")]
    constructed = enabled("blue", api_key="sk-blue-8888", providers=named)

    assert ["azure_openai", "openai"] == [plan.provider for plan in plans]
    assert "azure_openai" == constructed.explain().provider


def test_everything_from_the_environment(
    provider_emulator: ProviderEmulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Endpoint, version and key are read from the variables AzureChatOpenAI reads."""
    monkeypatch.setenv("AZURE_OPENAI_ENDPOINT", provider_emulator.azure_endpoint)
    monkeypatch.setenv("AZURE_OPENAI_API_KEY", "azure-6666")
    monkeypatch.setenv("OPENAI_API_VERSION", "2024-10-21")
    llm = UnifiedChatModel(model="azure_openai:gpt-4o", enable=["azure_openai"])
    llm.invoke("hi")
    sent = provider_emulator.requests[-1]

    assert ("6666", {"api-version": "2024-10-21"}) == (sent.key_tail, sent.query)


def test_a_base_url_is_the_v1_api(
    provider_emulator: ProviderEmulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A base URL is called as it is, whatever version the environment names."""
    monkeypatch.setenv("OPENAI_API_VERSION", "2024-10-21")
    UnifiedChatModel(
        model="azure_openai:gpt-4o",
        enable=["azure_openai"],
        base_url=f"{provider_emulator.azure_endpoint}/openai/v1/",
        api_key="k",
    ).invoke("hi")

    assert "/openai/v1/chat/completions" == provider_emulator.requests[-1].path


def test_a_filtered_answer_says_so(
    enabled: Callable[..., UnifiedChatModel], provider_emulator: ProviderEmulator
) -> None:
    """What Azure's filter stops is an answer that ends with it, not an error."""
    choice = {
        "index": 0,
        "finish_reason": "content_filter",
        "message": {"role": "assistant", "content": None},
    }
    body = {"id": "x", "object": "chat.completion", "created": 1, "model": "gpt-4o"}
    provider_emulator.script(Reply(200, {**body, "choices": [choice]}))
    answer = enabled("azure_openai:my-dep").invoke("hi")

    assert "content_filter" == answer.response_metadata["finish_reason"]


def test_a_deployment_has_no_last_day_of_its_model() -> None:
    """Azure retires models on days of its own, so OpenAI's are not told."""
    registry = default_registry()
    config = registry.resolve("azure_openai:my-dep", deployments={"my-dep": "gpt-4o"})

    assert registry.resolve("gpt-4o").lifecycle.shutdown is not None
    assert Lifecycle() == config.lifecycle


def test_openai_settings_stay_at_home(
    enabled: Callable[..., UnifiedChatModel],
    provider_emulator: ProviderEmulator,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """OpenAI's key, organisation and project in the environment never reach Azure."""
    for name in ("OPENAI_API_KEY", "OPENAI_ORG_ID", "OPENAI_PROJECT_ID"):
        monkeypatch.setenv(name, "home")
    enabled("azure_openai:my-dep").invoke("hi")
    headers: dict[str, Any] = provider_emulator.requests[-1].headers

    assert "4444" == provider_emulator.requests[-1].key_tail
    assert not {"openai-organization", "openai-project"} & set(headers)
    assert "home" not in headers.values()


def test_unknown_deployment(enabled: Callable[..., UnifiedChatModel]) -> None:
    """A deployment that does not exist is a model that was not found."""
    with pytest.raises(ProviderModelNotFoundError) as caught:
        enabled("azure_openai:nowhere").invoke("hi")

    assert isinstance(caught.value, openai.NotFoundError)
    assert "azure_openai" == caught.value.provider


def test_a_refused_key() -> None:
    """A refused key is an authentication error of Azure's."""
    with ProviderEmulator() as emulator:
        emulator._settings = _accepting(emulator, "other")
        settings = {"azure_endpoint": emulator.azure_endpoint, "api_key": "k"}
        llm = UnifiedChatModel(
            model="azure_openai:gpt-4o",
            enable=["azure_openai"],
            providers={"azure_openai": settings},
        )
        with pytest.raises(ProviderAuthenticationError, match="Access denied"):
            llm.invoke("hi")


def _accepting(emulator: ProviderEmulator, key: str) -> Any:
    keys = {"azure_openai": frozenset({key})}
    return replace(emulator._settings, keys=keys)


def test_without_endpoint_or_key(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is missing is named with its variable."""
    monkeypatch.delenv("AZURE_OPENAI_ENDPOINT", raising=False)
    llm = UnifiedChatModel(model="azure_openai:gpt-4o", enable=["azure_openai"])
    with pytest.raises(MissingCredentialsError, match="AZURE_OPENAI_API_KEY"):
        llm.invoke("hi")
    monkeypatch.setenv("AZURE_OPENAI_API_KEY", "k")
    llm = UnifiedChatModel(
        model="azure_openai:gpt-4o",
        enable=["azure_openai"],
        providers={"azure_openai": {"default_query": {"a": "b"}}},
    )
    with pytest.raises(InvalidParameterError, match="AZURE_OPENAI_ENDPOINT"):
        llm.invoke("hi")
