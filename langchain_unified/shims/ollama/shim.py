"""The Ollama shim: one `ChatOllama` for each server, any model."""

from __future__ import annotations

from typing import Any

import httpx
from langchain_core.outputs import ChatResult

from langchain_unified.errors import ProviderError
from langchain_unified.shims.delegated import DelegatedShim, Shape
from langchain_unified.shims.forced import CallPieces, as_call
from langchain_unified.shims.ollama.delegate import PlannedChatOllama
from langchain_unified.shims.ollama.errors import CAUGHT, to_unified
from langchain_unified.shims.ollama.shape import Pieces, shape_result
from langchain_unified.transport import client_arguments
from langchain_unified.types import CallPlan

TIMEOUT = httpx.Timeout(600.0, connect=5.0)
"""Allowed for a call that names no timeout; the ollama client alone waits for ever."""


class OllamaShim(DelegatedShim):
    """Calls a local or remote Ollama server."""

    provider = "ollama"
    caught = CAUGHT

    def make_delegate(self) -> PlannedChatOllama:
        """Return the `ChatOllama` of the connection."""
        given = self.connection.get
        key = self.connection.secret()
        bearer = {"authorization": f"Bearer {key}"} if key else {}
        clients = {
            "timeout": TIMEOUT,
            "headers": {**bearer, **(given("default_headers") or {})},
            **({"proxy": given("proxy")} if given("proxy") else {}),
            **(given("client_args") or {}),
        }
        return PlannedChatOllama(
            model="planned",
            base_url=given("base_url"),
            keep_alive=given("keep_alive"),
            client_kwargs=client_arguments(httpx, clients, self.own),
        )

    def to_unified(self, error: Exception, plan: CallPlan) -> ProviderError:
        """Return an error of ours, which is the client's as well."""
        return to_unified(error, plan)

    def shape_result(self, plan: CallPlan, result: ChatResult) -> ChatResult:
        """Return a whole answer that says why it ended."""
        return as_call(plan, shape_result(result))

    def shape_pieces(self, plan: CallPlan) -> Shape:
        """Return what shapes the pieces of one stream."""
        pieces, calls = Pieces(self.provider), CallPieces(plan)
        return lambda chunk: calls.feed(pieces.shape(chunk))

    def list_models(self) -> list[dict[str, Any]]:
        """Return the models the server has, as its `/api/tags` describes them."""
        found = self.delegate.listed()
        return [model.model_dump(mode="json") for model in found.models]

    async def alist_models(self) -> list[dict[str, Any]]:
        """Return the models the server has; see `list_models`."""
        found = await self.delegate.alisted()
        return [model.model_dump(mode="json") for model in found.models]


SHIM = OllamaShim
