"""What a provider implements to send plans."""

from __future__ import annotations

import weakref
from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator, Generator
from typing import Any, ClassVar

from langchain_core.messages import BaseMessage, HumanMessage
from langchain_core.outputs import ChatGenerationChunk, ChatResult

from langchain_unified.connection import Connection
from langchain_unified.types import CallPlan


class ProviderShim(ABC):
    """Sends finished plans to one provider over one connection.

    One instance serves every model, thread and task that uses the same connection
    settings, so it keeps no state of a call. It decides nothing: what to send is in
    the plan. Errors are raised as `langchain_unified.errors.ProviderError`.

    Attributes:
        provider: LangChain's provider id.

    A package of your own offers its class under the entry point group
    `langchain_unified.shims`, and keeps its rows beside the module of the class, in a
    TOML file named after the provider. Installing the package does the rest; the page
    `notebooks/write_a_provider.md` leads through one. What the HTTP library of such a
    class raises is raised as an error of ours, and the call is tried again where that
    may help.

    Example:
        >>> from langchain_core.messages import AIMessage, AIMessageChunk
        >>> from langchain_core.outputs import ChatGeneration, ChatGenerationChunk
        >>> from langchain_core.outputs import ChatResult
        >>> class EchoShim(ProviderShim):
        ...     provider = "echo"
        ...
        ...     def generate(self, plan, messages):
        ...         message = AIMessage(messages[-1].text)
        ...         return ChatResult(generations=[ChatGeneration(message=message)])
        ...
        ...     async def agenerate(self, plan, messages):
        ...         return self.generate(plan, messages)
        ...
        ...     def stream(self, plan, messages):
        ...         for word in messages[-1].text.split():
        ...             yield ChatGenerationChunk(message=AIMessageChunk(word))
        ...
        ...     async def astream(self, plan, messages):
        ...         for chunk in self.stream(plan, messages):
        ...             yield chunk
        >>> shim = EchoShim(Connection("echo", {}))
        >>> shim.generate(None, [HumanMessage("hi")]).generations[0].text
        'hi'
    """

    provider: ClassVar[str]

    def __init__(self, connection: Connection) -> None:
        """Keep the connection settings; build clients when first needed."""
        self.connection = connection
        self._owned: list[Any] = []
        weakref.finalize(self, _close, self._owned)

    def own(self, transport: Any) -> Any:
        """Have the connections of an HTTP transport closed when the shim is no more.

        Left to the garbage collector, a socket may be collected before its owner.

        Args:
            transport: A transport that nobody else was given.

        Returns:
            The transport.
        """
        self._owned.append(transport)
        return transport

    def close(self) -> None:
        """Close connections; new ones are opened when they are needed."""
        for transport in self._owned:
            transport.close()

    async def aclose(self) -> None:
        """Close connections, those of this event loop included; see `close`."""
        for transport in self._owned:
            transport.close()
            await transport.aclose()

    @classmethod
    def sdk_errors(
        cls,
        reason: str,  # noqa: ARG003 - for those that have such errors
        message: BaseMessage,  # noqa: ARG003
    ) -> tuple[tuple[type[Exception], ...], dict[str, Any]]:
        """Return what the provider's package raises for an answer without its form.

        Args:
            reason: `length`, `content_filter` or `refusal`.
            message: The answer.

        Returns:
            Classes that our error shall be as well, and fields it shall have.
        """
        return (), {}

    @abstractmethod
    def generate(self, plan: CallPlan, messages: list[BaseMessage]) -> ChatResult:
        """Send the plan and return the whole answer."""

    @abstractmethod
    async def agenerate(
        self, plan: CallPlan, messages: list[BaseMessage]
    ) -> ChatResult:
        """Send the plan and return the whole answer."""

    @abstractmethod
    def stream(
        self, plan: CallPlan, messages: list[BaseMessage]
    ) -> Generator[ChatGenerationChunk]:
        """Send the plan and yield the answer in pieces."""

    @abstractmethod
    def astream(
        self, plan: CallPlan, messages: list[BaseMessage]
    ) -> AsyncGenerator[ChatGenerationChunk]:
        """Send the plan and yield the answer in pieces."""

    def count_tokens(self, plan: CallPlan, messages: list[BaseMessage]) -> int:
        """Count the tokens of messages; a shim that cannot says so.

        Raises:
            NotImplementedError: If the provider offers no count.
        """
        raise NotImplementedError(f"{self.provider} does not count tokens")

    def count_text(self, plan: CallPlan, text: str) -> int:
        """Count the tokens of a text; see `count_tokens`."""
        return self.count_tokens(plan, [HumanMessage(text)])

    def token_ids(self, plan: CallPlan, text: str) -> list[int]:
        """Return the tokens of a text; a shim without a tokenizer says so.

        Raises:
            NotImplementedError: If the provider does not provide a tokenizer.
        """
        raise NotImplementedError(f"{self.provider} does not provide a tokenizer")


def _close(transports: list[Any]) -> None:
    for transport in transports:
        transport.close()
