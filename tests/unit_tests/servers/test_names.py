"""On the user's own server a model's name is that server's, to the letter."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

import openai
import pytest
from langchain.agents import create_agent
from langchain_core.tools import tool
from langchain_openai import ChatOpenAI

from langchain_unified import UnifiedChatModel
from langchain_unified.connection import Connection
from langchain_unified.errors import ProviderModelNotFoundError
from tests.unit_tests.servers.loopback import CompatibleServer, knowing, say

NAMES = [
    "google/gemini-2.5-flash",
    "gemini-2.5-flash",
    "models/gemini-2.5-flash",
    "gemini-3.1-pro-preview",
    "anthropic/claude-sonnet-4.5",
    "claude-sonnet-4-5",
    "anthropic/claude-opus-4.5:beta",
    "meta-llama/llama-3-70b",
    "llama-3.1-8b",
    "llama3.2:1b",
    "meta-llama/Llama-3.3-70B-Instruct-Turbo",
    "accounts/fireworks/models/llama-v3p1-8b-instruct",
    "deepseek-chat",
    "deepseek-reasoner",
    "deepseek/deepseek-r1:free",
    "mistral-small-latest",
    "mistralai/mixtral-8x7b-instruct",
    "gemma3:4b",
    "google/gemma-3-27b-it:free",
    "openai/gpt-oss-20b",
    "gpt-oss-20b",
    "gpt-oss:20b",
    "openai/gpt-4o",
    "openrouter/openai/gpt-4o",
    "azure/gpt-4o",
    "GPT-4o",
    "gpt-4o",
    "gpt-4o-2024-08-06",
    "gpt-4o-eu-prod",
    "ft:gpt-4o-mini:org::id",
    "grok-4",
    "x-ai/grok-4",
    "qwen2.5-coder:7b",
    "Qwen/Qwen3-32B",
    "phi4",
    "command-r-plus",
    "sonar-pro",
    "moonshotai/kimi-k2",
    "z-ai/glm-4.6",
    "whisper-1",
    "my-own.model_1",
]
"""What users of other servers call their models."""


@tool
def weather(city: str) -> str:
    """The weather in a city."""
    return city


FACES = ("invoke", "stream", "async", "agent")
WAYS = ("argument", "OPENAI_BASE_URL", "OPENAI_API_BASE", "client")


async def _said(llm: Any, face: str) -> str:
    """Return what a model says to one way of asking."""
    if face == "invoke":
        return str(llm.invoke("hi").text)
    if face == "stream":
        return "".join(piece.text for piece in llm.stream("hi"))
    if face == "async":
        return "".join([piece.text async for piece in llm.astream("hi")])
    agent = create_agent(llm, [weather])
    return str(agent.invoke({"messages": [("user", "hi")]})["messages"][-1].text)


@asynccontextmanager
async def _told(way: str, url: str) -> AsyncIterator[dict[str, Any]]:
    """Give the keywords that tell a model the address in one of the ways."""
    http = openai.DefaultAsyncHttpxClient()
    sync = openai.OpenAI(api_key="k", base_url=url)
    given: dict[str, Any] = {"http_async_client": http}
    if way == "client":
        asynchronous = openai.AsyncOpenAI(api_key="k", base_url=url, http_client=http)
        given = {
            "root_client": sync,
            "client": sync.chat.completions,
            "root_async_client": asynchronous,
            "async_client": asynchronous.chat.completions,
        }
    elif way == "argument":
        given["base_url"] = url
    yield given
    await http.aclose()
    sync.close()


@pytest.fixture(scope="module")
def lettered() -> Iterator[CompatibleServer]:
    with CompatibleServer(knowing(NAMES, say("fine"))) as server:
        yield server


@pytest.mark.parametrize("face", FACES)
@pytest.mark.parametrize("way", WAYS)
async def test_every_name_is_asked_for_as_chat_openai_does(
    way: str, face: str, lettered: CompatibleServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server gets every name to the letter where it gets it from `ChatOpenAI`."""
    if way.isupper():
        monkeypatch.setenv(way, lettered.url)
    asked: dict[type, list[tuple[str, str, str]]] = {}
    for kind in (ChatOpenAI, UnifiedChatModel):
        asked[kind] = []
        async with _told(way, lettered.url) as given:
            for name in NAMES:
                lettered.forget()
                said = await _said(kind(model=name, api_key="k", **given), face)
                sent = [body["model"] for body in lettered.bodies]
                asked[kind].append((said, *lettered.paths, *sent))

    assert [("fine", "/v1/chat/completions", n) for n in NAMES] == asked[ChatOpenAI]
    assert asked[ChatOpenAI] == asked[UnifiedChatModel]


@pytest.mark.parametrize("mode", ["legacy", "shadow", "canary:100"])
@pytest.mark.parametrize("name", ["google/gemini-2.5-flash", "claude-sonnet-4-5"])
def test_a_rollout_asks_the_same_server(
    name: str, mode: str, lettered: CompatibleServer
) -> None:
    """Whichever implementation answers, the name and the server stay the user's."""
    lettered.forget()
    llm = UnifiedChatModel(
        model=name, api_key="k", base_url=lettered.url, max_retries=0, rollout=mode
    )

    assert "fine" == llm.invoke("hi").text
    assert [name] == [body["model"] for body in lettered.bodies]


