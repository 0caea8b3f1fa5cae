"""Certificates, tunnels and SOCKS proxies, for every provider as for ChatOpenAI."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from typing import Any
from urllib.parse import urlsplit

import httpcore
import httpx
import openai
import pytest
from langchain_openai import ChatOpenAI

from langchain_unified import UnifiedChatModel
from langchain_unified.errors import ProviderConnectionError
from langchain_unified.history.media.addresses import PublicBackend
from langchain_unified.testing import ProviderEmulator
from langchain_unified.transport.pools import open_pool
from tests.unit_tests.providers.wiring import OFF, connections
from tests.unit_tests.transport.certificates import Authority, TlsFront, tls_front
from tests.unit_tests.transport.servers import forward_proxy, socks_proxy

MODELS = {
    "openai": "gpt-4o-mini",
    "openai, reasoning": "gpt-6-sol",
    "azure_openai": "azure_openai:gpt-4o-mini",
    "google_genai": "gemini-2.5-flash",
    "anthropic": "claude-sonnet-5",
    "ollama": "ollama:llama3.2",
}
FACES = ("invoke", "ainvoke", "stream", "astream")
OUTSIDE = ("SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "OPENAI_PROXY")
PROXIES = ("ALL_PROXY", "HTTPS_PROXY", "HTTP_PROXY", "NO_PROXY")
every_provider = pytest.mark.parametrize("provider", MODELS)
every_face = pytest.mark.parametrize("face", FACES)
HAS_SOCKS = find_spec("socksio") is not None


@pytest.fixture(autouse=True)
def _nothing_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (*OUTSIDE, *PROXIES, *map(str.lower, PROXIES)):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """Return a certificate authority that nobody knows."""
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def emulator() -> Iterator[ProviderEmulator]:
    """Return a running emulator."""
    with ProviderEmulator() as running:
        yield running


@pytest.fixture
def front(authority: Authority, emulator: ProviderEmulator) -> Iterator[TlsFront]:
    """Return a server with a certificate of the authority, and the emulator behind."""
    port = urlsplit(emulator.openai_base_url).port
    with tls_front(authority, int(port or 0)) as running:
        yield running


def _settings(emulator: ProviderEmulator, front: TlsFront) -> dict[str, Any]:
    """Return connection settings of every provider, by way of TLS."""
    plain = f"http://127.0.0.1:{front.behind}"
    safe = f"https://127.0.0.1:{front.port}"
    return {
        provider: {
            name: value.replace(plain, safe) if isinstance(value, str) else value
            for name, value in settings.items()
        }
        for provider, settings in connections(emulator).items()
    }


def _ask(llm: Any, face: str) -> str:
    """Make one call and return the text of the answer."""

    async def asynchronously() -> str:
        if face == "ainvoke":
            return str((await llm.ainvoke("hi")).text)
        return "".join([str(piece.text) async for piece in llm.astream("hi")])

    if face.startswith("a"):
        return asyncio.run(asynchronously())
    if face == "invoke":
        return str(llm.invoke("hi").text)
    return "".join(str(piece.text) for piece in llm.stream("hi"))


def _unified(settings: dict[str, Any], provider: str) -> UnifiedChatModel:
    return UnifiedChatModel(
        model=MODELS[provider], providers=settings, enable=list(OFF), max_retries=0
    )


def _theirs(front: TlsFront, **settings: Any) -> ChatOpenAI:
    return ChatOpenAI(
        model="gpt-4o-mini",
        api_key="k",
        base_url=f"https://127.0.0.1:{front.port}/v1",
        max_retries=0,
        **settings,
    )


@every_provider
@every_face
def test_a_company_authority_is_trusted(  # noqa: PLR0917 - fixtures
    front: TlsFront,
    authority: Authority,
    emulator: ProviderEmulator,
    monkeypatch: pytest.MonkeyPatch,
    provider: str,
    face: str,
) -> None:
    """SSL_CERT_FILE names the authority that a company signs its servers with."""
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.path))

    assert "hi" in _ask(_unified(_settings(emulator, front), provider), face)


@every_provider
@pytest.mark.parametrize("face", ["invoke", "astream"])
def test_an_unknown_authority_is_refused(
    front: TlsFront, emulator: ProviderEmulator, provider: str, face: str
) -> None:
    """Without it no provider is sent anything, and the error is a broken connection."""
    with pytest.raises(ProviderConnectionError) as caught:
        _ask(_unified(_settings(emulator, front), provider), face)

    assert [] == emulator.requests
    assert ("openai" in provider) == isinstance(caught.value, openai.APIConnectionError)


@every_face
def test_chatopenai_trusts_the_same(
    front: TlsFront, authority: Authority, monkeypatch: pytest.MonkeyPatch, face: str
) -> None:
    """The class replaced takes the authority from the same variable."""
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.path))

    assert "hi" in _ask(_theirs(front), face)


@every_face
def test_chatopenai_refuses_the_same(front: TlsFront, face: str) -> None:
    """Its error is the SDK's for a broken connection, which ours is as well."""
    with pytest.raises(openai.APIConnectionError):
        _ask(_theirs(front), face)


@pytest.mark.parametrize("provider", ["google_genai", "ollama"])
@every_face
def test_an_authority_of_the_connection_is_trusted(
    front: TlsFront,
    authority: Authority,
    emulator: ProviderEmulator,
    provider: str,
    face: str,
) -> None:
    """`verify` in client_args names it for one provider, as for those classes."""
    settings = _settings(emulator, front)
    context = httpx.create_ssl_context()
    context.load_verify_locations(authority.path)
    settings[provider]["client_args"] = {"verify": context}

    assert "hi" in _ask(_unified(settings, provider), face)


