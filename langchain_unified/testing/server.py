"""A loopback HTTP server on one background thread."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import threading
from typing import TYPE_CHECKING

from langchain_unified.testing.wire import (
    HEAD_LIMIT,
    BadRequestError,
    HttpReply,
    read_request,
    write_reply,
)

if TYPE_CHECKING:
    from asyncio import StreamReader, StreamWriter
    from collections.abc import Callable

    from langchain_unified.testing.wire import HttpRequest

BACKLOG = 4096

_PICKED: set[int] = set()
"""Ports picked in this process. Clients are kept by address (langchain-openai 1.7 does
so), and one that is left from an earlier server has connections of an event loop that
is closed by now."""

_MOST_PASSED_OVER = 50


_LAST_PORT = 65_535


class LoopbackServer:
    """Serves a function of a request on 127.0.0.1.

    Args:
        respond: Turns a request into a reply. Runs on the server thread and must not
            block.
        port: Port to listen on; 0 picks a free one.
    """

    def __init__(
        self, respond: Callable[[HttpRequest], HttpReply], port: int = 0
    ) -> None:
        """Prepare to serve; nothing listens yet.

        Raises:
            ValueError: If there is no such port.
        """
        if not 0 <= port <= _LAST_PORT:
            message = f"There is no port {port}: give 0 to {_LAST_PORT}; 0 is any."
            raise ValueError(message)
        self._respond = respond
        self._wanted_port = port
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop: asyncio.Event | None = None
        self._started = threading.Event()
        self._failure: OSError | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._numbers = itertools.count(1)
        self.connections = 0
        self.port = 0

    @property
    def open_connections(self) -> int:
        """Connections that are open now."""
        return len(self._tasks)

    def start(self) -> None:
        """Start listening.

        Raises:
            OSError: If the port is taken.
        """
        self._started.clear()
        self._thread = threading.Thread(
            target=self._run, name="provider-emulator", daemon=True
        )
        self._thread.start()
        self._started.wait()
        if self._failure is not None:
            failure, self._failure = self._failure, None
            self._thread.join()
            self._thread = None
            raise failure

    def stop(self) -> None:
        """Close every connection and the thread; calling it twice is harmless."""
        thread, self._thread = self._thread, None
        if thread is None or self._loop is None or self._stop is None:
            return
        self._loop.call_soon_threadsafe(self._stop.set)
        thread.join()
        self._loop = self._stop = None

    def _run(self) -> None:
        loop = asyncio.new_event_loop()
        self._loop = loop
        try:
            loop.run_until_complete(self._serve())
        finally:
            loop.run_until_complete(loop.shutdown_asyncgens())
            loop.close()
            self._started.set()

    async def _serve(self) -> None:
        self._stop = asyncio.Event()
        try:
            server = await self._listen()
        except OSError as error:
            self._failure = error
            return
        self._started.set()
        await self._stop.wait()
        server.close()
        await self._cancel_connections()

    async def _listen(self) -> asyncio.Server:
        """Listen on the port wanted, or on one that was not picked before."""
        passed_over: list[asyncio.Server] = []
        while True:
            place = ("127.0.0.1", self._wanted_port)
            server = await asyncio.start_server(
                self._connected, *place, backlog=BACKLOG, limit=HEAD_LIMIT
            )
            self.port = server.sockets[0].getsockname()[1]
            is_new = self._wanted_port or self.port not in _PICKED
            if is_new or len(passed_over) == _MOST_PASSED_OVER:
                break
            passed_over.append(server)
        _PICKED.add(self.port)
        for other in passed_over:
            other.close()
        return server

    async def _cancel_connections(self) -> None:
        while self._tasks:
            tasks = list(self._tasks)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await asyncio.sleep(0)

    async def _connected(self, reader: StreamReader, writer: StreamWriter) -> None:
        task = asyncio.current_task()
        if task is None:
            return
        self._tasks.add(task)
        self.connections += 1
        try:
            with contextlib.suppress(ConnectionError, asyncio.CancelledError):
                await self._talk(reader, writer, next(self._numbers))
        finally:
            self._tasks.discard(task)
            writer.transport.abort()

    async def _talk(
        self, reader: StreamReader, writer: StreamWriter, number: int
    ) -> None:
        alive = True
        while alive:
            try:
                request = await read_request(reader, number)
            except BadRequestError as error:
                reply = HttpReply(error.status, body=str(error).encode())
                await write_reply(writer, reply, keep_alive=False)
                break
            if request is None:
                break
            reply = self._respond(request)
            alive = await write_reply(writer, reply, keep_alive=request.keep_alive)
        await _close_gently(writer)


async def _close_gently(writer: StreamWriter) -> None:
    writer.close()
    with contextlib.suppress(ConnectionError, asyncio.TimeoutError):
        await asyncio.wait_for(writer.wait_closed(), timeout=1)
