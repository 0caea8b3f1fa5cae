"""The Anthropic shim: one `ChatAnthropic` for each connection, any model."""

from __future__ import annotations

import os
from collections.abc import AsyncGenerator, Iterator
from typing import Any

import anthropic
from langchain_core.messages import BaseMessage
from langchain_core.outputs import ChatGenerationChunk, ChatResult

from langchain_unified.errors import MissingCredentialsError, ProviderError
from langchain_unified.reliability.closing import owned
from langchain_unified.shims.anthropic.answering import TextPieces, as_text
from langchain_unified.shims.anthropic.delegate import (
    TIMEOUT,
    PlannedChatAnthropic,
    http_package,
)
from langchain_unified.shims.anthropic.errors import CAUGHT, to_unified
from langchain_unified.shims.anthropic.pausing import StreamedTurn, Turn
from langchain_unified.shims.anthropic.shape import Pieces, shape_result
from langchain_unified.shims.delegated import DelegatedShim, Shape
from langchain_unified.shims.forced import CallPieces, as_call
from langchain_unified.transport import client_arguments
from langchain_unified.types import CallPlan

KEY_VARIABLES = ("ANTHROPIC_API_KEY",)
_SETTINGS = (
    "api_key",
    "base_url",
    "default_headers",
    "http_client",
    "http_async_client",
)


class AnthropicShim(DelegatedShim):
    """Calls Claude."""

    provider = "anthropic"
    caught = CAUGHT

    def make_delegate(self) -> PlannedChatAnthropic:
        """Return the `ChatAnthropic` of the connection.

        Raises:
            MissingCredentialsError: If there is no key.
        """
        given = self.connection.get
        if not given("api_key") and not os.environ.get(KEY_VARIABLES[0]):
            raise MissingCredentialsError(self.provider, "Anthropic", KEY_VARIABLES)
        kept = {name: given(name) for name in _SETTINGS if given(name) is not None}
        arguments = self._client_arguments()
        if "http_client" not in kept:
            kept["http_client"] = anthropic.DefaultHttpxClient(**arguments)
        if "http_async_client" not in kept:
            kept["http_async_client"] = anthropic.DefaultAsyncHttpxClient(**arguments)
        return PlannedChatAnthropic(model="planned", timeout=TIMEOUT, **kept)

    def send(self, plan: CallPlan, messages: list[BaseMessage]) -> ChatResult:
        """Return a whole turn; one that the API pauses is sent again."""
        turn = Turn(plan, messages)
        while turn.goes_on(super().send(turn.plan(), turn.messages())):
            pass
        return turn.result()

    async def asend(self, plan: CallPlan, messages: list[BaseMessage]) -> ChatResult:
        """Return a whole turn; one that the API pauses is sent again."""
        turn = Turn(plan, messages)
        while turn.goes_on(await super().asend(turn.plan(), turn.messages())):
            pass
        return turn.result()

    def pieces(
        self, plan: CallPlan, messages: list[BaseMessage]
    ) -> Iterator[ChatGenerationChunk]:
        """Yield a turn in pieces; one that the API pauses is sent again."""
        turn = StreamedTurn(plan, messages)
        while True:
            chunks = super().pieces(turn.plan(), turn.messages())
            with turn.in_exchange():
                first = next(chunks, None)
            if first is not None:
                yield turn.passed(first)
            for chunk in chunks:
                yield turn.passed(chunk)
            if not turn.goes_on():
                return

    async def apieces(
        self, plan: CallPlan, messages: list[BaseMessage]
    ) -> AsyncGenerator[ChatGenerationChunk, None]:
        """Yield a turn in pieces; one that the API pauses is sent again."""
        turn = StreamedTurn(plan, messages)
        while True:
            given = super().apieces(turn.plan(), turn.messages())
            async with owned(given) as chunks:
                async for chunk in chunks:
                    yield turn.passed(chunk)
            if not turn.goes_on():
                return

    def _client_arguments(self) -> dict[str, Any]:
        """Return the arguments of the SDK's HTTP clients."""
        proxy = self.connection.get("proxy") or os.environ.get("ANTHROPIC_PROXY")
        limits = anthropic.DEFAULT_CONNECTION_LIMITS
        given = {"limits": limits, **({"proxy": proxy} if proxy else {})}
        return client_arguments(http_package(), given, self.own)

    def to_unified(self, error: Exception, plan: CallPlan) -> ProviderError:
        """Return an error of ours, which is the SDK's as well."""
        return to_unified(error, plan)

    def shape_result(self, plan: CallPlan, result: ChatResult) -> ChatResult:
        """Return a whole answer with text as `str` content."""
        return as_text(plan, as_call(plan, shape_result(plan, result)))

    def shape_pieces(self, plan: CallPlan) -> Shape:
        """Return what shapes the pieces of one stream."""
        pieces, calls, texts = Pieces(plan), CallPieces(plan), TextPieces(plan)
        return lambda chunk: texts.feed(calls.feed(pieces.shape(chunk)))

    def list_models(self) -> list[dict[str, Any]]:
        """Return the models the API lists, page by page."""
        listed = self.delegate.sdk_client.models.list()
        return [model.model_dump(mode="json") for model in listed]


SHIM = AnthropicShim
