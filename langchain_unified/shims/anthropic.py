"""The Anthropic shim: one `ChatAnthropic` for each connection, any model."""

from __future__ import annotations

import os
from collections.abc import AsyncGenerator, Generator, Iterator
from contextlib import contextmanager
from functools import cached_property

from langchain_core.messages import BaseMessage
from langchain_core.outputs import ChatGenerationChunk, ChatResult

from langchain_unified.content import register_translators
from langchain_unified.errors import MissingCredentialsError
from langchain_unified.history import aprepared, prepared
from langchain_unified.shims import ProviderShim
from langchain_unified.shims.anthropic_wire.delegate import (
    TIMEOUT,
    PlannedChatAnthropic,
)
from langchain_unified.shims.anthropic_wire.errors import CAUGHT, to_unified
from langchain_unified.shims.anthropic_wire.shape import shape_piece, shape_result
from langchain_unified.types import CallPlan

register_translators()

KEY_VARIABLES = ("ANTHROPIC_API_KEY",)
_SETTINGS = {
    "api_key": "api_key",
    "base_url": "base_url",
    "default_headers": "default_headers",
    "http_client": "http_client",
    "http_async_client": "http_async_client",
}


class AnthropicShim(ProviderShim):
    """Calls Claude."""

    provider = "anthropic"

    @cached_property
    def delegate(self) -> PlannedChatAnthropic:
        """The `ChatAnthropic` that keeps the clients and renders messages.

        Raises:
            MissingCredentialsError: If there is no key.
        """
        given = self.connection.get
        if not given("api_key") and not os.environ.get(KEY_VARIABLES[0]):
            raise MissingCredentialsError(self.provider, "Anthropic", KEY_VARIABLES)
        settings = {theirs: given(ours) for ours, theirs in _SETTINGS.items()}
        kept = {name: v for name, v in settings.items() if v is not None}
        return PlannedChatAnthropic(model="planned", timeout=TIMEOUT, **kept)

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
    ) -> Generator[ChatGenerationChunk, None, None]:
        """Send the plan and yield the answer in pieces."""
        with _errors(plan):
            for chunk in self.delegate._stream(  # noqa: SLF001
                prepared(plan, messages), **self.delegate.planned(plan)
            ):
                yield shape_piece(plan, chunk)

    async def astream(
        self, plan: CallPlan, messages: list[BaseMessage]
    ) -> AsyncGenerator[ChatGenerationChunk, None]:
        """Send the plan and yield the answer in pieces."""
        with _errors(plan):
            async for chunk in self.delegate._astream(  # noqa: SLF001
                await aprepared(plan, messages), **self.delegate.planned(plan)
            ):
                yield shape_piece(plan, chunk)


SHIM = AnthropicShim


@contextmanager
def _errors(plan: CallPlan) -> Iterator[None]:
    try:
        yield
    except CAUGHT as error:
        raise to_unified(error, plan) from error