@every_provider
@every_face
def test_a_tunnel_is_asked_for(  # noqa: PLR0917 - fixtures
    front: TlsFront,
    authority: Authority,
    emulator: ProviderEmulator,
    monkeypatch: pytest.MonkeyPatch,
    provider: str,
    face: str,
) -> None:
    """An https:// server behind a proxy is reached by CONNECT; the key stays inside."""
    with forward_proxy() as proxy:
        monkeypatch.setenv("HTTPS_PROXY", proxy.url.replace("//", "//user:secret@"))
        monkeypatch.setenv("SSL_CERT_FILE", str(authority.path))

        assert "hi" in _ask(_unified(_settings(emulator, front), provider), face)
        assert [f"127.0.0.1:{front.port}"] == proxy.targets
        assert ["Basic dXNlcjpzZWNyZXQ="] == proxy.credentials


@every_face
def test_chatopenai_asks_for_the_same_tunnel(
    front: TlsFront, authority: Authority, monkeypatch: pytest.MonkeyPatch, face: str
) -> None:
    """Where its HTTP client sees to the connection: `http_socket_options=()`."""
    with forward_proxy() as proxy:
        monkeypatch.setenv("HTTPS_PROXY", proxy.url)
        monkeypatch.setenv("SSL_CERT_FILE", str(authority.path))

        assert "hi" in _ask(_theirs(front, http_socket_options=()), face)
        assert [f"127.0.0.1:{front.port}"] == proxy.targets


@every_face
def test_openais_own_proxy_leads_to_a_company_server(
    front: TlsFront,
    authority: Authority,
    emulator: ProviderEmulator,
    monkeypatch: pytest.MonkeyPatch,
    face: str,
) -> None:
    """OPENAI_PROXY keeps SSL_CERT_FILE, which ChatOpenAI does not read beside it."""
    with forward_proxy() as proxy:
        monkeypatch.setenv("OPENAI_PROXY", proxy.url)
        monkeypatch.setenv("SSL_CERT_FILE", str(authority.path))

        assert "hi" in _ask(_unified(_settings(emulator, front), "openai"), face)
        assert [f"127.0.0.1:{front.port}"] == proxy.targets
        with pytest.raises(openai.APIConnectionError):
            _ask(_theirs(front), face)


@pytest.mark.skipif(not HAS_SOCKS, reason="needs the package socksio")
@every_provider
@every_face
def test_a_socks_proxy_is_used(  # noqa: PLR0917 - fixtures
    front: TlsFront,
    authority: Authority,
    emulator: ProviderEmulator,
    monkeypatch: pytest.MonkeyPatch,
    provider: str,
    face: str,
) -> None:
    """ALL_PROXY may name a SOCKS proxy."""
    with socks_proxy() as proxy:
        monkeypatch.setenv("ALL_PROXY", proxy.url)
        monkeypatch.setenv("SSL_CERT_FILE", str(authority.path))

        assert "hi" in _ask(_unified(_settings(emulator, front), provider), face)
        assert [f"127.0.0.1:{front.port}"] == proxy.targets


_WITHOUT_SOCKS = """
import sys
sys.modules["socksio"] = None  # as if it were not installed
from langchain_unified import InvalidParameterError, UnifiedChatModel
from tests.unit_tests.transport.test_tls import MODELS, OFF, _ask, connections
from langchain_unified.testing import ProviderEmulator
with ProviderEmulator() as emulator:
    for model in MODELS.values():
        for face in ("invoke", "ainvoke", "stream", "astream"):
            llm = UnifiedChatModel(
                model=model, providers=connections(emulator), enable=list(OFF),
            )
            try:
                _ask(llm, face)
            except InvalidParameterError as error:
                print(error)
    print(len(emulator.requests))
"""


def test_a_socks_proxy_without_its_package_is_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """One sentence says what to install, at every provider; the proxy is not shown."""
    monkeypatch.setenv("ALL_PROXY", "socks5://user:secret@127.0.0.1:9")
    done = subprocess.run(  # noqa: S603
        [sys.executable, "-c", _WITHOUT_SOCKS],
        capture_output=True,
        text=True,
        check=False,
    )
    *said, requests = done.stdout.splitlines() or [done.stderr]

    assert "0" == requests
    assert len(MODELS) * len(FACES) == len(said)
    assert {
        (
            "proxy='socks5://...' is not valid: a SOCKS proxy needs an extra package: "
            'pip install "httpx[socks]"'
        )
    } == set(said)


@pytest.mark.parametrize("trusted", ["trusted", ""])
async def test_a_checked_address_shows_the_name_of_its_host(
    front: TlsFront, authority: Authority, trusted: str
) -> None:
    """Downloads connect to an address, and the certificate is that of the host."""

    class Here(httpcore.AnyIOBackend):
        async def connect_tcp(self, host: str, port: int, *a: Any, **k: Any) -> Any:
            assert ("93.184.216.34", 443) == (host, port)
            return await super().connect_tcp("127.0.0.1", front.port, *a, **k)

    async def resolve(_: str, __: int) -> list[str]:
        return ["93.184.216.34"]

    context = httpx.create_ssl_context()
    if trusted:
        context.load_verify_locations(authority.path)
    pool = open_pool(
        httpx,
        {"verify": context},
        None,
        is_async=True,
        network_backend=PublicBackend(Here(), resolve),
    )
    async with pool:
        if trusted:
            await pool.request("GET", "https://media.example/v1/models")
        else:
            with pytest.raises(httpcore.ConnectError):
                await pool.request("GET", "https://media.example/v1/models")

    assert ["media.example"] == front.names
