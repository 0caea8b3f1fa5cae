"""The HTTP server: framing, connections and shutting down."""

from __future__ import annotations

import asyncio
import http.client
import json
import socket
import threading
import time

import pytest

from langchain_unified.testing import ProviderEmulator, wire
from langchain_unified.testing.server import LoopbackServer
from tests.unit_tests.testing.conftest import Post

CHAT = "/v1/chat/completions"
BODY = {"model": "gpt-4o", "messages": [{"role": "user", "content": "hi"}]}
HEADERS = {"authorization": "Bearer k"}


def port_of(emulator: ProviderEmulator) -> int:
    """The port an emulator listens on."""
    return int(emulator.google_base_url.rpartition(":")[2])


def talk(emulator: ProviderEmulator, raw: bytes) -> bytes:
    """Send bytes and read until the server closes."""
    with socket.create_connection(("127.0.0.1", port_of(emulator)), timeout=10) as peer:
        peer.sendall(raw)
        peer.shutdown(socket.SHUT_WR)
        received = b""
        while piece := peer.recv(65536):
            received += piece
    return received


def test_keep_alive(emulator: ProviderEmulator):
    """One connection carries many requests, and is counted once."""
    connection = http.client.HTTPConnection("127.0.0.1", port_of(emulator))
    for _ in range(3):
        connection.request("POST", CHAT, json.dumps(BODY), HEADERS)
        connection.getresponse().read()
    connection.close()

    assert emulator.connections == 1
    assert {request.connection for request in emulator.requests} == {
        emulator.requests[0].connection
    }


def test_chunked_request(emulator: ProviderEmulator):
    """A chunked request body is put together."""
    connection = http.client.HTTPConnection("127.0.0.1", port_of(emulator))
    raw = json.dumps(BODY).encode()
    pieces = (raw[index : index + 7] for index in range(0, len(raw), 7))
    connection.request("POST", CHAT, pieces, HEADERS, encode_chunked=True)
    reply = connection.getresponse()
    reply.read()
    connection.close()

    assert reply.status == 200
    assert emulator.requests[0].raw == raw


def test_response_headers(post: Post):
    """Replies carry the headers the SDKs read."""
    headers = post(CHAT, BODY).headers

    assert headers["x-request-id"].startswith("req_")
    assert headers["openai-processing-ms"]
    assert headers["content-type"] == "application/json"


@pytest.mark.parametrize(
    ("raw", "status"),
    [
        (b"nonsense\r\n\r\n", b"400"),
        (b"GET / HTTP/1.1\r\nbroken header\r\n\r\n", b"400"),
        (b"POST / HTTP/1.1\r\ncontent-length: x\r\n\r\n", b"400"),
        (b"POST / HTTP/1.1\r\ncontent-length: -1\r\n\r\n", b"400"),
        (b"POST / HTTP/1.1\r\ncontent-length: 5\r\n\r\nab", b"400"),
        (b"POST / HTTP/1.1\r\ncontent-length: 999999999\r\n\r\n", b"413"),
        (
            b"GET / HTTP/1.1\r\nx: " + b"a" * (wire.HEAD_LIMIT + 10) + b"\r\n\r\n",
            b"431",
        ),
        (b"POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n", b"400"),
    ],
)
def test_bad_requests(emulator: ProviderEmulator, raw, status):
    """What is not HTTP is refused and the connection closed."""
    assert talk(emulator, raw).split(b" ")[1] == status


def test_http_1_0(emulator: ProviderEmulator):
    """An HTTP/1.0 client gets its reply and the end of the connection."""
    received = talk(emulator, b"GET /nowhere HTTP/1.0\r\n\r\n")

    assert b"404" in received
    assert b"connection: close" in received


def test_unknown_path(post: Post, emulator: ProviderEmulator):
    """A path of no provider is a 404 and on record."""
    assert post("/nowhere", {}).status == 404
    assert post("/v1/embeddings", {}).error["message"] == (
        "Invalid URL (POST /v1/embeddings)"
    )
    assert [request.provider for request in emulator.requests] == [None, "openai"]


def test_bodies_that_are_not_json(post: Post):
    """A body that is no JSON object is refused by either provider."""
    assert post(CHAT, "{").error["message"].startswith("We could not parse the JSON")
    assert post(CHAT, {}).error["message"] == "you must provide a model parameter"
    target = "/v1beta/models/gemini-2.5-flash:generateContent"
    assert post(target, "[]").error["status"] == "INVALID_ARGUMENT"


def test_stopping_leaves_nothing():
    """After stopping no thread, connection or listener is left."""
    before = threading.active_count()
    with ProviderEmulator() as emulator:
        port = port_of(emulator)
        idle = socket.create_connection(("127.0.0.1", port))
        while not emulator.open_connections:
            time.sleep(0.001)
        started = time.perf_counter()
    took = time.perf_counter() - started

    assert took < 1
    assert threading.active_count() == before
    assert emulator.open_connections == 0
    assert idle.recv(10) == b""
    idle.close()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port))


def test_stopping_twice_and_starting_again():
    """An emulator can be stopped twice and started again."""
    emulator = ProviderEmulator()
    emulator.stop()
    emulator.start()
    first = emulator.openai_base_url
    emulator.stop()
    emulator.stop()
    with emulator:
        assert emulator.openai_base_url.startswith("http://127.0.0.1:")
    assert first.endswith("/v1")


def test_taken_port(emulator: ProviderEmulator):
    """A port that is taken is reported, and no thread is left."""
    before = threading.active_count()
    with pytest.raises(OSError, match="address already in use"):
        ProviderEmulator(port=port_of(emulator)).start()

    assert threading.active_count() == before


async def test_many_connections():
    """Hundreds of connections are served at the same time."""
    raw = json.dumps(BODY).encode()
    head = (
        f"POST {CHAT} HTTP/1.1\r\nauthorization: Bearer k\r\n"
        f"content-length: {len(raw)}\r\nconnection: close\r\n\r\n"
    )

    async def ask(port: int) -> bytes:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(head.encode() + raw)
        answer = await reader.read()
        writer.close()
        await writer.wait_closed()
        return answer

    async with ProviderEmulator(latency=0.2) as emulator:
        started = time.perf_counter()
        answers = await asyncio.gather(*[ask(port_of(emulator)) for _ in range(300)])
        took = time.perf_counter() - started

    assert all(b"200 OK" in answer for answer in answers)
    assert emulator.connections == 300
    assert took < 10


def test_no_port_is_picked_twice():
    """A client kept by address never meets another server than its own."""
    ports = []
    for _ in range(400):
        server = LoopbackServer(lambda _: wire.HttpReply(200))
        server.start()
        ports.append(server.port)
        server.stop()

    assert len(set(ports)) == len(ports)