def test_our_own_prefix_is_cut_once() -> None:
    """`openai:` says whose wire is meant; all that follows is the server's name."""
    llm = UnifiedChatModel(
        model="openai:openai/gpt-oss-20b", api_key="k", base_url="http://localhost:1/v1"
    )

    assert "openai/gpt-oss-20b" == llm.explain().model


@pytest.mark.parametrize(
    ("name", "family"),
    [
        ("gpt-5.4", "gpt-5.4"),
        ("openai/gpt-4o", "gpt-4o"),
        ("openrouter/openai/gpt-4o:online", "gpt-4o"),
        ("ft:gpt-4o:org::id", "gpt-4o"),
        ("gpt-4all", "compatible"),
        ("whisper-1", "compatible"),
        ("google/gemini-2.5-flash", "compatible"),
    ],
)
def test_the_rules_are_those_of_the_model_behind_a_name(name: str, family: str) -> None:
    """A proxy's model of OpenAI's has its rules; nothing is assumed of any other."""
    llm = UnifiedChatModel(model=name, api_key="k", base_url="http://localhost:1/v1")

    assert family == llm.explain().config.family


@pytest.mark.parametrize(
    ("settings", "provider"),
    [
        ({}, "openai"),
        ({"google_api_key": "g"}, "google_genai"),
        ({"providers": {"google_genai": {"api_key": "g"}}}, "google_genai"),
    ],
)
def test_a_bare_name_means_another_provider_only_where_it_is_set_up(
    settings: dict[str, Any], provider: str
) -> None:
    """The environment's key of Google alone sends nothing to Google."""
    llm = UnifiedChatModel(
        model="gpt-4o", api_key="k", base_url="http://localhost:1/v1", **settings
    )

    assert provider == llm.explain(model="gemini-2.5-flash").provider
    assert "google_genai" == llm.explain(model="google_genai:gemini-2.5-flash").provider


@pytest.mark.parametrize("keyword", ["base_url", "openai_api_base"])
def test_a_base_url_beside_an_explicit_prefix_is_that_providers(keyword: str) -> None:
    """A prefix says who is called, so the address and the key beside it are theirs."""
    llm = UnifiedChatModel(
        model="google_genai:gemini-2.5-flash",
        api_key="g",
        **{keyword: "http://localhost:1"},
    )

    assert (
        "http://localhost:1" == llm._planning.wiring.connected("google_genai").address
    )
    assert (
        "https://api.openai.com/v1" == llm._planning.wiring.connected("openai").address
    )


ADDRESSES: list[tuple[str, dict[str, Any], dict[str, str], str]] = [
    ("openai", {}, {}, "https://api.openai.com/v1"),
    ("openai", {"base_url": "http://Host:80/v1/"}, {}, "http://host/v1"),
    ("openai", {}, {"OPENAI_BASE_URL": "http://a/v1"}, "http://a/v1"),
    (
        "openai",
        {},
        {"OPENAI_BASE_URL": "http://a/v1", "OPENAI_API_BASE": "http://b/v1"},
        "http://b/v1",
    ),
    (
        "azure_openai",
        {"azure_endpoint": "https://r.azure.com/"},
        {},
        "https://r.azure.com",
    ),
    (
        "google_genai",
        {"base_url": "http://g"},
        {"GOOGLE_CLOUD_LOCATION": "x"},
        "http://g",
    ),
    (
        "google_genai",
        {"vertexai": True, "location": "europe-west1"},
        {},
        "https://europe-west1-aiplatform.googleapis.com",
    ),
    ("anthropic", {}, {"ANTHROPIC_BASE_URL": "http://c"}, "http://c"),
    ("ollama", {}, {"OLLAMA_HOST": "box:11434"}, "http://box:11434"),
]


@pytest.mark.parametrize(("provider", "settings", "variables", "address"), ADDRESSES)
def test_the_address_is_where_calls_are_sent(
    provider: str,
    settings: dict[str, Any],
    variables: dict[str, str],
    address: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Argument, environment, endpoint and location are one address, in one form."""
    for name, value in variables.items():
        monkeypatch.setenv(name, value)

    assert address == Connection(provider, settings).address


def test_the_address_of_a_client_handed_in_is_the_clients() -> None:
    """A client of the user's own goes before every other way to say where."""
    client = openai.OpenAI(api_key="k", base_url="http://mine:8000/v1")
    given = {"root_client": client, "base_url": "http://other/v1"}

    assert "http://mine:8000/v1" == Connection("openai", given).address


def test_a_name_that_may_be_another_providers_is_told_what_to_write() -> None:
    """Who meant Google itself is told so by the server's own 404."""
    with CompatibleServer(knowing([], say("fine"))) as server:
        llm = UnifiedChatModel(
            model="google/gemini-2.5-flash", api_key="k", base_url=server.url
        )
        with pytest.raises(ProviderModelNotFoundError) as caught:
            llm.invoke("hi")

    assert "model='google_genai:gemini-2.5-flash'" in str(caught.value)
    assert server.url in str(caught.value)


@pytest.mark.parametrize("name", ["gpt-6-sol", "o1-pro"])
def test_a_server_without_responses_is_asked_on_chat(name: str) -> None:
    """What OpenAI wants on Responses is called on chat where there is nothing else."""
    with CompatibleServer(say("fine")) as server:
        llm = UnifiedChatModel(model=name, api_key="k", base_url=server.url)
        said = [llm.bind_tools([weather]).invoke("hi").text for _ in range(2)]

        assert ["fine", "fine"] == said
        assert ["/v1/chat/completions"] * 2 == server.paths[-2:]
