"""Proxies on the loopback: an HTTP one, and a SOCKS one."""

from __future__ import annotations

import http.client
import select
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from socketserver import BaseRequestHandler, ThreadingTCPServer
from urllib.parse import urlsplit

_HOP = {"connection", "proxy-connection", "keep-alive", "transfer-encoding"}


class ForwardProxy(ThreadingHTTPServer):
    """Forwards requests and remembers where they went and who asked.

    Attributes:
        targets: URL of each request, `host:port` of each tunnel.
        credentials: `Proxy-Authorization` of each.
    """

    daemon_threads = True

    def __init__(self) -> None:
        """Listen on a free port."""
        super().__init__(("127.0.0.1", 0), _Handler)
        self.targets: list[str] = []
        self.credentials: list[str | None] = []

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.server_address[1]}"


class _Handler(BaseHTTPRequestHandler):
    server: ForwardProxy
    protocol_version = "HTTP/1.1"

    def log_message(self, *args: object) -> None:
        """Print nothing."""

    def _note(self) -> None:
        self.server.targets.append(self.path)
        self.server.credentials.append(self.headers.get("proxy-authorization"))

    def do_POST(self) -> None:
        self._note()
        parts = urlsplit(self.path)
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        headers = {k: v for k, v in self.headers.items() if k.lower() not in _HOP}
        there = http.client.HTTPConnection(str(parts.hostname), parts.port or 80)
        with there_closed(there):
            path = parts.path + (f"?{parts.query}" if parts.query else "")
            there.request(self.command, path, body, headers)
            answer = there.getresponse()
            said = answer.read()
        self.send_response(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in _HOP | {"content-length"}:
                self.send_header(name, value)
        self.send_header("content-length", str(len(said)))
        self.end_headers()
        self.wfile.write(said)

    def do_CONNECT(self) -> None:
        self._note()
        host, _, port = self.path.partition(":")
        with socket.create_connection((host, int(port))) as there:
            self.send_response(200)
            self.end_headers()
            _pass_on(self.connection, there)
        self.close_connection = True


@contextmanager
def there_closed(there: http.client.HTTPConnection) -> Iterator[None]:
    """Close a connection at the end."""
    try:
        yield
    finally:
        there.close()


@contextmanager
def forward_proxy() -> Iterator[ForwardProxy]:
    """Run a proxy."""
    with ForwardProxy() as proxy:
        thread = threading.Thread(target=proxy.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        try:
            yield proxy
        finally:
            proxy.shutdown()
            thread.join()


class SocksProxy(ThreadingTCPServer):
    """Speaks SOCKS5 without credentials, and remembers where it connected.

    Attributes:
        targets: `host:port` of each connection.
    """

    daemon_threads = True

    def __init__(self) -> None:
        """Listen on a free port."""
        super().__init__(("127.0.0.1", 0), _Socks)
        self.targets: list[str] = []

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"socks5://127.0.0.1:{self.server_address[1]}"


class _Socks(BaseRequestHandler):
    server: SocksProxy

    def handle(self) -> None:
        """Greet, connect, and pass bytes both ways (RFC 1928)."""
        client = self.request
        _, methods = client.recv(2)
        client.recv(methods)
        client.sendall(b"\x05\x00")
        kind = client.recv(4)[3]
        size = {1: 4, 3: 0, 4: 16}[kind] or client.recv(1)[0]
        raw = client.recv(size)
        host = raw.decode() if kind == 3 else str(ip_address(raw))
        port = int.from_bytes(client.recv(2), "big")
        self.server.targets.append(f"{host}:{port}")
        with socket.create_connection((host, port)) as there:
            client.sendall(b"\x05\x00\x00\x01\x00\x00\x00\x00\x00\x00")
            _pass_on(client, there)


def _pass_on(one: socket.socket, other: socket.socket) -> None:
    """Pass bytes both ways until one side is done."""
    ends = {one: other, other: one}
    while True:
        ready, _, _ = select.select(list(ends), [], [], 10)
        data = ready[0].recv(65536) if ready else b""
        if not data:
            return
        ends[ready[0]].sendall(data)


@contextmanager
def socks_proxy() -> Iterator[SocksProxy]:
    """Run a SOCKS proxy."""
    with SocksProxy() as proxy:
        thread = threading.Thread(target=proxy.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        try:
            yield proxy
        finally:
            proxy.shutdown()
            thread.join()
