"""A `ChatGoogleGenerativeAI` that sends plans, whichever model they name.

It renders messages, keeps the client and is asked by methods of its own; `seam` has the
private names. What `ChatGoogleGenerativeAI` would add (a temperature of 0.7,
`candidateCount`, empty safety settings) is not sent. `validate_environment` makes its
client: on Vertex AI it hands a key over by a variable of the environment, and only
where none is set (4.4.3, read 2026-11-27).
"""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Iterator
from operator import attrgetter
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
from langchain_unified.shims.google_genai.responses import StreamReader, read_response
from langchain_unified.shims.google_genai.seam import parse_chat_history
from langchain_unified.shims.google_genai.signatures import patch_signatures
from langchain_unified.shims.paths import check_path
from langchain_unified.types import CallPlan


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

    def send(self, plan: CallPlan, messages: list[BaseMessage]) -> ChatResult:
        """Send a plan and return the whole answer, in the integration's shape."""
        models: Any = self.client
        request = self.request(plan, messages)
        return read_response(models.models.generate_content(**request))

    async def asend(self, plan: CallPlan, messages: list[BaseMessage]) -> ChatResult:
        """Send a plan and return the whole answer; see `send`."""
        request = self.request(plan, messages)
        return read_response(await self._async_models.generate_content(**request))

    def pieces(
        self, plan: CallPlan, messages: list[BaseMessage]
    ) -> Iterator[ChatGenerationChunk]:
        """Send a plan and return the answer in pieces; see `send`."""
        models: Any = self.client
        request = self.request(plan, messages)
        given = models.models.generate_content_stream(**request)
        return map(StreamReader().read, given)

    async def apieces(
        self, plan: CallPlan, messages: list[BaseMessage]
    ) -> AsyncGenerator[ChatGenerationChunk, None]:
        """Send a plan and yield the answer in pieces; see `send`."""
        request = self.request(plan, messages)
        read = StreamReader().read
        given = await self._async_models.generate_content_stream(**request)
        async for response in given:
            yield read(response)

    @property
    def _async_models(self) -> Any:
        # `async_client` needs what only their `validate_environment` makes beside the
        # client (4.4.3, read 2026-11-27).
        client: Any = self.client
        return (client.aio if self._made_here else self.async_client).models

    def request(self, plan: CallPlan, messages: list[BaseMessage]) -> dict[str, Any]:
        """Return the SDK's arguments of a plan with its messages."""
        check_path(plan.model)
        _check_written(plan, messages)
        if plan.sends_as_given:
            system, contents = self._rendered(plan, messages)
        else:
            system, contents = self._rendered_with_parts(plan, messages)
        if not contents:
            accepted = "all messages are empty."
            raise InvalidParameterError("messages", "", accepted, model=plan.model)
        config = render_config(plan)
        if config.system_instruction is None:  # extra_body may have set it
            config.system_instruction = system
        return {"model": plan.model, "contents": contents, "config": config}

    def _rendered(
        self, plan: CallPlan, messages: list[BaseMessage]
    ) -> tuple[Any, list[Any]]:
        """Return the system instruction and the contents of messages."""
        vertex = self.on_vertex
        return parse_chat_history(messages, model=plan.model, use_vertexai=vertex)

    def _rendered_with_parts(
        self, plan: CallPlan, messages: list[BaseMessage]
    ) -> tuple[Any, list[Any]]:
        """Return the same of messages that hold more than texts of user and system."""
        places = Places()
        with reading("..."):
            system, contents = self._rendered(plan, places.held(messages))
        places.fill(contents)
        put_results(contents, messages)
        if plan.config.supports("thought_signatures"):
            patch_signatures(contents)
        return system, contents

    @property
    def on_vertex(self) -> bool:
        """Whether the client talks to Vertex AI; the shim always says so."""
        return bool(self.vertexai)


def _check_written(plan: CallPlan, messages: list[BaseMessage]) -> None:
    """Refuse what JSON cannot hold; see `check_writable`.

    Raises:
        InvalidParameterError: If the request holds anything of the kind.
    """
    if plan.sends_as_given:
        try:  # what is ordinary is written in one go, to see whether it can be
            told = [plan.body, *map(attrgetter("content"), messages)]
            json.dumps(told, default=dict, ensure_ascii=False, allow_nan=False).encode()
        except (TypeError, ValueError):
            pass
        else:
            return
    said = [[one.content, getattr(one, "tool_calls", ())] for one in messages]
    check_writable(plan.body, said)
