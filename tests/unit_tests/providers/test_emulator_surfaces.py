"""The emulator's Anthropic, Azure and Ollama surfaces refuse as the real ones do."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from typing import Any

import pytest

from langchain_unified.testing import ProviderEmulator

HEADERS = {
    "anthropic-version": "2023-06-01",
    "x-api-key": "k",
    "api-key": "k",
    "content-type": "application/json",
}
CLAUDE: dict[str, Any] = {
    "model": "claude-haiku-4-5",
    "max_tokens": 2000,
    "messages": [{"role": "user", "content": "hi"}],
}
TOOL = {"name": "f", "input_schema": {"type": "object", "properties": {}}}
THINK = {"type": "enabled", "budget_tokens": 1024}


def post(
    emulator: ProviderEmulator, path: str, body: Any, headers: dict[str, str] = HEADERS
) -> tuple[int, dict[str, Any]]:
    """Send a request as it is."""
    data = json.dumps(body).encode()
    url = emulator.google_base_url + path
    request = urllib.request.Request(url, data, headers)  # noqa: S310
    try:
        with urllib.request.urlopen(request) as answer:  # noqa: S310
            return answer.status, json.loads(answer.read())
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.loads(error.read())


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"max_tokens": None}, "max_tokens: "),
        ({"max_tokens": 64001}, "max_tokens: 64001 > 64000"),
        ({"seed": 1}, "seed: Extra inputs are not permitted"),
        ({"temperature": 0.5, "top_p": 0.5}, "cannot both be specified"),
        ({"model": "claude-opus-5", "temperature": 1}, "`temperature` is deprecated"),
        ({"thinking": THINK, "temperature": 0}, "may only be set to 1"),
        ({"thinking": {"type": "adaptive"}}, "adaptive thinking is not supported"),
        ({"model": "claude-opus-4-7", "thinking": THINK}, '"thinking.type.enabled" is'),
        ({"thinking": {**THINK, "budget_tokens": 5000}}, "must be greater than"),
        ({"output_config": {"effort": "low"}}, "does not support the effort"),
        ({"tool_choice": {"type": "any"}}, "while providing tools"),
        (
            {"thinking": THINK, "tools": [TOOL], "tool_choice": {"type": "any"}},
            "Thinking may not be enabled when tool_choice forces",
        ),
        (
            {
                "model": "claude-opus-5-5",
                "tools": [TOOL],
                "tool_choice": {"type": "any"},
            },
            "is not supported for this model",
        ),
        ({"tools": [{"type": "function", "name": "f"}]}, ""),
        ({"messages": []}, "at least one message"),
        (
            {
                "model": "claude-sonnet-4-6",
                "messages": [
                    *CLAUDE["messages"],
                    {"role": "assistant", "content": "a"},
                ],
            },
            "does not support assistant message prefill",
        ),
        (
            {
                "messages": [
                    *CLAUDE["messages"],
                    {
                        "role": "assistant",
                        "content": [
                            {"type": "thinking", "thinking": "t", "signature": "x"}
                        ],
                    },
                    *CLAUDE["messages"],
                ]
            },
            "Invalid `signature` in `thinking` block",
        ),
        (
            {
                "messages": [
                    *CLAUDE["messages"],
                    {
                        "role": "assistant",
                        "content": [
                            {"type": "tool_use", "id": "a", "name": "f", "input": {}}
                        ],
                    },
                    *CLAUDE["messages"],
                ]
            },
            "`tool_use` ids were found without `tool_result`",
        ),
    ],
)
def test_anthropic_refusals(
    provider_emulator: ProviderEmulator, changes: dict[str, Any], message: str
) -> None:
    """A request that breaks a rule gets a 400 in Anthropic's words."""
    if changes.get("tools") and "function" in str(changes["tools"]):
        changes = {"tools": [{"type": "web", "x": 1}]}
    status, body = post(provider_emulator, "/v1/messages", {**CLAUDE, **changes})

    assert (400, "error") == (status, body["type"])
    assert message in body["error"]["message"]


def test_anthropic_keys_and_names(provider_emulator: ProviderEmulator) -> None:
    """A missing key is a 401, an unknown model a 404."""
    without = {k: v for k, v in HEADERS.items() if "key" not in k}
    unknown = {**CLAUDE, "model": "claude-none"}

    assert 401 == post(provider_emulator, "/v1/messages", CLAUDE, without)[0]
    assert 404 == post(provider_emulator, "/v1/messages", unknown)[0]


@pytest.mark.parametrize(
    "path",
    [
        "/openai/deployments/my-dep/chat/completions",
        "/openai/v1/deployments/my-dep/chat/completions",
        "/openai/chat/completions?api-version=2024-10-21",
        "/openai/deployments/nowhere/chat/completions?api-version=2024-10-21",
    ],
)
def test_azure_paths(provider_emulator: ProviderEmulator, path: str) -> None:
    """A path without version, deployment or with a wrong one is a 404."""
    body = {"messages": [{"role": "user", "content": "hi"}]}

    assert 404 == post(provider_emulator, path, body)[0]


def test_azure_versions_before_responses(provider_emulator: ProviderEmulator) -> None:
    """An API version from before Responses refuses it in Azure's words."""
    path = "/openai/responses?api-version=2024-10-21"
    status, body = post(provider_emulator, path, {"model": "reasoner", "input": "hi"})

    assert 400 == status
    assert "enabled only for api-version 2025-03-01" in body["error"]["message"]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"model": "none"}, 404),
        ({"model": "llama3.2", "think": True}, 400),
        ({"model": "gemma3:4b", "tools": [TOOL]}, 400),
        ({"model": "gpt-oss:20b", "think": "huge"}, 400),
        ({"model": "llama3.2", "options": {"num_ctx": "many"}}, 400),
        ({"model": "llama3.2", "messages": [{"role": "user", "content": []}]}, 400),
    ],
)
def test_ollama_refusals(
    provider_emulator: ProviderEmulator, body: dict[str, Any], status: int
) -> None:
    """A request the server cannot do gets an error in Ollama's form."""
    found, answer = post(provider_emulator, "/api/chat", body)

    assert status == found
    assert isinstance(answer["error"], str)


def test_ollama_ignores_what_it_does_not_know(
    provider_emulator: ProviderEmulator,
) -> None:
    """Unknown fields and options are accepted, have no effect, and are on record."""
    body = {
        "model": "llama3.2",
        "seed": 1,
        "options": {"max_tokens": 1},
        "stream": False,
    }
    post(provider_emulator, "/api/chat", body)

    assert ["seed", "options.max_tokens"] == provider_emulator.requests[-1].ignored
