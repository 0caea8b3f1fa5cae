"""Where calls are really sent: one notion of a server for everything that asks.

`Connection.server` is a `Server`. Names, rules, endpoints, lessons, limits and records
all read it, so that what is sent to and what is planned for is the same place.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from langchain_unified.azure_address import AzureAddress

VERTEX_VARIABLE = "GOOGLE_GENAI_USE_VERTEXAI"
_SAID = {**dict.fromkeys(("true", "1", "yes"), True)}
_SAID |= dict.fromkeys(("false", "0", "no"), False)

URL_VARIABLES = {
    # ChatOpenAI reads the first, the SDK the second (langchain-openai 1.7.3, docstring
    # of `openai_api_base`, read 2026-11-27).
    "openai": ("OPENAI_API_BASE", "OPENAI_BASE_URL"),
    "google_genai": ("GOOGLE_GEMINI_BASE_URL",),
    "anthropic": ("ANTHROPIC_API_URL", "ANTHROPIC_BASE_URL"),
    "azure_openai": ("AZURE_OPENAI_ENDPOINT",),
    "ollama": ("OLLAMA_HOST",),
}
"""Environment variables that hold the address of a provider, the stronger first."""

_USUAL = {
    "openai": "https://api.openai.com/v1",
    "google_genai": "https://generativelanguage.googleapis.com",
    "anthropic": "https://api.anthropic.com",
    "ollama": "http://127.0.0.1:11434",
}
_DOMAINS = {
    "openai": ("openai.com",),
    "google_genai": ("googleapis.com",),
    "anthropic": ("anthropic.com",),
    "azure_openai": ("azure.com", "azure.us", "azure.cn"),
}
_PORTS = {"http": 80, "https": 443}


class Server(NamedTuple):
    """Where the calls of a connection are sent.

    Attributes:
        provider: Provider id of the connection.
        address: URL without credentials, query and trailing slash; empty if unknown.
        is_usual: Whether it is the address that the provider's SDK uses by default.

    Example:
        >>> Server.at("openai", "http://localhost:8000/v1/").key
        'http://localhost:8000/v1'
        >>> Server.at("openai", None).key
        ''
    """

    provider: str
    address: str
    is_usual: bool = True

    @classmethod
    def at(cls, provider: str, url: object) -> Server:
        """Return the server behind a base URL; `None` is the provider's usual one."""
        usual = _USUAL.get(provider, "")
        address = plain_url(url) or usual
        return cls(provider, address, address == usual)

    @property
    def key(self) -> str:
        """What lessons, limits and lists are kept under; empty for the usual server."""
        return "" if self.is_usual else self.address

    @property
    def is_own(self) -> bool:
        """Whether the provider itself answers there, under any of its host names."""
        if self.is_usual or self.provider not in _DOMAINS:
            return True
        host = urlsplit(self.address).hostname or ""
        return any(
            host == domain or host.endswith(f".{domain}")
            for domain in _DOMAINS[self.provider]
        )


def plain_url(url: object) -> str:
    """Return a URL without credentials, query, default port and trailing slash.

    Example:
        >>> plain_url("https://Host:443/v1/?key=1")
        'https://host/v1'
    """
    text = str(url).strip() if url else ""
    parts = urlsplit(text if "://" in text else f"http://{text}")
    try:
        host, port = parts.hostname, parts.port
    except ValueError:
        return text
    if not text or not host:
        return text
    host = f"[{host}]" if ":" in host else host
    shown = f":{port}" if port is not None and port != _PORTS.get(parts.scheme) else ""
    return f"{parts.scheme}://{host}{shown}{parts.path.rstrip('/')}"


def server_of(provider: str, get: Callable[[str], Any]) -> Server:
    """Return where a provider is called.

    Args:
        provider: Provider id.
        get: Returns a connection setting, `None` if it is not set.
    """
    url = _given_url(provider, get)
    if url is None and provider == "google_genai" and on_vertex(get):
        url = _vertex_url(get("location"))
    return Server.at(provider, url)


def user_configured(
    providers: Mapping[str, Mapping[str, Any]], owned: Mapping[str, Any]
) -> frozenset[str]:
    """Return the providers that the user set up, beside OpenAI.

    Args:
        providers: Connection settings by provider id.
        owned: A value by provider of each keyword that belongs to it alone.
    """
    named = {name for name, settings in providers.items() if settings}
    named |= {provider for provider, value in owned.items() if value is not None}
    for provider, variables in URL_VARIABLES.items():
        if any(os.environ.get(name) for name in variables):
            named.add(provider)
    return frozenset(named - {"openai"})


def on_vertex(get: Callable[[str], Any]) -> bool:
    """Tell whether Gemini is called on Vertex AI, as `ChatGoogleGenerativeAI` does.

    langchain-google-genai 4.4, read 2026-11-26.

    Args:
        get: Returns a connection setting, `None` if it is not set.
    """
    explicit = get("vertexai")
    if explicit is not None:
        return bool(explicit)
    said = _SAID.get(os.environ.get(VERTEX_VARIABLE, "").lower())
    if said is not None:
        return said
    return bool(get("credentials") or get("project"))


def _given_url(provider: str, get: Callable[[str], Any]) -> Any:
    """Return the address that was given; a client handed in has its own."""
    for name in ("root_client", "root_async_client"):
        url = getattr(get(name), "base_url", None)
        # A client that a test made up may have no real address.
        if url is not None and str(url).startswith("http"):
            return url
    variables = URL_VARIABLES.get(provider, ())
    given = get("base_url") or get("azure_endpoint")
    found = given or next(filter(None, map(os.environ.get, variables)), None)
    if provider == "azure_openai" and found:
        return AzureAddress.read(found).root
    return found


def _vertex_url(location: Any) -> str:
    where = location or os.environ.get("GOOGLE_CLOUD_LOCATION")
    prefix = f"{where}-" if where and where != "global" else ""
    return f"https://{prefix}aiplatform.googleapis.com"
