"""The Ollama shim: one `ChatOllama` for each server, any model."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Generator, Iterator
from contextlib import contextmanager
from functools import cached_property
from typing import Any

import httpx
from langchain_core.messages import BaseMessage
from langchain_core.outputs import ChatGenerationChunk, ChatResult

from langchain_unified.content import register_translators
from langchain_unified.history import aprepared, prepared
from langchain_unified.shims import ProviderShim
from langchain_unified.shims.loops import shared_transport
from langchain_unified.shims.ollama_wire.delegate import PlannedChatOllama
from langchain_unified.shims.ollama_wire.errors import CAUGHT, to_unified
from langchain_unified.types import CallPlan

register_translators()

TIMEOUT = httpx.Timeout(600.0, connect=5.0)
"""Allowed for a call that names no timeout; the ollama client alone waits for ever."""


class OllamaShim(ProviderShim):
    """Calls a local or remote Ollama server."""

    provider = "ollama"

    @cached_property
    def delegate(self) -> PlannedChatOllama:
        """The `ChatOllama` that keeps the clients and renders messages."""
        given = self.connection.get
        clients = {
            "timeout": TIMEOUT,
            "headers": {**_bearer(self.connection.secret()), **_headers(given)},
            "mounts": _mounts(),
            **(given("client_args") or {}),
        }
        return PlannedChatOllama(
            model="planned",
            base_url=given("base_url"),
            keep_alive=given("keep_alive"),
            client_kwargs=clients,
        )

    def generate(self, plan: CallPlan, messages: list[BaseMessage]) -> ChatResult:
        """Send the plan and return the whole answer."""
        with _errors(plan):
            return self.delegate._generate(  # noqa: SLF001
                prepared(plan, messages), **self.delegate.planned(plan)
            )

    async def agenerate(
        self, plan: CallPlan, messages: list[BaseMessage]
    ) -> ChatResult:
        """Send the plan and return the whole answer."""
        with _errors(plan):
            return await self.delegate._agenerate(  # noqa: SLF001
                await aprepared(plan, messages), **self.delegate.planned(plan)
            )

    def stream(
        self, plan: CallPlan, messages: list[BaseMessage]
    ) -> Generator[ChatGenerationChunk, None, None]:
        """Send the plan and yield the answer in pieces."""
        with _errors(plan):
            for chunk in self.delegate._stream(  # noqa: SLF001
                prepared(plan, messages), **self.delegate.planned(plan)
            ):
                yield _piece(chunk)

    async def astream(
        self, plan: CallPlan, messages: list[BaseMessage]
    ) -> AsyncGenerator[ChatGenerationChunk, None]:
        """Send the plan and yield the answer in pieces."""
        with _errors(plan):
            async for chunk in self.delegate._astream(  # noqa: SLF001
                await aprepared(plan, messages), **self.delegate.planned(plan)
            ):
                yield _piece(chunk)

    def list_models(self) -> list[dict[str, Any]]:
        """Return the models the server has, as its `/api/tags` describes them."""
        found = self.delegate._client.list()  # noqa: SLF001
        return [model.model_dump(mode="json") for model in found.models]

    async def alist_models(self) -> list[dict[str, Any]]:
        """Return the models the server has; see `list_models`."""
        found = await self.delegate._async_client.list()  # noqa: SLF001
        return [model.model_dump(mode="json") for model in found.models]


SHIM = OllamaShim


def _piece(chunk: ChatGenerationChunk) -> ChatGenerationChunk:
    """Say on every piece whose it is, as the other providers' pieces do."""
    message = chunk.message
    if (chunk.generation_info or {}).get("done"):
        message.chunk_position = "last"  # type: ignore[attr-defined]
    else:
        message.response_metadata["model_provider"] = OllamaShim.provider
    return chunk


def _headers(given: Any) -> dict[str, str]:
    return dict(given("default_headers") or {})


def _bearer(key: Any) -> dict[str, str]:
    return {"authorization": f"Bearer {key}"} if key else {}


def _mounts() -> dict[str, Any]:
    """Return transports that let every event loop share the client."""
    shared = shared_transport(httpx, httpx.AsyncHTTPTransport, httpx.HTTPTransport)
    return {"all://": shared}


@contextmanager
def _errors(plan: CallPlan) -> Iterator[None]:
    try:
        yield
    except CAUGHT as error:
        raise to_unified(error, plan) from error
