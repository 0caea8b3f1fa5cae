"""Streams: a prompt in, the answer in pieces of text out."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Generator
from contextlib import closing
from typing import Any

from langchain_unified.reliability.closing import owned
from langchain_unified.service.asking import AUTO, Images
from langchain_unified.service.text import TextFace


class StreamFace(TextFace):
    """Answers prompts in pieces."""

    async def stream_text(
        self,
        prompt: str,
        model: str = AUTO,
        system_message: str | None = None,
        images: Images | None = None,
        **settings: Any,
    ) -> AsyncGenerator[str, None]:
        """Yield the answer to a prompt in pieces of text.

        Closing the iterator, or cancelling the task, closes the connection.

        Args:
            prompt: What to ask.
            model: Any model the registry understands, or `auto`.
            system_message: Instructions that go before the prompt.
            images: URLs, data URLs, bytes or `pathlib.Path`s.
            **settings: What `generate_text` takes besides.
        """
        ask = self._text(prompt, model, system_message, images, **settings)
        async with owned(ask.apieces()) as pieces:
            async for piece in pieces:
                if piece.text:
                    yield piece.text

    def stream_text_sync(
        self,
        prompt: str,
        model: str = AUTO,
        system_message: str | None = None,
        images: Images | None = None,
        **settings: Any,
    ) -> Generator[str, None, None]:
        """Yield the answer to a prompt in pieces of text; see `stream_text`."""
        ask = self._text(prompt, model, system_message, images, **settings)
        with closing(ask.pieces()) as pieces:
            for piece in pieces:
                if piece.text:
                    yield piece.text
