"""The seam to langchain-core: the four faces of somebody else's chat model.

`_generate`, `_agenerate`: the whole answer, without and with an event loop.
`_stream`, `_astream`: the answer in pieces.

LangChain's guide to custom chat models documents them as what an integration
implements. They are called directly, because the public `invoke` and its kin would
start callbacks, caches and a trace of their own for a call that has them already.
Run on langchain-core 1.7.5 to 1.8.3.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterator
from typing import Any, cast

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import BaseMessage
from langchain_core.outputs import ChatGenerationChunk, ChatResult


def generate(
    model: BaseChatModel, messages: list[BaseMessage], /, **kwargs: Any
) -> ChatResult:
    """Return a model's whole answer, without its callbacks.

    Args:
        model: The chat model of an integration.
        messages: The conversation.
        **kwargs: Settings of the call, as the integration takes them.
    """
    return model._generate(messages, **kwargs)  # noqa: SLF001


async def agenerate(
    model: BaseChatModel, messages: list[BaseMessage], /, **kwargs: Any
) -> ChatResult:
    """Return a model's whole answer; see `generate`."""
    return await model._agenerate(messages, **kwargs)  # noqa: SLF001


def stream(
    model: BaseChatModel, messages: list[BaseMessage], /, **kwargs: Any
) -> Iterator[ChatGenerationChunk]:
    """Return a model's answer in pieces; see `generate`."""
    return model._stream(messages, **kwargs)  # noqa: SLF001


def astream(
    model: BaseChatModel, messages: list[BaseMessage], /, **kwargs: Any
) -> AsyncGenerator[ChatGenerationChunk, None]:
    """Return a model's answer in pieces; see `generate`."""
    pieces: Any = model._astream(messages, **kwargs)  # noqa: SLF001
    return cast("AsyncGenerator[ChatGenerationChunk, None]", pieces)
