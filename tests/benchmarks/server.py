"""A loopback server in a process of its own, so that only clients' CPU is measured.

It reads a request just far enough to know which canned answer is wanted.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.benchmarks import replies

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Server:
    """Where the server listens.

    Attributes:
        port: Its port on 127.0.0.1.
        paced: The port on which every event comes in a packet of its own.
    """

    port: int
    paced: int

    def openai(self, *, paced: bool = False) -> str:
        """Return the base URL for OpenAI's clients."""
        return f"{self.google(paced=paced)}/v1"

    def google(self, *, paced: bool = False) -> str:
        """Return the base URL for Google's clients."""
        return f"http://127.0.0.1:{self.paced if paced else self.port}"


@contextmanager
def serving() -> Iterator[Server]:
    """Run the server in another process."""
    command = [sys.executable, "-m", "tests.benchmarks.server"]
    with subprocess.Popen(  # noqa: S603
        command, stdout=subprocess.PIPE, cwd=ROOT, text=True
    ) as process:
        assert process.stdout is not None
        try:
            ports = process.stdout.readline().split()
            yield Server(int(ports[0]), int(ports[1]))
        finally:
            process.terminate()


class _Answers:
    """Finished HTTP answers by the kind of request."""

    def __init__(self) -> None:
        self._whole = {
            (name, structured): _whole(body)
            for structured in (False, True)
            for name, body in (
                ("chat", replies.chat(structured=structured)),
                ("responses", replies.responses()),
                ("gemini", replies.gemini(structured=structured)),
            )
        }
        self._streams = {
            "chat": _streamed(replies.chat_events()),
            "responses": _streamed(replies.response_events()),
            "gemini": _streamed(replies.gemini_events()),
        }

    def to(self, path: bytes, body: bytes) -> list[bytes]:
        """Return the packets of the answer to a request."""
        name = "gemini" if b"enerateContent" in path else "chat"
        name = "responses" if path.endswith(b"/responses") else name
        if b"streamGenerateContent" in path or _asks_to_stream(body):
            return self._streams[name]
        structured = b"json_schema" in body or b"responseJsonSchema" in body
        return self._whole[name, structured]


def _asks_to_stream(body: bytes) -> bool:
    return b'"stream":true' in body or b'"stream": true' in body


def _whole(body: bytes) -> list[bytes]:
    head = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n"
    return [head + b"content-length: %d\r\n\r\n" % len(body) + body]


def _streamed(events: list[bytes]) -> list[bytes]:
    head = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n"
    chunks = [b"%x\r\n%s\r\n" % (len(event), event) for event in events]
    return [head + b"transfer-encoding: chunked\r\n\r\n", *chunks, b"0\r\n\r\n"]


async def _serve() -> None:
    answers = _Answers()
    ports = []
    for pause in (None, 0.0003):

        async def handle(
            reader: asyncio.StreamReader,
            writer: asyncio.StreamWriter,
            pause: float | None = pause,
        ) -> None:
            await _converse(reader, writer, answers, pause)

        server = await asyncio.start_server(handle, "127.0.0.1", 0, backlog=512)
        ports.append(server.sockets[0].getsockname()[1])
    print(*ports, flush=True)  # noqa: T201
    await asyncio.Event().wait()


async def _converse(
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    answers: _Answers,
    pause: float | None,
) -> None:
    try:
        while True:
            head = await reader.readuntil(b"\r\n\r\n")
            body = await reader.readexactly(_length(head))
            packets = answers.to(head.split(b" ", 2)[1].partition(b"?")[0], body)
            if pause is None or len(packets) == 1:
                writer.write(b"".join(packets))
            else:
                for packet in packets:
                    writer.write(packet)
                    await asyncio.sleep(pause)
            await writer.drain()
    except (asyncio.IncompleteReadError, ConnectionError):
        writer.close()


def _length(head: bytes) -> int:
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            return int(value)
    return 0


if __name__ == "__main__":
    asyncio.run(_serve())
