"""Proxies work on every provider as they do for the classes replaced."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from langchain_openai import ChatOpenAI

from langchain_unified import UnifiedChatModel
from langchain_unified.errors import InvalidParameterError
from langchain_unified.testing import ProviderEmulator
from langchain_unified.transport.proxies import environment_proxies
from tests.unit_tests.providers.wiring import OFF, connections
from tests.unit_tests.transport.servers import ForwardProxy, forward_proxy

MODELS = {
    "openai": "gpt-4o-mini",
    "azure_openai": "azure_openai:gpt-4o-mini",
    "google_genai": "gemini-2.5-flash",
    "anthropic": "claude-sonnet-5",
    "ollama": "ollama:llama3.2",
}
VARIABLES = (
    "ALL_PROXY",
    "ANTHROPIC_PROXY",
    "HTTPS_PROXY",
    "HTTP_PROXY",
    "NO_PROXY",
    "OPENAI_PROXY",
    "all_proxy",
    "http_proxy",
    "https_proxy",
    "no_proxy",
)
every_provider = pytest.mark.parametrize("provider", MODELS)
every_face = pytest.mark.parametrize("face", ["invoke", "ainvoke", "stream", "astream"])


@pytest.fixture(autouse=True)
def _no_proxy_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def proxy() -> Iterator[ForwardProxy]:
    """Return a running proxy."""
    with forward_proxy() as running:
        yield running


@pytest.fixture
def emulator() -> Iterator[ProviderEmulator]:
    """Return a running emulator."""
    with ProviderEmulator() as running:
        yield running


def _ask(emulator: ProviderEmulator, provider: str, face: str, **own: Any) -> str:
    """Make one call of a provider and return the text of the answer."""
    settings = connections(emulator)
    settings[provider] = {**settings[provider], **own}
    llm = UnifiedChatModel(
        model=MODELS[provider], providers=settings, enable=list(OFF), max_retries=0
    )

    async def asynchronously() -> str:
        try:
            if face == "ainvoke":
                return str((await llm.ainvoke("hi")).text)
            return "".join([str(piece.text) async for piece in llm.astream("hi")])
        finally:
            await llm.aclose()

    if face.startswith("a"):
        return asyncio.run(asynchronously())
    try:
        if face == "invoke":
            return str(llm.invoke("hi").text)
        return "".join(str(piece.text) for piece in llm.stream("hi"))
    finally:
        llm.close()


@every_provider
@every_face
@pytest.mark.parametrize("variable", ["ALL_PROXY", "http_proxy"])
def test_a_proxy_of_the_environment_is_used(  # noqa: PLR0917 - fixtures
    proxy: ForwardProxy,
    emulator: ProviderEmulator,
    monkeypatch: pytest.MonkeyPatch,
    provider: str,
    face: str,
    variable: str,
) -> None:
    """Where the only way out is a proxy, calls go there."""
    monkeypatch.setenv(variable, proxy.url)

    assert _ask(emulator, provider, face)
    assert 1 == len(proxy.targets)


@every_provider
@every_face
@pytest.mark.parametrize("excepted", ["*", "example.com, 127.0.0.1"])
def test_no_proxy_is_honoured(  # noqa: PLR0917 - fixtures
    proxy: ForwardProxy,
    emulator: ProviderEmulator,
    monkeypatch: pytest.MonkeyPatch,
    provider: str,
    face: str,
    excepted: str,
) -> None:
    """Hosts that NO_PROXY names are called directly."""
    monkeypatch.setenv("ALL_PROXY", proxy.url)
    monkeypatch.setenv("NO_PROXY", excepted)

    assert _ask(emulator, provider, face)
    assert [] == proxy.targets


@every_provider
@every_face
def test_a_proxy_of_the_connection_is_used(
    proxy: ForwardProxy, emulator: ProviderEmulator, provider: str, face: str
) -> None:
    """A proxy given for one provider carries its calls, credentials included."""
    address = proxy.url.replace("//", "//user:secret@")

    assert _ask(emulator, provider, face, proxy=address)
    assert ["Basic dXNlcjpzZWNyZXQ="] == proxy.credentials


@pytest.mark.parametrize("provider", ["google_genai", "ollama"])
@every_face
def test_arguments_of_the_http_client_are_used(
    proxy: ForwardProxy, emulator: ProviderEmulator, provider: str, face: str
) -> None:
    """A proxy in client_args is used, as ChatGoogleGenerativeAI and ChatOllama do."""
    assert _ask(emulator, provider, face, client_args={"proxy": proxy.url})
    assert 1 == len(proxy.targets)


@pytest.mark.parametrize("provider", ["google_genai", "ollama"])
def test_the_environment_can_be_shut_out(
    proxy: ForwardProxy,
    emulator: ProviderEmulator,
    monkeypatch: pytest.MonkeyPatch,
    provider: str,
) -> None:
    """With trust_env=False no proxy of the environment is used."""
    monkeypatch.setenv("ALL_PROXY", proxy.url)

    assert _ask(emulator, provider, "invoke", client_args={"trust_env": False})
    assert [] == proxy.targets


@pytest.mark.parametrize("kind", [ChatOpenAI, UnifiedChatModel])
@pytest.mark.parametrize("given", ["argument", "OPENAI_PROXY"])
def test_openais_own_proxy_is_used(
    proxy: ForwardProxy,
    emulator: ProviderEmulator,
    monkeypatch: pytest.MonkeyPatch,
    kind: Any,
    given: str,
) -> None:
    """`openai_proxy` and OPENAI_PROXY carry OpenAI's calls, for both classes."""
    settings = {"openai_proxy": proxy.url} if given == "argument" else {}
    if not settings:
        monkeypatch.setenv(given, proxy.url)
    llm = kind(
        model="gpt-4o-mini", api_key="k", base_url=emulator.openai_base_url, **settings
    )

    assert llm.invoke("hi").text
    assert 1 == len(proxy.targets)
    llm.root_client.close()


def test_a_proxy_beside_a_client_is_refused(emulator: ProviderEmulator) -> None:
    """Two answers to one question are an error that shows no password."""
    with (
        httpx.Client() as client,
        pytest.raises(InvalidParameterError, match="openai_proxy") as caught,
    ):
        UnifiedChatModel(
            model="gpt-4o-mini",
            api_key="k",
            base_url=emulator.openai_base_url,
            openai_proxy="http://user:secret@127.0.0.1:1",
            http_client=client,
        ).invoke("hi")

    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("excepted", "pattern"),
    [
        ("example.com", "all://*example.com"),
        (".example.com", "all://*.example.com"),
        ("*.example.com", "all://*.example.com"),
        ("localhost", "all://localhost"),
        ("10.1.2.3", "all://10.1.2.3"),
        ("::1", "all://[::1]"),
        ("http://a.example", "http://a.example"),
    ],
)
def test_entries_of_no_proxy_are_patterns(
    monkeypatch: pytest.MonkeyPatch, excepted: str, pattern: str
) -> None:
    """Each entry becomes the URL pattern that httpx makes of it."""
    monkeypatch.setenv("HTTPS_PROXY", "proxy.example:8080")
    monkeypatch.setenv("NO_PROXY", excepted)

    assert {
        "https://": "http://proxy.example:8080",
        pattern: None,
    } == environment_proxies(httpx)
