"""The Azure OpenAI shim: the OpenAI shim over a resource's deployments."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from langchain_core.messages import BaseMessage
from pydantic import SecretStr

from langchain_unified.data.connections import facts_of
from langchain_unified.errors import InvalidParameterError
from langchain_unified.shims.azure_openai.address import serves_responses
from langchain_unified.shims.azure_openai.clients import (
    async_client,
    dated_version,
    sync_client,
)
from langchain_unified.shims.openai.delegate import PlannedChatOpenAI
from langchain_unified.shims.openai.shim import OpenAIShim
from langchain_unified.shims.paths import check_path
from langchain_unified.types import CallPlan


class PlannedAzureOpenAI(PlannedChatOpenAI):
    """Renders plans for a resource whose API version may be too old for them."""

    azure_version: str | None = None
    """The dated API version; `None` for the v1 API, which has no versions."""

    def render(self, plan: CallPlan, messages: list[BaseMessage]) -> dict[str, Any]:
        """Return the request body of a plan.

        Raises:
            InvalidParameterError: If the API version has no Responses.
        """
        version = self.azure_version
        check_path(plan.model)
        if plan.endpoint == "responses" and not serves_responses(version):
            since = facts_of("azure_openai").responses_since
            accepted = (
                f"this call needs Responses, available from {since} on; "
                "remove the version for the v1 API, which has no versions."
            )
            raise InvalidParameterError("api_version", version, accepted)
        return super().render(plan, messages)


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
        http_client, http_async_client = self._http_clients()
        sync = sync_client(self.connection, http_client)
        asynchronous = async_client(self.connection, http_async_client)
        settings: dict[str, Any] = {
            name: given(name)
            for name in ("stream_chunk_timeout", "include_response_headers")
            if given(name) is not None
        }
        return PlannedAzureOpenAI(
            model="planned",
            connection=self.connection,
            openai_api_key=SecretStr("unused"),
            client=sync.chat.completions,
            root_client=sync,
            async_client=asynchronous.chat.completions,
            root_async_client=asynchronous,
            azure_version=dated_version(self.connection),
            **settings,
        )

    def list_models(self) -> list[dict[str, Any]]:
        """Return nothing: what a resource lists is not its deployments."""
        return []


SHIM = AzureOpenAIShim
