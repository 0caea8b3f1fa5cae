"""A shim over LangChain's own integration of a provider: one object, any model.

The integration renders messages and parses answers; what it would decide by its own
model's name is replaced by the plan. The four faces are written here once.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import AsyncGenerator, Callable, Generator, Iterator
from contextlib import contextmanager
from functools import cached_property
from typing import Any, ClassVar

from langchain_core.messages import BaseMessage
from langchain_core.outputs import ChatGenerationChunk, ChatResult

from langchain_unified.content import register_translators
from langchain_unified.errors import ProviderError, refusal_within
from langchain_unified.history import aprepared, prepared
from langchain_unified.reliability.closing import owned
from langchain_unified.shims import core_seam
from langchain_unified.shims.base import ProviderShim
from langchain_unified.types import CallPlan

register_translators()

Shape = Callable[[ChatGenerationChunk], ChatGenerationChunk]
"""Brings the pieces of one stream into the content shape of the package."""


class DelegatedShim(ProviderShim):
    """Sends plans through a chat model of a LangChain integration.

    The chat model takes a plan by the keywords that its method `planned` returns.

    Attributes:
        caught: What the integration and its SDK raise.
    """

    caught: ClassVar[tuple[type[Exception], ...]]

    @cached_property
    def delegate(self) -> Any:
        """The chat model that keeps the clients and renders messages."""
        return self.make_delegate()

    @abstractmethod
    def make_delegate(self) -> Any:
        """Return the chat model of the connection.

        Raises:
            MissingCredentialsError: If there is no key.
        """

    @abstractmethod
    def to_unified(self, error: Exception, plan: CallPlan) -> ProviderError:
        """Return an error of ours, which is of the class raised as well."""

    def as_raised(
        self,
        error: Exception,
        plan: CallPlan,  # noqa: ARG002 - for those that need it
    ) -> Exception:
        """Return an error of the SDK as the integration raises it."""
        return error

    @abstractmethod
    def shape_result(self, plan: CallPlan, result: ChatResult) -> ChatResult:
        """Return a whole answer in the content shape of the package."""

    @abstractmethod
    def shape_pieces(self, plan: CallPlan) -> Shape:
        """Return what shapes the pieces of one stream, the first to the last."""

    def send(self, plan: CallPlan, messages: list[BaseMessage]) -> ChatResult:
        """Return the integration's answer to messages made ready for the wire."""
        planned = self.delegate.planned(plan)
        return core_seam.generate(self.delegate, messages, **planned)

    async def asend(self, plan: CallPlan, messages: list[BaseMessage]) -> ChatResult:
        """Return the integration's answer; see `send`."""
        planned = self.delegate.planned(plan)
        return await core_seam.agenerate(self.delegate, messages, **planned)

    def pieces(
        self, plan: CallPlan, messages: list[BaseMessage]
    ) -> Iterator[ChatGenerationChunk]:
        """Return the integration's answer in pieces; see `send`."""
        planned = self.delegate.planned(plan)
        return core_seam.stream(self.delegate, messages, **planned)

    def apieces(
        self, plan: CallPlan, messages: list[BaseMessage]
    ) -> AsyncGenerator[ChatGenerationChunk, None]:
        """Return the integration's answer in pieces; see `send`."""
        planned = self.delegate.planned(plan)
        return core_seam.astream(self.delegate, messages, **planned)

    def generate(self, plan: CallPlan, messages: list[BaseMessage]) -> ChatResult:
        """Send the plan and return the whole answer."""
        with self._errors(plan):
            result = self.send(plan, prepared(plan, messages))
        return self.shape_result(plan, result)

    async def agenerate(
        self, plan: CallPlan, messages: list[BaseMessage]
    ) -> ChatResult:
        """Send the plan and return the whole answer."""
        with self._errors(plan):
            result = await self.asend(plan, await aprepared(plan, messages))
        return self.shape_result(plan, result)

    def stream(
        self, plan: CallPlan, messages: list[BaseMessage]
    ) -> Generator[ChatGenerationChunk, None, None]:
        """Send the plan and yield the answer in pieces."""
        shape = self.shape_pieces(plan)
        with self._errors(plan):
            for chunk in self.pieces(plan, prepared(plan, messages)):
                yield shape(chunk)

    async def astream(
        self, plan: CallPlan, messages: list[BaseMessage]
    ) -> AsyncGenerator[ChatGenerationChunk, None]:
        """Send the plan and yield the answer in pieces."""
        shape = self.shape_pieces(plan)
        with self._errors(plan):
            given = self.apieces(plan, await aprepared(plan, messages))
            async with owned(given) as chunks:
                async for chunk in chunks:
                    yield shape(chunk)

    @contextmanager
    def _errors(self, plan: CallPlan, *, is_answer: bool = True) -> Iterator[None]:
        try:
            yield
        except self.caught as error:
            if (refusal := refusal_within(error)) is not None:
                raise refusal from None
            raised = self.as_raised(error, plan) if is_answer else error
            raise self.to_unified(raised, plan) from raised
