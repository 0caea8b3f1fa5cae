"""What the methods of the service share: a call, and the ways to make it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Callable, Generator, Iterable, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from langchain_core.language_models import LanguageModelInput
from langchain_core.messages import HumanMessage, SystemMessage
from langchain_core.runnables import Runnable

from langchain_unified.reliability.closing import owned
from langchain_unified.service.failures import typed_failures
from langchain_unified.service.images import Image, image_blocks

AUTO = "auto"
"""The model name that leaves the choice to the service."""

Images = Image | Iterable[Image]
"""One image or several; see `langchain_unified.service.images`."""

Config = Mapping[str, Any]
"""LangChain's config: tags, metadata, `configurable` with `user_id`."""

Answer = TypeVar("Answer")


@dataclass(frozen=True)
class Ask(Generic[Answer]):
    """One call, before it is made; `finish` gets the answer and the seconds."""

    runnable: Runnable[LanguageModelInput, Any]
    asked: LanguageModelInput
    finish: Callable[[Any, float], Answer]
    config: Any = None
    settings: dict[str, Any] = field(default_factory=dict)
    images: Images | None = None

    def messages(self) -> LanguageModelInput:
        """Return the messages; files are read."""
        if self.images is None:
            return self.asked
        asked: Any = self.asked
        *before, last = asked
        content: Any = [{"type": "text", "text": last.content}]
        return [*before, HumanMessage([*content, *image_blocks(self.images)])]

    def call(self) -> tuple[LanguageModelInput, dict[str, Any]]:
        """Return the messages and keywords that the chat model is given."""
        bound = getattr(getattr(self.runnable, "first", None), "kwargs", {})
        # langchain-core takes this one out for its trace (1.8.3, 2026-11-27).
        kept = {k: v for k, v in bound.items() if k != "ls_structured_output_format"}
        return self.messages(), {**kept, **self.settings}

    def now(self) -> Answer:
        """Make the call on this thread."""
        messages, started = self.messages(), time.perf_counter()
        with typed_failures():
            answer = self.runnable.invoke(messages, self.config, **self.settings)
        return self.finish(answer, time.perf_counter() - started)

    async def soon(self) -> Answer:
        """Make the call on this event loop; files are read on a thread."""
        messages, started = await self._amessages(), time.perf_counter()
        with typed_failures():
            answer = await self.runnable.ainvoke(messages, self.config, **self.settings)
        return self.finish(answer, time.perf_counter() - started)

    def pieces(self) -> Generator[str, None, None]:
        """Make the call on this thread; yield the text of the answer in pieces."""
        given: Any = self.runnable.stream(self.messages(), self.config, **self.settings)
        with typed_failures(), closing(given) as chunks:
            yield from (chunk.text for chunk in chunks if chunk.text)

    async def apieces(self) -> AsyncGenerator[str, None]:
        """Make the call on this event loop; yield the text of the answer in pieces."""
        messages = await self._amessages()
        given: Any = self.runnable.astream(messages, self.config, **self.settings)
        with typed_failures():
            async with owned(given) as chunks:
                async for chunk in chunks:
                    if chunk.text:
                        yield chunk.text

    async def _amessages(self) -> LanguageModelInput:
        if self.images is None or isinstance(self.images, (str, bytes)):
            return self.messages()
        return await asyncio.to_thread(self.messages)


def prompted(text: str, system: str | None) -> LanguageModelInput:
    """Return a prompt as messages, with instructions before it if there are any."""
    return [*([SystemMessage(system)] if system else []), HumanMessage(text)]
