"""The Gemini shim: one `ChatGoogleGenerativeAI` for each connection, any model."""

from __future__ import annotations

import os
import re
from collections.abc import AsyncGenerator, Iterator
from typing import Any

from langchain_core.messages import BaseMessage
from langchain_core.outputs import ChatGenerationChunk, ChatResult

from langchain_unified.errors import MissingCredentialsError
from langchain_unified.history import prepared
from langchain_unified.shims.delegated import DelegatedShim, Shape
from langchain_unified.shims.google_genai.address import VERTEX
from langchain_unified.shims.google_genai.delegate import PlannedChatGoogle
from langchain_unified.shims.google_genai.errors import CAUGHT, as_raised, to_unified
from langchain_unified.shims.google_genai.http import (
    http_package,
    uses_client_certificate,
)
from langchain_unified.shims.google_genai.inquiries import count_tokens, model_rows
from langchain_unified.shims.google_genai.pieces import Pieces
from langchain_unified.shims.google_genai.shape import shape_result
from langchain_unified.transport import client_arguments
from langchain_unified.types import CallPlan

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


class GoogleGenAIShim(DelegatedShim):
    """Calls Gemini on Google AI or Vertex AI."""

    provider = "google_genai"

    caught = CAUGHT

    def make_delegate(self) -> PlannedChatGoogle:
        """Return the `ChatGoogleGenerativeAI` of the connection.

        Raises:
            MissingCredentialsError: If there is no key and it is not Vertex AI.
        """
        given = self.connection.get
        vertex = self.connection.place.platform == VERTEX
        has_account = given("vertexai") or given("credentials") or given("project")
        if not (given("api_key") or vertex or has_account or _key_in_environment()):
            raise MissingCredentialsError(self.provider, "Google Gemini", KEY_VARIABLES)
        settings = {theirs: given(ours) for ours, theirs in _SETTINGS.items()}
        kept = {name: v for name, v in settings.items() if v is not None}
        kept["vertexai"] = vertex
        kept |= _address(kept)
        if not vertex:
            kept.setdefault("api_version", _api_version())
        if not uses_client_certificate(on_vertex=vertex):
            kept["client_args"] = self._client_arguments(kept.get("client_args"))
        return PlannedChatGoogle(model="planned", **kept)

    def _client_arguments(self, client_args: Any) -> dict[str, Any]:
        """Return the arguments of the SDK's HTTP clients."""
        proxy = self.connection.get("proxy")
        given = {**({"proxy": proxy} if proxy else {}), **(client_args or {})}
        return client_arguments(http_package(given.values()), given, self.own)

    to_unified = staticmethod(to_unified)
    as_raised = staticmethod(as_raised)
    shape_result = staticmethod(shape_result)

    def send(self, plan: CallPlan, messages: list[BaseMessage]) -> ChatResult:
        """Return the answer to messages made ready for the wire."""
        answer: ChatResult = self.delegate.send(plan, messages)
        return answer

    async def asend(self, plan: CallPlan, messages: list[BaseMessage]) -> ChatResult:
        """Return the answer; see `send`."""
        answer: ChatResult = await self.delegate.asend(plan, messages)
        return answer

    def pieces(
        self, plan: CallPlan, messages: list[BaseMessage]
    ) -> Iterator[ChatGenerationChunk]:
        """Return the answer in pieces; see `send`."""
        found: Iterator[ChatGenerationChunk] = self.delegate.pieces(plan, messages)
        return found

    def apieces(
        self, plan: CallPlan, messages: list[BaseMessage]
    ) -> AsyncGenerator[ChatGenerationChunk, None]:
        """Return the answer in pieces; see `send`."""
        found: AsyncGenerator[ChatGenerationChunk, None]
        found = self.delegate.apieces(plan, messages)
        return found

    def shape_pieces(self, plan: CallPlan) -> Shape:
        """Return what shapes the pieces of one stream."""
        return Pieces(plan).shape

    def count_tokens(self, plan: CallPlan, messages: list[BaseMessage]) -> int:
        """Return how many tokens the provider counts in messages, system and tools."""
        with self._errors(plan, is_answer=False):
            return count_tokens(self.delegate, plan, prepared(plan, messages))

    def list_models(self) -> list[dict[str, Any]]:
        """Return the rows of ListModels, as the REST API has them."""
        return model_rows(self.delegate)


SHIM = GoogleGenAIShim


def _address(settings: dict[str, Any]) -> dict[str, Any]:
    """Return a base URL without the version it ends with, and that version.

    The SDK puts the version behind the base URL, where it would stand twice.
    """
    url = str(settings.get("base_url", ""))
    ends = _VERSIONED.search(url)
    if ends is None:
        return {}
    version = settings.get("api_version", ends.group(1))
    return {"base_url": url[: ends.start()], "api_version": version}


_VERSIONED = re.compile(r"/(v1(?:alpha|beta)\d*)(?:/models)?/*$")
"""The end of a base URL with a version of Google's; `/v1` may be a proxy's own path."""


def _api_version() -> str:
    """Return the version of the Developer API.

    google-genai 3 defaults to `v1`, which knows neither thinking nor the `-latest`
    names (read 2026-11-27).
    """
    said = os.environ.get("GOOGLE_GENAI_API_VERSION")
    return "v1beta" if said in {None, "", "beta"} else said


def _key_in_environment() -> bool:
    return any(os.environ.get(name) for name in KEY_VARIABLES)
