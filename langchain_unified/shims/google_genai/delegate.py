"""A `ChatGoogleGenerativeAI` that sends plans, whichever model they name.

Overrides the four faces `_generate`, `_agenerate`, `_stream` and `_astream`, which
LangChain documents for integrations; `seam` has the private names. What
`ChatGoogleGenerativeAI` would add of its own (a temperature of 0.7, `candidateCount`,
empty safety settings) is not sent. `validate_environment` makes its client: on Vertex
AI it hands a key over by a variable of the environment, and only where none is set
(4.4.3, read 2026-11-27).
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any, cast

from google.genai.client import Client
from google.genai.types import HttpOptions
from langchain_core.messages import BaseMessage
from langchain_core.outputs import ChatGenerationChunk, ChatResult
from langchain_google_genai import ChatGoogleGenerativeAI
from pydantic import PrivateAttr, model_validator
from typing_extensions import Self

from langchain_unified.errors import InvalidParameterError
from langchain_unified.history.inputs import reading
from langchain_unified.reliability.writing import check_writable
from langchain_unified.shims.google_genai.config import render_config
from langchain_unified.shims.google_genai.parts import Places, put_results
from langchain_unified.shims.google_genai.responses import (
    StreamReader,
    classified,
    read_response,
)
from langchain_unified.shims.google_genai.seam import parse_chat_history
from langchain_unified.shims.google_genai.signatures import patch_signatures
from langchain_unified.shims.paths import check_path
from langchain_unified.types import CallPlan

_PLAN = "unified_plan"


class PlannedChatGoogle(ChatGoogleGenerativeAI):
    """Sends plans; its own model and parameters play no part."""

    _made_here: bool = PrivateAttr(default=False)

    @model_validator(mode="after")
    def validate_environment(self) -> Self:
        """Make the client; a key that was given goes before the environment's."""
        explicit = "google_api_key" in self.model_fields_set and self.google_api_key
        elsewhere = self.credentials or self.project or not self.on_vertex
        if elsewhere or not explicit:
            build: Any = super().validate_environment
            return cast("Self", build())
        options = HttpOptions(
            base_url=cast("str | None", self.base_url),
            api_version=self.api_version,
            headers=self.additional_headers or {},
            client_args=self.client_args,
            async_client_args=self.client_args,
        )
        key = explicit.get_secret_value()
        self.client = Client(vertexai=True, api_key=key, http_options=options)
        self._made_here = True
        return self

    def _generate(self, messages: list[BaseMessage], **kwargs: Any) -> ChatResult:  # type: ignore[override]
        request = self.request(kwargs[_PLAN], messages)
        with classified(request):
            response = self._models.generate_content(**request)
        return read_response(response)

    async def _agenerate(  # type: ignore[override]
        self, messages: list[BaseMessage], **kwargs: Any
    ) -> ChatResult:
        request = self.request(kwargs[_PLAN], messages)
        with classified(request):
            response = await self._async_models.generate_content(**request)
        return read_response(response)

    def _stream(  # type: ignore[override]
        self, messages: list[BaseMessage], **kwargs: Any
    ) -> Iterator[ChatGenerationChunk]:
        request = self.request(kwargs[_PLAN], messages)
        reader = StreamReader()
        with classified(request):
            for response in self._models.generate_content_stream(**request):
                yield reader.read(response)

    async def _astream(  # type: ignore[override]
        self, messages: list[BaseMessage], **kwargs: Any
    ) -> AsyncIterator[ChatGenerationChunk]:
        request = self.request(kwargs[_PLAN], messages)
        reader = StreamReader()
        with classified(request):
            models = self._async_models
            async for response in await models.generate_content_stream(**request):
                yield reader.read(response)

    @property
    def _models(self) -> Any:
        client: Any = self.client
        return client.models

    @property
    def _async_models(self) -> Any:
        # `async_client` needs what only their `validate_environment` makes beside the
        # client (4.4.3, read 2026-11-27).
        client: Any = self.client
        return (client.aio if self._made_here else self.async_client).models

    def request(self, plan: CallPlan, messages: list[BaseMessage]) -> dict[str, Any]:
        """Return the SDK's arguments of a plan with its messages."""
        check_path(plan.model)
        told = [[one.content, getattr(one, "tool_calls", ())] for one in messages]
        check_writable(plan.body, told)
        places = Places()
        with reading("..."):
            system, contents = parse_chat_history(
                places.held(messages),
                model=plan.model,
                use_vertexai=self.on_vertex,
            )
        if not contents:
            accepted = "all messages are empty."
            raise InvalidParameterError("messages", "", accepted, model=plan.model)
        places.fill(contents)
        put_results(contents, messages)
        if plan.config.supports("thought_signatures"):
            patch_signatures(contents)
        config = render_config(plan)
        if config.system_instruction is None:  # extra_body may have set it
            config.system_instruction = system
        return {"model": plan.model, "contents": contents, "config": config}

    @property
    def on_vertex(self) -> bool:
        """Whether the client talks to Vertex AI; the shim always says so."""
        return bool(self.vertexai)

    @staticmethod
    def planned(plan: CallPlan) -> dict[str, Any]:
        """Return the keywords that carry a plan through the methods."""
        return {_PLAN: plan}
