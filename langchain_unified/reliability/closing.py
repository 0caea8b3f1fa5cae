"""Closing asynchronous generators once, by whoever iterates them.

An event loop remembers each asynchronous generator that was begun in it and closes all
of them when it shuts down. Where one closes another, both are then closed at the same
time, and the loop logs `aclose(): asynchronous generator is already running` (Python
3.10 to 3.14). So only the outermost may be known to the loop.
"""

from __future__ import annotations

import sys
from collections.abc import AsyncGenerator, Awaitable
from contextlib import aclosing
from typing import Generic, TypeVar

from typing_extensions import Self

Piece = TypeVar("Piece")


def owned(generator: AsyncGenerator[Piece, None]) -> aclosing[Owned[Piece]]:
    """Return a context that gives a generator to iterate, and closes it at its end.

    Args:
        generator: The generator, not begun.

    Example:
        >>> import asyncio
        >>> async def count():
        ...     yield 1
        >>> async def first():
        ...     async with owned(count()) as numbers:
        ...         async for number in numbers:
        ...             return number
        >>> asyncio.run(first())
        1
    """
    return aclosing(Owned(generator))


class Owned(Generic[Piece]):
    """An asynchronous generator that its owner closes, unknown to the event loop.

    Args:
        generator: The generator, not begun.
    """

    __slots__ = ("_begun", "_generator")

    def __init__(self, generator: AsyncGenerator[Piece, None]) -> None:
        """Take over a generator."""
        self._generator = generator
        self._begun = False

    def __aiter__(self) -> Self:
        """Return the iterator itself."""
        return self

    def __anext__(self) -> Awaitable[Piece]:
        """Return the next piece; a loop's hooks take effect at the first."""
        if self._begun:
            return self._generator.__anext__()
        self._begun = True
        hooks = sys.get_asyncgen_hooks()
        sys.set_asyncgen_hooks(firstiter=None, finalizer=None)
        try:
            return self._generator.__anext__()
        finally:
            sys.set_asyncgen_hooks(*hooks)

    async def aclose(self) -> None:
        """Close the generator."""
        if self._begun:
            await self._generator.aclose()
