"""A server that never answers but notices when a client goes away."""

from __future__ import annotations

import asyncio
from asyncio import StreamReader, StreamWriter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class Silent:
    """Counts the connections that carry a request."""

    def __init__(self) -> None:
        self.open = self.most = 0
        self.url = ""
        self._changed = asyncio.Condition()

    async def until(self, number: int, seconds: float = 10.0) -> bool:
        """Wait until so many requests are under way; tell whether they ever were."""
        async with self._changed:
            waiting = self._changed.wait_for(lambda: self.open == number)
            try:
                await asyncio.wait_for(waiting, seconds)
            except asyncio.TimeoutError:
                return False
        return True

    async def talk(self, reader: StreamReader, writer: StreamWriter) -> None:
        """Read until the client closes."""
        if await reader.read(1):
            await self._count(1)
            while await reader.read(65536):
                pass
            await self._count(-1)
        writer.close()

    async def _count(self, step: int) -> None:
        async with self._changed:
            self.open += step
            self.most = max(self.most, self.open)
            self._changed.notify_all()


@asynccontextmanager
async def silent_server() -> AsyncIterator[Silent]:
    """Run such a server."""
    silent = Silent()
    server = await asyncio.start_server(silent.talk, "127.0.0.1", 0)
    silent.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"
    async with server:
        yield silent
