"""Shims: a finished plan and messages in, LangChain objects back.

`ProviderShim` is what a provider implements; `load_shim` finds its class by the
provider id, in this folder or behind an entry point `langchain_unified.shims`.
"""

from __future__ import annotations

import importlib
import threading
import weakref
from abc import ABC, abstractmethod
from collections import OrderedDict
from collections.abc import AsyncGenerator, Generator
from functools import cache
from importlib.metadata import entry_points
from typing import Any, ClassVar

from langchain_core.messages import BaseMessage, HumanMessage
from langchain_core.outputs import ChatGenerationChunk, ChatResult

from langchain_unified.connection import Connection
from langchain_unified.data.installed import SHIMS, shipped_ids
from langchain_unified.errors import ProviderNotEnabledError, UnsupportedVersionError
from langchain_unified.registry import default_registry
from langchain_unified.runtime import runtime
from langchain_unified.transport.proxies import check_environment
from langchain_unified.types import CallPlan
from langchain_unified.versions import SHARED, first_problem

__all__ = ["ProviderShim", "connect", "load_shim"]


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
        raise NotImplementedError(f"{self.provider} offers no token count")

    def count_text(self, plan: CallPlan, text: str) -> int:
        """Count the tokens of a text; see `count_tokens`."""
        return self.count_tokens(plan, [HumanMessage(text)])

    def token_ids(self, plan: CallPlan, text: str) -> list[int]:
        """Return the tokens of a text; a shim without a tokenizer says so.

        Raises:
            NotImplementedError: If the provider offers no tokenizer.
        """
        raise NotImplementedError(f"{self.provider} offers no tokenizer")


_MOST_RECENT = 32
"""Shims kept although no model uses them: many an application makes a model per
request, and would open its connections anew each time."""


class _Shims:
    """The shims in use, and those used last."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._used: weakref.WeakValueDictionary[Connection, ProviderShim] = (
            weakref.WeakValueDictionary()
        )
        self._recent: OrderedDict[Connection, ProviderShim] = OrderedDict()

    def get(self, connection: Connection, make: type[ProviderShim]) -> ProviderShim:
        """Return the shim of a connection, made if there is none."""
        dropped = None
        with self._lock:
            shim = self._used.get(connection)
            if shim is None:
                shim = self._used[connection] = make(connection)
            self._recent[connection] = shim
            self._recent.move_to_end(connection)
            if len(self._recent) > _MOST_RECENT:
                _, dropped = self._recent.popitem(last=False)
        del dropped  # It may close connections: not under the lock.
        return shim


def connect(connection: Connection) -> ProviderShim:
    """Return the shim of a connection; equal connections share one.

    Raises:
        ProviderNotEnabledError: If there is no shim for the provider or its package
            is not installed.
    """
    return runtime[_Shims].get(connection, load_shim(connection.provider))


@cache
def load_shim(provider: str) -> type[ProviderShim]:
    """Return the shim class of a provider.

    Raises:
        ProviderNotEnabledError: If there is none, or its package is not installed.
        UnsupportedVersionError: If a package it needs is of a version that fails.
    """
    offered = () if provider in shipped_ids() else entry_points(group=SHIMS)
    for entry in offered:
        if entry.name == provider:
            return _translating(_check(provider, entry.load()))
    name = f"{__name__}.{provider}"
    file = default_registry().files.get(provider)
    needed = (*SHARED, *(file.provider.packages if file else ()))
    if problem := first_problem(needed):
        raise UnsupportedVersionError(*problem)
    try:
        module = importlib.import_module(name)
    except ModuleNotFoundError as error:
        raise _not_available(provider, error, own=error.name == name) from error
    except ImportError:
        check_environment()  # The ollama package makes a client when it is imported.
        raise
    return _check(provider, module.SHIM)


def _translating(shim_class: type[ProviderShim]) -> type[ProviderShim]:
    """Return a shim of another package that raises errors of ours alone."""
    from langchain_unified.shims.foreign import translating  # noqa: PLC0415

    return translating(shim_class)


def _close(transports: list[Any]) -> None:
    for transport in transports:
        transport.close()


def _check(provider: str, shim: object) -> type[ProviderShim]:
    if isinstance(shim, type) and issubclass(shim, ProviderShim):
        return shim
    msg = f"The shim of provider {provider!r} is no ProviderShim subclass: {shim!r}."
    raise TypeError(msg)


def _not_available(
    provider: str, error: ModuleNotFoundError, *, own: bool
) -> ProviderNotEnabledError:
    if own:
        message = (
            f"There is no shim for provider {provider!r}. Install a package that "
            f"offers one under the entry point group 'langchain_unified.shims'."
        )
    else:
        message = (
            f"Provider {provider!r} needs the package of {error.name!r}, which is not "
            f'installed: pip install "{_distribution(provider)}"'
        )
    return ProviderNotEnabledError(provider, message)


def _distribution(provider: str) -> str:
    """Return what to install for a provider: the package, with an extra if any."""
    file = default_registry().files.get(provider)
    extra = file.provider.extra if file else None
    return f"langchain-unified[{extra}]" if extra else "langchain-unified"
