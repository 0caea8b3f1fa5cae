"""The Gemini shim: one `ChatGoogleGenerativeAI` for each connection, any model."""

from __future__ import annotations

import os
from collections.abc import AsyncGenerator, Generator, Iterator
from contextlib import contextmanager
from functools import cached_property
from typing import Any

import httpx
from langchain_core.messages import BaseMessage
from langchain_core.outputs import ChatGenerationChunk, ChatResult

from langchain_unified.content import register_translators
from langchain_unified.errors import MissingCredentialsError
from langchain_unified.history import aprepared, prepared
from langchain_unified.reliability.closing import owned
from langchain_unified.shims import ProviderShim
from langchain_unified.shims.google_wire.delegate import PlannedChatGoogle
from langchain_unified.shims.google_wire.errors import CAUGHT, to_unified
from langchain_unified.shims.google_wire.inquiries import count_tokens, model_rows
from langchain_unified.shims.google_wire.pieces import Pieces
from langchain_unified.shims.google_wire.shape import shape_result
from langchain_unified.shims.loops import shared_transport
from langchain_unified.shims.sockets import quickened
from langchain_unified.shims.tls import tls_context
from langchain_unified.types import CallPlan

register_translators()

KEY_VARIABLES = ("GOOGLE_API_KEY", "GEMINI_API_KEY")
_SETTINGS = {
    "api_key": "google_api_key",
    "base_url": "base_url",
    "default_headers": "additional_headers",
    "vertexai": "vertexai",
    "project": "project",
    "location": "location",
    "credentials": "credentials",
    "api_version": "api_version",
    "client_args": "client_args",
}


class GoogleGenAIShim(ProviderShim):
    """Calls Gemini on Google AI or Vertex AI."""

    provider = "google_genai"

    @cached_property
    def delegate(self) -> PlannedChatGoogle:
        """The `ChatGoogleGenerativeAI` that keeps the client and renders messages.

        Raises:
            MissingCredentialsError: If there is no key and it is not Vertex AI.
        """
        given = self.connection.get
        on_vertex = given("vertexai") or given("credentials") or given("project")
        if not (given("api_key") or on_vertex or _key_in_environment()):
            raise MissingCredentialsError(self.provider, "Google Gemini", KEY_VARIABLES)
        settings = {theirs: given(ours) for ours, theirs in _SETTINGS.items()}
        kept = {name: v for name, v in settings.items() if v is not None}
        pools = {
            "verify": tls_context(httpx),
            "mounts": {"all://": self.own(_shared_pool())},
        }
        kept["client_args"] = {**pools, **kept.get("client_args", {})}
        return PlannedChatGoogle(model="planned", **kept)

    def generate(self, plan: CallPlan, messages: list[BaseMessage]) -> ChatResult:
        """Send the plan and return the whole answer."""
        with _errors(plan):
            result = self.delegate._generate(  # noqa: SLF001
                prepared(plan, messages), **self.delegate.planned(plan)
            )
        return shape_result(plan, result)

    async def agenerate(
        self, plan: CallPlan, messages: list[BaseMessage]
    ) -> ChatResult:
        """Send the plan and return the whole answer."""
        with _errors(plan):
            result = await self.delegate._agenerate(  # noqa: SLF001
                await aprepared(plan, messages), **self.delegate.planned(plan)
            )
        return shape_result(plan, result)

    def stream(
        self, plan: CallPlan, messages: list[BaseMessage]
    ) -> Generator[ChatGenerationChunk]:
        """Send the plan and yield the answer in pieces."""
        pieces = Pieces(plan)
        with _errors(plan):
            for chunk in self.delegate._stream(  # noqa: SLF001
                prepared(plan, messages), **self.delegate.planned(plan)
            ):
                yield pieces.shape(chunk)

    async def astream(
        self, plan: CallPlan, messages: list[BaseMessage]
    ) -> AsyncGenerator[ChatGenerationChunk]:
        """Send the plan and yield the answer in pieces."""
        pieces = Pieces(plan)
        with _errors(plan):
            given: Any = self.delegate._astream(  # noqa: SLF001
                await aprepared(plan, messages), **self.delegate.planned(plan)
            )
            async with owned(given) as chunks:
                async for chunk in chunks:
                    yield pieces.shape(chunk)

    def count_tokens(self, plan: CallPlan, messages: list[BaseMessage]) -> int:
        """Return how many tokens the provider counts in messages, system and tools."""
        with _errors(plan):
            return count_tokens(self.delegate, plan, prepared(plan, messages))

    def list_models(self) -> list[dict[str, Any]]:
        """Return the rows of ListModels, as the REST API has them."""
        return model_rows(self.delegate)


SHIM = GoogleGenAIShim


def _shared_pool() -> Any:
    """Return a transport that lets every event loop share the client."""
    verify = tls_context(httpx)
    return shared_transport(
        httpx,
        lambda: quickened(httpx.AsyncHTTPTransport(verify=verify)),
        lambda: quickened(httpx.HTTPTransport(verify=verify)),
    )


def _key_in_environment() -> bool:
    vertex = os.environ.get("GOOGLE_GENAI_USE_VERTEXAI", "").lower() in {"1", "true"}
    return vertex or any(os.environ.get(name) for name in KEY_VARIABLES)


@contextmanager
def _errors(plan: CallPlan) -> Iterator[None]:
    try:
        yield
    except CAUGHT as error:
        raise to_unified(error, plan) from error
