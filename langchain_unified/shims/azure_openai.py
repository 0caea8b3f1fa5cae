"""The Azure OpenAI shim: the OpenAI shim over a resource's deployments."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from pydantic import SecretStr

from langchain_unified.shims.azure_wire.clients import async_client, sync_client
from langchain_unified.shims.openai import OpenAIShim
from langchain_unified.shims.openai_wire.delegate import PlannedChatOpenAI


class AzureOpenAIShim(OpenAIShim):
    """Calls the deployments of one Azure OpenAI resource."""

    provider = "azure_openai"

    @cached_property
    def delegate(self) -> PlannedChatOpenAI:
        """The `ChatOpenAI` that renders messages, over Azure's clients.

        Raises:
            MissingCredentialsError: If there is neither key nor token.
            InvalidParameterError: If there is no endpoint.
        """
        given = self.connection.get
        sockets = given("http_socket_options")
        http_client = given("http_client") or self._http_client(sockets)
        shared = given("http_async_client") or self._async_http_client(sockets)
        sync = sync_client(self.connection, http_client)
        asynchronous = async_client(self.connection, shared)
        settings: dict[str, Any] = {
            name: given(name)
            for name in ("stream_chunk_timeout", "include_response_headers")
            if given(name) is not None
        }
        return PlannedChatOpenAI(
            model="planned",
            openai_api_key=SecretStr("unused"),
            client=sync.chat.completions,
            root_client=sync,
            async_client=asynchronous.chat.completions,
            root_async_client=asynchronous,
            **settings,
        )


SHIM = AzureOpenAIShim
