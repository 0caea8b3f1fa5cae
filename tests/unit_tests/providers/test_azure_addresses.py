"""Azure OpenAI: deployments of any name, and addresses in every form of the portal."""

from __future__ import annotations

from typing import Any

import pytest

from langchain_unified import UnifiedChatModel
from langchain_unified.testing import ProviderEmulator, Reply

GA = "2024-10-21"
DATED = "/openai/deployments/{}/chat/completions"
V1 = "/openai/v1/chat/completions"
ANSWER = {
    "choices": [{"message": {"role": "assistant", "content": "ok"}, "index": 0}],
    "usage": {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2},
}


@pytest.fixture(autouse=True)
def _no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the address and the version of whoever runs the tests out of them."""
    for name in ("OPENAI_API_VERSION", "AZURE_OPENAI_ENDPOINT"):
        monkeypatch.delenv(name, raising=False)


def azure(name: str, settings: dict[str, Any], **more: Any) -> UnifiedChatModel:
    """Return the deployment of this name."""
    return UnifiedChatModel(
        model=f"azure_openai:{name}",
        enable=["azure_openai"],
        providers={"azure_openai": {"api_key": "k", **settings}},
        **more,
    )


@pytest.mark.parametrize("name", ["prod", "gpt-prod", "team.blue_1", "gpt-6-sol-eu"])
@pytest.mark.parametrize("max_tokens", [None, 5, 500])
def test_a_deployment_of_any_name_is_called_by_chat(
    provider_emulator: ProviderEmulator, name: str, max_tokens: int | None
) -> None:
    """An API version without Responses is asked for chat, whatever the cap says."""
    provider_emulator.script(Reply(200, ANSWER))
    endpoint = {"azure_endpoint": provider_emulator.azure_endpoint, "api_version": GA}
    assert "ok" == azure(name, endpoint, max_tokens=max_tokens).invoke("hi").text

    (sent,) = provider_emulator.requests
    assert DATED.format(name) == sent.path
    assert {"api-version": GA} == sent.query


def test_nothing_is_held_back_from_an_unknown_deployment(
    provider_emulator: ProviderEmulator,
) -> None:
    """Tools, sampling and effort are sent as `AzureChatOpenAI` sends them."""
    provider_emulator.script(Reply(200, ANSWER))
    endpoint = {"azure_endpoint": provider_emulator.azure_endpoint, "api_version": GA}
    tool = {"type": "function", "function": {"name": "f", "parameters": {}}}
    given = {"temperature": 0.3, "reasoning_effort": "low", "tools": [tool]}
    azure("prod", endpoint).invoke("hi", **given)

    body = provider_emulator.requests[-1].body
    assert (0.3, "low", ["f"]) == (
        body["temperature"],
        body["reasoning_effort"],
        [one["function"]["name"] for one in body["tools"]],
    )


@pytest.mark.parametrize(
    ("path", "version", "expected"),
    [
        ("", None, V1),
        ("/", GA, DATED),
        ("/openai", None, V1),
        ("/openai/", GA, DATED),
        ("/openai/v1", None, V1),
        ("/openai/v1/", None, V1),
        ("/openai/v1/", GA, DATED),
        ("/openai/v1/", "preview", V1),
        ("/openai/v1/chat/completions", None, V1),
        (f"/openai/deployments/x/chat/completions?api-version={GA}", None, DATED),
        ("/openai/responses?api-version=2025-04-01-preview", None, DATED),
    ],
)
@pytest.mark.parametrize("place", ["setting", "environment"])
def test_an_address_with_its_path(  # noqa: PLR0917
    provider_emulator: ProviderEmulator,
    monkeypatch: pytest.MonkeyPatch,
    path: str,
    version: str | None,
    expected: str,
    place: str,
) -> None:
    """No part of an address is said twice, wherever it was copied from."""
    provider_emulator.script(Reply(200, ANSWER))
    settings: dict[str, Any] = {} if version is None else {"api_version": version}
    address = provider_emulator.azure_endpoint.rstrip("/") + path
    if place == "environment":
        monkeypatch.setenv("AZURE_OPENAI_ENDPOINT", address)
    else:
        settings["azure_endpoint"] = address
    azure("gpt-4o", settings).invoke("hi")

    assert expected.format("gpt-4o") == provider_emulator.requests[-1].path


def test_a_v1_address_goes_before_the_version_of_the_environment(
    provider_emulator: ProviderEmulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A version in the environment does not make a dated API of the v1 address."""
    provider_emulator.script(Reply(200, ANSWER))
    monkeypatch.setenv("OPENAI_API_VERSION", GA)
    address = provider_emulator.azure_endpoint.rstrip("/") + "/openai/v1/"
    azure("gpt-4o", {"azure_endpoint": address}).invoke("hi")

    assert V1 == provider_emulator.requests[-1].path
