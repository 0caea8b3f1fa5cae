"""SDK clients of an Azure OpenAI resource, with dated API versions or the v1 API.

With a dated version the SDK puts the body's `model`, which is the deployment, into the
path (openai 3.54.0, lib/azure.py), so one client serves every deployment. The v1 API
has no versions and is called as OpenAI's is (openai-node docs/azure.md, read
2026-11-23).
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any, TypeVar

import openai

from langchain_unified.connection import Connection
from langchain_unified.errors import InvalidParameterError, MissingCredentialsError
from langchain_unified.shims.azure_openai.address import (
    ENDPOINT_VARIABLE,
    AzureAddress,
    api_version_of,
)

Client = TypeVar("Client", openai.OpenAI, openai.AsyncOpenAI)

KEY_VARIABLES = ("AZURE_OPENAI_API_KEY", "AZURE_OPENAI_AD_TOKEN")
_SYNC, _ASYNC = "azure_ad_token_provider", "azure_ad_async_token_provider"
_AGENT = {"User-Agent": "langchain-unified"}


def sync_client(connection: Connection, http_client: Any = None) -> openai.OpenAI:
    """Return the synchronous client of a connection.

    Raises:
        MissingCredentialsError: If there is neither key nor token.
        InvalidParameterError: If there is no endpoint.
    """
    credentials = _credentials(connection, (_SYNC,))
    shared = _shared(connection, http_client)
    if _is_v1(connection):
        return _isolated(openai.OpenAI(**_v1(connection, credentials), **shared))
    dated = _dated(connection)
    return _isolated(openai.AzureOpenAI(**dated, **credentials, **shared))


def async_client(connection: Connection, http_client: Any = None) -> openai.AsyncOpenAI:
    """Return the asynchronous client of a connection; see `sync_client`."""
    credentials = _credentials(connection, (_ASYNC, _SYNC))
    shared = _shared(connection, http_client)
    if _is_v1(connection):
        arguments = _v1(connection, credentials)
        arguments["api_key"] = _awaitable(arguments["api_key"])
        return _isolated(openai.AsyncOpenAI(**arguments, **shared))
    dated = _dated(connection)
    return _isolated(openai.AsyncAzureOpenAI(**dated, **credentials, **shared))


def dated_version(connection: Connection) -> str | None:
    """Return the dated API version of a connection; `None` for the v1 API."""
    return None if _is_v1(connection) else _dated(connection)["api_version"]


def _is_v1(connection: Connection) -> bool:
    return api_version_of(connection.get) is None


def _v1(connection: Connection, credentials: dict[str, Any]) -> dict[str, Any]:
    given = connection.get("base_url")
    if not given or AzureAddress.read(given).is_v1:
        given = _endpoint(connection) + "/openai/v1/"
    key = next(iter(credentials.values()))
    return {"base_url": given, "api_key": key}


def _dated(connection: Connection) -> dict[str, Any]:
    return {
        "azure_endpoint": _endpoint(connection),
        "api_version": api_version_of(connection.get),
    }


def _endpoint(connection: Connection) -> str:
    """Return the address of the resource, without the path to one of its APIs."""
    given = connection.get("base_url") or connection.get("azure_endpoint")
    found = given or os.environ.get(ENDPOINT_VARIABLE)
    if not found:
        accepted = (
            f"set the environment variable {ENDPOINT_VARIABLE}, or pass "
            'providers={"azure_openai": {"azure_endpoint": "https://..."}}.'
        )
        raise InvalidParameterError("azure_endpoint", found, accepted)
    return AzureAddress.read(found).root


def _credentials(connection: Connection, providers: tuple[str, ...]) -> dict[str, Any]:
    """Return the one credential to use: a token provider, a token or a key."""
    for name in providers:
        if provider := connection.get(name):
            return {"azure_ad_token_provider": provider}
    if _ASYNC not in providers and connection.get(_ASYNC):
        return {"azure_ad_token_provider": _no_sync_token}
    if token := connection.secret("azure_ad_token"):
        return {"azure_ad_token": token}
    if key := connection.secret() or os.environ.get(KEY_VARIABLES[0]):
        return {"api_key": key}
    if token := os.environ.get(KEY_VARIABLES[1]):
        return {"azure_ad_token": token}
    raise MissingCredentialsError("azure_openai", "Azure OpenAI", KEY_VARIABLES)


def _no_sync_token() -> str:
    """Refuse a synchronous call where only asynchronous ones can get a token."""
    accepted = f"only {_ASYNC} is given; pass it too, or call ainvoke or astream."
    raise InvalidParameterError(_SYNC, None, accepted)


def _shared(connection: Connection, http_client: Any) -> dict[str, Any]:
    headers = {**_AGENT, **(connection.get("default_headers") or {})}
    return {
        "default_headers": headers,
        "default_query": connection.get("default_query"),
        "http_client": http_client,
    }


def _isolated(client: Client) -> Client:
    """Forget OpenAI's organisation and project, read from OpenAI's variables."""
    client.organization = client.project = None
    return client


def _awaitable(key: Any) -> Any:
    """Return a token provider as the asynchronous v1 client wants it."""
    if not callable(key):
        return key
    provider: Callable[[], Any] = key

    async def provide() -> str:
        token = provider()
        return str(token if isinstance(token, str) else await token)

    return provide
