"""The OpenAI shim: patched `ChatOpenAI` for models that do not reason, the SDK else."""

from __future__ import annotations

import os
from collections.abc import AsyncGenerator, Generator, Mapping
from functools import cached_property
from typing import Any

import openai
from langchain_core.messages import BaseMessage
from langchain_core.outputs import ChatGenerationChunk, ChatResult
from pydantic import SecretStr

from langchain_unified.content import register_translators
from langchain_unified.errors import InvalidParameterError, MissingCredentialsError
from langchain_unified.shims.base import ProviderShim
from langchain_unified.shims.openai import sending
from langchain_unified.shims.openai.delegate import PlannedChatOpenAI
from langchain_unified.shims.openai.errors import sdk_errors
from langchain_unified.shims.openai.http import http_package, http_settings
from langchain_unified.transport import client_arguments
from langchain_unified.types import CallPlan

register_translators()


class OpenAIShim(ProviderShim):
    """Calls OpenAI, and servers that speak its API."""

    provider = "openai"

    @cached_property
    def delegate(self) -> PlannedChatOpenAI:
        """The `ChatOpenAI` that keeps the clients and renders messages.

        Raises:
            MissingCredentialsError: If there is no key.
        """
        given = self.connection.get
        settings = self._settings()
        http_client, http_async_client = self._http_clients()
        made = PlannedChatOpenAI(
            model="planned",
            connection=self.connection,
            openai_proxy=None,
            http_client=http_client,
            http_async_client=http_async_client,
            **settings,
        )
        if self.connection.name:  # OPENAI_ORG_ID and its like are OpenAI's
            for client in (made.root_client, made.root_async_client):
                client.organization = client.project = None
        if callable(given("api_key")) and not given("root_async_client"):
            made.ask_in_context(given("api_key"))
        made.stand_in(given("client"), given("async_client"))
        if self._is_plain():
            sending.allow(made.root_client, http_client)
            sending.allow(made.root_async_client, http_async_client)
        return made

    def _settings(self) -> dict[str, Any]:
        """Return the settings of the connection as `ChatOpenAI` has them."""
        given = self.connection.get
        has_client = next(filter(None, map(given, _GIVEN_CLIENTS)), None)
        self._check_key(has_client=bool(has_client))
        kept = {
            name: value
            for name, setting in _SETTINGS.items()
            if (value := given(setting)) is not None
        }
        return kept if has_client is None else kept | _as_the_client(has_client, kept)

    def _check_key(self, *, has_client: bool) -> None:
        connection = self.connection
        if connection.get("api_key") is not None:
            return
        if connection.name:
            title = f"the server {connection.name!r}"
            raise MissingCredentialsError(connection.name, title, connection.key_env)
        if not has_client and not os.environ.get("OPENAI_API_KEY"):
            raise MissingCredentialsError(self.provider, "OpenAI", ("OPENAI_API_KEY",))

    def _http_clients(self) -> tuple[Any, Any]:
        """Return the HTTP clients of the connection, given or made here.

        Raises:
            InvalidParameterError: If a proxy is given as well as a client.
        """
        given = self.connection.get
        clients = (given("http_client"), given("http_async_client"))
        if any(clients) and given("proxy"):
            accepted = "give either openai_proxy or HTTP clients, not both."
            raise InvalidParameterError("openai_proxy", "**********", accepted)
        proxy = given("proxy") or (None if any(clients) else _proxy_in_environment())
        settings = http_settings(given("http_socket_options"), proxy)
        made = client_arguments(http_package(), settings, self.own)
        return (
            clients[0] or openai.DefaultHttpxClient(**made),
            clients[1] or openai.DefaultAsyncHttpxClient(**made),
        )

    def _is_plain(self) -> bool:
        """Tell whether the clients are ours, and one key serves all requests."""
        given = self.connection.get
        return not any(map(given, _OWN_CLIENTS)) and isinstance(
            given("api_key", ""), (str, SecretStr)
        )

    def generate(self, plan: CallPlan, messages: list[BaseMessage]) -> ChatResult:
        """Send the plan and return the whole answer."""
        return self.delegate.send(plan, messages)

    async def agenerate(
        self, plan: CallPlan, messages: list[BaseMessage]
    ) -> ChatResult:
        """Send the plan and return the whole answer."""
        return await self.delegate.asend(plan, messages)

    def stream(
        self, plan: CallPlan, messages: list[BaseMessage]
    ) -> Generator[ChatGenerationChunk]:
        """Send the plan and yield the answer in pieces."""
        return self.delegate.pieces(plan, messages)

    def astream(
        self, plan: CallPlan, messages: list[BaseMessage]
    ) -> AsyncGenerator[ChatGenerationChunk]:
        """Send the plan and yield the answer in pieces."""
        return self.delegate.apieces(plan, messages)

    @classmethod
    def sdk_errors(
        cls, reason: str, message: BaseMessage
    ) -> tuple[tuple[type[Exception], ...], dict[str, Any]]:
        """Return what `ChatOpenAI` raises for an answer without its form."""
        return sdk_errors(reason, message)

    def count_tokens(self, plan: CallPlan, messages: list[BaseMessage]) -> int:
        """Count tokens with tiktoken, whose tables come from the network once."""
        return _counter(plan).get_num_tokens_from_messages(messages)

    def count_text(self, plan: CallPlan, text: str) -> int:
        """Count the tokens of a text with tiktoken."""
        return len(self.token_ids(plan, text))

    def token_ids(self, plan: CallPlan, text: str) -> list[int]:
        """Return the tokens of a text by tiktoken."""
        return _counter(plan).get_token_ids(text)


SHIM = OpenAIShim


def _counter(plan: CallPlan) -> PlannedChatOpenAI:
    """Return what counts tokens for a model; it takes neither key nor client."""
    return PlannedChatOpenAI.model_construct(model_name=plan.model)


_SETTINGS = {
    "openai_api_key": "api_key",
    "openai_api_base": "base_url",
    "openai_organization": "organization",
    "default_headers": "default_headers",
    "default_query": "default_query",
    "root_client": "root_client",
    "root_async_client": "root_async_client",
    "client": "root_client",
    "async_client": "root_async_client",
    "stream_chunk_timeout": "stream_chunk_timeout",
    "include_response_headers": "include_response_headers",
}
"""Settings of a connection by the names that `ChatOpenAI` has for them."""

_GIVEN_CLIENTS = ("root_client", "root_async_client", "client", "async_client")
_OWN_CLIENTS = (*_GIVEN_CLIENTS, "http_client", "http_async_client")


def _as_the_client(client: Any, kept: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings that a given client brings; one that a test made has none."""
    key, address = getattr(client, "api_key", None), getattr(client, "base_url", None)
    is_real = str(address).startswith("http")
    own = {"openai_api_key": key, "openai_api_base": str(address)} if is_real else {}
    if "OPENAI_API_KEY" not in os.environ:
        own.setdefault(
            "openai_api_key", "none; the client that was passed in has its own"
        )
    return {name: value for name, value in own.items() if name not in kept}


def _proxy_in_environment() -> str | None:
    return os.environ.get("OPENAI_PROXY") or None
