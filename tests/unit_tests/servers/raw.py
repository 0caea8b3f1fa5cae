"""A server that answers with bytes as they stand, in pieces of a test's choice."""

from __future__ import annotations

import json
import socketserver
import threading
from collections.abc import Sequence
from types import TracebackType
from typing import Any

from typing_extensions import Self

STREAM, JSON = "text/event-stream", "application/json"
CLOSED = {"connection": "close"}


class RawServer:
    """Answers every request with the same pieces, each sent by itself.

    Args:
        pieces: Bytes of the body.
        kind: The content type.
        status: The HTTP status.
        framed: Whether the headers tell how long the body is; if not, the end of the
            connection is the end of the body.
    """

    def __init__(
        self,
        pieces: Sequence[bytes],
        kind: str = STREAM,
        status: int = 200,
        *,
        framed: bool = True,
    ) -> None:
        """Listen on a port of this machine."""
        length = {"content-length": str(sum(map(len, pieces)))} if framed else {}
        headers = {"content-type": kind, **CLOSED, **length}
        lines = [f"HTTP/1.1 {status} -", *(f"{k}: {v}" for k, v in headers.items())]
        head = "\r\n".join([*lines, "", ""]).encode()

        class Handler(socketserver.StreamRequestHandler):
            disable_nagle_algorithm = True

            def handle(self) -> None:
                length = 0
                while (line := self.rfile.readline()) not in (b"\r\n", b""):
                    if line.lower().startswith(b"content-length:"):
                        length = int(line.partition(b":")[2])
                self.rfile.read(length)
                for piece in (head, *pieces):
                    self.wfile.write(piece)

        self._server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/v1"

    def __enter__(self) -> Self:
        """Begin to answer."""
        serve = self._server.serve_forever
        threading.Thread(target=serve, args=(0.02,), daemon=True).start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop listening."""
        self._server.shutdown()
        self._server.server_close()


def data(event: Any) -> bytes:
    """Return an event of a stream."""
    return b"data: %s\n\n" % json.dumps(event).encode()
